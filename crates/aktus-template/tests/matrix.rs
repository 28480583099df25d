//! The platform's template under every combination of what changes its shape, and under pairs of everything else:
//! each evaluates, nothing is found wrong with it, and what the bootstrap needs outlives the custom resource.

use std::collections::{BTreeMap, BTreeSet};

use aktus_template::{Day, Pseudo, ResourceGraph, check, check_graph, evaluate, platform};

const TODAY: Day = Day::new(2026, 11, 22);

type Choice = &'static [(&'static str, &'static str)];

/// What is combined with everything: modes, and whether the chart is installed.
const FULL: [&[Choice]; 2] = [
    &[&[("EnableAutoMode", "true")], &[("EnableAutoMode", "false")]],
    &[&[("EnableMarketplaceChart", "true")], &[("EnableMarketplaceChart", "false")]],
];

/// What is combined in pairs. The region stands under a name that no parameter has.
const PAIRED: [&[Choice]; 13] = [
    &[&[], &[("HuggingFaceToken", "t")], &[("OpenAIAPIKey", "k")], &[("HuggingFaceToken", "t"), ("OpenAIAPIKey", "k")]],
    &[&[("EnablePrivateSubnets", "false")], &[("EnablePrivateSubnets", "true")]],
    &[&[("EnableCloudTrail", "false")], &[("EnableCloudTrail", "true")]],
    &[&[("EnableKmsEncryption", "true")], &[("EnableKmsEncryption", "false")]],
    &[
        &[],
        &[("VpcCIDR", "10.0.0.0/17")],
        &[("VpcCIDR", "172.16.64.0/18")],
        &[("VpcCIDR", "10.9.32.0/19")],
        &[("VpcCIDR", "10.0.16.0/20")],
        &[("VpcCIDR", "192.168.8.0/21")],
        &[("VpcCIDR", "172.31.252.0/22")],
    ],
    &[
        &[],
        &[("NodeInstanceType", "g4dn.xlarge")],
        &[("NodeInstanceType", "g5.12xlarge")],
        &[("NodeInstanceType", "g6.xlarge")],
    ],
    &[&[], &[("KeyPairName", "ops")], &[("KeyPairName", "ops"), ("SSHAccessCidr", "192.0.2.0/24")]],
    &[&[("DatabaseStorage", "ebs")], &[("DatabaseStorage", "chart")]],
    &[&[("LoadBalancerScheme", "internet-facing")], &[("LoadBalancerScheme", "internal")]],
    &[&[], &[("EKSClusterName", "mine")], &[("VpcPrefix", "a-prefix-that-has-thirty-chars")]],
    &[&[("EKSVersion", "1.34")], &[("EKSVersion", "1.35")], &[("EKSVersion", "1.36")]],
    &[&[], &[("PublicAccessCidrs", "192.0.2.0/24,198.51.100.0/24")]],
    &[&[("@", "us-east-1")], &[("@", "eu-central-1")], &[("@", "us-gov-west-1")]],
];

/// No, one and five administrators of a kind, by name, by path and by ARN.
fn administrators(kind: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for before in [String::new(), "ops/".to_owned(), format!("arn:aws:iam::999988887777:{kind}/team/")] {
        all.push(format!("{before}a"));
        all.push(["a", "b", "c", "d", "e"].map(|name| format!("{before}{name}")).join(","));
    }
    all
}

/// Rows of choices in which every two choices of different factors meet: each row takes, one factor after the other,
/// the choice that meets most others for the first time.
fn pairs(factors: &[&[Choice]]) -> Vec<Vec<usize>> {
    let mut open = BTreeSet::new();
    for (first, left) in factors.iter().enumerate() {
        for (second, right) in factors.iter().enumerate().skip(first + 1) {
            open.extend((0..left.len()).flat_map(|one| (0..right.len()).map(move |other| (first, one, second, other))));
        }
    }
    let mut rows: Vec<Vec<usize>> = Vec::new();
    while let Some(&(first, one, second, other)) = open.iter().next() {
        let mut row: Vec<Option<usize>> = vec![None; factors.len()];
        (row[first], row[second]) = (Some(one), Some(other));
        for factor in 0..factors.len() {
            if row[factor].is_some() {
                continue;
            }
            let met = |choice: usize| {
                let taken = row.iter().enumerate().filter_map(|(known, taken)| Some((known, (*taken)?)));
                taken.filter(|(known, taken)| open.contains(&pair(*known, *taken, factor, choice))).count()
            };
            // Of equals the one that follows the last row's, so that rows differ.
            let start = rows.len();
            let count = factors[factor].len();
            row[factor] = (0..count).map(|step| (start + step) % count).max_by_key(|choice| met(*choice));
        }
        let row: Vec<usize> = row.into_iter().map(Option::unwrap).collect();
        for (first, one) in row.iter().enumerate() {
            for (second, other) in row.iter().enumerate().skip(first + 1) {
                open.remove(&(first, *one, second, *other));
            }
        }
        rows.push(row);
    }
    rows
}

