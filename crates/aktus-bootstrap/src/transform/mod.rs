//! What values cannot say: a typed change between the manifests and the plan.
//!
//! The release stores the result, so that Helm's own `rollback` and `get manifest` see what was applied.
//! Documents that need no change keep their bytes.

mod edits;

use aktus_helm::Manifests;

use edits::Edit;
pub use edits::TransformOptions;

use crate::report::{Failure, FailureKind};

/// Changes the manifests as `options` say and tells what was changed, in words.
///
/// Errs when a document that has to be changed cannot be read or written as YAML.
pub fn transform(manifests: &mut Manifests, options: &TransformOptions) -> Result<Vec<String>, Failure> {
    let mut objects = Vec::with_capacity(manifests.documents.len());
    for document in &manifests.documents {
        let value = document.to_json().map_err(|error| {
            Failure::new(FailureKind::Chart, error.to_string()).about(format!("chart template {}", document.source))
        })?;
        objects.push(value);
    }
    let mut notes = Vec::new();
    let mut removed = Vec::new();
    for (index, edit) in edits::edits(&objects, options) {
        let Some(document) = manifests.documents.get_mut(index) else { continue };
        match edit {
            Edit::Remove { why } => {
                removed.push(index);
                notes.push(why);
            }
            Edit::Replace { value, why } => {
                document.replace(&value).map_err(|error| {
                    Failure::new(FailureKind::Internal, error.to_string())
                        .about(format!("chart template {}", document.source))
                })?;
                notes.extend(why);
            }
        }
    }
    let mut index = 0;
    manifests.documents.retain(|_| {
        index += 1;
        !removed.contains(&(index - 1))
    });
    Ok(notes)
}
