//! Who may act? One holder at a time, by a coordination `Lease` with an expiry.
//!
//! Every write carries the resource version that was read, so that of two that try at the same time one wins and
//! the other sees it. Times come from the caller: this library has no clock.

mod fence;

use std::time::Duration;

pub(crate) use fence::Pass;
pub use fence::{Closed, Fence};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::client::{Cluster, DeleteOptions, Deletion};
use crate::error::{ApiError, Class};
use crate::id::ObjectId;
use crate::object::{Object, ObjectError};

/// How long to wait before looking at a lease again that somebody else holds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The annotation by which somebody asks the holder to stop: its value says who.
pub const STOP_ANNOTATION: &str = "aktus.ai/stop";

/// Which lease, for whom, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseOptions {
    /// The namespace of the Lease object; it must exist.
    pub namespace: String,
    /// The name of the Lease object.
    pub name: String,
    /// Who we are: different for every run, and telling to people.
    pub holder: String,
    /// How long the lease holds without renewal.
    pub duration: Duration,
    /// Who owns the fields of the object.
    pub field_manager: String,
    /// Labels of the Lease object.
    pub labels: Vec<(String, String)>,
    /// Annotations of the Lease object, written whenever it is.
    pub annotations: Vec<(String, String)>,
}

/// What becomes of a lease when its holder ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The object is deleted.
    Forget,
    /// The object stays without a holder, with these annotations besides those it has.
    Keep(Vec<(String, String)>),
    /// The object stays, held for one more duration: another process goes on as the same holder.
    HandOver,
}

/// A lease that we hold; renew it well before it expires, and release it in the end.
#[derive(Clone, Debug)]
pub struct Lease {
    options: LeaseOptions,
    live: Object,
    /// Whose stale lease was taken over, if that is how we got it.
    pub taken_over_from: Option<String>,
}

/// Why a lease could not be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else holds it.
    #[error("{id} is held by `{holder}`, last renewed {renewed}; wait for that run, or for its lease to expire")]
    Held {
        /// The lease.
        id: ObjectId,
        /// Who holds it.
        holder: String,
        /// When it was renewed for the last time.
        renewed: String,
    },
    /// We held it, and somebody else does now.
    #[error("{id} was lost to `{holder}`; stop, since that run acts now")]
    Lost {
        /// The lease.
        id: ObjectId,
        /// Who holds it now; empty if nobody does.
        holder: String,
    },
    /// Whoever wanted it decided against it when it saw the object.
    #[error("{id} was not taken")]
    NotAdmitted {
        /// The lease.
        id: ObjectId,
    },
    /// The object cannot be written with these options.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The cluster could not be asked.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Takes the lease: at once if it is free, expired or ours already; else waits for it, `until` at the latest.
///
/// `clock` gives the time of day, by which expiry is judged.
pub async fn acquire(
    cluster: &Cluster,
    options: &LeaseOptions,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Instant,
) -> Result<Lease, LeaseError> {
    loop {
        let held = match try_acquire(cluster, options, clock(), until).await {
            Err(error @ LeaseError::Held { .. }) => error,
            other => return other,
        };
        let next = Instant::now() + LOOK_AGAIN;
        if next >= until {
            return Err(held);
        }
        sleep_until(next).await;
    }
}

/// Takes the lease if it is free, expired or ours already; does not wait for another holder.
pub async fn try_acquire(
    cluster: &Cluster,
    options: &LeaseOptions,
    now: Timestamp,
    until: Instant,
) -> Result<Lease, LeaseError> {
    try_acquire_if(cluster, options, now, until, &mut |_| true).await
}

