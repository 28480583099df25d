//! Is this an e-mail address, a page, a whole address?
//!
//! Upstream: `IsEmail`, `IsURL` and `IsRequestURL` of asaskevich/govalidator, whose patterns these follow.

use aktus_gotmpl::go::regexp::Regexp;
use aktus_gotmpl::go::url::Url;

/// Letters beyond ASCII that govalidator takes in e-mail addresses.
const WIDE: &str = r"\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}";

fn matches(pattern: &str, text: &str) -> bool {
    Regexp::compile(pattern.as_bytes()).is_ok_and(|pattern| pattern.is_match(text.as_bytes()))
}

pub(super) fn is_email(text: &str) -> bool {
    let atom = format!(r"[a-zA-Z\d!#$%&'*+\-/=?^_`{{|}}~{WIDE}]+");
    let space = r"(((\x20|\x09)*(\x0d\x0a))?(\x20|\x09)+)?";
    let quotable =
        format!(r"([\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x21\x23-\x5b\x5d-\x7e{WIDE}]|\([\x01-\x09\x0b\x0c\x0d-\x7f{WIDE}])");
    let local = format!(r"({atom}(\.{atom})*|\x22({space}{quotable})*{space}\x22)");
    let label = format!(r"([a-zA-Z\d{WIDE}]|[a-zA-Z\d{WIDE}][a-zA-Z\d\-._~{WIDE}]*[a-zA-Z\d{WIDE}])");
    let last = format!(r"([a-zA-Z{WIDE}]|[a-zA-Z{WIDE}][a-zA-Z\d\-_~{WIDE}]*[a-zA-Z{WIDE}])");
    matches(&format!(r"^{local}@({label}\.)+{last}\.?$"), text)
}

/// An address with a scheme.
pub(super) fn is_request_url(text: &str) -> bool {
    // A request has no fragment, so that a hash is a letter like others.
    Url::parse(text.replace('#', "%23").as_bytes()).is_ok_and(|url| !url.scheme.is_empty())
}

pub(super) fn is_url(text: &str) -> bool {
    let letters = text.chars().count();
    if text.is_empty() || letters >= 2083 || text.len() <= 3 || text.starts_with('.') {
        return false;
    }
    let with_scheme =
        if text.contains(':') && !text.contains("://") { format!("http://{text}") } else { text.to_owned() };
    let Ok(url) = Url::parse(with_scheme.as_bytes()) else { return false };
    if url.host.starts_with(b".") || url.host.is_empty() && !url.path.is_empty() && !url.path.contains(&b'.') {
        return false;
    }
    let quad = r"([1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(\.(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){2}(?:\.([0-9]\d?|1\d\d|2[0-4]\d|25[0-5]))";
    // What stands in brackets was checked when the address was taken apart.
    let bracketed = r"(\[[0-9a-fA-F:.%a-z]+\])";
    let subdomain = r"((www\.)|([a-zA-Z0-9]+([-_\.]?[a-zA-Z0-9])*[a-zA-Z0-9]\.[a-zA-Z0-9]+))";
    let letter = r"[a-zA-Z\x{00a1}-\x{ffff}0-9]";
    let name = format!(
        r"(([a-zA-Z0-9]([a-zA-Z0-9-_]+)?[a-zA-Z0-9]([-\.][a-zA-Z0-9]+)*)|({subdomain}?))?(({letter}+-?-?)*{letter}+)(?:\.([a-zA-Z\x{{00a1}}-\x{{ffff}}]+))?"
    );
    let pattern = format!(
        r"^((ftp|tcp|udp|wss?|https?)://)?(\S+(:\S*)?@)?(({quad}|{bracketed}|{name})\.?(:(\d{{1,5}}))?((/|\?|#)[^\s]*)?)$"
    );
    matches(&pattern, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for (text, expected) in [
            ("a@b.example", true),
            ("first.last+tag@sub.example.com", true),
            ("\"quoted name\"@example.com", true),
            ("é@example.com", true),
            ("a@localhost", false),
            ("a", false),
            ("@example.com", false),
            ("a b@example.com", false),
            ("a@example.c0m1", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
    }

    #[test]
    fn urls() {
        for (text, expected) in [
            ("https://example.com/a?b#c", true),
            ("example.com", true),
            ("example.com:8080/a", true),
            ("http://127.0.0.1:80", true),
            ("http://[::1]/", true),
            ("https://user@example.com", true),
            ("gopher://example.com", false),
            ("/path/only", false),
            ("a b", false),
            (".example.com", false),
            ("abc", false),
        ] {
            assert_eq!(is_url(text), expected, "{text}");
        }
    }

    #[test]
    fn request_urls() {
        for (text, expected) in [
            ("https://example.com", true),
            ("oci:x", true),
            ("git@example.com:a/b", false),
            ("example.com", false),
            ("/path", false),
            ("http://[::1", false),
            ("https://example.com/%zz", false),
        ] {
            assert_eq!(is_request_url(text), expected, "{text}");
        }
    }
}
