//! A real API server with nothing around it: etcd, kube-apiserver and, when asked for,
//! kube-controller-manager, on free ports of 127.0.0.1, gone when dropped.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::command::{free_ports, output};
use crate::tools::{Tool, Tools};

/// The processes, and the folder with all that they read and write.
pub(super) struct ApiServer {
    // Dropped last: the processes write into it.
    processes: Vec<(Tool, Child)>,
    address: String,
    folder: TempDir,
}

impl ApiServer {
    /// What lets its bearer do everything.
    pub(super) const TOKEN: &'static str = "recorder";

    /// Starts the processes; whoever asks the server waits until it is ready.
    pub(super) fn start(tools: &Tools, controllers: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let [port, client, peer, manager] = free_ports()?;
        let mut server = Self { processes: Vec::new(), address: format!("127.0.0.1:{port}"), folder };
        let made = output(
            Command::new(tools.path(Tool::GenerateCert)?)
                .args(["--host", "127.0.0.1"])
                .current_dir(server.folder.path()),
        )?;
        if !made.status.success() {
            bail!("no certificate could be made: {}", String::from_utf8_lossy(&made.stderr));
        }
        fs::write(server.file("tokens.csv"), format!("{},admin,admin,\"system:masters\"\n", Self::TOKEN))?;
        let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
        server.spawn(
            tools,
            Tool::Etcd,
            &[
                "--data-dir=etcd",
                &format!("--listen-client-urls={client}"),
                &format!("--advertise-client-urls={client}"),
                &format!("--listen-peer-urls={peer}"),
                &format!("--initial-advertise-peer-urls={peer}"),
                &format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync",
            ],
        )?;
        server.spawn(
            tools,
            Tool::KubeApiserver,
            &[
                &format!("--etcd-servers={client}"),
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                &format!("--secure-port={port}"),
                "--tls-cert-file=cert.pem",
                "--tls-private-key-file=key.pem",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=cert.pem",
                "--service-account-signing-key-file=key.pem",
                "--token-auth-file=tokens.csv",
                "--authorization-mode=RBAC",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--endpoint-reconciler-type=none",
                "--allow-privileged=true",
            ],
        )?;
        if controllers {
            fs::write(server.file("kubeconfig"), server.kubeconfig())?;
            server.spawn(
                tools,
                Tool::KubeControllerManager,
                &[
                    "--kubeconfig=kubeconfig",
                    "--authentication-kubeconfig=kubeconfig",
                    "--authorization-kubeconfig=kubeconfig",
                    "--service-account-private-key-file=key.pem",
                    "--use-service-account-credentials",
                    "--leader-elect=false",
                    &format!("--secure-port={manager}"),
                    "--cert-dir=controller-manager",
                ],
            )?;
        }
        Ok(server)
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The certificate by which the server shows who it is.
    pub(super) fn ca(&self) -> PathBuf {
        self.file("cert.pem")
    }

    /// What the processes that ended by themselves wrote last.
    pub(super) fn ended(&mut self) -> Option<String> {
        let mut words = String::new();
        for (tool, process) in &mut self.processes {
            if let Ok(Some(status)) = process.try_wait() {
                let log = fs::read_to_string(self.folder.path().join(log_of(*tool))).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let tail = lines.get(lines.len().saturating_sub(5)..).unwrap_or_default().join("\n");
                words.extend([tool.name(), " ended with ", &status.to_string(), ":\n", &tail, "\n"]);
            }
        }
        (!words.is_empty()).then_some(words)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: it\n\
             clusters: [{{name: it, cluster: {{server: 'https://{}', certificate-authority: cert.pem}}}}]\n\
             users: [{{name: it, user: {{token: {}}}}}]\n\
             contexts: [{{name: it, context: {{cluster: it, user: it}}}}]\n",
            self.address,
            Self::TOKEN
        )
    }

    fn spawn(&mut self, tools: &Tools, tool: Tool, arguments: &[&str]) -> Result<()> {
        let log = File::create(self.file(&log_of(tool)))?;
        let child = Command::new(tools.path(tool)?)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} did not start", tool.name()))?;
        self.processes.push((tool, child));
        Ok(())
    }
}

fn log_of(tool: Tool) -> String {
    format!("{}.log", tool.name())
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        for (_, process) in self.processes.iter_mut().rev() {
            // It may have ended already, and then there is nothing to stop.
            drop(process.kill());
            drop(process.wait());
        }
    }
}
