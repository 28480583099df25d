//! `--trace`: which line of which template made each line of the output.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aktus_helm::{Origin, Profile, Rendered, split_manifest};

/// A document of a rendered file, and where its lines come from.
struct Document {
    text: String,
    origins: Vec<Option<Origin>>,
}

/// The documents of a render by the file that they come from.
pub(super) struct Trace(BTreeMap<String, Vec<Document>>);

impl Trace {
    pub(super) fn new(rendered: &Rendered, profile: Profile) -> Self {
        let mut documents: BTreeMap<String, Vec<Document>> = BTreeMap::new();
        for (file, text) in &rendered.files {
            let Ok(text) = std::str::from_utf8(text) else { continue };
            let origins = rendered.origins.get(file).map(Vec::as_slice).unwrap_or_default();
            let mut from = 0;
            for document in split_manifest(text, profile) {
                // Documents stand in the text in the order in which it is split.
                let Some(at) = text.get(from..).and_then(|rest| rest.find(document)).map(|at| from + at) else {
                    continue;
                };
                let line = text.get(..at).unwrap_or_default().matches('\n').count();
                from = at + document.len();
                let origins = origins.get(line..).unwrap_or_default().to_vec();
                documents.entry(file.clone()).or_default().push(Document { text: document.to_owned(), origins });
            }
        }
        Self(documents)
    }

    /// Where a line, counted from 0, of a document comes from.
    pub(super) fn origin(&self, file: &str, document: &str, line: usize) -> Option<Origin> {
        let found = self.0.get(file)?.iter().find(|known| known.text == document)?;
        found.origins.get(line).cloned().flatten()
    }

    /// A line for each line of the output: its number and its origin.
    pub(super) fn tell(mut self, output: &str) -> String {
        let mut told = String::new();
        let mut origins = Vec::new().into_iter();
        let mut rest = output;
        let mut number = 0;
        while !rest.is_empty() {
            number += 1;
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let origin = origins.next().flatten();
            rest = after;
            if let Some(file) = line.strip_prefix("# Source: ")
                && let Some(found) = self.take(file, after)
            {
                origins = found.into_iter();
            }
            // Writing to a string does not fail.
            let _done = match origin {
                Some(Origin { file, line }) => writeln!(told, "{number}\t{file}:{line}"),
                None => writeln!(told, "{number}\t-"),
            };
        }
        told
    }

    /// The origins of the document of a file that the output goes on with.
    fn take(&mut self, file: &str, after: &str) -> Option<Vec<Option<Origin>>> {
        let documents = self.0.get_mut(file)?;
        let position = documents.iter().position(|document| after.starts_with(document.text.trim_end()))?;
        let document = documents.remove(position);
        let lines = document.text.trim_end().matches('\n').count() + 1;
        Some(document.origins.into_iter().take(lines).collect())
    }
}
