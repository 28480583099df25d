//! A real control plane: etcd, API server, controllers, scheduler, and kwok in place of the kubelets.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aktus_sandbox::aws::TokenWebhook;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::api::Api;
use super::audit;
use super::certificates::{Authority, key_pair};
use super::process::Process;
use crate::command::free_ports;
use crate::tools::{Tool, Tools};

/// How long the API server may take to become ready.
const READY_TIMEOUT: Duration = Duration::from_mins(1);
/// The group of whoever has a good EKS token.
pub(super) const GROUP: &str = "aktus:administrators";

pub(super) struct ControlPlane {
    directory: PathBuf,
    program: PathBuf,
    arguments: Vec<String>,
    server: Option<Process>,
    others: Vec<Process>,
    /// `https://127.0.0.1:PORT`.
    pub(super) url: String,
    /// The certificate authority of the API server, as PEM.
    pub(super) authority: String,
    /// The administrator's client.
    pub(super) api: Api,
    /// The administrator's kubeconfig.
    pub(super) kubeconfig: PathBuf,
    /// What the API server logs of the platform's identity.
    pub(super) audit_log: PathBuf,
}

impl ControlPlane {
    /// Starts everything and waits until the API server is ready. `user` is who the audit log is about.
    pub(super) async fn start(
        tools: &Tools,
        directory: &Path,
        token: &str,
        webhook: &TokenWebhook,
        user: &str,
    ) -> Result<Self> {
        let etcd = etcd(tools, directory)?;
        let [port] = free_ports()?;
        let url = format!("https://127.0.0.1:{port}");
        let authority = Authority::new("cluster", directory)?;
        let write = |name: &str, text: String| -> Result<PathBuf> {
            let file = directory.join(name);
            fs::write(&file, text)?;
            Ok(file)
        };
        let kubeconfig = write("kubeconfig", kubeconfig(&url, &authority.file, token))?;
        let (key, arguments) = {
            let identity = authority.server("kube-apiserver", &["127.0.0.1", "localhost"], directory)?;
            let (private, public) = key_pair(directory)?;
            let tokens = write("tokens.csv", format!("{token},administrator,administrator,\"system:masters\"\n"))?;
            let hook = write("webhook", webhook_configuration(&webhook.url()))?;
            let policy = write("audit-policy.json", audit::policy(user).to_string())?;
            let options: [(&str, String); 21] = [
                ("etcd-servers", etcd.1),
                ("bind-address", "127.0.0.1".to_owned()),
                ("advertise-address", "127.0.0.1".to_owned()),
                ("secure-port", port.to_string()),
                ("tls-cert-file", shown(&identity.certificate)),
                ("tls-private-key-file", shown(&identity.key)),
                ("cert-dir", shown(&directory.join("kube-apiserver"))),
                ("service-account-issuer", "https://kubernetes.default.svc".to_owned()),
                ("service-account-key-file", shown(&public)),
                ("service-account-signing-key-file", shown(&private)),
                ("token-auth-file", shown(&tokens)),
                ("authentication-token-webhook-config-file", shown(&hook)),
                ("authentication-token-webhook-version", "v1".to_owned()),
                // A stale token is noticed at once.
                ("authentication-token-webhook-cache-ttl", "1s".to_owned()),
                ("authorization-mode", "RBAC".to_owned()),
                ("service-cluster-ip-range", "172.20.0.0/16".to_owned()),
                ("endpoint-reconciler-type", "none".to_owned()),
                ("allow-privileged", "true".to_owned()),
                ("audit-policy-file", shown(&policy)),
                ("audit-log-path", shown(&directory.join("audit.log"))),
                // Every event is in the file before the answer goes out.
                ("audit-log-mode", "blocking".to_owned()),
            ];
            (private, flags(&options))
        };
        let api = Api::new(&url, &authority.pem, token)?;
        let mut plane = Self {
            directory: directory.to_owned(),
            program: tools.path(Tool::KubeApiserver)?,
            arguments,
            server: None,
            others: vec![etcd.0],
            url,
            authority: authority.pem.clone(),
            api,
            kubeconfig,
            audit_log: directory.join("audit.log"),
        };
        plane.start_server().await?;
        plane.start_others(tools, &key, &authority.file)?;
        Ok(plane)
    }

