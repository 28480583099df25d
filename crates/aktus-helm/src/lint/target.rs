//! A chart to look at, on disk or packed: single files, and the whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::{LintError, LintOptions};
use crate::chart::{Chart, File, LoadError, LoadOptions, archive_files, directory_files};

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Missing,
    File,
    Directory,
}

/// Where the files of a chart are.
pub(super) enum Target {
    Directory(PathBuf),
    /// An archive, with its files and the path that the user named.
    Archive {
        files: Vec<File>,
        path: PathBuf,
    },
}

impl Target {
    pub(super) fn open(path: &Path, options: &LintOptions) -> Result<Self, LintError> {
        let name = path.to_string_lossy();
        let target = if name.ends_with(".tgz") || name.ends_with(".tar.gz") {
            let files = archive_files(path, &options.limits).map_err(LintError::Archive)?;
            Self::Archive { files, path: path.to_owned() }
        } else {
            Self::Directory(path.to_owned())
        };
        if target.kind("Chart.yaml") == Kind::Missing {
            let path = path.join("Chart.yaml");
            let shown = crate::path::clean(&path.display().to_string());
            let cause = match fs::metadata(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => "not a directory",
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => "permission denied",
                _ => "no such file or directory",
            };
            return Err(LintError::NoChartFile { path: shown, cause: cause.to_owned() });
        }
        Ok(target)
    }

    /// The chart's directory as Helm names it in messages.
    pub(super) fn shown(&self) -> String {
        let path = match self {
            Self::Directory(path) | Self::Archive { path, .. } => path,
        };
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        crate::path::clean(&whole.display().to_string())
    }

    pub(super) fn kind(&self, name: &str) -> Kind {
        match self {
            Self::Directory(directory) => match fs::metadata(directory.join(name)) {
                Err(_) => Kind::Missing,
                Ok(found) if found.is_dir() => Kind::Directory,
                Ok(_) => Kind::File,
            },
            Self::Archive { files, .. } => {
                let folder = format!("{}/", name.trim_end_matches('/'));
                if files.iter().any(|file| file.name() == name) {
                    Kind::File
                } else if files.iter().any(|file| file.name().starts_with(&folder)) {
                    Kind::Directory
                } else {
                    Kind::Missing
                }
            }
        }
    }

    /// The bytes of a file; Go's words when it cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Directory(directory) => {
                let path = directory.join(name);
                if self.kind(name) == Kind::Directory {
                    return Err(format!("read {}: is a directory", path.display()));
                }
                fs::read(&path)
                    .map_err(|error| format!("open {}: {}", path.display(), crate::path::system_words(&error)))
            }
            Self::Archive { files, path } => {
                let file = files.iter().find(|file| file.name() == name);
                file.map(|file| file.data().to_vec())
                    .ok_or_else(|| format!("open {}/{name}: no such file or directory", path.display()))
            }
        }
    }

    pub(super) fn load(&self, options: &LintOptions) -> Result<Chart, LoadError> {
        let mut load = LoadOptions::new(options.profile).with_limits(options.limits.clone());
        load.links_within.clone_from(&options.links_within);
        let files = match self {
            Self::Directory(directory) => directory_files(directory, &load)?,
            Self::Archive { files, .. } => files.clone(),
        };
        Chart::of_any_version(files, &load)
    }
}
