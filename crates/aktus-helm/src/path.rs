//! How does Go read slash-separated paths and their patterns?
//!
//! `path.Clean`, `path.Base`, `filepath.Ext` and `filepath.Match` as on Unix.

/// A pattern that `filepath.Match` rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(crate) struct BadPattern;

/// `path.Clean`: the shortest path with the same meaning.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(".."),
            },
            element => kept.push(element),
        }
    }
    match (rooted, kept.is_empty()) {
        (true, _) => format!("/{}", kept.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => kept.join("/"),
    }
}

/// `path.Base`: the last element.
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// `filepath.Ext`: from the last dot of the last element, dot included.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// `filepath.Match`: whether `pattern` covers all of `name`; `*` and `?` do not cross a slash.
pub(crate) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let mut pattern = pattern.as_bytes();
    let mut name = name.as_bytes();
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        if let Some(remaining) = match_chunk(chunk, name)?
            && (remaining.is_empty() || !pattern.is_empty())
        {
            name = remaining;
            continue;
        }
        if star {
            for skipped in 0..name.len() {
                if name[skipped] == b'/' {
                    break;
                }
                if let Some(remaining) = match_chunk(chunk, &name[skipped + 1..])? {
                    if pattern.is_empty() && !remaining.is_empty() {
                        continue;
                    }
                    name = remaining;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// The next piece without a star, whether stars came before it, and the rest.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = &pattern[stars..];
    let mut in_class = false;
    let mut index = 0;
    while index < pattern.len() {
        match pattern[index] {
            b'\\' if index + 1 < pattern.len() => index += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        index += 1;
    }
    let (chunk, rest) = pattern.split_at(index.min(pattern.len()));
    (stars > 0, chunk, rest)
}

/// What is left of `name` after `chunk`, or nothing when it does not begin with it.
fn match_chunk<'a>(mut chunk: &[u8], mut name: &'a [u8]) -> Result<Option<&'a [u8]>, BadPattern> {
    let mut failed = false;
    while let Some(&first) = chunk.first() {
        failed = failed || name.is_empty();
        match first {
            b'[' => {
                let mut rune = '\0';
                if !failed {
                    let (decoded, length) = decode_rune(name);
                    rune = decoded;
                    name = &name[length..];
                }
                chunk = &chunk[1..];
                let negated = chunk.first() == Some(&b'^');
                if negated {
                    chunk = &chunk[1..];
                }
                let mut matched = false;
                let mut ranges = 0;
                loop {
                    if chunk.first() == Some(&b']') && ranges > 0 {
                        chunk = &chunk[1..];
                        break;
                    }
                    let (low, rest) = class_rune(chunk)?;
                    let mut high = low;
                    chunk = rest;
                    if chunk.first() == Some(&b'-') {
                        let (end, rest) = class_rune(&chunk[1..])?;
                        high = end;
                        chunk = rest;
                    }
                    matched = matched || (low <= rune && rune <= high);
                    ranges += 1;
                }
                failed = failed || matched == negated;
            }
            b'?' => {
                if !failed {
                    failed = name[0] == b'/';
                    name = &name[decode_rune(name).1..];
                }
                chunk = &chunk[1..];
            }
            _ => {
                if first == b'\\' {
                    chunk = &chunk[1..];
                }
                let literal = *chunk.first().ok_or(BadPattern)?;
                if !failed {
                    failed = literal != name[0];
                    name = &name[1..];
                }
                chunk = &chunk[1..];
            }
        }
    }
    Ok((!failed).then_some(name))
}

/// One possibly escaped character inside a class; the class must go on after it.
fn class_rune(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let chunk = match chunk.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => &chunk[1..],
        Some(_) => chunk,
    };
    if chunk.is_empty() {
        return Err(BadPattern);
    }
    let (rune, length) = decode_rune(chunk);
    let rest = &chunk[length..];
    if (rune == char::REPLACEMENT_CHARACTER && length == 1) || rest.is_empty() {
        return Err(BadPattern);
    }
    Ok((rune, rest))
}

/// `utf8.DecodeRune`: U+FFFD of width 1 for bytes that are not UTF-8.
pub(crate) fn decode_rune(bytes: &[u8]) -> (char, usize) {
    let Some(chunk) = bytes.get(..bytes.len().min(4)) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    let valid = match std::str::from_utf8(chunk) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&chunk[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        Some(rune) => (rune, rune.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, usize::from(!bytes.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::{BadPattern, base, clean, extension, matches};

    #[test]
    fn cleaning() {
        for (path, expected) in [
            ("", "."),
            ("a//b/./c/..", "a/b"),
            ("/../a", "/a"),
            ("../../a", "../../a"),
            ("a/../..", ".."),
            ("/", "/"),
            ("./", "."),
            ("..foo", "..foo"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }

    #[test]
    fn last_elements() {
        for (path, expected) in [("", "."), ("/", "/"), ("a/b/", "b"), ("a", "a"), ("//", "/")] {
            assert_eq!(base(path), expected, "{path}");
        }
        assert_eq!(extension("a.b/c"), "");
        assert_eq!(extension("a/c.tgz"), ".tgz");
        assert_eq!(extension(".tgz"), ".tgz");
    }

    #[track_caller]
    fn check(pattern: &str, name: &str, expected: Result<bool, BadPattern>) {
        assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
    }

    /// Rows of Go's `path/filepath/match_test.go`.
    #[test]
    fn patterns() {
        check("abc", "abc", Ok(true));
        check("*", "abc", Ok(true));
        check("*c", "abc", Ok(true));
        check("a*", "ab/c", Ok(false));
        check("a*/b", "abc/b", Ok(true));
        check("a*b*c*d*e*/f", "axbxcxdxexxx/f", Ok(true));
        check("a*b*c*d*e*/f", "axbxcxdxexxx/fff", Ok(false));
        check("a*b?c*x", "abxbbxdbxebxczzx", Ok(true));
        check("ab[c]", "abc", Ok(true));
        check("ab[e-g]", "abc", Ok(false));
        check("ab[^c]", "abc", Ok(false));
        check("a\\*b", "a*b", Ok(true));
        check("a?b", "a☺b", Ok(true));
        check("a[^a]b", "a☺b", Ok(true));
        check("a???b", "a☺b", Ok(false));
        check("[a-ζ]*", "α", Ok(true));
        check("*[a-ζ]", "A", Ok(false));
        check("a?b", "a/b", Ok(false));
        check("[\\]a]", "]", Ok(true));
        check("[\\-x]", "-", Ok(true));
        check("[x\\-]", "z", Ok(false));
        check("[]a]", "]", Err(BadPattern));
        check("[-]", "-", Err(BadPattern));
        check("[x-]", "x", Err(BadPattern));
        check("[a-b-c]", "a", Err(BadPattern));
        check("[", "a", Err(BadPattern));
        check("[^bc", "a", Err(BadPattern));
        check("a[", "ab", Err(BadPattern));
        check("a[", "x", Err(BadPattern));
        check("a/b[", "x", Err(BadPattern));
        check("*x", "xxx", Ok(true));
        check("", "", Ok(true));
        check("a", "", Ok(false));
    }
}
