//! A chart with values to manifests, on a thread that may block: rendering is synchronous.

use aktus_helm::{Capabilities, Chart, KubeVersion, Manifests, Release, RenderOptions, SystemHost, Values, render};
use aktus_release::ClusterLookup;
use tokio::runtime::Handle;

use crate::context::Context;
use crate::failure::{api, chain};
use crate::report::{Failure, FailureKind};
use crate::transform::{TransformOptions, transform};

/// Renders the loaded chart as revision `revision`, and transforms the result.
/// Answers the manifests and what was transformed, in words.
pub(crate) async fn manifests(
    context: &Context<'_>,
    values: &Values,
    revision: u32,
) -> Result<(Manifests, Vec<String>), Failure> {
    let Some(loaded) = &context.chart else {
        return Err(Failure::new(FailureKind::Internal, "no chart is loaded"));
    };
    let request = context.request;
    let mut options = RenderOptions::new(
        request.profile,
        Release {
            name: request.release.clone(),
            namespace: request.namespace.clone(),
            revision: i64::from(revision),
            is_upgrade: revision > 1,
        },
    );
    options.capabilities = capabilities(context).await?;
    let lookup = match &context.cluster {
        Some(cluster) => ClusterLookup::live(cluster.clone(), Handle::current(), context.until()),
        None => ClusterLookup::offline(),
    };
    // In a run these exist already; a plan's templates must see them all the same (C2).
    let lookup = if context.planning() { lookup.with_planned(context.planned.clone()) } else { lookup };
    let (chart, values) = (loaded.chart.clone(), values.clone());
    let (clock, dice) = (context.world.clock.clone(), context.world.dice.clone());
    let rendered = tokio::task::spawn_blocking(move || -> Result<Manifests, Failure> {
        let host = SystemHost::new(move || clock(), move |buffer: &mut [u8]| dice(buffer)).with_lookup(lookup);
        let rendered = render(&chart, &values, &options, &host).map_err(|error| refused(&chart, &error))?;
        rendered.into_manifests().map_err(|error| refused(&chart, &error))
    })
    .await;
    let mut manifests =
        rendered.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()).about("rendering"))??;
    let notes = transform(
        &mut manifests,
        &TransformOptions {
            mode: request.mode,
            load_balancer_scheme: request.load_balancer_scheme,
            database_storage: request.database_storage,
            database_class: aktus_k8s::platform::EBS_STORAGE_CLASS.to_owned(),
        },
    )?;
    Ok((manifests, notes))
}

fn refused(chart: &Chart, error: &dyn std::error::Error) -> Failure {
    Failure::new(FailureKind::Chart, chain(error))
        .about(format!("chart {}", chart.name()))
        .next("correct the values, or the chart; nothing of it was changed on the cluster")
}

/// What the chart may ask of the cluster: its version and kinds, or Helm's defaults without one.
async fn capabilities(context: &Context<'_>) -> Result<Capabilities, Failure> {
    let mut capabilities = Capabilities::default_for(context.request.profile);
    if let Some(cluster) = &context.cluster {
        let until = context.until();
        let version = cluster.server_version(until).await.map_err(|error| api(&error))?;
        let versions = cluster.api_versions(until).await.map_err(|error| api(&error))?;
        let parsed = KubeVersion::parse(&version.git_version, context.request.profile);
        capabilities.kube_version = parsed.map_err(|error| {
            Failure::new(FailureKind::Refused, chain(&error)).about(format!("cluster {}", cluster.server()))
        })?;
        capabilities.api_versions = versions;
    }
    Ok(capabilities)
}
