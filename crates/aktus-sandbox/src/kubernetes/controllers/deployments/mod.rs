//! How does a Deployment roll from one template to the next?

mod progress;

use std::sync::Arc;

use serde_json::{Value, json};

use super::Work;
use super::work::{MANAGER, controller_reference, is_going, number};
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::merge::equal;
use crate::kubernetes::names;
use crate::kubernetes::store::Key;

/// The label that tells the replica sets of one Deployment apart.
const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, deployment: &Value) {
    if is_going(deployment) {
        return;
    }
    let mut sets = work.controlled(deployment, "replicasets.apps");
    sets.retain(|(_, set)| !is_going(set));
    let (current, made) = if let Some(current) = current(&sets, deployment) {
        (current, false)
    } else {
        let Some(made) = make(work, key, deployment, &sets) else { return };
        sets.push(made.clone());
        (made, true)
    };
    let (current_key, current_set) = current;
    let revision = text_at_annotation(&current_set, REVISION);
    let newest = revisions(&sets).into_iter().max().unwrap_or(0);
    // An older template that is wanted again becomes the newest revision.
    let revision = if revision.parse::<i64>().unwrap_or(0) < newest {
        let next = (newest + 1).to_string();
        annotate(work, &current_key, &next);
        next
    } else {
        revision
    };
    scale(work, deployment, &sets, &current_key);
    clean_up(work, deployment, &sets, &current_key);
    progress::report(work, key, &current_key, &revision, made);
}

fn annotate(work: &mut Work<'_>, key: &Key, revision: &str) {
    work.change(MANAGER, key, |object| {
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
            return;
        };
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(REVISION.to_owned(), revision.into());
        }
    });
}

fn text_at_annotation(object: &Value, name: &str) -> String {
    let annotations = object.pointer("/metadata/annotations");
    let found = annotations.and_then(|annotations| annotations.get(name)).and_then(Value::as_str);
    found.unwrap_or("").to_owned()
}

fn revisions(sets: &[(Key, Arc<Value>)]) -> Vec<i64> {
    sets.iter().filter_map(|(_, set)| text_at_annotation(set, REVISION).parse().ok()).collect()
}

/// A template without the label that tells replica sets apart.
fn template(object: &Value) -> Value {
    let mut template = object.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    let labels = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut);
    if let Some(labels) = labels {
        labels.remove(HASH);
    }
    template
}

fn current(sets: &[(Key, Arc<Value>)], deployment: &Value) -> Option<(Key, Arc<Value>)> {
    let wanted = template(deployment);
    sets.iter().find(|(_, set)| equal(&template(set), &wanted)).cloned()
}

/// Makes the ReplicaSet of a new template.
fn make(work: &mut Work<'_>, key: &Key, deployment: &Value, sets: &[(Key, Arc<Value>)]) -> Option<(Key, Arc<Value>)> {
    let mut template = template(deployment);
    let hash = names::hash(&template.to_string());
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.insert(HASH.to_owned(), hash.as_str().into());
    }
    let mut selector = deployment.pointer("/spec/selector").cloned().unwrap_or_else(|| json!({}));
    if let Some(map) = selector.as_object_mut() {
        let labels = map.entry("matchLabels").or_insert_with(|| json!({}));
        if let Some(labels) = labels.as_object_mut() {
            labels.insert(HASH.to_owned(), hash.as_str().into());
        }
    }
    let replicas = number(deployment, "/spec/replicas");
    let first = sets.iter().all(|(_, set)| number(set, "/status/replicas") == 0);
    let recreate = text_at(deployment, "/spec/strategy/type") == "Recreate";
    let revision = revisions(sets).into_iter().max().unwrap_or(0) + 1;
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", key.name),
            "namespace": key.namespace,
            "labels": template.pointer("/metadata/labels"),
            "annotations": {
                REVISION: revision.to_string(),
                "deployment.kubernetes.io/desired-replicas": replicas.to_string(),
            },
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": {
            "replicas": if recreate && !first { 0 } else { replicas },
            "selector": selector,
            "template": template,
        },
    });
    match work.create(MANAGER, set) {
        Ok(set) => {
            let name = text(&set, "name").to_owned();
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            work.event(deployment, "Normal", "ScalingReplicaSet", &message);
            Some((Key::new("replicasets.apps", &key.namespace, &name), set))
        }
        Err(status) => {
            let message = format!("Failed to create new replica set: {}", status.message);
            work.event(deployment, "Warning", "ReplicaSetCreateError", &message);
            None
        }
    }
}

/// Gives the current ReplicaSet all replicas, and takes those of older ones once they are not
/// needed any more.
fn scale(work: &mut Work<'_>, deployment: &Value, sets: &[(Key, Arc<Value>)], current: &Key) {
    let wanted = number(deployment, "/spec/replicas");
    let recreate = text_at(deployment, "/spec/strategy/type") == "Recreate";
    let old: Vec<&Key> = sets.iter().map(|(key, _)| key).filter(|key| *key != current).collect();
    let serving = |work: &Work<'_>, key: &Key| work.get(key).map_or(0, |set| number(&set, "/status/readyReplicas"));
    let ready = serving(work, current) >= wanted;
    if recreate || ready {
        for key in &old {
            set_replicas(work, key, 0);
        }
    }
    let standing =
        |work: &Work<'_>| old.iter().any(|key| work.get(key).is_some_and(|set| number(&set, "/status/replicas") > 0));
    if !recreate || !standing(work) {
        set_replicas(work, current, wanted);
    }
}

fn set_replicas(work: &mut Work<'_>, key: &Key, replicas: i64) {
    work.change(MANAGER, key, |set| {
        if let Some(spec) = set.get_mut("spec").and_then(Value::as_object_mut) {
            spec.insert("replicas".to_owned(), replicas.into());
        }
    });
}

/// Deletes the oldest of the replica sets that serve nobody, up to the limit of the Deployment.
fn clean_up(work: &mut Work<'_>, deployment: &Value, sets: &[(Key, Arc<Value>)], current: &Key) {
    let limit = deployment.pointer("/spec/revisionHistoryLimit").and_then(Value::as_u64);
    let limit = usize::try_from(limit.unwrap_or(10)).unwrap_or(10);
    let mut old: Vec<&(Key, Arc<Value>)> = sets
        .iter()
        .filter(|(key, set)| {
            key != current && number(set, "/status/replicas") == 0 && number(set, "/spec/replicas") == 0
        })
        .collect();
    old.sort_by_key(|(_, set)| text_at_annotation(set, REVISION).parse::<i64>().unwrap_or(0));
    for (key, _) in old.iter().take(old.len().saturating_sub(limit)) {
        work.delete(key);
    }
}
