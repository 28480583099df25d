//! Which charts lie under a folder, and with which values files is each of them a case?
//!
//! Repositories are read at their newest commit and laid out in the cache, so that nothing of theirs is changed
//! and a chart lies at the same place in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::command::output;
use crate::tools::hex;

use super::vendor;

/// A repository at a commit, or a folder without one.
pub(super) struct Repository {
    /// `owner/name`: the path below the folder that was given.
    pub(super) name: String,
    /// The commit; empty for a folder that is no repository.
    pub(super) commit: String,
    /// Where its files lie.
    pub(super) tree: PathBuf,
    pub(super) charts: Vec<Chart>,
}

/// A folder or an archive with a chart.
pub(super) struct Chart {
    /// From the root of the repository, with slashes.
    pub(super) path: String,
    /// SHA-256 over the names and contents of its files.
    pub(super) digest: String,
    /// Values files beside the default values, from the root of the repository.
    pub(super) values: Vec<String>,
}

/// One way to render a chart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case {
    pub(super) chart: String,
    pub(super) values: Option<String>,
    /// Further flags of `helm template`.
    pub(super) arguments: Vec<String>,
}

impl Case {
    /// The case in one line.
    pub(super) fn show(&self) -> String {
        let values = self.values.as_deref().unwrap_or("(default values)");
        format!("{} {values} {}", self.chart, self.arguments.join(" ")).trim_end().to_owned()
    }
}

impl Repository {
    /// Every chart with its default values and with each of its values files.
    pub(super) fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for chart in &self.charts {
            let values = std::iter::once(None).chain(chart.values.iter().cloned().map(Some));
            cases.extend(values.map(|values| Case { chart: chart.path.clone(), values, arguments: Vec::new() }));
        }
        cases
    }

    /// The chart of a case.
    pub(super) fn chart(&self, case: &Case) -> Option<&Chart> {
        self.charts.iter().find(|chart| chart.path == case.chart)
    }
}

/// Finds the repositories at `folder`, `folder/NAME` and `folder/OWNER/NAME`; without any, the folder itself is taken.
pub(super) fn find(folder: &Path, cache: &Path) -> Result<Vec<Repository>> {
    let mut found = Vec::new();
    if is_repository(folder) {
        found.push((own_name(folder), folder.to_path_buf()));
    } else {
        for owner in folders(folder)? {
            if is_repository(&owner) {
                found.push((own_name(&owner), owner));
                continue;
            }
            for repository in folders(&owner)?.into_iter().filter(|path| is_repository(path)) {
                found.push((format!("{}/{}", own_name(&owner), own_name(&repository)), repository));
            }
        }
    }
    if found.is_empty() {
        let charts = charts(folder)?;
        let tree = std::path::absolute(folder)?;
        return Ok(vec![Repository { name: own_name(&tree), commit: String::new(), tree, charts }]);
    }
    found.sort();
    found.into_iter().map(|(name, path)| lay_out(name, &path, cache)).collect()
}

fn lay_out(name: String, repository: &Path, cache: &Path) -> Result<Repository> {
    let commit = git(repository, &["rev-parse", "HEAD"])?;
    let tree = cache.join("trees").join(format!("{}-{}", name.replace('/', "+"), commit.get(..12).unwrap_or(&commit)));
    if !tree.exists() {
        let parent = tree.parent().context("a cache has a parent")?;
        fs::create_dir_all(parent)?;
        let work = tempfile::tempdir_in(parent)?;
        let index = Index { directory: git_directory(repository)?, work: work.path() };
        index.run(&["read-tree", &commit], "")?;
        let listed = index.run(&["ls-files", "-z"], "")?;
        let listed: BTreeSet<String> = listed.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect();
        // Only charts: a snapshot may lack large files that are no part of them.
        let mut wanted = chart_folders(&listed);
        let archives = listed.iter().filter(|file| is_archive(file));
        wanted.extend(archives.cloned());
        let mut asked = BTreeSet::new();
        while !wanted.is_empty() {
            let files = listed.iter().filter(|file| wanted.iter().any(|folder| is_below(file, folder)));
            index.run(
                &["checkout-index", "-z", "--force", "--stdin", "--prefix=tree/"],
                &files.cloned().collect::<Vec<_>>().join("\0"),
            )?;
            // A link may lead nowhere, so each target is asked for once.
            wanted = link_targets(&work.path().join("tree"))?;
            wanted.retain(|target| asked.insert(target.clone()));
        }
        vendor::fill(&work.path().join("tree"))?;
        fs::rename(work.path().join("tree"), &tree)?;
    }
    let charts = charts(&tree)?;
    Ok(Repository { name, commit, tree, charts })
}

/// An index of git's of our own, so that the repository stays as it is.
struct Index<'a> {
    directory: PathBuf,
    work: &'a Path,
}

impl Index<'_> {
    fn run(&self, arguments: &[&str], input: &str) -> Result<String> {
        let from = self.work.join("input");
        fs::write(&from, input)?;
        let mut command = Command::new("git");
        command.current_dir(self.work).env("GIT_INDEX_FILE", self.work.join("index")).env("GIT_WORK_TREE", self.work);
        let done = output(command.env("GIT_DIR", &self.directory).args(arguments).stdin(fs::File::open(from)?))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            bail!("git {} in {}: {said}", arguments.join(" "), self.directory.display());
        }
        Ok(String::from_utf8(done.stdout)?)
    }
}

