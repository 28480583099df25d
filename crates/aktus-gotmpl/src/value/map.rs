//! What is a map? A Go map with string keys: shared, mutable, with identity, its keys sorted.
//!
//! A map made from a [`Frozen`](super::Frozen) tree copies nothing at first.
//! Nested maps and lists get a handle of their own when they are first looked at, and keep it,
//! so that `set` through one handle is seen through every other; the first write copies one level.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::{Frozen, FrozenMap, Str, Type, Value, dismantle};

/// A Go map with string keys. Cloning shares it.
#[derive(Clone)]
pub struct Map(Rc<Inner>);

struct Inner {
    element: &'static Type,
    entries: RefCell<Entries>,
}

enum Entries {
    Nil,
    Frozen {
        source: Arc<FrozenMap>,
        /// Handles of nested maps and lists by the index of their entry, nil for those not looked at so far; none at all
        /// before the first.
        handles: Vec<Value>,
    },
    Own(BTreeMap<Str, Value>),
}

/// Go's panic when a key is set in a nil map.
pub const NIL_MAP: &str = "assignment to entry in nil map";

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::of(&Type::Any)
    }

    /// An empty map with the given element type.
    pub fn of(element: &'static Type) -> Self {
        Self::with(element, Entries::Own(BTreeMap::new()))
    }

    /// The nil map: reads as empty, cannot be written.
    pub fn nil(element: &'static Type) -> Self {
        Self::with(element, Entries::Nil)
    }

    /// A `map[string]interface {}` with the entries of a frozen one.
    pub fn thaw(source: Arc<FrozenMap>) -> Self {
        Self::with(&Type::Any, Entries::Frozen { source, handles: Vec::new() })
    }

    /// A map of the given element type with these entries; of two with the same key the later stays.
    pub fn collect(element: &'static Type, entries: impl IntoIterator<Item = (Str, Value)>) -> Self {
        Self::with(element, Entries::Own(entries.into_iter().collect()))
    }

    fn with(element: &'static Type, entries: Entries) -> Self {
        Self(Rc::new(Inner { element, entries: RefCell::new(entries) }))
    }

    /// The type of the values.
    pub fn element_type(&self) -> &'static Type {
        self.0.element
    }

    /// The type of the map itself: `map[string]T`.
    pub fn go_type(&self) -> Type {
        Type::Map(self.0.element)
    }

    /// Whether this is Go's nil, which an empty map is not.
    pub fn is_nil(&self) -> bool {
        matches!(*self.0.entries.borrow(), Entries::Nil)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match &*self.0.entries.borrow() {
            Entries::Nil => 0,
            Entries::Frozen { source, .. } => source.len(),
            Entries::Own(entries) => entries.len(),
        }
    }

    /// Whether there are none; nil is empty too.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under `key`.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        let mut entries = self.0.entries.borrow_mut();
        match &mut *entries {
            Entries::Nil => None,
            Entries::Own(entries) => entries.get(key).cloned(),
            Entries::Frozen { source, handles } => {
                let index = source.index_of(key)?;
                Some(handle(source, handles, index))
            }
        }
    }

    /// Whether there is an entry under `key`, nil or not.
    pub fn contains_key(&self, key: &[u8]) -> bool {
        match &*self.0.entries.borrow() {
            Entries::Nil => false,
            Entries::Frozen { source, .. } => source.index_of(key).is_some(),
            Entries::Own(entries) => entries.contains_key(key),
        }
    }

    /// Sets `key`, seen through every handle of this map. Fails with [`NIL_MAP`] on the nil map.
    pub fn insert(&self, key: impl Into<Str>, value: Value) -> Result<(), &'static str> {
        let replaced = self.own()?.insert(key.into(), value);
        drop(replaced);
        Ok(())
    }

    /// Removes `key`, as Go's `delete` does: nothing happens when it is missing or the map is nil.
    pub fn remove(&self, key: &[u8]) -> Option<Value> {
        if !self.contains_key(key) {
            return None;
        }
        self.own().ok()?.remove(key)
    }

    /// The keys, sorted by bytes.
    pub fn keys(&self) -> Vec<Str> {
        match &*self.0.entries.borrow() {
            Entries::Nil => Vec::new(),
            Entries::Frozen { source, .. } => source.iter().map(|(key, _)| key.clone()).collect(),
            Entries::Own(entries) => entries.keys().cloned().collect(),
        }
    }

    /// The entries as they are now, sorted by the bytes of their keys.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        match &mut *self.0.entries.borrow_mut() {
            Entries::Nil => Vec::new(),
            Entries::Own(entries) => entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            Entries::Frozen { source, handles } => (0..source.len())
                .filter_map(|index| Some((source.key(index)?.clone(), handle(source, handles, index))))
                .collect(),
        }
    }

    /// A new map with the same entries; nested maps stay shared.
    #[must_use]
    pub fn shallow_copy(&self) -> Self {
        Self::collect(self.0.element, self.entries())
    }

    /// The frozen map this one still mirrors, if nothing in it was looked at or changed since.
    pub fn untouched(&self) -> Option<Arc<FrozenMap>> {
        match &*self.0.entries.borrow() {
            Entries::Frozen { source, handles } if handles.is_empty() => Some(Arc::clone(source)),
            _ => None,
        }
    }

    /// Whether both are the very same map, not merely equal ones.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Where the map lies; only good for telling maps apart.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }

    /// The entries for writing, thawed.
    fn own(&self) -> Result<std::cell::RefMut<'_, BTreeMap<Str, Value>>, &'static str> {
        let mut guard = self.0.entries.borrow_mut();
        if let Entries::Frozen { source, handles } = &mut *guard {
            let thawed = (0..source.len())
                .filter_map(|index| Some((source.key(index)?.clone(), handle(source, handles, index))))
                .collect();
            *guard = Entries::Own(thawed);
        }
        std::cell::RefMut::filter_map(guard, |entries| match entries {
            Entries::Own(entries) => Some(entries),
            Entries::Nil | Entries::Frozen { .. } => None,
        })
        .map_err(|_| NIL_MAP)
    }

    /// Shows what this map holds itself, without thawing anything: how many entries, then each key and value that is not
    /// only mirrored.
    pub(super) fn inspect(&self, mut see: impl FnMut(Option<&Str>, &Value)) -> usize {
        match &*self.0.entries.borrow() {
            Entries::Nil => 0,
            Entries::Own(entries) => {
                for (key, value) in entries {
                    see(Some(key), value);
                }
                entries.len()
            }
            Entries::Frozen { handles, .. } => {
                for value in handles {
                    see(None, value);
                }
                handles.len()
            }
        }
    }

    /// The values, if nobody else holds the map.
    pub(super) fn take(self) -> Vec<Value> {
        match Rc::try_unwrap(self.0) {
            Ok(inner) => match inner.entries.replace(Entries::Nil) {
                Entries::Own(entries) => entries.into_values().collect(),
                Entries::Frozen { handles, .. } => handles,
                Entries::Nil => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    }
}

/// The value of a frozen entry; the same handle every time for maps and lists.
fn handle(source: &Arc<FrozenMap>, handles: &mut Vec<Value>, index: usize) -> Value {
    match source.value(index) {
        None => Value::Nil,
        Some(frozen @ (Frozen::Map(_) | Frozen::List(_))) => {
            if handles.is_empty() {
                handles.resize(source.len(), Value::Nil);
            }
            if handles[index].is_nil() {
                handles[index] = frozen.thaw();
            }
            handles[index].clone()
        }
        Some(scalar) => scalar.thaw(),
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        match self.entries.get_mut() {
            Entries::Nil => {}
            Entries::Own(entries) => {
                if entries.values().any(Value::is_container) {
                    let mut values: Vec<Value> = std::mem::take(entries).into_values().collect();
                    dismantle(&mut values);
                }
            }
            Entries::Frozen { handles, .. } => dismantle(handles),
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<(Str, Value)> for Map {
    /// Collects into a `map[string]interface {}`.
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::collect(&Type::Any, entries)
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "map[string]{}({} entries)", self.0.element, self.len())
    }
}
