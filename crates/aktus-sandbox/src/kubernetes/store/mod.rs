//! What does the cluster hold, and what changed since?
//!
//! One map of objects, one counter of resource versions and the most recent changes for watches.
//! Every change is written to the journal before it counts.

mod journal;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

pub(crate) use journal::Journal;

/// How many changes a watch can reach back over.
const HISTORY: usize = 10_000;

/// Where an object is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// `deployments.apps`.
    pub(crate) storage: String,
    /// Empty for objects of the whole cluster.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Key {
    pub(crate) fn new(storage: &str, namespace: &str, name: &str) -> Self {
        Self { storage: storage.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) revision: u64,
    pub(crate) key: Key,
    /// The object after the change; for a deletion its last state with the deletion's revision.
    pub(crate) object: Arc<Value>,
    /// The object before the change.
    pub(crate) previous: Option<Arc<Value>>,
    pub(crate) deleted: bool,
}

/// An identity that was created through the HTTP API, not by a controller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CreatedObject {
    /// `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, or `None` for objects of the whole cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// The objects of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    revision: u64,
    history: VecDeque<Change>,
    /// Changes up to this revision are forgotten.
    compacted: u64,
    created: Vec<CreatedObject>,
    journal: Option<Journal>,
    /// Set when the journal could not be written; nothing is accepted any more.
    broken: Option<String>,
}

impl Store {
    /// A store that keeps its journal in a directory, with what the journal already holds.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let mut store = Self::default();
        let (journal, lines) = Journal::open(directory)?;
        for line in lines {
            store.replay(line);
        }
        store.compacted = store.revision;
        let objects = store.objects.iter();
        let journal = journal.compact(store.revision, objects, &store.created)?;
        store.journal = Some(journal);
        Ok(store)
    }

    fn replay(&mut self, line: journal::Line) {
        match line {
            journal::Line::Put { revision, key, object } => {
                self.revision = self.revision.max(revision);
                self.objects.insert(key, Arc::new(object));
            }
            journal::Line::Delete { revision, key } => {
                self.revision = self.revision.max(revision);
                self.objects.remove(&key);
            }
            journal::Line::Created(identity) => self.created.push(identity),
            journal::Line::Revision(revision) => self.revision = self.revision.max(revision),
        }
    }

    /// Lets go of the journal and accepts nothing any more.
    pub(crate) fn close(&mut self) {
        self.journal = None;
        self.broken = Some("the server has stopped".to_owned());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Why the store accepts nothing any more, if so.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// The objects of one kind in a namespace, or in all of them, by namespace and name.
    pub(crate) fn list<'a>(
        &'a self,
        storage: &'a str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
        let start = Key::new(storage, namespace.unwrap_or(""), "");
        self.objects.range((Bound::Included(start), Bound::Unbounded)).take_while(move |(key, _)| {
            key.storage == storage && namespace.is_none_or(|namespace| key.namespace == namespace)
        })
    }

    /// Every object.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Keeps an object; it gets the next resource version.
    pub(crate) fn put(&mut self, key: Key, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        set_resource_version(&mut object, self.revision);
        let object = Arc::new(object);
        self.journal(|journal, revision| journal.put(revision, &key, &object));
        let previous = self.objects.insert(key.clone(), Arc::clone(&object));
        self.remember(key, Arc::clone(&object), previous, false);
        object
    }

    /// Removes an object; its last state has the deletion's resource version.
    pub(crate) fn delete(&mut self, key: &Key) -> Option<Arc<Value>> {
        let previous = self.objects.remove(key)?;
        self.revision += 1;
        self.journal(|journal, revision| journal.delete(revision, key));
        let mut last = Value::clone(&previous);
        set_resource_version(&mut last, self.revision);
        let last = Arc::new(last);
        self.remember(key.clone(), Arc::clone(&last), Some(previous), true);
        Some(last)
    }

    /// Notes an identity created through the API.
    pub(crate) fn note_created(&mut self, identity: CreatedObject) {
        self.journal(|journal, _| journal.created(&identity));
        self.created.push(identity);
    }

    pub(crate) fn created(&self) -> &[CreatedObject] {
        &self.created
    }

    fn journal(&mut self, write: impl FnOnce(&mut Journal, u64) -> io::Result<()>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = write(journal, self.revision)
        {
            self.broken = Some(format!("the journal cannot be written: {error}"));
        }
    }

    fn remember(&mut self, key: Key, object: Arc<Value>, previous: Option<Arc<Value>>, deleted: bool) {
        let revision = self.revision;
        self.history.push_back(Change { revision, key, object, previous, deleted });
        if self.history.len() > HISTORY
            && let Some(forgotten) = self.history.pop_front()
        {
            self.compacted = forgotten.revision;
        }
    }

    /// The changes after a revision, oldest first.
    pub(crate) fn changes_after(&self, revision: u64) -> impl Iterator<Item = &Change> {
        let start = self.history.partition_point(|change| change.revision <= revision);
        self.history.range(start..)
    }

    /// Forgets all changes, as the compaction of etcd does; watches that ask for them get 410.
    pub(crate) fn forget_history(&mut self) {
        self.history.clear();
        self.compacted = self.revision;
    }
}

fn set_resource_version(object: &mut Value, revision: u64) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("resourceVersion".to_owned(), revision.to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(name: &str) -> Value {
        json!({"metadata": {"name": name}})
    }

    #[test]
    fn a_journal_survives_a_torn_last_line_and_a_second_start() {
        let directory = tempfile::tempdir().unwrap();
        let key = Key::new("configmaps", "default", "a");
        {
            let mut store = Store::open(directory.path()).unwrap();
            store.put(key.clone(), map("a"));
            store.put(Key::new("configmaps", "default", "b"), map("b"));
            store.delete(&Key::new("configmaps", "default", "b"));
        }
        let file = directory.path().join("kubernetes.journal");
        let mut text = std::fs::read(&file).unwrap();
        text.extend_from_slice(b"{\"revision\":9,\"key\":[\"configmaps\",\"def");
        std::fs::write(&file, text).unwrap();
        for _ in 0..2 {
            let store = Store::open(directory.path()).unwrap();
            assert_eq!(store.revision(), 3);
            assert_eq!(store.all().count(), 1);
            assert_eq!(store.get(&key).unwrap().pointer("/metadata/resourceVersion").unwrap(), "1");
            assert_eq!(store.compacted(), 3);
        }
    }

    #[test]
    fn two_stores_cannot_share_a_journal() {
        let directory = tempfile::tempdir().unwrap();
        let _store = Store::open(directory.path()).unwrap();
        let error = Store::open(directory.path()).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
    }

    #[test]
    fn changes_can_be_asked_for_from_any_remembered_revision() {
        let mut store = Store::default();
        for name in ["a", "b", "c"] {
            store.put(Key::new("configmaps", "default", name), map(name));
        }
        let names =
            |revision| -> Vec<String> { store.changes_after(revision).map(|change| change.key.name.clone()).collect() };
        assert_eq!(names(1), ["b", "c"]);
        assert_eq!(names(3), Vec::<String>::new());
    }
}
