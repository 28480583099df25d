//! A `PersistentVolume` is ready when it can be, or is, bound.

use crate::object::Object;
use crate::wait::readiness::Readiness;

pub(super) fn readiness(volume: &Object) -> Readiness {
    match volume.text("/status/phase") {
        Some("Available" | "Bound") => Readiness::Ready,
        Some("Failed") => {
            let message = volume.text("/status/message").unwrap_or("its reclamation failed");
            Readiness::Failed(message.to_owned())
        }
        Some("Released") => {
            let text = |pointer: &str| volume.text(pointer).unwrap_or("?");
            let (namespace, name) = (text("/spec/claimRef/namespace"), text("/spec/claimRef/name"));
            Readiness::Pending(format!(
                "it still belongs to the deleted claim {namespace}/{name}; remove its `claimRef` to use it again"
            ))
        }
        _ => Readiness::Pending("it is not available yet".to_owned()),
    }
}
