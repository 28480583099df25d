//! What login does the registry ask for, and may its token server be trusted?

use reqwest::Url;

use super::hosts::HostRules;

/// One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
    Other(String),
}

/// Reads every challenge of every header value; text that is none of them is skipped.
pub(super) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for value in values {
        let mut scanner = Scanner { rest: value };
        let mut current: Option<Open> = None;
        loop {
            scanner.skip_separators();
            let word = scanner.token();
            if word.is_empty() {
                // A character no token has: step over it, so that the scan always ends.
                if !scanner.skip_character() {
                    break;
                }
                continue;
            }
            if let Some(text) = scanner.value() {
                if let Some(open) = &mut current {
                    open.set(word, text);
                }
            } else {
                challenges.extend(current.take().map(Open::close));
                current = Some(Open { scheme: word.to_ascii_lowercase(), realm: None, service: None });
            }
        }
        challenges.extend(current.map(Open::close));
    }
    challenges
}

struct Open {
    scheme: String,
    realm: Option<String>,
    service: Option<String>,
}

impl Open {
    fn set(&mut self, name: &str, text: String) {
        if name.eq_ignore_ascii_case("realm") {
            self.realm.get_or_insert(text);
        } else if name.eq_ignore_ascii_case("service") {
            self.service.get_or_insert(text);
        }
    }

    fn close(self) -> Challenge {
        match (self.scheme.as_str(), self.realm) {
            ("basic", _) => Challenge::Basic,
            ("bearer", Some(realm)) => Challenge::Bearer { realm, service: self.service },
            _ => Challenge::Other(self.scheme),
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn skip_separators(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }

    fn skip_character(&mut self) -> bool {
        let mut characters = self.rest.chars();
        let found = characters.next().is_some();
        self.rest = characters.as_str();
        found
    }

    fn token(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|character: char| !character.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(character))
            .unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }

    /// `= value`, quoted or not.
    fn value(&mut self) -> Option<String> {
        let after = self.rest.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        self.rest = after.trim_start_matches([' ', '\t']);
        let Some(quoted) = self.rest.strip_prefix('"') else { return Some(self.token().to_owned()) };
        let mut text = String::new();
        let mut characters = quoted.chars();
        loop {
            match characters.next() {
                None | Some('"') => break,
                Some('\\') => text.extend(characters.next()),
                Some(character) => text.push(character),
            }
        }
        self.rest = characters.as_str();
        Some(text)
    }
}

/// The realm's address if the registry may send its callers there: the registry's own origin, Docker Hub's
/// well-known pair, or a host the caller has listed. An https registry has an https realm.
///
/// The error is what to call the refused realm. See CVE-2026-48978 and CVE-2026-33540 for why.
pub(super) fn trusted_realm(realm: &str, registry: &Url, rules: &HostRules) -> Result<Url, String> {
    let url = Url::parse(realm).map_err(|_| super::error::printable(realm, 100))?;
    let shown = || super::hosts::origin_of(&url);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(shown());
    }
    let scheme_is_fine = match url.scheme() {
        "https" => true,
        "http" => registry.scheme() == "http" && rules.allows_plain_http(&url),
        _ => false,
    };
    let same_origin = super::hosts::same_origin(&url, registry);
    let docker_hub = registry.scheme() == "https"
        && registry.host_str() == Some("registry-1.docker.io")
        && url.host_str() == Some("auth.docker.io")
        && url.port_or_known_default() == Some(443);
    if scheme_is_fine && (same_origin || docker_hub || rules.trusts(&url)) { Ok(url) } else { Err(shown()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: &[Challenge]) {
        assert_eq!(parse(std::iter::once(header)), expected, "{header}");
    }

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges() {
        check("Basic realm=\"r\"", &[Challenge::Basic]);
        check("basic", &[Challenge::Basic]);
        check(
            "Basic realm=\"https://1.dkr.ecr.us-east-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"",
            &[Challenge::Basic],
        );
        check(
            "Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:a/b:pull\"",
            &[bearer("https://a/token", Some("s"))],
        );
        check("BEARER Realm = https", &[bearer("https", None)]);
        check("Bearer realm=\"a\\\"b\"", &[bearer("a\"b", None)]);
        check("Bearer realm=\"x, Basic realm=y\"", &[bearer("x, Basic realm=y", None)]);
        check("Bearer realm=\"a\", realm=\"b\"", &[bearer("a", None)]);
        check(
            "Negotiate, Basic realm=\"x\", Bearer realm=\"y\"",
            &[Challenge::Other("negotiate".to_owned()), Challenge::Basic, bearer("y", None)],
        );
        check("Bearer service=\"s\"", &[Challenge::Other("bearer".to_owned())]);
        check("Bearer realm=\"unfinished", &[bearer("unfinished", None)]);
        check("", &[]);
        check("=\"@;\u{e9}", &[]);
    }

    #[track_caller]
    fn realm(registry: &str, realm: &str, expected: bool) {
        let rules = HostRules::new(&["plain:5000".to_owned()], &["login.example".to_owned()]);
        let found = trusted_realm(realm, &Url::parse(registry).unwrap(), &rules);
        assert_eq!(found.is_ok(), expected, "{registry} {realm}: {found:?}");
    }

    #[test]
    fn realms() {
        realm("https://r.example/", "https://r.example/token", true);
        realm("https://r.example/", "https://r.example:443/token", true);
        realm("https://r.example/", "https://R.EXAMPLE/token", true);
        realm("https://r.example/", "https://login.example/token", true);
        realm("https://registry-1.docker.io/", "https://auth.docker.io/token", true);
        realm("http://plain:5000/", "http://plain:5000/token", true);

        realm("https://r.example/", "https://r.example:8443/token", false);
        realm("https://r.example/", "http://r.example/token", false);
        realm("https://r.example/", "https://evil.example/token", false);
        realm("https://r.example/", "https://r.example.evil.example/token", false);
        realm("https://r.example/", "https://r.example@evil.example/token", false);
        realm("https://r.example/", "https://user:password@r.example/token", false);
        realm("https://r.example/", "http://login.example/token", false);
        realm("https://r.example/", "https://auth.docker.io/token", false);
        realm("https://registry-1.docker.io/", "https://auth.docker.io.evil.example/token", false);
        realm("http://plain:5000/", "http://plain:5001/token", false);
        realm("http://plain:5000/", "http://127.0.0.1:5000/token", false);
        for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:169.254.169.254]"] {
            realm("https://r.example/", &format!("https://{address}/token"), false);
            realm("https://r.example/", &format!("http://{address}/token"), false);
        }
        realm("https://r.example/", "file:///etc/passwd", false);
        realm("https://r.example/", "/token", false);
        realm("https://r.example/", "", false);
    }
}
