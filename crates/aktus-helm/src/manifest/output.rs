//! The texts Helm makes of manifests: what a release stores, and what `helm template` prints.

use aktus_gotmpl::Profile;

use super::{HookEvent, Manifests, split};
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
        self.blocks(&OutputOptions::default())
    }

    fn blocks(&self, options: &OutputOptions) -> String {
        // More than the lines around each document take.
        const AROUND: usize = 32;
        let size = |source: &str, content: usize| source.len() + content + AROUND;
        let documents = self.documents.iter().map(|document| size(&document.source, document.content.len()));
        let mut text = String::with_capacity(documents.sum());
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
        let mut text = self.blocks(options);
        text.truncate(text.trim_end().len());
        // Without documents and definitions there is nothing but the line break.
        text.push('\n');
        if !options.no_hooks {
            for hook in &self.hooks {
                if options.skip_tests && hook.runs_at(HookEvent::Test) {
                    continue;
                }
                block(&mut text, &hook.source, &hook.content);
            }
        }
        if options.show_only.is_empty() {
            return Ok(text);
        }
        show_only(&text, &options.show_only, self.profile)
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
