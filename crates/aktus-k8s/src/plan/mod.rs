//! What would have to happen? Desired objects and live objects in, a list of steps out; nothing is written.

mod decide;
mod drift;
mod immutable;
mod lists;
mod mask;
mod ownership;
mod quantity;
mod stage;

use std::collections::BTreeSet;
use std::fmt;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::time::Instant;

pub(crate) use self::decide::covers;
pub use self::decide::{Change, FieldChange, decide};
pub use self::mask::masked;
pub(crate) use self::ownership::owned_by_apply;
use self::ownership::{Owned, owns_by_update};
pub use self::stage::Stage;
use crate::client::{ApplyOptions, Cluster};
use crate::error::{ApiError, Class};
use crate::id::ObjectId;
use crate::object::Object;

/// How many objects are read at the same time.
const PARALLEL: usize = 8;

/// How a plan is made.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Who owns the fields we apply.
    pub field_manager: String,
    /// Whether fields that others own are taken over.
    pub force: bool,
    /// Where namespaced objects go that name no namespace.
    pub default_namespace: String,
    /// Objects that may be deleted and created again when an immutable field differs. Never done for namespaces,
    /// definitions, volumes and claims, whatever this says.
    pub recreate: BTreeSet<ObjectId>,
    /// Definitions that will exist when the plan is carried out, besides those in the plan itself: their kinds have
    /// no objects yet.
    pub definitions: Vec<Object>,
    /// What may be deleted of what is no longer wanted.
    pub prune: Prune,
}

impl PlanOptions {
    /// Applies as `field_manager` into `default_namespace`, without force, re-creation or deletion.
    pub fn new(field_manager: &str, default_namespace: &str) -> Self {
        Self {
            field_manager: field_manager.to_owned(),
            force: false,
            default_namespace: default_namespace.to_owned(),
            recreate: BTreeSet::new(),
            definitions: Vec::new(),
            prune: Prune::default(),
        }
    }
}

/// The marks by which an object is known to be ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Labels it must have.
    pub labels: Vec<(String, String)>,
    /// Annotations it must have.
    pub annotations: Vec<(String, String)>,
}

impl Ownership {
    /// The first mark that the object lacks, in words; `None` if it is ours.
    pub fn missing(&self, live: &Object) -> Option<String> {
        let word = |what: &str, key: &str, wanted: &str, found: Option<&str>| match found {
            Some(found) if found == wanted => None,
            Some(found) => Some(format!("its {what} `{key}` is `{found}`, not `{wanted}`")),
            None => Some(format!("it has no {what} `{key}: {wanted}`")),
        };
        let label = |(key, value): &(String, String)| word("label", key, value, live.label(key));
        let annotation = |(key, value): &(String, String)| word("annotation", key, value, live.annotation(key));
        self.labels.iter().find_map(label).or_else(|| self.annotations.iter().find_map(annotation))
    }
}

/// What may be deleted of what is no longer wanted.
#[derive(Clone, Debug, Default)]
pub struct Prune {
    /// Only objects with these marks are deleted. Without any mark, nothing is.
    pub owner: Ownership,
    /// Objects with one of these annotations stay.
    pub keep: Vec<(String, String)>,
    /// Kinds that are never deleted here.
    pub protected_kinds: Vec<String>,
}

/// What to do, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps, in the order in which they are carried out.
    pub steps: Vec<Step>,
    /// Who owns the fields we apply.
    pub field_manager: String,
    /// Whether fields that others own are taken over.
    pub force: bool,
}

/// What to do with one object.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which object.
    pub id: ObjectId,
    /// When.
    pub stage: Stage,
    /// What.
    pub change: Change,
    /// The object as it should be; absent for what is no longer wanted.
    pub desired: Option<Object>,
    /// The uid of the object that the decision is about, if there is one.
    pub live_uid: Option<String>,
    /// Whether the object may be deleted and created again.
    pub may_recreate: bool,
    /// Fields that the manager owns by other writes than applies become its own by apply first.
    pub takes_over_updates: bool,
    /// An older object of this name is still being deleted; it must be gone before this one is created.
    pub waits_for_deletion: bool,
}

