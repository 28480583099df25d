//! Which hosts may be asked, and which redirects may be followed?

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use reqwest::Url;
use url::Host;

use super::error::RedirectProblem;

/// The caller's exceptions, as `host` or `host:port` in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct HostRules {
    plain_http: BTreeSet<String>,
    trusted: BTreeSet<String>,
}

impl HostRules {
    pub(super) fn new(plain_http: &[String], trusted: &[String]) -> HostRules {
        let lower = |hosts: &[String]| hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        HostRules { plain_http: lower(plain_http), trusted: lower(trusted) }
    }

    /// The registry's address, https unless the host is listed for plain HTTP.
    pub(super) fn registry_url(&self, host: &str) -> Option<Url> {
        let https = Url::parse(&format!("https://{host}/")).ok()?;
        let http = Url::parse(&format!("http://{host}/")).ok()?;
        Some(if self.allows_plain_http(&http) { http } else { https })
    }

    pub(super) fn allows_plain_http(&self, url: &Url) -> bool {
        lists(&self.plain_http, url)
    }

    /// Listed as a token server or a place where content lies.
    pub(super) fn trusts(&self, url: &Url) -> bool {
        lists(&self.trusted, url)
    }

    /// Where a redirect from `current` leads, or why it is not followed (RFC 9110, 15.4).
    pub(super) fn redirect(&self, current: &Url, location: Option<&str>) -> Result<Url, (String, RedirectProblem)> {
        let location = location.ok_or_else(|| (String::new(), RedirectProblem::NoLocation))?;
        let mut next = current
            .join(location)
            .map_err(|_| (super::error::printable(location, 60), RedirectProblem::BadLocation))?;
        next.set_fragment(None);
        let refused = |problem| Err((without_query(&next), problem));
        match next.scheme() {
            "https" => {}
            "http" if current.scheme() == "https" => return refused(RedirectProblem::Downgrade),
            "http" if self.allows_plain_http(&next) => {}
            "http" => return refused(RedirectProblem::PlainHttp),
            _ => return refused(RedirectProblem::Scheme),
        }
        if !next.username().is_empty() || next.password().is_some() {
            return refused(RedirectProblem::Userinfo);
        }
        let known = same_origin(current, &next) || self.trusts(&next) || self.allows_plain_http(&next);
        if !known && is_internal(&next) {
            return refused(RedirectProblem::InternalAddress);
        }
        Ok(next)
    }
}

fn lists(hosts: &BTreeSet<String>, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let with_port = host_and_port(url);
    hosts.contains(&with_port) || (url.port().is_none() && hosts.contains(host))
}

/// Same scheme, host and port.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Scheme, host and port, for messages.
pub(super) fn origin_of(url: &Url) -> String {
    match url.host_str() {
        Some(host) => match url.port() {
            Some(port) => format!("{}://{host}:{port}", url.scheme()),
            None => format!("{}://{host}", url.scheme()),
        },
        None => format!("{}:", url.scheme()),
    }
}

/// `host:port`, for messages.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The address without query, which may hold a signature, and without credentials.
pub(super) fn without_query(url: &Url) -> String {
    format!("{}{}", origin_of(url), super::error::printable(url.path(), 200))
}

/// The machine itself, its network, or a cloud's metadata service, named by address.
fn is_internal(url: &Url) -> bool {
    match url.host() {
        None => true,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost") || name == "metadata.google.internal"
        }
        Some(Host::Ipv4(address)) => is_internal_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_internal_address(IpAddr::V6(address)),
    }
}

fn is_internal_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                // Carrier-grade NAT, 100.64.0.0/10, where Alibaba's metadata service lives too.
                || (address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(address) => embedded_ipv4(address).map_or_else(
            || {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_multicast()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            },
            |inner| is_internal_address(IpAddr::V4(inner)),
        ),
    }
}

