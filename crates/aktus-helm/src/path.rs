//! Go's path functions on text: what [`aktus_gotmpl::go::path`] does on bytes.

use aktus_gotmpl::go::path;

pub(crate) use aktus_gotmpl::go::path::BadPattern;

/// `path.Clean`: the shortest path with the same meaning.
pub(crate) fn clean(path: &str) -> String {
    text(path::clean(path.as_bytes()))
}

/// `path.Base`: the last element.
pub(crate) fn base(path: &str) -> &str {
    std::str::from_utf8(path::base(path.as_bytes())).unwrap_or(path)
}

/// `filepath.Ext`: from the last dot of the last element, dot included.
pub(crate) fn extension(path: &str) -> &str {
    std::str::from_utf8(path::ext(path.as_bytes())).unwrap_or_default()
}

/// `filepath.Match`: whether `pattern` covers all of `name`; `*` and `?` do not cross a slash.
pub(crate) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    path::matches(pattern.as_bytes(), name.as_bytes())
}

/// Go's functions cut paths at slashes and dots only, which leaves text text.
/// The operating system's words as Go gives them.
pub(crate) fn system_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn text(path: Vec<u8>) -> String {
    String::from_utf8(path).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(clean("é/../日//本"), "日/本");
        assert_eq!(base("é/日"), "日");
        assert_eq!(extension("é.日"), ".日");
        assert_eq!(matches("é/?", "é/日"), Ok(true));
        assert_eq!(matches("[", "a"), Err(BadPattern));
    }
}
