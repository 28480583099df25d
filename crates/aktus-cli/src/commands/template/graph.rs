//! `aktus template graph`

use std::path::PathBuf;

use aktus_template::graph::{Chapters, Detail, Picture};
use clap::{Args, ValueEnum};

use super::input::{Source, Stack};
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

    /// How the cluster works, unless `EnableAutoMode` is given
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "file")]
    mode: Mode,

    /// A card for every resource, also for routes, associations, policies and the like
    #[arg(long)]
    everything: bool,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stack: Stack,

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
        let loaded = self.source.load()?;
        let mut values = self.stack.values(&loaded, &[]);
        if loaded.ours {
            let auto = (self.mode == Mode::Auto).to_string();
            values.entry("EnableAutoMode".to_owned()).or_insert(auto);
        }
        let graph = loaded.evaluate(&values, &self.stack.pseudo())?;
        let (chapters, title) = if loaded.ours {
            let auto = graph.conditions.get("AutoModeEnabled") == Some(&true);
            let mode = if auto { "Auto Mode" } else { "Traditional Mode" };
            (Chapters::platform(), format!("Aktus AI Platform in {mode}"))
        } else {
            (Chapters::by_service(), loaded.name)
        };
        let detail = if self.everything { Detail::Everything } else { Detail::Overview };
        let picture = Picture::of(&graph, &chapters, detail, &title);
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
