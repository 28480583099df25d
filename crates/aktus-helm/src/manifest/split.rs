//! Where does one document of a rendered file end and the next begin?
//!
//! Upstream: `SplitManifests` of Helm 4.2.4 and 3.21.4; they cut differently.

use aktus_gotmpl::Profile;
use memchr::memmem;

const SEPARATOR: &str = "---";

/// The documents of a rendered file, without those that are empty.
pub(super) fn split(text: &str, profile: Profile) -> Vec<&str> {
    match profile {
        Profile::Helm3 => split_3(text),
        Profile::Helm4 => split_4(text),
    }
}

/// Cuts at `(?m)^---[ \t]*` and trims only the beginning of each document.
fn split_4(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut start = 0;
    // The line break before a separator is found with it; a separator at the beginning has none.
    let finder = memmem::Finder::new("\n---");
    let mut mark = if text.starts_with(SEPARATOR) { Some(0) } else { finder.find(text.as_bytes()).map(|at| at + 1) };
    while let Some(at) = mark {
        documents.push(&text[start..at]);
        let after = &text.as_bytes()[at + SEPARATOR.len()..];
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        start = at + SEPARATOR.len() + blanks;
        mark = finder.find(&after[blanks..]).map(|found| start + found + 1);
    }
    documents.push(&text[start..]);
    documents.retain(|document| !document.trim().is_empty());
    documents.iter().map(|document| document.trim_start()).collect()
}

/// Cuts at `(?:^|\s*\n)---\s*` and trims every document.
fn split_3(text: &str) -> Vec<&str> {
    let text = text.trim();
    let mut documents = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some((cut, resume)) = separator(text, from) {
        documents.push(&text[start..cut]);
        start = resume;
        from = resume;
    }
    documents.push(&text[start..]);
    documents.retain(|document| !document.is_empty());
    documents.iter().map(|document| document.trim()).collect()
}

/// The next separator at or after `from`: where it begins, and where the text goes on.
fn separator(text: &str, from: usize) -> Option<(usize, usize)> {
    // `\s` of Go's regexp is ASCII, and does not include the vertical tab.
    let is_space = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let bytes = text.as_bytes();
    let (begin, dashes) = if from == 0 && bytes.starts_with(b"---") {
        (0, 0)
    } else {
        let newline = from + text.get(from..)?.find("\n---")?;
        let spaces = bytes[from..newline].iter().rev().take_while(|byte| is_space(**byte)).count();
        (newline - spaces, newline + 1)
    };
    let after = &bytes[dashes + 3..];
    let spaces = after.iter().take_while(|byte| is_space(**byte)).count();
    Some((begin, dashes + 3 + spaces))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, helm_4: &[&str], helm_3: &[&str]) {
        assert_eq!(split(text, Profile::Helm4), helm_4, "{text:?} in Helm 4");
        assert_eq!(split(text, Profile::Helm3), helm_3, "{text:?} in Helm 3");
    }

    #[test]
    fn cuts() {
        check("", &[], &[]);
        check(" \n", &[], &[]);
        check("a: 1", &["a: 1"], &["a: 1"]);
        check("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"], &["a: 1", "b: 2"]);
        check("---\na: 1\n\n---\n\n---\nb: 2", &["a: 1\n\n", "b: 2"], &["a: 1", "---\nb: 2"]);
        check("---apiVersion: v1", &["apiVersion: v1"], &["apiVersion: v1"]);
        check("--- foo", &["foo"], &["foo"]);
        check("----", &["-"], &["-"]);
        check("a: 1\n--- # c\nb: 2", &["a: 1\n", "# c\nb: 2"], &["a: 1", "# c\nb: 2"]);
        check("a\n ---\nb", &["a\n ---\nb"], &["a\n ---\nb"]);
        check("a\r\n---\r\nb\r\n", &["a\r\n", "b\r\n"], &["a", "b"]);
        check("a\n---", &["a\n"], &["a"]);
        check("a |\n---b", &["a |\n", "b"], &["a |", "b"]);
    }
}