/// IPv4 inside IPv6: mapped (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`).
fn embedded_ipv4(address: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    let segments = address.segments();
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [high, low] = [segments[6].to_be_bytes(), segments[7].to_be_bytes()];
        return Some(std::net::Ipv4Addr::new(high[0], high[1], low[0], low[1]));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> HostRules {
        HostRules::new(
            &["plain.example".to_owned(), "127.0.0.1:5000".to_owned()],
            &["blobs.example".to_owned(), "10.0.0.9:8443".to_owned()],
        )
    }

    #[track_caller]
    fn follows(current: &str, location: &str, expected: &str) {
        let found = rules().redirect(&Url::parse(current).unwrap(), Some(location)).unwrap();
        assert_eq!(found.as_str(), expected);
    }

    #[track_caller]
    fn refuses(current: &str, location: &str, expected: RedirectProblem) {
        let (_, problem) = rules().redirect(&Url::parse(current).unwrap(), Some(location)).unwrap_err();
        assert_eq!(problem, expected, "{current} {location}");
    }

    #[test]
    fn followed_redirects() {
        follows("https://r.example/v2/a/blobs/x", "/b", "https://r.example/b");
        follows("https://r.example/v2/a/blobs/x", "y?s=1#f", "https://r.example/v2/a/blobs/y?s=1");
        follows("https://r.example/", "https://s3.amazonaws.com/k?sig=1", "https://s3.amazonaws.com/k?sig=1");
        follows("https://r.example/", "//cdn.example/k", "https://cdn.example/k");
        follows("http://plain.example/", "https://cdn.example/k", "https://cdn.example/k");
        follows("http://127.0.0.1:5000/", "http://plain.example/k", "http://plain.example/k");
        follows("https://10.0.0.9:8443/a", "/b", "https://10.0.0.9:8443/b");
        follows("https://r.example/", "https://10.0.0.9:8443/b", "https://10.0.0.9:8443/b");
        follows("https://r.example/", "https://93.184.216.34/b", "https://93.184.216.34/b");
    }

    #[test]
    fn refused_redirects() {
        use RedirectProblem::{BadLocation, Downgrade, InternalAddress, PlainHttp, Scheme, Userinfo};
        refuses("https://r.example/", "http://r.example/", Downgrade);
        refuses("https://r.example/", "http://plain.example/", Downgrade);
        refuses("http://plain.example/", "http://other.example/", PlainHttp);
        refuses("http://plain.example/", "http://169.254.169.254/latest/meta-data", PlainHttp);
        refuses("https://r.example/", "file:///etc/passwd", Scheme);
        refuses("https://r.example/", "data:text/plain,x", Scheme);
        refuses("https://r.example/", "ftp://r.example/", Scheme);
        refuses("https://r.example/", "https://u:p@cdn.example/", Userinfo);
        refuses("https://r.example/", "https://[", BadLocation);
        for host in [
            "169.254.169.254",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "10.0.0.9",
            "10.0.0.9:8444",
            "172.16.0.1",
            "192.168.1.1",
            "100.100.100.200",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "localhost",
            "a.localhost",
            "localhost.",
            "metadata.google.internal",
        ] {
            refuses("https://r.example/", &format!("https://{host}/"), InternalAddress);
        }
        assert_eq!(
            rules().redirect(&Url::parse("https://r.example/").unwrap(), None).unwrap_err().1,
            RedirectProblem::NoLocation
        );
    }

    #[test]
    fn plain_http_is_only_for_listed_hosts() {
        let url = |host: &str| rules().registry_url(host).unwrap().to_string();
        assert_eq!(url("r.example"), "https://r.example/");
        assert_eq!(url("plain.example"), "http://plain.example/");
        assert_eq!(url("plain.example:5000"), "https://plain.example:5000/");
        assert_eq!(url("127.0.0.1:5000"), "http://127.0.0.1:5000/");
        assert_eq!(url("127.0.0.1"), "https://127.0.0.1/");
    }

    #[test]
    fn queries_stay_out_of_messages() {
        let url = Url::parse("https://u:p@s3.example/k?X-Amz-Signature=secret").unwrap();
        assert_eq!(without_query(&url), "https://s3.example/k");
    }
}
