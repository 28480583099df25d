//! How the platform is: no step of a run, but a look at what the steps made.

use std::time::Duration;

use aktus_helm::record::Record;
use aktus_helm::{manifest_json, split_manifest};
use aktus_k8s::{Object, ObjectId, Readiness, Selector, wait};
use aktus_release::history;
use tokio::time::Instant;

use super::release::options;
use super::values::{ASSISTANT, RESEARCH, balancer};
use super::{cluster, request};
use crate::context::{Context, StepResult};
use crate::event::Event;
use crate::failure::{api, release};
use crate::report::{EndpointReport, Failure, FailureKind, Outcome, ReleaseReport, Report};
use crate::step::Step;

pub(crate) async fn run(mut context: Context<'_>) -> Report {
    let started = Instant::now();
    context.report.planned = false;
    for step in [Step::Request, Step::Cluster, Step::Wait] {
        context.step = step;
        context.reporter.event(&Event::StepStarted { step });
        let began = Instant::now();
        let result = match step {
            Step::Request => request::run(&mut context),
            Step::Cluster => cluster::run(&mut context).await,
            _ => look(&mut context).await,
        };
        let failed = result.is_err();
        context.finish(result.unwrap_or_else(Outcome::Failed), began.elapsed());
        if failed {
            break;
        }
    }
    // The Lease is what a run would take; nobody takes it here.
    if let Ok(mut objects) = context.objects.lock() {
        objects.retain(|object| object.change != "hold");
    }
    context.report.took = started.elapsed();
    context.take_report()
}

/// How long a look may take.
pub(super) const LOOK: Duration = Duration::from_secs(3);

async fn look(context: &mut Context<'_>) -> StepResult {
    let (cluster, until) = (context.cluster()?, context.until());
    let options = options(context.request);
    let history = history(&cluster, &options, until).await.map_err(|error| release(&error))?;
    let Some(last) = history.last() else {
        return Err(Failure::new(FailureKind::Refused, "there is no release")
            .about(format!("release {} in namespace {}", options.name, options.namespace))
            .next("run `aktus bootstrap` to install the platform"));
    };
    context.report.release = Some(ReleaseReport {
        name: last.name.clone(),
        namespace: last.namespace.clone(),
        revision: last.version,
        status: last.info.status.as_str().to_owned(),
        chart: format!("{}-{}", last.chart.name(), last.chart.version()),
        digest: None,
    });
    let mut ids = platform(context, &cluster, until).await?;
    for mut id in released(last) {
        if cluster.locate(&mut id, &options.namespace, until).await.is_ok() {
            ids.push(id);
        }
    }
    for id in &ids {
        context.note(id, "unchanged", String::new());
    }
    // A look, not a wait: what is not ready within a moment is told as it is.
    let verdicts =
        wait(&cluster, &ids, until.min(Instant::now() + LOOK), &mut |_, _| {}).await.map_err(|error| api(&error))?;
    let mut ready = 0;
    for (id, readiness) in &verdicts {
        let verdict = match readiness {
            Readiness::Ready => {
                ready += 1;
                Ok(())
            }
            Readiness::Pending(reason) | Readiness::Failed(reason) => Err(reason.clone()),
        };
        context.verdict(id, verdict);
    }
    let hosts = [(RESEARCH, balancer(context, RESEARCH).await?), (ASSISTANT, balancer(context, ASSISTANT).await?)];
    context.report.endpoints = hosts
        .into_iter()
        .map(|(service, host)| EndpointReport {
            service: service.to_owned(),
            url: host.as_ref().map(|host| format!("http://{host}:8080")),
            host,
        })
        .collect();
    let summary = format!("{ready} of {} ready", verdicts.len());
    if ready < verdicts.len() {
        return Err(
            Failure::new(FailureKind::NotReady, summary).next("see the reason of each object that is not ready")
        );
    }
    Ok(Outcome::Unchanged(summary))
}

/// The platform's own objects, by their labels.
async fn platform(
    context: &Context<'_>,
    cluster: &aktus_k8s::Cluster,
    until: Instant,
) -> Result<Vec<ObjectId>, Failure> {
    let selector = Selector::labels(context.owner.selector());
    let home = Some(context.request.namespace.as_str());
    let kinds = [
        ("v1", "Namespace", None),
        ("storage.k8s.io/v1", "StorageClass", None),
        ("karpenter.sh/v1", "NodePool", None),
        ("v1", "ServiceAccount", home),
        ("v1", "Secret", home),
        ("apps/v1", "DaemonSet", home),
    ];
    let mut ids = Vec::new();
    for (api_version, kind, namespace) in kinds {
        match cluster.list(api_version, kind, namespace, &selector, until).await {
            Ok(objects) => ids.extend(objects.iter().map(Object::id)),
            Err(error) if error.class() == aktus_k8s::Class::UnknownKind => {}
            Err(error) => return Err(api(&error)),
        }
    }
    Ok(ids)
}

fn released(record: &Record) -> Vec<ObjectId> {
    let documents = split_manifest(&record.manifest, aktus_helm::Profile::Helm4);
    let values = documents.into_iter().filter_map(|content| manifest_json(content).ok());
    values.filter_map(|value| Object::flatten(value).ok()).flatten().map(|object| object.id()).collect()
}
