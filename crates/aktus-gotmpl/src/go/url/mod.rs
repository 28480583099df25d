//! What are the parts of this URL, and how are they put together again?
//!
//! Follows Go's `net/url`.

mod escape;

use std::fmt;

use escape::Part;

use super::netip;
use super::strconv;

/// A URL in its parts, unescaped where Go unescapes them (`url.URL`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Url {
    /// In lower case, without its colon.
    pub scheme: Vec<u8>,
    /// What follows the scheme if it does not begin with a slash.
    pub opaque: Vec<u8>,
    /// User name and password.
    pub user: Option<UserInfo>,
    /// Host and, behind a colon, port.
    pub host: Vec<u8>,
    /// The path.
    pub path: Vec<u8>,
    /// The query as it was written, without its question mark.
    pub raw_query: Vec<u8>,
    /// What follows `#`.
    pub fragment: Vec<u8>,
    /// The path as it was written, where the usual escaping would write it otherwise.
    raw_path: Vec<u8>,
    raw_fragment: Vec<u8>,
    /// A question mark with nothing behind it.
    force_query: bool,
    /// A path behind a scheme without `//`.
    omit_host: bool,
}

/// User name and perhaps password (`url.Userinfo`).
#[derive(Clone, PartialEq, Eq)]
pub struct UserInfo {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserInfo").field("name", &String::from_utf8_lossy(&self.name)).finish_non_exhaustive()
    }
}

impl UserInfo {
    /// In its escaped form (`Userinfo.String`).
    pub fn escaped(&self) -> Vec<u8> {
        let mut out = Part::UserPassword.escape(&self.name);
        if let Some(password) = &self.password {
            out.push(b':');
            out.extend_from_slice(&Part::UserPassword.escape(password));
        }
        out
    }
}

/// A text that is no URL. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlError {
    url: Vec<u8>,
    cause: UrlErrorCause,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parse {}: {}", strconv::quote(&self.url), self.cause)
    }
}

impl std::error::Error for UrlError {}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlErrorCause {
    #[error("net/url: invalid control character in URL")]
    Control,
    #[error("missing protocol scheme")]
    MissingScheme,
    #[error("first path segment in URL cannot contain colon")]
    Colon,
    #[error("net/url: invalid userinfo")]
    UserInfo,
    #[error("invalid IP-literal")]
    IpLiteral,
    #[error("missing ']' in host")]
    MissingBracket,
    #[error("invalid port {} after host", strconv::quote(.0))]
    Port(Vec<u8>),
    #[error("invalid host: {0}")]
    Address(netip::AddressError),
    #[error("invalid URL escape {}", strconv::quote(.0))]
    Escape(Vec<u8>),
    #[error("invalid character {} in host name", strconv::quote(&[*.0]))]
    HostCharacter(u8),
}

impl Url {
    /// Takes a URL apart (`url.Parse`).
    pub fn parse(text: &[u8]) -> Result<Self, UrlError> {
        let (before, fragment) = cut(text, b'#').unwrap_or((text, b""));
        let failed = |url: &[u8]| {
            let url = url.to_vec();
            move |cause| UrlError { url, cause }
        };
        let mut url = Self::parse_without_fragment(before).map_err(failed(before))?;
        url.fragment = Part::Fragment.unescape(fragment).map_err(failed(text))?;
        if Part::Fragment.escape(&url.fragment) != fragment {
            url.raw_fragment = fragment.to_vec();
        }
        Ok(url)
    }

    fn parse_without_fragment(text: &[u8]) -> Result<Self, UrlErrorCause> {
        if text.iter().any(|&byte| byte < b' ' || byte == 0x7F) {
            return Err(UrlErrorCause::Control);
        }
        let mut url = Self::default();
        if text == b"*" {
            url.path = text.to_vec();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        if rest.last() == Some(&b'?') && memchr::memchr(b'?', rest) == Some(rest.len() - 1) {
            url.force_query = true;
            rest = &rest[..rest.len() - 1];
        } else if let Some((path, query)) = cut(rest, b'?') {
            url.raw_query = query.to_vec();
            rest = path;
        }
        if rest.first() != Some(&b'/') {
            if !scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            let segment = cut(rest, b'/').map_or(rest, |(segment, _)| segment);
            if segment.contains(&b':') {
                return Err(UrlErrorCause::Colon);
            }
        }
        if (!scheme.is_empty() || !rest.starts_with(b"///"))
            && let Some(authority) = rest.strip_prefix(b"//")
        {
            let slash = memchr::memchr(b'/', authority).unwrap_or(authority.len());
            url.parse_authority(&authority[..slash])?;
            rest = &authority[slash..];
        } else if !scheme.is_empty() && rest.first() == Some(&b'/') {
            url.omit_host = true;
        }
        url.path = Part::Path.unescape(rest)?;
        if Part::Path.escape(&url.path) != rest {
            url.raw_path = rest.to_vec();
        }
        Ok(url)
    }

    fn parse_authority(&mut self, authority: &[u8]) -> Result<(), UrlErrorCause> {
        let at = memchr::memrchr(b'@', authority);
        self.host = parse_host(&self.scheme, at.map_or(authority, |at| &authority[at + 1..]))?;
        let Some(at) = at else { return Ok(()) };
        let user = &authority[..at];
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !user.iter().all(valid) {
            return Err(UrlErrorCause::UserInfo);
        }
        let (name, password) = match cut(user, b':') {
            Some((name, password)) => (name, Some(password)),
            None => (user, None),
        };
        self.user = Some(UserInfo {
            name: Part::UserPassword.unescape(name)?,
            password: password.map(|password| Part::UserPassword.unescape(password)).transpose()?,
        });
        Ok(())
    }

    /// The host without port and without the brackets of an IPv6 address (`Hostname`).
    pub fn hostname(&self) -> &[u8] {
        let host = match memchr::memrchr(b':', &self.host) {
            Some(colon) if is_optional_port(&self.host[colon..]) => &self.host[..colon],
            _ => self.host.as_slice(),
        };
        host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
    }

    /// Puts the parts together (`String`).
    pub fn assemble(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            let has_authority = !self.host.is_empty() || self.user.is_some();
            if has_authority || !self.scheme.is_empty() && !self.path.is_empty() && !self.omit_host {
                out.extend_from_slice(b"//");
            }
            if let Some(user) = &self.user {
                out.extend_from_slice(&user.escaped());
                out.push(b'@');
            }
            out.extend_from_slice(&Part::Host.escape(&self.host));
            let path = self.escaped_path();
            if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
                out.push(b'/');
            }
            // A colon in the first segment would look like the end of a scheme.
            let segment = cut(&path, b'/').map_or(path.as_slice(), |(segment, _)| segment);
            if out.is_empty() && segment.contains(&b':') {
                out.extend_from_slice(b"./");
            }
            out.extend_from_slice(&path);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if self.force_query || !self.raw_query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.raw_query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend_from_slice(&escaped(Part::Fragment, &self.fragment, &self.raw_fragment));
        }
        out
    }

    /// The path in its escaped form (`EscapedPath`).
    pub fn escaped_path(&self) -> Vec<u8> {
        if self.path == b"*" && self.raw_path.is_empty() {
            return self.path.clone();
        }
        escaped(Part::Path, &self.path, &self.raw_path)
    }
}

