//! The report as JSON: a mirror of its own, so that the inner types stay free.

use serde::Serialize;
use serde_json::Value;

use super::{Outcome, Report};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    planned: bool,
    succeeded: bool,
    failure: Option<FailureView<'a>>,
    steps: Vec<StepView<'a>>,
    objects: Vec<ObjectView<'a>>,
    release: Option<ReleaseView<'a>>,
    endpoints: Vec<EndpointView<'a>>,
    warnings: &'a [String],
    ready: usize,
    waited: usize,
    seconds: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureView<'a> {
    step: &'a str,
    kind: &'a str,
    object: Option<&'a str>,
    cause: &'a str,
    next: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepView<'a> {
    name: &'a str,
    outcome: &'a str,
    summary: String,
    seconds: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectView<'a> {
    step: &'a str,
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    change: &'a str,
    detail: &'a str,
    ready: Option<bool>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReleaseView<'a> {
    name: &'a str,
    namespace: &'a str,
    revision: u32,
    status: &'a str,
    chart: &'a str,
    digest: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndpointView<'a> {
    service: &'a str,
    host: Option<&'a str>,
    url: Option<&'a str>,
}

impl Report {
    /// The report for programs; `schema` names the shape, and changes when the shape does.
    pub fn to_json(&self) -> Value {
        let failure = self.failure();
        let (ready, waited) = self.ready();
        let document = Document {
            schema: "aktus.report/v1",
            planned: self.planned,
            succeeded: failure.is_none(),
            failure: failure.map(|(step, failure)| FailureView {
                step: step.name(),
                kind: failure.kind.name(),
                object: failure.object.as_deref(),
                cause: &failure.cause,
                next: failure.next.as_deref(),
            }),
            steps: self
                .steps
                .iter()
                .map(|report| StepView {
                    name: report.step.name(),
                    outcome: report.outcome.name(),
                    summary: match &report.outcome {
                        Outcome::Failed(failure) => failure.cause.clone(),
                        other => other.summary(),
                    },
                    seconds: report.took.as_secs_f64(),
                })
                .collect(),
            objects: self
                .objects
                .iter()
                .map(|object| ObjectView {
                    step: object.step.name(),
                    api_version: &object.api_version,
                    kind: &object.kind,
                    namespace: object.namespace.as_deref(),
                    name: &object.name,
                    change: object.change,
                    detail: &object.detail,
                    ready: object.ready.as_ref().map(Result::is_ok),
                    reason: object.ready.as_ref().and_then(|ready| ready.as_ref().err()).map(String::as_str),
                })
                .collect(),
            release: self.release.as_ref().map(|release| ReleaseView {
                name: &release.name,
                namespace: &release.namespace,
                revision: release.revision,
                status: &release.status,
                chart: &release.chart,
                digest: release.digest.as_deref(),
            }),
            endpoints: self
                .endpoints
                .iter()
                .map(|endpoint| EndpointView {
                    service: &endpoint.service,
                    host: endpoint.host.as_deref(),
                    url: endpoint.url.as_deref(),
                })
                .collect(),
            warnings: &self.warnings,
            ready,
            waited,
            seconds: self.took.as_secs_f64(),
        };
        serde_json::to_value(document).unwrap_or_default()
    }
}
