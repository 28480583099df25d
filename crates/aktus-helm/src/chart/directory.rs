//! What does a chart directory hold? From a folder to files in memory.
//!
//! As Helm's `pkg/chart/v2/loader/directory.go`: files in lexical order, links followed, `.helmignore`
//! obeyed. Deliberately stricter than Helm: a link that leaves the chart, or the folder that the caller allows, is
//! refused, and so is one that leads in a circle.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::File;
use super::archive::without_bom;
use super::ignore::{IgnoreError, Rules};
use crate::limits::Limits;

/// Why a chart directory was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The directory or something in it could not be read.
    #[error("reading {}: {cause}", path.display())]
    Io {
        /// What was read.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },
    /// A link points to nothing. Helm's text.
    #[error("error evaluating symlink {}: lstat {}: no such file or directory", path.display(), target.display())]
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// What is not there.
        target: PathBuf,
    },
    /// A link points out of the chart, and of [`LoadOptions::links_within`](super::LoadOptions::links_within).
    #[error("{} links to {}, outside the chart", path.display(), target.display())]
    LinkLeavesChart {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link leads back to a directory that it lies in.
    #[error("{} links back to a directory that it lies in", path.display())]
    LinkCycle {
        /// The link.
        path: PathBuf,
    },
    /// A device, pipe or socket. Helm's text.
    #[error("cannot load irregular file {} as it has file mode type bits set", path.display())]
    Irregular {
        /// The file.
        path: PathBuf,
    },
    /// A name is not UTF-8.
    #[error("{} has a name that is not text", path.display())]
    UnreadableName {
        /// The file.
        path: PathBuf,
    },
    /// A file is larger than [`Limits::file_bytes`]. Helm's text.
    #[error("chart file {name:?} is larger than the maximum file size {limit}")]
    FileTooLarge {
        /// The file's base name.
        name: String,
        /// The bound.
        limit: u64,
    },
    /// The files together are larger than [`Limits::decompressed_bytes`].
    #[error("the chart's files have more than the maximum of {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// More files and directories than [`Limits::entries`].
    #[error("the chart has more than the maximum of {limit} files and directories")]
    TooManyEntries {
        /// The bound.
        limit: usize,
    },
    /// A path is longer than [`Limits::path_bytes`] or deeper than [`Limits::path_components`].
    #[error("the path {path:?} in the chart is too long: at most {bytes} bytes and {components} elements")]
    PathTooLong {
        /// The path inside the chart.
        path: String,
        /// The bound on its length.
        bytes: usize,
        /// The bound on its depth.
        components: usize,
    },
    /// The `.helmignore` is not valid.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
}

/// The files of the chart in `directory`, in Helm's order; links may lead anywhere in `links_within`, too.
pub(super) fn read(
    directory: &Path,
    limits: &Limits,
    links_within: Option<&Path>,
) -> Result<Vec<File>, DirectoryError> {
    let real = |path: &Path| fs::canonicalize(path).map_err(|cause| io_error(path, cause));
    let root = real(directory)?;
    let links_within = links_within.map(real).transpose()?;
    let mut walk = Walk {
        rules: Rules::default(),
        limits,
        files: Vec::new(),
        entries: 0,
        bytes: 0,
        content: Vec::new(),
        open: vec![root.clone()],
        root,
        links_within,
    };
    walk.read_rules()?;
    let root = walk.root.clone();
    walk.directory(&root, "")?;
    Ok(walk.files)
}

struct Walk<'a> {
    root: PathBuf,
    links_within: Option<PathBuf>,
    rules: Rules,
    limits: &'a Limits,
    files: Vec<File>,
    entries: usize,
    bytes: u64,
    /// The file read last.
    content: Vec<u8>,
    /// The real paths of the directories being read, outermost first.
    open: Vec<PathBuf>,
}

