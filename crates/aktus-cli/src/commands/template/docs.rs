//! `aktus template docs`

use std::path::PathBuf;

use aktus_template::{docs, platform};
use clap::Args;

use crate::commands::write_whole;
use crate::error::CliError;
use crate::ui::Ui;

/// Print the reference of the template's parameters as Markdown
#[derive(Args, Debug)]
pub(crate) struct Docs {
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Docs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let text = docs::parameters(&platform());
        match self.out {
            None => Ok(Ui::data(text.as_bytes())?),
            Some(path) => write_whole(&path, text.as_bytes(), "name a file that can be written with --out"),
        }
    }
}
