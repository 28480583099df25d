//! What differs from the cluster, and how does it get there?
//!
//! Desired objects go in as plain JSON. [`plan`](plan()) compares them with the live ones and says what would happen;
//! [`apply_plan`] carries that out by server-side apply and answers with a [`ChangeSet`]; [`wait`](wait()) watches
//! until everything is ready, with a reason for each object that is not.
//!
//! ```
//! use aktus_k8s::{Change, Object, Plan, decide};
//! use serde_json::json;
//!
//! let desired = Object::new(json!({
//!     "apiVersion": "apps/v1",
//!     "kind": "Deployment",
//!     "metadata": {"name": "qdrant", "namespace": "aktus"},
//!     "spec": {"replicas": 2},
//! }))?;
//! assert_eq!(desired.id().to_string(), "Deployment/aktus/qdrant");
//!
//! // Against an empty cluster, everything is created.
//! let plan = Plan::creating(vec![desired.clone()], "aktus")?;
//! assert_eq!(plan.to_string(), "create Deployment/aktus/qdrant\n");
//!
//! // Against a live object, only differences matter.
//! let mut live = desired.clone().into_value();
//! live["spec"]["replicas"] = json!(1);
//! live["metadata"]["managedFields"] = json!([{
//!     "manager": "aktus", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}},
//! }]);
//! let Change::Update { fields } = decide(&desired, Some(&Object::new(live)?), "aktus") else { panic!() };
//! assert_eq!(fields[0].to_string(), "spec.replicas: 1 → 2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With a cluster, the three steps are:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use aktus_k8s::{Cluster, Object, PlanOptions, apply_plan, plan, wait};
//! use tokio::time::Instant;
//!
//! # async fn example(kubeconfig: &str, desired: Vec<Object>) -> Result<(), Box<dyn std::error::Error>> {
//! let until = Instant::now() + Duration::from_secs(300);
//! let cluster = Cluster::from_kubeconfig(kubeconfig, None).await?;
//! let plan = plan(&cluster, desired, &[], &PlanOptions::new("aktus", "default"), until).await?;
//! let changes = apply_plan(&cluster, &plan, until, &mut |_| {}).await?;
//! let ids: Vec<_> = changes.entries.into_iter().map(|applied| applied.id).collect();
//! for (id, readiness) in wait(&cluster, &ids, until, &mut |_, _| {}).await? {
//!     println!("{id} is {readiness}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Every function that talks to the cluster takes the instant `until` which it may take; nothing here invents a
//! time limit for a whole task. The library prints nothing, reads no environment and installs no TLS provider: a
//! binary that talks https must install one (aws-lc-rs).

mod apply;
mod client;
mod error;
mod id;
pub mod lease;
mod object;
mod plan;
pub mod platform;
mod wait;

pub use apply::{Action, Applied, ApplyError, ApplyEvent, ApplyProblem, ChangeSet, apply_plan};
pub use client::{
    ApplyOptions, Backoff, Cluster, ConnectError, ConnectOptions, DeleteOptions, Deletion, Endpoint, Propagation,
    Resource, Selector, ServerVersion, StaticToken, Token, TokenSource,
};
pub use error::{ApiError, BoxError, Call, Cause, Class, FieldConflict, Status};
pub use id::ObjectId;
pub use object::{Object, ObjectError};
pub use plan::{
    Change, FieldChange, Ownership, Plan, PlanError, PlanOptions, Prune, Stage, Step, decide, masked, plan,
    plan_deletions,
};
pub use wait::{OnChange, Readiness, Related, Remaining, readiness, wait, wait_gone};
