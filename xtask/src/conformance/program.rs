//! Runs Helm, or our engine, on one case: what it printed, and whether it liked it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, thread};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::command::{cargo, root, run, show};
use crate::tools::{Tool, Tools, hex};

use super::corpus::{Case, Chart, Repository};

/// Which Helm is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Profile {
    /// Helm 4.2.4
    Helm4,
    /// Helm 3.21.4
    Helm3,
}

impl Profile {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Helm4 => "helm4",
            Self::Helm3 => "helm3",
        }
    }

    pub(super) fn tool(self) -> Tool {
        match self {
            Self::Helm4 => Tool::Helm4,
            Self::Helm3 => Tool::Helm3,
        }
    }
}

/// What a program made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) ends: Ends,
    /// The output, or the error from `Error: ` on.
    pub(super) text: Vec<u8>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Well,
    InError,
    /// Killed by a signal, or by us because it did not end.
    Badly,
}

/// The longest that one run of Helm may take on a busy machine, and one of ours.
const HELM_LIMIT: Duration = Duration::from_mins(5);
const OUR_LIMIT: Duration = Duration::from_mins(5);

/// How a program in Go says that it has a bug.
const PANIC: &[u8] = b"\ngoroutine ";

/// A Helm whose outputs are kept.
pub(super) struct Helm {
    pub(super) profile: Profile,
    program: PathBuf,
    cache: PathBuf,
    home: PathBuf,
}

impl Helm {
    pub(super) fn new(profile: Profile, tools: &Tools, cache: &Path) -> Result<Self> {
        let program = tools.path(profile.tool())?;
        let folder = tools.folder(profile.tool())?;
        let cache = cache.join("outputs").join(folder.file_name().unwrap_or_default());
        let home = cache.join("home");
        fs::create_dir_all(&home)?;
        Ok(Self { profile, program, cache, home })
    }

    /// What Helm made of the case when it was asked for the `nth` time, and when that was, in seconds since 1970.
    pub(super) fn render(&self, place: &Place<'_>, nth: u32) -> Result<(Outcome, u64)> {
        let file = self.cache.join(format!("{}-{nth}.gz", place.key()?));
        if !file.exists() {
            let mut command = bounded(&self.program);
            command.arg("template").args(place.arguments());
            // Nothing of this machine's own Helm, nor its cluster.
            for name in ["HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME"] {
                command.env(name, &self.home);
            }
            command.env("KUBECONFIG", self.home.join("none")).env("TZ", "UTC");
            let outcome = finish(&mut command, HELM_LIMIT)?;
            if outcome.ends == Ends::Badly && !outcome.text.windows(PANIC.len()).any(|window| window == PANIC) {
                bail!("`{}` did not end well", show(&command));
            }
            let mut bytes = GzEncoder::new(Vec::new(), Compression::fast());
            bytes.write_all(&[match outcome.ends {
                Ends::InError => 0,
                Ends::Well => 1,
                Ends::Badly => 2,
            }])?;
            bytes.write_all(&outcome.text)?;
            let mut whole = tempfile::NamedTempFile::new_in(&self.cache)?;
            whole.write_all(&bytes.finish()?)?;
            whole.persist(&file)?;
        }
        let when = fs::metadata(&file)?.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
        let mut text = Vec::new();
        GzDecoder::new(fs::File::open(&file)?).read_to_end(&mut text)?;
        let ends = match text.first() {
            Some(1) => Ends::Well,
            Some(2) => Ends::Badly,
            _ => Ends::InError,
        };
        text.drain(..1.min(text.len()));
        Ok((Outcome { ends, text }, when))
    }
}

/// A case and where its files lie.
pub(super) struct Place<'a> {
    pub(super) repository: &'a Repository,
    pub(super) chart: &'a Chart,
    pub(super) case: &'a Case,
    /// A values file from elsewhere, which counts more than the one of the case.
    pub(super) over: Option<PathBuf>,
}

