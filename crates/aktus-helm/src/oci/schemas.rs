//! Which schemas may be fetched for a `values.schema.json`, and how? By HTTPS, or from files, below listed addresses.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use reqwest::Url;

use super::hosts::{host_and_port, same_origin};
use super::{Puller, PullerOptions};
use crate::values::SchemaSource;

/// How long one schema may take; Helm's limit.
const PATIENCE: Duration = Duration::from_secs(15);

/// An address that schemas may refer to, with everything below it: `https://example.com/schemas` allows
/// `https://example.com/schemas/port.json` and not `https://example.com/schemas-2/port.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedAddress(Url);

/// An address that cannot be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} cannot be allowed: {cause}")]
pub struct AllowedAddressError {
    address: String,
    cause: String,
}

impl std::str::FromStr for AllowedAddress {
    type Err = AllowedAddressError;

    fn from_str(address: &str) -> Result<Self, AllowedAddressError> {
        let refuse = |cause: &str| AllowedAddressError { address: address.to_owned(), cause: cause.to_owned() };
        let url = Url::parse(address).map_err(|error| refuse(&error.to_string()))?;
        match url.scheme() {
            "https" | "http" | "file" => {}
            _ => return Err(refuse("it begins with none of https://, http:// and file:///")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a query or fragment"));
        }
        Ok(Self(url))
    }
}

impl AllowedAddress {
    /// Whether an address is this one or lies below it.
    fn allows(&self, address: &Url) -> bool {
        let (above, path) = (self.0.path().trim_end_matches('/'), address.path());
        let is_below = path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // What a server makes of these is its own affair.
        let is_plain = !path.to_ascii_lowercase().contains("%2e") && !path.to_ascii_lowercase().contains("%2f");
        same_origin(&self.0, address) && is_below && is_plain
    }
}

/// What is asked of the thread that fetches.
struct Request {
    address: Url,
    /// The most bytes.
    most: u64,
    answer: mpsc::Sender<Result<Vec<u8>, String>>,
}

/// Schemas that are fetched when they are asked for, each once. The rules of [`Puller::download`] hold for those of the
/// network, and plain HTTP is spoken to hosts that are listed with it; files must be regular ones that lie below the
/// listed address with all links followed.
///
/// Validating values is no asynchronous work, so that fetching has a thread of its own.
#[derive(Debug)]
pub struct FetchedSchemas {
    allowed: Vec<AllowedAddress>,
    options: PullerOptions,
    requests: OnceLock<mpsc::Sender<Request>>,
    fetched: Mutex<BTreeMap<String, Result<Vec<u8>, String>>>,
}

impl FetchedSchemas {
    /// Those below the listed addresses.
    pub fn new(allowed: Vec<AllowedAddress>, mut options: PullerOptions) -> Self {
        let plain = allowed.iter().filter(|allowed| allowed.0.scheme() == "http");
        options.plain_http_hosts.extend(plain.map(|allowed| host_and_port(&allowed.0)));
        Self { allowed, options, requests: OnceLock::new(), fetched: Mutex::default() }
    }

    fn fetch(&self, address: Url, most: usize) -> Result<Vec<u8>, String> {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        if address.scheme() == "file" {
            return self.file(&address, most);
        }
        let gone = "nothing can be fetched";
        let requests = self.requests.get_or_init(|| start(self.options.clone()));
        let (answer, answered) = mpsc::channel();
        requests.send(Request { address, most, answer }).map_err(|_| gone)?;
        answered.recv().map_err(|_| gone)?
    }

