//! Which charts lie in a folder?

use std::fs;
use std::path::{Path, PathBuf};

/// The charts in these folders, without those that are parts of others.
pub(crate) fn charts(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        find(folder, &mut found);
    }
    found
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.join("Chart.yaml").is_file() {
        found.push(folder.to_owned());
        return;
    }
    for entry in sorted(folder) {
        if entry.is_dir() && !entry.is_symlink() {
            find(&entry, found);
        }
    }
}

/// The files of a chart that are plain YAML: values and definitions, those of its parts included.
pub(crate) fn yaml_files(chart: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in sorted(chart) {
        let name = entry.file_name().unwrap_or_default();
        if name == "values.yaml" {
            found.push(entry);
        } else if name == "crds" {
            found.extend(sorted(&entry).into_iter().filter(|file| file.extension().is_some_and(|end| end == "yaml")));
        } else if name == "charts" {
            found.extend(sorted(&entry).iter().flat_map(|part| yaml_files(part)));
        }
    }
    found
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
