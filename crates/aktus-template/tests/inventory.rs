//! The platform's template against the list written from its specification: parameters, conditions, resources
//! with types and conditions per mode, outputs.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use std::collections::{BTreeMap, BTreeSet};

use aktus_template::{ConditionName, Pseudo, ResourceGraph, Template, evaluate, platform};

const LIST: &str = include_str!("fixtures/platform.txt");

/// Nothing that can be left out.
const NOTHING: [(&str, &str); 4] = [
    ("BootstrapCodeBucket", "example-bucket"),
    ("BootstrapCodeKey", "bootstrap.zip"),
    ("EnableKmsEncryption", "false"),
    ("EnableMarketplaceChart", "false"),
];

/// Every option at once.
const EVERYTHING: [(&str, &str); 15] = [
    ("BootstrapCodeBucket", "example-bucket"),
    ("BootstrapCodeKey", "bootstrap.zip"),
    ("VpcCIDR", "10.0.0.0/22"),
    ("AvailabilityZone1", "eu-central-1a"),
    ("AvailabilityZone2", "eu-central-1b"),
    ("EnablePrivateSubnets", "true"),
    ("EKSClusterName", "demo"),
    ("NodeInstanceType", "g5.xlarge"),
    ("KeyPairName", "ops"),
    ("SSHAccessCidr", "192.0.2.0/24"),
    ("HuggingFaceToken", "token"),
    ("OpenAIAPIKey", "key"),
    ("EnableCloudTrail", "true"),
    ("EnableKmsEncryption", "true"),
    ("EnableMarketplaceChart", "true"),
];

fn graph(template: &Template, auto: bool, everything: bool) -> ResourceGraph {
    let options = if everything { &EVERYTHING[..] } else { &NOTHING[..] };
    let mut given: BTreeMap<String, String> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    given.insert("EnableAutoMode".to_owned(), auto.to_string());
    if everything {
        for (parameter, kind) in [("AdditionalAdminUsers", "user"), ("AdditionalAdminRoles", "role")] {
            let arn = |name: &str| format!("arn:aws:iam::999988887777:{kind}/{name}");
            given.insert(parameter.to_owned(), ["a", "b", "c", "d", "e"].map(arn).join(","));
        }
    }
    evaluate(template, &given, &Pseudo::new("ai", "eu-central-1", "111122223333")).unwrap()
}

/// When something holds in a mode: without any option, and with all.
fn when(bare: bool, full: bool) -> &'static str {
    match (bare, full) {
        (true, true) => "always",
        (false, true) => "asked",
        (false, false) => "-",
        (true, false) => "only without options",
    }
}

/// The template in the words of the list.
fn found(template: &Template) -> BTreeSet<String> {
    let graphs = [true, false].map(|auto| [false, true].map(|everything| graph(template, auto, everything)));
    let mut lines = BTreeSet::new();
    for (name, parameter) in &template.parameters {
        let masked = if parameter.no_echo { "/NoEcho" } else { "" };
        let default = match parameter.default.as_deref() {
            None => "none",
            Some("") => "empty",
            Some(default) => default,
        };
        lines.insert(format!("parameter {name} {}{masked} {default}", parameter.kind.name()));
    }
    for name in template.conditions.keys() {
        let modes = graphs.each_ref().map(|[bare, full]| when(bare.conditions[name], full.conditions[name]));
        lines.insert(format!("condition {name} {}", modes.join(" ")));
    }
    for (id, resource) in &template.resources {
        let modes = graphs.each_ref().map(|mode| {
            let [bare, full] = mode.each_ref().map(|graph| graph.resources.contains_key(id));
            when(bare, full)
        });
        let condition = resource.condition.as_ref().map_or("-", ConditionName::as_str);
        lines.insert(format!("resource {id} {} {condition} {}", resource.kind, modes.join(" ")));
    }
    for (name, output) in &template.outputs {
        lines.insert(format!("output {name} {}", if output.export.is_some() { "exported" } else { "-" }));
    }
    lines
}

/// The lines of the list of some kinds, with single spaces.
fn listed(kinds: &[&str]) -> BTreeSet<String> {
    let lines = LIST.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let wanted = lines.filter(|words| words.first().is_some_and(|kind| kinds.contains(kind)));
    wanted.map(|words| words.join(" ")).collect()
}

#[test]
fn the_template_has_what_its_specification_lists_and_nothing_else() {
    let expected = listed(&["parameter", "condition", "resource", "output"]);
    let found = found(&platform());
    let missing: Vec<_> = expected.difference(&found).collect();
    let surplus: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}\nsurplus: {surplus:#?}");
    assert_eq!(found.len(), 29 + 38 + 65 + 13);
}

#[test]
fn types_are_the_same_after_evaluation() {
    let template = platform();
    for (auto, everything) in [(true, false), (true, true), (false, false), (false, true)] {
        for (id, resource) in graph(&template, auto, everything).resources {
            assert_eq!(resource.kind, template.resources[&id].kind, "{id}");
        }
    }
}

#[test]
fn the_logical_ids_of_the_brief_are_there() {
    let template = platform();
    let ids = listed(&["brief"]);
    let ids: Vec<&str> = ids.iter().flat_map(|line| line.split(' ').skip(1)).collect();
    assert_eq!(ids.len(), 24);
    for id in ids {
        assert!(template.resources.contains_key(id), "{id}");
    }
}
