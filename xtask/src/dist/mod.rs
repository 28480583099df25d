//! `cargo xtask dist`: what a release ships, for each target.
//!
//! The bootstrap function as a zip archive for Lambda, the `aktus` command as a tar archive, the template that names
//! the function by the digest of its archive, the licences of what is linked in, and `SHA256SUMS`.
//! The same sources and tools give the same bytes, wherever they lie.

mod archive;
mod build;
mod licenses;
mod reproducible;
mod target;
mod zig;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use aktus_template::platform_with;
use aktus_template::stack::{Code, INLINE_LIMIT};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::command::root;
use crate::tools::hex;
use archive::Entry;
use build::{Builder, COMMAND, FUNCTION, Place};
use target::{TARGETS, Target, Toolchain};
use zig::Zig;

/// The size in bytes that the function's archive may have: a cold start loads all of it.
const MOST_ZIPPED: usize = 6_000_000;

/// Arguments of `cargo xtask dist`
#[derive(Args)]
pub(crate) struct Dist {
    /// Package for this target only; may be given more than once [default: both musl targets]
    #[arg(long = "target", value_name = "TRIPLE", value_parser = Target::parse)]
    targets: Vec<Target>,
    /// Leave the `aktus` command out
    #[arg(long)]
    no_cli: bool,
    /// The bucket that the template names for the function's code
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// Where the packages are put
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Build in two folders and compare the packages byte for byte; takes long
    #[arg(long, conflicts_with = "out")]
    check_reproducible: bool,
    /// Where the two folders are
    #[arg(long, value_name = "DIR", requires = "check_reproducible", default_value = "target/reproducible")]
    work: PathBuf,
}

impl Dist {
    pub(crate) fn run(&self) -> Result<()> {
        let targets = if self.targets.is_empty() { &TARGETS[..] } else { &self.targets };
        let toolchain = Toolchain::locate(&root(), targets)?;
        let builder = Builder { toolchain, zig: Zig::locate()? };
        eprintln!("zig {}: another version may give other bytes", builder.zig.version);
        if self.check_reproducible {
            let places = reproducible::places(&root().join(&self.work))?;
            for (place, out) in &places {
                self.package(&builder, place, targets, out)?;
            }
            let [(_, first), (_, second)] = places;
            let count = reproducible::compare(&first, &second)?;
            eprintln!("{count} files from two folders are equal, byte for byte");
            return Ok(());
        }
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        self.package(&builder, &Place { source: root(), target }, targets, &root().join(&self.out))
    }

    /// Builds and writes everything for `targets` into `out`.
    fn package(&self, builder: &Builder, place: &Place, targets: &[Target], out: &Path) -> Result<()> {
        let mut files = Files::default();
        for target in targets {
            let executable = builder.build(place, *target, &FUNCTION)?;
            let bytes = fs::read(&executable)?;
            let archive = archive::zip(&[Entry { path: "bootstrap".to_owned(), bytes: &bytes, executable: true }])?;
            if archive.len() > MOST_ZIPPED {
                let (size, executable) = (archive.len(), executable.display());
                bail!("{executable} has {size} bytes zipped, more than {MOST_ZIPPED}: find what made it grow");
            }
            let architecture = target.architecture.name();
            let key = format!("bootstrap-{architecture}-{}.zip", hex(&Sha256::digest(&archive)));
            files.add(key.clone(), archive);
            let code = Code { bucket: self.bucket.clone(), key: Some(key), architecture: target.architecture };
            let template = platform_with(&code).to_yaml();
            if template.len() >= INLINE_LIMIT {
                bail!("the template has {} bytes, and CloudFormation takes less than {INLINE_LIMIT}", template.len());
            }
            files.add(format!("aktus-platform-{architecture}.yaml"), template.into_bytes());
            let licenses = licenses::collect(&place.source, *target, &[FUNCTION.package])?;
            files.add(format!("bootstrap-{architecture}-licenses.txt"), licenses.into_bytes());
            if !self.no_cli {
                let (name, archive) = command_line(builder, place, *target)?;
                files.add(name, archive);
            }
        }
        files.write(out)
    }
}

/// The archive with the `aktus` command, and its name.
fn command_line(builder: &Builder, place: &Place, target: Target) -> Result<(String, Vec<u8>)> {
    let executable = fs::read(builder.build(place, target, &COMMAND)?)?;
    let licenses = licenses::collect(&place.source, target, &[COMMAND.package])?;
    let [readme, license] = ["README.md", "LICENSE"].map(|name| fs::read(place.source.join(name)));
    let name = format!("aktus-{}-{}", env!("CARGO_PKG_VERSION"), target.triple);
    let entry = |file: &str, bytes, executable| Entry { path: format!("{name}/{file}"), bytes, executable };
    let archive = archive::tar(&[
        entry("LICENSE", &license?, false),
        entry("README.md", &readme?, false),
        entry("THIRD-PARTY-LICENSES.txt", licenses.as_bytes(), false),
        entry("aktus", &executable, true),
    ])?;
    Ok((format!("{name}.tar.gz"), archive))
}

/// The name of the list of digests.
const SUMS: &str = "SHA256SUMS";

/// What is about to be written.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn add(&mut self, name: String, bytes: Vec<u8>) {
        self.0.insert(name, bytes);
    }

    /// Writes all files and the list of their digests, in place of those of the list that is there.
    fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
        if let Ok(before) = fs::read_to_string(folder.join(SUMS)) {
            for (_, name) in before.lines().filter_map(|line| line.split_once("  ")) {
                if !name.contains(['/', '\\']) && folder.join(name).is_file() {
                    fs::remove_file(folder.join(name))?;
                }
            }
        }
        let mut sums = String::new();
        for (name, bytes) in &self.0 {
            fs::write(folder.join(name), bytes)?;
            writeln!(sums, "{}  {name}", hex(&Sha256::digest(bytes)))?;
            eprintln!("{:>10} bytes  {name}", bytes.len());
        }
        fs::write(folder.join(SUMS), sums)?;
        eprintln!("{} files and {SUMS} in {}", self.0.len(), folder.display());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_replace_those_of_the_run_before_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let there = || {
            let mut names: Vec<_> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let mut first = Files::default();
        first.add("bootstrap-1.zip".to_owned(), b"abc".to_vec());
        first.write(folder.path()).unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(fs::read_to_string(folder.path().join(SUMS)).unwrap(), format!("{abc}  bootstrap-1.zip\n"));
        let mut second = Files::default();
        second.add("bootstrap-2.zip".to_owned(), b"abd".to_vec());
        second.write(folder.path()).unwrap();
        assert_eq!(there(), [SUMS, "bootstrap-2.zip", "notes.txt"]);
    }
}