/// The raw form if it still stands for the text, else the usual one.
fn escaped(part: Part, text: &[u8], raw: &[u8]) -> Vec<u8> {
    if !raw.is_empty() && part.is_escaped(raw) && part.unescape(raw).as_deref() == Ok(text) {
        raw.to_vec()
    } else {
        part.escape(text)
    }
}

fn cut(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, text)?;
    Some((&text[..at], &text[at + 1..]))
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), UrlErrorCause> {
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err(UrlErrorCause::MissingScheme),
            b':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn is_optional_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, UrlErrorCause> {
    match memchr::memrchr(b'[', host) {
        Some(0) => return parse_ip_literal(host),
        Some(_) => return Err(UrlErrorCause::IpLiteral),
        None => {}
    }
    if let Some(first) = memchr::memchr(b':', host) {
        // Lists of hosts with ports are tolerated where no web server is meant.
        let web = scheme == b"http" || scheme == b"https";
        let colon = if web { first } else { memchr::memrchr(b':', host).unwrap_or(first) };
        if !is_optional_port(&host[colon..]) {
            return Err(UrlErrorCause::Port(host[colon..].to_vec()));
        }
    }
    Part::Host.unescape(host)
}

/// `[fe80::1%25en0]:80`.
fn parse_ip_literal(host: &[u8]) -> Result<Vec<u8>, UrlErrorCause> {
    let close = memchr::memrchr(b']', host).ok_or(UrlErrorCause::MissingBracket)?;
    let port = &host[close + 1..];
    if !is_optional_port(port) {
        return Err(UrlErrorCause::Port(port.to_vec()));
    }
    let name = &host[1..close];
    let name = match memchr::memmem::find(name, b"%25") {
        Some(zone) => [Part::Host.unescape(&name[..zone])?, Part::Zone.unescape(&name[zone..])?].concat(),
        None => Part::Host.unescape(name)?,
    };
    let address = netip::parse(&name).map_err(UrlErrorCause::Address)?;
    if address.address.is_ipv4() {
        return Err(UrlErrorCause::IpLiteral);
    }
    Ok([b"[", name.as_slice(), b"]", port].concat())
}

/// Escapes text to stand in a query (`url.QueryEscape`).
pub fn query_escape(text: &[u8]) -> Vec<u8> {
    Part::QueryComponent.escape(text)
}

/// Escapes text to stand between the slashes of a path (`url.PathEscape`).
pub fn path_escape(text: &[u8]) -> Vec<u8> {
    Part::PathSegment.escape(text)
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn as_go() {
        for row in recorded::rows(include_str!("../../../tests/fixtures/go/url.tsv")) {
            let case = recorded::show(&row[0]);
            match Url::parse(&row[0]) {
                Err(error) => assert_eq!(error.to_string().as_bytes(), row[1], "{case}"),
                Ok(url) => {
                    assert_eq!(recorded::show(&row[1]), "\"\"", "{case}");
                    let user = url.user.as_ref().map(UserInfo::escaped).unwrap_or_default();
                    let parts = [
                        &url.scheme,
                        &url.opaque,
                        &user,
                        &url.host,
                        &url.path,
                        &url.raw_query,
                        &url.fragment,
                        &url.hostname().to_vec(),
                        &url.assemble(),
                    ];
                    for (part, expected) in parts.into_iter().zip(&row[2..]) {
                        assert_eq!(recorded::show(part), recorded::show(expected), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn escapes_as_go() {
        for row in recorded::rows(include_str!("../../../tests/fixtures/go/url-escape.tsv")) {
            assert_eq!(query_escape(&row[0]), row[1]);
            assert_eq!(path_escape(&row[0]), row[2]);
        }
    }
}