    fn file(&self, address: &Url, most: u64) -> Result<Vec<u8>, String> {
        let path = path_of(address).ok_or("it names no file of this machine")?;
        let failed = |error: std::io::Error| format!("open {}: {}", path.display(), crate::path::system_words(&error));
        let real = fs::canonicalize(&path).map_err(failed)?;
        let listed = self.allowed.iter().filter(|allowed| allowed.0.scheme() == "file");
        let mut above = listed.filter_map(|allowed| fs::canonicalize(path_of(&allowed.0)?).ok());
        if !above.any(|above| real.starts_with(above)) {
            return Err(format!("{} links to {}, which is not allowed", path.display(), real.display()));
        }
        if !fs::metadata(&real).map_err(failed)?.is_file() {
            return Err(format!("{} is no regular file", path.display()));
        }
        let mut text = Vec::new();
        let read = |file: fs::File| file.take(most.saturating_add(1)).read_to_end(&mut text);
        fs::File::open(&real).and_then(read).map_err(failed)?;
        Ok(text)
    }
}

fn path_of(address: &Url) -> Option<PathBuf> {
    address.to_file_path().ok()
}

impl SchemaSource for FetchedSchemas {
    fn schema(&self, address: &str, most: usize) -> Option<Result<Vec<u8>, String>> {
        let url = Url::parse(address).ok()?;
        if !self.allowed.iter().any(|allowed| allowed.allows(&url)) {
            return None;
        }
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        Some(fetched.entry(address.to_owned()).or_insert_with(|| self.fetch(url, most)).clone())
    }
}

/// Starts the thread that fetches; it ends with the sender. Where there can be no thread, nobody takes what is sent.
fn start(options: PullerOptions) -> mpsc::Sender<Request> {
    let (requests, taken) = mpsc::channel::<Request>();
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ready = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
            let puller = Puller::new(options).map_err(|error| error.to_string())?;
            Ok((runtime, puller))
        });
        for Request { address, most, answer } in taken {
            let fetched = ready.as_ref().map_err(Clone::clone).and_then(|(runtime, puller)| {
                let download = puller.download(address.as_str(), most, Instant::now() + PATIENCE);
                runtime.block_on(download).map_err(|error| error.to_string())
            });
            // Whoever asked may be gone.
            drop(answer.send(fetched));
        }
    };
    drop(std::thread::Builder::new().name("schemas".to_owned()).spawn(work));
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(allowed: &str, address: &str, expected: bool) {
        let allowed: AllowedAddress = allowed.parse().expect("an address");
        let address = Url::parse(address).expect("a URL");
        assert_eq!(allowed.allows(&address), expected, "{allowed:?} {address}");
    }

    #[test]
    fn what_lies_below_is_allowed() {
        check("https://example.com", "https://example.com/a.json", true);
        check("https://example.com/", "https://EXAMPLE.com/a/b.json", true);
        check("https://example.com/a", "https://example.com/a", true);
        check("https://example.com/a/", "https://example.com/a/b.json?x", true);
        check("file:///schemas", "file:///schemas/a.json", true);
        check("https://example.com/a", "https://example.com/ab", false);
        check("https://example.com/a", "https://example.com/a/../b", false);
        check("https://example.com/a", "https://example.com/a/%2e%2e/b", false);
        check("https://example.com/a", "https://example.com/a/..%2Fb", false);
        check("https://example.com", "https://example.com.evil.example/a", false);
        check("https://example.com", "https://example.com:8443/a", false);
        check("https://example.com", "http://example.com/a", false);
        check("file:///schemas", "file:///schemas/../etc/passwd", false);
    }

    #[test]
    fn some_addresses_cannot_be_allowed() {
        for (address, cause) in [
            ("example.com", "relative URL without a base"),
            ("ftp://example.com", "it begins with none of https://, http:// and file:///"),
            ("https://user@example.com/", "it holds a user name or password"),
            ("https://example.com/?a", "it has a query or fragment"),
        ] {
            let error = address.parse::<AllowedAddress>().expect_err("it is refused").to_string();
            assert_eq!(error, format!("{address} cannot be allowed: {cause}"));
        }
    }

    #[test]
    fn files_stay_below_what_is_allowed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out.json"));
        fs::create_dir(&inside).expect("a folder");
        fs::write(inside.join("a.json"), "{}").expect("a file");
        fs::write(&outside, "true").expect("a file");
        std::os::unix::fs::symlink(&outside, inside.join("link.json")).expect("a link");
        let url = |path: &std::path::Path| Url::from_file_path(path).expect("a path").to_string();
        let schemas = FetchedSchemas::new(vec![url(&inside).parse().expect("an address")], PullerOptions::default());
        assert_eq!(schemas.schema(&url(&inside.join("a.json")), 100), Some(Ok(b"{}".to_vec())));
        assert_eq!(schemas.schema(&url(&outside), 100), None);
        let refused =
            |name: &str| schemas.schema(&url(&inside.join(name)), 100).expect("it is listed").expect_err("refused");
        assert!(refused("link.json").ends_with("which is not allowed"), "{}", refused("link.json"));
        assert!(refused("none.json").ends_with("no such file or directory"), "{}", refused("none.json"));
        assert!(refused("").ends_with("is no regular file"), "{}", refused(""));
    }
}
