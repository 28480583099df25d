//! From files in memory to a chart: which file is what.
//!
//! Upstream: `LoadFiles` in Helm's `pkg/chart/v2/loader/load.go`, `pkg/chart/loader/load.go` in Helm 3.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use aktus_gotmpl::{Frozen, Profile};
use aktus_yaml::Json;

use super::archive::{self, ArchiveError, Budget};
use super::directory::DirectoryError;
use super::metadata::{Draft, Lock, ValidationError};
use super::{Chart, Contents, File, Inner};
use crate::limits::Limits;
use crate::path;
use crate::values::documents;

/// How to read a chart.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Which Helm to read as: Helm 3 takes the first document of a values.yaml, Helm 4 merges all.
    pub profile: Profile,
    /// The bounds.
    pub limits: Limits,
    /// A folder that links in a chart directory may lead into, beside the chart itself: a repository whose charts
    /// share files by links. Helm follows links anywhere.
    pub links_within: Option<PathBuf>,
}

impl LoadOptions {
    /// The default bounds, reading as `profile`.
    pub fn new(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// The same with links into this folder allowed.
    #[must_use]
    pub fn with_links_within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.links_within = Some(folder.into());
        self
    }

    /// The same within `limits`.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Why a chart was not loaded. Where Helm refuses too, the text is Helm's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is nothing at the path, or it cannot be read.
    #[error("reading the chart {}: {cause}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// The operating system's answer.
        cause: std::io::Error,
    },
    /// The path is a file, but no packed chart. Helm's text.
    #[error("file '{}' does not appear to be a gzipped archive; got '{content_type}'", path.display())]
    NotAnArchive {
        /// The path.
        path: PathBuf,
        /// What it looks like.
        content_type: &'static str,
    },
    /// The path is a YAML file. Helm's text.
    #[error("file '{}' seems to be a YAML file, but expected a gzipped archive", path.display())]
    YamlFile {
        /// The path.
        path: PathBuf,
    },
    /// The archive was refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The directory was refused.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// There is no Chart.yaml.
    #[error("Chart.yaml file is missing")]
    MissingChartYaml,
    /// Helm 4 found no Chart.yaml in a directory. Helm's text.
    #[error("unable to detect chart at {path}: open {path}: no such file or directory", path = path.display())]
    UndetectableChart {
        /// Where the Chart.yaml should be.
        path: PathBuf,
    },
    /// Helm 4 found no Chart.yaml in an archive. Helm's text.
    #[error("unable to detect chart version, no Chart.yaml found")]
    UndetectableVersion,
    /// An `apiVersion` that Helm 4 does not know.
    #[error("unsupported chart version")]
    UnsupportedVersion {
        /// The `apiVersion`.
        api_version: String,
    },
    /// A chart with `apiVersion: v3`, which Helm 4 loads but does not install.
    #[error("invalid chart apiVersion")]
    UninstallableVersion,
    /// A chart with `apiVersion: v3` and more sub-charts than its Chart.yaml lists, which trips Helm 4. Helm's text.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: unsupported chart dependency type"
    )]
    UncheckableDependencies,
    /// One of the chart's own files is not what it should be.
    #[error("cannot load {file}: {cause}")]
    File {
        /// Which file.
        file: &'static str,
        /// Go's words.
        cause: String,
    },
    /// The metadata is not acceptable.
    #[error(transparent)]
    Validation(#[from] ValidationError),
    /// A packed sub-chart lies in a directory under `charts/`.
    #[error("error unpacking subchart tar in {chart}: expected {expected}, got {found}")]
    MisplacedArchive {
        /// The parent chart.
        chart: String,
        /// The path it should have under `charts/`.
        expected: String,
        /// The path it has.
        found: String,
    },
    /// A sub-chart was not loaded.
    #[error("error unpacking subchart {subchart} in {chart}: {cause}")]
    Subchart {
        /// Its name under `charts/`.
        subchart: String,
        /// The parent chart.
        chart: String,
        /// Why.
        cause: Box<LoadError>,
    },
    /// The schema is larger than [`Limits::schema_bytes`].
    #[error("values.schema.json has {size} bytes, more than the maximum of {limit}")]
    SchemaTooLarge {
        /// Its size.
        size: usize,
        /// The bound.
        limit: usize,
    },
}

/// Where the files came from: Helm 4's errors depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Directory,
    Archive,
    Memory,
}

/// A root chart from its files.
pub(super) fn root(
    files: Vec<File>,
    origin: Origin,
    profile: Profile,
    budget: &mut Budget<'_>,
) -> Result<Chart, LoadError> {
    let api_version = match profile {
        Profile::Helm3 => String::new(),
        Profile::Helm4 => peek_version(&files, origin, budget.limits)?,
    };
    let chart = chart(files, profile, budget)?;
    match api_version.as_str() {
        "v3" if chart.dependencies().len() > chart.metadata().dependencies.iter().flatten().count() => {
            Err(LoadError::UncheckableDependencies)
        }
        "v3" => Err(LoadError::UninstallableVersion),
        _ => Ok(chart),
    }
}

