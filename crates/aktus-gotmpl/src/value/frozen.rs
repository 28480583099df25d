//! What form can a chart keep between renders and share between threads?

use std::sync::Arc;

use super::{List, Map, Str, Type, Value};

/// A tree of values that nothing changes: `Send`, `Sync`, cheap to clone.
///
/// [`Frozen::thaw`] gives templates a [`Value`] that copies a level only when something is written there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Frozen {
    /// Nil, YAML's null.
    #[default]
    Nil,
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// An `int64`, as `--set` makes.
    Int64(i64),
    /// A `uint64`.
    Uint64(u64),
    /// A `float64`, as every number in YAML and JSON becomes.
    Float(f64),
    /// A `string`.
    String(Str),
    /// A list.
    List(Arc<FrozenList>),
    /// A `map[string]interface {}`.
    Map(Arc<FrozenMap>),
}

impl Frozen {
    /// A map with these entries; of two with the same key the later stays.
    pub fn map(entries: impl IntoIterator<Item = (Str, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// A `[]interface {}` with these items.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(Arc::new(FrozenList { element: &Type::Any, items: Some(items.into_iter().collect()) }))
    }

    /// The value for templates. Maps below share this tree until they are written.
    pub fn thaw(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Int64(value) => Value::Int64(*value),
            Self::Uint64(value) => Value::Uint64(*value),
            Self::Float(value) => Value::Float(*value),
            Self::String(value) => Value::String(value.clone()),
            Self::Map(map) => Value::Map(Map::thaw(Arc::clone(map))),
            Self::List(list) => Value::List(match &list.items {
                None => List::nil(list.element),
                Some(items) => List::of(list.element, items.iter().map(Self::thaw).collect()),
            }),
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Arc<FrozenMap>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&Arc<FrozenList>> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&Frozen> for Value {
    fn from(frozen: &Frozen) -> Self {
        frozen.thaw()
    }
}

/// A frozen list.
#[derive(Debug, PartialEq)]
pub struct FrozenList {
    pub(super) element: &'static Type,
    pub(super) items: Option<Vec<Frozen>>,
}

impl FrozenList {
    /// The items; none for the nil list.
    pub fn items(&self) -> &[Frozen] {
        self.items.as_deref().unwrap_or_default()
    }

    /// The items of a `[]interface {}` that is not nil.
    pub(crate) fn as_any(&self) -> Option<&[Frozen]> {
        self.items.as_deref().filter(|_| *self.element == Type::Any)
    }
}

/// A frozen `map[string]interface {}`, sorted by the bytes of its keys.
#[derive(Debug, Default, PartialEq)]
pub struct FrozenMap {
    entries: Vec<Entry>,
}

#[derive(Debug, PartialEq)]
struct Entry {
    /// The beginning of the key as a number; comparing those first saves looking at most keys.
    prefix: u64,
    key: Str,
    value: Frozen,
}

/// The first eight bytes, zeros behind: sorts as the bytes do, save that it cannot tell all of them apart.
fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

impl FrozenMap {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value under `key`.
    pub fn get(&self, key: &[u8]) -> Option<&Frozen> {
        self.value(self.index_of(key)?)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Str, &Frozen)> + DoubleEndedIterator {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    pub(super) fn index_of(&self, key: &[u8]) -> Option<usize> {
        let wanted = prefix(key);
        self.entries
            .binary_search_by(|entry| entry.prefix.cmp(&wanted).then_with(|| entry.key.as_bytes().cmp(key)))
            .ok()
    }

    pub(super) fn key(&self, index: usize) -> Option<&Str> {
        self.entries.get(index).map(|entry| &entry.key)
    }

    pub(super) fn value(&self, index: usize) -> Option<&Frozen> {
        self.entries.get(index).map(|entry| &entry.value)
    }
}

impl FromIterator<(Str, Frozen)> for FrozenMap {
    fn from_iter<I: IntoIterator<Item = (Str, Frozen)>>(entries: I) -> Self {
        let mut entries: Vec<Entry> =
            entries.into_iter().map(|(key, value)| Entry { prefix: prefix(&key), key, value }).collect();
        entries.sort_by(|left, right| left.key.cmp(&right.key));
        // Of equal keys the last one given is to stay; a stable sort leaves it last of its run.
        entries.reverse();
        entries.dedup_by(|later, earlier| later.key == earlier.key);
        entries.reverse();
        Self { entries }
    }
}

/// Why a value cannot be frozen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// A value that only exists while a template runs, such as a time or `.Files`.
    #[error("a value of type {0} cannot be kept")]
    Type(String),
    /// Nested beyond the limit, which a map that contains itself always is.
    #[error("the value is nested more than {} levels deep", Value::DEPTH)]
    Depth,
}

impl Value {
    /// The frozen form of this value.
    ///
    /// Sized numbers that YAML and `--set` never make become `int64`, `uint64` or `float64`;
    /// a named map or list becomes a plain one.
    pub fn freeze(&self) -> Result<Frozen, FreezeError> {
        self.freeze_within(Self::DEPTH)
    }

    fn freeze_within(&self, depth: usize) -> Result<Frozen, FreezeError> {
        let inner = depth.checked_sub(1).ok_or(FreezeError::Depth)?;
        Ok(match self {
            Self::Nil => Frozen::Nil,
            Self::Bool(value) => Frozen::Bool(*value),
            Self::Int(value) => Frozen::Int(*value),
            Self::Float(value) => Frozen::Float(*value),
            Self::String(value) => Frozen::String(value.clone()),
            Self::Float32(value) => Frozen::Float(f64::from(*value)),
            Self::Map(map) => {
                if let Some(source) = map.untouched() {
                    return Ok(Frozen::Map(source));
                }
                let entries: Result<Vec<_>, _> =
                    map.entries().into_iter().map(|(key, value)| Ok((key, value.freeze_within(inner)?))).collect();
                Frozen::map(entries?)
            }
            Self::List(list) => {
                let items = if list.is_nil() {
                    None
                } else {
                    Some(list.iter().map(|item| item.freeze_within(inner)).collect::<Result<Vec<_>, _>>()?)
                };
                Frozen::List(Arc::new(FrozenList { element: list.element_type(), items }))
            }
            Self::Object(_) => match (self.as_map(), self.as_list()) {
                (Some(map), _) => Self::Map(map).freeze_within(depth)?,
                (_, Some(list)) => Self::List(list).freeze_within(depth)?,
                _ => return Err(FreezeError::Type(self.type_name())),
            },
            other => match (other.as_int(), other.as_uint()) {
                (Some(value), _) => Frozen::Int64(value),
                (_, Some(value)) => Frozen::Uint64(value),
                _ => return Err(FreezeError::Type(other.type_name())),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_begin_alike_are_told_apart() {
        let keys = ["", "a", "a\0", "abcdefgh", "abcdefgh\0", "abcdefgha", "abcdefghb", "abcdefg", "b"];
        let map: FrozenMap = (0..).zip(keys).map(|(number, key)| (Str::from(key), Frozen::Int(number))).collect();
        for (number, key) in (0..).zip(keys) {
            assert_eq!(map.get(key.as_bytes()), Some(&Frozen::Int(number)), "{key:?}");
        }
        assert_eq!(map.get(b"abcdefghc"), None);
        assert!(map.iter().map(|(key, _)| key).is_sorted());
    }

    #[test]
    fn of_equal_keys_the_last_stays() {
        let entries = [("a", 1), ("b", 2), ("a", 3)].map(|(key, number)| (Str::from(key), Frozen::Int(number)));
        let map: FrozenMap = entries.into_iter().collect();
        assert_eq!((map.len(), map.get(b"a")), (2, Some(&Frozen::Int(3))));
    }

    #[test]
    fn a_thawed_map_keeps_its_identity_and_the_frozen_one_its_entries() {
        let inner = Frozen::map([(Str::from("k"), Frozen::Int(1))]);
        let frozen =
            Frozen::map([(Str::from("inner"), inner), (Str::from("list"), Frozen::list([Frozen::Bool(true)]))]);
        let map = frozen.thaw().as_map().expect("it is a map");
        let seen = map.get(b"inner").and_then(|value| value.as_map()).expect("it is a map");
        seen.insert("k", Value::Int(2)).expect("it is not nil");
        map.insert("more", Value::Nil).expect("it is not nil");
        let again = map.get(b"inner").and_then(|value| value.as_map()).expect("it is a map");
        assert!(again.same(&seen));
        assert!(matches!(again.get(b"k"), Some(Value::Int(2))));
        assert_eq!(
            frozen,
            Frozen::map([
                (Str::from("inner"), Frozen::map([(Str::from("k"), Frozen::Int(1))])),
                (Str::from("list"), Frozen::list([Frozen::Bool(true)])),
            ])
        );
        let changed = Value::Map(map).freeze().expect("all of it can be kept");
        assert_eq!(changed.as_map().map(|map| map.len()), Some(3));
    }

    #[test]
    fn a_map_that_contains_itself_cannot_be_frozen() {
        let map = Map::new();
        map.insert("self", Value::Map(map.clone())).expect("it is not nil");
        assert_eq!(Value::Map(map.clone()).freeze(), Err(FreezeError::Depth));
        map.remove(b"self");
    }
}
