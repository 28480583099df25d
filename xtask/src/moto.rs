//! Our questions to AWS, asked of moto, which is not ours.

use std::fs::File;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{free_ports, run};
use crate::programs;
use crate::tools::{Tool, Tools};

/// Starts moto and asks it what `crates/aktus-aws/examples/ask-moto.rs` asks.
pub(crate) fn check(tools: &Tools) -> Result<()> {
    let program = programs::build()?.join("examples/ask-moto");
    let moto = Moto::start(tools)?;
    let mut command = Command::new(program);
    // The machine's own settings and keys stay out of it.
    for variable in ["AWS_PROFILE", "AWS_SESSION_TOKEN"] {
        command.env_remove(variable);
    }
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_ENDPOINT_URL", &moto.url).env("AWS_REGION", "us-west-2");
    command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
    run(&mut command)
}

struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    fn start(tools: &Tools) -> Result<Self> {
        let [port] = free_ports()?;
        let folder = tempfile::tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new(tools.path(Tool::Moto)?);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let process = command.spawn().context("moto did not start")?;
        let mut moto = Self { process, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(moto);
            }
            if let Some(status) = moto.process.try_wait()? {
                let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                bail!("moto ended with {status}: {log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("moto does not listen on {} after a minute", moto.url)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to stop.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
