//! From the list in Chart.yaml to archives in `charts/` and a Chart.lock.
//!
//! Upstream: Helm's `pkg/downloader/manager.go` and `internal/resolver/resolver.go`. Unlike there nothing is written
//! before everything has been fetched and read, the digest that an index gives is held against the archive, and no
//! configuration of Helm's is read: repositories are addresses, not names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

use aktus_gotmpl::go::semver::{Constraints, Version};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::error::UpdateError;
use super::lock;
use crate::chart::{Chart, Dependency, LoadOptions};
use crate::oci::{Keychain, PullError, Puller, Reference};
use crate::package;
use crate::path;
use crate::repository::{self, Entry, INDEX_BYTES};

/// How registries and repositories are asked.
#[derive(Clone, Copy)]
pub struct Remote<'a> {
    /// Who asks.
    pub puller: &'a Puller,
    /// The credentials for registries. Classic repositories get none.
    pub keychain: &'a dyn Keychain,
    /// When to give up.
    pub until: Instant,
}

impl std::fmt::Debug for Remote<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Remote").field("puller", self.puller).finish_non_exhaustive()
    }
}

/// `helm dependency update`: chooses versions anew, fetches them, and writes Chart.lock when the choice has changed.
/// `say` gets a line for each thing done, as Helm prints them.
pub async fn update(
    directory: &Path,
    options: &LoadOptions,
    remote: &Remote<'_>,
    now: Timestamp,
    say: &mut dyn FnMut(&str),
) -> Result<(), UpdateError> {
    let chart = load(directory, options)?;
    let Some(wanted) = chart.metadata().dependencies.clone() else { return Ok(()) };
    let mut job = Job { directory, options, remote, indexes: BTreeMap::new() };
    let mut chosen = job.choose(&wanted, say).await?;
    job.fetch_all(&mut chosen, say).await?;
    let digest = lock::digest(&wanted, &chosen);
    if chart.lock().is_some_and(|lock| lock.digest == digest) {
        return Ok(());
    }
    let name = if is_v1(&chart) { "requirements.lock" } else { "Chart.lock" };
    write(&directory.join(name), lock::lock_text(digest, chosen, now).as_bytes())
}

/// `helm dependency build`: fetches what Chart.lock says; without one, as [`update`].
pub async fn build(
    directory: &Path,
    options: &LoadOptions,
    remote: &Remote<'_>,
    now: Timestamp,
    say: &mut dyn FnMut(&str),
) -> Result<(), UpdateError> {
    let chart = load(directory, options)?;
    let Some(lock) = chart.lock() else { return update(directory, options, remote, now, say).await };
    let wanted = chart.metadata().dependencies.clone().unwrap_or_default();
    let mut chosen = lock.dependencies.clone().unwrap_or_default();
    if lock::digest(&wanted, &chosen) != lock.digest {
        return Err(UpdateError::OutOfSync { v1: is_v1(&chart) });
    }
    let mut job = Job { directory, options, remote, indexes: BTreeMap::new() };
    job.fetch_all(&mut chosen, say).await
}

fn is_v1(chart: &Chart) -> bool {
    chart.metadata().api_version == "v1"
}

fn load(directory: &Path, options: &LoadOptions) -> Result<Chart, UpdateError> {
    let metadata = fs::metadata(directory).map_err(|cause| UpdateError::Io { path: directory.to_owned(), cause })?;
    if !metadata.is_dir() {
        return Err(UpdateError::Packed);
    }
    Chart::from_directory(directory, options)
        .map_err(|cause| UpdateError::Load { path: directory.to_owned(), cause: Box::new(cause) })
}

/// Where a dependency comes from.
enum Place<'a> {
    /// `charts/` itself.
    Here,
    /// A directory.
    Directory(&'a str),
    /// A registry.
    Registry,
    /// A classic repository.
    Repository,
}

fn place(dependency: &Dependency) -> Result<Place<'_>, UpdateError> {
    let repository = dependency.repository.as_str();
    if repository.is_empty() {
        Ok(Place::Here)
    } else if let Some(directory) = repository.strip_prefix("file://") {
        Ok(Place::Directory(directory))
    } else if repository.starts_with("oci://") {
        Ok(Place::Registry)
    } else if repository.starts_with("https://") || repository.starts_with("http://") {
        Ok(Place::Repository)
    } else {
        Err(UpdateError::Alias { name: dependency.name.clone(), repository: repository.to_owned() })
    }
}

fn constraints(dependency: &Dependency) -> Result<Constraints, UpdateError> {
    Constraints::parse(dependency.version.as_bytes())
        .map_err(|cause| UpdateError::Constraint { name: dependency.name.clone(), cause })
}

fn satisfies(constraints: &Constraints, version: &str) -> bool {
    Version::parse(version.as_bytes()).is_ok_and(|version| constraints.check(&version))
}

struct Job<'a> {
    directory: &'a Path,
    options: &'a LoadOptions,
    remote: &'a Remote<'a>,
    /// The indexes read so far, by repository.
    indexes: BTreeMap<String, Vec<u8>>,
}

