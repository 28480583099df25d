//! `cargo xtask oracle --plant`: does the comparison find bugs? Ten are planted, one at a time, in a copy of the sources.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::comparison;
use crate::command::root;

/// How many cases of each kind may pass before a bug counts as not found.
const CASES: &str = "120000";

/// A mistake that somebody could make.
#[derive(Deserialize)]
struct Bug {
    /// What goes wrong.
    name: String,
    /// Where, below `crates`.
    file: String,
    /// The right text, which must stand there once.
    find: String,
    /// The wrong one.
    put: String,
}

#[derive(Deserialize)]
struct Bugs {
    bug: Vec<Bug>,
}

/// Plants the bugs with this in their names. Errs when one is not found, or when something is "found" without any.
pub(super) fn all(go: &Path, wanted: &str) -> Result<()> {
    let mut bugs: Bugs = toml::from_str(include_str!("bugs.toml")).context("bugs.toml")?;
    bugs.bug.retain(|bug| bug.name.contains(wanted));
    if bugs.bug.is_empty() {
        bail!("no bug of xtask/src/oracle/bugs.toml has `{wanted}` in its name");
    }
    let copy = tempfile::tempdir()?;
    copy_folder(&root().join("crates"), &copy.path().join("crates"))?;
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    fs::write(copy.path().join("Cargo.toml"), manifest.replace("\"crates/*\", \"xtask\"", "\"crates/*\""))?;
    fs::copy(root().join("Cargo.lock"), copy.path().join("Cargo.lock"))?;

    let mut missed = Vec::new();
    eprintln!("{:<58}{:<11}{:>9}", "planted", "result", "seconds");
    if let Found::Yes(difference) = compare(copy.path(), go)? {
        bail!("without a bug the comparison must find nothing, but: {difference}");
    }
    for bug in &bugs.bug {
        let path = copy.path().join("crates").join(&bug.file);
        let right = fs::read_to_string(&path).with_context(|| bug.file.clone())?;
        let times = right.matches(&bug.find).count();
        if times != 1 {
            bail!("`{}` stands {times} times in {}; correct xtask/src/oracle/bugs.toml", bug.find, bug.file);
        }
        fs::write(&path, right.replace(&bug.find, &bug.put))?;
        let start = Instant::now();
        let found = compare(copy.path(), go)?;
        fs::write(&path, right)?;
        let result = match &found {
            Found::Yes(_) => "found",
            Found::No => {
                missed.push(bug.name.as_str());
                "NOT FOUND"
            }
        };
        eprintln!("{:<58}{result:<11}{:>9}", bug.name, start.elapsed().as_secs());
        if let Found::Yes(case) = found {
            eprintln!("    {case}");
        }
    }
    if !missed.is_empty() {
        bail!("the comparison does not find: {}", missed.join(", "));
    }
    eprintln!("all {} are found", bugs.bug.len());
    Ok(())
}

/// What a comparison says.
enum Found {
    /// A difference; the line that names the first.
    Yes(String),
    No,
}

fn compare(workspace: &Path, go: &Path) -> Result<Found> {
    let mut command = comparison(workspace, go);
    command.args(["--cases", CASES, "--show", "1", "--fail-fast"]);
    // A folder of its own: to cargo the copies are the workspace's own crates, so that what a bug was planted in would
    // be taken for what the workspace has, and end in its programs.
    let target = cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().exec()?.target_directory;
    let output = command.env("CARGO_TARGET_DIR", target.join("planted")).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let case = text.lines().find(|line| line.starts_with("case ")).unwrap_or("the summary").to_owned();
    match output.status.code() {
        Some(0) => Ok(Found::No),
        Some(1) => Ok(Found::Yes(case)),
        // Its own errors: the build failed, or Go's process ended.
        _ => bail!("the comparison itself failed with {}", output.status),
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