impl Plan {
    /// The plan for an empty cluster: everything is created. Makes no request.
    pub fn creating(desired: Vec<Object>, field_manager: &str) -> Result<Self, PlanError> {
        check(&desired)?;
        let steps = desired.into_iter().map(|object| Step::new(object, Change::Create)).collect();
        Ok(Self::ordered(steps, field_manager, false))
    }

    /// Whether carrying it out writes nothing.
    pub fn is_unchanged(&self) -> bool {
        self.steps.iter().all(|step| !step.change.is_write())
    }

    fn ordered(mut steps: Vec<Step>, field_manager: &str, force: bool) -> Self {
        steps.sort_by_key(|step| step.stage);
        Self { steps, field_manager: field_manager.to_owned(), force }
    }
}

/// One line per object: what happens to it, and the fields that differ below it.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{} {}", step.change.word(), step.id)?;
            if let Change::Update { fields } | Change::Replace { fields, .. } = &step.change {
                fields.iter().try_for_each(|field| writeln!(f, "  {field}"))?;
            }
        }
        Ok(())
    }
}

impl Step {
    fn new(desired: Object, change: Change) -> Self {
        let id = desired.id();
        Self {
            stage: stage::stage(&id),
            id,
            change,
            desired: Some(desired),
            live_uid: None,
            may_recreate: false,
            takes_over_updates: false,
            waits_for_deletion: false,
        }
    }
}

/// Why no plan could be made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// One object is desired twice.
    #[error("{id} is given twice; remove one of the two")]
    Duplicate {
        /// The object.
        id: ObjectId,
    },
    /// A list that the server matches by keys holds one key twice.
    #[error("{id}: `{list}` holds `{key}` twice; remove one of the two")]
    DuplicateKey {
        /// The object.
        id: Box<ObjectId>,
        /// The list's path.
        list: String,
        /// The key.
        key: String,
    },
    /// Nothing is desired any more, which would delete everything there is.
    #[error(
        "nothing is desired any more, which would delete all that is there ({previous} in number); delete explicitly if that is \
         meant"
    )]
    Empty {
        /// How many objects there are from before.
        previous: usize,
    },
    /// The cluster could not be asked.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What has to happen so that the cluster holds `desired`, and no longer holds what of `previous` is not in it.
///
/// Objects that seem to differ are confirmed by a dry run, so that an unchanged object is never written; conflicts
/// with other managers and immutable fields come to light here, before anything is written.
pub async fn plan(
    cluster: &Cluster,
    desired: Vec<Object>,
    previous: &[ObjectId],
    options: &PlanOptions,
    until: Instant,
) -> Result<Plan, PlanError> {
    if desired.is_empty() && !previous.is_empty() {
        return Err(PlanError::Empty { previous: previous.len() });
    }
    let defined = Definitions::of(desired.iter().chain(&options.definitions));
    let mut located = Vec::with_capacity(desired.len());
    for object in desired {
        located.push(defined.locate(cluster, object, &options.default_namespace, until).await?);
    }
    check(&located)?;
    let wanted: Vec<ObjectId> = located.iter().map(Object::id).collect();
    let defined = &defined;
    let mut steps: Vec<Step> = stream::iter(located)
        .map(|object| decide_step(cluster, object, options, defined, until))
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    let gone = previous.iter().filter(|id| !wanted.iter().any(|wanted| wanted.same_object(id)));
    steps.extend(deletions(cluster, gone, &options.prune, until).await?);
    Ok(Plan::ordered(steps, &options.field_manager, options.force))
}

/// What has to happen so that none of these objects is left, in the given order.
pub async fn plan_deletions(
    cluster: &Cluster,
    ids: &[ObjectId],
    prune: &Prune,
    until: Instant,
) -> Result<Plan, PlanError> {
    let steps = deletions(cluster, ids.iter(), prune, until).await?;
    Ok(Plan::ordered(steps, "", false))
}

