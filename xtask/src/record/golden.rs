//! `cargo xtask record golden`: what real Helm makes of the example chart, for every values file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::HELMS;
use crate::command::{output, root};
use crate::tools::{Tool, Tools, ensure};

/// Arguments of `cargo xtask record golden`
#[derive(Args)]
pub(crate) struct Golden {
    /// Write nothing, say what differs
    #[arg(long)]
    pub(crate) check: bool,
}

impl Golden {
    pub(crate) fn run(&self, tools: &Tools) -> Result<()> {
        for helm in HELMS {
            if self.check {
                Self::check_with(tools, helm)?;
            } else {
                Self::record_with(tools, helm)?;
            }
        }
        Ok(())
    }

    /// Errs when a helm makes something else than was recorded of it.
    pub(crate) fn check_with(tools: &Tools, helm: Tool) -> Result<()> {
        let found = ask(tools, helm)?;
        let recorded = recorded(helm)?;
        let names = found.keys().chain(recorded.keys().filter(|name| !found.contains_key(*name)));
        let different: Vec<&str> =
            names.filter(|name| found.get(*name) != recorded.get(*name)).map(String::as_str).collect();
        if !different.is_empty() {
            bail!("{} recordings are not what {} makes now: {}", different.len(), helm.name(), different.join(", "));
        }
        eprintln!("{} recordings of the example chart are what {} makes, byte for byte", found.len(), helm.name());
        Ok(())
    }

    fn record_with(tools: &Tools, helm: Tool) -> Result<()> {
        let found = ask(tools, helm)?;
        let folder = folder();
        fs::create_dir_all(&folder)?;
        for name in recorded(helm)?.keys().filter(|name| !found.contains_key(*name)) {
            fs::remove_file(folder.join(name))?;
        }
        for (name, text) in &found {
            fs::write(folder.join(name), text)?;
        }
        eprintln!("{} recordings of {} in {}", found.len(), helm.name(), folder.display());
        Ok(())
    }
}

fn folder() -> PathBuf {
    root().join("fixtures/example/golden")
}

/// The recordings of a helm, by file name.
fn recorded(helm: Tool) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut recorded = BTreeMap::new();
    let folder = folder();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.split('.').any(|part| part == helm.name()) {
            recorded.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(recorded)
}

/// What a helm makes of each values file, by the name of the recording.
fn ask(tools: &Tools, helm: Tool) -> Result<BTreeMap<String, Vec<u8>>> {
    ensure(tools, &[helm])?;
    let program = tools.path(helm)?;
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("fixtures/example/values"))? {
        let values = entry?.path();
        let name = values.file_stem().unwrap_or_default().to_string_lossy();
        let mut command = Command::new(&program);
        command.current_dir(root());
        command.args([
            "template",
            "aktus-ai-platform",
            "charts/aktus-platform",
            "--namespace",
            "aktus-ai-platform-dev",
        ]);
        command.arg("--values").arg(&values);
        let output = output(&mut command)?;
        let (ending, text) = if output.status.success() { ("yaml", output.stdout) } else { ("error", output.stderr) };
        found.insert(format!("{name}.{}.{ending}", helm.name()), text);
    }
    Ok(found)
}
