//! A Karpenter NodePool is ready when its Ready condition says so. Having no condition yet means not yet.

use super::condition;
use super::custom;
use crate::object::Object;
use crate::wait::readiness::Readiness;

pub(super) fn readiness(pool: &Object) -> Readiness {
    if condition(pool, "Ready").is_none() {
        return Readiness::Pending("its controller has not looked at it yet".to_owned());
    }
    custom::readiness(pool)
}
