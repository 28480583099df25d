//! The chart is pulled, verified and loaded, before anything of it touches the cluster.

use std::path::Path;

use aktus_helm::oci::Reference;
use aktus_helm::{Chart, LoadOptions};

use crate::context::{Context, LoadedChart, StepResult};
use crate::failure::{chain, pull};
use crate::overlay::Places;
use crate::report::{Failure, FailureKind, Outcome};
use crate::request::ChartSource;

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let (chart, digest) = match &context.request.chart {
        None => return Ok(Outcome::Skipped("no chart is wanted".to_owned())),
        Some(ChartSource::Path(path)) => (load(path.clone()).await?, None),
        Some(ChartSource::Registry { reference, version }) => {
            let (chart, digest) = pulled(context, reference, version.as_deref()).await?;
            (chart, Some(digest))
        }
    };
    let places = Places::of(&chart);
    let mut lines = vec![format!("{} {}", chart.name(), chart.metadata().version)];
    if let Some(digest) = &digest {
        lines.push(digest.clone());
    }
    lines.push(count(chart.templates().len() + nested(&chart), "template"));
    lines.push(count(chart.dependencies().len(), "sub-chart"));
    check(context, &chart)?;
    context.chart = Some(LoadedChart { chart, digest, places });
    Ok(Outcome::Done(lines.join(", ")))
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

fn nested(chart: &Chart) -> usize {
    chart.dependencies().iter().map(|child| child.templates().len() + nested(child)).sum()
}

/// Refuses a chart that could not be installed; names everything that is missing.
fn check(context: &mut Context<'_>, chart: &Chart) -> Result<(), Failure> {
    let about = |cause: String| Failure::new(FailureKind::Chart, cause).about(format!("chart {}", chart.name()));
    let missing = chart.missing_dependencies();
    if !missing.is_empty() {
        return Err(about(format!("in Chart.yaml, but missing in charts/: {}", missing.join(", ")))
            .next("package the chart with its dependencies (`helm dependency build`)"));
    }
    if chart.metadata().chart_type == "library" {
        return Err(about("library charts are not installable".to_owned()).next("name an application chart"));
    }
    if chart.templates().is_empty() && chart.dependencies().is_empty() {
        context.warn(format!("chart {} has no templates and no sub-charts", chart.name()));
    }
    Ok(())
}

async fn load(path: std::path::PathBuf) -> Result<Chart, Failure> {
    let shown = path.display().to_string();
    let loaded = tokio::task::spawn_blocking(move || Chart::from_path(Path::new(&path), &LoadOptions::default())).await;
    match loaded {
        Ok(Ok(chart)) => Ok(chart),
        Ok(Err(error)) => Err(Failure::new(FailureKind::Chart, chain(&error))
            .about(format!("chart {shown}"))
            .next("name a chart directory or a packaged chart (.tgz)")),
        Err(error) => Err(Failure::new(FailureKind::Internal, error.to_string()).about(format!("chart {shown}"))),
    }
}

async fn pulled(context: &Context<'_>, reference: &str, version: Option<&str>) -> Result<(Chart, String), Failure> {
    let refuse = |cause: String| Failure::new(FailureKind::Request, cause).about(format!("chart {reference}"));
    let Some(puller) = &context.world.puller else {
        return Err(refuse("this run has no access to registries".to_owned()).next("name a chart directory or .tgz"));
    };
    let parsed: Reference = reference.parse().map_err(|error| {
        refuse(chain(&error)).next("write it as `oci://host/repository`, and the version with --chart-version")
    })?;
    let until = context.until().into_std();
    let pulled = puller.pull(&parsed, version, &*context.world.keychain, until).await;
    let pulled = pulled.map_err(|error| pull(reference, &error))?;
    let digest = pulled.digest.to_string();
    let archive = pulled.archive;
    let loaded = tokio::task::spawn_blocking(move || Chart::from_archive(&archive, &LoadOptions::default())).await;
    match loaded {
        Ok(Ok(chart)) => Ok((chart, digest)),
        Ok(Err(error)) => Err(Failure::new(FailureKind::Chart, chain(&error))
            .about(format!("chart {reference}"))
            .next("tell whoever published the chart; nothing was changed")),
        Err(error) => Err(Failure::new(FailureKind::Internal, error.to_string()).about(format!("chart {reference}"))),
    }
}
