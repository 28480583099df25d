//! What can be packaged for, and whether the toolchain can build for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aktus_template::stack::Architecture;
use anyhow::{Context as _, Result, bail};

use crate::command::output;

/// A platform that is packaged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The name that Rust gives it.
    pub(super) triple: &'static str,
    /// The name that zig gives it.
    pub(super) zig: &'static str,
    /// The name that Lambda gives its processor.
    pub(super) architecture: Architecture,
    /// The machine in the header of its executables.
    pub(super) machine: u16,
}

/// Static executables, which run on every Linux: no C library of the machine is used.
pub(super) const TARGETS: [Target; 2] = [
    Target {
        triple: "aarch64-unknown-linux-musl",
        zig: "aarch64-linux-musl",
        architecture: Architecture::Arm64,
        machine: 183,
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        zig: "x86_64-linux-musl",
        architecture: Architecture::X86_64,
        machine: 62,
    },
];

impl Target {
    /// The target of that name, for the command line.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        TARGETS
            .into_iter()
            .find(|target| target.triple == name)
            .ok_or_else(|| format!("packages are made for {}", TARGETS.map(|target| target.triple).join(" and ")))
    }

    /// The triple as it stands in names of environment variables.
    pub(super) fn variable(self) -> String {
        self.triple.replace('-', "_")
    }

    /// Errs unless `executable` is a static executable of this machine.
    pub(super) fn check(self, executable: &Path) -> Result<()> {
        let bytes = fs::read(executable).with_context(|| format!("could not read {}", executable.display()))?;
        let header = Header::read(&bytes).with_context(|| format!("{} is no 64-bit ELF file", executable.display()))?;
        if header.machine != self.machine {
            bail!("{} is for machine {}, not for {}", executable.display(), header.machine, self.triple);
        }
        if header.interpreted {
            bail!("{} is not static: it asks for a dynamic linker", executable.display());
        }
        Ok(())
    }
}

/// What is looked at of an executable.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    machine: u16,
    /// It names a dynamic linker, so it needs a C library of the machine.
    interpreted: bool,
}

impl Header {
    /// Reads a 64-bit little-endian ELF header and its program headers.
    fn read(bytes: &[u8]) -> Option<Self> {
        const INTERPRETER: u32 = 3;
        let number = |at: usize, length: usize| -> Option<u64> {
            let field = bytes.get(at..at.checked_add(length)?)?;
            Some(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
        };
        if bytes.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        let mut interpreted = false;
        for index in 0..count {
            let at = usize::try_from(table.checked_add(index * size)?).ok()?;
            interpreted |= number(at, 4)? == u64::from(INTERPRETER);
        }
        Some(Self { machine: u16::try_from(number(18, 2)?).ok()?, interpreted })
    }
}

/// The Rust toolchain in use.
pub(super) struct Toolchain {
    /// Where it is installed.
    pub(super) root: PathBuf,
    /// The commit of the compiler, under which the paths of the standard library are known.
    pub(super) commit: String,
}

impl Toolchain {
    /// The toolchain of the workspace; errs unless it has the target's standard library and a linker.
    pub(super) fn locate(source: &Path, targets: &[Target]) -> Result<Self> {
        let rustc = |argument: &[&str]| -> Result<String> {
            let output = output(Command::new("rustc").args(argument).current_dir(source))?;
            if !output.status.success() {
                bail!("`rustc {}` ended with {}", argument.join(" "), output.status);
            }
            Ok(String::from_utf8(output.stdout)?)
        };
        let root = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
        let version = rustc(&["--version", "--verbose"])?;
        let field = |name: &str| {
            let found = version.lines().find_map(|line| line.strip_prefix(name));
            found.map(|value| value.trim().to_owned()).with_context(|| format!("`rustc -vV` says no {name}"))
        };
        let libraries = root.join("lib/rustlib");
        let absent = targets.iter().map(|target| target.triple).filter(|triple| !libraries.join(triple).exists());
        let absent: Vec<_> = absent.collect();
        if !absent.is_empty() {
            let all = absent.join(" ");
            bail!("no standard library for {all}: run `rustup target add {all}` in this folder");
        }
        let linker = libraries.join(field("host:")?).join("bin/rust-lld");
        if !linker.exists() {
            bail!("the toolchain has no rust-lld at {}: install it with rustup", linker.display());
        }
        Ok(Self { root, commit: field("commit-hash:")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with one program header of a kind.
    fn elf(machine: u8, kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 120];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18] = machine;
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64] = kind;
        bytes
    }

    #[test]
    fn executables() {
        assert_eq!(Header::read(&elf(62, 1)), Some(Header { machine: 62, interpreted: false }));
        assert_eq!(Header::read(&elf(183, 3)), Some(Header { machine: 183, interpreted: true }));
        assert_eq!(Header::read(&elf(62, 1)[..66]), None, "cut off");
        assert_eq!(Header::read(b"#!/bin/sh\n"), None);
        assert_eq!(Header::read(b""), None);
    }

    #[test]
    fn only_known_targets_are_packaged() {
        assert_eq!(Target::parse("x86_64-unknown-linux-musl"), Ok(TARGETS[1]));
        assert!(Target::parse("x86_64-unknown-linux-gnu").is_err());
    }
}
