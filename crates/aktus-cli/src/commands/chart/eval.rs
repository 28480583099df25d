//! `aktus chart eval`

use std::io::Read as _;

use aktus_helm::{Chart, File, RenderError, evaluate};
use clap::Args;

use super::arguments::{ReleaseArguments, SourceArguments};
use crate::cli::ValuesArguments;
use crate::error::{CliError, Kind};
use crate::request::user_values;
use crate::ui::Ui;

/// Print what a template gives in the context of a chart
///
/// The template sees the defines of the chart and its sub-charts, `.Values`, `.Chart`, `.Release`, `.Files` and
/// `.Capabilities`. The text is printed as it is: it is not split into documents and need not be YAML. Without a chart,
/// the context is an empty one.
///
/// Examples: `aktus chart eval ./web '{{ include "web.labels" . }}'`, `aktus chart eval '{{ "a-b" | camelcase }}'`
#[derive(Args, Debug)]
pub(crate) struct Eval {
    /// The chart (a directory, a `.tgz`, or `oci://host/repository`) and the template; with --file only the chart
    #[arg(value_name = "CHART] [TEMPLATE", num_args = 0..=2)]
    arguments: Vec<String>,

    /// Read the template from this file, `-` for stdin
    #[arg(long, value_name = "FILE")]
    file: Option<String>,

    /// The name of the release
    #[arg(long, value_name = "NAME", default_value = "release-name")]
    name: String,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    values: ValuesArguments,

    #[command(flatten)]
    release: ReleaseArguments,
}

/// What a template on the command line is called in errors.
const ARGUMENT: &str = "<argument>";

impl Eval {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let (reference, template) = self.chart_and_template()?;
        let values = user_values(&self.values, self.source.profile())?;
        let chart = match &reference {
            Some(reference) => self.source.load(reference).await?,
            None => self.empty()?,
        };
        self.release.warn_of_numbers(reference.is_some().then_some(&chart), &self.values);
        let options = self.release.options(self.name.clone(), &self.source)?;
        let (host, uncovered) = self.release.host();
        let text = evaluate(&chart, &template, &values.merged, &options, &host)
            .map_err(|error| values.explain(explained(&error), &error, &chart, &options))?;
        uncovered.tell();
        Ok(Ui::data(&text)?)
    }

    fn chart_and_template(&self) -> Result<(Option<String>, File), CliError> {
        let too_many = || {
            CliError::usage("--file and a template on the command line are two templates")
                .hint("give one of them: `aktus chart eval [CHART] 'TEMPLATE'` or `aktus chart eval [CHART] --file F`")
        };
        match (self.arguments.as_slice(), &self.file) {
            ([], None) => Err(CliError::usage("there is no template")
                .hint("give one: `aktus chart eval [CHART] 'TEMPLATE'` or `aktus chart eval [CHART] --file F`")),
            ([template], None) => Ok((None, File::new(ARGUMENT, template.as_bytes()))),
            ([chart, template], None) => Ok((Some(chart.clone()), File::new(ARGUMENT, template.as_bytes()))),
            ([], Some(file)) => Ok((None, read(file)?)),
            ([chart], Some(file)) => Ok((Some(chart.clone()), read(file)?)),
            _ => Err(too_many()),
        }
    }

    fn empty(&self) -> Result<Chart, CliError> {
        let files = [("Chart.yaml", "apiVersion: v2\nname: empty\nversion: 0.0.0\n")];
        Chart::from_files(files, &self.source.load_options())
            .map_err(|error| CliError::new(Kind::Internal, format!("the empty chart: {error}")))
    }
}

fn read(file: &str) -> Result<File, CliError> {
    let mut text = Vec::new();
    let read = match file {
        "-" => std::io::stdin().lock().read_to_end(&mut text).map(|_| ()),
        path => std::fs::read(path).map(|read| text = read),
    };
    read.map_err(|error| CliError::usage(format!("could not read template {file}: {error}")))?;
    Ok(File::new(if file == "-" { "<stdin>" } else { file }, text))
}

/// The error with its place, line by line the way to it, and what next. Errors that lie in no template in Helm's words.
fn explained(error: &RenderError) -> CliError {
    let Some((sources, diagnostic)) = error.diagnostic() else { return CliError::helm(error.to_string()) };
    let place = |span| {
        let place = sources.position(span)?;
        Some(format!("{}:{}:{}", place.name, place.line, place.column))
    };
    let mut message = match place(diagnostic.span) {
        Some(place) => format!("{place}: {}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    for step in &diagnostic.trace {
        let place = place(step.span).unwrap_or_else(|| "a text of `tpl`".to_owned());
        message.extend(["\n  ", &step.what, ", at ", &place]);
    }
    let mut shown = CliError::new(Kind::Chart, message);
    shown.hints.extend(diagnostic.hints);
    shown
}
