//! Reading a values file: one document in Helm 3, all of them merged in Helm 4.

use std::sync::Arc;

use aktus_gotmpl::{Frozen, FrozenMap, Profile};
use aktus_yaml::Limits;

use super::tree::{ValuesBuilder, merge_maps};

/// A values file that was not read. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A line that begins with `---` goes on with text (Helm 4).
    #[error("error reading yaml document: {0}")]
    Separator(aktus_yaml::SeparatorError),
    /// A document is not YAML (Helm 4).
    #[error("cannot unmarshal yaml document: {0}")]
    Document(aktus_yaml::Error),
    /// The first document is not YAML (Helm 3).
    #[error("{0}")]
    FirstDocument(aktus_yaml::Error),
    /// A document holds something else than a map (Helm 4).
    #[error("cannot unmarshal yaml document: {}", not_a_map(kind))]
    DocumentNotMap {
        /// encoding/json's word for what it holds.
        kind: &'static str,
    },
    /// The first document holds something else than a map (Helm 3).
    #[error("{}", not_a_map(kind))]
    FirstDocumentNotMap {
        /// encoding/json's word for what it holds.
        kind: &'static str,
    },
}

fn not_a_map(kind: &str) -> String {
    format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
    )
}

/// The map in a values file. Nil for a Helm 3 file whose first document is null.
pub(crate) fn read(text: &[u8], profile: Profile, limits: &Limits) -> Result<Frozen, DocumentError> {
    match profile {
        Profile::Helm3 => {
            let value = aktus_yaml::read(text, &mut ValuesBuilder, limits).map_err(DocumentError::FirstDocument)?;
            match kind(&value) {
                None => Ok(value),
                Some(kind) => Err(DocumentError::FirstDocumentNotMap { kind }),
            }
        }
        Profile::Helm4 => {
            let mut merged: Arc<FrozenMap> = Arc::default();
            for document in aktus_yaml::documents(text) {
                let document = document.map_err(DocumentError::Separator)?;
                let value =
                    aktus_yaml::read(&document.text, &mut ValuesBuilder, limits).map_err(DocumentError::Document)?;
                if let Some(kind) = kind(&value) {
                    return Err(DocumentError::DocumentNotMap { kind });
                }
                if let Frozen::Map(map) = &value {
                    merged = merge_maps(&merged, map);
                }
            }
            Ok(Frozen::Map(merged))
        }
    }
}

/// encoding/json's word for a value that is neither map nor null.
fn kind(value: &Frozen) -> Option<&'static str> {
    match value {
        Frozen::Nil | Frozen::Map(_) => None,
        Frozen::Bool(_) => Some("bool"),
        Frozen::Int(_) | Frozen::Int64(_) | Frozen::Uint64(_) | Frozen::Float(_) => Some("number"),
        Frozen::String(_) => Some("string"),
        Frozen::List(_) => Some("array"),
    }
}
