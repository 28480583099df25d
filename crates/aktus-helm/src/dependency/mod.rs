//! Which charts does a chart need, which are there, and where do the others come from? `helm dependency`.

mod list;
mod lock;
#[cfg(feature = "oci")]
mod update;

pub use list::{DEFAULT_COLUMN_WIDTH, list};
pub use lock::{digest, lock_text};
#[cfg(feature = "oci")]
pub use update::{Remote, UpdateError, build, update};
