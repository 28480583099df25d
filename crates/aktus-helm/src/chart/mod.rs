//! What is in a chart? Metadata, templates, defaults, schema, other files, sub-charts.
//!
//! From a directory, an archive or files in memory to one immutable [`Chart`].

mod archive;
mod decode;
pub(crate) mod dependency;
mod directory;
mod gzip;
mod ignore;
mod load;
mod metadata;
mod pack;

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use aktus_gotmpl::{Frozen, Profile};

use self::archive::Budget;
use self::load::Origin;
use crate::limits::Limits;
use crate::path;
use crate::values::Values;

pub use archive::ArchiveError;
pub use directory::DirectoryError;
pub use ignore::IgnoreError;
pub use load::{LoadError, LoadOptions};
pub use metadata::{Dependency, Lock, Maintainer, Metadata, ValidationError};
pub use pack::pack;

pub(crate) use decode::Decoder;
pub(crate) use metadata::{DEPENDENCY, Draft, METADATA};

/// A file of a chart: a path below the chart's directory, and bytes. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    name: Arc<str>,
    data: Arc<[u8]>,
}

impl File {
    /// A file in memory.
    pub fn new(name: impl Into<Arc<str>>, data: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), data: data.into() }
    }

    /// The path, with slashes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The content, to be kept without a copy.
    pub(crate) fn shared(&self) -> &Arc<[u8]> {
        &self.data
    }
}

impl fmt::Debug for File {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} bytes)", self.name, self.data.len())
    }
}

/// A file under `crds/`: installed before everything else, never a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// The path from the root chart's name down, as in `# Source:` lines.
    pub source: String,
    /// The file.
    pub file: File,
}

/// A chart: immutable, `Send` and `Sync`, cheap to clone.
#[derive(Clone)]
pub struct Chart(Arc<Inner>);

struct Inner {
    metadata: Metadata,
    values: Frozen,
    contents: Arc<Contents>,
    dependencies: Vec<Chart>,
}

/// What processing dependencies never changes.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) raw: Vec<File>,
    pub(crate) templates: Vec<File>,
    pub(crate) files: Vec<File>,
    pub(crate) schema: Option<File>,
    pub(crate) lock: Option<Lock>,
}

impl Contents {
    /// The files under `crds/` that are manifests.
    pub(crate) fn crds(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| {
            let extension = path::extension(file.name()).to_ascii_lowercase();
            file.name().starts_with("crds/") && matches!(extension.as_str(), ".yaml" | ".yml" | ".json")
        })
    }
}

impl Chart {
    /// The chart in a directory, or in a packed file.
    pub fn from_path(path: &Path, options: &LoadOptions) -> Result<Self, LoadError> {
        let metadata = fs::metadata(path).map_err(|cause| LoadError::Io { path: path.to_owned(), cause })?;
        if metadata.is_dir() {
            return Self::from_directory(path, options);
        }
        Self::from_archive(&read_archive(path, &options.limits)?, options)
    }

    /// The chart in a directory, without what its `.helmignore` names.
    pub fn from_directory(directory: &Path, options: &LoadOptions) -> Result<Self, LoadError> {
        if options.profile == Profile::Helm4 && !directory.join("Chart.yaml").exists() {
            let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
            return Err(LoadError::UndetectableChart { path: directory.join("Chart.yaml") });
        }
        let files = directory::read(directory, &options.limits, options.links_within.as_deref())?;
        let mut budget = Budget::new(&options.limits);
        load::root(files, Origin::Directory, options.profile, &mut budget)
    }

    /// The chart in a `.tgz`.
    pub fn from_archive(archive: &[u8], options: &LoadOptions) -> Result<Self, LoadError> {
        let mut budget = Budget::new(&options.limits);
        let files = archive::read(archive, &mut budget)?;
        load::root(files, Origin::Archive, options.profile, &mut budget)
    }

    /// The chart made of files in memory; their paths begin at the chart's directory.
    ///
    /// ```
    /// use aktus_helm::{Chart, LoadOptions};
    ///
    /// let chart = Chart::from_files(
    ///     [("Chart.yaml", &b"apiVersion: v2\nname: web\nversion: 1.0.0"[..])],
    ///     &LoadOptions::default(),
    /// )?;
    /// assert_eq!(chart.metadata().name, "web");
    /// # Ok::<(), aktus_helm::LoadError>(())
    /// ```
    pub fn from_files<N, D>(files: impl IntoIterator<Item = (N, D)>, options: &LoadOptions) -> Result<Self, LoadError>
    where
        N: Into<Arc<str>>,
        D: AsRef<[u8]>,
    {
        let files =
            files.into_iter().map(|(name, data)| File::new(name, archive::without_bom(data.as_ref()))).collect();
        let mut budget = Budget::new(&options.limits);
        load::root(files, Origin::Memory, options.profile, &mut budget)
    }

    /// The chart made of files, whatever its apiVersion, as the loader of Helm 4's linter makes it.
    pub(crate) fn of_any_version(files: Vec<File>, options: &LoadOptions) -> Result<Self, LoadError> {
        load::chart(files, options.profile, &mut Budget::new(&options.limits))
    }

