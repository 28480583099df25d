//! What the parameters mean for the resources.

use super::{ADMINISTRATORS, parts};
use crate::model::{Condition, Expr, Template};

/// The families of instance types with a GPU from NVIDIA.
const GPU_FAMILIES: [&str; 3] = ["g4dn", "g5", "g6"];

pub(super) fn add(template: &mut Template) {
    let named = |name: &str| Condition::Named(name.to_owned());
    template.add_condition("AutoModeEnabled", Condition::equals("EnableAutoMode", "true"));
    template.add_condition("AutoModeDisabled", named("AutoModeEnabled").negate());
    template.add_condition("EKSClusterNameProvided", Condition::given("EKSClusterName"));
    template.add_condition("ZonesProvided", Condition::given("AvailabilityZone1"));
    template.add_condition("KeyPairProvided", Condition::given("KeyPairName"));
    template.add_condition(
        "SSHAccess",
        Condition::And(vec![named("AutoModeDisabled"), named("KeyPairProvided"), Condition::given("SSHAccessCidr")]),
    );
    template.add_condition("HasHuggingFaceToken", Condition::given("HuggingFaceToken"));
    template.add_condition("HasOpenAIAPIKey", Condition::given("OpenAIAPIKey"));
    template.add_condition("EnableMarketplaceChartInstallation", Condition::equals("EnableMarketplaceChart", "true"));
    template.add_condition("PrivateSubnets", Condition::equals("EnablePrivateSubnets", "true"));
    template.add_condition("CloudTrail", Condition::equals("EnableCloudTrail", "true"));
    template.add_condition("Kms", Condition::equals("EnableKmsEncryption", "true"));

    let family = Expr::select(0, Expr::Split(".".to_owned(), Box::new(Expr::reference("NodeInstanceType"))));
    let families = GPU_FAMILIES.map(|name| Condition::Equals(family.clone(), name.into()));
    template
        .add_condition("GpuInstance", Condition::And(vec![named("AutoModeDisabled"), Condition::Or(families.into())]));

    // Four subnets must fit: /20 as long as they do, then a quarter of the range each.
    for prefix in ["19", "20", "21", "22"] {
        let given = Expr::select(1, Expr::Split("/".to_owned(), Box::new(Expr::reference("VpcCIDR"))));
        template.add_condition(&format!("VpcPrefix{prefix}"), Condition::Equals(given, prefix.into()));
    }

    let kinds = [("User", "AdditionalAdminUsers"), ("Role", "AdditionalAdminRoles")];
    for (kind, parameter) in kinds {
        for index in 0..ADMINISTRATORS {
            let item = parts::item(parameter, index);
            template.add_condition(&format!("Has{kind}{index}"), Condition::Equals(item.clone(), "".into()).negate());
            let start = Expr::select(0, Expr::Split(":".to_owned(), Box::new(item)));
            template.add_condition(&format!("{kind}{index}IsArn"), Condition::Equals(start, "arn".into()));
        }
    }
    let more =
        kinds.map(|(_, parameter)| Condition::Equals(parts::item(parameter, ADMINISTRATORS), "".into()).negate());
    template.add_condition("TooManyAdministrators", Condition::Or(more.into()));
}
