//! Who may use the cluster, and what the platform's pods may do in AWS.

use super::ids::{Administrators, KINDS, resource};
use super::parts::{item, managed, sub_with};
use crate::model::{Expr, Resource, Template};

pub(super) fn add(template: &mut Template) {
    // No thumbprint: IAM trusts the issuer's certificate by its own store.
    template.add_resource(
        resource::OIDCProvider,
        Resource::new("AWS::IAM::OIDCProvider")
            .set("Url", Expr::attribute(resource::EKSCluster, "OpenIdConnectIssuerUrl"))
            .set("ClientIdList", list!["sts.amazonaws.com"]),
    );
    template.add_resource(resource::PlatformServiceAccountRole, service_account_role());
    for Administrators { kind, parameter, places } in KINDS {
        for (index, place) in places.into_iter().enumerate() {
            let before = Expr::sub(&format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{kind}/"));
            let before = Expr::choose(place.is_arn, "", before);
            let principal = Expr::Join(String::new(), Box::new(list![before, item(parameter.clone(), index)]));
            template.add_resource(place.entry, administrator(principal).when(place.given));
        }
    }
}

/// An access entry with administrator's rights in the whole cluster.
pub(super) fn administrator(principal: Expr) -> Resource {
    let policy = Expr::sub("arn:${AWS::Partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy");
    Resource::new("AWS::EKS::AccessEntry")
        .set("ClusterName", Expr::reference(resource::EKSCluster))
        .set("PrincipalArn", principal)
        .set("AccessPolicies", list![map! {"PolicyArn": policy, "AccessScope": map! {"Type": "cluster"}}])
}

/// The role of the platform's service account. It is one for web identities: `RegisterUsage` refuses Pod Identity.
///
/// The keys of the condition hold the issuer without `https://`, and keys of a map cannot hold functions,
/// so the whole document is text.
fn service_account_role() -> Resource {
    let issuer =
        Expr::Split("//".to_owned(), Box::new(Expr::attribute(resource::EKSCluster, "OpenIdConnectIssuerUrl")));
    let trust = concat!(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"${OIDCProvider}"},"#,
        r#""Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"#,
        r#""${Issuer}:aud":"sts.amazonaws.com","#,
        r#""${Issuer}:sub":"system:serviceaccount:${MarketplaceChartNamespace}:aktus-ai-platform-sa"}}}]}"#,
    );
    let policies = list![
        managed("AWSMarketplaceMeteringFullAccess"),
        managed("AWSMarketplaceMeteringRegisterUsage"),
        managed("service-role/AWSLicenseManagerConsumptionPolicy"),
    ];
    Resource::new("AWS::IAM::Role")
        .set("AssumeRolePolicyDocument", sub_with(trust, "Issuer", Expr::select(1, issuer)))
        .set("ManagedPolicyArns", policies)
}
