//! How does a chart become a Helm release and live on?
//!
//! Goes in: a chart, the values of the user and the [`Manifests`](aktus_helm::Manifests) they make.
//! Comes out: a release that the Helm CLI reads (its records are Helm's, in Secrets of the namespace), and a
//! [`ChangeSet`](aktus_k8s::ChangeSet) of what was written.
//!
//! [`decide`] compares with the history and the live objects and says what would happen; [`carry_out`] does it.
//! When chart, values, manifests and hooks equal those of the deployed revision and no object drifted, nothing is
//! written and there is no new revision. The record is written before the objects, so that a run that was killed
//! at any moment is recovered by the next one: a pending revision is marked failed and what it made is known.
//!
//! The caller keeps others out (a Lease), since Helm's own `pending-…` status cannot tell a running from a dead
//! process.
//!
//! ```no_run
//! use aktus_helm::{Chart, LoadOptions, Profile, RenderOptions, Values};
//! use aktus_k8s::Cluster;
//! use aktus_release::{Desired, ReleaseOptions, carry_out, decide};
//! use tokio::time::{Duration, Instant};
//!
//! # async fn example(cluster: Cluster, chart: Chart, manifests: aktus_helm::Manifests, now: jiff::Timestamp)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let until = Instant::now() + Duration::from_secs(300);
//! let options = ReleaseOptions::new("web", "default");
//! let desired = Desired { chart, values: Values::default(), manifests };
//! let decision = decide(Some(&cluster), &desired, &options, until).await?;
//! let outcome = carry_out(&cluster, decision, &options, &|| now, until, &mut |event| println!("{event}")).await?;
//! println!("revision {}", outcome.revision);
//! # Ok(())
//! # }
//! ```

mod carry_out;
mod decide;
mod error;
mod event;
mod history;
mod hooks;
mod lookup;
mod objects;
mod options;
mod scope;
mod uninstall;

pub use carry_out::{Outcome, carry_out};
pub use decide::{Action, Decision, Desired, decide};
pub use error::ReleaseError;
pub use event::ReleaseEvent;
pub use history::{History, history};
pub use lookup::ClusterLookup;
pub use objects::owner;
pub use options::ReleaseOptions;
pub use uninstall::{Uninstalled, uninstall};
