//! Whole situations, run in virtual time.

mod deletion;
mod faults;
mod nodes;
mod storage;
mod workloads;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Controllers, World};
use crate::kubernetes::api::{Answer, Api, Request};
use crate::kubernetes::faults::PodFault;
use crate::kubernetes::seed;
use crate::kubernetes::store::Store;
use crate::{Clock, Mode, Options};

/// A cluster whose time passes only when a test says so.
struct Cluster {
    api: Api,
    controllers: Controllers,
    world: World,
    moment: Duration,
}

impl Cluster {
    fn new(mode: Mode) -> Self {
        let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
        let mut options = Options::new(clock.clone());
        options.mode = mode;
        let mut api = Api::new(Store::default(), clock);
        seed::seed(&mut api, &options);
        let world = World { mode, region: options.region, step: Duration::from_millis(20), pod_faults: Vec::new() };
        let controllers = Controllers::default();
        let mut cluster = Self { api, controllers, world, moment: Duration::ZERO };
        cluster.settle();
        cluster
    }

    /// Lets five seconds pass, far more than anything takes that ends by itself.
    fn settle(&mut self) {
        self.pass(Duration::from_secs(5));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.moment + time;
        for _ in 0..10_000 {
            match self.controllers.run(&mut self.api, &self.world, self.moment) {
                Some(next) if next <= end => self.moment = next,
                _ => {
                    self.moment = end;
                    return;
                }
            }
        }
        panic!("the controllers do not come to rest");
    }

    fn fault(&mut self, part: &str, fault: PodFault) {
        self.world.pod_faults.push((part.to_owned(), fault));
        self.controllers.restart();
    }

    fn send(&mut self, method: &str, path: &str, content_type: &str, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request =
            Request { method, path, query, content_type, accept: "", user_agent: "test", body: text.as_bytes() };
        match self.api.handle(&request) {
            Answer::Json { code, body, .. } => (code, Arc::unwrap_or_clone(body)),
            Answer::Text { code, body } => (code, body.into()),
            Answer::Watch(_) => panic!("no watch was asked for"),
        }
    }

    #[track_caller]
    fn create(&mut self, path: &str, object: &Value) -> Value {
        let (code, body) = self.send("POST", path, "application/json", object);
        assert_eq!(code, 201, "{body}");
        body
    }

    #[track_caller]
    fn patch(&mut self, path: &str, patch: &Value) -> Value {
        let (code, body) = self.send("PATCH", path, "application/merge-patch+json", patch);
        assert_eq!(code, 200, "{body}");
        body
    }

    fn delete(&mut self, path: &str) {
        let (code, body) = self.send("DELETE", path, "", &Value::Null);
        assert_eq!(code, 200, "{body}");
    }

    fn find(&mut self, path: &str) -> Option<Value> {
        let (code, body) = self.send("GET", path, "", &Value::Null);
        (code == 200).then_some(body)
    }

    #[track_caller]
    fn get(&mut self, path: &str) -> Value {
        self.find(path).unwrap_or_else(|| panic!("{path} is not there"))
    }

    /// The value at a pointer of an object.
    #[track_caller]
    fn at(&mut self, path: &str, pointer: &str) -> Value {
        self.get(path).pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    #[track_caller]
    fn check(&mut self, path: &str, pointer: &str, expected: &Value) {
        let object = self.get(path);
        let found = object.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{path} {pointer}: {}", object["status"]);
    }

    /// The names of the objects that a path lists.
    fn names(&mut self, path: &str) -> Vec<String> {
        let list = self.get(path);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The messages of the events about an object.
    fn events(&mut self, name: &str) -> Vec<String> {
        let path = format!("/api/v1/events?fieldSelector=involvedObject.name%3D{name}");
        let list = self.get(&path);
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| format!("{}: {}", item["reason"].as_str().unwrap(), item["message"].as_str().unwrap()))
            .collect()
    }

    #[track_caller]
    fn check_event(&mut self, name: &str, expected: &str) {
        let events = self.events(name);
        assert!(events.iter().any(|event| event.contains(expected)), "{events:?}");
    }
}

const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims";

fn pod_spec() -> Value {
    json!({"containers": [{"name": "main", "image": "example/app:1"}]})
}

fn deployment(name: &str, replicas: i64, pod: &Value) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    })
}

/// Whether a condition of an object is true.
fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or(Value::Null)
}
