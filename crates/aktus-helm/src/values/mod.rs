//! Which values does a chart see? From files, `--set` flags and defaults to one tree.

mod coalesce;
pub(crate) mod documents;
mod explain;
mod hints;
mod literal;
mod node;
mod numbers;
mod options;
mod scanner;
pub(crate) mod schema;
mod set;
mod settings;
mod tree;
mod written;

use std::borrow::Borrow;
use std::sync::Arc;

use aktus_gotmpl::{Frozen, FrozenMap, Map, Profile, Str};

pub use documents::DocumentError;
pub use explain::{ExplainError, Explained, explain};
pub use hints::value_hints;
pub use numbers::{LossyNumber, lossy_numbers};
pub use options::{ReadFile, ValueFile, ValueOptions, ValuesError};
pub use schema::{ExternalSchemas, SchemaError, SchemaSource, Violation};
pub use set::SetError;
pub use settings::Origin;

pub(crate) use coalesce::{CoalesceError, coalesce_values, merge_tables, merge_values};
pub(crate) use coalesce::{coalesce_plain, deep_copy, path_value, table};
pub(crate) use tree::{from_yaml, write_yaml};

/// The values a user passes: a map, immutable, `Send` and `Sync`, cheap to clone.
///
/// ```
/// use aktus_helm::Values;
///
/// let values = Values::from_json(&serde_json::json!({"replicas": 3}));
/// assert_eq!(values.to_json(), serde_json::json!({"replicas": 3}));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Values(Arc<FrozenMap>);

impl Values {
    /// No values.
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// The values of a map, as if it had been read from a values file: every number is a Go `float64`.
    /// Anything else than a map is no values.
    pub fn from_json(value: impl Borrow<serde_json::Value>) -> Self {
        Self::from_frozen(&tree::from_json(value.borrow()))
    }

    /// The values in the text of a values file, read as Helm 4 reads it.
    pub fn from_yaml(text: &[u8]) -> Result<Self, DocumentError> {
        let limits = aktus_yaml::Limits::default();
        documents::read(text, Profile::Helm4, &limits).map(|frozen| Self::from_frozen(&frozen))
    }

    /// The values of a frozen map; of anything else, none.
    pub fn from_frozen(frozen: &Frozen) -> Self {
        frozen.as_map().map_or_else(Self::empty, |map| Self(Arc::clone(map)))
    }

    /// The values as JSON; whole numbers are whole, as Go writes a `float64`.
    pub fn to_json(&self) -> serde_json::Value {
        tree::to_json(&self.to_frozen())
    }

    /// The values as Helm's `toYaml` writes them, the final line break included.
    ///
    /// # Errors
    /// When a text holds a letter that YAML cannot.
    pub fn to_yaml(&self) -> Result<String, aktus_yaml::WriteError> {
        write_yaml(&self.to_frozen())
    }

    /// The values as a frozen map.
    pub fn to_frozen(&self) -> Frozen {
        Frozen::Map(Arc::clone(&self.0))
    }

    /// The values for coalescing.
    pub(crate) fn to_map(&self) -> Map {
        Map::thaw(Arc::clone(&self.0))
    }

    /// The values under a key at the top.
    pub fn get(&self, key: &str) -> Option<&Frozen> {
        self.0.get(key.as_bytes())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These values with `over` on top: maps merge, everything else is replaced, as between two `-f` files.
    #[must_use]
    pub fn merged_with(&self, over: &Self) -> Self {
        Self(tree::merge_maps(&self.0, &over.0))
    }

    /// These values with `value` at `path`; maps on the way are made, and replace what is no map.
    /// An empty path changes nothing.
    #[must_use]
    pub fn with(&self, path: &[&str], value: &serde_json::Value) -> Self {
        let Some((first, rest)) = path.split_first() else {
            return self.clone();
        };
        let inner = if rest.is_empty() {
            tree::from_json(value)
        } else {
            let below = self.get(first).map_or_else(Self::empty, Self::from_frozen);
            below.with(rest, value).to_frozen()
        };
        let mut entries: Vec<(Str, Frozen)> = self.0.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        entries.push((Str::from(*first), inner));
        Self(Arc::new(entries.into_iter().collect()))
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::empty()
    }
}
