//! The world in one process: an OCI registry, a Kubernetes API and AWS, for `--sandbox` and tests.
//!
//! Each stand-in listens on a free port of 127.0.0.1, plays by the rules of the real thing as far
//! as our programs can tell, logs what it was asked, and has faults to switch on.
//!
//! [`lambda`] runs functions as the Lambda service does, and [`cloudformation`] sends a custom
//! resource its requests and holds its answers against the contract; both are for tests only.
//!
//! ```
//! use aktus_sandbox::{Clock, Options, Sandbox};
//!
//! # fn main() -> std::io::Result<()> {
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! runtime.block_on(async {
//!     let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().expect("a time"));
//!     let sandbox = Sandbox::start(Options::new(clock)).await?;
//!     assert!(sandbox.kubeconfig().contains(&sandbox.kubernetes().url()));
//!     sandbox.stop().await;
//!     Ok(())
//! })
//! # }
//! ```

pub mod aws;
mod clock;
#[cfg(unix)]
pub mod cloudformation;
pub mod conversation;
mod hash;
pub mod kubernetes;
#[cfg(unix)]
pub mod lambda;
mod listener;
pub mod registry;
mod sandbox;
#[cfg(unix)]
mod time;
#[cfg(unix)]
mod transcript;

pub use clock::Clock;
pub use sandbox::{Mode, Options, Sandbox};
#[cfg(unix)]
pub use time::Time;
#[cfg(unix)]
pub use transcript::{Line, Transcript};
