//! How much, how long and how often at most?

use std::time::Duration;

/// Sizes and counts beyond which a registry's answer is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullLimits {
    /// The compressed chart layer, in bytes: 20 MiB.
    pub chart_layer: u64,
    /// The provenance layer, in bytes: 1 MiB.
    pub provenance: u64,
    /// A manifest or index, in bytes: 4 MiB.
    pub manifest: u64,
    /// The answer of a token server, in bytes: 1 MiB.
    pub token: u64,
    /// One page of a tag list, in bytes: 4 MiB.
    pub tag_page: u64,
    /// How much of an error's body is read, in bytes: 64 KiB; the rest is left unread.
    pub error_body: u64,
    /// Layers in a manifest: 128.
    pub layers: usize,
    /// Manifests in an index: 16.
    pub index_entries: usize,
    /// Tags of a repository: 10,000.
    pub tags: usize,
    /// Pages of a tag list: 100.
    pub tag_pages: usize,
    /// Redirects followed for one request: 5.
    pub redirects: usize,
}

impl Default for PullLimits {
    fn default() -> PullLimits {
        const KIB: u64 = 1024;
        const MIB: u64 = 1024 * KIB;
        PullLimits {
            chart_layer: 20 * MIB,
            provenance: MIB,
            manifest: 4 * MIB,
            token: MIB,
            tag_page: 4 * MIB,
            error_body: 64 * KIB,
            layers: 128,
            index_entries: 16,
            tags: 10_000,
            tag_pages: 100,
            redirects: 5,
        }
    }
}

/// How long one request may be silent. The whole pull ends at the caller's deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands, TLS included: 5 s.
    pub connect: Duration,
    /// From sending the request until the headers are there: 10 s.
    pub header: Duration,
    /// Between two pieces of a body: 15 s.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect: Duration::from_secs(5), header: Duration::from_secs(10), idle: Duration::from_secs(15) }
    }
}

/// How often and how soon something that may pass is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries altogether: 5.
    pub tries: u32,
    /// The first pause; each further one is twice as long: 100 ms.
    pub first_pause: Duration,
    /// The longest pause the registry did not ask for: 5 s.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy { tries: 5, first_pause: Duration::from_millis(100), longest_pause: Duration::from_secs(5) }
    }
}
