//! Whole releases over the sandbox's Kubernetes API: what is written, in which order, and what is left.

#![expect(clippy::unwrap_used, reason = "what these tests share may unwrap as the tests do")]

use std::time::Duration;

use aktus_helm::record::Status;
use aktus_helm::{Chart, FrozenHost, LoadOptions, Release, RenderOptions, ValueOptions, render};
use aktus_k8s::{Backoff, Cluster, ConnectOptions, Endpoint, Object, ObjectId};
use aktus_release::{
    Action, Desired, Outcome, ReleaseError, ReleaseOptions, Uninstalled, carry_out, decide, history, uninstall,
};
use aktus_sandbox::kubernetes::{Fault, FaultRule, Server};
use aktus_sandbox::{Clock, Options};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A template of a ConfigMap, by name, with lines under `metadata.annotations` and data.
fn config_map(name: &str, annotations: &str, data: &str) -> String {
    let annotations =
        if annotations.is_empty() { String::new() } else { format!("  annotations: {{{annotations}}}\n") };
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{annotations}data: {{key: {data}}}\n")
}

struct World {
    server: Server,
    cluster: Cluster,
    options: ReleaseOptions,
}

async fn world() -> World {
    let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
    let server = Server::start(&Options { step: Duration::ZERO, ..Options::new(clock) }).await.unwrap();
    let endpoint = Endpoint::Server { url: server.url(), certificate_authority: None, token: None };
    let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
    let cluster = Cluster::connect(ConnectOptions { backoff, ..ConnectOptions::new(endpoint) }).await.unwrap();
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "aktus"}});
    cluster.create(&Object::new(namespace).unwrap(), "test", soon()).await.unwrap();
    server.clear_requests();
    World { server, cluster, options: ReleaseOptions::new("web", "aktus") }
}

/// Far enough away for any test that works.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// A chart of these templates, rendered with `--set` flags.
fn desired(files: &[(&str, String)], set: &[&str]) -> Desired {
    let base = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n".to_owned()),
        ("values.yaml", "data: old\nextra: true\n".to_owned()),
    ];
    let files = base.into_iter().chain(files.iter().map(|(name, text)| (*name, text.clone())));
    let chart = Chart::from_files(files, &LoadOptions::default()).unwrap();
    let set = set.iter().map(|&flag| flag.to_owned()).collect();
    let options = RenderOptions::default();
    let values = ValueOptions { set, ..ValueOptions::default() }.merge(options.profile).unwrap();
    let release = Release { name: "web".to_owned(), namespace: "aktus".to_owned(), ..Release::default() };
    let options = RenderOptions { release, ..options };
    let manifests = render(&chart, &values, &options, &FrozenHost::default()).unwrap().into_manifests().unwrap();
    Desired { chart, values, manifests }
}

impl World {
    /// Decides and carries out; the events as lines.
    async fn deploy(&self, desired: &Desired) -> (Result<Outcome, ReleaseError>, Vec<String>) {
        let mut events = Vec::new();
        let decision = match decide(Some(&self.cluster), desired, &self.options, soon()).await {
            Ok(decision) => decision,
            Err(error) => return (Err(error), events),
        };
        let clock = || "2026-01-01T00:00:00Z".parse().unwrap();
        let mut note = |event: aktus_release::ReleaseEvent<'_>| events.push(event.to_string());
        let outcome = carry_out(&self.cluster, decision, &self.options, &clock, soon(), &mut note).await;
        (outcome, events)
    }

    async fn uninstall(&self) -> (Uninstalled, Vec<String>) {
        let mut events = Vec::new();
        let clock = || "2026-01-01T00:00:00Z".parse().unwrap();
        let mut note = |event: aktus_release::ReleaseEvent<'_>| events.push(event.to_string());
        let done = uninstall(&self.cluster, &self.options, &clock, soon(), &mut note).await.unwrap();
        (done, events)
    }

    /// Revision and status of every record, oldest first.
    async fn records(&self) -> Vec<(u32, Status, String)> {
        let history = history(&self.cluster, &self.options, soon()).await.unwrap();
        let line = |record: aktus_helm::record::Record| (record.version, record.info.status, record.info.description);
        history.records.into_iter().map(line).collect()
    }

    async fn statuses(&self) -> Vec<(u32, Status)> {
        self.records().await.into_iter().map(|(revision, status, _)| (revision, status)).collect()
    }

    /// The names of the `ConfigMaps` that stand in the namespace, without the one that every namespace has.
    fn config_maps(&self) -> Vec<String> {
        let ours = |object: &&Value| object["kind"] == "ConfigMap" && object["metadata"]["namespace"] == "aktus";
        let objects = self.server.objects();
        let names = objects.iter().filter(ours).map(|object| object["metadata"]["name"].as_str().unwrap().to_owned());
        names.filter(|name| name != "kube-root-ca.crt").collect()
    }