fn is_below(file: &str, folder: &str) -> bool {
    folder.is_empty() || file == folder || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Where links of the tree lead inside it, if nothing is there yet.
fn link_targets(tree: &Path) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for file in files(tree)? {
        let path = tree.join(&file);
        if !path.is_symlink() || path.exists() {
            continue;
        }
        let mut parts: Vec<String> = file.split('/').map(str::to_owned).collect();
        parts.pop();
        for part in fs::read_link(&path)?.to_string_lossy().split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                name => parts.push(name.to_owned()),
            }
        }
        let target = parts.join("/");
        if !target.is_empty() {
            missing.push(target);
        }
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

fn git(repository: &Path, arguments: &[&str]) -> Result<String> {
    let done = output(Command::new("git").arg("-C").arg(repository).args(arguments))?;
    if !done.status.success() {
        bail!("git {} in {}: {}", arguments.join(" "), repository.display(), String::from_utf8_lossy(&done.stderr));
    }
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

fn git_directory(repository: &Path) -> Result<PathBuf> {
    git(repository, &["rev-parse", "--absolute-git-dir"]).map(PathBuf::from)
}

fn is_repository(path: &Path) -> bool {
    path.join(".git").exists() || (path.join("HEAD").is_file() && path.join("objects").is_dir())
}

fn own_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The files below a folder that are no links, as paths from `root`, without `.git`.
pub(super) fn files(root: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() && entry.file_name() != ".git" {
                open.push(path);
            } else if !kind.is_dir() {
                found.insert(path.strip_prefix(root)?.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

/// The folders with a chart among these files, without sub-charts.
pub(super) fn chart_folders(files: &BTreeSet<String>) -> Vec<String> {
    let all: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| if file == "Chart.yaml" { Some("") } else { file.strip_suffix("/Chart.yaml") })
        .collect();
    all.iter().filter(|folder| !is_inside_charts(folder, &all)).map(|folder| (*folder).to_owned()).collect()
}

/// Whether a path lies in the `charts` folder of one of the charts.
fn is_inside_charts(path: &str, charts: &BTreeSet<&str>) -> bool {
    path == "charts" || path.starts_with("charts/") && charts.contains("") || {
        let inner = path.match_indices("/charts/").map(|(at, _)| at);
        inner.into_iter().any(|at| charts.contains(&path[..at]))
    }
}

fn charts(tree: &Path) -> Result<Vec<Chart>> {
    let files = files(tree)?;
    let mut folders = chart_folders(&files);
    let known: BTreeSet<&str> = folders.iter().map(String::as_str).collect();
    let archives = files.iter().filter(|file| is_archive(file) && !is_inside_charts(file, &known));
    let archives: Vec<String> = archives.cloned().collect();
    let mut below: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for folder in &folders {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mine = files.range(prefix.clone()..).take_while(|file| file.starts_with(&prefix));
        below.insert(folder.clone(), mine.map(String::as_str).collect());
    }
    folders.extend(archives);
    let charts = folders.into_iter().map(|path| {
        let mine = below.get(&path).cloned().unwrap_or_else(|| vec![path.as_str()]);
        let prefix = if path.is_empty() { 0 } else { path.len() + 1 };
        let is_values = |file: &&&str| file.get(prefix..).is_some_and(is_values_file);
        let values = mine.iter().filter(is_values).map(|file| (*file).to_owned()).collect();
        let digest = digest(tree, &mine)?;
        Ok(Chart { path, digest, values })
    });
    charts.collect()
}

/// Whether a path is that of a packed chart.
pub(super) fn is_archive(path: &str) -> bool {
    extension(path) == Some("tgz")
}

fn extension(path: &str) -> Option<&str> {
    Path::new(path).extension()?.to_str()
}

/// Whether a file of a chart holds values to try: all of `ci`, and what is called values in the chart's own folder
/// or among examples.
fn is_values_file(path: &str) -> bool {
    if !matches!(extension(path), Some("yaml" | "yml")) || path == "values.yaml" {
        return false;
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut parents = folder.split('/');
    match parents.next() {
        Some("ci") => true,
        Some("" | "example" | "examples") => name.contains("values"),
        _ => false,
    }
}

fn digest(tree: &Path, files: &[&str]) -> Result<String> {
    let mut digest = Sha256::new();
    for file in files {
        let path = tree.join(file);
        let content = if path.is_symlink() {
            fs::read_link(&path)?.to_string_lossy().into_owned().into_bytes()
        } else {
            fs::read(&path)?
        };
        digest.update(file);
        digest.update([0]);
        digest.update(Sha256::digest(&content));
    }
    Ok(hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_charts_are_no_charts_of_their_own() {
        let files = ["a/Chart.yaml", "a/charts/b/Chart.yaml", "charts/c/Chart.yaml", "charts/c/templates/x.yaml"];
        let files = files.into_iter().map(str::to_owned).collect();
        assert_eq!(chart_folders(&files), ["a", "charts/c"]);
    }

    #[test]
    fn values_files() {
        for (path, expected) in [
            ("values.yaml", false),
            ("values-production.yaml", true),
            ("ci/x.yaml", true),
            ("ci/x.txt", false),
            ("examples/small/values.yaml", true),
            ("examples/small/pod.yaml", false),
            ("templates/values.yaml", false),
        ] {
            assert_eq!(is_values_file(path), expected, "{path}");
        }
    }
}
