//! `cargo xtask fuzz`: random bytes against the targets of `aktus-fuzz`, under libFuzzer.
//!
//! libFuzzer comes with a crate, and its view into the program from a pass that stable Rust has: no nightly and no
//! other tool is needed, only a C++ compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::command::{cargo, output, root, run};

/// Arguments of `cargo xtask fuzz`
#[derive(Args)]
pub(crate) struct Fuzz {
    /// How long each target runs
    #[arg(long, default_value_t = 1.0, value_name = "MINUTES")]
    minutes: f64,
    /// Only this target; all if not given
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
}

/// As in `aktus_fuzz::TARGETS`; a test compares them.
const TARGETS: [&str; 6] = ["template-parse", "template-render", "yaml-read", "yaml-round-trip", "json-read", "regexp"];

/// Has every branch counted and every comparison shown to libFuzzer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

impl Fuzz {
    pub(crate) fn run(&self) -> Result<()> {
        let targets: Vec<&str> = match &self.target {
            None => TARGETS.to_vec(),
            Some(name) if TARGETS.contains(&name.as_str()) => vec![name],
            Some(name) => bail!("there is no target {name:?}: choose one of {}", TARGETS.join(", ")),
        };
        let folder = cargo_target()?.join("fuzz");
        let program = build(&folder)?;
        let mut broken = Vec::new();
        for target in targets {
            if !self.fuzz(&program, &folder, target)? {
                broken.push(target);
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        bail!(
            "{} did not hold; the inputs are in {}: mend it, and keep them in crates/aktus-fuzz/regressions",
            broken.join(", "),
            folder.join("found").display()
        )
    }

    /// Runs one target; whether it held.
    fn fuzz(&self, program: &Path, folder: &Path, target: &str) -> Result<bool> {
        let corpus = folder.join("corpus").join(target);
        let found = folder.join("found").join(target);
        for folder in [&corpus, &found] {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        let mut command = Command::new(program);
        command
            .arg(&corpus)
            .arg(format!("-max_total_time={:.0}", (self.minutes * 60.0).max(1.0)))
            .args(["-max_len=20000", "-timeout=10", "-rss_limit_mb=1536", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", found.display()))
            .env("AKTUS_FUZZ_TARGET", target)
            .env("AKTUS_FUZZ_SEEDS", &corpus);
        Ok(run(&mut command).is_ok())
    }
}

/// Where cargo builds.
fn cargo_target() -> Result<PathBuf> {
    let told = output(cargo().args(["metadata", "--no-deps", "--format-version=1", "--offline"]))?;
    let metadata: serde_json::Value = serde_json::from_slice(&told.stdout).context("reading cargo's metadata")?;
    let folder = metadata["target_directory"].as_str().context("cargo names no target directory")?;
    Ok(folder.into())
}

/// Builds the targets for libFuzzer; the program.
fn build(folder: &Path) -> Result<PathBuf> {
    let host = output(Command::new("rustc").current_dir(root()).args(["--print", "host-tuple"]))?;
    let host = String::from_utf8(host.stdout).context("reading rustc's host")?.trim().to_owned();
    let mut command = cargo();
    command
        .args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml"])
        // With a target named, build scripts are spared the flags.
        .args(["--target", &host])
        .env("CARGO_TARGET_DIR", folder)
        .env("RUSTFLAGS", FLAGS);
    run(&mut command).context("building for libFuzzer needs a C++ compiler (`c++`)")?;
    Ok(folder.join(host).join("release/aktus-libfuzzer"))
}

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use crate::command::root;

    #[test]
    fn targets_are_those_of_the_crate() {
        let text = std::fs::read_to_string(root().join("crates/aktus-fuzz/src/lib.rs")).expect("the crate");
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix("Target { name: \"")?.split('"').next()).collect();
        assert_eq!(names, TARGETS);
    }
}
