//! The texts Helm makes of manifests: what a release stores, and what `helm template` prints.

use aktus_gotmpl::Profile;

use super::{Hook, HookEvent, Manifests, split};
use crate::path;

/// What `helm template` is asked to print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of a command")]
pub struct OutputOptions {
    /// `--include-crds`
    pub include_crds: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
    /// `--hide-secret`
    pub hide_secret: bool,
    /// `--show-only`: patterns for paths below the chart's name.
    pub show_only: Vec<String>,
}

/// Nothing to print. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not find template {pattern} in chart")]
pub struct OutputError {
    /// The `--show-only` pattern that nothing matches.
    pub pattern: String,
}

fn block(text: &mut String, source: &str, content: &str) {
    text.push_str("---\n# Source: ");
    text.push_str(source);
    text.push('\n');
    text.push_str(content);
    text.push('\n');
}

impl Manifests {
    /// The objects as a release stores them: a `# Source:` block each, without definitions and hooks.
    pub fn text(&self) -> String {
        self.manifest(&OutputOptions::default())
    }

    /// The objects with a `# Source:` block each, definitions before them if `options` asks for them, without hooks.
    pub fn manifest(&self, options: &OutputOptions) -> String {
        let length = self.documents.iter().map(|document| document.source.len() + document.content.len() + 20).sum();
        let mut text = String::with_capacity(length);
        if options.include_crds {
            for crd in &self.crds {
                block(&mut text, &crd.source, &String::from_utf8_lossy(crd.file.data()));
            }
        }
        for document in &self.documents {
            let is_secret = document.kind == "Secret" && document.api_version == "v1";
            let content = if options.hide_secret && is_secret {
                "# HIDDEN: The Secret output has been suppressed"
            } else {
                &document.content
            };
            block(&mut text, &document.source, content);
        }
        text
    }

    /// What `helm template` writes to its standard output.
    pub fn template_output(&self, options: &OutputOptions) -> Result<String, OutputError> {
        let mut text = self.manifest(options);
        // In place, since it may be long.
        text.truncate(text.trim_end().len());
        text.drain(..text.len() - text.trim_start().len());
        self.with_hooks(text, options)
    }

    /// The same with another [`manifest`](Self::manifest), as Helm 3 prints what a post-renderer made of it.
    pub fn template_output_of(&self, manifest: &str, options: &OutputOptions) -> Result<String, OutputError> {
        self.with_hooks(manifest.trim().to_owned(), options)
    }

    fn with_hooks(&self, mut text: String, options: &OutputOptions) -> Result<String, OutputError> {
        text.push('\n');
        for hook in self.shown_hooks(options) {
            block(&mut text, &hook.source, &hook.content);
        }
        select(text, options, self.profile)
    }

    /// The files that `helm template --output-dir` writes, in the order in which it writes them.
    pub fn output_files(&self, options: &OutputOptions) -> Vec<OutputFile> {
        let crds = self.crds.iter().filter(|_| options.include_crds);
        let mut files: Vec<OutputFile> = Vec::new();
        for crd in crds {
            files.push(OutputFile::new(Part::Crd, &crd.source, &String::from_utf8_lossy(crd.file.data())));
        }
        for document in &self.documents {
            files.push(OutputFile::new(Part::Object, &document.source, &document.content));
        }
        for hook in self.shown_hooks(options) {
            files.push(OutputFile::new(Part::Hook, &hook.source, &hook.content));
        }
        files
    }

    fn shown_hooks(&self, options: &OutputOptions) -> impl Iterator<Item = &Hook> {
        let shown = |hook: &&Hook| !(options.no_hooks || options.skip_tests && hook.runs_at(HookEvent::Test));
        self.hooks.iter().filter(shown)
    }
}

/// What `helm template` prints when everything it has went to files: an empty line, or the complaint that
/// `--show-only` finds nothing in it.
pub fn output_beside_files(options: &OutputOptions, profile: Profile) -> Result<String, OutputError> {
    select("\n".to_owned(), options, profile)
}

fn select(text: String, options: &OutputOptions, profile: Profile) -> Result<String, OutputError> {
    if options.show_only.is_empty() { Ok(text) } else { show_only(&text, &options.show_only, profile) }
}

/// What a block of an [`OutputFile`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A definition from `crds/`, which Helm writes outside the folder of `--release-name`, too.
    Crd,
    /// An object of the release.
    Object,
    /// A hook.
    Hook,
}

/// A block to write into a file of `helm template --output-dir`. Several blocks may be for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// What it is.
    pub part: Part,
    /// The path below the output directory: the template it comes from, from the root chart's name down.
    pub path: String,
    /// The block, its `# Source:` line included.
    pub text: String,
}

impl OutputFile {
    fn new(part: Part, source: &str, content: &str) -> Self {
        let mut text = String::new();
        block(&mut text, source, content);
        Self { part, path: source.to_owned(), text }
    }
}

/// The documents whose `# Source:` line matches one of the patterns, in the order of the patterns.
fn show_only(text: &str, patterns: &[String], profile: Profile) -> Result<String, OutputError> {
    let documents = split::split(text, profile);
    let mut shown = String::new();
    for pattern in patterns {
        let matching = documents.iter().filter(|document| {
            let name = source_name(document);
            name.is_some_and(|name| path::matches(pattern, name).unwrap_or(false))
        });
        let before = shown.len();
        for document in matching {
            shown.push_str("---\n");
            shown.push_str(document);
            shown.push('\n');
        }
        if shown.len() == before {
            return Err(OutputError { pattern: pattern.clone() });
        }
    }
    Ok(shown)
}

/// What `# Source: [^/]+/(.+)` finds first.
fn source_name(document: &str) -> Option<&str> {
    const MARK: &str = "# Source: ";
    let mut rest = document;
    while let Some(found) = rest.find(MARK) {
        rest = &rest[found + MARK.len()..];
        if let Some((first, name)) = rest.split_once('/') {
            let name = name.split('\n').next().unwrap_or(name);
            if !first.is_empty() && !name.is_empty() {
                return Some(name);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_line_counts() {
        assert_eq!(source_name("# Source: c/templates/a.yaml\nx: 1"), Some("templates/a.yaml"));
        assert_eq!(source_name("x: 1"), None);
        assert_eq!(source_name("# Source: /a\n# Source: c/b"), Some("b"));
    }
}
