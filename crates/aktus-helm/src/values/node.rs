//! The tree that `--set` changes: what is not touched stays shared with the frozen one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aktus_gotmpl::{Frozen, Str};

use super::set::SetError;

/// A tree of values being changed, thawed level by level.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Frozen(Frozen),
    Map(Entries),
    List(Vec<Node>),
}

pub(super) type Entries = BTreeMap<Str, Node>;

impl Node {
    pub(super) const NIL: Self = Self::Frozen(Frozen::Nil);

    pub(super) fn text(text: impl Into<Str>) -> Self {
        Self::Frozen(Frozen::String(text.into()))
    }

    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Frozen(Frozen::Nil))
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_) | Self::Frozen(Frozen::Map(_)))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Frozen(Frozen::List(_)))
    }

    /// The entries, thawed one level; of anything else than a map, none.
    pub(super) fn into_entries(self) -> Entries {
        match self {
            Self::Map(entries) => entries,
            Self::Frozen(Frozen::Map(map)) => {
                map.iter().map(|(key, value)| (key.clone(), Self::Frozen(value.clone()))).collect()
            }
            _ => Entries::new(),
        }
    }

    /// The items, thawed one level; of anything else than a list, none.
    pub(super) fn into_items(self) -> Vec<Self> {
        match self {
            Self::List(items) => items,
            Self::Frozen(Frozen::List(list)) => list.items().iter().cloned().map(Self::Frozen).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn freeze(self) -> Frozen {
        match self {
            Self::Frozen(frozen) => frozen,
            Self::Map(entries) => freeze(entries),
            Self::List(items) => Frozen::list(items.into_iter().map(Self::freeze)),
        }
    }

    /// The Go type, as in the text of a failed type assertion.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Self::Map(_) | Self::Frozen(Frozen::Map(_)) => "map[string]interface {}",
            Self::List(_) | Self::Frozen(Frozen::List(_)) => "[]interface {}",
            Self::Frozen(frozen) => match frozen {
                Frozen::Bool(_) => "bool",
                Frozen::Int(_) => "int",
                Frozen::Int64(_) => "int64",
                Frozen::Uint64(_) => "uint64",
                Frozen::Float(_) => "float64",
                Frozen::String(_) => "string",
                _ => "nil",
            },
        }
    }
}

pub(super) fn thaw(frozen: &Frozen) -> Entries {
    Node::Frozen(frozen.clone()).into_entries()
}

pub(super) fn freeze(entries: Entries) -> Frozen {
    let entries = entries.into_iter().map(|(key, value)| (key, value.freeze()));
    Frozen::Map(Arc::new(entries.collect()))
}

/// Go's `set`: an empty key is not set.
pub(super) fn set(entries: &mut Entries, key: &str, value: Node) {
    if !key.is_empty() {
        entries.insert(key.into(), value);
    }
}

/// Go's `setIndex`: pads the list with nil.
pub(super) fn set_index(list: &mut Vec<Node>, index: usize, value: Node, limit: usize) -> Result<(), SetError> {
    if index > limit {
        return Err(SetError::IndexTooLarge { index, limit });
    }
    if list.len() <= index {
        list.resize(index + 1, Node::NIL);
    }
    list[index] = value;
    Ok(())
}