impl Place<'_> {
    fn values(&self) -> Vec<PathBuf> {
        let own = self.case.values.as_ref().map(|values| self.repository.tree.join(values));
        own.into_iter().chain(self.over.clone()).collect()
    }

    fn arguments(&self) -> Vec<String> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut arguments = vec!["example".to_owned(), path(&self.repository.tree.join(&self.chart.path))];
        arguments.extend(["--namespace".to_owned(), "default".to_owned()]);
        for values in self.values() {
            arguments.extend(["--values".to_owned(), path(&values)]);
        }
        arguments.extend(self.case.arguments.iter().cloned());
        arguments
    }

    /// What the output depends on.
    fn key(&self) -> Result<String> {
        let mut key = Sha256::new();
        key.update(&self.chart.digest);
        // Errors name the files. What is made anew for each run has its content as its name.
        for argument in self.arguments() {
            key.update([0]);
            key.update(argument);
        }
        for values in self.values() {
            key.update(Sha256::digest(fs::read(&values).with_context(|| format!("{}", values.display()))?));
        }
        let key = hex(&key.finalize());
        Ok(key.get(..32).unwrap_or_default().to_owned())
    }
}

/// Our engine, built.
pub(super) struct Ours(PathBuf);

impl Ours {
    pub(super) fn build() -> Result<Self> {
        let mut command = cargo();
        command.args(["build", "--release", "--quiet", "--locked", "--package", "aktus-helm", "--no-default-features"]);
        run(command.args(["--features", "certs", "--example", "template"]))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        Ok(Self(target.join("release/examples/template")))
    }

    /// What ours makes of the case at a moment given in seconds since 1970.
    pub(super) fn render(&self, place: &Place<'_>, profile: Profile, clock: u64) -> Result<Outcome> {
        let mut command = Command::new(&self.0);
        command.args(place.arguments()).args(["--profile", profile.name(), "--clock", &clock.to_string()]);
        // Helm follows links anywhere.
        command.arg("--links-within").arg(&place.repository.tree);
        finish(&mut command, OUR_LIMIT)
    }
}

/// A program that may not take all of the machine's memory, where a shell can see to that.
fn bounded(program: &Path) -> Command {
    const KILOBYTES: &str = "6000000";
    if !cfg!(unix) {
        return Command::new(program);
    }
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v \"$0\"; exec \"$@\"", KILOBYTES]).arg(program);
    command
}

/// Runs a program to its end, or for as long as it may.
fn finish(command: &mut Command, limit: Duration) -> Result<Outcome> {
    let shown = show(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{shown}` did not start"))?;
    let (done, outputs) = mpsc::channel();
    let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    for (which, pipe) in [stdout, stderr].into_iter().enumerate() {
        let Some(mut pipe) = pipe else { continue };
        let done = done.clone();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = pipe.read_to_end(&mut bytes);
            // Nobody listens any more when the limit was reached.
            drop(done.send((which, read.map(|_| bytes))));
        });
    }
    let mut texts = [Vec::new(), Vec::new()];
    for _ in 0..2 {
        let Ok((which, bytes)) = outputs.recv_timeout(limit) else {
            child.kill()?;
            child.wait()?;
            return Ok(Outcome { ends: Ends::Badly, text: format!("no end after {limit:?}").into_bytes() });
        };
        if let Some(text) = texts.get_mut(which) {
            *text = bytes?;
        }
    }
    let status = child.wait()?;
    let [stdout, stderr] = texts;
    Ok(match status.code() {
        Some(0) => Outcome { ends: Ends::Well, text: stdout },
        // A panic ends in 101 here, and in 2 in Go.
        Some(1) => Outcome { ends: Ends::InError, text: error_of(&stderr) },
        _ => Outcome { ends: Ends::Badly, text: [format!("{status}\n").into_bytes(), stderr].concat() },
    })
}

/// What follows the log: the error.
fn error_of(stderr: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"Error: ";
    let starts = stderr.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK).map(|(at, _)| at);
    let start = starts.into_iter().find(|at| *at == 0 || stderr.get(at - 1) == Some(&b'\n'));
    stderr.get(start.unwrap_or(0)..).unwrap_or_default().to_vec()
}
