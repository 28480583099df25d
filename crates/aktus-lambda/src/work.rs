//! Who does the work? The bootstrap, with the cluster and the registry that AWS knows.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use aktus_aws::{Aws, Class, Config, Settings};
use aktus_bootstrap::{
    Access, AwsKeychain, ChartSource, Clock, Cloud, Deadline, Dice, Failure, FailureKind, Installation, Report,
    Reporter, Request, Ticket, World, aws_clock, bootstrap, cancel, destroy,
};
use aktus_helm::oci::{Credentials, Proxy, Puller, PullerOptions};
use futures::future::LocalBoxFuture;
use tokio::time::timeout_at;

/// One piece of work, ready to be done.
#[derive(Debug)]
pub struct Job {
    /// What is wanted.
    pub request: Request,
    /// When it must have ended, in this run or a later one.
    pub deadline: Deadline,
    /// Who holds the Lease.
    pub holder: String,
    /// On whose request.
    pub ticket: Arc<Ticket>,
}

/// What a cluster says, or that there is none any more.
#[derive(Debug)]
pub enum Found<T> {
    /// The cluster is gone, and everything on it: in words.
    ClusterGone(String),
    /// It was asked.
    Cluster(T),
}

/// Completes when the work has to stop.
pub type Stop<'a> = LocalBoxFuture<'a, ()>;

/// Whoever installs and removes the platform. Errs when not even the first step could be tried, which leaves
/// everything untouched.
pub trait Work {
    /// Installs it, or brings it to what the request says.
    fn install<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
        stop: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Report, Failure>>;

    /// Takes it away.
    fn remove<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
        stop: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Found<Report>, Failure>>;

    /// The installations of the job's owner; if there is none, a run that has begun and not written anything yet is
    /// told to end.
    fn cancel<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Found<Vec<Installation>>, Failure>>;
}

/// What answers for the environment: a variable's value by its name.
pub type Variables = fn(&str) -> Option<String>;

/// The bootstrap on the cluster that AWS describes.
#[derive(Clone)]
pub struct AwsWork {
    clock: Clock,
    dice: Dice,
    variables: Variables,
    proxy: Option<Proxy>,
}

impl std::fmt::Debug for AwsWork {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AwsWork")
    }
}

impl AwsWork {
    /// Works with this clock, these dice and this environment.
    pub fn new(clock: Clock, dice: Dice, variables: Variables) -> Self {
        Self { clock, dice, variables, proxy: None }
    }

    /// The same, asking registries through a proxy.
    #[must_use]
    pub fn with_proxy(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    fn aws(&self, request: &Request) -> Result<Aws, Failure> {
        let settings = Settings { region: request.region.clone(), ..Settings::default() };
        let config = Config::of_environment(settings, aws_clock(&self.clock), self.variables);
        Ok(Aws::new(config.map_err(|error| internal(&error))?))
    }

    fn world(&self, aws: Aws, job: &Job) -> Result<World, Failure> {
        let mut options = PullerOptions::default();
        options.plain_http_hosts.extend(local_registry(&job.request));
        options.proxy.clone_from(&self.proxy);
        Ok(World {
            access: Access::Cloud,
            keychain: Arc::new(AwsKeychain::new(aws.clone(), Credentials::Anonymous)),
            cloud: Cloud::Aws(Box::new(aws)),
            puller: Some(Arc::new(Puller::new(options).map_err(|error| internal(&error))?)),
            clock: Arc::clone(&self.clock),
            dice: Arc::clone(&self.dice),
            holder: job.holder.clone(),
            ticket: Some(Arc::clone(&job.ticket)),
        })
    }

    /// The world for taking something away, or why there is nothing to take away.
    async fn remains(&self, job: &Job) -> Result<Found<World>, Failure> {
        let aws = self.aws(&job.request)?;
        if let Some(name) = &job.request.cluster_name {
            // Every other answer, and none, is what the removal itself will meet and explain.
            match timeout_at(job.deadline.until(), aws.cluster(name)).await {
                Ok(Err(error)) if error.class() == Class::Absent => {
                    return Ok(Found::ClusterGone(format!("cluster {name} no longer exists")));
                }
                Ok(Ok(cluster)) if cluster.status == "DELETING" => {
                    return Ok(Found::ClusterGone(format!("cluster {name} is being deleted")));
                }
                Ok(Ok(cluster)) if cluster.status == "FAILED" => {
                    return Ok(Found::ClusterGone(format!("{}, so nothing runs on it", cluster.reason())));
                }
                _ => {}
            }
        }
        self.world(aws, job).map(Found::Cluster)
    }
}

impl Work for AwsWork {
    fn install<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
        stop: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Report, Failure>> {
        Box::pin(async move {
            let world = self.world(self.aws(&job.request)?, job)?;
            Ok(bootstrap(&job.request, &world, job.deadline, reporter, stop).await)
        })
    }

    fn remove<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
        stop: Stop<'a>,
    ) -> LocalBoxFuture<'a, Result<Found<Report>, Failure>> {
        Box::pin(async move {
            match self.remains(job).await? {
                Found::ClusterGone(reason) => Ok(Found::ClusterGone(reason)),
                Found::Cluster(world) => {
                    Ok(Found::Cluster(destroy(&job.request, &world, job.deadline, reporter, stop).await))
                }
            }
        })
    }

    fn cancel<'a>(
        &'a self,
        job: &'a Job,
        reporter: &'a dyn Reporter,
    ) -> LocalBoxFuture<'a, Result<Found<Vec<Installation>>, Failure>> {
        Box::pin(async move {
            match self.remains(job).await? {
                Found::ClusterGone(reason) => Ok(Found::ClusterGone(reason)),
                Found::Cluster(world) => {
                    let found = cancel(&job.request, &world, job.deadline, reporter, &job.ticket.owner).await?;
                    Ok(Found::Cluster(found))
                }
            }
        })
    }
}

/// The registry of the chart, if it is on this machine: then it is a stand-in without TLS.
fn local_registry(request: &Request) -> Option<String> {
    let Some(ChartSource::Registry { reference, .. }) = &request.chart else { return None };
    let host = reference.strip_prefix("oci://").unwrap_or(reference).split('/').next()?;
    let address: SocketAddr = host.parse().ok()?;
    address.ip().is_loopback().then(|| host.to_owned())
}

fn internal(error: &dyn Error) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string()).next("check the function's environment and its network")
}
