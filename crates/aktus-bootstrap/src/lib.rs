//! What happens, in which order, and how far are we?
//!
//! A [`Request`] says what is wanted, a [`World`] what it is done with. [`plan`] decides without doing,
//! [`bootstrap`] does, [`status`] looks, [`destroy`] undoes; each answers with a [`Report`] and tells a
//! [`Reporter`] what happens meanwhile. All four are idempotent, and a run that was killed at any moment is taken
//! up by the next one.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use aktus_bootstrap::{ChartSource, Deadline, Request, Silent, World, plan};
//! use std::time::Duration;
//!
//! let mut request = Request::new("fs-0123456789abcdef0");
//! request.chart = Some(ChartSource::Path("../../charts/aktus-platform".into()));
//! let deadline = Deadline::after(Duration::from_secs(60));
//! let report = plan(&request, &World::offline(), deadline, &Silent).await;
//! assert_eq!(report.failure(), None);
//!
//! let created: Vec<_> = report.objects.iter().map(|object| object.title()).collect();
//! assert!(created.contains(&"StorageClass/efs-sc".to_owned()));
//! assert!(created.contains(&"Deployment/aktus-ai-platform-dev/aktus-research".to_owned()));
//! # });
//! ```
//!
//! # Features
//! - `aws` (default): ask AWS about the cluster, its storage, registry and secrets. Without it the caller states
//!   the facts and brings a kubeconfig.

mod cloud;
mod context;
mod deadline;
mod event;
mod failure;
mod overlay;
mod preview;
mod render;
mod report;
mod request;
mod run;
mod step;
mod steps;
mod ticket;
mod transform;
mod world;

pub use cloud::Cloud;
#[cfg(feature = "aws")]
pub use cloud::{AwsKeychain, aws_clock};
pub use deadline::Deadline;
pub use event::{Event, Reporter, Silent};
pub use failure::pull as pull_failure;
pub use preview::{Origin, Preview};
pub use report::{EndpointReport, Failure, FailureKind, ObjectReport, Outcome, ReleaseReport, Report, StepReport};
pub use request::{
    ChartSource, DEFAULT_CHART, DEFAULT_CHART_VERSION, DEFAULT_NAMESPACE, DatabaseStorage, LoadBalancerScheme, Mode,
    OnUnreachable, Problem, RELEASE_NAME, Request, SecretSource,
};
pub use run::{bootstrap, cancel, destroy, plan, preview, status};
pub use step::Step;
pub use ticket::{Finished, Installation, Refusal, Settle, Settlement, Ticket};
pub use transform::{TransformOptions, transform};
pub use world::{Access, Clock, Dice, World};
