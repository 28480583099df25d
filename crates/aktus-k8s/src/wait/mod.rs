//! Is it ready, and if not, why not? And is it gone?
//!
//! [`readiness`] is pure: an object and what is related to it in, a verdict with a reason out, one file per kind.
//! [`wait`] and [`wait_gone`] keep both up to date with one watch per kind and namespace.

mod gone;
mod kinds;
mod readiness;
mod related;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt as _;
use futures::stream::{self, BoxStream, SelectAll, StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, timeout_at};

pub use self::gone::{Remaining, wait_gone};
pub use self::readiness::{Readiness, readiness};
pub use self::related::Related;
use crate::client::{Cluster, Selector, Watched, watch};
use crate::error::{ApiError, Class};
use crate::id::ObjectId;
use crate::object::Object;

/// How many objects are read at the same time.
const PARALLEL: usize = 8;

/// Reports a new verdict on an object.
pub type OnChange<'a> = dyn FnMut(&ObjectId, &Readiness) + Send + 'a;

/// Waits until none of the objects is pending any more, `until` at the latest; the last verdict on each, in the
/// given order.
///
/// Running out of time is no error: what is not ready then is [`Readiness::Pending`] with its reason. Each new
/// verdict is reported as it comes, the first ones included. Objects that are all ready at the first look cost one
/// read each and no watch.
pub async fn wait(
    cluster: &Cluster,
    ids: &[ObjectId],
    until: Instant,
    on_change: &mut OnChange<'_>,
) -> Result<Vec<(ObjectId, Readiness)>, ApiError> {
    let mut board = Board::new(ids);
    for (entry, look) in board.entries.iter_mut().zip(look(cluster, ids, until).await?) {
        entry.look = look;
    }
    board.judge(on_change);
    if board.is_settled() {
        return Ok(board.verdicts());
    }
    let mut streams = board.streams(cluster, until);
    while !board.is_settled() {
        let Ok(Some((topic, watched))) = timeout_at(until, streams.next()).await else { break };
        board.learn(&topic, watched)?;
        // Judge once for everything that has arrived.
        while let Some(Some((topic, watched))) = streams.next().now_or_never() {
            board.learn(&topic, watched)?;
        }
        board.judge(on_change);
    }
    Ok(board.verdicts())
}

/// What is known about an object.
#[derive(Debug)]
enum Look {
    /// There was no time to look.
    None,
    Absent,
    Found(Object),
}

impl From<Option<Object>> for Look {
    fn from(live: Option<Object>) -> Self {
        live.map_or(Self::Absent, Self::Found)
    }
}

/// A first look at each object. Objects of a kind that is not served are absent; a missed deadline is no error.
async fn look(cluster: &Cluster, ids: &[ObjectId], until: Instant) -> Result<Vec<Look>, ApiError> {
    let looks = stream::iter(ids.to_vec()).map(|id| async move {
        match cluster.get(&id, until).await {
            Ok(live) => Ok(live.into()),
            Err(ApiError::UnknownKind { .. }) => Ok(Look::Absent),
            Err(error) if error.class() == Class::Deadline => Ok(Look::None),
            Err(error) => Err(error),
        }
    });
    looks.buffered(PARALLEL).try_collect().await
}

/// The objects of one kind and namespace, by index, and the selector that fits them: one watch for all.
fn groups<'a>(ids: impl Iterator<Item = (usize, &'a ObjectId)>) -> impl Iterator<Item = (Topic, Vec<usize>, Selector)> {
    let mut groups: BTreeMap<Topic, Vec<(usize, &str)>> = BTreeMap::new();
    for (index, id) in ids {
        let topic = Topic {
            api_version: id.api_version.clone(),
            kind: id.kind.clone(),
            namespace: id.namespace.clone(),
            related: false,
        };
        groups.entry(topic).or_default().push((index, &id.name));
    }
    groups.into_iter().map(|(topic, members)| {
        let selector = match members.as_slice() {
            [(_, only)] => Selector::fields(format!("metadata.name={only}")),
            _ => Selector::default(),
        };
        (topic, members.into_iter().map(|(index, _)| index).collect(), selector)
    })
}

/// What one stream is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Topic {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    /// Only there to give reasons: its failure is no failure.
    related: bool,
}

struct Entry {
    id: ObjectId,
    look: Look,
    seen: bool,
    verdict: Option<Readiness>,
}

/// All we know, and what we make of it.
struct Board {
    entries: Vec<Entry>,
    related: Related,
}