    async fn live(&self, name: &str) -> Object {
        let id = ObjectId::namespaced("v1", "ConfigMap", "aktus", name);
        self.cluster.get(&id, soon()).await.unwrap().expect("it exists")
    }

    /// Makes the next writes to a path fail for good.
    fn refuse(&self, method: &str, path: &str) {
        let fault = Fault::Refuse { code: 403, message: "not today".to_owned() };
        let (method, path_contains) = (Some(method.to_owned()), Some(path.to_owned()));
        self.server.faults().add(FaultRule { method, path_contains, ..FaultRule::every(fault) });
    }
}

#[tokio::test]
async fn an_installation_writes_its_record_first_and_marks_what_is_its_own() {
    let world = world().await;
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\n".to_owned();
    let files = [("templates/a.yaml", config_map("a", "", "x")), ("templates/b.yaml", secret)];
    let (outcome, events) = world.deploy(&desired(&files, &[])).await;
    let outcome = outcome.unwrap();
    assert!(outcome.new_revision && outcome.revision == 1);
    assert_eq!(
        events,
        [
            "revision 1 is pending-install",
            "create Secret/aktus/key",
            "Secret/aktus/key: created",
            "create ConfigMap/aktus/a",
            "ConfigMap/aktus/a: created",
            "revision 1 is deployed",
        ]
    );
    let live = world.live("a").await;
    assert_eq!(live.label("app.kubernetes.io/managed-by"), Some("Helm"));
    assert_eq!(live.annotation("meta.helm.sh/release-name"), Some("web"));
    assert_eq!(live.annotation("meta.helm.sh/release-namespace"), Some("aktus"));
    let record = ObjectId::namespaced("v1", "Secret", "aktus", "sh.helm.release.v1.web.v1");
    let record = world.cluster.get(&record, soon()).await.unwrap().unwrap();
    assert_eq!(record.text("/type"), Some("helm.sh/release.v1"));
    let label = |key| record.label(key).unwrap_or_default().to_owned();
    assert_eq!(["name", "owner", "status", "version"].map(label), ["web", "helm", "deployed", "1"]);
    assert_eq!(world.records().await, [(1, Status::Deployed, "Install complete".to_owned())]);
}

#[tokio::test]
async fn nothing_is_written_when_nothing_changed() {
    let world = world().await;
    let same = desired(&[("templates/a.yaml", config_map("a", "", "x"))], &[]);
    world.deploy(&same).await.0.unwrap();
    let writes = world.server.writes();
    let decision = decide(Some(&world.cluster), &same, &world.options, soon()).await.unwrap();
    assert_eq!((decision.action, decision.revision, decision.is_nothing()), (Action::Nothing, 1, true));
    let outcome = world.deploy(&same).await.0.unwrap();
    assert!(!outcome.new_revision && outcome.changes.is_unchanged());
    assert_eq!(world.server.writes(), writes);
}

#[tokio::test]
async fn an_upgrade_touches_what_changed_and_prunes_what_left() {
    let world = world().await;
    let files = [
        ("templates/same.yaml", config_map("same", "", "x")),
        ("templates/changed.yaml", config_map("changed", "", "{{ .Values.data }}")),
        ("templates/gone.yaml", format!("{{{{ if .Values.extra }}}}{}{{{{ end }}}}", config_map("gone", "", "x"))),
        (
            "templates/kept.yaml",
            format!(
                "{{{{ if .Values.extra }}}}{}{{{{ end }}}}",
                config_map("kept", "helm.sh/resource-policy: keep", "x")
            ),
        ),
    ];
    world.deploy(&desired(&files, &[])).await.0.unwrap();
    let untouched = world.live("same").await;
    let (outcome, events) = world.deploy(&desired(&files, &["data=new", "extra=false"])).await;
    assert_eq!(outcome.unwrap().revision, 2);
    assert_eq!(
        events.iter().filter(|event| event.contains(": ")).collect::<Vec<_>>(),
        [
            "ConfigMap/aktus/changed: updated",
            "ConfigMap/aktus/same: unchanged",
            "ConfigMap/aktus/gone: deleted",
            "ConfigMap/aktus/kept: kept: its annotation says `helm.sh/resource-policy: keep`",
        ]
    );
    assert_eq!(world.config_maps(), ["changed", "kept", "same"]);
    assert_eq!(world.live("changed").await.text("/data/key"), Some("new"));
    assert_eq!(world.live("same").await.text("/metadata/resourceVersion"), untouched.text("/metadata/resourceVersion"));
    assert_eq!(world.statuses().await, [(1, Status::Superseded), (2, Status::Deployed)]);
}

