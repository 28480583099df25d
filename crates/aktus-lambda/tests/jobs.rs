//! Tasks, from their properties to what is said about how they ended, with work that is only played.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use aktus_bootstrap::{
    Failure, FailureKind, Finished, Installation, ObjectReport, Outcome, Refusal, Report, Reporter, Settlement, Silent,
    Step, StepReport,
};
use aktus_lambda::child::{perform, serve};
use aktus_lambda::task::{Conclusion, Failed, Message, Success, Task, Verb};
use aktus_lambda::work::{Found, Job, Stop, Work};
use futures::future::{LocalBoxFuture, pending};
use serde_json::{Value, json};
use tokio::time::Instant;

const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/aktus/4a2c";
const ID: &str = "aktus/aktus/4a2c/c/aktus-ai-platform-dev/aktus-ai-platform";

/// Ends as it is told, and writes down what it was asked and what becomes of the Lease.
#[derive(Default)]
struct Played {
    reports: Mutex<VecDeque<Result<Report, Failure>>>,
    gone: Option<String>,
    installations: Vec<Installation>,
    calls: Mutex<Vec<String>>,
    settled: Mutex<Vec<Settlement>>,
}

impl Played {
    fn ends(report: Report) -> Self {
        Self { reports: Mutex::new([Ok(report)].into()), ..Self::default() }
    }

    fn run(&self, verb: &str, job: &Job) -> Result<Report, Failure> {
        let request = &job.request;
        let cluster = request.cluster_name.as_deref().unwrap_or_default();
        self.calls.lock().unwrap().push(format!("{verb} {cluster} {} {}", request.namespace, request.release));
        let ended = self.reports.lock().unwrap().pop_front().unwrap_or_else(|| Ok(good()));
        if let Ok(report) = &ended {
            self.settled.lock().unwrap().push((job.ticket.settle)(report));
        }
        ended
    }
}

impl Work for Played {
    fn install<'a>(
        &'a self,
        job: &'a Job,
        _: &'a dyn Reporter,
        _: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Report, Failure>> {
        Box::pin(async { self.run("install", job) })
    }

    fn remove<'a>(
        &'a self,
        job: &'a Job,
        _: &'a dyn Reporter,
        _: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Found<Report>, Failure>> {
        Box::pin(async {
            match &self.gone {
                Some(reason) => Ok(Found::ClusterGone(reason.clone())),
                None => self.run("remove", job).map(Found::Cluster),
            }
        })
    }

    fn cancel<'a>(
        &'a self,
        job: &'a Job,
        _: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Found<Vec<Installation>>, Failure>> {
        Box::pin(async {
            self.calls.lock().unwrap().push(format!("cancel {}", job.ticket.owner));
            match &self.gone {
                Some(reason) => Ok(Found::ClusterGone(reason.clone())),
                None => Ok(Found::Cluster(self.installations.clone())),
            }
        })
    }
}

fn task(verb: Verb, id: &str, change: &Value) -> Task {
    let mut properties = json!({
        "ServiceToken": "arn:x", "ClusterName": "c", "Region": "us-east-1", "FileSystemId": "fs-0123456789abcdef0",
    });
    for (name, value) in change.as_object().unwrap() {
        properties[name] = value.clone();
    }
    Task {
        verb,
        properties: properties.as_object().unwrap().clone(),
        stack_id: STACK.into(),
        logical_resource_id: "Bootstrap".into(),
        request_id: "r-1".into(),
        physical_id: id.into(),
        confirmed: false,
        moves: false,
        holder: "h".into(),
        continues: false,
        began: "2026-01-01T00:00:00Z".parse().unwrap(),
        run_ms: 60_000,
        work_ms: 240_000,
        log_stream: "stream/1".into(),
        aws_request_id: "lambda-1".into(),
    }
}

fn report(outcome: Outcome, step: Step) -> Report {
    Report { steps: vec![StepReport { step, outcome, took: Duration::ZERO }], ..Report::default() }
}

fn good() -> Report {
    report(Outcome::Done("done".into()), Step::Report)
}

