//! Taking a release away: objects in the reverse of Helm's order, then the records.

use aktus_helm::record::Status;
use aktus_helm::{HookEvent, uninstall_order};
use aktus_k8s::{ChangeSet, Cluster, ObjectId, Prune, plan_deletions};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::carry_out::{Work, apply};
use crate::error::ReleaseError;
use crate::event::{OnEvent, ReleaseEvent};
use crate::history::{History, history, purge};
use crate::hooks;
use crate::objects::{KEEP, of_stored, owner};
use crate::options::ReleaseOptions;

/// What came of an uninstallation.
#[derive(Clone, Debug, Default)]
pub struct Uninstalled {
    /// Whether there was a release at all.
    pub existed: bool,
    /// What was done to the objects; kept ones are named with the reason.
    pub changes: ChangeSet,
}

/// Takes a release away: every object that any of its revisions may have left, then its records.
///
/// Objects with `helm.sh/resource-policy: keep`, and objects that are not marked as the release's, stay.
/// The records go last, so that a killed run is taken up where it ended. Deletions are begun, not waited for.
pub async fn uninstall(
    cluster: &Cluster,
    options: &ReleaseOptions,
    clock: &(dyn Fn() -> Timestamp + Send + Sync),
    until: Instant,
    on_event: &mut OnEvent<'_>,
) -> Result<Uninstalled, ReleaseError> {
    let history = history(cluster, options, until).await?;
    let Some(last) = history.last() else { return Ok(Uninstalled::default()) };
    let work = Work { cluster, options, clock, until };
    let mut record = last.clone();
    let first_try = record.info.status != Status::Uninstalling;
    if first_try {
        record.info.status = Status::Uninstalling;
        record.info.deleted = Some(clock());
        "Deletion in progress (or silently failed)".clone_into(&mut record.info.description);
        work.update(&record, on_event).await?;
    }
    hooks::run(&work, &mut record, HookEvent::PreDelete, on_event).await?;
    let mut ids = objects(&history, options);
    // Kinds that the cluster does not know any more have no objects left.
    let mut known = Vec::with_capacity(ids.len());
    for mut id in ids.drain(..) {
        if cluster.locate(&mut id, &options.namespace, until).await.is_ok() {
            known.push(id);
        }
    }
    known.sort_by(|left, right| uninstall_order(&left.kind, &right.kind, options.profile));
    let prune = Prune {
        owner: owner(&options.name, &options.namespace),
        keep: vec![(KEEP.0.to_owned(), KEEP.1.to_owned())],
        protected_kinds: Vec::new(),
    };
    let plan = plan_deletions(cluster, &known, &prune, until).await?;
    let changes = apply(&work, &plan, on_event).await?;
    hooks::run(&work, &mut record, HookEvent::PostDelete, on_event).await?;
    for record in &history.records {
        purge(cluster, options, record.version, until).await?;
        on_event(ReleaseEvent::Record { revision: record.version, status: "purged" });
    }
    Ok(Uninstalled { existed: true, changes })
}

/// Every object that any revision names.
fn objects(history: &History, options: &ReleaseOptions) -> Vec<ObjectId> {
    let mut ids: Vec<ObjectId> = Vec::new();
    for record in history.records.iter().rev() {
        for id in of_stored(&record.manifest, options) {
            if !ids.iter().any(|known| known.same_object(&id)) {
                ids.push(id);
            }
        }
    }
    ids
}
