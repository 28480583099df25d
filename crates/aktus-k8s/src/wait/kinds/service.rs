//! A Service of type `LoadBalancer` is ready when it has an address; others are as soon as they are there.

use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;

pub(super) fn readiness(service: &Object, related: &Related) -> Readiness {
    let has_address = service.items("/status/loadBalancer/ingress").next().is_some()
        || service.items("/spec/externalIPs").next().is_some();
    if service.text("/spec/type") != Some("LoadBalancer") || has_address {
        return Readiness::Ready;
    }
    Readiness::Pending("its load balancer has no address yet".to_owned()).because(related.warning(service, &[]))
}
