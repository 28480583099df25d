//! What is pinned: `xtask/tools.lock` holds each tool's version and the checksum of the files that
//! pin what it is built from (`go.mod` and `go.sum`, or `requirements.txt`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Tool, hex, recipe};
use crate::command::root;

/// What the lock file says of a tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub(super) version: String,
    /// SHA-256 of the pinning files.
    pub(super) source: String,
}

/// The lock file, read and compared with the pinning files.
pub(super) struct Lock(BTreeMap<String, Pin>);

const REPAIR: &str = "look at the change, then run `cargo xtask tools --lock`";

impl Lock {
    pub(super) fn read() -> Result<Self> {
        let lock = Self::parse()?;
        for tool in Tool::ALL {
            let pin = lock.pin(tool)?;
            if pin.source != source(tool)? {
                bail!("xtask/tools.lock does not fit the files in xtask/tools that pin {}: {REPAIR}", tool.name());
            }
        }
        Ok(lock)
    }

    fn parse() -> Result<Self> {
        let file = file();
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        Ok(Self(toml::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))?))
    }

    pub(super) fn pin(&self, tool: Tool) -> Result<&Pin> {
        self.0.get(tool.name()).ok_or_else(|| anyhow!("xtask/tools.lock does not name {}", tool.name()))
    }

    /// Writes the lock file again with the checksums that the pinning files have now.
    pub(super) fn write() -> Result<()> {
        let known = Self::parse()?;
        let mut text = "# What `cargo xtask tools` builds. The checksums are of the files in xtask/tools that pin\n\
                        # the sources; `cargo xtask tools --lock` writes them again.\n"
            .to_owned();
        for tool in Tool::ALL {
            let version = &known.pin(tool)?.version;
            let source = source(tool)?;
            write!(text, "\n[{}]\nversion = \"{version}\"\nsource = \"{source}\"\n", tool.name())?;
        }
        fs::write(file(), text)?;
        Ok(())
    }
}

fn file() -> PathBuf {
    root().join("xtask/tools.lock")
}

/// The checksum over the files that pin what a tool is built from.
fn source(tool: Tool) -> Result<String> {
    let mut sum = Sha256::new();
    for name in recipe::of(tool).pinned_by() {
        let file = root().join("xtask/tools").join(&name);
        let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        sum.update(&name);
        sum.update([0]);
        sum.update(&bytes);
    }
    Ok(hex(&sum.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_fits_the_files_that_pin_the_sources() {
        Lock::read().unwrap();
    }

    #[test]
    fn the_files_pin_the_version_that_the_lock_names() {
        let lock = Lock::read().unwrap();
        for tool in Tool::ALL {
            let version = &lock.pin(tool).unwrap().version;
            let files = recipe::of(tool).pinned_by();
            let texts = files.iter().map(|name| fs::read_to_string(root().join("xtask/tools").join(name)).unwrap());
            let pinned = texts.clone().any(|text| {
                let words = text.split_ascii_whitespace().collect::<Vec<_>>();
                words.contains(&format!("v{version}").as_str())
                    || words.iter().any(|word| *word == format!("{}=={version}", tool.name()))
                    || words.iter().any(|word| word.starts_with("moto[") && word.ends_with(&format!("]=={version}")))
            });
            assert!(files.is_empty() || pinned, "{} {version} is not in {files:?}", tool.name());
        }
    }
}
