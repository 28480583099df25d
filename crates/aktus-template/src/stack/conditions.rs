//! What the parameters mean for the resources.

use super::ids::{Administrators, KINDS, condition, parameter};
use super::{ADMINISTRATORS, parts};
use crate::model::{Condition, Expr, Template};

/// The families of instance types with a GPU from NVIDIA.
const GPU_FAMILIES: [&str; 3] = ["g4dn", "g5", "g6"];

pub(super) fn add(template: &mut Template) {
    let named = Condition::Named;
    template.add_condition(condition::AutoModeEnabled, Condition::equals(parameter::EnableAutoMode, "true"));
    template.add_condition(condition::AutoModeDisabled, named(condition::AutoModeEnabled).negate());
    template.add_condition(condition::EKSClusterNameProvided, Condition::given(parameter::EKSClusterName));
    template.add_condition(condition::ZonesProvided, Condition::given(parameter::AvailabilityZone1));
    template.add_condition(condition::KeyPairProvided, Condition::given(parameter::KeyPairName));
    template.add_condition(
        condition::SSHAccess,
        Condition::And(vec![
            named(condition::AutoModeDisabled),
            named(condition::KeyPairProvided),
            Condition::given(parameter::SSHAccessCidr),
        ]),
    );
    template.add_condition(condition::HasHuggingFaceToken, Condition::given(parameter::HuggingFaceToken));
    template.add_condition(condition::HasOpenAIAPIKey, Condition::given(parameter::OpenAIAPIKey));
    template.add_condition(
        condition::EnableMarketplaceChartInstallation,
        Condition::equals(parameter::EnableMarketplaceChart, "true"),
    );
    template.add_condition(condition::PrivateSubnets, Condition::equals(parameter::EnablePrivateSubnets, "true"));
    template.add_condition(condition::CloudTrail, Condition::equals(parameter::EnableCloudTrail, "true"));
    template.add_condition(condition::Kms, Condition::equals(parameter::EnableKmsEncryption, "true"));

    let family = Expr::select(0, Expr::Split(".".to_owned(), Box::new(Expr::reference(parameter::NodeInstanceType))));
    let families = GPU_FAMILIES.map(|name| Condition::Equals(family.clone(), name.into()));
    template.add_condition(
        condition::GpuInstance,
        Condition::And(vec![named(condition::AutoModeDisabled), Condition::Or(families.into())]),
    );

    // Four subnets must fit: /20 as long as they do, then a quarter of the range each.
    let prefixes = [
        (condition::VpcPrefix19, "19"),
        (condition::VpcPrefix20, "20"),
        (condition::VpcPrefix21, "21"),
        (condition::VpcPrefix22, "22"),
    ];
    for (name, prefix) in prefixes {
        let given = Expr::select(1, Expr::Split("/".to_owned(), Box::new(Expr::reference(parameter::VpcCIDR))));
        template.add_condition(name, Condition::Equals(given, prefix.into()));
    }

    for Administrators { parameter, places, .. } in KINDS {
        for (index, place) in places.into_iter().enumerate() {
            let item = parts::item(parameter.clone(), index);
            template.add_condition(place.given, Condition::Equals(item.clone(), "".into()).negate());
            let start = Expr::select(0, Expr::Split(":".to_owned(), Box::new(item)));
            template.add_condition(place.is_arn, Condition::Equals(start, "arn".into()));
        }
    }
    let more = KINDS.map(|kind| Condition::Equals(parts::item(kind.parameter, ADMINISTRATORS), "".into()).negate());
    template.add_condition(condition::TooManyAdministrators, Condition::Or(more.into()));
}
