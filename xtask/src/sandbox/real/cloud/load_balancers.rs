//! Services of type `LoadBalancer` get a host name, and give it back before they go.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::super::Mode;
use super::super::api::{is_going, items, text, without_finalizer};
use super::{Player, REGION, digits_of};

const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// How long a load balancer takes to be there; minutes on AWS.
const MAKING: Duration = Duration::from_millis(800);
/// How long one takes to be gone.
const REMOVING: Duration = Duration::from_millis(500);

pub(super) async fn look(player: &mut Player) -> Result<()> {
    for service in player.api.list("/api/v1/services").await? {
        let (namespace, name) = (text(&service, "/metadata/namespace"), text(&service, "/metadata/name"));
        let path = format!("/api/v1/namespaces/{namespace}/services/{name}");
        let held = items(&service, "/metadata/finalizers").iter().any(|finalizer| finalizer == FINALIZER);
        let wanted = text(&service, "/spec/type") == "LoadBalancer" && !is_going(&service);
        if !wanted {
            if held && player.has_passed("removing", &service, REMOVING) {
                player.api.merge(&path, &without_finalizer(&service, FINALIZER)).await?;
            }
            continue;
        }
        if !is_served(player.mode, &service) {
            continue;
        }
        if !held {
            let mut finalizers = items(&service, "/metadata/finalizers").to_vec();
            finalizers.push(FINALIZER.into());
            let version = text(&service, "/metadata/resourceVersion");
            let metadata = json!({"finalizers": finalizers, "resourceVersion": version});
            player.api.merge(&path, &json!({"metadata": metadata})).await?;
        }
        let host = host_name(player.mode, &service);
        if text(&service, "/status/loadBalancer/ingress/0/hostname") != host
            && player.has_passed("making", &service, MAKING)
        {
            let status = json!({"loadBalancer": {"ingress": [{"hostname": host}]}});
            player.api.merge(&format!("{path}/status"), &json!({"status": status})).await?;
        }
    }
    Ok(())
}

/// Whether anything on the cluster makes this load balancer: Auto Mode itself, or the control plane's own provider,
/// which leaves Services with a class or of type `external` to a controller that is not there.
fn is_served(mode: Mode, service: &Value) -> bool {
    let class = text(service, "/spec/loadBalancerClass");
    let kind = text(service, "/metadata/annotations/service.beta.kubernetes.io~1aws-load-balancer-type");
    match mode {
        Mode::Auto => matches!(class, "" | "eks.amazonaws.com/nlb"),
        Mode::Traditional => class.is_empty() && !matches!(kind, "external" | "nlb-ip"),
    }
}

fn host_name(mode: Mode, service: &Value) -> String {
    let uid = text(service, "/metadata/uid");
    let short = |pointer: &str| -> String {
        text(service, pointer).chars().filter(char::is_ascii_alphanumeric).take(8).collect()
    };
    let tail = digits_of(&format!("{uid}/"), 16);
    match mode {
        Mode::Auto => {
            let (namespace, name) = (short("/metadata/namespace"), short("/metadata/name"));
            format!("k8s-{namespace}-{name}-{}-{tail}.elb.{REGION}.amazonaws.com", digits_of(uid, 10))
        }
        Mode::Traditional => format!("a{}-{tail}.elb.{REGION}.amazonaws.com", digits_of(uid, 31)),
    }
}
