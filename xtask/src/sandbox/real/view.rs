//! What other programs see of the platform: kubectl, and both versions of Helm.

use anyhow::{Result, bail};
use serde_json::Value;

use super::api::{is_true, items, parse, text};
use super::console;
use super::process::{output, show};
use super::world::World;
use crate::tools::Tool;

/// The namespace of the platform.
pub(super) const NAMESPACE: &str = aktus_bootstrap::DEFAULT_NAMESPACE;
/// The name of its release.
pub(super) const RELEASE: &str = aktus_bootstrap::RELEASE_NAME;

/// Prints what kubectl sees; errs unless all of it is ready.
pub(super) async fn kubectl(world: &World) -> Result<()> {
    let kinds = "deployments,statefulsets,daemonsets,pods,services,persistentvolumeclaims";
    let mut command = world.kubectl();
    command.args(["get", kinds, "--namespace", NAMESPACE]);
    let shown = show(&command);
    let table = output(&mut command).await?;
    let list = output(world.kubectl().args(["get", kinds, "--namespace", NAMESPACE, "--output", "json"])).await?;
    let list = parse(&shown, &list)?;
    let objects = items(&list, "/items");
    let missing: Vec<String> = objects.iter().filter_map(unready).collect();
    console::step(&shown);
    console::quote(&table);
    if !missing.is_empty() || objects.is_empty() {
        bail!("not everything is ready: {}", missing.join("; "));
    }
    console::step(&format!("{} objects, all ready; {} nodes", objects.len(), world.nodes().await?));
    Ok(())
}

/// Why an object is not ready, if it is not.
fn unready(object: &Value) -> Option<String> {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    let kind = text(object, "/kind");
    let ready = match kind {
        "Deployment" | "StatefulSet" => {
            let wanted = number("/spec/replicas");
            number("/status/readyReplicas") == wanted
                && number("/status/updatedReplicas") == wanted
                && number("/status/observedGeneration") == number("/metadata/generation")
        }
        "DaemonSet" => number("/status/numberReady") == number("/status/desiredNumberScheduled"),
        "Pod" => text(object, "/status/phase") == "Running" && is_true(object, "Ready"),
        "PersistentVolumeClaim" => text(object, "/status/phase") == "Bound",
        "Service" => {
            text(object, "/spec/type") != "LoadBalancer"
                || !text(object, "/status/loadBalancer/ingress/0/hostname").is_empty()
        }
        _ => true,
    };
    (!ready).then(|| format!("{kind}/{}", text(object, "/metadata/name")))
}

/// Prints what both Helms say of the release; errs unless they read it as deployed in this revision.
pub(super) async fn helm(world: &World, revision: u64) -> Result<()> {
    let mut tools = vec![Tool::Helm4];
    if world.tools.missing(&[Tool::Helm3]).is_empty() {
        tools.push(Tool::Helm3);
    } else {
        console::step("Helm 3 is not among the tools, so only Helm 4 reads the release");
    }
    for tool in tools {
        let version = output(world.helm(tool)?.args(["version", "--template", "{{.Version}}"])).await?;
        let helm = async |arguments: &[&str]| -> Result<String> {
            output(world.helm(tool)?.args(arguments).args(["--namespace", NAMESPACE])).await
        };
        for arguments in [&["list"][..], &["history", RELEASE]] {
            console::step(&format!("helm {version}: {}", arguments.join(" ")));
            console::quote(&helm(arguments).await?);
        }
        let list = parse("helm list", &helm(&["list", "--output", "json"]).await?)?;
        let history = parse("helm history", &helm(&["history", RELEASE, "--output", "json"]).await?)?;
        let status = parse("helm status", &helm(&["status", RELEASE, "--output", "json"]).await?)?;
        let listed = (text(&list, "/0/name"), text(&list, "/0/revision"), text(&list, "/0/status"));
        if listed != (RELEASE, revision.to_string().as_str(), "deployed") {
            bail!("helm {version} lists {list}, but revision {revision} should be deployed");
        }
        let revisions = history.as_array().map_or(0, Vec::len);
        let last = history.as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
        if revisions != usize::try_from(revision)? || text(&last, "/status") != "deployed" {
            bail!("helm {version} has {revisions} revisions in its history, but {revision} were written: {history}");
        }
        if text(&status, "/info/status") != "deployed" || status["version"] != revision {
            bail!("helm {version} does not see revision {revision} as deployed in `helm status`");
        }
        console::step(&format!(
            "helm {version}: status {}: deployed, revision {revision}, {} bytes of manifest",
            RELEASE,
            text(&status, "/manifest").len()
        ));
    }
    Ok(())
}