impl Job<'_> {
    /// The version of each dependency.
    async fn choose(
        &mut self,
        wanted: &[Dependency],
        say: &mut dyn FnMut(&str),
    ) -> Result<Vec<Dependency>, UpdateError> {
        let mut chosen = Vec::with_capacity(wanted.len());
        let mut missing = Vec::new();
        for dependency in wanted {
            let constraints = constraints(dependency)?;
            let version = match place(dependency)? {
                Place::Here => {
                    self.local(&format!("charts/{}", dependency.name))?;
                    Some(dependency.version.clone())
                }
                Place::Directory(directory) => {
                    let chart = self.load_local(directory)?;
                    satisfies(&constraints, chart.version()).then(|| chart.version().to_owned())
                }
                Place::Registry if Version::parse(dependency.version.as_bytes()).is_ok() => {
                    Some(dependency.version.clone())
                }
                Place::Registry => {
                    let reference = reference(dependency, None)?;
                    let Remote { puller, keychain, until } = *self.remote;
                    let versions = puller.versions(&reference, keychain, until).await;
                    let versions = versions.map_err(|cause| pull_error(dependency, cause))?;
                    versions.into_iter().find(|version| satisfies(&constraints, version))
                }
                Place::Repository => {
                    let entries = self.entries(dependency, say).await?;
                    repository::best(&entries, &constraints).map(|entry| entry.version.clone())
                }
            };
            match version {
                Some(version) => chosen.push(Dependency {
                    name: dependency.name.clone(),
                    repository: dependency.repository.clone(),
                    version,
                    ..Dependency::default()
                }),
                None => missing.push(format!(
                    "{:?} (repository {:?}, version {:?})",
                    dependency.name, dependency.repository, dependency.version
                )),
            }
        }
        if missing.is_empty() { Ok(chosen) } else { Err(UpdateError::NoVersion { missing }) }
    }

    /// Fetches everything, then changes `charts/`.
    async fn fetch_all(&mut self, chosen: &mut [Dependency], say: &mut dyn FnMut(&str)) -> Result<(), UpdateError> {
        say(&format!("Saving {} charts", chosen.len()));
        let mut archives: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut fetched: Vec<String> = Vec::new();
        for dependency in chosen.iter_mut() {
            match place(dependency)? {
                Place::Here => {
                    let name = &dependency.name;
                    say(&format!(
                        "Dependency {name} did not declare a repository. Assuming it exists in the charts directory"
                    ));
                    let chart = load(&self.directory.join("charts").join(name), self.options)?;
                    if !satisfies(&constraints(dependency)?, chart.version()) {
                        return Err(UpdateError::WrongLocal {
                            name: name.clone(),
                            found: chart.version().to_owned(),
                            wanted: dependency.version.clone(),
                        });
                    }
                }
                Place::Directory(directory) => {
                    let chart = self.load_local(directory)?;
                    if !satisfies(&constraints(dependency)?, chart.version()) {
                        return Err(UpdateError::WrongLocal {
                            name: dependency.name.clone(),
                            found: chart.version().to_owned(),
                            wanted: dependency.version.clone(),
                        });
                    }
                    let archive = package::archive(&chart, self.options.profile)
                        .map_err(|cause| UpdateError::Package { name: dependency.name.clone(), cause })?;
                    let version = chart.version().to_owned();
                    archives.insert(format!("{}-{version}.tgz", chart.name()), archive);
                    dependency.version = version;
                }
                Place::Registry | Place::Repository => {
                    let source = format!("{}/{}:{}", dependency.repository, dependency.name, dependency.version);
                    if fetched.contains(&source) {
                        say(&format!("Already downloaded {} from repo {}", dependency.name, dependency.repository));
                        continue;
                    }
                    say(&format!("Downloading {} from repo {}", dependency.name, dependency.repository));
                    let (name, archive) = self.fetch(dependency, say).await?;
                    Chart::from_archive(&archive, self.options).map_err(|cause| UpdateError::NotAChart {
                        name: dependency.name.clone(),
                        cause: Box::new(cause),
                    })?;
                    archives.insert(name, archive);
                    fetched.push(source);
                }
            }
        }
        self.replace(chosen, &archives, say)
    }

    /// The archive of a chosen version, and the file it is kept in.
    async fn fetch(
        &mut self,
        dependency: &Dependency,
        say: &mut dyn FnMut(&str),
    ) -> Result<(String, Vec<u8>), UpdateError> {
        let Remote { puller, keychain, until } = *self.remote;
        if let Place::Registry = place(dependency)? {
            let reference = reference(dependency, Some(&dependency.version))?;
            let pulled = puller.pull(&reference, None, keychain, until).await;
            let pulled = pulled.map_err(|cause| pull_error(dependency, cause))?;
            let shown = pulled.reference.to_string();
            say(&format!("Pulled: {}", shown.trim_start_matches("oci://")));
            say(&format!("Digest: {}", pulled.digest));
            return Ok((format!("{}-{}.tgz", dependency.name, dependency.version), pulled.archive));
        }
        let entries = self.entries(dependency, say).await?;
        let index_error = |cause| UpdateError::Index { name: dependency.name.clone(), cause };
        let entry = entries.iter().find(|entry| !entry.urls.is_empty() && same(&entry.version, &dependency.version));
        let entry = entry.ok_or_else(|| UpdateError::NoVersion {
            missing: vec![format!(
                "{:?} (repository {:?}, version {:?})",
                dependency.name, dependency.repository, dependency.version
            )],
        })?;
        let address =
            repository::archive_address(&dependency.repository, &dependency.name, entry).map_err(index_error)?;
        let archive = puller.download(&address, self.options.limits.compressed_bytes, until).await;
        let archive = archive.map_err(|cause| pull_error(dependency, cause))?;
        let found = Sha256::digest(&archive).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let expected = entry.digest.trim_start_matches("sha256:").to_ascii_lowercase();
        if !expected.is_empty() && expected != found {
            return Err(UpdateError::Digest { name: dependency.name.clone(), address, found, expected });
        }
        let path = address.split(['?', '#']).next().unwrap_or(&address);
        Ok((path::base(path).to_owned(), archive))
    }

    /// The versions of a dependency in its repository.
    async fn entries(&mut self, dependency: &Dependency, say: &mut dyn FnMut(&str)) -> Result<Vec<Entry>, UpdateError> {
        let repository = &dependency.repository;
        if !self.indexes.contains_key(repository) {
            if self.indexes.is_empty() {
                say("Getting updates for unmanaged Helm repositories...");
            }
            let address = repository::index_address(repository);
            let index = self.remote.puller.download(&address, INDEX_BYTES, self.remote.until).await;
            let index = index.map_err(|cause| pull_error(dependency, cause))?;
            say(&format!("...Successfully got an update from the {repository:?} chart repository"));
            self.indexes.insert(repository.clone(), index);
        }
        let index = self.indexes.get(repository).map(Vec::as_slice).unwrap_or_default();
        repository::entries(index, &dependency.name, repository)
            .map_err(|cause| UpdateError::Index { name: dependency.name.clone(), cause })
    }

    /// Puts the archives into `charts/` and takes away those that they replace.
    fn replace(
        &self,
        chosen: &[Dependency],
        archives: &BTreeMap<String, Vec<u8>>,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), UpdateError> {
        let folder = self.directory.join("charts");
        let io_error = |path: &Path| {
            let path = path.to_owned();
            move |cause| UpdateError::Io { path, cause }
        };
        fs::create_dir_all(&folder).map_err(io_error(&folder))?;
        let mut before = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io_error(&folder))? {
            let path = entry.map_err(io_error(&folder))?.path();
            if !path.is_dir() {
                before.push(path);
            }
        }
        before.sort();
        for (name, archive) in archives {
            write(&folder.join(name), archive)?;
        }
        say("Deleting outdated charts");
        for path in before {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if archives.contains_key(&name) {
                continue;
            }
            match Chart::from_path(&path, self.options) {
                Err(cause) => {
                    say(&format!("Could not verify {} for deletion: {cause} (Skipping)", path.display()));
                }
                Ok(chart) if chosen.iter().any(|own| own.repository.is_empty() && own.name == chart.name()) => {}
                Ok(_) => fs::remove_file(&path).map_err(io_error(&path))?,
            }
        }
        Ok(())
    }

    /// A directory that a `file://` repository names, relative to the chart.
    fn local(&self, directory: &str) -> Result<PathBuf, UpdateError> {
        let path = PathBuf::from(path::clean(&self.directory.join(directory).display().to_string()));
        if path.exists() { Ok(path) } else { Err(UpdateError::NoDirectory { path }) }
    }

    fn load_local(&self, directory: &str) -> Result<Chart, UpdateError> {
        load(&self.local(directory)?, self.options)
    }
}

/// Whether two texts name one version.
fn same(left: &str, right: &str) -> bool {
    match (Version::parse(left.as_bytes()), Version::parse(right.as_bytes())) {
        (Ok(left), Ok(right)) => left.compare(&right).is_eq(),
        _ => left == right,
    }
}

fn reference(dependency: &Dependency, version: Option<&str>) -> Result<Reference, UpdateError> {
    let failed = |cause| UpdateError::Reference { name: dependency.name.clone(), cause };
    let text = format!("{}/{}", dependency.repository.trim_end_matches('/'), dependency.name);
    let reference = Reference::parse(&text).map_err(failed)?;
    version.map_or(Ok(reference.clone()), |version| reference.with_tag(version)).map_err(failed)
}

fn pull_error(dependency: &Dependency, cause: PullError) -> UpdateError {
    UpdateError::Pull { name: dependency.name.clone(), cause: Box::new(cause) }
}

/// Writes the whole file or none of it; a link in its place is refused, as in Helm.
fn write(path: &Path, bytes: &[u8]) -> Result<(), UpdateError> {
    let failed = |cause| UpdateError::Io { path: path.to_owned(), cause };
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(failed(io::Error::other("it is a link, and only a file is written over")));
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(failed)
}
