//! Whole runs over the sandbox: what is created, what stays unchanged, what a kill leaves, what a destroy leaves.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use aktus_bootstrap::{
    Access, ChartSource, Deadline, Event, Mode, ObjectReport, Outcome, Report, Request, Silent, Step, World, bootstrap,
    destroy, plan, status,
};
use aktus_helm::Values;
use aktus_k8s::{ConnectOptions, Endpoint};
use aktus_sandbox::{Clock, Options, Sandbox};
use serde_json::{Value, json};

/// Kind, namespace, name.
type Identity = (String, String, String);

struct Town {
    sandbox: Sandbox,
    world: World,
    request: Request,
}

async fn town(mode: Mode) -> Town {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().expect("one provider"));
    let mut options = Options::new(Clock::new(jiff::Timestamp::now));
    options.mode = match mode {
        Mode::Auto => aktus_sandbox::Mode::Auto,
        Mode::Traditional => aktus_sandbox::Mode::Traditional,
    };
    let sandbox = Sandbox::start(options).await.expect("a sandbox");
    let endpoint = Endpoint::Kubeconfig { text: sandbox.kubeconfig(), context: None };
    let world = World {
        access: Access::Direct(ConnectOptions::new(endpoint)),
        clock: Arc::new(jiff::Timestamp::now),
        holder: "test".to_owned(),
        ..World::offline()
    };
    let mut request = Request::new("fs-0123456789abcdef0");
    request.mode = mode;
    request.gpu_nodes = mode == Mode::Traditional;
    request.chart = Some(ChartSource::Path(example_chart()));
    request.lease_duration = Duration::from_secs(1);
    request.service_account_role = Some("arn:aws:iam::111122223333:role/platform".to_owned());
    Town { sandbox, world, request }
}

fn example_chart() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/aktus-platform"))
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_mins(2))
}

impl Town {
    async fn bootstrap(&self) -> Report {
        bootstrap(&self.request, &self.world, deadline(), &Silent, std::future::pending()).await
    }

    async fn destroy(&self) -> Report {
        destroy(&self.request, &self.world, deadline(), &Silent, std::future::pending()).await
    }

    /// What clients have created and what is still there, without the Lease, which comes and goes.
    fn standing(&self) -> BTreeSet<Identity> {
        let objects: BTreeSet<Identity> = self.sandbox.kubernetes().objects().iter().map(identity).collect();
        let created = self.sandbox.kubernetes().created();
        let created = created.into_iter().map(|id| (id.kind, id.namespace.unwrap_or_default(), id.name));
        created.filter(|id| objects.contains(id)).collect()
    }

    /// What clients have created, with what is in it, without what differs between any two runs.
    fn contents(&self) -> Vec<Value> {
        let standing = self.standing();
        let mut objects: Vec<Value> = self
            .sandbox
            .kubernetes()
            .objects()
            .into_iter()
            .filter(|object| standing.contains(&identity(object)))
            .map(masked)
            .collect();
        objects.sort_by_key(identity);
        // A balancer's host name follows from the uid of its Service.
        let mut text = Value::from(objects).to_string();
        for service in self.sandbox.kubernetes().objects() {
            let host = service.pointer("/status/loadBalancer/ingress/0/hostname").and_then(Value::as_str);
            if let Some(host) = host {
                text = text.replace(host, service["metadata"]["name"].as_str().unwrap_or_default());
            }
        }
        serde_json::from_str(&text).expect("what was JSON stays JSON")
    }
}

fn identity(object: &Value) -> Identity {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// An object without times, versions and the bytes of release records.
fn masked(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"] {
            metadata.remove(field);
        }
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("createdAt");
            labels.remove("modifiedAt");
        }
    }
    let map = object.as_object_mut().expect("an object");
    map.remove("status");
    if map.get("type") == Some(&json!("helm.sh/release.v1")) {
        map.remove("data");
    }
    if map.get("kind") == Some(&json!("PersistentVolume")) {
        map.remove("spec");
    }
    if let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut) {
        // The volume of a claim is named after its uid.
        spec.remove("volumeName");
    }
    object
}

#[track_caller]
fn succeeded(report: &Report) {
    assert_eq!(report.failure(), None, "{:#}", report.to_json());
}

fn listed(report: &Report) -> BTreeSet<Identity> {
    let is_new = |object: &&ObjectReport| object.change == "create";
    let identity = |object: &ObjectReport| {
        (object.kind.clone(), object.namespace.clone().unwrap_or_default(), object.name.clone())
    };
    report.objects.iter().filter(is_new).map(identity).collect()
}

