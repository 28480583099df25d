//! Undoing: claims and volumes are gone. Only in a namespace that is ours.

use aktus_k8s::{DeleteOptions, Deletion, Object, Selector};

use super::load_balancers::{exactly, gone};
use super::platform::namespace_is_ours;
use crate::context::{Context, StepResult};
use crate::failure::api;
use crate::report::{Failure, Outcome};

pub(super) async fn run(context: &mut Context<'_>) -> StepResult {
    let (cluster, until) = (context.cluster()?, context.until());
    let namespace = context.request.namespace.clone();
    let all = Selector::default();
    let claims = cluster.list("v1", "PersistentVolumeClaim", Some(&namespace), &all, until).await;
    let claims = claims.map_err(|error| api(&error))?;
    let volumes = cluster.list("v1", "PersistentVolume", None, &all, until).await.map_err(|error| api(&error))?;
    // A volume belongs to the claim it is bound to, or to the release that made it.
    let ours = |volume: &Object| {
        volume.text("/spec/claimRef/namespace") == Some(&namespace)
            || (volume.annotation("meta.helm.sh/release-namespace") == Some(&namespace)
                && volume.annotation("meta.helm.sh/release-name") == Some(&context.request.release))
    };
    let volumes: Vec<_> = volumes.into_iter().filter(ours).collect();
    if claims.is_empty() && volumes.is_empty() {
        return Ok(Outcome::Unchanged("no claims and volumes are left".to_owned()));
    }
    if !namespace_is_ours(context).await? {
        let names: Vec<_> = claims.iter().map(|claim| claim.name().to_owned()).collect();
        context.warn(format!(
            "namespace {namespace} was there before us, so its claims stay: {}",
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ));
        return Ok(Outcome::Skipped("the namespace was there before us".to_owned()));
    }
    let objects: Vec<_> = claims.into_iter().chain(volumes).collect();
    for object in &objects {
        delete(context, object).await?;
    }
    let targets: Vec<_> = objects.iter().map(exactly).collect();
    gone(context, &targets, "a pod may still use the volume, or its driver may be gone; see its events").await?;
    Ok(Outcome::Done(format!("{} claims and volumes are gone", objects.len())))
}

/// Deletes exactly the object that was read, and notes it.
pub(super) async fn delete(context: &mut Context<'_>, object: &Object) -> Result<(), Failure> {
    let cluster = context.cluster()?;
    let options = DeleteOptions::exactly(object);
    let deletion = cluster.delete(&object.id(), &options, context.until()).await;
    match deletion.map_err(|error| api(&error).about(object.id().to_string()))? {
        Deletion::Deleted | Deletion::Started => context.note(&object.id(), "delete", String::new()),
        Deletion::Absent | Deletion::Another => {}
    }
    Ok(())
}
