//! How does the cluster's state outlive its process?
//!
//! An append-only file with one JSON line per change, written before the change is answered. A
//! process that is killed loses at most the line it was writing; that line is ignored at the next
//! start, which also rewrites the file without what is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CreatedObject, Key};

const FILE: &str = "kubernetes.journal";
const LOCK: &str = "kubernetes.lock";

/// The open journal.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// Held for as long as the journal is open.
    _lock: File,
}

/// One line of the journal.
#[derive(Debug)]
pub(super) enum Line {
    Put { revision: u64, key: Key, object: Value },
    Delete { revision: u64, key: Key },
    Created(CreatedObject),
    Revision(u64),
}

impl Journal {
    /// Opens the journal in a directory, which is made if it is not there, and reads it.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, Vec<Line>)> {
        fs::create_dir_all(directory)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join(LOCK))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::ResourceBusy,
                format!("the sandbox directory {} is in use by another process", directory.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        let path = directory.join(FILE);
        let mut lines = Vec::new();
        match File::open(&path) {
            Ok(file) => {
                for line in BufReader::new(file).split(b'\n') {
                    // Only the last line can be torn; what follows it was never answered.
                    let Some(line) = parse(&line?) else { break };
                    lines.push(line);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok((Self { path, file, _lock: lock }, lines))
    }

    /// Rewrites the file with the present state only.
    pub(super) fn compact<'a>(
        mut self,
        revision: u64,
        objects: impl Iterator<Item = (&'a Key, &'a Arc<Value>)>,
        created: &[CreatedObject],
    ) -> io::Result<Self> {
        let next = self.path.with_extension("next");
        self.file = File::create(&next)?;
        for (key, object) in objects {
            self.put(revision_of(object).unwrap_or(revision), key, object)?;
        }
        for identity in created {
            self.created(identity)?;
        }
        self.line(&json!({"revision": revision}))?;
        self.file.sync_all()?;
        fs::rename(&next, &self.path)?;
        Ok(self)
    }

    pub(super) fn put(&mut self, revision: u64, key: &Key, object: &Value) -> io::Result<()> {
        self.line(&json!({"revision": revision, "key": written(key), "object": object}))
    }

    pub(super) fn delete(&mut self, revision: u64, key: &Key) -> io::Result<()> {
        self.line(&json!({"revision": revision, "key": written(key)}))
    }

    pub(super) fn created(&mut self, identity: &CreatedObject) -> io::Result<()> {
        self.line(&json!({
            "created": [identity.api_version, identity.kind, identity.namespace, identity.name],
        }))
    }

    fn line(&mut self, line: &Value) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

fn written(key: &Key) -> Value {
    json!([key.storage, key.namespace, key.name])
}

fn revision_of(object: &Value) -> Option<u64> {
    object.pointer("/metadata/resourceVersion")?.as_str()?.parse().ok()
}

fn parse(line: &[u8]) -> Option<Line> {
    let mut line: Value = serde_json::from_slice(line).ok()?;
    if let Some(created) = line.get("created") {
        let text = |index: usize| created.get(index).and_then(Value::as_str).map(str::to_owned);
        return Some(Line::Created(CreatedObject {
            api_version: text(0)?,
            kind: text(1)?,
            namespace: text(2),
            name: text(3)?,
        }));
    }
    let revision = line.get("revision")?.as_u64()?;
    let Some(key) = line.get("key") else { return Some(Line::Revision(revision)) };
    let text = |index: usize| key.get(index).and_then(Value::as_str);
    let key = Key::new(text(0)?, text(1)?, text(2)?);
    Some(match line.get_mut("object") {
        Some(object) => Line::Put { revision, key, object: object.take() },
        None => Line::Delete { revision, key },
    })
}