async fn brings_everything_and_then_nothing(mode: Mode) {
    let town = town(mode).await;
    let first = town.bootstrap().await;
    succeeded(&first);
    let steps: Vec<Step> = first.steps.iter().map(|step| step.step).collect();
    assert_eq!(steps, Step::BOOTSTRAP);
    let (ready, waited) = first.ready();
    assert_eq!((ready, waited > 40), (waited, true));
    assert!(first.endpoints.iter().all(|endpoint| endpoint.url.is_some()), "{:?}", first.endpoints);
    assert_eq!(first.release.as_ref().map(|release| release.revision), Some(2));

    town.sandbox.kubernetes().clear_requests();
    let second = town.bootstrap().await;
    succeeded(&second);
    let changed: Vec<_> = second.objects.iter().filter(|object| object.is_written()).collect();
    assert!(changed.is_empty(), "{changed:?}");
    let requests = town.sandbox.kubernetes().requests();
    let writes: Vec<_> = requests.iter().filter(|request| request.is_write()).collect();
    assert!(writes.iter().all(|request| request.path.contains("/leases")), "{writes:?}");
    assert_eq!(second.release.map(|release| release.revision), Some(2));

    let looked = status(&town.request, &town.world, deadline(), &Silent).await;
    succeeded(&looked);
    assert_eq!(looked.release.map(|release| release.status), Some("deployed".to_owned()));

    let gone = town.destroy().await;
    succeeded(&gone);
    assert_eq!(town.standing(), BTreeSet::new());
    town.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_mode_brings_everything_and_then_nothing() {
    brings_everything_and_then_nothing(Mode::Auto).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traditional_mode_brings_everything_and_then_nothing() {
    brings_everything_and_then_nothing(Mode::Traditional).await;
}

async fn a_plan_lists_what_a_run_creates(mode: Mode) {
    let town = town(mode).await;
    let planned = plan(&town.request, &town.world, deadline(), &Silent).await;
    succeeded(&planned);
    let requests = town.sandbox.kubernetes().requests();
    assert!(requests.iter().all(|request| request.method == "GET" || request.dry_run), "{requests:?}");
    assert_eq!(town.sandbox.kubernetes().created().len(), 0);

    let done = town.bootstrap().await;
    succeeded(&done);
    let created = town.sandbox.kubernetes().created().into_iter();
    let created: BTreeSet<Identity> = created
        .map(|id| (id.kind, id.namespace.unwrap_or_default(), id.name))
        .filter(|(kind, _, _)| kind != "Lease")
        .collect();
    assert_eq!(listed(&planned), created);
    assert!(planned.objects.iter().any(|object| object.kind == "Lease" && object.change == "hold"));
    // The class with a placeholder never appears: the templates see the one that an earlier step makes.
    assert_eq!(planned.objects.iter().filter(|object| object.name == "efs-sc").count(), 1);
    town.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_in_auto_mode_lists_what_a_run_creates() {
    a_plan_lists_what_a_run_creates(Mode::Auto).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_in_traditional_mode_lists_what_a_run_creates() {
    a_plan_lists_what_a_run_creates(Mode::Traditional).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_changed_value_makes_one_revision_and_touches_only_what_changed() {
    let mut town = town(Mode::Auto).await;
    succeeded(&town.bootstrap().await);
    town.request.values =
        Values::from_yaml(b"aktus-database-service: {aktusDatabase: {imagePullPolicy: IfNotPresent}}").expect("values");
    town.sandbox.kubernetes().clear_requests();
    let report = town.bootstrap().await;
    succeeded(&report);
    assert_eq!(report.release.as_ref().map(|release| release.revision), Some(3));
    let mut written: Vec<String> =
        report.objects.iter().filter(|object| object.is_written()).map(ObjectReport::title).collect();
    written.sort();
    let namespace = &town.request.namespace;
    assert_eq!(
        written,
        [
            format!("Deployment/{namespace}/aktus-database"),
            format!("Secret/{namespace}/sh.helm.release.v1.aktus-ai-platform.v3")
        ]
    );
    town.sandbox.stop().await;
}

/// Runs until a step begins, and then no further: the future is dropped as a killed process would drop it.
async fn killed_at(town: &Town, boundary: Step) {
    let reached = Arc::new(AtomicBool::new(false));
    let notify = Arc::new(tokio::sync::Notify::new());
    let reporter = {
        let (reached, notify) = (Arc::clone(&reached), Arc::clone(&notify));
        move |event: &Event| {
            if matches!(event, Event::StepStarted { step } if *step == boundary) {
                reached.store(true, Ordering::SeqCst);
                notify.notify_one();
            }
        }
    };
    tokio::select! {
        biased;
        () = notify.notified() => {}
        _ = bootstrap(&town.request, &town.world, deadline(), &reporter, std::future::pending()) => {}
    }
    assert!(reached.load(Ordering::SeqCst), "{boundary} was never reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_and_run_again_ends_as_undisturbed() {
    let undisturbed = town(Mode::Auto).await;
    succeeded(&undisturbed.bootstrap().await);
    let expected = undisturbed.contents();
    for boundary in Step::BOOTSTRAP {
        let town = town(Mode::Auto).await;
        killed_at(&town, boundary).await;
        let mut again = Town { world: World { holder: "again".to_owned(), ..town.world.clone() }, ..town };
        again.request.lease_duration = Duration::from_secs(1);
        let report = again.bootstrap().await;
        succeeded(&report);
        assert_eq!(again.contents(), expected, "killed before {boundary}");
        again.sandbox.stop().await;
    }
    undisturbed.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_and_destroyed_leaves_nothing() {
    for boundary in Step::BOOTSTRAP {
        let town = town(Mode::Auto).await;
        killed_at(&town, boundary).await;
        let again = Town { world: World { holder: "again".to_owned(), ..town.world.clone() }, ..town };
        let report = again.destroy().await;
        succeeded(&report);
        assert_eq!(again.standing(), BTreeSet::new(), "killed before {boundary}");
        again.sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_ends_cleanly_and_says_what_was_done() {
    let town = town(Mode::Auto).await;
    let events: Arc<Mutex<Vec<String>>> = Arc::default();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let stop = Mutex::new(Some(stop));
    let reporter = {
        let events = Arc::clone(&events);
        move |event: &Event| {
            if let Event::Object { object, .. } = event
                && object.starts_with("Namespace/")
                && let Some(stop) = stop.lock().expect("a lock").take()
            {
                stop.send(()).expect("somebody listens");
            }
            events.lock().expect("a lock").push(format!("{event:?}"));
        }
    };
    let stopped = async {
        drop(stopped.await);
    };
    let report = bootstrap(&town.request, &town.world, deadline(), &reporter, stopped).await;
    let (_, failure) = report.failure().expect("an interruption");
    assert_eq!(failure.kind, aktus_bootstrap::FailureKind::Interrupted);
    assert!(report.objects.iter().any(|object| object.kind == "Namespace" && object.change == "create"));
    let objects = town.sandbox.kubernetes().objects();
    assert!(!objects.iter().any(|object| object["kind"] == "Lease"), "the Lease is given back");
    town.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_become_ready_is_named_with_its_reason() {
    let mut town = town(Mode::Auto).await;
    // No pool may grow, so nothing offers the GPU that inference asks for.
    town.request.gpu_limit = 0;
    let short = Deadline::after(Duration::from_secs(6));
    let report = bootstrap(&town.request, &town.world, short, &Silent, std::future::pending()).await;
    let (step, failure) = report.failure().expect("not ready");
    assert_eq!((step, failure.kind), (Step::Wait, aktus_bootstrap::FailureKind::NotReady));
    assert!(failure.object.as_deref().is_some_and(|object| object.contains("aktus-inference")), "{failure:?}");
    assert!(failure.cause.contains("nvidia.com/gpu"), "{failure:?}");
    town.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_change_nothing() {
    let mut town = town(Mode::Auto).await;
    town.request.namespace = "Not A Namespace".to_owned();
    town.request.file_system_id = "efs".to_owned();
    let report = town.bootstrap().await;
    let (step, failure) = report.failure().expect("a refusal");
    assert_eq!((step, failure.kind), (Step::Request, aktus_bootstrap::FailureKind::Request));
    assert_eq!(failure.cause.lines().count(), 2);
    assert_eq!(town.sandbox.kubernetes().requests().len(), 0);
    town.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_that_cannot_be_rendered_changes_nothing_of_the_release() {
    let mut town = town(Mode::Auto).await;
    town.request.values = Values::from_yaml(b"aktus-database-service: {serviceAccount: null}").expect("values");
    let report = town.bootstrap().await;
    let (step, failure) = report.failure().expect("a refusal");
    assert_eq!((step, failure.kind), (Step::Values, aktus_bootstrap::FailureKind::Chart));
    assert!(failure.cause.contains("deployment.yaml:15"), "{failure:?}");
    assert!(town.sandbox.kubernetes().objects().iter().all(|object| object["type"] != "helm.sh/release.v1"));
    assert!(matches!(report.steps.last().map(|step| &step.outcome), Some(Outcome::Failed(_))));
    town.sandbox.stop().await;
}
