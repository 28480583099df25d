//! `cargo xtask record schemas`: which properties only a replacement can change, from the schemas inside cfn-lint.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde::Deserialize;

use crate::command::root;
use crate::tools::{Tool, Tools};

/// Arguments of `cargo xtask record schemas`
#[derive(Args)]
pub(crate) struct Schemas {
    /// Write nothing, err when the table is not what the schemas say
    #[arg(long)]
    check: bool,
}

/// What we read of a schema.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema {
    #[serde(default)]
    create_only_properties: BTreeSet<String>,
    #[serde(default)]
    conditional_create_only_properties: BTreeSet<String>,
}

impl Schemas {
    pub(crate) fn run(&self, tools: &Tools) -> Result<()> {
        let folder = schemas(&tools.path(Tool::CfnLint)?)?;
        let table = table(&folder, tools.version(Tool::CfnLint)?)?;
        let file = root().join("crates/aktus-template/src/diff/create-only.txt");
        if !self.check {
            fs::write(&file, table)?;
            eprintln!("{} is written anew", file.display());
        } else if fs::read_to_string(&file)? != table {
            bail!("{} is not what the schemas say: run `cargo xtask record schemas`", file.display());
        }
        Ok(())
    }
}

/// Where the schemas lie in the folder of cfn-lint's program.
fn schemas(program: &Path) -> Result<PathBuf> {
    let folder = program.parent().ok_or_else(|| anyhow!("{} lies nowhere", program.display()))?;
    let library = folder.join("venv/lib");
    let entries = fs::read_dir(&library).with_context(|| format!("could not look into {}", library.display()))?;
    let mut found = entries.flatten().map(|entry| entry.path().join("site-packages/cfnlint/data/schemas"));
    found.find(|path| path.is_dir()).ok_or_else(|| anyhow!("no schemas below {}", library.display()))
}

/// One line for each type of the platform's template.
fn table(folder: &Path, version: &str) -> Result<String> {
    let read = |path: PathBuf| fs::read(&path).with_context(|| format!("could not read {}", path.display()));
    let files: BTreeMap<String, String> = serde_json::from_slice(&read(folder.join("providers/us-east-1.json"))?)?;
    let template = aktus_template::platform();
    let types: BTreeSet<&str> = template.resources.values().map(|resource| resource.kind.as_str()).collect();
    let mut text = format!(
        "# Properties that only a replacement can change, from the CloudFormation schemas in cfn-lint {version}.\n\
         # A question mark: under conditions of the service. Made by cargo xtask record schemas.\n\n"
    );
    for kind in types.into_iter().filter(|kind| !kind.starts_with("Custom::")) {
        let name = files.get(kind).ok_or_else(|| anyhow!("cfn-lint has no schema of {kind}"))?;
        let schema: Schema = serde_json::from_slice(&read(folder.join(format!("resources/{name}.json")))?)?;
        text.push_str(kind);
        let sets = [("", schema.create_only_properties), ("?", schema.conditional_create_only_properties)];
        for (mark, properties) in sets {
            for property in properties {
                let path = property.strip_prefix("/properties/").unwrap_or(&property).replace('/', ".");
                text.extend([" ", mark, &path]);
            }
        }
        text.push('\n');
    }
    Ok(text)
}
