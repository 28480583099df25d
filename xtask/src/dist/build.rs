//! One executable for one target, the same bytes wherever it is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::target::{Target, Toolchain};
use super::zig::Zig;
use crate::command::{cargo, run};

/// What `__DATE__` and archives say: 1980, where the times of zip archives begin.
pub(super) const TIMESTAMP: u64 = 315_532_800;

/// Where sources are, and where what is made of them goes.
pub(super) struct Place {
    pub(super) source: PathBuf,
    pub(super) target: PathBuf,
}

/// What is built.
pub(super) struct Binary {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
    /// Besides the default ones.
    pub(super) features: &'static str,
    /// The profile in `Cargo.toml`.
    profile: &'static str,
}

/// What answers CloudFormation.
pub(super) const FUNCTION: Binary =
    Binary { package: "aktus-lambda", name: "bootstrap", features: "packaged", profile: "dist-function" };

/// What people call.
pub(super) const COMMAND: Binary =
    Binary { package: "aktus-cli", name: "aktus", features: "", profile: "dist-command" };

/// What builds.
pub(super) struct Builder {
    pub(super) toolchain: Toolchain,
    pub(super) zig: Zig,
}

impl Builder {
    /// Builds `binary`; says where it is.
    pub(super) fn build(&self, place: &Place, target: Target, binary: &Binary) -> Result<PathBuf> {
        let tools = self.zig.write_tools(target, &place.target.join("zig"))?;
        let folders = self.folders(place)?;
        let mut rust = vec![
            // Rust's own linker, C runtime and libraries: nothing of the machine gets in.
            OsString::from("-Clinker=rust-lld"),
            OsString::from("-Clink-self-contained=yes"),
            // A place-independent executable relocates itself: a megabyte of addresses, or some kilobytes in short form.
            OsString::from("-Clink-arg=--pack-dyn-relocs=relr"),
            // Functions of different types often come out as the same code, which is then kept once.
            OsString::from("-Clink-arg=--icf=all"),
        ];
        // No panic passes through C.
        let mut c = "-fno-asynchronous-unwind-tables -fno-unwind-tables ".to_owned();
        for (folder, name) in &folders {
            let mut remap = OsString::from("--remap-path-prefix=");
            remap.push(folder);
            remap.push(format!("={name}"));
            rust.push(remap);
            // Folders with spaces cannot be said here; then only the paths in assertions differ.
            if let Some(folder) = folder.to_str().filter(|folder| !folder.contains(char::is_whitespace)) {
                c.extend(["-ffile-prefix-map=", folder, "=", name, " "]);
            }
        }
        let name = target.variable();
        let mut command = cargo();
        command.current_dir(&place.source);
        for variable in ["RUSTFLAGS", "CFLAGS", "TARGET_CFLAGS", "TARGET_CC", "TARGET_AR"] {
            command.env_remove(variable);
        }
        command
            .args(["build", "--locked", "--profile", binary.profile, "--target", target.triple])
            .args(["--package", binary.package, "--bin", binary.name, "--features", binary.features])
            .env("CARGO_TARGET_DIR", &place.target)
            .env("CARGO_ENCODED_RUSTFLAGS", rust.join(std::ffi::OsStr::new("\x1f")))
            .env(format!("CC_{name}"), tools.compiler)
            .env(format!("AR_{name}"), tools.archiver)
            .env(format!("CFLAGS_{name}"), c.trim_end())
            .env("SOURCE_DATE_EPOCH", TIMESTAMP.to_string());
        run(&mut command)?;
        let executable = place.target.join(target.triple).join(binary.profile).join(binary.name);
        target.check(&executable)?;
        Ok(executable)
    }

    /// Folders of this machine, and the names that stand for them; of several that fit, the last counts.
    fn folders(&self, place: &Place) -> Result<[(PathBuf, String); 4]> {
        let absolute =
            |path: &Path| std::path::absolute(path).with_context(|| format!("could not resolve {}", path.display()));
        let cargo = match std::env::var_os("CARGO_HOME") {
            Some(home) => PathBuf::from(home),
            None => std::env::home_dir().context("neither CARGO_HOME nor a home directory is known")?.join(".cargo"),
        };
        Ok([
            (absolute(&cargo)?, "/cargo".to_owned()),
            // As the standard library was built, whether its sources are installed or not.
            (self.toolchain.root.join("lib/rustlib/src/rust"), format!("/rustc/{}", self.toolchain.commit)),
            (absolute(&place.source)?, "/aktus".to_owned()),
            (absolute(&place.target)?, "/target".to_owned()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::command::root;

    #[test]
    fn panics_unwind_in_every_profile() {
        let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
        let profiles = manifest["profile"].as_table().unwrap();
        for binary in [FUNCTION, COMMAND] {
            assert_eq!(profiles[binary.profile]["panic"].as_str(), Some("unwind"), "{}", binary.profile);
        }
        for (name, profile) in profiles {
            assert_ne!(profile.get("panic").and_then(toml::Value::as_str), Some("abort"), "{name}");
        }
    }
}
