//! The platform by the built Lambda binary, as CloudFormation asks the Lambda service for it.

use std::time::Duration;

use aktus_sandbox::cloudformation::{CloudFormation, Outcome, Stack, StackStatus};
use aktus_sandbox::lambda::{Function, Service};
use aktus_sandbox::{Clock, Time, aws};
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::text;
use super::cloud::REGION;
use super::view::{NAMESPACE, RELEASE};
use super::world::{CLUSTER, ROLE, World, chart};
use super::{Mode, console, leftovers, view};

/// The name of the function.
const FUNCTION: &str = "aktus-connector";
/// The largest answer that CloudFormation takes, in bytes.
const MAX_BODY: usize = 4096;
/// What of the properties makes an installation another one.
const IDENTITY: [&str; 3] = ["ClusterName", "Namespace", "ReleaseName"];
/// Steps in which the function is killed, one after the other, in one Create: Lambda tries an event three times.
const KILLED_IN: [[&str; 2]; 2] = [["storage-class", "namespace"], ["release", "wait"]];
/// A version that nobody pushed.
const NO_VERSION: &str = "9.9.9";

/// The Lambda service and CloudFormation, with the function in place.
struct Stage {
    service: Service,
    cloudformation: CloudFormation,
}

impl Stage {
    async fn start(world: &World, retries: u32) -> Result<Self> {
        let credentials = world.aws.change(|facts| facts.credentials.clone());
        let mut options = aktus_sandbox::lambda::Options::new(Time::real(Clock::new(Timestamp::now)));
        options.credentials = credentials;
        let service = Service::start_with(options).await?;
        let mut function =
            Function::program(FUNCTION, &world.programs.lambda).with_retries(retries).with_on_failure_itself();
        for (name, value) in world.environment() {
            function = function.with_variable(name, value);
        }
        service.create_function(function);
        let cloudformation = CloudFormation::start(&service).await?;
        Ok(Self { service, cloudformation })
    }

    fn stack(&self) -> Stack {
        let stack = self.cloudformation.stack("aktus", FUNCTION);
        stack.with_logical_id("EKSClusterStatus").with_resource_type("Custom::AktusPlatform").with_identity(&IDENTITY)
    }

    /// Errs unless the operation ended like this, each request with one PUT of a small enough answer, and nothing
    /// against the protocol.
    async fn judge(&self, what: &str, outcome: &Outcome, status: StackStatus) -> Result<()> {
        if outcome.status != status {
            let (reason, log) = (outcome.reason(), self.log_end());
            bail!("{what} ended with {} instead of {status}: {reason}\nthe end of the log:\n{log}", outcome.status);
        }
        let violations = self.cloudformation.check().await;
        if !violations.is_empty() {
            let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
            bail!("{what} broke the protocol of custom resources: {}", violations.join("; "));
        }
        Ok(())
    }

    /// Tells how the last request was answered; errs unless that was one PUT SUCCESS of at most 4,096 bytes.
    fn one_success(&self) -> Result<()> {
        let request = self.cloudformation.requests().pop().context("CloudFormation has asked nothing")?;
        let kind = request.request_type.name();
        let [put] = request.puts.as_slice() else {
            bail!("{kind} was answered with {} PUTs instead of one", request.puts.len());
        };
        let answer = request.answer().with_context(|| format!("{kind} was not answered"))?;
        if !answer.success || put.body.len() > MAX_BODY {
            bail!("{kind}: {} bytes, {}", put.body.len(), answer.reason);
        }
        let data =
            ["Status", "Revision", "Ready"].map(|name| answer.data.get(name).and_then(Value::as_str).unwrap_or("-"));
        let took = answer.at.saturating_sub(request.delivered.unwrap_or_default());
        console::step(&format!(
            "{kind}: one PUT SUCCESS of {} bytes after {:.1} s, {}; status {}, revision {}, ready {}",
            put.body.len(),
            took.as_secs_f64(),
            answer.physical_resource_id,
            data[0],
            data[1],
            data[2]
        ));
        Ok(())
    }

