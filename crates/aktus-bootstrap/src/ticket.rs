//! On whose request does a run act, and what does the Lease tell about it to the runs after it?
//!
//! CloudFormation may deliver a request twice, and send a Delete while the Create still runs. A run with a
//! [`Ticket`] writes onto the Lease whose installation it is, which request it works on and, in the end, the answer.
//! The next run reads it and is let in, or learns why not ([`Refusal`]).

use std::fmt;
use std::sync::Arc;

use aktus_k8s::lease::{End, holder};
use aktus_k8s::{Cluster, Object, ObjectId, Selector};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use crate::failure::api;
use crate::report::{Failure, FailureKind, Report};
use crate::run::LEASE_NAMESPACE;

/// Whose installation it is.
const OWNER: &str = "aktus.ai/owner";
/// The same as a label, which has to be short.
const OWNER_LABEL: &str = "aktus.ai/owner";
/// The owner's name for the installation.
const NAME: &str = "aktus.ai/physical-id";
/// Whether the owner has used that name since.
const CONFIRMED: &str = "aktus.ai/physical-id-confirmed";
/// The request that is being worked on.
const REQUEST: &str = "aktus.ai/request";
/// The requests that are finished, as JSON.
const FINISHED: &str = "aktus.ai/finished";
/// Where the installation is.
const NAMESPACE: &str = "aktus.ai/namespace";
const RELEASE: &str = "aktus.ai/release";
/// When a cancellation was left, which no run has met yet.
const CANCELLED: &str = "aktus.ai/cancelled";
/// How many finished requests are remembered.
const REMEMBERED: usize = 4;

/// On whose request a run acts.
#[derive(Clone)]
pub struct Ticket {
    /// Whose installation it is: unique, and telling to people.
    pub owner: String,
    /// The owner's name for the installation.
    pub name: String,
    /// Whether the owner used that name itself, so that it has heard of it.
    pub confirmed: bool,
    /// Unique for every request; the same for every delivery of it.
    pub request: String,
    /// Whether this run goes on with what another process of the same holder began.
    pub continues: bool,
    /// When the work on the request began, in whichever process.
    pub began: Timestamp,
    /// What becomes of the Lease when the run ends so.
    pub settle: Settle,
}

/// Decides what becomes of the Lease when a run ends with this report.
pub type Settle = Arc<dyn Fn(&Report) -> Settlement + Send + Sync>;

impl fmt::Debug for Ticket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Ticket")
            .field("owner", &self.owner)
            .field("name", &self.name)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

/// What becomes of the Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is deleted with everything it tells.
    Forget,
    /// It is free, and tells this answer to whoever delivers the same request again. Holds no secret.
    Answered(String),
    /// It is free; the request counts as not finished.
    Open,
    /// It stays held for the process that goes on.
    HandOver,
}

/// Why a run was not let in, or not let go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The same request was finished before, with this answer.
    Finished(Finished),
    /// Another delivery of the same request is being worked on.
    InProgress,
    /// The installation belongs to somebody else: whom.
    Foreign(String),
    /// The owner knows the installation by another name now.
    Renamed(String),
    /// A request to take the installation away stopped this one.
    Stopped(String),
    /// Another run acts now.
    Lost(String),
}

/// A request that is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The request.
    pub request: String,
    /// The answer, in the words of whoever settled it.
    pub answer: String,
}

impl Refusal {
    /// The refusal as a failure of the step that met it.
    pub(crate) fn failure(&self) -> Failure {
        let (kind, cause, next) = match self {
            Self::Finished(finished) => {
                (FailureKind::Refused, format!("request {} is finished", finished.request), None)
            }
            Self::InProgress => {
                (FailureKind::Refused, "another delivery of this request is being worked on".to_owned(), None)
            }
            Self::Foreign(owner) => (
                FailureKind::Refused,
                format!("the installation belongs to {owner}"),
                Some("delete that one first, or use another namespace, release or cluster"),
            ),
            Self::Renamed(name) => {
                (FailureKind::Refused, format!("the installation is known as {name} now, and stays"), None)
            }
            Self::Stopped(by) => (
                FailureKind::Interrupted,
                format!("stopped by {by}, which takes away what was created"),
                Some("nothing needs to be done"),
            ),
            Self::Lost(holder) => (
                FailureKind::Interrupted,
                format!("another run, `{holder}`, acts now"),
                Some("let that run end, then retry"),
            ),
        };
        let failure = Failure::new(kind, cause);
        match next {
            Some(next) => failure.next(next),
            None => failure,
        }
    }
}

