//! Go's `path` and, for Unix, `path/filepath`, on bytes.

/// A pattern that `filepath.Match` cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

use super::utf8;

/// The shortest form of a path: no empty elements, no `.`, no `x/..`; `.` for the
/// empty path (`path.Clean`).
pub fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut elements: Vec<&[u8]> = Vec::new();
    for element in path.split(|&byte| byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." if elements.last().is_some_and(|last| *last != b"..") => {
                elements.pop();
            }
            // Nothing is above the root.
            b".." if rooted => {}
            _ => elements.push(element),
        }
    }
    let joined = elements.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// The last element (`path.Base`).
pub fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let trailing = path.iter().rev().take_while(|&&byte| byte == b'/').count();
    let path = &path[..path.len() - trailing];
    if path.is_empty() {
        return b"/";
    }
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Everything but the last element, cleaned (`path.Dir`).
pub fn dir(path: &[u8]) -> Vec<u8> {
    let end = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    clean(&path[..end])
}

/// The last element's ending from its last dot on (`path.Ext`).
pub fn ext(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|&byte| matches!(byte, b'.' | b'/')) {
        Some(at) if path[at] == b'.' => &path[at..],
        _ => b"",
    }
}

/// Whether a path begins at the root (`path.IsAbs`).
pub fn is_abs(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
}

/// Does `name` match a shell pattern of `*`, `?`, `[a-z]`, `[^a]` and `\x`, in which neither
/// `*` nor `?` matches a slash (`filepath.Match`)?
pub fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let mut pattern = pattern;
    let mut name = name;
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = scan_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        // The last chunk must use the name up.
        let complete = |left: &[u8]| left.is_empty() || !rest.is_empty();
        if let Some(left) = match_chunk(chunk, name)?.filter(|left| complete(left)) {
            name = left;
            continue;
        }
        if star {
            for skipped in 0..name.len() {
                if name[skipped] == b'/' {
                    break;
                }
                if let Some(left) = match_chunk(chunk, &name[skipped + 1..])?.filter(|left| complete(left)) {
                    name = left;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Whether the pattern begins with stars, the part up to the next star, and the rest.
fn scan_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    let chunk = &pattern[stars..];
    let mut in_range = false;
    let mut index = 0;
    while let Some(&byte) = chunk.get(index) {
        match byte {
            b'\\' if index + 1 < chunk.len() => index += 1,
            b'[' => in_range = true,
            b']' => in_range = false,
            b'*' if !in_range => break,
            _ => {}
        }
        index += 1;
    }
    let (chunk, rest) = chunk.split_at(index);
    (stars > 0, chunk, rest)
}

/// What is left of `name` behind a chunk without stars, if it matches. The whole chunk is
/// checked even then.
fn match_chunk<'n>(chunk: &[u8], name: &'n [u8]) -> Result<Option<&'n [u8]>, BadPattern> {
    let mut chunk = chunk;
    let mut left = Some(name);
    while let Some((&first, tail)) = chunk.split_first() {
        left = left.filter(|name| !name.is_empty());
        match first {
            b'[' => {
                let (rune, width) = left.map_or((utf8::RUNE_ERROR, 0), utf8::decode_rune);
                chunk = tail;
                let negated = chunk.first() == Some(&b'^');
                if negated {
                    chunk = &chunk[1..];
                }
                let mut found = false;
                let mut ranges = 0;
                while ranges == 0 || chunk.first() != Some(&b']') {
                    let low = range_end(&mut chunk)?;
                    let mut high = low;
                    if let [b'-', tail @ ..] = chunk {
                        chunk = tail;
                        high = range_end(&mut chunk)?;
                    }
                    found |= (low..=high).contains(&rune);
                    ranges += 1;
                }
                chunk = &chunk[1..];
                left = left.filter(|_| found != negated).map(|name| &name[width..]);
            }
            b'?' => {
                left = left.filter(|name| name[0] != b'/').map(|name| &name[utf8::decode_rune(name).1..]);
                chunk = tail;
            }
            _ => {
                let (&literal, tail) =
                    if first == b'\\' { tail.split_first().ok_or(BadPattern)? } else { (&first, tail) };
                left = left.filter(|name| name[0] == literal).map(|name| &name[1..]);
                chunk = tail;
            }
        }
    }
    Ok(left)
}

/// A character of a class, which something must follow.
fn range_end(chunk: &mut &[u8]) -> Result<char, BadPattern> {
    let mut text = *chunk;
    match text {
        [] | [b'-' | b']', ..] => return Err(BadPattern),
        [b'\\', tail @ ..] => text = tail,
        _ => {}
    }
    let (rune, width) = utf8::decode_rune(text);
    if rune == utf8::RUNE_ERROR && width <= 1 || width == text.len() {
        return Err(BadPattern);
    }
    *chunk = &text[width..];
    Ok(rune)
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn paths_as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/path.tsv")) {
            let case = recorded::show(&row[0]);
            assert_eq!(recorded::show(&clean(&row[0])), recorded::show(&row[1]), "clean {case}");
            assert_eq!(recorded::show(base(&row[0])), recorded::show(&row[2]), "base {case}");
            assert_eq!(recorded::show(&dir(&row[0])), recorded::show(&row[3]), "dir {case}");
            assert_eq!(recorded::show(ext(&row[0])), recorded::show(&row[4]), "ext {case}");
            assert_eq!(is_abs(&row[0]).to_string().as_bytes(), row[5], "is absolute {case}");
        }
    }

    #[test]
    fn patterns_as_go() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/path-match.tsv")) {
            let case = format!("{} {}", recorded::show(&row[0]), recorded::show(&row[1]));
            let result =
                matches(&row[0], &row[1]).map_or_else(|error| error.to_string(), |matched| matched.to_string());
            assert_eq!(result.as_bytes(), row[2], "{case}");
        }
    }
}
