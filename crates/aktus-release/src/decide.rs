//! What would happen to a release: history and live objects in, a decision out. Writes nothing.

use aktus_helm::record::{self, Info, Record, Status};
use aktus_helm::{Chart, Manifests, Values};
use aktus_k8s::{Cluster, Object, ObjectId, Plan, PlanOptions, Prune, Step, plan};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::error::ReleaseError;
use crate::history::{Encoded, History, history, secret_id};
use crate::objects::{KEEP, foreign, of_manifests, of_stored, owner};
use crate::options::ReleaseOptions;
use crate::scope;

/// A chart with values, and the manifests they make; these may have been transformed.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The chart.
    pub chart: Chart,
    /// What the user set; the record keeps it as `config`.
    pub values: Values,
    /// What is applied and stored.
    pub manifests: Manifests,
}

/// What happens to the release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// There is none yet, or its installation never finished.
    Install,
    /// A new revision.
    Upgrade,
    /// Everything is as desired; at most old records are put right.
    Nothing,
}

impl Action {
    /// `install`, `upgrade` or `nothing`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Nothing => "nothing",
        }
    }
}

/// A decision, ready to be carried out.
#[derive(Debug)]
pub struct Decision {
    /// What happens.
    pub action: Action,
    /// The revision that will be deployed: a new one, or the one that is.
    pub revision: u32,
    /// What happens to the objects, in order.
    pub plan: Plan,
    /// The id of the record that will be created, if any.
    pub record_id: Option<ObjectId>,
    /// Definitions from `crds/` that do not exist yet.
    pub(crate) definitions: Vec<Object>,
    /// The new record; its times are set when it is written.
    pub(crate) record: Option<Record>,
    /// Records of revisions that a killed run left unfinished, or deployed twice.
    pub(crate) interrupted: Vec<Record>,
    pub(crate) superseded: Vec<Record>,
    /// Revisions that make room for the new one.
    pub(crate) pruned: Vec<u32>,
}

impl Decision {
    /// Whether carrying it out writes nothing at all.
    pub fn is_nothing(&self) -> bool {
        self.action == Action::Nothing && self.interrupted.is_empty() && self.superseded.is_empty()
    }

    /// Every object that exists once it is carried out, the release's own without its records.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        self.plan.steps.iter().filter(|step| step.desired.is_some()).map(|step| &step.id)
    }
}

/// Decides what has to happen so that the release is as desired.
///
/// Without a cluster everything counts as new. Errs, before anything is written, when an object exists that is
/// somebody else's, when a document is no object, and when the record would be too large for the API server.
pub async fn decide(
    cluster: Option<&Cluster>,
    desired: &Desired,
    options: &ReleaseOptions,
    until: Instant,
) -> Result<Decision, ReleaseError> {
    let objects = of_manifests(&desired.manifests, options)?;
    let history = match cluster {
        Some(cluster) => history(cluster, options, until).await?,
        None => History::default(),
    };
    let standing = standing(&history, options);
    let (plan, definitions) = match cluster {
        Some(cluster) => {
            adoption(cluster, &objects, &standing, options, until).await?;
            let definitions = missing_definitions(cluster, desired, options, until).await?;
            (objects_plan(cluster, objects, &standing, &definitions, options, until).await?, definitions)
        }
        None => (Plan::creating(objects, &options.field_manager)?, definitions(desired, options)?),
    };
    let new = new_record(desired, &history, options)?;
    let unchanged = plan.is_unchanged()
        && definitions.is_empty()
        && history.last().is_some_and(|last| {
            last.info.status == Status::Deployed && last.same_content(&new) && last.info.notes == new.info.notes
        });
    let interrupted: Vec<Record> =
        history.records.iter().filter(|record| record.info.status.is_pending()).cloned().collect();
    let deployed = |record: &&Record| record.info.status == Status::Deployed;
    let mut superseded: Vec<Record> = history.records.iter().filter(deployed).cloned().collect();
    if unchanged {
        // The newest stays; an older one that is deployed, too, is left from a run that was killed.
        superseded.pop();
        let revision = history.last().map_or(0, |last| last.version);
        return Ok(Decision {
            action: Action::Nothing,
            revision,
            plan,
            record_id: None,
            definitions,
            record: None,
            interrupted,
            superseded,
            pruned: Vec::new(),
        });
    }
    check_size(&new, options)?;
    let installed = history.records.iter().any(|record| {
        matches!(record.info.status, Status::Deployed | Status::Superseded) || record.info.status == Status::Failed
    });
    Ok(Decision {
        action: if installed { Action::Upgrade } else { Action::Install },
        revision: new.version,
        plan,
        record_id: Some(secret_id(options, new.version)),
        definitions,
        pruned: pruned(&history, options),
        record: Some(new),
        interrupted,
        superseded,
    })
}

/// Every object that a revision may have left in the cluster: of the deployed one, and of all after it,
/// which failed or were killed on the way.
fn standing(history: &History, options: &ReleaseOptions) -> Vec<ObjectId> {
    let first = history.deployed().map_or(0, |record| record.version);
    let mut ids: Vec<ObjectId> = Vec::new();
    for record in history.records.iter().filter(|record| record.version >= first) {
        if record.info.status == Status::Uninstalled {
            continue;
        }
        for id in of_stored(&record.manifest, options) {
            if !ids.iter().any(|known| known.same_object(&id)) {
                ids.push(id);
            }
        }
    }
    ids
}

