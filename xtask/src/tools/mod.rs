//! Which real programs do the tests ask, and where are they on this machine?
//!
//! [`Tools`] only looks; [`build`] puts into the cache what is missing. A tool lies in a folder of
//! its own, named after it, its version and everything it was built from, so a changed recipe
//! is another folder and nothing is ever updated in place.

mod build;
mod lock;
mod recipe;
mod task;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};

pub(crate) use build::ensure;
pub(crate) use task::ToolsTask;

use lock::Lock;

/// A real program, or real data, that tests ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// Writes a key and a certificate; comes with Go's own sources.
    GenerateCert,
    /// The store of the API server.
    Etcd,
    /// The Kubernetes API.
    KubeApiserver,
    /// The controllers of Kubernetes.
    KubeControllerManager,
    /// Puts pods on nodes.
    KubeScheduler,
    /// The command line of Kubernetes.
    Kubectl,
    /// Plays the kubelets.
    Kwok,
    /// An OCI registry.
    Registry,
    /// Helm 4.
    Helm4,
    /// Helm 3.
    Helm3,
    /// The `CustomResourceDefinition`s of Karpenter: a folder, no program.
    Karpenter,
    /// Judges `CloudFormation` templates.
    CfnLint,
    /// Plays some of AWS.
    Moto,
    /// Answers cases with real Go, sprig and Helm: our own program around them.
    Oracle,
}

impl Tool {
    /// Every tool, in the order in which they are built: what most tests need first.
    pub(crate) const ALL: [Self; 14] = [
        Self::GenerateCert,
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::KubeScheduler,
        Self::Kubectl,
        Self::Kwok,
        Self::Registry,
        Self::Helm4,
        Self::Helm3,
        Self::Karpenter,
        Self::CfnLint,
        Self::Moto,
        Self::Oracle,
    ];

    /// What it is called on the command line and in the lock file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GenerateCert => "generate-cert",
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubectl => "kubectl",
            Self::Kwok => "kwok",
            Self::Registry => "registry",
            Self::Helm4 => "helm4",
            Self::Helm3 => "helm3",
            Self::Karpenter => "karpenter",
            Self::CfnLint => "cfn-lint",
            Self::Moto => "moto",
            Self::Oracle => "oracle",
        }
    }

    /// The file in its folder that is run, or read.
    fn file(self) -> &'static str {
        match self {
            Self::Helm4 | Self::Helm3 => "helm",
            Self::Moto => "moto_server",
            Self::Karpenter => "crds",
            other => other.name(),
        }
    }
}

/// The cache of this user, and what of it has been checked.
#[derive(Clone)]
pub(crate) struct Tools {
    cache: PathBuf,
    lock: Arc<Lock>,
    checked: Arc<Mutex<BTreeSet<Tool>>>,
}

impl Tools {
    /// Finds the cache; builds nothing.
    pub(crate) fn locate() -> Result<Self> {
        Ok(Self { cache: cache()?, lock: Arc::new(Lock::read()?), checked: Arc::default() })
    }

    /// The program of a tool, whose files are as they were built.
    pub(crate) fn path(&self, tool: Tool) -> Result<PathBuf> {
        Ok(self.folder(tool)?.join(tool.file()))
    }

    /// The folder of a tool, whose files are as they were built.
    pub(crate) fn folder(&self, tool: Tool) -> Result<PathBuf> {
        let folder = self.place(tool)?;
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if !checked.contains(&tool) {
            let name = tool.name();
            if !folder.exists() {
                let version = self.version(tool)?;
                bail!("{name} {version} is not in {}: run `cargo xtask tools --only {name}`", self.cache.display());
            }
            check_sums(&folder).with_context(|| {
                format!(
                    "{name} is not what was built: remove {} and run `cargo xtask tools --only {name}`",
                    folder.display()
                )
            })?;
            checked.insert(tool);
        }
        Ok(folder)
    }

    /// A folder beside that of the tools, for what they made.
    pub(crate) fn sibling(&self, name: &str) -> PathBuf {
        self.cache.with_file_name(name)
    }

    /// Those of `wanted` that are not there.
    pub(crate) fn missing(&self, wanted: &[Tool]) -> Vec<Tool> {
        wanted.iter().copied().filter(|tool| !self.place(*tool).is_ok_and(|folder| folder.exists())).collect()
    }

    /// The pinned version of a tool.
    pub(crate) fn version(&self, tool: Tool) -> Result<&str> {
        Ok(self.lock.pin(tool)?.version.as_str())
    }

    /// Where a tool lies, or would.
    fn place(&self, tool: Tool) -> Result<PathBuf> {
        let pin = self.lock.pin(tool)?;
        let mut key = Sha256::new();
        let recipe = recipe::of(tool).describe(&pin.version);
        for part in [tool.name(), &pin.version, &pin.source, &recipe, std::env::consts::OS, std::env::consts::ARCH] {
            key.update(part);
            key.update([0]);
        }
        let key = hex(&key.finalize());
        let key = key.get(..12).unwrap_or_default();
        Ok(self.cache.join(format!("{}-{}-{key}", tool.name(), pin.version)))
    }
}

/// The folder that all clones of this user share.
fn cache() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("AKTUS_TOOLS") {
        return Ok(std::path::absolute(PathBuf::from(folder))?);
    }
    let home = || std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let base = base.or_else(|| match std::env::consts::OS {
        "macos" => home().map(|home| home.join("Library/Caches")),
        "windows" => std::env::var_os("LOCALAPPDATA").map(PathBuf::from),
        _ => home().map(|home| home.join(".cache")),
    });
    let base = base.ok_or_else(|| anyhow!("no home folder: set AKTUS_TOOLS to a folder for the tools"))?;
    Ok(base.join("aktus/tools"))
}

/// The file that lists the checksums of a tool's folder, as `sha256sum` writes them.
const SUMS: &str = "SHA256SUMS";

/// Errs when a file of the folder is not what it was when the folder was made.
fn check_sums(folder: &Path) -> Result<()> {
    let list = folder.join(SUMS);
    let text = fs::read_to_string(&list).with_context(|| format!("{} cannot be read", list.display()))?;
    for line in text.lines() {
        let (sum, name) = line.split_once("  ").ok_or_else(|| anyhow!("{} has the line `{line}`", list.display()))?;
        let file = folder.join(name);
        if sum_of(&file)? != sum {
            bail!("{} has another checksum than {SUMS} says", file.display());
        }
    }
    Ok(())
}

fn sum_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(hex(&Sha256::digest(&bytes)))
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
