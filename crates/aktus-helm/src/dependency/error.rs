//! Why were dependencies not fetched?

use std::io;
use std::path::PathBuf;

use aktus_gotmpl::go::semver::ConstraintError;

use crate::chart::LoadError;
use crate::oci::{PullError, ReferenceError};
use crate::package::PackageError;
use crate::repository::IndexError;

/// Why dependencies were not fetched. Nothing in the chart's directory has changed then, except in the case of
/// [`Io`](UpdateError::Io).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The chart is packed.
    #[error("only unpacked charts can be updated")]
    Packed,
    /// A chart cannot be loaded.
    #[error("{}: {cause}", path.display())]
    Load {
        /// Its directory.
        path: PathBuf,
        /// Why.
        cause: Box<LoadError>,
    },
    /// The directory of a `file://` repository does not exist. Helm's text.
    #[error("directory {} not found", path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A version constraint is none. Helm's text.
    #[error("dependency {name:?} has an invalid version/constraint format: {cause}")]
    Constraint {
        /// The dependency.
        name: String,
        /// Why.
        cause: ConstraintError,
    },
    /// No version satisfies the constraints. Helm's text.
    #[error("can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml", missing.len(), missing.join(", "))]
    NoVersion {
        /// The dependencies, with repository and constraint.
        missing: Vec<String>,
    },
    /// A chart that should lie in `charts/` has another version. Helm's text.
    #[error("dependency {name} at version {found} does not satisfy the constraint {wanted}")]
    WrongLocal {
        /// The dependency.
        name: String,
        /// Its version.
        found: String,
        /// What Chart.yaml wants.
        wanted: String,
    },
    /// A repository is named by an alias or a bare name, which only Helm's configuration could resolve.
    #[error("no repository definition for {repository} of dependency {name}")]
    Alias {
        /// The dependency.
        name: String,
        /// The repository.
        repository: String,
    },
    /// Chart.lock was made for other dependencies. Helm's text.
    #[error("{}", if *v1 { "the lock file (requirements.lock) is out of sync with the dependencies file (requirements.yaml). Please update the dependencies" } else { "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies with 'helm dependency update'" })]
    OutOfSync {
        /// Whether the files are those of apiVersion v1.
        v1: bool,
    },
    /// A reference to a registry is none.
    #[error("dependency {name}: {cause}")]
    Reference {
        /// The dependency.
        name: String,
        /// Why.
        cause: ReferenceError,
    },
    /// A registry or repository did not give what was asked for.
    #[error("dependency {name}: {cause}")]
    Pull {
        /// The dependency.
        name: String,
        /// Why.
        cause: Box<PullError>,
    },
    /// A repository's index is of no use.
    #[error("dependency {name}: {cause}")]
    Index {
        /// The dependency.
        name: String,
        /// Why.
        cause: IndexError,
    },
    /// The archive is not the one that the index tells of.
    #[error("dependency {name}: the archive at {address} has the SHA-256 {found}, the index says {expected}")]
    Digest {
        /// The dependency.
        name: String,
        /// Where it came from.
        address: String,
        /// Its digest.
        found: String,
        /// The index's.
        expected: String,
    },
    /// What was fetched is no chart.
    #[error("dependency {name}: what was fetched is no chart: {cause}")]
    NotAChart {
        /// The dependency.
        name: String,
        /// Why.
        cause: Box<LoadError>,
    },
    /// A local chart cannot be packed.
    #[error("dependency {name}: {cause}")]
    Package {
        /// The dependency.
        name: String,
        /// Why.
        cause: PackageError,
    },
    /// A file or directory cannot be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },
}
