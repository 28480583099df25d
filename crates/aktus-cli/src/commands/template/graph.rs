//! `aktus template graph`

use std::path::PathBuf;

use aktus_template::graph::{Chapters, Detail, Picture};
use aktus_template::{evaluate, platform};
use clap::{Args, ValueEnum};

use super::parameters::{Setting, StackArguments, refused, setting, with_mode};
use crate::cli::Mode;
use crate::commands::write_whole;
use crate::error::CliError;
use crate::ui::Ui;

/// Draw what the template creates, by chapter, with arrows from what is created first to what needs it
#[derive(Args, Debug)]
pub(crate) struct Graph {
    /// How the picture is written
    #[arg(long, value_enum, default_value = "svg")]
    format: Format,

    /// How the cluster works; the parameter `EnableAutoMode`
    #[arg(long, value_enum, default_value = "auto")]
    mode: Mode,

    /// A card for every resource, also for routes, associations, policies and the like
    #[arg(long)]
    everything: bool,

    /// A parameter of the template; lists have commas
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<Setting>,

    /// The region of the stack
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,

    #[command(flatten)]
    stack: StackArguments,

    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// How a picture is written
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A picture for browsers and documents
    Svg,
    /// For Graphviz
    Dot,
    /// A flowchart for Markdown
    Mermaid,
}

impl Graph {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let parameters = with_mode(self.mode, &self.set);
        let graph =
            evaluate(&platform(), &parameters, &self.stack.pseudo(&self.region)).map_err(|error| refused(&error))?;
        let mode =
            if graph.conditions.get("AutoModeEnabled") == Some(&true) { "Auto Mode" } else { "Traditional Mode" };
        let detail = if self.everything { Detail::Everything } else { Detail::Overview };
        let picture = Picture::of(&graph, &Chapters::platform(), detail, &format!("Aktus AI Platform in {mode}"));
        let text = match self.format {
            Format::Svg => picture.to_svg(),
            Format::Dot => picture.to_dot(),
            Format::Mermaid => picture.to_mermaid(),
        };
        match self.out {
            None => Ok(Ui::data(text.as_bytes())?),
            Some(path) => write_whole(&path, text.as_bytes(), "name a file that can be written with --out"),
        }
    }
}
