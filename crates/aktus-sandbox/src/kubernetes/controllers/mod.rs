//! What does the cluster do by itself with the objects it holds?
//!
//! All controllers are functions of the state and of the time since the start, so that a test can
//! run an hour of them in a moment. [`Controllers::run`] does what is due and says when to come
//! back; every change of an object makes it, its owners and what waits for it due.

mod claims;
mod daemon_sets;
mod deployments;
mod disruption;
mod events;
mod jobs;
mod load_balancers;
mod namespaces;
mod node_pools;
mod owners;
mod pods;
mod quotas;
mod replica_sets;
mod stateful_sets;
mod volumes;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::api::{Api, text};
use super::faults::PodFault;
use super::quota;
use super::store::Key;
use crate::Mode;
use owners::Owners;
pub(crate) use pods::has_ended;
use work::Work;

/// How many objects are looked at before others get a turn.
const TURN: usize = 500;

/// What the controllers know of the world they run in.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) mode: Mode,
    pub(crate) region: String,
    /// How long one step takes: scheduling a pod, starting it, making a volume.
    pub(crate) step: Duration,
    /// What is wrong with pods, by a part of their name or image.
    pub(crate) pod_faults: Vec<(String, PodFault)>,
}

/// The cluster's controllers.
#[derive(Debug, Default)]
pub(crate) struct Controllers {
    /// Changes up to here were seen.
    revision: u64,
    started: bool,
    due: BTreeSet<Key>,
    timers: BTreeSet<(Duration, Key)>,
    /// Since when an object is in a stage.
    stages: BTreeMap<Key, BTreeMap<&'static str, Duration>>,
    owners: Owners,
}

impl Controllers {
    /// Does what is due at `moment`, the time since the start; answers when to come back, which is
    /// at once when there was too much for one turn.
    pub(crate) fn run(&mut self, api: &mut Api, world: &World, moment: Duration) -> Option<Duration> {
        for _ in 0..TURN {
            self.absorb(api);
            while let Some((at, key)) = self.timers.first().cloned()
                && at <= moment
            {
                self.timers.pop_first();
                self.due.insert(key);
            }
            let Some(key) = self.due.pop_first() else {
                return self.timers.first().map(|(at, _)| *at);
            };
            let mut work =
                Work { api, world, moment, timers: &mut self.timers, stages: &mut self.stages, owners: &self.owners };
            look_at(&mut work, &key);
        }
        Some(moment)
    }

    /// Looks at everything again, as after a change of faults.
    pub(crate) fn restart(&mut self) {
        self.started = false;
    }

    /// Makes due what changed since the last look.
    fn absorb(&mut self, api: &Api) {
        if !self.started || self.revision < api.store.compacted() {
            self.started = true;
            self.owners = Owners::default();
            for (key, object) in api.store.all() {
                self.owners.note(key, object);
                self.due.insert(key.clone());
            }
            self.revision = api.store.revision();
            return;
        }
        for change in api.store.changes_after(self.revision) {
            let before = change.previous.as_ref().map_or("", |previous| text(previous, "uid"));
            if change.deleted {
                self.owners.forget(&change.key);
                self.stages.remove(&change.key);
            } else {
                self.owners.note(&change.key, &change.object);
            }
            if change.deleted || (!before.is_empty() && before != text(&change.object, "uid")) {
                self.stages.remove(&change.key);
                self.due.extend(self.owners.dependents(before).cloned());
            }
            self.due.insert(change.key.clone());
            self.due.extend(interested(api, &change.key, &change.object));
        }
        self.revision = api.store.revision();
    }
}

/// Which other objects may act on a change.
fn interested(api: &Api, key: &Key, object: &Value) -> Vec<Key> {
    let mut keys = owners::of(api, object);
    let all = |storage: &str, namespace: Option<&str>| -> Vec<Key> {
        api.store.list(storage, namespace).map(|(key, _)| key.clone()).collect()
    };
    let namespace = Some(key.namespace.as_str());
    match key.storage.as_str() {
        "secrets" | "configmaps" => keys.extend(all("pods", namespace)),
        "serviceaccounts" => {
            keys.push(Key::new("namespaces", "", &key.namespace));
            for storage in ["replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"] {
                keys.extend(all(storage, namespace));
            }
        }
        "persistentvolumeclaims" => {
            keys.extend(all("pods", namespace));
            keys.extend(all("persistentvolumes", None));
            keys.extend(all("statefulsets.apps", namespace));
        }
        "persistentvolumes" | "storageclasses.storage.k8s.io" => {
            keys.extend(all("persistentvolumeclaims", None));
        }
        "pods" => {
            keys.extend(pods::claims_of(object, &key.namespace));
            keys.extend(all("poddisruptionbudgets.policy", namespace));
            keys.extend(all(node_pools::CLAIMS, None));
        }
        "nodes" => {
            keys.extend(all("pods", None));
            keys.extend(all("daemonsets.apps", None));
        }
        node_pools::POOLS | node_pools::CLAIMS | node_pools::CLASSES => {
            keys.extend(all(node_pools::POOLS, None));
            keys.extend(all("pods", None));
        }
        _ => {}
    }
    if !key.namespace.is_empty() {
        // Events are too many to be counted at each of them.
        if key.storage != "events" {
            keys.extend(all(quota::STORAGE, namespace));
        }
        let namespace = Key::new("namespaces", "", &key.namespace);
        if api.store.get(&namespace).is_some_and(|found| work::is_going(found)) {
            keys.push(namespace);
        }
    }
    keys
}

/// One look at one object.
fn look_at(work: &mut Work<'_>, key: &Key) {
    let Some(object) = work.get(key) else { return };
    if owners::collect(work, key, &object) {
        return;
    }
    let object = &*object;
    match key.storage.as_str() {
        "namespaces" => namespaces::look_at(work, key, object),
        "deployments.apps" => deployments::look_at(work, key, object),
        "replicasets.apps" => replica_sets::look_at(work, key, object),
        "statefulsets.apps" => stateful_sets::look_at(work, key, object),
        "daemonsets.apps" => daemon_sets::look_at(work, key, object),
        "jobs.batch" => jobs::look_at(work, key, object),
        "pods" => pods::look_at(work, key, object),
        "persistentvolumeclaims" => claims::look_at(work, key, object),
        "persistentvolumes" => volumes::look_at(work, key, object),
        "services" => load_balancers::look_at(work, key, object),
        node_pools::POOLS => node_pools::look_at_pool(work, key, object),
        node_pools::CLAIMS => node_pools::look_at_claim(work, key, object),
        node_pools::CLASSES => node_pools::look_at_class(work, key, object),
        quota::STORAGE => quotas::look_at(work, key, object),
        "poddisruptionbudgets.policy" => disruption::look_at(work, key, object),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
