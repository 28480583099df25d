//! A `PersistentVolumeClaim` is ready when it is bound.

use crate::object::Object;
use crate::wait::readiness::Readiness;
use crate::wait::related::Related;

pub(super) fn readiness(claim: &Object, related: &Related) -> Readiness {
    match trouble(claim, related) {
        None => Readiness::Ready,
        Some(reason) if claim.text("/status/phase") == Some("Lost") => Readiness::Failed(reason),
        Some(reason) => Readiness::Pending(reason),
    }
}

/// Why the claim is not bound; `None` if it is.
pub(in crate::wait) fn trouble(claim: &Object, related: &Related) -> Option<String> {
    match claim.text("/status/phase") {
        Some("Bound") => None,
        Some("Lost") => {
            let volume = claim.text("/spec/volumeName").unwrap_or("?");
            Some(format!("its volume {volume} is gone, and the data with it"))
        }
        _ => {
            let class = match claim.text("/spec/storageClassName") {
                Some(class) if !class.is_empty() => format!(" (storage class {class})"),
                _ => String::new(),
            };
            let reason = match (related.warning(claim, &[]), claim.text("/spec/volumeName")) {
                (Some(warning), _) => format!(": {warning}"),
                (None, Some(volume)) if !volume.is_empty() => {
                    format!(": it waits for volume {volume}")
                }
                _ => String::new(),
            };
            Some(format!("it is not bound{class}{reason}"))
        }
    }
}
