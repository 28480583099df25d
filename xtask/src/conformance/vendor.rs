//! Puts charts that others of the same repository depend on into their `charts/`, which Helm would fetch from a registry.
//!
//! Only by name: whether the version fits is for the engine to say. Test data stays as it is, since what is missing
//! there is missing on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::corpus;

/// A chart folder by name, and the names that it depends on.
struct Known {
    folder: String,
    wants: Vec<String>,
}

/// Fills the `charts/` of every chart in `tree` as far as the tree has what is missing.
pub(super) fn fill(tree: &Path) -> Result<()> {
    let folders = corpus::chart_folders(&corpus::files(tree)?);
    let mut known = BTreeMap::new();
    for folder in folders.into_iter().filter(|folder| !folder.contains("testdata")) {
        let Ok(text) = fs::read(tree.join(&folder).join("Chart.yaml")) else { continue };
        let Ok(chart) = aktus_yaml::to_serde_json(&text) else { continue };
        let Some(name) = chart.get("name").and_then(Value::as_str) else { continue };
        let wants = chart.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        let wants = wants.filter_map(|entry| entry.get("name")?.as_str()).map(str::to_owned).collect();
        known.entry(name.to_owned()).or_insert(Known { folder, wants });
    }
    let mut done = BTreeSet::new();
    for name in known.keys() {
        fill_one(tree, name, &known, &mut done)?;
    }
    Ok(())
}

fn fill_one(tree: &Path, name: &str, known: &BTreeMap<String, Known>, done: &mut BTreeSet<String>) -> Result<()> {
    let Some(chart) = known.get(name) else { return Ok(()) };
    // Marked before its dependencies are looked at, so that a circle ends.
    if !done.insert(name.to_owned()) {
        return Ok(());
    }
    let charts = tree.join(&chart.folder).join("charts");
    for wanted in &chart.wants {
        fill_one(tree, wanted, known, done)?;
        let Some(source) = known.get(wanted) else { continue };
        if !has(&charts, wanted) && wanted != name {
            copy(&tree.join(&source.folder), &charts.join(wanted))?;
        }
    }
    Ok(())
}

/// Whether a folder or an archive of this name is there.
fn has(charts: &Path, name: &str) -> bool {
    let entries = fs::read_dir(charts).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).any(|entry| {
        entry == name
            || corpus::is_archive(&entry) && entry.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
    })
}

/// Copies a chart; where it goes may be inside it, as with a library that tries itself out in a chart of its own.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in corpus::files(from)? {
        let (source, target) = (from.join(&file), to.join(&file));
        if fs::symlink_metadata(&source)?.is_file() {
            fs::create_dir_all(target.parent().unwrap_or(to))?;
            fs::copy(source, target)?;
        }
    }
    Ok(())
}
