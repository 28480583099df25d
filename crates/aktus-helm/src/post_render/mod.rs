//! Which documents does a post-renderer get, and to which files do those belong that it gives back?
//!
//! As Helm 4 does (`annotateAndMerge`, `splitAndDeannotate` in `pkg/action/action.go`): every document of every rendered
//! file, hooks included, goes out in one stream with an annotation that names its file. Unlike there, a document keeps
//! its layout and comments; Helm lays all of them out anew with kyaml.

mod annotation;

use std::collections::BTreeMap;

use aktus_gotmpl::Profile;
use aktus_yaml::Error;

use crate::manifest::split_manifest;
use crate::path;

/// The annotation that names a document's file while the post-renderer has it.
pub const ANNOTATION: &str = "postrender.helm.sh/postrender-filename";

/// A document that cannot be marked, or that a post-renderer made unreadable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostRenderError {
    /// A rendered document is no YAML.
    #[error("error merging manifests: parsing {file}: {cause}")]
    Parse {
        /// Its file.
        file: String,
        /// Why.
        cause: Error,
    },
    /// A rendered document is no map, or cannot carry an annotation.
    #[error("error merging manifests: annotating {file}: {cause}")]
    Annotate {
        /// Its file.
        file: String,
        /// Why.
        cause: String,
    },
    /// The post-renderer gave no YAML.
    #[error("error while parsing post rendered output: error parsing YAML: {cause}")]
    Output {
        /// Why.
        cause: Error,
    },
    /// The post-renderer gave something that is no object.
    #[error("error while parsing post rendered output: {cause}")]
    NotAnObject {
        /// What it is.
        cause: String,
    },
}

/// The stream for the post-renderer: every document of the files in the order of their names.
///
/// ```
/// use std::collections::BTreeMap;
/// use aktus_helm::post_render::{merge, split};
///
/// let files = BTreeMap::from([("web/templates/a.yaml".to_owned(), b"kind: A\nmetadata:\n  name: a\n".to_vec())]);
/// let stream = merge(&files)?;
/// assert!(stream.contains("postrender.helm.sh/postrender-filename: 'web/templates/a.yaml'\n"));
/// assert_eq!(split(&stream)?, files);
/// # Ok::<(), aktus_helm::post_render::PostRenderError>(())
/// ```
pub fn merge(files: &BTreeMap<String, Vec<u8>>) -> Result<String, PostRenderError> {
    let mut stream = String::new();
    for (file, text) in files {
        if path::base(file).starts_with('_') {
            continue;
        }
        let text = String::from_utf8_lossy(text);
        for document in split_manifest(&text, Profile::Helm4) {
            let Some(marked) = annotation::add(document, file)? else { continue };
            push(&mut stream, &marked);
        }
    }
    Ok(stream)
}

/// The files that the post-renderer's documents belong to. A document without the annotation gets a file of its own,
/// `generated-by-postrender-N.yaml`, N being its place in the stream from 0.
pub fn split(stream: &str) -> Result<BTreeMap<String, Vec<u8>>, PostRenderError> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let documents = split_manifest(stream, Profile::Helm4);
    let mut number = 0;
    for document in documents {
        let Some((file, text)) = annotation::take(document)? else { continue };
        let file = file.unwrap_or_else(|| format!("generated-by-postrender-{number}.yaml"));
        push(files.entry(file).or_default(), &text);
        number += 1;
    }
    Ok(files.into_iter().map(|(file, text)| (file, text.into_bytes())).collect())
}

fn push(stream: &mut String, document: &str) {
    if !stream.is_empty() {
        stream.push_str("---\n");
    }
    stream.push_str(document);
    if !document.ends_with('\n') {
        stream.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str) {
        let files = BTreeMap::from([("c/templates/it's.yaml".to_owned(), document.as_bytes().to_vec())]);
        let stream = merge(&files).expect("it can be marked");
        let marked = aktus_yaml::to_serde_json(stream.as_bytes()).expect("it stays YAML");
        assert_eq!(marked["metadata"]["annotations"][ANNOTATION], "c/templates/it's.yaml", "{stream}");
        let back = split(&stream).expect("it can be read");
        let found = &back["c/templates/it's.yaml"];
        let read = |text: &[u8]| aktus_yaml::to_serde_json(text).expect("YAML");
        assert_eq!(read(found), read(document.as_bytes()), "{}", String::from_utf8_lossy(found));
    }

    #[test]
    fn marks_go_and_leave_no_trace() {
        check("kind: A\nmetadata:\n  name: a\n");
        check("kind: A\n");
        check("# why\nkind: A\nmetadata:\n  name: a # b\n  annotations:\n    x: y\nspec: {a: [1]}\n");
        check("{kind: A, metadata: {name: a}}\n");
        check("kind: A\nmetadata: {name: a, annotations: {x: y}}\n");
        check("metadata:\n    annotations:\n        text: |\n            a\n            b\n    name: a\nkind: A\n");
    }

    #[test]
    fn layout_and_comments_stay() {
        let document = "# why\nkind: A # what\nmetadata:\n  # who\n  name: a\n  annotations:\n    x: 'y'\nspec:\n    a:\n        - 1\n";
        let files = BTreeMap::from([("f".to_owned(), document.as_bytes().to_vec())]);
        assert_eq!(split(&merge(&files).expect("marked")).expect("read"), files);
    }

    #[test]
    fn documents_without_a_mark_get_files_of_their_own() {
        let found = split("kind: A\n---\nkind: B\n").expect("two documents");
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["generated-by-postrender-0.yaml", "generated-by-postrender-1.yaml"]);
    }

    #[test]
    fn several_documents_of_a_file_stay_together() {
        let files = BTreeMap::from([
            ("f".to_owned(), b"kind: A\n---\nkind: B\n".to_vec()),
            ("g".to_owned(), b"# only\n".to_vec()),
        ]);
        let back = split(&merge(&files).expect("marked")).expect("read");
        assert_eq!(back, BTreeMap::from([("f".to_owned(), b"kind: A\n---\nkind: B\n".to_vec())]));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let files = BTreeMap::from([("f".to_owned(), b"- a\n".to_vec())]);
        assert!(merge(&files).expect_err("a list").to_string().starts_with("error merging manifests: annotating f: "));
        assert!(split("a: [\n").is_err());
    }
}
