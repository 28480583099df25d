//! Are they gone, and if not, who holds them?

use std::fmt;

use futures::stream::{SelectAll, StreamExt as _};
use tokio::time::{Instant, timeout_at};

use super::kinds;
use super::{Look, groups, look};
use crate::client::{Cluster, Watched, watch};
use crate::error::ApiError;
use crate::id::ObjectId;
use crate::object::Object;

/// An object that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// The object.
    pub id: ObjectId,
    /// Whether its deletion has begun.
    pub deleting: bool,
    /// Who still has to agree.
    pub finalizers: Vec<String>,
    /// What the server says keeps it, for namespaces.
    pub details: Vec<String>,
}

impl Remaining {
    fn new(live: &Object) -> Self {
        let details = if live.kind() == "Namespace" { kinds::remaining(live) } else { Vec::new() };
        Self {
            id: live.id(),
            deleting: live.is_deleting(),
            finalizers: live.finalizers().map(str::to_owned).collect(),
            details,
        }
    }
}

impl Remaining {
    /// There was no time to look.
    fn unknown(id: &ObjectId) -> Self {
        Self { id: id.clone(), deleting: false, finalizers: Vec::new(), details: Vec::new() }
    }
}

impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.deleting { "it is being deleted" } else { "it is still there" })?;
        if !self.finalizers.is_empty() {
            write!(f, ", held by {}", self.finalizers.join(", "))?;
        }
        self.details.iter().try_for_each(|detail| write!(f, "; {detail}"))
    }
}

/// Waits until the objects are gone, `until` at the latest; what is still there then.
///
/// An object given with a uid is gone too when another one has taken its name. Running out of time is no error.
/// Reports each object that is still there, and again when that changes.
pub async fn wait_gone(
    cluster: &Cluster,
    objects: &[(ObjectId, Option<String>)],
    until: Instant,
    on_change: &mut (dyn FnMut(&Remaining) + Send),
) -> Result<Vec<Remaining>, ApiError> {
    let ids: Vec<ObjectId> = objects.iter().map(|(id, _)| id.clone()).collect();
    let mut states: Vec<Option<Remaining>> = vec![None; objects.len()];
    for ((state, look), (id, uid)) in states.iter_mut().zip(look(cluster, &ids, until).await?).zip(objects) {
        match look {
            Look::Found(live) => note(state, Some(&live), uid.as_deref(), on_change),
            Look::Absent => {}
            Look::None => *state = Some(Remaining::unknown(id)),
        }
    }
    let open = ids.iter().enumerate().filter(|(index, _)| states[*index].is_some());
    let mut streams = SelectAll::new();
    for (topic, members, selector) in groups(open) {
        let namespace = topic.namespace.as_deref();
        let watched = watch(cluster, &topic.api_version, &topic.kind, namespace, selector, until);
        streams.push(watched.map(move |watched| (members.clone(), watched)).boxed());
    }
    while states.iter().any(Option::is_some) {
        let Ok(Some((members, watched))) = timeout_at(until, streams.next()).await else { break };
        for index in members {
            let (Some(state), Some((id, uid))) = (states.get_mut(index), objects.get(index)) else {
                continue;
            };
            let live = match &watched {
                Watched::Listed(listed) => listed.iter().find(|object| object.name() == id.name),
                Watched::Changed(object) if object.name() == id.name => Some(object),
                Watched::Deleted(object) if object.name() == id.name => None,
                Watched::Changed(_) | Watched::Deleted(_) => continue,
                // The definition is gone, and every object of the kind with it.
                Watched::Failed(ApiError::UnknownKind { .. }) => None,
                Watched::Failed(_) => break,
            };
            note(state, live, uid.as_deref(), on_change);
        }
        if let Watched::Failed(error) = watched
            && !matches!(error, ApiError::UnknownKind { .. })
        {
            return Err(error);
        }
    }
    Ok(states.into_iter().flatten().collect())
}

fn note(
    state: &mut Option<Remaining>,
    live: Option<&Object>,
    uid: Option<&str>,
    on_change: &mut (dyn FnMut(&Remaining) + Send),
) {
    let same = |live: &&Object| uid.is_none_or(|uid| live.uid() == Some(uid));
    let remaining = live.filter(same).map(Remaining::new);
    if let Some(remaining) = &remaining
        && state.as_ref() != Some(remaining)
    {
        on_change(remaining);
    }
    *state = remaining;
}
