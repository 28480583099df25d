//! `cargo xtask tools`: builds the pinned tools, or says what is there.

use anyhow::{Result, bail};
use clap::Args;

use super::lock::Lock;
use super::{Tool, Tools, ensure};

/// Arguments of `cargo xtask tools`
#[derive(Args)]
pub(crate) struct ToolsTask {
    /// Build only this one (may be given several times)
    #[arg(long, value_name = "NAME", value_parser = by_name)]
    only: Vec<Tool>,
    /// Say what is there and where, build nothing
    #[arg(long)]
    list: bool,
    /// Write the lock file again after a change of the files that pin the sources
    #[arg(long, conflicts_with_all = ["only", "list"])]
    lock: bool,
}

impl ToolsTask {
    pub(crate) fn run(&self) -> Result<()> {
        if self.lock {
            return Lock::write();
        }
        let tools = Tools::locate()?;
        let wanted = if self.only.is_empty() { &Tool::ALL[..] } else { &self.only[..] };
        if !self.list {
            ensure(&tools, wanted)?;
        }
        let mut broken = 0;
        for tool in wanted {
            let title = format!("{} {}", tool.name(), tools.version(*tool)?);
            if tools.missing(&[*tool]).is_empty() {
                match tools.path(*tool) {
                    Ok(path) => eprintln!("{title}: {}", path.display()),
                    Err(error) => {
                        broken += 1;
                        eprintln!("{title}: {error:#}");
                    }
                }
            } else {
                eprintln!("{title}: absent");
            }
        }
        if broken > 0 {
            bail!("{broken} tools are not what was built");
        }
        Ok(())
    }
}

fn by_name(name: &str) -> Result<Tool, String> {
    let names = || Tool::ALL.map(Tool::name).join(", ");
    let found = Tool::ALL.into_iter().find(|tool| tool.name() == name);
    found.ok_or_else(|| format!("there is no tool of this name, but {}", names()))
}
