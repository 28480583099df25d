//! The parameter reference is that of the template.

use std::fs;
use std::path::Path;

use aktus_template::{docs, platform};

#[test]
fn the_committed_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/parameters.md");
    let committed = fs::read_to_string(path).expect("the reference");
    assert!(committed == docs::parameters(&platform()), "write it again: aktus template docs -o docs/parameters.md");
}

#[test]
fn it_tells_every_parameter_once() {
    let template = platform();
    let reference = docs::parameters(&template);
    for (name, parameter) in &template.parameters {
        assert_eq!(reference.matches(&format!("\n### {name}\n")).count(), 1, "{name}");
        assert_eq!(reference.matches(&format!("](#{})", name.as_str().to_lowercase())).count(), 1, "{name}");
        assert!(!parameter.description.is_empty());
    }
    assert_eq!(reference, docs::parameters(&template));
}
