//! The licences of everything that is linked into the programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::camino::Utf8PathBuf;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::target::Target;

/// What the toolchain links in, which no `Cargo.toml` names.
const TOOLCHAIN: &str = "\
The Rust standard library, MIT OR Apache-2.0, The Rust Project Developers
LLVM libunwind, Apache-2.0 WITH LLVM-exception, the LLVM Project
musl, MIT, Copyright (C) 2005-2020 Rich Felker and others

The terms of MIT and Apache-2.0 are among the texts below.
";

/// How the files of a package that hold its terms are called.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// One text with the licences of all packages that `programs` are linked with on a target.
///
/// It may name more than is linked: macros that run at build time only are among them.
pub(super) fn collect(source: &Path, target: Target, programs: &[&str]) -> Result<String> {
    let metadata = MetadataCommand::new()
        .manifest_path(source.join("Cargo.toml"))
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), target.triple.to_owned()])
        .exec()
        .context("`cargo metadata` failed")?;
    let packages = linked(&metadata, programs)?;
    let foreign: Vec<&Package> = packages.into_iter().filter(|package| package.source.is_some()).collect();
    let texts = foreign.iter().map(|package| Ok((*package, texts(package)?))).collect::<Result<Vec<_>>>()?;
    Ok(write(programs, &texts))
}

/// The packages that programs are linked with, by name and version.
fn linked<'m>(metadata: &'m Metadata, programs: &[&str]) -> Result<Vec<&'m Package>> {
    let nodes = &metadata.resolve.as_ref().context("cargo resolved nothing")?.nodes;
    let edges: BTreeMap<&PackageId, Vec<&PackageId>> = nodes
        .iter()
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|dependency| dependency.dep_kinds.iter().any(|found| found.kind == DependencyKind::Normal));
            (&node.id, normal.map(|dependency| &dependency.pkg).collect())
        })
        .collect();
    let ours = metadata.workspace_packages();
    let mut open = Vec::new();
    for program in programs {
        let found = ours.iter().find(|package| package.name == *program);
        open.push(&found.with_context(|| format!("the workspace has no package {program}"))?.id);
    }
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(edges.get(id).into_iter().flatten());
        }
    }
    let mut packages: Vec<&Package> =
        metadata.packages.iter().filter(|package| reached.contains(&package.id)).collect();
    packages.sort_by(|left, right| (&left.name, &left.version).cmp(&(&right.name, &right.version)));
    Ok(packages)
}

/// The texts that a package carries. Errs when it says nothing about its terms at all.
fn texts(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not read {folder}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_uppercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            files.insert(entry.path());
        }
    }
    files.extend(package.license_file().map(Utf8PathBuf::into_std_path_buf));
    if files.is_empty() && package.license.is_none() {
        bail!("{} {} names no licence and carries none", package.name, package.version);
    }
    let mut texts = Vec::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        texts.push(text.trim().to_owned());
    }
    Ok(texts)
}

fn write(programs: &[&str], packages: &[(&Package, Vec<String>)]) -> String {
    let mut written = format!("Third-party software in {}\n\n{TOOLCHAIN}\n", programs.join(" and "));
    // The same text is written once, below all that it is for.
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<(Vec<String>, &str)> = Vec::new();
    for (package, texts) in packages {
        let name = format!("{} {}", package.name, package.version);
        let terms = package.license.as_deref().unwrap_or("see the text");
        // Writing to a String cannot fail.
        let _written = writeln!(written, "{name}, {terms}");
        for text in texts {
            let place = *places.entry(text).or_insert_with(|| {
                groups.push((Vec::new(), text));
                groups.len() - 1
            });
            if let Some((names, _)) = groups.get_mut(place) {
                names.push(name.clone());
            }
        }
    }
    for (names, text) in groups {
        let line = "-".repeat(80);
        let _written = write!(written, "\n{line}\n{}\n\n{text}\n", names.join(", "));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::root;
    use crate::dist::target::TARGETS;

    #[test]
    fn every_dependency_is_named_with_its_terms_and_each_text_stands_once() {
        let text = collect(&root(), TARGETS[0], &["aktus-lambda"]).unwrap();
        assert_eq!(text, collect(&root(), TARGETS[0], &["aktus-lambda"]).unwrap());
        for name in ["aws-lc-sys ", "rustls ", "tokio ", "kube-client "] {
            assert!(text.lines().any(|line| line.starts_with(name)), "{name}");
        }
        assert!(!text.lines().any(|line| line.starts_with("aktus-")), "ours are under our own licence");
        assert!(!text.lines().any(|line| line.starts_with("clap ")), "the function has no command line");
        let words = "Permission is hereby granted, free of charge";
        let permissions = text.matches(words).count();
        assert!((1..200).contains(&permissions), "{permissions}");
        assert!(text.contains("Version 2.0, January 2004"));
        assert!(collect(&root(), TARGETS[0], &["no-such-program"]).is_err());
    }
}