impl Walk<'_> {
    fn read_rules(&mut self) -> Result<(), DirectoryError> {
        let path = self.root.join(".helmignore");
        let text = match fs::metadata(&path) {
            Ok(metadata) => {
                self.resolve(&path)?;
                self.contents(&path, &metadata)?;
                Some(self.content.as_slice())
            }
            Err(_) => None,
        };
        self.rules = Rules::read(text)?;
        self.bytes = 0;
        Ok(())
    }

    fn directory(&mut self, directory: &Path, inside: &str) -> Result<(), DirectoryError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory).map_err(|cause| io_error(directory, cause))? {
            let entry = entry.map_err(|cause| io_error(directory, cause))?;
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(DirectoryError::TooManyEntries { limit: self.limits.entries });
            }
            names.push(entry.file_name());
        }
        names.sort();
        for name in names {
            let path = directory.join(&name);
            let Some(name) = name.to_str() else {
                return Err(DirectoryError::UnreadableName { path });
            };
            let inside = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
            self.entry(&path, inside)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, inside: String) -> Result<(), DirectoryError> {
        let mut metadata = fs::symlink_metadata(path).map_err(|cause| io_error(path, cause))?;
        let is_link = metadata.is_symlink();
        if is_link {
            metadata = fs::metadata(path).map_err(|cause| match missing_target(path) {
                Some(target) if cause.kind() == io::ErrorKind::NotFound => {
                    DirectoryError::DanglingLink { path: path.to_owned(), target }
                }
                _ => io_error(path, cause),
            })?;
        }
        if self.rules.ignore(&inside, metadata.is_dir()) {
            return Ok(());
        }
        let limits = self.limits;
        if inside.len() > limits.path_bytes || inside.split('/').count() > limits.path_components {
            return Err(DirectoryError::PathTooLong {
                path: inside,
                bytes: limits.path_bytes,
                components: limits.path_components,
            });
        }
        if !metadata.is_dir() && !metadata.is_file() {
            return Err(DirectoryError::Irregular { path: path.to_owned() });
        }
        let target = if is_link { Some(self.resolve(path)?) } else { None };
        if metadata.is_dir() {
            let real = target.unwrap_or_else(|| path.to_owned());
            if self.open.contains(&real) {
                return Err(DirectoryError::LinkCycle { path: path.to_owned() });
            }
            self.open.push(real.clone());
            let result = self.directory(&real, &inside);
            self.open.pop();
            return result;
        }
        self.contents(path, &metadata)?;
        self.files.push(File::new(inside, without_bom(&self.content)));
        Ok(())
    }

    /// Where a path really lies, refusing what lies outside the chart.
    fn resolve(&self, path: &Path) -> Result<PathBuf, DirectoryError> {
        let target = fs::canonicalize(path).map_err(|cause| io_error(path, cause))?;
        let allowed = self.links_within.as_ref().is_some_and(|within| target.starts_with(within));
        if allowed || target.starts_with(&self.root) {
            return Ok(target);
        }
        Err(DirectoryError::LinkLeavesChart { path: path.to_owned(), target })
    }

    /// Reads a file into [`Self::content`].
    fn contents(&mut self, path: &Path, metadata: &Metadata) -> Result<(), DirectoryError> {
        let limit = self.limits.file_bytes;
        let too_large = || {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            DirectoryError::FileTooLarge { name, limit }
        };
        if metadata.len() > limit {
            return Err(too_large());
        }
        let file = fs::File::open(path).map_err(|cause| io_error(path, cause))?;
        // One more, so that the end is seen without growing.
        self.content.clear();
        self.content.reserve(usize::try_from(metadata.len()).unwrap_or(0) + 1);
        // The file may have grown since.
        let mut bounded = file.take(limit.saturating_add(1));
        bounded.read_to_end(&mut self.content).map_err(|cause| io_error(path, cause))?;
        let size = u64::try_from(self.content.len()).unwrap_or(u64::MAX);
        if size > limit {
            return Err(too_large());
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.decompressed_bytes {
            return Err(DirectoryError::TooLarge { limit: self.limits.decompressed_bytes });
        }
        Ok(())
    }
}

/// What is not there of the path that a link, or the links that it leads to, names.
fn missing_target(link: &Path) -> Option<PathBuf> {
    // Linux follows as many.
    const MOST: usize = 40;
    let mut path = link.to_owned();
    for _ in 0..MOST {
        let target = fs::read_link(&path).ok()?;
        let mut next = fs::canonicalize(path.parent()?).ok()?;
        let mut parts = target.components().peekable();
        while let Some(part) = parts.next() {
            if part == Component::ParentDir {
                next.pop();
                continue;
            }
            next.push(part);
            if fs::symlink_metadata(&next).is_err() {
                return Some(next);
            }
            if parts.peek().is_some() {
                next = fs::canonicalize(&next).ok()?;
            }
        }
        path = next;
    }
    None
}

fn io_error(path: &Path, cause: io::Error) -> DirectoryError {
    DirectoryError::Io { path: path.to_owned(), cause }
}
