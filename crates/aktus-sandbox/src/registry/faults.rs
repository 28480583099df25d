//! How does the registry misbehave on demand? Each rule says where, how often and what.

use std::sync::Mutex;

use bytes::Bytes;

use super::{State, lock};

/// Which requests a fault applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// `/v2/`.
    Base,
    /// Manifests, by tag or digest.
    Manifest,
    /// Blobs at the registry.
    Blob,
    /// Tag lists.
    Tags,
    /// The token endpoint.
    Token,
    /// Blobs at the storage host.
    Storage,
    /// All of them.
    Any,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and an OCI error body.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error code in the body, such as `TOOMANYREQUESTS`, `DENIED` or `UNKNOWN`.
        code: String,
        /// The `Retry-After` header, sent as it stands.
        retry_after: Option<String>,
    },
    /// Changes one bit of the body, whose length stays.
    FlipBit,
    /// Promises the whole body, sends this many bytes of it and closes the connection.
    Truncate(usize),
    /// Sends the body followed by this many zero bytes, without saying how long it is.
    Extend(usize),
    /// Sends the head and this many bytes of the body, then nothing more.
    StallAfter(usize),
    /// Sends nothing at all and keeps the connection open.
    Stall,
    /// Closes the connection without an answer.
    Disconnect,
    /// Answers 307 with this location; `{path}` in it stands for the path of the request.
    Redirect(String),
    /// Answers 307 to the storage host, as Amazon ECR does for blobs.
    RedirectToStorage,
    /// Answers as usual but with this header; an empty value removes it.
    Header {
        /// The name of the header.
        name: String,
        /// Its value.
        value: String,
    },
    /// Answers 200 with another body, as a captive portal does.
    Body {
        /// The content type.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
}

/// A fault, where it applies and how often it still does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRule {
    /// Which requests.
    pub on: On,
    /// How many more times; `None` is always.
    pub times: Option<u32>,
    /// What happens.
    pub fault: Fault,
}

/// Switches faults on and off.
#[derive(Debug)]
pub struct Faults<'a> {
    state: &'a Mutex<State>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(state: &'a Mutex<State>) -> Self {
        Self { state }
    }

    /// Adds a fault that happens every time.
    pub fn always(&self, on: On, fault: Fault) {
        self.add(FaultRule { on, times: None, fault });
    }

    /// Adds a fault that happens the next `times` times.
    pub fn next(&self, on: On, times: u32, fault: Fault) {
        self.add(FaultRule { on, times: Some(times), fault });
    }

    /// Answers with this server error the next `times` times.
    pub fn server_error(&self, on: On, times: u32, status: u16) {
        self.next(on, times, Fault::Status { status, code: "UNKNOWN".to_owned(), retry_after: None });
    }

    /// Answers 429 the next `times` times, with this `Retry-After` when given.
    pub fn throttle(&self, on: On, times: u32, retry_after: Option<&str>) {
        self.next(
            on,
            times,
            Fault::Status {
                status: 429,
                code: "TOOMANYREQUESTS".to_owned(),
                retry_after: retry_after.map(str::to_owned),
            },
        );
    }

    /// Adds a rule. Earlier rules win; a used-up rule is gone.
    pub fn add(&self, rule: FaultRule) {
        lock(self.state).faults.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        lock(self.state).faults.clear();
    }
}

/// The first rule for this kind of request, one use of it taken away.
pub(super) fn take(rules: &mut Vec<FaultRule>, on: On) -> Option<Fault> {
    let index = rules.iter().position(|rule| (rule.on == on || rule.on == On::Any) && rule.times != Some(0))?;
    let rule = rules.get_mut(index)?;
    match &mut rule.times {
        Some(1) => Some(rules.remove(index).fault),
        Some(times) => {
            *times -= 1;
            Some(rule.fault.clone())
        }
        None => Some(rule.fault.clone()),
    }
}

/// The body with its last bit changed; an empty body stays.
pub(super) fn flip_bit(body: &Bytes) -> Bytes {
    let mut changed = body.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    changed.into()
}
