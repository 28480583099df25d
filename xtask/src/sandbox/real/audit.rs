//! What did the platform's identity write? Read from the API server's own audit log.

use std::fmt;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::api::text;

/// What the API server is told to log: every finished request of one user.
pub(super) fn policy(user: &str) -> Value {
    serde_json::json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
    })
}

/// One request that asked for a change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Write {
    pub(super) verb: String,
    pub(super) resource: String,
    pub(super) name: String,
    pub(super) status: u64,
    pub(super) dry_run: bool,
}

impl fmt::Display for Write {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}/{} ({})", self.verb, self.resource, self.name, self.status)
    }
}

/// Requests of the platform's identity in a span of time.
pub(super) struct Requests {
    pub(super) reads: usize,
    pub(super) writes: Vec<Write>,
}

impl Requests {
    /// The writes that were no dry runs and not about the Lease.
    pub(super) fn real_writes(&self) -> Vec<&Write> {
        self.writes.iter().filter(|write| !write.dry_run && write.resource != "leases").collect()
    }

    /// How many writes the Lease took.
    pub(super) fn of_the_lease(&self) -> usize {
        self.writes.iter().filter(|write| write.resource == "leases").count()
    }

    /// How many dry runs were asked for.
    pub(super) fn dry_runs(&self) -> usize {
        self.writes.iter().filter(|write| write.dry_run).count()
    }
}

/// The log and how far it was read.
pub(super) struct AuditLog {
    file: PathBuf,
    offset: u64,
}

impl AuditLog {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), offset: 0 }
    }

    /// The requests since the last call.
    pub(super) fn since(&mut self) -> Result<Requests> {
        let mut requests = Requests { reads: 0, writes: Vec::new() };
        let mut file = fs::File::open(&self.file).context("the API server has no audit log")?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut lines = String::new();
        file.read_to_string(&mut lines)?;
        // The last line may not be whole yet.
        let whole = lines.rfind('\n').map_or(0, |end| end + 1);
        self.offset += u64::try_from(whole)?;
        for line in lines.get(..whole).unwrap_or_default().lines() {
            let event: Value = serde_json::from_str(line).context("a line of the audit log is no JSON")?;
            let verb = text(&event, "/verb");
            if matches!(verb, "get" | "list" | "watch") {
                requests.reads += 1;
                continue;
            }
            let resource = text(&event, "/objectRef/resource");
            let part = text(&event, "/objectRef/subresource");
            requests.writes.push(Write {
                verb: verb.to_owned(),
                resource: if part.is_empty() { resource.to_owned() } else { format!("{resource}/{part}") },
                name: text(&event, "/objectRef/name").to_owned(),
                status: event.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
                dry_run: text(&event, "/requestURI").contains("dryRun=All"),
            });
        }
        Ok(requests)
    }
}
