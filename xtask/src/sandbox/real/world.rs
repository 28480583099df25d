//! Everything that runs, for one cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use aktus_sandbox::{Clock, aws, kubernetes};
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::process::Command;

use super::api::items;
use super::audit::AuditLog;
use super::cloud::{Cloud, REGION, hexadecimal, node};
use super::console;
use super::control_plane::{ControlPlane, GROUP};
use super::process::output;
use super::proxy::Proxy;
use super::registry::{HOST, REPOSITORY, Registry};
use super::{Mode, Options};
use crate::tools::{Tool, Tools};

/// The name of the EKS cluster.
pub(super) const CLUSTER: &str = "aktus";
/// The role of the platform's service account.
pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/aktus-platform";
/// How long the add-ons may take to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(90);

/// The programs that are tried out.
#[derive(Clone)]
pub(super) struct Programs {
    /// The command.
    pub(super) aktus: PathBuf,
    /// The Lambda.
    pub(super) lambda: PathBuf,
}

impl Programs {
    /// They are built beside this one.
    pub(super) fn find(options: &Options) -> Result<Self> {
        let us = std::env::current_exe()?;
        let folder = us.parent().context("this program lies in no folder")?;
        let (aktus, built) = (folder.join("aktus"), folder.join("bootstrap"));
        let programs = Self { aktus, lambda: options.binary.clone().unwrap_or(built) };
        for program in [&programs.aktus, &programs.lambda] {
            if !program.exists() {
                bail!("{} does not exist; `cargo xtask sandbox` builds it", program.display());
            }
        }
        Ok(Programs { lambda: programs.lambda.canonicalize()?, ..programs })
    }
}

/// Control plane, cloud, registry and AWS, running.
pub(super) struct World {
    pub(super) mode: Mode,
    pub(super) tools: Tools,
    pub(super) programs: Programs,
    pub(super) directory: PathBuf,
    pub(super) plane: ControlPlane,
    pub(super) aws: aws::Server,
    pub(super) webhook: aws::TokenWebhook,
    pub(super) proxy: Proxy,
    pub(super) audit: AuditLog,
    /// How many seconds the clock of tokens is ahead.
    pub(super) ahead: Arc<AtomicI64>,
    pub(super) file_system: String,
    pub(super) chart_version: String,
    kubectl: PathBuf,
    registry: Registry,
    cloud: Cloud,
}

impl World {
    /// Starts everything, furnishes the cluster as EKS does, and pushes the chart.
    pub(super) async fn start(tools: &Tools, programs: Programs, mode: Mode, directory: &Path) -> Result<Self> {
        let mut facts = aws::Facts::platform(CLUSTER, REGION, "", mode == Mode::Auto);
        facts.registry_password = random()?;
        facts.credentials.secret_access_key = random()?;
        let password = facts.registry_password(REGION);
        let user = facts.caller_arn.clone();
        let file_system = facts.file_systems.keys().next().cloned().context("AWS has no file system")?;
        let aws = aws::Server::start(facts).await?;
        let ahead = Arc::new(AtomicI64::new(0));
        let webhook = aws.token_webhook(CLUSTER, GROUP, Clock::new(clock(&ahead))).await?;
        let plane = ControlPlane::start(tools, directory, &random()?, &webhook, &user).await?;
        aws.change(|facts| {
            for cluster in facts.clusters.values_mut() {
                cluster.endpoint.clone_from(&plane.url);
                cluster.certificate_authority.clone_from(&plane.authority);
            }
        });
        console::step(&format!("{} at {}, with etcd, controllers, scheduler, kwok", plane.version().await?, plane.url));
        let mut registry = Registry::start(tools, directory, &password).await?;
        let proxy = Proxy::start(HOST, registry.port).await?;
        let cloud = Cloud::start(plane.api.clone(), mode);
        let chart_version = registry.push_example(&tools.path(Tool::Helm4)?, &proxy.url, directory).await?;
        console::step(&format!("registry at 127.0.0.1:{}, Helm pushed the chart {chart_version}", registry.port));
        let audit = AuditLog::new(&plane.audit_log);
        let mut world = Self {
            mode,
            tools: tools.clone(),
            programs,
            directory: directory.to_owned(),
            plane,
            aws,
            webhook,
            proxy,
            audit,
            ahead,
            file_system,
            chart_version,
            kubectl: tools.path(Tool::Kubectl)?,
            registry,
            cloud,
        };
        world.furnish().await?;
        Ok(world)
    }

