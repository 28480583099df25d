//! A `CustomResourceDefinition` is ready when it is established: its kind is served.

use super::{condition, words};
use crate::object::Object;
use crate::wait::readiness::Readiness;

pub(super) fn readiness(definition: &Object) -> Readiness {
    if let Some(refused @ ("False", ..)) = condition(definition, "NamesAccepted") {
        return Readiness::Failed(format!("its names are not accepted: {}", words(refused, "they are taken")));
    }
    match condition(definition, "Established") {
        Some(("True", ..)) => Readiness::Ready,
        Some(other) => Readiness::Pending(words(other, "it is not established yet").to_owned()),
        None => Readiness::Pending("it is not established yet".to_owned()),
    }
}
