//! `cargo xtask golden`: what real Helm makes of the example chart, for every values file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::command::{HELM_3, HELM_4, check_helm, output, root};

/// Arguments of `cargo xtask golden`
#[derive(Args)]
pub(crate) struct Golden {
    /// A helm binary of v4.2.4
    #[arg(long)]
    helm4: PathBuf,
    /// A helm binary of v3.21.4
    #[arg(long)]
    helm3: PathBuf,
}

impl Golden {
    pub(crate) fn run(&self) -> Result<()> {
        if std::env::var_os("CI").is_some() {
            bail!("recordings are made by hand, not in CI");
        }
        check_helm(&self.helm4, HELM_4)?;
        check_helm(&self.helm3, HELM_3)?;
        let example = root().join("fixtures/example");
        let golden = example.join("golden");
        fs::remove_dir_all(&golden).with_context(|| format!("could not empty {}", golden.display()))?;
        fs::create_dir_all(&golden)?;
        let mut count = 0;
        for entry in fs::read_dir(example.join("values"))? {
            let values = entry?.path();
            for (helm, profile) in [(&self.helm4, "helm4"), (&self.helm3, "helm3")] {
                record(helm, profile, &values, &golden)?;
                count += 1;
            }
        }
        eprintln!("{count} recordings in {}", golden.display());
        Ok(())
    }
}

fn record(helm: &Path, profile: &str, values: &Path, golden: &Path) -> Result<()> {
    let name = values.file_stem().unwrap_or_default().to_string_lossy();
    let mut command = Command::new(helm);
    command.current_dir(root());
    command.args(["template", "aktus-ai-platform", "charts/aktus-platform", "--namespace", "aktus-ai-platform-dev"]);
    command.arg("--values").arg(values);
    let output = output(&mut command)?;
    let (ending, text) = if output.status.success() { ("yaml", output.stdout) } else { ("error", output.stderr) };
    fs::write(golden.join(format!("{name}.{profile}.{ending}")), text)?;
    Ok(())
}
