//! Who does the work? The bootstrap, with the cluster and the registry that AWS knows.

use std::error::Error;
use std::sync::Arc;

use aktus_aws::{Aws, Class, Config, Settings};
use aktus_bootstrap::{
    Access, AwsKeychain, Clock, Cloud, Deadline, Dice, Failure, FailureKind, Report, Reporter, Request, World,
    aws_clock, bootstrap, destroy,
};
use aktus_helm::oci::{Credentials, Puller, PullerOptions};
use futures::future::{LocalBoxFuture, pending};
use tokio::time::timeout_at;

/// One piece of work.
#[derive(Debug)]
pub struct Task {
    /// What is wanted.
    pub request: Request,
    /// When it must have ended.
    pub deadline: Deadline,
    /// Who holds the Lease.
    pub holder: String,
}

/// How a removal ended.
#[derive(Debug)]
pub enum Removed {
    /// The cluster is gone, and everything on it: in words.
    ClusterGone(String),
    /// It was tried, with this report.
    Report(Box<Report>),
}

/// Whoever installs and removes the platform. Errs when not even the first step could be tried, which leaves
/// everything untouched.
pub trait Work: Send + Sync + 'static {
    /// Installs it, or brings it to what the request says.
    fn install<'a>(&'a self, task: &'a Task, reporter: &'a dyn Reporter)
    -> LocalBoxFuture<'a, Result<Report, Failure>>;

    /// Takes it away.
    fn remove<'a>(&'a self, task: &'a Task, reporter: &'a dyn Reporter)
    -> LocalBoxFuture<'a, Result<Removed, Failure>>;
}

/// The bootstrap on the cluster that AWS describes. Every piece of work gets clients of its own, so that nothing of
/// one stack is left for the next.
#[derive(Clone)]
pub struct AwsWork {
    clock: Clock,
    dice: Dice,
}

impl std::fmt::Debug for AwsWork {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AwsWork")
    }
}

impl AwsWork {
    /// Works with this clock and these dice.
    pub fn new(clock: Clock, dice: Dice) -> Self {
        Self { clock, dice }
    }

    async fn aws(&self, request: &Request) -> Result<Aws, Failure> {
        let settings = Settings { region: request.region.clone(), ..Settings::default() };
        let config = Config::load(settings, aws_clock(&self.clock)).await;
        Ok(Aws::new(config.map_err(|error| internal(&error))?))
    }

    fn world(&self, aws: Aws, task: &Task) -> Result<World, Failure> {
        Ok(World {
            access: Access::Cloud,
            keychain: Arc::new(AwsKeychain::new(aws.clone(), Credentials::Anonymous)),
            cloud: Cloud::Aws(Box::new(aws)),
            puller: Some(Arc::new(Puller::new(PullerOptions::default()).map_err(|error| internal(&error))?)),
            clock: Arc::clone(&self.clock),
            dice: Arc::clone(&self.dice),
            holder: task.holder.clone(),
        })
    }
}

impl Work for AwsWork {
    fn install<'a>(
        &'a self,
        task: &'a Task,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Report, Failure>> {
        Box::pin(async move {
            let world = self.world(self.aws(&task.request).await?, task)?;
            Ok(bootstrap(&task.request, &world, task.deadline, reporter, pending()).await)
        })
    }

    fn remove<'a>(
        &'a self,
        task: &'a Task,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Removed, Failure>> {
        Box::pin(async move {
            let aws = self.aws(&task.request).await?;
            if let Some(name) = &task.request.cluster_name {
                // Every other answer, and none, is what the removal itself will meet and explain.
                match timeout_at(task.deadline.until(), aws.cluster(name)).await {
                    Ok(Err(error)) if error.class() == Class::Absent => {
                        return Ok(Removed::ClusterGone(format!("cluster {name} no longer exists")));
                    }
                    Ok(Ok(cluster)) if cluster.status == "DELETING" => {
                        return Ok(Removed::ClusterGone(format!("cluster {name} is being deleted")));
                    }
                    _ => {}
                }
            }
            let world = self.world(aws, task)?;
            let report = destroy(&task.request, &world, task.deadline, reporter, pending()).await;
            Ok(Removed::Report(Box::new(report)))
        })
    }
}

fn internal(error: &dyn Error) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string()).next("check the function's environment and its network")
}