#[tokio::test]
async fn somebody_elses_object_is_refused_before_anything_is_written() {
    let world = world().await;
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "aktus",
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "aktus"}}});
    world.cluster.create(&Object::new(other).unwrap(), "test", soon()).await.unwrap();
    let writes = world.server.writes();
    let files = [("templates/a.yaml", config_map("a", "", "x")), ("templates/b.yaml", config_map("b", "", "x"))];
    let error = world.deploy(&desired(&files, &[])).await.0.unwrap_err().to_string();
    assert_eq!(
        error,
        "ConfigMap/aktus/a exists and cannot be imported into the current release: invalid ownership metadata; \
         annotation validation error: key \"meta.helm.sh/release-name\" must equal \"web\": current value is \"other\""
    );
    assert_eq!(world.server.writes(), writes);
}

#[tokio::test]
async fn a_failed_installation_is_recorded_and_the_next_run_finishes_it() {
    let world = world().await;
    let files = [("templates/a.yaml", config_map("a", "", "x")), ("templates/b.yaml", config_map("b", "", "x"))];
    world.refuse("PATCH", "/configmaps/b");
    let error = world.deploy(&desired(&files, &[])).await.0.unwrap_err().to_string();
    assert!(error.contains("ConfigMap/aktus/b") && error.contains("not today"), "{error}");
    let records = world.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].1, Status::Failed);
    assert!(records[0].2.starts_with("Release \"web\" failed: "), "{}", records[0].2);
    world.server.faults().clear();
    assert_eq!(world.deploy(&desired(&files, &[])).await.0.unwrap().revision, 2);
    assert_eq!(world.statuses().await, [(1, Status::Failed), (2, Status::Deployed)]);
    assert_eq!(world.config_maps(), ["a", "b"]);
}

#[tokio::test]
async fn what_a_killed_run_left_belongs_to_the_next() {
    let world = world().await;
    let first = [("templates/a.yaml", config_map("a", "", "x")), ("templates/b.yaml", config_map("b", "", "x"))];
    let stalled = FaultRule { path_contains: Some("/configmaps/b".to_owned()), ..FaultRule::every(Fault::Stall) };
    world.server.faults().add(FaultRule { method: Some("PATCH".to_owned()), ..stalled });
    let wanted = desired(&first, &[]);
    // Dropping the run in the middle of a request is what a kill does to it.
    let killed = tokio::time::timeout(Duration::from_millis(300), world.deploy(&wanted)).await;
    assert!(killed.is_err(), "it stalls");
    assert_eq!(world.statuses().await, [(1, Status::PendingInstall)]);
    world.server.faults().clear();
    // The chart has changed in the meantime: what the killed run made goes.
    let second = [("templates/c.yaml", config_map("c", "", "x"))];
    let (outcome, events) = world.deploy(&desired(&second, &[])).await;
    assert_eq!(outcome.unwrap().revision, 2);
    assert_eq!(events[0], "revision 1 is failed");
    assert_eq!(world.config_maps(), ["c"]);
    assert_eq!(world.statuses().await, [(1, Status::Failed), (2, Status::Deployed)]);
}

#[tokio::test]
async fn hooks_run_by_weight_then_name_and_go_by_their_policy() {
    let world = world().await;
    let hook = |weight: &str, policy: &str| {
        format!(
            "helm.sh/hook: pre-install, helm.sh/hook-weight: \"{weight}\", helm.sh/hook-delete-policy: \"{policy}\""
        )
    };
    let files = [
        ("templates/1.yaml", config_map("zebra", &hook("0", "hook-succeeded"), "x")),
        ("templates/2.yaml", config_map("ant", &hook("0", "before-hook-creation"), "x")),
        ("templates/3.yaml", config_map("heavy", &hook("5", "hook-succeeded"), "x")),
        ("templates/4.yaml", config_map("light", &hook("-1", "hook-failed"), "x")),
        ("templates/5.yaml", config_map("after", "helm.sh/hook: post-install", "x")),
        ("templates/6.yaml", config_map("own", "", "x")),
    ];
    let (outcome, events) = world.deploy(&desired(&files, &[])).await;
    outcome.unwrap();
    let order: Vec<_> = events.iter().filter(|event| event.contains(" hook ") || event.contains("own: ")).collect();
    assert_eq!(
        order,
        [
            "pre-install hook ConfigMap/aktus/light",
            "pre-install hook ConfigMap/aktus/ant",
            "pre-install hook ConfigMap/aktus/zebra",
            "pre-install hook ConfigMap/aktus/heavy",
            "ConfigMap/aktus/own: created",
            "post-install hook ConfigMap/aktus/after",
        ]
    );
    assert_eq!(world.config_maps(), ["after", "ant", "light", "own"]);
    // Hooks are no objects of the release.
    assert_eq!(world.live("ant").await.label("app.kubernetes.io/managed-by"), None);
}