/// The kinds that the desired objects themselves define, and those that were said to come.
struct Definitions(Vec<Definition>);

struct Definition {
    group: String,
    kind: String,
    namespaced: bool,
}

impl Definitions {
    fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let definitions = objects.filter(|object| stage::stage(&object.id()) == Stage::Definitions);
        let definition = |object: &Object| {
            Some(Definition {
                group: object.text("/spec/group")?.to_owned(),
                kind: object.text("/spec/names/kind")?.to_owned(),
                namespaced: object.text("/spec/scope") == Some("Namespaced"),
            })
        };
        Self(definitions.filter_map(definition).collect())
    }

    fn find(&self, id: &ObjectId) -> Option<&Definition> {
        self.0.iter().find(|definition| definition.group == id.group() && definition.kind == id.kind)
    }

    /// Gives the object its definite place.
    async fn locate(
        &self,
        cluster: &Cluster,
        mut object: Object,
        default_namespace: &str,
        until: Instant,
    ) -> Result<Object, ApiError> {
        let mut id = object.id();
        match (cluster.locate(&mut id, default_namespace, until).await, self.find(&id)) {
            (Ok(()), _) => {}
            (Err(ApiError::UnknownKind { .. }), Some(definition)) => {
                let namespace = || id.namespace.take().unwrap_or_else(|| default_namespace.to_owned());
                id.namespace = definition.namespaced.then(namespace);
            }
            (Err(error), _) => return Err(error),
        }
        if object.namespace() != id.namespace.as_deref() {
            object.set_namespace(id.namespace.as_deref());
        }
        Ok(object)
    }
}

fn check(desired: &[Object]) -> Result<(), PlanError> {
    let mut ids: Vec<ObjectId> = desired.iter().map(Object::id).collect();
    ids.sort_by(|left, right| left.key().cmp(&right.key()));
    if let Some(pair) = ids.windows(2).find(|pair| pair[0].same_object(&pair[1])) {
        return Err(PlanError::Duplicate { id: pair[0].clone() });
    }
    for object in desired {
        if let Some((list, key)) = lists::duplicate_key(object.as_value()) {
            return Err(PlanError::DuplicateKey { id: Box::new(object.id()), list, key });
        }
    }
    Ok(())
}

async fn decide_step(
    cluster: &Cluster,
    desired: Object,
    options: &PlanOptions,
    defined: &Definitions,
    until: Instant,
) -> Result<Step, ApiError> {
    let id = desired.id();
    let live = match cluster.get(&id, until).await {
        Ok(live) => live,
        Err(ApiError::UnknownKind { .. }) if defined.find(&id).is_some() => None,
        Err(error) => return Err(error),
    };
    let mut step = Step::new(desired, Change::Create);
    step.may_recreate = options.recreate.iter().any(|allowed| allowed.same_object(&id)) && !is_precious(&id);
    if let Some(live) = live {
        step.live_uid = live.uid().map(str::to_owned);
        if live.is_deleting() {
            step.waits_for_deletion = true;
        } else if let Some(desired) = &step.desired {
            step.takes_over_updates = owns_by_update(&live, &options.field_manager);
            step.change = decide(desired, Some(&live), &options.field_manager);
            if step.change != Change::Unchanged {
                let decided = std::mem::replace(&mut step.change, Change::Unchanged);
                step.change = confirm(cluster, desired, &live, decided, options, until).await?;
            }
        }
    }
    Ok(step)
}

