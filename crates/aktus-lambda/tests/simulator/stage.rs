//! The stage of every case: a cluster, a registry, AWS, Lambda and CloudFormation, and the function itself.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use aktus_sandbox::aws::SecretValue;
use aktus_sandbox::cloudformation::{CloudFormation, Outcome, Stack};
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use aktus_sandbox::lambda::{Function, Service};
use aktus_sandbox::{Clock, Options, Sandbox, Time};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The built function.
const PROGRAM: &str = env!("CARGO_BIN_EXE_bootstrap");
pub(crate) const CLUSTER: &str = "aktus-sandbox";
pub(crate) const NAME: &str = "connector";
pub(crate) const NAMESPACE: &str = "ai";
pub(crate) const REPOSITORY: &str = "aktus/platform";
/// Must be in no log line, answer or argument.
pub(crate) const CANARIES: [&str; 4] =
    ["canary-token-7f3a", "canary-value-7f3a", "X-Amz-Signature", "sandbox/secret+access/key/of/no/account"];
pub(crate) const TOKEN_ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:token-AbCdEf";

pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) lambda: Service,
    pub(crate) cloudformation: CloudFormation,
    temporary: tempfile::TempDir,
}

impl Stage {
    /// A function with its 900 seconds.
    pub(crate) async fn open() -> Self {
        Self::with(|function| function).await
    }

    /// A function with so little time that waiting for its end costs none.
    pub(crate) async fn hurried() -> Self {
        Self::with(|function| function.with_timeout(Duration::from_secs(4))).await
    }

    pub(crate) async fn with(change: impl FnOnce(Function) -> Function) -> Self {
        let clock = Clock::new(Timestamp::now);
        let sandbox = Sandbox::start(Options::new(clock.clone())).await.expect("a sandbox");
        let value = SecretValue::Text(CANARIES[0].to_owned());
        sandbox.aws().change(|facts| facts.secrets.insert(TOKEN_ARN.to_owned(), value));
        let lambda = Service::start(Time::real(clock)).await.expect("a Lambda service");
        let cloudformation = CloudFormation::start(&lambda).await.expect("a CloudFormation");
        let temporary = tempfile::tempdir().expect("a folder");
        let function = Function::program(NAME, PROGRAM)
            .with_variable("AWS_ENDPOINT_URL", sandbox.aws().url())
            .with_variable("AWS_EC2_METADATA_DISABLED", "true")
            .with_variable("TMPDIR", temporary.path().to_string_lossy());
        lambda.create_function(change(function));
        Self { sandbox, lambda, cloudformation, temporary }
    }

    pub(crate) fn stack(&self) -> Stack {
        self.cloudformation.stack("mystack", NAME).with_identity(&["ClusterName", "Namespace", "ReleaseName"])
    }

    /// Properties without a chart, so that a case is quick.
    pub(crate) fn properties(change: &Value) -> Value {
        let mut properties = json!({
            "ClusterName": CLUSTER, "Region": "us-east-1", "FileSystemId": "fs-0a0000000000000ef",
            "Namespace": NAMESPACE, "EnableChart": false, "LeaseSeconds": 1, "GpuLimit": 2,
            "HuggingFaceTokenArn": TOKEN_ARN, "Values": {"password": CANARIES[1]},
        });
        for (name, value) in change.as_object().expect("an object") {
            properties[name] = value.clone();
        }
        properties
    }

    /// Properties with a chart of these files, which is pushed as version 1.0.0.
    pub(crate) fn chart(&self, files: &[(&str, &str)], change: &Value) -> Value {
        let metadata = "apiVersion: v2\nname: small\nversion: 1.0.0\n";
        let files = files.iter().copied().chain([("Chart.yaml", metadata)]);
        let files: Vec<_> = files.map(|(path, text)| (path, text.as_bytes())).collect();
        let archive = aktus_helm::pack("small", files).expect("an archive");
        let config = json!({"apiVersion": "v2", "name": "small", "version": "1.0.0"}).to_string();
        self.sandbox.registry().push_chart(REPOSITORY, "1.0.0", &archive, config.as_bytes());
        self.with_chart(change)
    }