fn pair(first: usize, one: usize, second: usize, other: usize) -> (usize, usize, usize, usize) {
    if first < second { (first, one, second, other) } else { (second, other, first, one) }
}

#[test]
fn every_pair_is_in_a_row() {
    let rows = pairs(&PAIRED);
    for (first, left) in PAIRED.iter().enumerate() {
        for (second, right) in PAIRED.iter().enumerate().skip(first + 1) {
            for (one, other) in (0..left.len()).flat_map(|one| (0..right.len()).map(move |other| (one, other))) {
                assert!(
                    rows.iter().any(|row| row[first] == one && row[second] == other),
                    "{first} {one} {second} {other}"
                );
            }
        }
    }
    assert!(rows.len() < 60, "{} rows", rows.len());
}

/// What is created before the custom resource and deleted after it, if it is there at all.
const OUTLIVE: [&str; 27] = [
    "CoreDNSAddon",
    "EBSCSIDriverAddon",
    "EFSCSIDriverAddon",
    "EFSIngressFromCluster",
    "EFSIngressFromNodes",
    "EFSMountTarget1",
    "EFSMountTarget2",
    "EKSCluster",
    "EKSConnectorLambda",
    "EKSConnectorLambdaInvokeConfig",
    "EKSConnectorLambdaLogGroup",
    "EKSConnectorLambdaPolicy",
    "EKSConnectorLambdaRole",
    "EKSNodeGroup",
    "InternetGateway",
    "KubeProxyAddon",
    "LambdaRoleAccessEntry",
    "NatGateway",
    "PlatformServiceAccountRole",
    "PodIdentityAgentAddon",
    "PrivateRoute",
    "PublicRoute",
    "PublicSubnet1RouteTableAssociation",
    "PublicSubnet2RouteTableAssociation",
    "VPC",
    "VPCGatewayAttachment",
    "VpcCniAddon",
];
/// Those of them that are there whatever is asked for.
const ALWAYS: usize = 18;

#[track_caller]
fn ordered(graph: &ResourceGraph, given: &BTreeMap<String, String>) {
    let needed = graph.needed_by("EKSClusterStatus");
    let there: Vec<_> = OUTLIVE.iter().filter(|id| graph.resources.contains_key(**id)).collect();
    assert!(there.len() >= ALWAYS, "{there:?} under {given:?}");
    for id in there {
        assert!(needed.contains(id), "EKSClusterStatus does not wait for {id} under {given:?}");
    }
    // Nothing is deleted before those that need it.
    let mut deleted = BTreeSet::new();
    for id in graph.deletion_order() {
        let waiting = graph
            .resources
            .iter()
            .find(|(other, resource)| resource.needs.contains(id) && !deleted.contains(other.as_str()));
        assert!(waiting.is_none(), "{id} goes before {waiting:?} under {given:?}");
        deleted.insert(id);
    }
    assert_eq!(deleted.len(), graph.resources.len());
}

#[test]
fn every_combination_evaluates_and_nothing_is_found() {
    let template = platform();
    assert_eq!(check(&template, TODAY, Some(template.to_yaml().len())), []);
    let rows = pairs(&PAIRED);
    let (users, roles) = (administrators("user"), administrators("role"));
    let (mut count, mut shapes) = (0, BTreeSet::new());
    for mode in FULL[0] {
        for chart in FULL[1] {
            for (users, roles) in users.iter().flat_map(|users| roles.iter().map(move |roles| (users, roles))) {
                // Every row in turn; each meets every mode and chart, and all kinds of administrators.
                for step in 0..ROWS_EACH {
                    let row = &rows[(count + step * rows.len() / ROWS_EACH) % rows.len()];
                    let paired = PAIRED.iter().zip(row).flat_map(|(factor, choice)| factor[*choice]);
                    let mut given: BTreeMap<String, String> = mode
                        .iter()
                        .chain(*chart)
                        .chain(paired)
                        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                        .collect();
                    given.insert("AdditionalAdminUsers".to_owned(), users.clone());
                    given.insert("AdditionalAdminRoles".to_owned(), roles.clone());
                    given.insert("BootstrapCodeBucket".to_owned(), "code".to_owned());
                    given.insert("BootstrapCodeKey".to_owned(), "bootstrap.zip".to_owned());
                    let region = given.remove("@").unwrap();
                    let pseudo = Pseudo::new("stack-of-the-matrix", &region, "111122223333");
                    let graph =
                        evaluate(&template, &given, &pseudo).unwrap_or_else(|error| panic!("{error} under {given:?}"));
                    let found = check_graph(&template, &graph, &pseudo, TODAY);
                    assert!(found.is_empty(), "{found:#?} under {given:?}");
                    ordered(&graph, &given);
                    shapes.insert(graph.resources.keys().cloned().collect::<Vec<_>>());
                    count += 1;
                }
            }
        }
    }
    println!("{count} combinations, {} rows of pairs, {} different sets of resources", rows.len(), shapes.len());
    assert_eq!(count, 2 * 2 * 7 * 7 * ROWS_EACH);
}

/// How many rows of pairs each full combination meets.
const ROWS_EACH: usize = 10;
