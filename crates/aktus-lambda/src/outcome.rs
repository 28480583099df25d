//! What does the answer say? From a report, a failure or problems to words and data.

use std::collections::BTreeMap;

use aktus_bootstrap::{Failure, FailureKind, Mode, Problem, Report, Request, SecretSource, Step};

use crate::respond::keep_tail;

/// The longest cause in a reason, in bytes; what is around it matters more.
const MAX_CAUSE: usize = 1_500;

/// What `Fn::GetAtt` can read after a success: flat strings, always the same names.
pub fn data(request: &Request, report: &Report) -> BTreeMap<String, String> {
    let (ready, waited) = report.ready();
    let endpoints = report.endpoints.iter().map(|endpoint| {
        let address = endpoint.url.as_deref().or(endpoint.host.as_deref()).unwrap_or("pending");
        format!("{}={address}", endpoint.service)
    });
    let release = report.release.as_ref();
    let assistant = report.endpoints.iter().find(|endpoint| endpoint.service.contains("assistant"));
    let dashboard = assistant.and_then(|endpoint| endpoint.url.clone());
    let entries = [
        ("Status", release.map_or("prepared", |release| &release.status).to_owned()),
        ("Revision", release.map_or(0, |release| release.revision).to_string()),
        ("Ready", format!("{ready}/{waited}")),
        ("Endpoints", endpoints.collect::<Vec<_>>().join(", ")),
        ("Warnings", report.warnings.join("; ")),
        ("Chart", release.map_or("", |release| &release.chart).to_owned()),
        ("Namespace", request.namespace.clone()),
        // The stack's outputs read these, so every success carries them.
        ("AutoMode", (request.mode == Mode::Auto).to_string()),
        (
            "ChartStatus",
            release.map_or_else(|| "no chart".to_owned(), |release| format!("{} {}", release.chart, release.status)),
        ),
        ("SecretsStatus", secrets(request)),
        ("DashboardUrl", dashboard.unwrap_or_else(|| "pending".to_owned())),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Which keys were given.
fn secrets(request: &Request) -> String {
    let word = |source: &SecretSource| if matches!(source, SecretSource::Absent) { "empty" } else { "given" };
    let (token, key) = (word(&request.hugging_face_token), word(&request.openai_api_key));
    format!("Hugging Face token {token}, OpenAI key {key}")
}

/// The reason for a step that failed: the step, the object, the cause, the next step, how far it came.
pub fn failed_step(step: Step, failure: &Failure, report: &Report) -> String {
    let (ready, waited) = report.ready();
    let progress = if waited == 0 { String::new() } else { format!("; {ready} of {waited} objects are ready") };
    format!("step {}: {}{progress}", step.name(), failed(failure))
}

/// The reason for a failure outside of every step.
pub fn failed(failure: &Failure) -> String {
    let object = failure.object.as_deref().map(|object| format!("{object}: ")).unwrap_or_default();
    let cause = keep_tail(&failure.cause, MAX_CAUSE);
    match next(failure) {
        Some(next) => format!("{object}{cause}; next: {next}"),
        None => format!("{object}{cause}"),
    }
}

/// The next step for somebody who looks at a stack and runs no command.
fn next(failure: &Failure) -> Option<&str> {
    match failure.kind {
        FailureKind::NotReady => {
            Some("mend what keeps the objects from becoming ready, then retry the stack operation")
        }
        _ => failure.next.as_deref(),
    }
}

/// The reason for properties that are refused: each of them named.
pub fn refused(problems: &[Problem]) -> String {
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let number = problems.len();
    let these = if number == 1 { "1 property is".to_owned() } else { format!("{number} properties are") };
    format!("{these} wrong, nothing was changed: {}; next: correct the stack's parameters", problems.join("; "))
}

/// What is left behind when a cluster that cannot be reached is given up.
pub fn abandoned(request: &Request) -> String {
    let (release, namespace) = (&request.release, &request.namespace);
    let pool = match request.mode {
        Mode::Auto => ", NodePool gpu-nodepool with its nodes",
        Mode::Traditional => "",
    };
    format!(
        "release {release} in namespace {namespace} with its load balancers and volumes{pool}, StorageClasses efs-sc \
         and aktus-ebs, Namespace {namespace} with its Secrets and ServiceAccount"
    )
}

/// How to take an installation away when the function cannot.
pub fn way_out(request: &Request) -> String {
    let of = |flag: &str, value: Option<&str>| value.map(|value| format!(" {flag} {value}")).unwrap_or_default();
    format!(
        "run `aktus destroy{}{} --namespace {} --release {}` from where the cluster lets you in, or set the property \
         OnUnreachable to Abandon, then delete the stack again",
        of("--cluster", request.cluster_name.as_deref()),
        of("--region", request.region.as_deref()),
        request.namespace,
        request.release,
    )
}

/// A reason with the place of the whole story at its end, which is what stays of a long one.
pub fn with_log(reason: &str, log_stream: &str) -> String {
    if log_stream.is_empty() { reason.to_owned() } else { format!("{reason} (log stream {log_stream})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aktus_bootstrap::{EndpointReport, ReleaseReport};

    #[test]
    fn data_is_flat_and_has_always_the_same_names() {
        let request = Request::new("fs-0123456789abcdef0");
        let names: Vec<_> = data(&request, &Report::default()).into_keys().collect();
        assert_eq!(
            names,
            [
                "AutoMode",
                "Chart",
                "ChartStatus",
                "DashboardUrl",
                "Endpoints",
                "Namespace",
                "Ready",
                "Revision",
                "SecretsStatus",
                "Status",
                "Warnings"
            ]
        );
        let endpoint = |service: &str, url: Option<&str>| EndpointReport {
            service: service.to_owned(),
            host: None,
            url: url.map(ToOwned::to_owned),
        };
        let report = Report {
            release: Some(ReleaseReport {
                name: "r".into(),
                namespace: "n".into(),
                revision: 3,
                status: "deployed".into(),
                chart: "aktus-platform-1.0.0".into(),
                digest: None,
            }),
            endpoints: vec![endpoint("a", Some("http://h:8080")), endpoint("b", None)],
            warnings: vec!["one".into(), "two".into()],
            ..Report::default()
        };
        let data = data(&request, &report);
        assert_eq!(data["Endpoints"], "a=http://h:8080, b=pending");
        assert_eq!(data["Warnings"], "one; two");
        assert_eq!((data["Status"].as_str(), data["Revision"].as_str()), ("deployed", "3"));
    }

    #[test]
    fn a_long_cause_leaves_the_object_and_the_next_step() {
        let failure = Failure::new(FailureKind::Refused, format!("{}last words", "x".repeat(1_000_000)));
        let reason = failed_step(
            Step::Release,
            &failure.about("Deployment/n/web").next("ask for permission"),
            &Report::default(),
        );
        assert!(reason.starts_with("step release: Deployment/n/web: …x"), "{}", &reason[..80]);
        assert!(reason.ends_with("last words; next: ask for permission"), "{}", &reason[reason.len() - 80..]);
        assert!(reason.len() < 2_000);
    }
}
