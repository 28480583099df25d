//! Undoing: the load balancers are gone, so that nothing of them outlives the network.

use aktus_k8s::{Object, Remaining, Selector, wait_gone};

use crate::context::{Context, StepResult};
use crate::event::Event;
use crate::failure::api;
use crate::report::{Failure, FailureKind, Outcome};

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let (cluster, until) = (context.cluster()?, context.until());
    let namespace = Some(context.request.namespace.as_str());
    let services = cluster.list("v1", "Service", namespace, &Selector::default(), until).await;
    let services = services.map_err(|error| api(&error))?;
    let going: Vec<_> = services
        .iter()
        .filter(|service| service.text("/spec/type") == Some("LoadBalancer") && service.is_deleting())
        .map(|service| (service.id(), service.uid().map(str::to_owned)))
        .collect();
    if going.is_empty() {
        return Ok(Outcome::Unchanged("no load balancer is left".to_owned()));
    }
    let count = going.len();
    gone(context, &going, "the cloud's load-balancer controller must release it; see its events").await?;
    Ok(Outcome::Done(format!("{count} load balancers are gone")))
}

/// Waits until objects are gone; names what holds the first that is not.
pub(super) async fn gone(
    context: &mut Context<'_>,
    objects: &[(aktus_k8s::ObjectId, Option<String>)],
    next: &str,
) -> Result<(), Failure> {
    let (cluster, until, reporter) = (context.cluster()?, context.until(), context.reporter);
    let left = wait_gone(&cluster, objects, until, &mut |remaining: &Remaining| {
        reporter.event(&Event::ObjectWaiting { object: remaining.id.to_string(), reason: remaining.to_string() });
    })
    .await
    .map_err(|error| api(&error))?;
    match left.first() {
        None => Ok(()),
        Some(first) => {
            let names: Vec<_> = left.iter().map(|remaining| remaining.id.to_string()).collect();
            Err(Failure::new(FailureKind::NotReady, format!("{first}; still there: {}", names.join(", ")))
                .about(first.id.to_string())
                .next(next))
        }
    }
}

/// What identifies an object that is to go.
pub(super) fn exactly(object: &Object) -> (aktus_k8s::ObjectId, Option<String>) {
    (object.id(), object.uid().map(str::to_owned))
}
