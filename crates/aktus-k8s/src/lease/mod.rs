//! Who may act? One holder at a time, by a coordination `Lease` with an expiry.
//!
//! Every write carries the resource version that was read, so that of two that try at the same time one wins and
//! the other sees it. Times come from the caller: this library has no clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::client::{Cluster, DeleteOptions, Deletion};
use crate::error::{ApiError, Class};
use crate::id::ObjectId;
use crate::object::{Object, ObjectError};

/// How long to wait before looking at a lease again that somebody else holds.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

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
    let id = options.id();
    loop {
        let live = cluster.get(&id, until).await?;
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
        let mut object = Object::new(value)?;
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
