//! What `helm dependency list` prints.
//!
//! Upstream: Helm's `pkg/action/dependency.go`, laid out by gosuri/uitable.

use std::fs;
use std::path::{Path, PathBuf};

use aktus_gotmpl::go::semver::{Constraints, Version};

use crate::chart::{Chart, Dependency, LoadOptions};
use crate::path;

/// Helm's `--max-col-width`.
pub const DEFAULT_COLUMN_WIDTH: usize = 80;

/// The table of a chart's dependencies and their states, and warnings of charts in `charts/` that nobody lists.
/// `directory` is where the chart was loaded from, as the user names it; `width` the widest that a column may be.
pub fn list(directory: &Path, chart: &Chart, options: &LoadOptions, width: usize) -> String {
    let shown = path::clean(&directory.display().to_string());
    let Some(listed) = &chart.metadata().dependencies else {
        return format!("WARNING: no dependencies at {}\n", path::clean(&format!("{shown}/charts")));
    };
    let mut rows = vec![["NAME", "VERSION", "REPOSITORY", "STATUS"].map(str::to_owned)];
    for dependency in listed {
        let state = state(directory, dependency, chart, options).to_owned();
        rows.push([dependency.name.clone(), dependency.version.clone(), dependency.repository.clone(), state]);
    }
    let mut text = table(&rows, width);
    text.push('\n');
    for entry in entries(&directory.join("charts")) {
        let is_archive = entry.extension().is_some_and(|ending| ending == "tgz");
        if !entry.is_dir() && !is_archive {
            continue;
        }
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let quoted = format!("{:?}", path::clean(&format!("{shown}/charts/{name}")));
        match Chart::from_path(&entry, options) {
            Err(_) => text.extend(["WARNING: ", &quoted, " is not a chart.\n"]),
            Ok(found) if !listed.iter().any(|dependency| dependency.name == found.name()) => {
                text.extend(["WARNING: ", &quoted, " is not in Chart.yaml.\n"]);
            }
            Ok(_) => {}
        }
    }
    text
}

/// What lies in a directory, sorted; nothing when there is none.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

/// Helm's `dependencyStatus`.
fn state(directory: &Path, dependency: &Dependency, parent: &Chart, options: &LoadOptions) -> &'static str {
    let pattern = format!("{}-*.tgz", dependency.name);
    let name_of = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut archives = entries(&directory.join("charts"));
    if path::matches(&pattern, "").is_err() {
        return "bad pattern";
    }
    archives.retain(|path| path::matches(&pattern, &name_of(path)).unwrap_or(false));
    if archives.len() > 1 {
        // Of several only those count whose name goes on with a version.
        archives.retain(|path| {
            let name = name_of(path);
            let version =
                name.strip_suffix(".tgz").and_then(|name| name.strip_prefix(&format!("{}-", dependency.name)));
            version.is_some_and(|version| Version::parse_strict(version.as_bytes()).is_ok())
        });
        if archives.len() > 1 {
            return "too many matches";
        }
    }
    if let [archive] = archives.as_slice()
        && archive.exists()
    {
        return match Chart::from_path(archive, options) {
            Err(_) => "corrupt",
            Ok(chart) if chart.name() != dependency.name => "misnamed",
            Ok(chart) => fits(dependency, chart.version()).unwrap_or("ok"),
        };
    }
    match parent.dependencies().iter().rfind(|chart| chart.name() == dependency.name) {
        None => "missing",
        Some(chart) => fits(dependency, chart.version()).unwrap_or("unpacked"),
    }
}

/// What is wrong with a version.
fn fits(dependency: &Dependency, version: &str) -> Option<&'static str> {
    if version == dependency.version {
        return None;
    }
    let constraints = Constraints::parse(dependency.version.as_bytes());
    let version = Version::parse(version.as_bytes());
    match (constraints, version) {
        (Ok(constraints), Ok(version)) if constraints.check(&version) => None,
        (Ok(_), Ok(_)) => Some("wrong version"),
        _ => Some("invalid version"),
    }
}

/// Rows as gosuri/uitable lays them out: cells padded to the widest of their column, with tabs between them.
fn table(rows: &[[String; 4]], width: usize) -> String {
    let letters = |text: &str| text.chars().count();
    let limit = if width == 0 { usize::MAX } else { width };
    let mut widths = [0_usize; 4];
    for row in rows {
        for (cell, widest) in row.iter().zip(&mut widths) {
            *widest = (*widest).max(letters(cell).min(limit));
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let length = letters(cell);
            if length > width {
                // The library writes a letter before it looks whether that was the last.
                let kept = width.saturating_sub(3).max(1);
                return cell.chars().take(kept).chain("...".chars()).collect();
            }
            format!("{cell}{}", " ".repeat(width - length))
        });
        text.push_str(&cells.collect::<Vec<String>>().join("\t"));
        text.push('\n');
    }
    text
}