    /// The Chart.yaml.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The chart's name, or the alias it goes by after dependencies were processed.
    pub fn name(&self) -> &str {
        &self.0.metadata.name
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        &self.0.metadata.version
    }

    /// The defaults of values.yaml.
    pub fn values(&self) -> Values {
        Values::from_frozen(&self.0.values)
    }

    /// The defaults of values.yaml: a map, or nil where there is no values.yaml.
    pub fn default_values(&self) -> &Frozen {
        &self.0.values
    }

    /// The sub-charts: as loaded, sorted by their name under `charts/`.
    pub fn dependencies(&self) -> &[Self] {
        &self.0.dependencies
    }

    /// The files under `templates/`.
    pub fn templates(&self) -> &[File] {
        &self.0.contents.templates
    }

    /// The files that templates can read through `.Files`.
    pub fn files(&self) -> &[File] {
        &self.0.contents.files
    }

    /// The manifests under `crds/`, without those of sub-charts.
    pub fn crds(&self) -> impl Iterator<Item = &File> {
        self.0.contents.crds()
    }

    /// The same chart with another Chart.yaml, which is not checked.
    pub(crate) fn with_metadata(&self, metadata: Metadata) -> Self {
        let Inner { values, contents, dependencies, .. } = &*self.0;
        Self(Arc::new(Inner {
            metadata,
            values: values.clone(),
            contents: Arc::clone(contents),
            dependencies: dependencies.clone(),
        }))
    }

    /// Every file of the chart as it was read.
    pub fn raw(&self) -> &[File] {
        &self.0.contents.raw
    }

    /// The text of values.schema.json.
    pub fn schema(&self) -> Option<&[u8]> {
        self.0.contents.schema.as_ref().map(File::data)
    }

    /// The Chart.lock.
    pub fn lock(&self) -> Option<&Lock> {
        self.0.contents.lock.as_ref()
    }

    /// The dependencies that Chart.yaml lists and `charts/` lacks. Helm refuses to install such a chart.
    pub fn missing_dependencies(&self) -> Vec<&str> {
        let listed = self.metadata().dependencies.iter().flatten();
        listed
            .map(|dependency| dependency.name.as_str())
            .filter(|name| !self.dependencies().iter().any(|chart| chart.name() == *name))
            .collect()
    }
}

/// The bytes of a packed chart, or what is there instead.
fn read_archive(path: &Path, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    let io_error = |cause| LoadError::Io { path: path.to_owned(), cause };
    let mut archive = Vec::new();
    let most = limits.compressed_bytes.saturating_add(1);
    let file = fs::File::open(path).map_err(io_error)?;
    file.take(most).read_to_end(&mut archive).map_err(io_error)?;
    if gzip::is_gzip(&archive) {
        return Ok(archive);
    }
    let path = path.to_owned();
    Err(match path.extension() {
        Some(end) if end == "yaml" || end == "yml" => LoadError::YamlFile { path },
        _ => LoadError::NotAnArchive { path, content_type: content_type(&archive) },
    })
}

/// The files of a chart's directory, without a look at what they say.
pub(crate) fn directory_files(path: &Path, options: &LoadOptions) -> Result<Vec<File>, LoadError> {
    Ok(directory::read(path, &options.limits, options.links_within.as_deref())?)
}

/// The files of a packed chart, without a look at what they say.
pub(crate) fn archive_files(path: &Path, limits: &Limits) -> Result<Vec<File>, LoadError> {
    let archive = read_archive(path, limits)?;
    Ok(archive::read(&archive, &mut Budget::new(limits))?)
}

/// What Go's `http.DetectContentType` takes a file for that was given instead of a chart, as far as such files go.
/// Helm gives it 512 bytes, zeros where the file is shorter, and zeros are not text.
fn content_type(file: &[u8]) -> &'static str {
    const SIGNATURES: [(&[u8], &str); 8] = [
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"Rar!\x1A\x07\x00", "application/x-rar-compressed"),
        (b"\x89PNG\r\n\x1A\n", "image/png"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"\xEF\xBB\xBF", "text/plain; charset=utf-8"),
        (b"\xFE\xFF", "text/plain; charset=utf-16be"),
        (b"\xFF\xFE", "text/plain; charset=utf-16le"),
    ];
    if let Some((_, found)) = SIGNATURES.iter().find(|(signature, _)| file.starts_with(signature)) {
        return found;
    }
    let text = file.trim_ascii_start();
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    let head = text.get(..15).unwrap_or(text).to_ascii_lowercase();
    if head.starts_with(b"<html>") || head.starts_with(b"<html ") || head.starts_with(b"<!doctype html>") {
        return "text/html; charset=utf-8";
    }
    let binary = |byte: &u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    match file.get(..512) {
        Some(start) if !start.iter().any(binary) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

impl fmt::Debug for Chart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Chart")
            .field("name", &self.metadata().name)
            .field("version", &self.metadata().version)
            .field("dependencies", &self.dependencies())
            .finish_non_exhaustive()
    }
}