    /// Starts the API server and waits until it is ready.
    pub(super) async fn start_server(&mut self) -> Result<()> {
        let mut server = Process::start("kube-apiserver", &self.program, &self.arguments, &self.directory)?;
        let until = Instant::now() + READY_TIMEOUT;
        loop {
            server.check()?;
            if matches!(self.api.send(reqwest::Method::GET, "/readyz", None).await, Ok((200, _))) {
                break;
            }
            if Instant::now() > until {
                bail!("the API server did not become ready in time; the end of its log:\n{}", server.log_end());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.server = Some(server);
        Ok(())
    }

    /// Kills the API server, as a failing machine would.
    pub(super) async fn kill_server(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.kill().await,
            None => Ok(()),
        }
    }

    /// Controllers, scheduler and kubelets.
    fn start_others(&mut self, tools: &Tools, key: &Path, authority: &Path) -> Result<()> {
        let directory = self.directory.clone();
        let kubeconfig = shown(&self.kubeconfig);
        let [manager_port, scheduler_port, kubelet_port] = free_ports()?;
        let secured = |name: &str, port: u16| {
            vec![
                ("kubeconfig", kubeconfig.clone()),
                ("authentication-kubeconfig", kubeconfig.clone()),
                ("authorization-kubeconfig", kubeconfig.clone()),
                ("leader-elect", "false".to_owned()),
                ("secure-port", port.to_string()),
                ("cert-dir", shown(&directory.join(name))),
            ]
        };
        let mut controllers = secured("kube-controller-manager", manager_port);
        controllers.extend([
            ("service-account-private-key-file", shown(key)),
            ("root-ca-file", shown(authority)),
            ("use-service-account-credentials", "true".to_owned()),
        ]);
        let scheduler = secured("kube-scheduler", scheduler_port);
        let kubelets = [
            ("kubeconfig", kubeconfig.clone()),
            ("manage-all-nodes", "true".to_owned()),
            ("node-lease-duration-seconds", "40".to_owned()),
            ("server-address", format!("127.0.0.1:{kubelet_port}")),
            ("config", shown(&tools.folder(Tool::Kwok)?.join("stages.yaml"))),
        ];
        for (name, tool, flags) in [
            ("kube-controller-manager", Tool::KubeControllerManager, flags(&controllers)),
            ("kube-scheduler", Tool::KubeScheduler, flags(&scheduler)),
            ("kwok", Tool::Kwok, flags(&kubelets)),
        ] {
            self.others.push(Process::start(name, &tools.path(tool)?, &flags, &directory)?);
        }
        Ok(())
    }

    /// Errs when one of the processes has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.others.iter_mut().chain(&mut self.server).try_for_each(Process::check)
    }

    /// Lets whoever has a good EKS token do everything, as the policy of an access entry does.
    pub(super) async fn admit(&self) -> Result<()> {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "eks:access-entry:cluster-admin"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}],
        });
        self.api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).await
    }

    /// The version that the API server says it has.
    pub(super) async fn version(&self) -> Result<String> {
        let version = self.api.get("/version").await?.context("the API server has no version")?;
        Ok(version.get("gitVersion").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

/// Starts etcd; answers where it listens, too.
fn etcd(tools: &Tools, directory: &Path) -> Result<(Process, String)> {
    let [client, peer] = free_ports()?.map(|port| format!("http://127.0.0.1:{port}"));
    let options = [
        ("data-dir", shown(&directory.join("etcd"))),
        ("listen-client-urls", client.clone()),
        ("advertise-client-urls", client.clone()),
        ("listen-peer-urls", peer.clone()),
        ("initial-advertise-peer-urls", peer.clone()),
        ("initial-cluster", format!("default={peer}")),
        // Nothing of it outlives the sandbox.
        ("unsafe-no-fsync", "true".to_owned()),
    ];
    Ok((Process::start("etcd", &tools.path(Tool::Etcd)?, &flags(&options), directory)?, client))
}

fn flags(options: &[(&str, String)]) -> Vec<String> {
    options.iter().map(|(name, value)| format!("--{name}={value}")).collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A kubeconfig, as JSON, which every reader of YAML reads.
fn kubeconfig(url: &str, authority: &Path, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {"server": url, "certificate-authority": authority}}],
        "users": [{"name": "administrator", "user": {"token": token}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "administrator"}}],
        "current-context": "sandbox",
    })
    .to_string()
}

fn webhook_configuration(url: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "eks", "cluster": {"server": url}}],
        "users": [{"name": "kube-apiserver"}],
        "contexts": [{"name": "webhook", "context": {"cluster": "eks", "user": "kube-apiserver"}}],
        "current-context": "webhook",
    })
    .to_string()
}
