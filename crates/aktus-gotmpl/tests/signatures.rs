//! Do Helm's templates have all the functions that Helm gives them, with Go's signatures?

use std::collections::BTreeSet;

use aktus_gotmpl::{Profile, helm_functions};

/// Obtained by reflection over the function map of Helm 4.2.4.
const HELM_4: &str = include_str!("fixtures/signatures.txt");

fn signatures(profile: Profile) -> BTreeSet<String> {
    helm_functions(profile).iter().map(|function| format!("{function:?}")).collect()
}

#[test]
fn helm_4_has_222_functions() {
    let expected: BTreeSet<String> = HELM_4.lines().map(str::to_owned).collect();
    let found = signatures(Profile::Helm4);
    let missing: Vec<&String> = expected.difference(&found).collect();
    let surplus: Vec<&String> = found.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}, surplus {surplus:#?}");
    assert_eq!(found.len(), 222);
}

#[test]
fn helm_3_has_no_must_to_yaml_and_must_to_toml() {
    let (three, four) = (signatures(Profile::Helm3), signatures(Profile::Helm4));
    let only_in_four: Vec<&String> = four.difference(&three).collect();
    assert_eq!(only_in_four, ["mustToToml(interface {})", "mustToYaml(interface {})"]);
    assert!(three.is_subset(&four));
}
