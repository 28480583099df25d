//! What roles may do, as a plan tells it.

use std::collections::BTreeMap;

use aktus_template::{Pseudo, evaluate, permissions, platform};

fn told(given: &[(&str, &str)]) -> Vec<String> {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let given: BTreeMap<_, _> =
        code.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let graph = evaluate(&platform(), &given, &Pseudo::new("aktus", "us-east-1", "111122223333")).expect("a graph");
    let mut lines = Vec::new();
    for role in permissions(&graph) {
        lines.push(format!("{} < {}", role.role, role.trusted.join(", ")));
        lines.extend(role.managed.iter().map(|policy| format!("  {policy}")));
        for statement in role.statements {
            let condition = if statement.conditional { " if" } else { "" };
            lines.push(format!(
                "  {} {} on {}{condition}",
                statement.effect,
                statement.actions.join(" "),
                statement.resources.join(" ")
            ));
        }
    }
    lines
}

#[track_caller]
fn check(given: &[(&str, &str)], expected: &[&str], absent: &[&str]) {
    let lines = told(given);
    for line in expected {
        assert!(lines.iter().any(|found| found == line), "`{line}` is not in\n{}", lines.join("\n"));
    }
    for word in absent {
        assert!(!lines.iter().any(|found| found.contains(word)), "`{word}` is in\n{}", lines.join("\n"));
    }
}

#[test]
fn roles_of_both_modes() {
    let function = [
        "EKSConnectorLambdaRole < lambda.amazonaws.com",
        "  Allow lambda:InvokeFunction on ${EKSConnectorLambda.Arn}",
        "  Allow eks:DescribeCluster eks:ListAddons on ${EKSCluster.Arn}",
        "  Allow ecr:GetAuthorizationToken on *",
        "PlatformServiceAccountRole < ${OIDCProvider}",
    ];
    check(
        &[],
        &[&function[..], &["EKSAutoModeNodeRole < ec2.amazonaws.com"]].concat(),
        &["EKSNodeRole", "secretsmanager"],
    );
    check(
        &[("EnableAutoMode", "false"), ("EnableMarketplaceChart", "false"), ("OpenAIAPIKey", "canary-51c0de")],
        &[
            "EKSNodeRole < ec2.amazonaws.com",
            "EBSCSIDriverRole < pods.eks.amazonaws.com",
            "  arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
            "  Allow secretsmanager:GetSecretValue on ${OpenAIAPIKeySecret}",
        ],
        &["EKSAutoModeNodeRole", "ecr:", "canary"],
    );
}
