//! The `---` documents of a stream.

use std::borrow::Cow;
use std::ops::Range;

/// The documents of a text, separated as `YAMLReader` of k8s.io/apimachinery separates them, which is
/// how Helm 4 reads a values file: at every line that begins with `---`.
///
/// ```
/// let texts: Vec<_> = aktus_yaml::documents(b"a: 1\n---\nb: 2")
///     .map(|document| document.unwrap().text.into_owned())
///     .collect();
/// assert_eq!(texts, [&b"a: 1\n"[..], b"b: 2\n"]);
/// ```
pub fn documents(text: &[u8]) -> Documents<'_> {
    Documents { text, at: 0 }
}

/// One document of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamDocument<'t> {
    /// Where it begins in the stream, in bytes; positions in `text` are counted from here.
    pub offset: usize,
    /// Its text, with the line break after the last line that `YAMLReader` adds where there is none.
    pub text: Cow<'t, [u8]>,
}

/// A line that begins with `---` but goes on with something else than white space or a comment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid Yaml document separator: {rest}")]
pub struct SeparatorError {
    /// What follows the dashes, trimmed.
    pub rest: String,
    /// The bytes of the line.
    pub range: Range<usize>,
}

/// The iterator that [`documents`] makes. After an error it ends.
#[derive(Clone, Debug)]
pub struct Documents<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Iterator for Documents<'t> {
    type Item = Result<StreamDocument<'t>, SeparatorError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        loop {
            let line_start = self.at;
            let rest = self.text.get(line_start..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
            let line = &rest[..length];
            self.at = line_start + length;
            let Some(after) = line.strip_prefix(b"---") else { continue };
            let after = String::from_utf8_lossy(after);
            let after = after.trim();
            if !after.is_empty() && !after.starts_with('#') {
                let error = SeparatorError { rest: after.to_owned(), range: line_start..self.at };
                self.at = self.text.len();
                return Some(Err(error));
            }
            // A separator before any text belongs to the document that it opens.
            if line_start > start {
                return Some(Ok(self.document(start..line_start)));
            }
        }
        let end = self.text.len();
        (start < end).then(|| Ok(self.document(start..end)))
    }
}

impl<'t> Documents<'t> {
    fn document(&self, range: Range<usize>) -> StreamDocument<'t> {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let text = if text.ends_with(b"\n") { Cow::Borrowed(text) } else { Cow::Owned([text, b"\n"].concat()) };
        StreamDocument { offset: range.start, text }
    }
}

#[cfg(test)]
mod tests {
    use super::documents;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = documents(text.as_bytes())
            .map(|document| match document {
                Ok(document) => String::from_utf8(document.text.into_owned()).unwrap(),
                Err(error) => format!("ERROR {error}"),
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn separators() {
        check("", &[]);
        check("a: 1", &["a: 1\n"]);
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]);
        check("---\na: 1\n--- # two\nb: 2", &["---\na: 1\n", "b: 2\n"]);
        check("---\n---\na: 1", &["---\n", "a: 1\n"]);
        check("a: 1\n---\n---\n", &["a: 1\n", "---\n"]);
        check("a: 1\n---\n", &["a: 1\n"]);
        check("a: |\n  ---\n  x\n", &["a: |\n  ---\n  x\n"]);
        check("a: 1\n--- b: 2\n", &["ERROR invalid Yaml document separator: b: 2"]);
        check("a: 1\n----\nb: 2", &["ERROR invalid Yaml document separator: -"]);
        check("a: 1\r\n---\r\nb: 2\r\n", &["a: 1\r\n", "b: 2\r\n"]);
    }
}