fn failing(step: Step, failure: Failure) -> Report {
    report(Outcome::Failed(failure), step)
}

fn refused(refusal: Refusal) -> Report {
    let failure = Failure::new(FailureKind::Refused, "the refusal");
    Report { refusal: Some(refusal), ..failing(Step::Cluster, failure) }
}

async fn ended(work: &Played, task: &Task) -> Conclusion {
    perform(task, Instant::now(), work, &Silent, pending::<()>().shared_forever()).await
}

/// A future that never ends and can be had twice.
trait Forever: Sized {
    fn shared_forever(self) -> futures::future::Shared<futures::future::Pending<()>>;
}

impl Forever for futures::future::Pending<()> {
    fn shared_forever(self) -> futures::future::Shared<Self> {
        futures::FutureExt::shared(self)
    }
}

fn failed(reason: &str, touched: bool) -> Conclusion {
    Conclusion::Failed(Failed { reason: format!("{reason} (log stream stream/1)"), touched })
}

fn succeeded(reason: &str) -> Conclusion {
    Conclusion::Succeeded(Success { reason: reason.to_owned(), ..Success::default() })
}

#[tokio::test]
async fn a_success_is_kept_for_whoever_asks_again() {
    let work = Played::ends(good());
    let task = task(Verb::Install, ID, &json!({}));
    let conclusion = ended(&work, &task).await;
    let Conclusion::Succeeded(success) = &conclusion else { panic!("{conclusion:?}") };
    assert_eq!((success.reason.as_str(), success.data["Namespace"].as_str()), ("", "aktus-ai-platform-dev"));
    assert_eq!(*work.calls.lock().unwrap(), ["install c aktus-ai-platform-dev aktus-ai-platform"]);
    let Some(Settlement::Answered(answer)) = work.settled.lock().unwrap().pop() else { panic!("not kept") };
    // The same request once more, whose answer the Lease tells.
    let finished = Finished { request: "r-1".into(), answer };
    assert_eq!(ended(&Played::ends(refused(Refusal::Finished(finished))), &task).await, conclusion);
}

#[tokio::test]
async fn a_failure_names_step_object_cause_and_next_step() {
    let failure = Failure::new(FailureKind::Refused, "forbidden").about("Deployment/n/web").next("ask for permission");
    let work = Played::ends(failing(Step::Release, failure.clone()));
    let expected = failed("step release: Deployment/n/web: forbidden; next: ask for permission", true);
    assert_eq!(ended(&work, &task(Verb::Install, ID, &json!({}))).await, expected);
    assert!(matches!(work.settled.lock().unwrap()[0], Settlement::Answered(_)));
    // Until the Lease is tried for, a run only reads.
    let work = Played::ends(failing(Step::Cluster, failure.clone()));
    let expected = failed("step cluster: Deployment/n/web: forbidden; next: ask for permission", false);
    assert_eq!(ended(&work, &task(Verb::Install, ID, &json!({}))).await, expected);
    let lease = ObjectReport {
        step: Step::Cluster,
        api_version: "coordination.k8s.io/v1".into(),
        kind: "Lease".into(),
        namespace: None,
        name: "l".into(),
        change: "hold",
        detail: String::new(),
        ready: None,
    };
    let work = Played::ends(Report { objects: vec![lease], ..failing(Step::Cluster, failure.clone()) });
    let conclusion = ended(&work, &task(Verb::Install, ID, &json!({}))).await;
    assert!(matches!(conclusion, Conclusion::Failed(Failed { touched: true, .. })));
    let work = Played { reports: Mutex::new([Err(failure)].into()), ..Played::default() };
    let expected = failed("Deployment/n/web: forbidden; next: ask for permission", false);
    assert_eq!(ended(&work, &task(Verb::Install, ID, &json!({}))).await, expected);
}