/// Kinds whose deletion takes data or other objects with it: never deleted to be created again.
fn is_precious(id: &ObjectId) -> bool {
    matches!(
        (id.group(), id.kind.as_str()),
        ("", "Namespace" | "PersistentVolume" | "PersistentVolumeClaim")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

/// Asks the server what an apply would come to.
async fn confirm(
    cluster: &Cluster,
    desired: &Object,
    live: &Object,
    decided: Change,
    options: &PlanOptions,
    until: Instant,
) -> Result<Change, ApiError> {
    let mut apply = ApplyOptions { field_manager: options.field_manager.clone(), force: options.force, dry_run: true };
    let takes_over_updates = owns_by_update(live, &options.field_manager);
    let mut answer = cluster.apply(desired, &apply, until).await;
    if let Err(error) = &answer {
        let conflicts = error.conflicts();
        let is_with_ourselves = conflicts.iter().all(|conflict| conflict.manager == options.field_manager);
        if takes_over_updates && !conflicts.is_empty() && is_with_ourselves {
            apply.force = true;
            answer = cluster.apply(desired, &apply, until).await;
        }
    }
    match answer {
        Ok(result) => Ok(match compare(live, &result, &options.field_manager) {
            Change::Unchanged if takes_over_updates => Change::Update { fields: vec![FieldChange::ownership()] },
            change => change,
        }),
        Err(error) if error.class() == Class::Immutable => {
            let named = error.status().and_then(|status| status.immutable_field()).map(str::to_owned);
            let (Change::Update { fields } | Change::Replace { fields, .. }) = decided else {
                return Err(error);
            };
            let immutable = named.or_else(|| Some(fields.first()?.path.clone())).unwrap_or_default();
            Ok(Change::Replace { immutable, fields })
        }
        Err(error) => Err(error),
    }
}

/// What an apply changes, given what is there and what would come of it.
fn compare(live: &Object, result: &Object, field_manager: &str) -> Change {
    let (before, after) = (live.for_apply(), result.for_apply());
    if before == after {
        let owned = |object| Owned::by(object, field_manager);
        if owned(live) == owned(result) {
            return Change::Unchanged;
        }
        return Change::Update { fields: vec![FieldChange::ownership()] };
    }
    let mut fields = drift::drift(&after, live, None);
    let removed = drift::drift(&before, result, None).into_iter().filter(|field| field.live.is_none());
    fields.extend(removed.map(|field| FieldChange { path: field.path, live: field.desired, desired: None }));
    if fields.is_empty() {
        // Something differs that only the whole shows, such as the order of a list.
        fields.push(FieldChange { path: "the object".to_owned(), live: None, desired: None });
    }
    Change::Update { fields }
}

async fn deletions<'a>(
    cluster: &Cluster,
    ids: impl Iterator<Item = &'a ObjectId>,
    prune: &Prune,
    until: Instant,
) -> Result<Vec<Step>, ApiError> {
    // Owned ids: a stream of borrows would tie the future to the iterator.
    let ids: Vec<ObjectId> = ids.cloned().collect();
    let steps: Vec<Option<Step>> =
        stream::iter(ids).map(|id| deletion(cluster, id, prune, until)).buffered(PARALLEL).try_collect().await?;
    Ok(steps.into_iter().flatten().collect())
}

async fn deletion(cluster: &Cluster, id: ObjectId, prune: &Prune, until: Instant) -> Result<Option<Step>, ApiError> {
    let live = match cluster.get(&id, until).await {
        Ok(Some(live)) => live,
        // Gone, or of a kind that is no longer served: nothing is left to delete.
        Ok(None) | Err(ApiError::UnknownKind { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let change = match kept(&live, prune) {
        Some(reason) => Change::Keep { reason },
        None => Change::Delete,
    };
    Ok(Some(Step {
        id,
        stage: Stage::Deletions,
        change,
        desired: None,
        live_uid: live.uid().map(str::to_owned),
        may_recreate: false,
        takes_over_updates: false,
        waits_for_deletion: false,
    }))
}

/// Why the object stays, if it does.
fn kept(live: &Object, prune: &Prune) -> Option<String> {
    if prune.owner == Ownership::default() {
        return Some("nothing says that it is ours".to_owned());
    }
    if let Some(missing) = prune.owner.missing(live) {
        return Some(format!("it is not ours: {missing}"));
    }
    if let Some((key, value)) = prune.keep.iter().find(|(key, value)| live.annotation(key) == Some(value)) {
        return Some(format!("its annotation says `{key}: {value}`"));
    }
    prune
        .protected_kinds
        .iter()
        .any(|kind| kind == live.kind())
        .then(|| format!("a {} is not deleted here", live.kind()))
}
