//! The browser side of the assistant learns the address of the research service: as values of the release,
//! or, for a chart without such values, on its Deployment under our own name.

use aktus_k8s::platform::FIELD_MANAGER;
use aktus_k8s::{ApplyOptions, Object, ObjectId};
use serde_json::{Value, json};

use super::release::{bring, options};
use super::values::{ASSISTANT, RESEARCH, balancer};
use super::wait::release_objects;
use crate::context::{Context, RenderedChart, StepResult};
use crate::failure::{api, build};
use crate::overlay::Address;
use crate::render::manifests;
use crate::report::{EndpointReport, Failure, FailureKind, Outcome};

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let Some(loaded) = &context.chart else {
        return Ok(Outcome::Skipped("no chart is installed".to_owned()));
    };
    let by_values = !loaded.places.addresses.is_empty();
    if context.planning() {
        return Ok(planned(context, by_values));
    }
    let host = balancer(context, RESEARCH).await?;
    let assistant = balancer(context, ASSISTANT).await?;
    context.report.endpoints =
        [(RESEARCH, &host), (ASSISTANT, &assistant)].map(|(service, host)| endpoint(service, host.clone())).into();
    let Some(host) = host else {
        context.warn(format!("Service {RESEARCH} has no load balancer, so the assistant's addresses stay as they are"));
        return Ok(Outcome::Skipped("there is no address to set".to_owned()));
    };
    if by_values {
        if context.research_host.as_ref() == Some(&host) {
            return Ok(Outcome::Unchanged(format!("the assistant knows {host}")));
        }
        second_revision(context, &host).await?;
    } else if !variables(context, &host).await? {
        return Ok(Outcome::Unchanged(format!("the assistant knows {host}")));
    }
    let ids = release_objects(context);
    context.wait_for(&ids, context.until()).await?;
    Ok(Outcome::Done(format!("the assistant knows {host}")))
}

fn endpoint(service: &str, host: Option<String>) -> EndpointReport {
    let url = host.as_ref().map(|host| format!("http://{host}:8080"));
    EndpointReport { service: service.to_owned(), host, url }
}

/// What the second revision would write, as far as one knows before there are load balancers.
fn planned(context: &mut Context<'_>, by_values: bool) -> Outcome {
    context.report.endpoints = [RESEARCH, ASSISTANT].map(|service| endpoint(service, None)).into();
    if let Some(host) = &context.research_host {
        return Outcome::Unchanged(format!("the assistant knows {host}"));
    }
    let served = context.rendered.as_ref().is_some_and(|rendered| {
        rendered.manifests.documents.iter().any(|document| document.kind == "Service" && document.name == RESEARCH)
    });
    if !served {
        return Outcome::Skipped(format!("the chart has no Service {RESEARCH}"));
    }
    if by_values {
        let next = context.report.release.as_ref().map_or(1, |release| release.revision) + 1;
        let name = format!("sh.helm.release.v1.{}.v{next}", options(context.request).name);
        let record = ObjectId::namespaced("v1", "Secret", &context.request.namespace, &name);
        context.note(&record, "create", format!("record of revision {next}, once the load balancers have names"));
        return Outcome::Done(format!("upgrade to revision {next} once the load balancers have names"));
    }
    Outcome::Done("set the addresses on the assistant once the load balancers have names".to_owned())
}

/// The addresses as values of the release, which then owns them.
async fn second_revision(context: &mut Context<'_>, host: &str) -> Result<(), Failure> {
    let Some(loaded) = &context.chart else { return Ok(()) };
    let values = loaded.places.overlay(&context.request.values, &context.request.file_system_id, Some(host));
    let revision = context.report.release.as_ref().map_or(1, |release| release.revision);
    let (manifests, _) = manifests(context, &values, revision).await?;
    context.rendered = Some(RenderedChart { values, manifests, revision });
    context.research_host = Some(host.to_owned());
    bring(context).await?;
    Ok(())
}

/// The addresses as variables of the assistant's container. Answers whether they had to be written.
async fn variables(context: &Context<'_>, host: &str) -> Result<bool, Failure> {
    let (cluster, until) = (context.cluster()?, context.until());
    let id = ObjectId::namespaced("apps/v1", "Deployment", &context.request.namespace, ASSISTANT);
    let live = cluster.get(&id, until).await.map_err(|error| api(&error))?;
    let live = live.ok_or_else(|| {
        Failure::new(FailureKind::Chart, "the chart has no such Deployment, and no values for the addresses")
            .about(id.to_string())
            .next("use a chart of the Aktus AI Platform")
    })?;
    let container = live.items("/spec/template/spec/containers").next();
    let container = container.and_then(|container| container.get("name")).and_then(Value::as_str).unwrap_or_default();
    let wanted = Address::ALL.map(|address| json!({"name": address.variable(), "value": address.url(host)}));
    let known: Vec<&Value> = live
        .items("/spec/template/spec/containers")
        .next()
        .and_then(|container| container.get("env"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    if wanted.iter().all(|variable| known.contains(&variable)) {
        return Ok(false);
    }
    let patch = Object::new(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": ASSISTANT, "namespace": context.request.namespace},
        "spec": {"template": {"spec": {"containers": [{"name": container, "env": wanted}]}}},
    }))
    .map_err(|error| build(&error))?;
    let apply = ApplyOptions { force: true, ..ApplyOptions::new(FIELD_MANAGER) };
    cluster.apply(&patch, &apply, until).await.map_err(|error| api(&error).about(id.to_string()))?;
    context.note(&id, "update", "addresses of the research service".to_owned());
    Ok(true)
}