#[tokio::test]
async fn every_property_that_is_wrong_is_named_at_once() {
    let wrong = json!({
        "EnableAutoMode": "maybe", "GpuLimit": "-1", "Namespace": ["a"], "FileSystem": "fs-1", "FileSystemId": 5,
        "OpenAIAPIKeyArn": "canary",
    });
    let work = Played::default();
    let conclusion = ended(&work, &task(Verb::Install, ID, &wrong)).await;
    let Conclusion::Failed(Failed { reason, touched: false }) = conclusion else { panic!("{conclusion:?}") };
    assert!(reason.starts_with("6 properties are wrong, nothing was changed: "), "{reason}");
    for part in [
        "EnableAutoMode: `maybe` is not one of",
        "GpuLimit: `-1` is not a whole number",
        "Namespace: expected a string",
        "FileSystem: no such property (did you mean `FileSystemId`?)",
        "FileSystemId: `5` is not a file system id",
        "OpenAIAPIKeyArn: not the ARN",
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert!(!reason.contains("canary") && work.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_is_not_let_in_says_why_or_nothing() {
    let install = task(Verb::Install, ID, &json!({}));
    assert_eq!(ended(&Played::ends(refused(Refusal::InProgress)), &install).await, Conclusion::Elsewhere);
    let foreign = refused(Refusal::Foreign("X of another stack".into()));
    assert_eq!(ended(&Played::ends(foreign.clone()), &install).await, failed("step cluster: the refusal", false));
    // What is not ours is not ours to delete.
    let remove = task(Verb::Remove, ID, &json!({}));
    let expected = succeeded("nothing was deleted: the refusal");
    assert_eq!(ended(&Played::ends(foreign), &remove).await, expected);
    assert_eq!(ended(&Played::ends(refused(Refusal::Renamed("other".into()))), &remove).await, expected);
}

#[tokio::test]
async fn a_run_whose_time_is_over_hands_over_or_opens_the_lease() {
    let interrupted = failing(Step::Wait, Failure::new(FailureKind::Interrupted, "interrupted"));
    for verb in [Verb::Install, Verb::Remove] {
        let mut task = task(verb, ID, &json!({}));
        let work = Played::ends(interrupted.clone());
        assert_eq!(ended(&work, &task).await, Conclusion::Unfinished { held: false });
        assert_eq!(*work.settled.lock().unwrap(), [Settlement::HandOver]);
        task.work_ms = task.run_ms;
        let work = Played::ends(interrupted.clone());
        assert_eq!(ended(&work, &task).await, Conclusion::Unfinished { held: false });
        assert_eq!(*work.settled.lock().unwrap(), [Settlement::Open]);
        // Not the time, but somebody who does not want it any more.
        let stopped = Report { refusal: Some(Refusal::Stopped("request r-2".into())), ..interrupted.clone() };
        assert!(matches!(ended(&Played::ends(stopped), &task).await, Conclusion::Failed(_)));
    }
}

#[tokio::test]
async fn a_removal_takes_away_what_its_id_names() {
    let old = "aktus/aktus/4a2c/c1/old/r";
    // Properties of another version do not keep a stack from being deleted.
    for change in [
        json!({"Namespace": "new"}),
        json!({"Namespace": [], "Region": "", "FileSystemId": "x", "Unheard": "of", "GpuLimit": "many"}),
    ] {
        let work = Played::default();
        assert_eq!(ended(&work, &task(Verb::Remove, old, &change)).await, succeeded(""));
        assert_eq!(*work.calls.lock().unwrap(), ["remove c1 old r"]);
        assert_eq!(*work.settled.lock().unwrap(), [Settlement::Forget]);
    }
}

#[tokio::test]
async fn an_id_that_is_not_ours_removes_what_the_leases_tell() {
    let fake = "aktus_Bootstrap_1ABC";
    let here = |name: &str, confirmed| Installation {
        namespace: "ai".into(),
        release: "r".into(),
        name: name.into(),
        confirmed,
    };
    let check = async |installations: Vec<Installation>, expected: &str, calls: &[&str]| {
        let work = Played { installations, ..Played::default() };
        assert_eq!(ended(&work, &task(Verb::Remove, fake, &json!({"Namespace": "other"}))).await, succeeded(expected));
        assert_eq!(work.calls.lock().unwrap()[0], format!("cancel Bootstrap of {STACK}"));
        assert_eq!(work.calls.lock().unwrap()[1..], *calls);
    };
    check(vec![], "nothing of this resource was installed", &[]).await;
    check(vec![here("unheard", false)], "", &["remove c ai r"]).await;
    check(vec![here("heard", true)], "the installation known as heard stays", &[]).await;
    check(vec![here(fake, true)], "", &["remove c ai r"]).await;
    let work = Played::default();
    let conclusion = ended(&work, &task(Verb::Remove, fake, &json!({"ClusterName": ""}))).await;
    let reason = "1 property is wrong, nothing was changed: ClusterName: required, but missing or empty; next: correct \
                  the stack's parameters";
    assert_eq!(conclusion, failed(reason, true));
}

#[tokio::test]
async fn a_removal_without_a_cluster() {
    let remove = |policy: &str| task(Verb::Remove, ID, &json!({"OnUnreachable": policy}));
    let gone = Played { gone: Some("cluster c no longer exists".into()), ..Played::default() };
    assert_eq!(ended(&gone, &remove("Fail")).await, succeeded("cluster c no longer exists"));
    assert_eq!(ended(&gone, &task(Verb::Remove, "fake", &json!({}))).await, succeeded("cluster c no longer exists"));
    let failure = |kind| Failure::new(kind, "no route").about("cluster c");
    let way_out = "step cluster: cluster c: no route; next: run `aktus destroy --cluster c --region us-east-1 \
                   --namespace aktus-ai-platform-dev --release aktus-ai-platform` from where the cluster lets you in, \
                   or set the property OnUnreachable to Abandon, then delete the stack again";
    let abandoned = "the cluster cannot be reached, so these are abandoned: release aktus-ai-platform in namespace \
                     aktus-ai-platform-dev with its load balancers and volumes, NodePool gpu-nodepool with its nodes, \
                     StorageClasses efs-sc and aktus-ebs, Namespace aktus-ai-platform-dev with its Secrets and \
                     ServiceAccount; cause: cluster c: no route";
    // Unreachable in the middle, or never let in: by silence or by a refusal.
    for (step, kind) in [
        (Step::Cluster, FailureKind::Unreachable),
        (Step::Uninstall, FailureKind::Unreachable),
        (Step::Cluster, FailureKind::Refused),
    ] {
        let report = failing(step, failure(kind));
        let expected = failed(&way_out.replace("step cluster", &format!("step {step}")), true);
        assert_eq!(ended(&Played::ends(report.clone()), &remove("Fail")).await, expected);
        assert_eq!(ended(&Played::ends(report), &remove("Abandon")).await, succeeded(abandoned));
    }
    let report = failing(Step::Uninstall, failure(FailureKind::Refused));
    let expected = failed("step uninstall: cluster c: no route", true);
    assert_eq!(ended(&Played::ends(report), &remove("Abandon")).await, expected, "it was reached");
}

#[test]
fn a_process_reads_one_task_and_tells_how_it_ended() {
    let check = |input: Vec<u8>| {
        let (mut read, write) = std::io::pipe().unwrap();
        let result = serve(std::io::Cursor::new(input), write, &Played::default()).map_err(|error| error.to_string());
        let mut output = String::new();
        std::io::Read::read_to_string(&mut read, &mut output).unwrap();
        let messages: Vec<Message> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (result, messages)
    };
    let mut line = serde_json::to_vec(&task(Verb::Remove, ID, &json!({}))).unwrap();
    line.push(b'\n');
    assert_eq!(check(line), (Ok(()), vec![Message::Ended(succeeded(""))]));
    let malformed = "the task is malformed; only the function itself should start this process";
    assert_eq!(check(b"{}\n".to_vec()), (Err(malformed.to_owned()), vec![]));
    assert_eq!(check(Vec::new()), (Err(malformed.to_owned()), vec![]));
}
