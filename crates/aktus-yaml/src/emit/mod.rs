//! YAML as go-yaml lays it out.

use crate::error::WriteError;
use crate::tree::Tree;

/// Writes as sigs.k8s.io/yaml's `Marshal`, Helm's `toYaml`: the value goes through JSON and is laid
/// out by go-yaml v2. Ends with a line break (Helm cuts it).
pub fn write_v2<T: Tree>(tree: T) -> Result<String, WriteError> {
    drop(tree);
    Err(WriteError::Unsupported("unavailable".into()))
}

/// Writes as go-yaml v3's encoder with an indent of 2, Helm's `toYamlPretty`. Ends with a line break.
pub fn write_v3<T: Tree>(tree: T) -> Result<String, WriteError> {
    drop(tree);
    Err(WriteError::Unsupported("unavailable".into()))
}