#[tokio::test]
async fn a_hook_that_fails_ends_the_release_as_failed() {
    let world = world().await;
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations:\n    helm.sh/hook: pre-install\n\
               spec:\n  backoffLimit: 0\n  template:\n    metadata: {annotations: {sandbox.aktus.ai/pod: exit-3}}\n    \
               spec: {restartPolicy: Never, containers: [{name: m, image: m}]}\n";
    let files = [("templates/job.yaml", job.to_owned()), ("templates/a.yaml", config_map("a", "", "x"))];
    let error = world.deploy(&desired(&files, &[])).await.0.unwrap_err();
    let ReleaseError::Hook { event, hook, reason } = &error else { panic!("{error}") };
    assert_eq!((*event, hook.as_str()), ("pre-install", "Job/aktus/migrate"));
    assert_eq!(reason, "Job has reached the specified backoff limit");
    assert_eq!(world.statuses().await, [(1, Status::Failed)]);
    assert_eq!(world.config_maps(), Vec::<String>::new(), "nothing after the hook");
}

#[tokio::test]
async fn an_uninstallation_leaves_nothing_but_what_asked_to_stay() {
    let world = world().await;
    let files = [
        ("templates/a.yaml", config_map("a", "", "x")),
        ("templates/kept.yaml", config_map("kept", "helm.sh/resource-policy: keep", "x")),
        ("templates/taken.yaml", config_map("taken", "", "x")),
        ("templates/bye.yaml", config_map("bye", "helm.sh/hook: pre-delete", "x")),
    ];
    world.deploy(&desired(&files, &[])).await.0.unwrap();
    // Somebody takes an object over.
    let id = ObjectId::namespaced("v1", "ConfigMap", "aktus", "taken");
    let mut taken = world.cluster.get(&id, soon()).await.unwrap().unwrap();
    taken.set_annotation("meta.helm.sh/release-name", "other");
    world.cluster.replace(&taken, "test", soon()).await.unwrap();
    let (done, events) = world.uninstall().await;
    assert!(done.existed);
    assert_eq!(events[..2], ["revision 1 is uninstalling", "pre-delete hook ConfigMap/aktus/bye"]);
    assert_eq!(events.last().unwrap(), "revision 1 is purged");
    assert_eq!(world.config_maps(), ["bye", "kept", "taken"]);
    assert_eq!(world.statuses().await, []);
    assert!(!world.uninstall().await.0.existed, "once gone it is gone");
}

#[tokio::test]
async fn definitions_are_made_once_and_stay() {
    let world = world().await;
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n\
        spec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}\n  \
        versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, \
        x-kubernetes-preserve-unknown-fields: true}}}]\n";
    let thing =
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one}\nspec: {size: {{ .Values.data | quote }}}\n";
    let files = [("crds/thing.yaml", definition.to_owned()), ("templates/thing.yaml", thing.to_owned())];
    world.deploy(&desired(&files, &[])).await.0.unwrap();
    let id = ObjectId::namespaced("example.com/v1", "Thing", "aktus", "one");
    assert!(world.cluster.get(&id, soon()).await.unwrap().is_some());
    let (_, events) = world.deploy(&desired(&files, &["data=new"])).await;
    assert!(!events.iter().any(|event| event.contains("CustomResourceDefinition")), "{events:?}");
    world.uninstall().await;
    let definition =
        ObjectId::cluster_scoped("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.example.com");
    assert!(world.cluster.get(&definition, soon()).await.unwrap().is_some());
}

#[tokio::test]
async fn old_revisions_make_room() {
    let mut world = world().await;
    world.options.max_history = 2;
    let files = [("templates/a.yaml", config_map("a", "", "{{ .Values.data }}"))];
    for data in ["data=1a", "data=2a", "data=3a", "data=4a"] {
        world.deploy(&desired(&files, &[data])).await.0.unwrap();
    }
    assert_eq!(world.statuses().await, [(3, Status::Superseded), (4, Status::Deployed)]);
}

#[tokio::test]
async fn a_record_too_large_is_refused_before_anything_is_written() {
    let mut world = world().await;
    world.options.record_limit = 100;
    let error = world.deploy(&desired(&[("templates/a.yaml", config_map("a", "", "x"))], &[])).await.0.unwrap_err();
    assert!(matches!(error, ReleaseError::TooLarge { revision: 1, limit: 100, .. }), "{error}");
    assert_eq!(world.server.writes(), 1, "only the namespace of the test");
}
