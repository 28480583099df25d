//! Which archive is a chart shipped as? The layout of `helm package`.
//!
//! Upstream: `writeTarContents` in Helm's `pkg/chart/v2/util/save.go`. Unlike there the archive is the same every time:
//! no entry has a time, and the gzip header has neither name nor comment.

use std::io;

use aktus_gotmpl::Profile;
use aktus_gotmpl::go::semver::Version;
use flate2::{Compression, GzBuilder};

use crate::chart::{Chart, File};
use crate::record;

/// What `helm package` is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageOptions {
    /// `--version`
    pub version: Option<String>,
    /// `--app-version`
    pub app_version: Option<String>,
}

/// A packed chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packaged {
    /// `name-version.tgz`.
    pub file_name: String,
    /// The archive.
    pub archive: Vec<u8>,
}

/// Why a chart was not packed. The texts are Helm's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The version is none.
    #[error("{0}")]
    Version(String),
    /// Chart.yaml lists charts that are not there.
    #[error("found in Chart.yaml, but missing in charts/ directory: {}", names.join(", "))]
    MissingDependencies {
        /// Their names.
        names: Vec<String>,
    },
    /// values.schema.json is no JSON.
    #[error("failed to save: {} JSON in values.schema.json", if *profile == Profile::Helm3 { "Invalid" } else { "invalid" })]
    Schema {
        /// Whose words to use.
        profile: Profile,
    },
    /// A path cannot be written into an archive.
    #[error("failed to save: {0}")]
    Archive(#[from] io::Error),
}

/// Packs a chart and everything below it.
///
/// ```
/// use aktus_helm::package::{PackageOptions, package};
/// use aktus_helm::{Chart, LoadOptions, Profile};
///
/// let files = [("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"), ("templates/a.yaml", "kind: A")];
/// let chart = Chart::from_files(files, &LoadOptions::default())?;
/// let options = PackageOptions { version: Some("1.1.0".into()), ..PackageOptions::default() };
/// let packed = package(&chart, &options, Profile::Helm4)?;
/// assert_eq!(packed.file_name, "web-1.1.0.tgz");
/// assert_eq!(Chart::from_archive(&packed.archive, &LoadOptions::default())?.version(), "1.1.0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn package(chart: &Chart, options: &PackageOptions, profile: Profile) -> Result<Packaged, PackageError> {
    let mut metadata = chart.metadata().clone();
    if let Some(version) = options.version.as_ref().filter(|version| !version.is_empty()) {
        metadata.version.clone_from(version);
    }
    Version::parse(metadata.version.as_bytes()).map_err(|error| PackageError::Version(error.to_string()))?;
    if let Some(version) = options.app_version.as_ref().filter(|version| !version.is_empty()) {
        metadata.app_version.clone_from(version);
    }
    let missing = chart.missing_dependencies();
    if !missing.is_empty() {
        return Err(PackageError::MissingDependencies { names: missing.into_iter().map(str::to_owned).collect() });
    }
    let file_name = format!("{}-{}.tgz", metadata.name, metadata.version);
    let archive = archive(&chart.with_metadata(metadata), profile)?;
    Ok(Packaged { file_name, archive })
}

/// The archive of a chart as it is.
pub(crate) fn archive(chart: &Chart, profile: Profile) -> Result<Vec<u8>, PackageError> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    write_chart(&mut tar, chart, "", profile)?;
    Ok(tar.into_inner()?.finish()?)
}

fn write_chart<W: io::Write>(
    tar: &mut tar::Builder<W>,
    chart: &Chart,
    prefix: &str,
    profile: Profile,
) -> Result<(), PackageError> {
    let base = format!("{prefix}{}/", chart.name());
    let mut metadata = chart.metadata().clone();
    if metadata.api_version == "v1" {
        // There they stand in requirements.yaml, which is among the files.
        metadata.dependencies = None;
    }
    write(tar, &format!("{base}Chart.yaml"), metadata.to_yaml().as_bytes())?;
    if metadata.api_version == "v2"
        && let Some(lock) = chart.lock()
    {
        let text = aktus_yaml::write_v2(&record::lock(lock)).map_err(io::Error::other)?;
        write(tar, &format!("{base}Chart.lock"), text.as_bytes())?;
    }
    for values in chart.raw().iter().filter(|file| file.name() == "values.yaml") {
        write(tar, &format!("{base}values.yaml"), values.data())?;
    }
    if let Some(schema) = chart.schema() {
        let read = aktus_yaml::json::read(schema, &mut aktus_yaml::JsonBuilder, &aktus_yaml::Limits::JSON);
        if read.is_err() {
            return Err(PackageError::Schema { profile });
        }
        write(tar, &format!("{base}values.schema.json"), schema)?;
    }
    for file in chart.templates().iter().chain(chart.files()) {
        write(tar, &format!("{base}{}", file.name()), File::data(file))?;
    }
    for below in chart.dependencies() {
        write_chart(tar, below, &format!("{base}charts/"), profile)?;
    }
    Ok(())
}

/// A file as Go's `archive/tar` writes it: mode 0644, nobody's.
fn write<W: io::Write>(tar: &mut tar::Builder<W>, path: &str, data: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_device_major(0)?;
    header.set_device_minor(0)?;
    if header.set_path(path).is_ok() {
        header.set_cksum();
        return tar.append(&header, data);
    }
    // Longer than the old header can say: the name goes before it.
    let mut header = tar::Header::new_gnu();
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, path, data)
}
