//! The defaults of pods and of the templates that pods are made from.

use serde_json::{Map, Value, json};

use super::{absent, at, each, zero};

/// Fills in a `PodSpec`.
pub(super) fn fill(spec: &mut Map<String, Value>) {
    absent(spec, "dnsPolicy", "ClusterFirst");
    absent(spec, "restartPolicy", "Always");
    absent(spec, "securityContext", json!({}));
    absent(spec, "terminationGracePeriodSeconds", 30);
    absent(spec, "schedulerName", "default-scheduler");
    // The older name of the account follows the newer one.
    let account = ["serviceAccountName", "serviceAccount"]
        .iter()
        .find_map(|field| spec.get(*field).and_then(Value::as_str))
        .unwrap_or("")
        .to_owned();
    if !account.is_empty() {
        spec.insert("serviceAccountName".to_owned(), account.as_str().into());
        spec.insert("serviceAccount".to_owned(), account.into());
    }
    let host_network = spec.get("hostNetwork").and_then(Value::as_bool).unwrap_or(false);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in each(spec, list) {
            fill_container(container, host_network);
        }
    }
    for volume in each(spec, "volumes") {
        fill_volume(volume);
    }
}

/// What only pods themselves have, not templates.
pub(super) fn fill_pod(spec: &mut Map<String, Value>) {
    absent(spec, "enableServiceLinks", true);
    for list in ["containers", "initContainers"] {
        for container in each(spec, list) {
            let Some(resources) = at(container, "resources") else { continue };
            let limits = resources.get("limits").and_then(Value::as_object).cloned();
            for (name, value) in limits.into_iter().flatten() {
                super::within(resources, "requests").entry(name).or_insert(value);
            }
        }
    }
}

/// Whether an image without digest has the tag `latest` or none.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.rsplit_once(':') {
        Some((_, tag)) => tag == "latest",
        None => true,
    }
}

fn fill_container(container: &mut Map<String, Value>, host_network: bool) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or("");
    let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
    absent(container, "imagePullPolicy", policy);
    absent(container, "terminationMessagePath", "/dev/termination-log");
    absent(container, "terminationMessagePolicy", "File");
    for port in each(container, "ports") {
        absent(port, "protocol", "TCP");
        if host_network && let Some(number) = port.get("containerPort").cloned() {
            absent(port, "hostPort", number);
        }
    }
    for variable in each(container, "env") {
        if let Some(source) = at(variable, "valueFrom") {
            if let Some(field) = at(source, "fieldRef") {
                absent(field, "apiVersion", "v1");
            }
            if let Some(field) = at(source, "resourceFieldRef") {
                absent(field, "divisor", "0");
            }
            if let Some(file) = at(source, "fileKeyRef") {
                absent(file, "optional", false);
            }
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = at(container, probe) else { continue };
        zero(probe, "timeoutSeconds", 1);
        zero(probe, "periodSeconds", 10);
        zero(probe, "successThreshold", 1);
        zero(probe, "failureThreshold", 3);
        if let Some(action) = at(probe, "httpGet") {
            fill_http(action);
        }
        if let Some(action) = at(probe, "grpc") {
            absent(action, "service", "");
        }
    }
    if let Some(lifecycle) = at(container, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(action) = at(lifecycle, hook).and_then(|hook| at(hook, "httpGet")) {
                fill_http(action);
            }
        }
    }
}

fn fill_http(action: &mut Map<String, Value>) {
    absent(action, "path", "/");
    absent(action, "scheme", "HTTP");
}

/// `0644`, the mode of files in volumes.
const FILE_MODE: i64 = 420;

fn fill_volume(volume: &mut Map<String, Value>) {
    if volume.keys().all(|field| field == "name") {
        volume.insert("emptyDir".to_owned(), json!({}));
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        if let Some(source) = at(volume, source) {
            absent(source, "defaultMode", FILE_MODE);
            fill_items(source);
            for part in each(source, "sources") {
                if let Some(token) = at(part, "serviceAccountToken") {
                    absent(token, "expirationSeconds", 3600);
                }
                if let Some(downward) = at(part, "downwardAPI") {
                    fill_items(downward);
                }
            }
        }
    }
    if let Some(path) = at(volume, "hostPath") {
        absent(path, "type", "");
    }
    if let Some(claim) = at(volume, "ephemeral").and_then(|e| at(e, "volumeClaimTemplate"))
        && let Some(spec) = at(claim, "spec")
    {
        absent(spec, "volumeMode", "Filesystem");
    }
    if let Some(image) = at(volume, "image") {
        let reference = image.get("reference").and_then(Value::as_str).unwrap_or("");
        let policy = if is_latest(reference) { "Always" } else { "IfNotPresent" };
        absent(image, "pullPolicy", policy);
    }
}

fn fill_items(source: &mut Map<String, Value>) {
    for item in each(source, "items") {
        if let Some(field) = at(item, "fieldRef") {
            absent(field, "apiVersion", "v1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_latest;

    #[test]
    fn images_without_tag_are_the_latest() {
        assert!(is_latest("app"));
        assert!(is_latest("host:5000/app"));
        assert!(is_latest("app:latest"));
        assert!(!is_latest("host:5000/app:1"));
        assert!(!is_latest("app@sha256:00"));
    }
}