/// Refuses objects that exist and belong to somebody else, as Helm does.
async fn adoption(
    cluster: &Cluster,
    objects: &[Object],
    standing: &[ObjectId],
    options: &ReleaseOptions,
    until: Instant,
) -> Result<(), ReleaseError> {
    for object in objects {
        let mut id = object.id();
        if standing.iter().any(|known| known.same_object(&id)) {
            continue;
        }
        // A kind that the release itself defines has no objects yet.
        if cluster.locate(&mut id, &options.namespace, until).await.is_err() {
            continue;
        }
        let Some(live) = cluster.get(&id, until).await? else { continue };
        if let Some(missing) = foreign(&live, options) {
            return Err(ReleaseError::NotOurs { id: Box::new(id), missing });
        }
    }
    Ok(())
}

async fn objects_plan(
    cluster: &Cluster,
    objects: Vec<Object>,
    standing: &[ObjectId],
    definitions: &[Object],
    options: &ReleaseOptions,
    until: Instant,
) -> Result<Plan, ReleaseError> {
    let mut plan_options = PlanOptions::new(&options.field_manager, &options.namespace);
    plan_options.force = options.force_conflicts;
    plan_options.definitions = definitions.to_vec();
    plan_options.prune = Prune {
        owner: owner(&options.name, &options.namespace),
        keep: vec![(KEEP.0.to_owned(), KEEP.1.to_owned())],
        protected_kinds: Vec::new(),
    };
    if objects.is_empty() {
        // A chart that renders nothing is no reason to refuse; what stood before goes.
        return Ok(aktus_k8s::plan_deletions(cluster, standing, &plan_options.prune, until).await?);
    }
    Ok(plan(cluster, objects, standing, &plan_options, until).await?)
}

/// The definitions of a chart's `crds/`: created once, never changed, as in Helm.
fn definitions(desired: &Desired, options: &ReleaseOptions) -> Result<Vec<Object>, ReleaseError> {
    let mut definitions = Vec::new();
    for crd in &desired.manifests.crds {
        let text = String::from_utf8_lossy(crd.file.data());
        for content in aktus_helm::split_manifest(&text, options.profile) {
            let value = aktus_helm::manifest_json(content)?;
            let problem = |problem| ReleaseError::Object { template: crd.source.clone(), problem };
            if !value.is_null() {
                definitions.extend(Object::flatten(value).map_err(problem)?);
            }
        }
    }
    for object in &mut definitions {
        if object.namespace().is_none() && scope::is_namespaced(&object.id()) {
            object.set_namespace(Some(&options.namespace));
        }
    }
    Ok(definitions)
}

async fn missing_definitions(
    cluster: &Cluster,
    desired: &Desired,
    options: &ReleaseOptions,
    until: Instant,
) -> Result<Vec<Object>, ReleaseError> {
    let mut missing = Vec::new();
    for object in definitions(desired, options)? {
        if cluster.get(&object.id(), until).await?.is_none() {
            missing.push(object);
        }
    }
    Ok(missing)
}

fn new_record(desired: &Desired, history: &History, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
    let problem = |problem| ReleaseError::Record { id: Box::new(secret_id(options, history.next_revision())), problem };
    let install = history.deployed().is_none();
    let (status, description) = if install {
        (Status::PendingInstall, "Initial install underway")
    } else {
        (Status::PendingUpgrade, "Preparing upgrade")
    };
    // The record that is written gets its times from the clock; a comparison does not look at them.
    let never = Timestamp::UNIX_EPOCH;
    let first = history.records.first().map_or(never, |record| record.info.first_deployed);
    Ok(Record {
        name: options.name.clone(),
        namespace: options.namespace.clone(),
        version: history.next_revision(),
        info: Info {
            first_deployed: first,
            last_deployed: never,
            deleted: None,
            description: description.to_owned(),
            status,
            notes: desired.manifests.notes.clone().unwrap_or_default(),
        },
        chart: record::Chart::of_release(&desired.chart, &desired.values, options.profile).map_err(problem)?,
        config: desired.values.to_json(),
        manifest: desired.manifests.text(),
        hooks: desired.manifests.hooks.iter().map(record::Hook::from).collect(),
        labels: history.last().map(|last| last.labels.clone()).unwrap_or_default(),
        apply_method: Some("ssa".to_owned()),
    })
}

fn check_size(record: &Record, options: &ReleaseOptions) -> Result<(), ReleaseError> {
    let size = Encoded::new(record, options)?.size();
    if size <= options.record_limit {
        return Ok(());
    }
    let sum = |files: &[record::StoredFile]| files.iter().map(|stored| stored.file.data().len()).sum();
    Err(ReleaseError::TooLarge {
        revision: record.version,
        size,
        limit: options.record_limit,
        templates: sum(&record.chart.templates),
        files: sum(&record.chart.files),
        values: record.chart.values.to_string().len(),
        manifest: record.manifest.len(),
    })
}

/// The oldest revisions beyond what is kept, never the deployed one.
fn pruned(history: &History, options: &ReleaseOptions) -> Vec<u32> {
    if options.max_history == 0 {
        return Vec::new();
    }
    let deployed = history.deployed().map(|record| record.version);
    let surplus = (history.records.len() + 1).saturating_sub(options.max_history);
    let revisions = history.records.iter().map(|record| record.version);
    revisions.filter(|revision| Some(*revision) != deployed).take(surplus).collect()
}

/// Steps that write, for those who only want to know.
impl Decision {
    /// The steps of the plan that write.
    pub fn writes(&self) -> impl Iterator<Item = &Step> {
        self.plan.steps.iter().filter(|step| step.change.is_write())
    }
}