impl Ticket {
    /// What the Lease tells while the run holds it.
    pub(crate) fn annotations(&self, namespace: &str, release: &str) -> Vec<(String, String)> {
        let mut told = vec![
            (OWNER, self.owner.as_str()),
            (NAME, &self.name),
            (REQUEST, &self.request),
            (NAMESPACE, namespace),
            (RELEASE, release),
        ];
        if self.confirmed {
            told.push((CONFIRMED, "true"));
        }
        told.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// The label by which all installations of an owner are found.
    pub(crate) fn label(&self) -> (String, String) {
        (OWNER_LABEL.to_owned(), short(&self.owner))
    }

    /// Whether a run of this holder may begin, given the Lease as it is; before it is taken.
    pub(crate) fn admit(&self, live: Option<&Object>, us: &str, destroying: bool) -> Result<(), Refusal> {
        let held_by = live.map(holder).unwrap_or_default();
        if self.continues && held_by != us {
            return Err(Refusal::Lost(held_by.to_owned()));
        }
        let Some(live) = live else { return Ok(()) };
        if let Some(owner) = live.annotation(OWNER).filter(|owner| *owner != self.owner) {
            return Err(Refusal::Foreign(owner.to_owned()));
        }
        let done = finished(live).into_iter().find(|finished| finished.request == self.request);
        if let Some(done) = done.filter(|_| held_by.is_empty()) {
            return Err(Refusal::Finished(done));
        }
        let renamed = live.annotation(NAME).filter(|name| *name != self.name);
        match renamed {
            Some(name) if destroying => Err(Refusal::Renamed(name.to_owned())),
            _ => Ok(()),
        }
    }

    /// How the Lease ends, given what it tells.
    pub(crate) fn end(&self, settlement: Settlement, live: &Object) -> End {
        match settlement {
            Settlement::Forget => End::Forget,
            Settlement::HandOver => End::HandOver,
            Settlement::Open => End::Keep(Vec::new()),
            Settlement::Answered(answer) => {
                let mut finished = finished(live);
                finished.retain(|finished| finished.request != self.request);
                finished.push(Finished { request: self.request.clone(), answer });
                let kept = finished.split_off(finished.len().saturating_sub(REMEMBERED));
                let text = json!(kept).to_string();
                End::Keep(vec![(FINISHED.to_owned(), text)])
            }
        }
    }
}

/// Whether a Lease tells of somebody's installation.
pub(crate) fn is_owned(live: &Object) -> bool {
    live.annotation(OWNER).is_some()
}

/// The request that a Lease's holder works on.
pub(crate) fn request_of(live: &Object) -> Option<&str> {
    live.annotation(REQUEST)
}

fn finished(live: &Object) -> Vec<Finished> {
    // What somebody else wrote there counts as nothing.
    live.annotation(FINISHED).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// An installation of an owner, as its Lease tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Its namespace.
    pub namespace: String,
    /// Its release.
    pub release: String,
    /// The owner's name for it.
    pub name: String,
    /// Whether the owner has used that name since.
    pub confirmed: bool,
}

/// Every installation of an owner.
pub(crate) async fn installations(
    cluster: &Cluster,
    owner: &str,
    until: Instant,
) -> Result<Vec<Installation>, Failure> {
    let selector = Selector::labels(format!("{OWNER_LABEL}={}", short(owner)));
    let leases = cluster.list("coordination.k8s.io/v1", "Lease", Some(LEASE_NAMESPACE), &selector, until).await;
    let leases = leases.map_err(|error| api(&error))?;
    let ours = leases.iter().filter(|live| live.annotation(OWNER) == Some(owner));
    Ok(ours
        .filter_map(|live| {
            Some(Installation {
                namespace: live.annotation(NAMESPACE)?.to_owned(),
                release: live.annotation(RELEASE)?.to_owned(),
                name: live.annotation(NAME)?.to_owned(),
                confirmed: live.annotation(CONFIRMED) == Some("true"),
            })
        })
        .collect())
}

fn cancellation_id(owner: &str) -> ObjectId {
    let name = format!("aktus-cancelled-{}", short(owner));
    ObjectId::namespaced("coordination.k8s.io/v1", "Lease", LEASE_NAMESPACE, &name)
}

/// Leaves word for a run of this owner that has not begun yet: it is not wanted any more.
pub(crate) async fn cancel(
    cluster: &Cluster,
    owner: &str,
    field_manager: &str,
    now: Timestamp,
    until: Instant,
) -> Result<(), Failure> {
    let id = cancellation_id(owner);
    let object = Object::new(json!({
        "apiVersion": id.api_version,
        "kind": id.kind,
        "metadata": {
            "name": id.name,
            "namespace": LEASE_NAMESPACE,
            "annotations": {OWNER: owner, CANCELLED: now.to_string()},
        },
        "spec": {"holderIdentity": ""},
    }))
    .map_err(|error| crate::failure::build(&error))?;
    match cluster.create(&object, field_manager, until).await {
        Ok(_) => Ok(()),
        Err(error) if error.class() == aktus_k8s::Class::AlreadyExists => Ok(()),
        Err(error) => Err(api(&error)),
    }
}

/// Takes a word that was left for the runs of this owner; whether it was left after a run had begun at `began`.
pub(crate) async fn cancelled(
    cluster: &Cluster,
    owner: &str,
    began: Timestamp,
    until: Instant,
) -> Result<bool, Failure> {
    let id = cancellation_id(owner);
    let Some(live) = cluster.get(&id, until).await.map_err(|error| api(&error))? else { return Ok(false) };
    let deletion = aktus_k8s::DeleteOptions::exactly(&live);
    cluster.delete(&id, &deletion, until).await.map_err(|error| api(&error))?;
    let since = live.annotation(CANCELLED).and_then(|text| text.parse::<Timestamp>().ok());
    Ok(live.annotation(OWNER) == Some(owner) && since.is_some_and(|since| since >= began))
}

/// A text as a label value: its readable end is of no use there, so a hash of it.
fn short(text: &str) -> String {
    // FNV-1a: it must be the same in every build; whoever is found is compared with the whole text.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
