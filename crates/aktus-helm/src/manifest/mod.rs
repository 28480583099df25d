//! Which objects did a render make? Rendered files to documents, hooks and definitions, in Helm's order.
//!
//! Upstream: Helm's `pkg/release/v1/util/{manifest,manifest_sorter,kind_sorter}.go` and `renderResources` of
//! `pkg/action/action.go`.

mod hooks;
mod order;
mod output;
mod split;

use std::ops::Range;

use aktus_gotmpl::Profile;
use aktus_yaml::Limits;

use self::hooks::Kind;
use crate::chart::Crd;
use crate::path;
use crate::render::{ADVICE, Rendered};

pub use hooks::{HOOK_ANNOTATION, Hook, HookEvent};
pub use order::{install_order, uninstall_order};
pub use output::{OutputError, OutputFile, OutputOptions, Part, output_beside_files};

/// One object of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The template it comes from, from the root chart's name down.
    pub source: String,
    /// The document as rendered.
    pub content: String,
    /// `apiVersion`; empty when missing.
    pub api_version: String,
    /// `kind`; empty when missing, for example where there are only comments.
    pub kind: String,
    /// `metadata.name`; empty when missing.
    pub name: String,
}

impl Document {
    /// The object as JSON; whole numbers are whole. Null when there are only comments.
    pub fn to_json(&self) -> Result<serde_json::Value, ManifestError> {
        read_json(&self.source, &self.content)
    }

    /// Puts another object in its place, written as Helm's `toYaml` lays it out; the template stays the same.
    pub fn replace(&mut self, object: &serde_json::Value) -> Result<(), ManifestError> {
        let content = aktus_yaml::write_v2(object).map_err(|error| ManifestError {
            source_file: self.source.clone(),
            text: error.to_string(),
            cause: None,
            document: String::new(),
        })?;
        let text = |pointer: &str| {
            let text = object.pointer(pointer).and_then(serde_json::Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        self.api_version = text("/apiVersion");
        self.kind = text("/kind");
        self.name = text("/metadata/name");
        self.content = content;
        Ok(())
    }
}

impl Hook {
    /// The object as JSON; whole numbers are whole.
    pub fn to_json(&self) -> Result<serde_json::Value, ManifestError> {
        read_json(&self.source, &self.content)
    }
}

/// The documents of a manifest as a release stores it, [`Manifests::text`], split as Helm of the profile splits.
pub fn split_manifest(manifest: &str, profile: Profile) -> Vec<&str> {
    split::split(manifest, profile)
}

/// One document of a stored manifest as JSON; null when there are only comments.
pub fn manifest_json(content: &str) -> Result<serde_json::Value, ManifestError> {
    read_json("the stored manifest", content)
}

fn read_json(source: &str, content: &str) -> Result<serde_json::Value, ManifestError> {
    aktus_yaml::to_serde_json(content.as_bytes()).map_err(|cause| ManifestError {
        source_file: source.to_owned(),
        text: cause.to_string(),
        cause: Some(Box::new(cause)),
        document: content.to_owned(),
    })
}

/// A rendered document that is not YAML, or not an object. The text is Helm's.
#[derive(Clone, Debug, thiserror::Error)]
#[error("YAML parse error on {source_file}: {text}")]
pub struct ManifestError {
    /// The template it comes from.
    pub source_file: String,
    /// Go's words.
    pub text: String,
    /// What the reader found; its words are in `text`.
    pub cause: Option<Box<aktus_yaml::Error>>,
    /// The document.
    pub document: String,
}

impl ManifestError {
    /// What `helm template` prints of it after `Error: `.
    pub fn template_text(&self) -> String {
        format!("{self}{ADVICE}")
    }
}

/// What a chart with its values comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifests {
    /// The objects in the order of installation.
    pub documents: Vec<Document>,
    /// The hooks in the order of installation of their kinds; weights count only when they run.
    pub hooks: Vec<Hook>,
    /// The files under `crds/`: the chart's own first, then those of its sub-charts.
    pub crds: Vec<Crd>,
    /// The rendered NOTES.txt.
    pub notes: Option<String>,
    profile: Profile,
}

impl Manifests {
    /// Takes rendered files apart.
    pub(crate) fn new(rendered: Rendered, limits: &Limits) -> Result<Self, ManifestError> {
        let profile = rendered.profile;
        let mut documents = Vec::new();
        let mut hooks = Vec::new();
        // A file's text goes as soon as its documents are there: a chart can print many megabytes.
        for (source, text) in rendered.files {
            if path::base(&source).starts_with('_') {
                continue;
            }
            let mut text = String::from_utf8(text).map_err(|error| ManifestError {
                source_file: source.clone(),
                text: format!(
                    "error converting YAML to JSON: yaml: offset {}: invalid UTF-8",
                    error.utf8_error().valid_up_to()
                ),
                cause: None,
                document: String::from_utf8_lossy(error.as_bytes()).into_owned(),
            })?;
            if text.trim().is_empty() {
                continue;
            }
            let begin = text.as_ptr().addr();
            let range = |part: &str| (part.as_ptr().addr() - begin)..(part.as_ptr().addr() - begin + part.len());
            let parts: Vec<Range<usize>> = split::split(&text, profile).into_iter().map(range).collect();
            let is_only = parts.len() == 1;
            for part in parts {
                let content = &text[part.clone()];
                let head = aktus_yaml::head(content.as_bytes(), limits)
                    .map_err(|cause| error(&source, content, cause, profile))?;
                let metadata = head.metadata.unwrap_or_default();
                let mut content = || {
                    if !is_only {
                        return text[part.clone()].to_owned();
                    }
                    // In place, since it may be long.
                    let mut content = std::mem::take(&mut text);
                    content.truncate(part.end);
                    content.drain(..part.start);
                    content
                };
                match hooks::classify(metadata.annotations.as_ref()) {
                    Kind::Object => documents.push(Document {
                        source: source.clone(),
                        content: content(),
                        api_version: head.api_version,
                        kind: head.kind,
                        name: metadata.name,
                    }),
                    Kind::Unknown => {
                        tracing::info!(source, "left out a document: it is a hook of an unknown event");
                    }
                    Kind::Hook(hook) => hooks.push(Hook {
                        name: metadata.name,
                        kind: head.kind,
                        api_version: head.api_version,
                        source: source.clone(),
                        content: content(),
                        ..*hook
                    }),
                }
            }
        }
        documents.sort_by(|left, right| install_order(&left.kind, &right.kind, profile));
        hooks.sort_by(|left, right| install_order(&left.kind, &right.kind, profile));
        let notes = rendered.notes.map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok(Self { documents, hooks, crds: rendered.crds, notes, profile })
    }
}

fn error(source: &str, content: &str, cause: aktus_yaml::Error, profile: Profile) -> ManifestError {
    let text = cause.to_string();
    let text = match profile {
        // The same struct lives in another package there.
        Profile::Helm3 => text.replace("util.SimpleHead", "releaseutil.SimpleHead"),
        Profile::Helm4 => text,
    };
    ManifestError { source_file: source.to_owned(), text, cause: Some(Box::new(cause)), document: content.to_owned() }
}
