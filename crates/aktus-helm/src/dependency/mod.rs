//! Which charts does a chart need, which are there, and where do the others come from? `helm dependency`.

#[cfg(feature = "oci")]
mod error;
mod list;
mod lock;
#[cfg(feature = "oci")]
mod update;

#[cfg(feature = "oci")]
pub use error::UpdateError;
pub use list::{DEFAULT_COLUMN_WIDTH, list};
pub use lock::{digest, lock_text};
#[cfg(feature = "oci")]
pub use update::{Remote, build, update};