    fn log_end(&self) -> String {
        let lines = self.service.log(FUNCTION);
        let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
        last.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// Create, Update with one changed value, Delete.
pub(super) async fn story(world: &mut World) -> Result<()> {
    let before = leftovers::snapshot(&world.plane.api).await?;
    let stage = Stage::start(world, 0).await?;
    let mut stack = stage.stack();
    let mut properties = properties(world);
    let created = stack.create(properties.clone()).await;
    stage.judge("Create", &created, StackStatus::CreateComplete).await?;
    stage.one_success()?;
    view::kubectl(world).await?;
    let revision = revision(&created)?;
    view::helm(world, revision).await?;

    properties["Values"] = json!({"aktus-research-service": {"aktusResearch": {"uvicorn": {"logLevel": "debug"}}}});
    let updated = stack.update(properties).await;
    stage.judge("Update", &updated, StackStatus::UpdateComplete).await?;
    stage.one_success()?;
    let path = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/aktus-research");
    let containers = leftovers::value(&world.plane.api, &path, "/spec/template/spec/containers").await?;
    if !containers.to_string().contains("debug") {
        bail!("the Update did not reach the Deployment: {containers}");
    }
    view::helm(world, revision + 1).await?;

    let deleted = stack.delete().await;
    stage.judge("Delete", &deleted, StackStatus::DeleteComplete).await?;
    stage.one_success()?;
    leftovers::none(&world.plane.api, &before).await?;
    console::step("namespace, release, volumes and classes are gone: the cluster holds what it held before");
    world.nobody_outside_was_asked()
}

/// The function is killed in the middle: invoked again it comes to its end; deleted instead, nothing stays.
pub(super) async fn accidents(world: &mut World) -> Result<()> {
    let before = leftovers::snapshot(&world.plane.api).await?;
    for steps in KILLED_IN {
        killed_and_invoked_again(world, &steps).await?;
        leftovers::none(&world.plane.api, &before).await?;
    }
    for step in ["gpu", "release"] {
        let stage = Stage::start(world, 0).await?;
        stage.service.kill_when_logged(FUNCTION, started(step));
        let outcome = stage.stack().create(properties(world)).await;
        stage.judge("a Create that was killed", &outcome, StackStatus::RollbackComplete).await?;
        leftovers::none(&world.plane.api, &before).await?;
        console::step(&format!("a Create killed in step {step} and deleted: nothing stays"));
    }
    no_such_version(world).await?;
    leftovers::none(&world.plane.api, &before).await
}

/// A chart version that does not exist: one FAILED that says which version of which chart was looked for where.
async fn no_such_version(world: &World) -> Result<()> {
    let stage = Stage::start(world, 0).await?;
    let mut properties = properties(world);
    properties["ChartVersion"] = json!(NO_VERSION);
    let outcome = stage.stack().create(properties).await;
    stage.judge("a Create of a version that does not exist", &outcome, StackStatus::RollbackComplete).await?;
    let reason = outcome.reason();
    let chart = chart();
    let place = chart.trim_start_matches("oci://");
    let requests = stage.cloudformation.requests();
    let puts = requests.first().map_or(0, |create| create.puts.len());
    if puts != 1 || !reason.contains(NO_VERSION) || !reason.contains(place) {
        bail!("{chart} {NO_VERSION} was answered with {puts} PUTs: {reason}");
    }
    console::step(&format!("a Create of a version that does not exist: one FAILED, {reason}"));
    Ok(())
}

async fn killed_and_invoked_again(world: &World, steps: &[&str]) -> Result<()> {
    let stage = Stage::start(world, u32::try_from(steps.len())?).await?;
    for step in steps {
        stage.service.kill_when_logged(FUNCTION, started(step));
    }
    let mut stack = stage.stack();
    let created = tokio::select! {
        created = stack.create(properties(world)) => created,
        // The pauses between two attempts are a minute and more.
        () = hurry(&stage.service) => bail!("time has ended"),
    };
    stage.judge("Create", &created, StackStatus::CreateComplete).await?;
    let attempts = stage.service.invocations().len();
    console::step(&format!("a Create killed in {}, {attempts} attempts:", steps.join(" and ")));
    stage.one_success()?;
    view::helm(world, revision(&created)?).await?;
    let deleted = stack.delete().await;
    stage.judge("Delete", &deleted, StackStatus::DeleteComplete).await?;
    stage.one_success()
}

/// Lets time pass while the function waits to be tried again.
async fn hurry(service: &Service) {
    let mut ended = 0;
    loop {
        service.until(|invocations| invocations.iter().filter(|found| found.ended.is_some()).count() > ended).await;
        ended += 1;
        service.time().advance(Duration::from_mins(3));
    }
}

/// What the function logs when a step begins.
fn started(step: &str) -> String {
    format!("\"step started\",\"step\":\"{step}\"")
}

/// The properties of the custom resource, as the template gives them.
fn properties(world: &World) -> Value {
    let secret = world.aws.change(|facts| facts.add_secret("openai", aws::SecretValue::Text("sk-sandbox".to_owned())));
    json!({
        "ClusterName": CLUSTER,
        "Region": REGION,
        "FileSystemId": world.file_system,
        "EnableAutoMode": world.mode == Mode::Auto,
        "GpuNodes": world.mode == Mode::Traditional,
        "EnableChart": true,
        "ChartUri": chart(),
        "ChartVersion": world.chart_version,
        "Namespace": NAMESPACE,
        "ReleaseName": RELEASE,
        "ServiceAccountRoleArn": ROLE,
        "OpenAIAPIKeyArn": secret,
        // A killed run keeps the next one waiting for as long.
        "LeaseSeconds": 5,
    })
}

/// The revision that an answer tells.
fn revision(outcome: &Outcome) -> Result<u64> {
    let answer = outcome.answer().context("the request was not answered")?;
    let data = Value::Object(answer.data.clone());
    text(&data, "/Revision").parse().with_context(|| format!("the answer tells no revision: {data}"))
}