impl Board {
    fn new(ids: &[ObjectId]) -> Self {
        let entry = |id: &ObjectId| Entry { id: id.clone(), look: Look::None, seen: false, verdict: None };
        Self { entries: ids.iter().map(entry).collect(), related: Related::default() }
    }

    fn is_settled(&self) -> bool {
        self.entries.iter().all(|entry| !matches!(entry.verdict, None | Some(Readiness::Pending(_))))
    }

    fn judge(&mut self, on_change: &mut OnChange<'_>) {
        for entry in &mut self.entries {
            let verdict = entry.judge(&self.related);
            if entry.verdict.as_ref() != Some(&verdict) {
                on_change(&entry.id, &verdict);
                entry.verdict = Some(verdict);
            }
        }
    }

    fn verdicts(self) -> Vec<(ObjectId, Readiness)> {
        let unknown = || Readiness::Pending("it was not looked at".to_owned());
        self.entries.into_iter().map(|entry| (entry.id, entry.verdict.unwrap_or_else(unknown))).collect()
    }

    /// One stream per kind and namespace, and those that tell why something takes so long.
    fn streams(&self, cluster: &Cluster, until: Instant) -> SelectAll<BoxStream<'static, (Topic, Watched)>> {
        let mut namespaces = BTreeSet::new();
        let open = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !(entry.verdict == Some(Readiness::Ready) && kinds::is_static(&entry.id)));
        let open: Vec<(usize, &ObjectId)> = open.map(|(index, entry)| (index, &entry.id)).collect();
        for (_, id) in open.iter().filter(|(_, id)| kinds::has_related(id)) {
            namespaces.extend(id.namespace.as_deref());
        }
        let own = groups(open.into_iter()).map(|(topic, _, selector)| (topic, selector));
        let related = namespaces.iter().flat_map(|namespace| {
            Related::KINDS.map(|kind| {
                let topic = Topic {
                    api_version: "v1".to_owned(),
                    kind: kind.to_owned(),
                    namespace: Some((*namespace).to_owned()),
                    related: true,
                };
                (topic, Selector::default())
            })
        });
        let mut streams = SelectAll::new();
        for (topic, selector) in own.chain(related) {
            let watched = watch(cluster, &topic.api_version, &topic.kind, topic.namespace.as_deref(), selector, until);
            streams.push(watched.map(move |watched| (topic.clone(), watched)).boxed());
        }
        streams
    }

    fn learn(&mut self, topic: &Topic, watched: Watched) -> Result<(), ApiError> {
        if topic.related {
            match watched {
                Watched::Listed(objects) => self.related.reset(&topic.kind, topic.namespace.as_deref(), objects),
                Watched::Changed(object) => self.related.insert(object),
                Watched::Deleted(object) => self.related.remove(&object),
                Watched::Failed(error) => tracing::debug!(%error, "reasons will be less exact"),
            }
            return Ok(());
        }
        let is_about = |entry: &&mut Entry| {
            let id = &entry.id;
            id.kind == topic.kind && id.api_version == topic.api_version && id.namespace == topic.namespace
        };
        let entries = self.entries.iter_mut().filter(is_about);
        match watched {
            Watched::Listed(objects) => {
                let mut objects: BTreeMap<String, Object> =
                    objects.into_iter().map(|object| (object.name().to_owned(), object)).collect();
                for entry in entries {
                    entry.look = objects.remove(&entry.id.name).into();
                }
            }
            Watched::Changed(object) => {
                for entry in entries.filter(|entry| entry.id.name == object.name()) {
                    entry.look = Look::Found(object.clone());
                }
            }
            Watched::Deleted(object) => {
                entries.filter(|entry| entry.id.name == object.name()).for_each(|entry| entry.look = Look::Absent);
            }
            Watched::Failed(ApiError::UnknownKind { .. }) => {}
            Watched::Failed(error) => return Err(error),
        }
        Ok(())
    }
}

impl Entry {
    fn judge(&mut self, related: &Related) -> Readiness {
        match &self.look {
            Look::Found(live) => {
                self.seen = true;
                readiness(live, related)
            }
            Look::None => Readiness::Pending("there was no time to look at it".to_owned()),
            // A Job that has a time to live is gone after its success.
            Look::Absent if self.seen && self.id.kind == "Job" => match &self.verdict {
                Some(Readiness::Failed(reason)) => Readiness::Failed(reason.clone()),
                _ => Readiness::Ready,
            },
            Look::Absent if self.seen => Readiness::Pending("it was deleted".to_owned()),
            Look::Absent => Readiness::Pending("it does not exist".to_owned()),
        }
    }
}
