//! Holds the invariants of `ARCHITECTURE.md` against what cargo says of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Which crates of ours each crate may use. A new arrow belongs here and in `ARCHITECTURE.md`.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("aktus-diagnostics", &[]),
    ("aktus-yaml", &["aktus-diagnostics"]),
    ("aktus-gotmpl", &["aktus-diagnostics", "aktus-yaml"]),
    ("aktus-helm", &["aktus-diagnostics", "aktus-gotmpl", "aktus-yaml"]),
    ("aktus-template", &["aktus-diagnostics", "aktus-yaml"]),
    ("aktus-k8s", &[]),
    ("aktus-release", &["aktus-helm", "aktus-k8s"]),
    ("aktus-aws", &[]),
    ("aktus-sandbox", &[]),
    ("aktus-hostile", &[]),
    ("aktus-fuzz", &["aktus-diagnostics", "aktus-gotmpl", "aktus-yaml"]),
    ("aktus-bootstrap", &["aktus-aws", "aktus-diagnostics", "aktus-helm", "aktus-k8s", "aktus-release"]),
    ("aktus-lambda", &["aktus-aws", "aktus-bootstrap", "aktus-helm"]),
    (
        "aktus-cli",
        &[
            "aktus-aws",
            "aktus-bootstrap",
            "aktus-diagnostics",
            "aktus-helm",
            "aktus-k8s",
            "aktus-release",
            "aktus-sandbox",
            "aktus-template",
        ],
    ),
    ("xtask", &["aktus-aws", "aktus-bootstrap", "aktus-sandbox", "aktus-template", "aktus-yaml"]),
];

/// What a crate must never reach, not even through others.
const MUST_NOT_REACH: [(&str, &[&str]); 9] = [
    ("aktus-diagnostics", &["tokio", "serde", "kube"]),
    ("aktus-yaml", &["tokio", "kube", "reqwest"]),
    // bcrypt brings getrandom along for functions that nobody calls: the salt comes from the Host.
    ("aktus-gotmpl", &["tokio", "kube", "reqwest", "rand"]),
    ("aktus-template", &["tokio", "kube", "reqwest", "getrandom", "aws-config"]),
    ("aktus-helm", &["kube", "k8s-openapi", "aws-config"]),
    ("aktus-k8s", &["aktus-helm", "aktus-gotmpl", "aws-config"]),
    ("aktus-release", &["aws-config"]),
    ("aktus-sandbox", &["kube", "aws-config"]),
    ("aktus-aws", &["kube", "aws-sdk-ec2"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(["--locked".to_owned(), "--offline".to_owned()])
        .exec()
        .expect("cargo metadata")
}

#[test]
fn crates_use_only_what_the_picture_shows() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, listed, "every crate has its line in MAY_USE");
    for package in metadata.workspace_packages() {
        let may = MAY_USE.iter().find(|(name, _)| package.name == *name).map_or(&[][..], |(_, may)| may);
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development || !ours.contains(dependency.name.as_str()) {
                continue;
            }
            assert!(may.contains(&dependency.name.as_str()), "{} must not use {}", package.name, dependency.name);
        }
    }
}

#[test]
fn crates_do_not_reach_what_they_must_not_know() {
    let metadata = metadata();
    let names: BTreeMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let nodes = metadata.resolve.as_ref().map(|resolve| &resolve.nodes).expect("a resolved graph");
    let edges: BTreeMap<&str, BTreeSet<&str>> = nodes
        .iter()
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (names[&node.id], normal.map(|dependency| names[&dependency.pkg]).collect())
        })
        .collect();
    for (start, forbidden) in MUST_NOT_REACH {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(name) = open.pop() {
            if reached.insert(name) {
                open.extend(edges.get(name).into_iter().flatten());
            }
        }
        for name in forbidden {
            assert!(!reached.contains(name), "{start} reaches {name}");
        }
    }
}

#[test]
fn every_library_forbids_unsafe_code_and_shares_the_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} does not share the lints", package.name);
    }
}

/// Only binaries print, read the environment, or exit.
#[test]
fn libraries_neither_print_nor_read_the_environment() {
    /// Only tests use it: it starts the test that calls it again.
    const TESTS: &str = "aktus-hostile";
    const WORDS: [&str; 6] = ["println!", "eprintln!", "print!(", "std::env::", "env::var", "process::exit"];
    for package in metadata().workspace_packages() {
        if package.name == TESTS {
            continue;
        }
        let library = package.targets.iter().find(|target| target.is_lib());
        let Some(folder) = library.and_then(|target| target.src_path.parent()) else { continue };
        let binaries = package.targets.iter().filter(|target| target.is_bin());
        let binaries: BTreeSet<_> = binaries.map(|target| target.src_path.clone()).collect();
        let mut open = vec![folder.to_path_buf()];
        while let Some(path) = open.pop() {
            for entry in std::fs::read_dir(&path).expect("a folder").flatten() {
                let path: cargo_metadata::camino::Utf8PathBuf = entry.path().try_into().expect("a UTF-8 path");
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                if binaries.contains(&path) {
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                for (number, line) in code.lines().enumerate() {
                    let line = line.trim_start();
                    if line.starts_with("//") {
                        continue;
                    }
                    for word in WORDS {
                        assert!(!line.contains(word), "{path}:{}: `{word}` in a library", number + 1);
                    }
                }
            }
        }
    }
}
