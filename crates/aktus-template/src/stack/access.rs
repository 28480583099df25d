//! Who may use the cluster, and what the platform's pods may do in AWS.

use super::ADMINISTRATORS;
use super::parts::{item, managed, sub_with};
use crate::model::{Expr, Resource, Template};

pub(super) fn add(template: &mut Template) {
    // No thumbprint: IAM trusts the issuer's certificate by its own store.
    template.add_resource(
        "OIDCProvider",
        Resource::new("AWS::IAM::OIDCProvider")
            .set("Url", Expr::attribute("EKSCluster", "OpenIdConnectIssuerUrl"))
            .set("ClientIdList", list!["sts.amazonaws.com"]),
    );
    template.add_resource("PlatformServiceAccountRole", service_account_role());
    for (kind, parameter) in [("User", "AdditionalAdminUsers"), ("Role", "AdditionalAdminRoles")] {
        for index in 0..ADMINISTRATORS {
            let place = kind.to_ascii_lowercase();
            let before = Expr::sub(&format!("arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{place}/"));
            let before = Expr::choose(&format!("{kind}{index}IsArn"), "", before);
            let principal = Expr::Join(String::new(), Box::new(list![before, item(parameter, index)]));
            template.add_resource(
                &format!("Admin{kind}AccessEntry{index}"),
                administrator(principal).when(&format!("Has{kind}{index}")),
            );
        }
    }
}

/// An access entry with administrator's rights in the whole cluster.
pub(super) fn administrator(principal: Expr) -> Resource {
    let policy = Expr::sub("arn:${AWS::Partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy");
    Resource::new("AWS::EKS::AccessEntry")
        .set("ClusterName", Expr::reference("EKSCluster"))
        .set("PrincipalArn", principal)
        .set("AccessPolicies", list![map! {"PolicyArn": policy, "AccessScope": map! {"Type": "cluster"}}])
}

/// The role of the platform's service account. It is one for web identities: `RegisterUsage` refuses Pod Identity.
///
/// The keys of the condition hold the issuer without `https://`, and keys of a map cannot hold functions,
/// so the whole document is text.
fn service_account_role() -> Resource {
    let issuer = Expr::Split("//".to_owned(), Box::new(Expr::attribute("EKSCluster", "OpenIdConnectIssuerUrl")));
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
