//! The texts Helm makes of manifests: what a release stores, and what `helm template` prints.

use std::borrow::Cow;

use aktus_gotmpl::Profile;

use super::{Document, Hook, HookEvent, Manifests, split};
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

/// What is printed of a document.
fn shown<'a>(document: &'a Document, options: &OutputOptions) -> &'a str {
    let is_secret = document.kind == "Secret" && document.api_version == "v1";
    if options.hide_secret && is_secret { "# HIDDEN: The Secret output has been suppressed" } else { &document.content }
}

/// [`block`] in pieces.
fn push_block<'a>(pieces: &mut Vec<Cow<'a, str>>, source: &'a str, content: Cow<'a, str>) {
    pieces.extend(["---\n# Source: ".into(), source.into(), "\n".into(), content, "\n".into()]);
}

/// Takes space away from the end of a text in pieces.
fn trim_end(pieces: &mut Vec<Cow<'_, str>>) {
    while let Some(last) = pieces.last_mut() {
        let length = last.trim_end().len();
        if length > 0 {
            match last {
                Cow::Borrowed(text) => *text = &text[..length],
                Cow::Owned(text) => text.truncate(length),
            }
            return;
        }
        pieces.pop();
    }
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
            block(&mut text, &document.source, shown(document, options));
        }
        text
    }

    /// What `helm template` writes to its standard output.
    pub fn template_output(&self, options: &OutputOptions) -> Result<String, OutputError> {
        let mut text = String::new();
        let pieces = self.template_pieces(options);
        text.reserve(pieces.iter().map(|piece| piece.len()).sum());
        text.extend(pieces);
        select(text, options, self.profile)
    }

    /// What `helm template` without `--show-only` writes to its standard output, in pieces to be written one after the
    /// other: it may be long, and nearly all of it is in the documents already.
    pub fn template_pieces<'a>(&'a self, options: &OutputOptions) -> Vec<Cow<'a, str>> {
        let mut pieces = Vec::with_capacity(5 * (self.documents.len() + self.hooks.len()) + 1);
        if options.include_crds {
            for crd in &self.crds {
                push_block(&mut pieces, &crd.source, String::from_utf8_lossy(crd.file.data()));
            }
        }
        for document in &self.documents {
            push_block(&mut pieces, &document.source, shown(document, options).into());
        }
        // It begins with dashes, so that there is nothing to trim there.
        trim_end(&mut pieces);
        pieces.push("\n".into());
        for hook in self.shown_hooks(options) {
            push_block(&mut pieces, &hook.source, hook.content.as_str().into());
        }
        pieces
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