/// As [`try_acquire`], if `admit` says so of the object as it is, which is `None` before there is one.
///
/// What was admitted is what is taken: if the object changes meanwhile, `admit` is asked again.
pub async fn try_acquire_if(
    cluster: &Cluster,
    options: &LeaseOptions,
    now: Timestamp,
    until: Instant,
    admit: &mut (dyn FnMut(Option<&Object>) -> bool + Send),
) -> Result<Lease, LeaseError> {
    let id = options.id();
    loop {
        let live = cluster.get(&id, until).await?;
        if !admit(live.as_ref()) {
            return Err(LeaseError::NotAdmitted { id });
        }
        let state = live.as_ref().map(State::read);
        if let Some(state) = &state
            && !state.may_be_taken_by(&options.holder, now)
        {
            return Err(LeaseError::Held {
                id,
                holder: state.holder.to_owned(),
                renewed: state.renewed.map_or_else(|| "at an unknown time".to_owned(), |time| time.to_string()),
            });
        }
        let stale = state.filter(|state| !state.holder.is_empty() && state.holder != options.holder);
        let taken_over_from = stale.map(|state| state.holder.to_owned());
        let desired = options.object(live.as_ref(), now)?;
        let written = match &live {
            None => cluster.create(&desired, &options.field_manager, until).await,
            Some(_) => cluster.replace(&desired, &options.field_manager, until).await,
        };
        match written {
            Ok(live) => return Ok(Lease { options: options.clone(), live, taken_over_from }),
            // Somebody was faster: look who. Gone meanwhile: try to create it.
            Err(error) if is_race(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Lease {
    /// Who we are.
    pub fn holder(&self) -> &str {
        &self.options.holder
    }

    /// The object.
    pub fn id(&self) -> ObjectId {
        self.options.id()
    }

    /// The object as it was seen last.
    pub fn object(&self) -> &Object {
        &self.live
    }

    /// Who asked the holder to stop, as far as was seen.
    pub fn stop_requested(&self) -> Option<&str> {
        self.live.annotation(STOP_ANNOTATION)
    }

    /// Reads the object again; [`LeaseError::Lost`] if somebody else holds it.
    pub async fn look(&mut self, cluster: &Cluster, until: Instant) -> Result<(), LeaseError> {
        self.live = self.ours(cluster, until).await?;
        Ok(())
    }

    /// Changes what [`LeaseOptions::annotations`] said, from the next write on.
    pub fn annotate(&mut self, annotations: Vec<(String, String)>) {
        self.options.annotations = annotations;
    }

    /// Ends holding the lease. A lease that is not ours any more is left alone.
    pub async fn end(mut self, cluster: &Cluster, end: &End, now: Timestamp, until: Instant) -> Result<(), LeaseError> {
        let ended = match end {
            End::Forget => return self.release(cluster, until).await,
            End::HandOver => self.renew(cluster, now, until).await,
            End::Keep(annotations) => self.keep(cluster, annotations, now, until).await,
        };
        match ended {
            Err(LeaseError::Lost { .. }) => Ok(()),
            other => other,
        }
    }

    async fn keep(
        &mut self,
        cluster: &Cluster,
        annotations: &[(String, String)],
        now: Timestamp,
        until: Instant,
    ) -> Result<(), LeaseError> {
        loop {
            let mut desired = self.options.object(Some(&self.live), now)?;
            for (key, value) in annotations {
                desired.set_annotation(key, value);
            }
            let mut value = desired.into_value();
            value["spec"]["holderIdentity"] = Value::from("");
            if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
                annotations.remove(STOP_ANNOTATION);
            }
            match cluster.replace(&Object::new(value)?, &self.options.field_manager, until).await {
                Ok(_) => return Ok(()),
                Err(error) if is_race(&error) => self.live = self.ours(cluster, until).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Makes the lease hold for another duration from `now`; [`LeaseError::Lost`] if somebody else holds it.
    pub async fn renew(&mut self, cluster: &Cluster, now: Timestamp, until: Instant) -> Result<(), LeaseError> {
        loop {
            let desired = self.options.object(Some(&self.live), now)?;
            match cluster.replace(&desired, &self.options.field_manager, until).await {
                Ok(live) => {
                    self.live = live;
                    return Ok(());
                }
                Err(error) if is_race(&error) => self.live = self.ours(cluster, until).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives the lease back by deleting the object, if it is still ours.
    pub async fn release(mut self, cluster: &Cluster, until: Instant) -> Result<(), LeaseError> {
        loop {
            let options = DeleteOptions {
                uid: self.live.uid().map(str::to_owned),
                resource_version: self.live.resource_version().map(str::to_owned),
                ..DeleteOptions::default()
            };
            match cluster.delete(&self.id(), &options, until).await? {
                Deletion::Another => match self.ours(cluster, until).await {
                    Ok(live) => self.live = live,
                    // Not ours any more: nothing to give back.
                    Err(LeaseError::Lost { .. }) => return Ok(()),
                    Err(error) => return Err(error),
                },
                Deletion::Deleted | Deletion::Started | Deletion::Absent => return Ok(()),
            }
        }
    }

    /// The object as it is now, if we hold it.
    async fn ours(&self, cluster: &Cluster, until: Instant) -> Result<Object, LeaseError> {
        let id = self.id();
        match cluster.get(&id, until).await? {
            Some(live) if State::read(&live).holder == self.options.holder => Ok(live),
            Some(live) => Err(LeaseError::Lost { id, holder: State::read(&live).holder.to_owned() }),
            None => Err(LeaseError::Lost { id, holder: String::new() }),
        }
    }
}

/// Asks the holder of a lease to stop, in the name of `by`. Answers whether there is a holder to ask.
///
/// The mark stays until another holder takes the lease or the holder ends it.
pub async fn request_stop(
    cluster: &Cluster,
    id: &ObjectId,
    by: &str,
    field_manager: &str,
    until: Instant,
) -> Result<bool, LeaseError> {
    loop {
        let Some(mut live) = cluster.get(id, until).await? else { return Ok(false) };
        if State::read(&live).holder.is_empty() {
            return Ok(false);
        }
        if live.annotation(STOP_ANNOTATION) == Some(by) {
            return Ok(true);
        }
        live.set_annotation(STOP_ANNOTATION, by);
        match cluster.replace(&live, field_manager, until).await {
            Ok(_) => return Ok(true),
            Err(error) if is_race(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Who holds a lease according to its object, expired or not; empty if nobody does.
pub fn holder(live: &Object) -> &str {
    State::read(live).holder
}

fn is_race(error: &ApiError) -> bool {
    matches!(error.class(), Class::Race | Class::AlreadyExists | Class::NotFound)
}

impl LeaseOptions {
    /// The Lease object's id.
    pub fn id(&self) -> ObjectId {
        ObjectId::namespaced("coordination.k8s.io/v1", "Lease", &self.namespace, &self.name)
    }

    /// The object that says we hold the lease from now on; based on what is there.
    fn object(&self, live: Option<&Object>, now: Timestamp) -> Result<Object, ObjectError> {
        let state = live.map(State::read);
        let is_ours = state.as_ref().is_some_and(|state| state.holder == self.holder);
        let transitions = state.as_ref().map_or(0, |state| state.transitions);
        let now = micro_time(now);
        let acquired = live.and_then(|live| live.text("/spec/acquireTime")).filter(|_| is_ours);
        let mut value = match live {
            Some(live) => live.as_value().clone(),
            None => json!({
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": self.name, "namespace": self.namespace},
            }),
        };
        value["spec"] = json!({
            "holderIdentity": self.holder,
            "leaseDurationSeconds": self.duration.as_secs().max(1),
            "acquireTime": acquired.unwrap_or(&now),
            "renewTime": now,
            "leaseTransitions": if is_ours || live.is_none() { transitions } else { transitions + 1 },
        });
        // A new holder is not who was asked to stop.
        if !is_ours && let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
        {
            annotations.remove(STOP_ANNOTATION);
        }
        let mut object = Object::new(value)?;
        self.annotations.iter().for_each(|(key, value)| object.set_annotation(key, value));
        self.labels.iter().for_each(|(key, value)| object.set_label(key, value));
        Ok(object)
    }
}

/// `metav1.MicroTime`: always six digits.
fn micro_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// What a Lease object says.
#[derive(Clone, Copy, Debug)]
struct State<'a> {
    holder: &'a str,
    renewed: Option<Timestamp>,
    duration: SignedDuration,
    transitions: i64,
}

impl<'a> State<'a> {
    fn read(live: &'a Object) -> Self {
        let time = |pointer: &str| live.text(pointer).and_then(|text| text.parse().ok());
        Self {
            holder: live.text("/spec/holderIdentity").unwrap_or(""),
            renewed: time("/spec/renewTime").or_else(|| time("/spec/acquireTime")),
            duration: SignedDuration::from_secs(live.integer("/spec/leaseDurationSeconds").unwrap_or(0).max(0)),
            transitions: live.get("/spec/leaseTransitions").and_then(Value::as_i64).unwrap_or(0),
        }
    }

    /// Free, ours, or expired. A lease without a readable time never expires by itself only if it has a duration
    /// and a time to count from; without them nobody can keep it.
    fn may_be_taken_by(&self, holder: &str, now: Timestamp) -> bool {
        self.holder.is_empty()
            || self.holder == holder
            || self
                .renewed
                .is_none_or(|renewed| renewed.saturating_add(self.duration).is_ok_and(|expiry| expiry <= now))
    }
}