    /// Nodes, definitions, add-ons and the access entry.
    async fn furnish(&mut self) -> Result<()> {
        self.plane.admit().await?;
        let (instance, labels) = match self.mode {
            Mode::Auto => (
                "m6i.2xlarge",
                json!({"karpenter.sh/nodepool": "general-purpose", "eks.amazonaws.com/compute-type": "auto"}),
            ),
            Mode::Traditional => ("g5.2xlarge", json!({"eks.amazonaws.com/nodegroup": "aktus-nodes"})),
        };
        for (number, zone) in ["a", "b", "a"].into_iter().enumerate() {
            let name = format!("ip-10-0-{}-4.ec2.internal", number * 16);
            let node = node(&name, &format!("{REGION}{zone}"), instance, &labels, 0);
            self.plane.api.create("/api/v1/nodes", &node).await?;
        }
        let mode = match self.mode {
            Mode::Auto => aktus_sandbox::Mode::Auto,
            Mode::Traditional => aktus_sandbox::Mode::Traditional,
        };
        let (definitions, objects): (Vec<Value>, Vec<Value>) = kubernetes::initial_objects(mode)
            .into_iter()
            .partition(|object| object["kind"] == "CustomResourceDefinition");
        // Karpenter's own definitions take the place of the stand-in's; the node class is closed source.
        let ours: Vec<Value> = definitions
            .into_iter()
            .filter(|definition| definition.pointer("/spec/group").is_some_and(|group| group != "karpenter.sh"))
            .collect();
        if self.mode == Mode::Auto {
            let karpenter = self.tools.path(Tool::Karpenter)?;
            for name in ["karpenter.sh_nodepools.yaml", "karpenter.sh_nodeclaims.yaml"] {
                output(self.kubectl().args(["create", "--filename"]).arg(karpenter.join(name))).await?;
            }
            self.create("definitions.json", &ours).await?;
            let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"];
            output(self.kubectl().args(wait)).await?;
        }
        self.create("objects.json", &objects).await?;
        let until = Instant::now() + READY_TIMEOUT;
        while !self.add_ons_are_ready().await? {
            self.check()?;
            if Instant::now() > until {
                let pods = output(self.kubectl().args(["get", "nodes,pods", "--all-namespaces"])).await?;
                bail!("the add-ons did not become ready in time:\n{pods}{}", self.cloud.problem().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        console::step("nodes, node pools and the pods of the EFS add-on are ready");
        Ok(())
    }

    async fn create(&self, file: &str, objects: &[Value]) -> Result<()> {
        let file = self.directory.join(file);
        fs::write(&file, json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())?;
        output(self.kubectl().args(["create", "--filename"]).arg(&file)).await.map(drop)
    }

    async fn add_ons_are_ready(&self) -> Result<bool> {
        let number =
            |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
        let deployments = self.plane.api.list("/apis/apps/v1/namespaces/kube-system/deployments").await?;
        let sets = self.plane.api.list("/apis/apps/v1/namespaces/kube-system/daemonsets").await?;
        let ready = |object: &Value, wanted: &str, ready: &str| {
            number(object, wanted) > 0 && number(object, wanted) == number(object, ready)
        };
        Ok(!deployments.is_empty()
            && !sets.is_empty()
            && deployments.iter().all(|found| ready(found, "/spec/replicas", "/status/readyReplicas"))
            && sets.iter().all(|found| ready(found, "/status/desiredNumberScheduled", "/status/numberReady")))
    }

    /// Errs when one of the processes has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.plane.check()?;
        self.registry.check()
    }

    /// Why the cloud could not act when it last looked.
    pub(super) fn problem_of_the_cloud(&self) -> Option<String> {
        self.cloud.problem()
    }

    /// The real kubectl, as the administrator.
    pub(super) fn kubectl(&self) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.env("KUBECONFIG", &self.plane.kubeconfig).env("HOME", &self.directory);
        command
    }

    /// A real Helm, as the administrator.
    pub(super) fn helm(&self, tool: Tool) -> Result<Command> {
        let mut command = Command::new(self.tools.path(tool)?);
        command.env("KUBECONFIG", &self.plane.kubeconfig).env("HOME", &self.directory);
        Ok(command)
    }

    /// The built command, with the environment of somebody who works on AWS and nothing else.
    pub(super) fn aktus(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.programs.aktus);
        command.env_clear().envs(self.environment()).env("HOME", &self.directory);
        command.arg(verb).args(["--output", "json", "--cluster", CLUSTER, "--region", REGION, "--timeout", "5m"]);
        command.args(["--mode", self.mode.name()]);
        command
    }

    /// What a program needs to find the played AWS and the registry: the standard variables.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let keys = self.aws.change(|facts| facts.credentials.clone());
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            pair("AWS_ENDPOINT_URL", &self.aws.url()),
            pair("AWS_REGION", REGION),
            pair("AWS_ACCESS_KEY_ID", &keys.access_key_id),
            pair("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key),
            pair("AWS_EC2_METADATA_DISABLED", "true"),
            pair("HTTPS_PROXY", &self.proxy.url),
            pair("NO_PROXY", "127.0.0.1,localhost"),
            pair("SSL_CERT_FILE", &self.registry.authority.display().to_string()),
        ]
    }

    /// Errs when a program asked for a host outside the sandbox.
    pub(super) fn nobody_outside_was_asked(&self) -> Result<()> {
        let refused = self.proxy.refused();
        if !refused.is_empty() {
            bail!("hosts outside the sandbox were asked for: {}", refused.join(", "));
        }
        Ok(())
    }

    /// How often AWS was asked, by action.
    pub(super) fn questions_to_aws(&self) -> String {
        let mut counts = std::collections::BTreeMap::new();
        for request in self.aws.requests() {
            *counts.entry(request.action).or_insert(0) += 1;
        }
        counts.into_iter().map(|(action, count)| format!("{action} {count}")).collect::<Vec<_>>().join(", ")
    }

    /// The nodes of the cluster.
    pub(super) async fn nodes(&self) -> Result<usize> {
        Ok(self.plane.api.get("/api/v1/nodes").await?.as_ref().map_or(0, |list| items(list, "/items").len()))
    }
}

/// The chart, as the platform names it.
pub(super) fn chart() -> String {
    format!("{HOST}/{REPOSITORY}")
}

/// The time of day, moved by so many seconds.
pub(super) fn clock(ahead: &Arc<AtomicI64>) -> impl Fn() -> Timestamp + Send + Sync + 'static {
    let ahead = Arc::clone(ahead);
    move || Timestamp::now() + jiff::SignedDuration::from_secs(ahead.load(Ordering::Relaxed))
}

/// A password that nobody else on this machine knows.
fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(hexadecimal(&bytes))
}