    /// Properties with the example of the platform's chart.
    pub(crate) fn platform(&self, change: &Value) -> Value {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../charts/aktus-platform"));
        let (mut files, mut open) = (Vec::new(), vec![root.clone()]);
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(&root).expect("inside").to_string_lossy().into_owned();
                    files.push((name, std::fs::read(&path).expect("a file")));
                }
            }
        }
        let listed = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let archive = aktus_helm::pack("aktus-platform", listed).expect("an archive");
        let config = json!({"apiVersion": "v2", "name": "aktus-platform", "version": "1.0.0"}).to_string();
        self.sandbox.registry().push_chart(REPOSITORY, "1.0.0", &archive, config.as_bytes());
        self.with_chart(change)
    }

    fn with_chart(&self, change: &Value) -> Value {
        let mut properties = Self::properties(&json!({
            "EnableChart": true, "ChartVersion": "1.0.0",
            "ChartUri": format!("{}/{REPOSITORY}", self.sandbox.registry().host()),
        }));
        for (name, value) in change.as_object().expect("an object") {
            properties[name] = value.clone();
        }
        properties
    }

    /// A fault of the Kubernetes API for requests whose path holds a text.
    pub(crate) fn fault(&self, method: Option<&str>, path: &str, times: Option<u64>, fault: Fault) {
        self.sandbox.kubernetes().faults().add(FaultRule {
            method: method.map(str::to_owned),
            path_contains: Some(path.to_owned()),
            skip: 0,
            times,
            fault,
        });
    }

    /// What the function created and is still there, Leases and all.
    pub(crate) fn standing(&self) -> BTreeSet<String> {
        standing(&self.sandbox)
    }

    /// Writes that the cluster carried out, but for those of Leases.
    pub(crate) fn writes(&self) -> usize {
        let requests = self.sandbox.kubernetes().requests();
        let written = requests.iter().filter(|request| {
            request.is_write() && !request.dry_run && !request.path.contains("/leases") && request.status < 400
        });
        written.count()
    }

    /// The process that works, while there is one.
    pub(crate) async fn worker(&self) -> u32 {
        loop {
            for environment in self.lambda.environments(NAME) {
                let Some(parent) = environment.process else { continue };
                let path = format!("/proc/{parent}/task/{parent}/children");
                let children = std::fs::read_to_string(path).unwrap_or_default();
                if let Some(child) = children.split_whitespace().next() {
                    return child.parse().expect("a process id");
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// What holds at the end of every case: one good answer to every request, and no secret anywhere.
    #[track_caller]
    pub(crate) fn close(self) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let violations = self.cloudformation.check().await;
            let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
            let transcript = self.lambda.transcript().to_string();
            assert!(violations.is_empty(), "{place}: {violations:#?}\n{transcript}");
            let log = self.lambda.output(NAME);
            let bodies = self.cloudformation.requests().into_iter().flat_map(|request| request.puts);
            let bodies: String = bodies.map(|put| String::from_utf8_lossy(&put.body).into_owned()).collect();
            let left = std::fs::read_dir(self.temporary.path()).expect("a folder").count();
            assert_eq!(left, 0, "{place}: files are left in the temporary folder");
            for canary in CANARIES {
                assert!(!log.contains(canary), "{place}: {canary} in the log:\n{log}");
                assert!(!bodies.contains(canary), "{place}: {canary} in an answer:\n{bodies}");
            }
            for line in log.lines() {
                assert!(serde_json::from_str::<Value>(line).is_ok(), "{place}: no JSON in the log: {line}");
            }
            self.sandbox.stop().await;
        }
    }
}

pub(crate) fn standing(sandbox: &Sandbox) -> BTreeSet<String> {
    let text =
        |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let title = |kind: &str, namespace: &str, name: &str| format!("{kind}/{namespace}/{name}");
    let live: BTreeSet<String> = sandbox
        .kubernetes()
        .objects()
        .iter()
        .map(|object| {
            title(&text(object, "/kind"), &text(object, "/metadata/namespace"), &text(object, "/metadata/name"))
        })
        .collect();
    let created = sandbox.kubernetes().created();
    created
        .into_iter()
        .map(|id| title(&id.kind, id.namespace.as_deref().unwrap_or_default(), &id.name))
        .filter(|title| live.contains(title))
        .collect()
}

/// Sends a signal to a process.
pub(crate) fn signal(process: u32, name: &str) {
    let status = Command::new("kill").args([name, &process.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()), "kill {name} {process}");
}

/// The reason of an outcome, with the whole story if it is not as expected.
#[track_caller]
pub(crate) fn check(stage: &Stage, outcome: &Outcome, status: &str, parts: &[&str]) {
    let (found, reason) = (outcome.status.to_string(), outcome.reason());
    let story = || format!("{reason}\n{}\n{}", stage.lambda.transcript(), stage.lambda.output(NAME));
    assert_eq!(found, status, "{}", story());
    for part in parts {
        assert!(reason.contains(part), "`{part}` is not in: {}", story());
    }
}
