//! A real OCI registry in TLS with one user, and the example chart in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::certificates::Authority;
use super::process::{Process, output};
use crate::command::free_ports;
use crate::command::root;
use crate::tools::{Tool, Tools};

/// The name by which the platform knows the registry.
pub(super) const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
/// Where the chart lies in it.
pub(super) const REPOSITORY: &str = "aktus/aktus-platform";
/// The user; Amazon ECR's has this name, too.
const USER: &str = "AWS";

pub(super) struct Registry {
    pub(super) port: u16,
    /// The file with the certificates to trust.
    pub(super) authority: PathBuf,
    password: String,
    process: Process,
}

impl Registry {
    /// Starts it empty.
    pub(super) async fn start(tools: &Tools, directory: &Path, password: &str) -> Result<Self> {
        let authority = Authority::new("registry", directory)?;
        let identity = authority.server("registry", &[HOST, "127.0.0.1"], directory)?;
        let users = directory.join("registry-users");
        fs::write(&users, format!("{USER}:{}\n", bcrypt::hash(password, 4)?))?;
        let [port] = free_ports()?;
        let configuration = serde_json::json!({
            "version": 0.1,
            "log": {"level": "info", "accesslog": {"disabled": false}},
            "storage": {"filesystem": {"rootdirectory": directory.join("registry")}},
            "http": {
                "addr": format!("127.0.0.1:{port}"),
                "secret": "sandbox",
                "tls": {"certificate": identity.certificate, "key": identity.key},
            },
            "auth": {"htpasswd": {"realm": "sandbox", "path": users}},
        });
        let file = directory.join("registry.yml");
        fs::write(&file, configuration.to_string())?;
        let arguments = ["serve".to_owned(), file.display().to_string()];
        let mut process = Process::start("registry", &tools.path(Tool::Registry)?, &arguments, directory)?;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            process.check()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Self { port, authority: authority.file, password: password.to_owned(), process })
    }

    /// Errs when it has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        self.process.check()
    }

    /// Packs the example chart and pushes it, both with Helm; answers its version.
    pub(super) async fn push_example(&mut self, helm: &Path, proxy: &str, directory: &Path) -> Result<String> {
        self.process.check()?;
        let chart = root().join("charts/aktus-platform");
        let text = fs::read_to_string(chart.join("Chart.yaml"))?;
        let version =
            text.lines().find_map(|line| line.strip_prefix("version: ")).context("no version in Chart.yaml")?;
        let helm = |arguments: &[&str]| {
            let mut command = Command::new(helm);
            command.args(arguments).env("HOME", directory).env("HTTPS_PROXY", proxy).current_dir(directory);
            command
        };
        output(helm(&["package"]).arg(&chart)).await?;
        let archive = format!("aktus-platform-{version}.tgz");
        let project = REPOSITORY.split('/').next().unwrap_or_default();
        let mut push = helm(&["push", &archive, &format!("oci://{HOST}/{project}")]);
        push.args(["--username", USER, "--password", &self.password, "--ca-file"]).arg(&self.authority);
        output(&mut push).await.context("the chart was not pushed")?;
        Ok(version.trim().to_owned())
    }
}