/// Helm 4 chooses a loader by `apiVersion` before it loads anything.
fn peek_version(files: &[File], origin: Origin, limits: &Limits) -> Result<String, LoadError> {
    let Some(file) = files.iter().find(|file| file.name() == "Chart.yaml") else {
        return Err(match origin {
            Origin::Archive => LoadError::UndetectableVersion,
            Origin::Directory | Origin::Memory => LoadError::MissingChartYaml,
        });
    };
    let mut draft = Draft::default();
    let value = yaml(file.data(), "Chart.yaml", limits)?;
    // What else is wrong with it is said when it is loaded.
    let _decoded = draft.decode(&value, Profile::Helm4);
    match draft.api_version.as_str() {
        "" | "v1" | "v2" | "v3" => Ok(draft.api_version),
        other => Err(LoadError::UnsupportedVersion { api_version: other.to_owned() }),
    }
}

/// A chart from its files, and the charts under its `charts/`, whatever its apiVersion.
pub(super) fn chart(files: Vec<File>, profile: Profile, budget: &mut Budget<'_>) -> Result<Chart, LoadError> {
    let limits = budget.limits;
    let mut draft: Option<Draft> = None;
    for file in files.iter().filter(|file| file.name() == "Chart.yaml") {
        let draft = draft.get_or_insert_default();
        let value = yaml(file.data(), "Chart.yaml", limits)?;
        draft.decode(&value, profile).map_err(|cause| invalid("Chart.yaml", cause))?;
        if draft.api_version.is_empty() {
            "v1".clone_into(&mut draft.api_version);
        }
    }
    let mut contents = Contents::default();
    let mut values = Frozen::Nil;
    let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for file in &files {
        match file.name() {
            "Chart.yaml" => {}
            "Chart.lock" => contents.lock = lock(file, "Chart.lock", profile, limits)?,
            "values.yaml" => {
                values = documents::read(file.data(), profile, &limits.yaml)
                    .map_err(|error| invalid("values.yaml", error.to_string()))?;
            }
            "values.schema.json" => {
                let size = file.data().len();
                if size > limits.schema_bytes {
                    return Err(LoadError::SchemaTooLarge { size, limit: limits.schema_bytes });
                }
                contents.schema = Some(file.clone());
            }
            "requirements.yaml" => {
                let draft = draft.get_or_insert_default();
                let value = yaml(file.data(), "requirements.yaml", limits)?;
                draft.decode(&value, profile).map_err(|cause| invalid("requirements.yaml", cause))?;
                keep_if_v1(draft, file, &mut contents.files);
            }
            "requirements.lock" => {
                contents.lock = lock(file, "requirements.lock", profile, limits)?;
                keep_if_v1(draft.get_or_insert_default(), file, &mut contents.files);
            }
            name if name.starts_with("templates/") => contents.templates.push(file.clone()),
            name => match name.strip_prefix("charts/") {
                Some(inside) if path::extension(name) != ".prov" => {
                    let first = inside.split('/').next().unwrap_or(inside);
                    let renamed = File { name: inside.into(), data: Arc::clone(&file.data) };
                    subcharts.entry(first.to_owned()).or_default().push(renamed);
                }
                _ => contents.files.push(file.clone()),
            },
        }
    }
    let metadata = draft.ok_or(LoadError::MissingChartYaml)?.validate()?;
    contents.raw = files;
    let mut dependencies = Vec::new();
    for (name, files) in subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let subchart = if path::extension(&name) == ".tgz" {
            packed(&name, &files, &metadata.name, profile, budget)?
        } else {
            let files = files.iter().filter_map(|file| {
                let (_, inside) = file.name().split_once('/')?;
                Some(File { name: inside.into(), data: Arc::clone(&file.data) })
            });
            chart(files.collect(), profile, budget)
        };
        dependencies.push(subchart.map_err(|cause| LoadError::Subchart {
            subchart: name,
            chart: metadata.name.clone(),
            cause: Box::new(cause),
        })?);
    }
    Ok(Chart(Arc::new(Inner { metadata, values, contents: Arc::new(contents), dependencies })))
}

/// A sub-chart from the archive under `charts/`. The outer error is one that Helm does not wrap.
fn packed(
    name: &str,
    files: &[File],
    parent: &str,
    profile: Profile,
    budget: &mut Budget<'_>,
) -> Result<Result<Chart, LoadError>, LoadError> {
    let Some(file) = files.first() else {
        return Ok(Err(LoadError::MissingChartYaml));
    };
    if file.name() != name {
        return Err(LoadError::MisplacedArchive {
            chart: parent.to_owned(),
            expected: name.to_owned(),
            found: file.name().to_owned(),
        });
    }
    Ok(archive::read_nested(file.data(), budget, |files, budget| chart(files, profile, budget)))
}

fn keep_if_v1(draft: &Draft, file: &File, files: &mut Vec<File>) {
    if draft.api_version == "v1" {
        files.push(file.clone());
    } else {
        tracing::warn!(file = file.name(), "dependencies belong into Chart.yaml and Chart.lock since apiVersion v2");
    }
}

fn lock(file: &File, name: &'static str, profile: Profile, limits: &Limits) -> Result<Option<Lock>, LoadError> {
    let value = yaml(file.data(), name, limits)?;
    Lock::decode(&value, profile).map_err(|cause| invalid(name, cause))
}

fn yaml(text: &[u8], file: &'static str, limits: &Limits) -> Result<Json, LoadError> {
    aktus_yaml::read(text, &mut aktus_yaml::JsonBuilder, &limits.yaml).map_err(|error| invalid(file, error.to_string()))
}

fn invalid(file: &'static str, cause: String) -> LoadError {
    LoadError::File { file, cause }
}
