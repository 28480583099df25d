//! Which Services get a load balancer, and when is it gone?

use serde_json::{Value, json};

use super::Work;
use super::work::{has_finalizer, is_going};
use crate::Mode;
use crate::kubernetes::api::{text, text_at};
use crate::kubernetes::names;
use crate::kubernetes::store::Key;

const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
const MANAGER: &str = "service-controller";

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, service: &Value) {
    let wanted = text_at(service, "/spec/type") == "LoadBalancer" && !is_going(service);
    if !wanted {
        remove(work, key, service);
        return;
    }
    if !is_served(work.world.mode, service) {
        return;
    }
    if !has_finalizer(service, FINALIZER) {
        work.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
        work.change(MANAGER, key, |service| {
            let Some(metadata) = service.get_mut("metadata").and_then(Value::as_object_mut) else {
                return;
            };
            let list = metadata.entry("finalizers").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(FINALIZER.into());
            }
        });
    }
    if !work.after(key, "balancing", 3) {
        return;
    }
    let host = host_name(work, key, service);
    if text_at(service, "/status/loadBalancer/ingress/0/hostname") != host {
        work.set_status(MANAGER, key, &json!({"loadBalancer": {"ingress": [{"hostname": host}]}}));
        work.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
    }
}

/// Whether anything in the cluster makes this load balancer.
///
/// A Service with a class, or with the annotation type `external`, wants a controller outside the
/// control plane. Auto Mode has one; without it nobody serves the Service, as on AWS.
fn is_served(mode: Mode, service: &Value) -> bool {
    let class = text_at(service, "/spec/loadBalancerClass");
    let kind = annotation(service, "service.beta.kubernetes.io/aws-load-balancer-type");
    let external = matches!(kind, "external" | "nlb-ip");
    match mode {
        Mode::Auto => matches!(class, "" | "eks.amazonaws.com/nlb"),
        Mode::Traditional => class.is_empty() && !external,
    }
}

fn annotation<'a>(service: &'a Value, name: &str) -> &'a str {
    service
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(name))
        .and_then(Value::as_str)
        .unwrap_or("")
}

fn host_name(work: &Work<'_>, key: &Key, service: &Value) -> String {
    let region = &work.world.region;
    let uid = text(service, "uid");
    let short = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).take(8).collect() };
    match work.world.mode {
        Mode::Auto => format!(
            "k8s-{}-{}-{}-{}.elb.{region}.amazonaws.com",
            short(&key.namespace),
            short(&key.name),
            names::hexadecimal(uid, 10),
            names::hexadecimal(&format!("{uid}/"), 16)
        ),
        Mode::Traditional => format!(
            "a{}-{}.elb.{region}.amazonaws.com",
            names::hexadecimal(uid, 31),
            names::hexadecimal(&format!("{uid}/"), 16)
        ),
    }
}

/// Takes the load balancer of a Service away that no longer wants one.
fn remove(work: &mut Work<'_>, key: &Key, service: &Value) {
    if !has_finalizer(service, FINALIZER) {
        return;
    }
    work.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
    if work.after(key, "removing", 2) {
        work.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
        work.leave(key, "balancing");
        work.leave(key, "removing");
        work.release(MANAGER, key, FINALIZER);
    }
}
