//! `aktus chart dependency`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aktus_helm::Chart;
use aktus_helm::dependency::{DEFAULT_COLUMN_WIDTH, Remote, UpdateError, build, list, update};
use aktus_helm::oci::PullClass;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::arguments::{LinkArguments, SourceArguments, not_loaded};
use crate::cli::{Profile, RegistryArguments, duration};
use crate::error::{CliError, Kind};
use crate::ui::Ui;
use crate::world::{credentials, puller};

/// See and fetch the charts that a chart needs
#[derive(Args, Debug)]
pub(crate) struct Dependency {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the dependencies of a chart and their states
    #[command(visible_alias = "ls")]
    List(List),
    /// Choose versions anew, fetch them into `charts/`, and write Chart.lock
    #[command(visible_alias = "up")]
    Update(Fetch),
    /// Fetch into `charts/` what Chart.lock says
    Build(Fetch),
}

#[derive(Args, Debug)]
struct List {
    /// The chart: a directory or a `.tgz`
    #[arg(default_value = ".")]
    chart: PathBuf,

    /// The widest that a column may be
    #[arg(long, value_name = "LETTERS", default_value_t = DEFAULT_COLUMN_WIDTH)]
    max_col_width: usize,

    /// Do as this Helm does
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    links: LinkArguments,
}

#[derive(Args, Debug)]
struct Fetch {
    /// The chart directory
    #[arg(default_value = ".")]
    chart: PathBuf,

    /// How long it may take
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    timeout: Duration,

    /// Do as this Helm does
    #[arg(long, value_enum, default_value = "helm4")]
    profile: Profile,

    #[command(flatten)]
    links: LinkArguments,

    #[command(flatten)]
    registry: RegistryArguments,
}

/// Which of the two commands that fetch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Update,
    Build,
}

impl Dependency {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        let (how, arguments) = match self.command {
            Command::List(list) => return list.run(),
            Command::Update(arguments) => (How::Update, arguments),
            Command::Build(arguments) => (How::Build, arguments),
        };
        let source = SourceArguments::local(arguments.profile, arguments.links, arguments.registry);
        fetch(how, &arguments.chart, &source, arguments.timeout, &mut |line| {
            // A reader that went away does not stop the work.
            let _closed = Ui::data(format!("{line}\n").as_bytes());
        })
        .await
    }
}

impl List {
    fn run(self) -> Result<(), CliError> {
        let options =
            SourceArguments::local(self.profile, self.links.clone(), RegistryArguments::default()).load_options();
        let chart = Chart::from_path(&self.chart, &options)
            .map_err(|error| not_loaded(&self.chart.display().to_string(), &error))?;
        Ok(Ui::data(list(&self.chart, &chart, &options, self.max_col_width).as_bytes())?)
    }
}

/// `--dependency-update` of the other commands: quiet, and only for directories.
pub(super) async fn update_if_missing(directory: &Path, source: &SourceArguments) -> Result<(), CliError> {
    fetch(How::Update, directory, source, Duration::from_mins(5), &mut |_| {}).await
}

async fn fetch(
    how: How,
    directory: &Path,
    source: &SourceArguments,
    timeout: Duration,
    say: &mut dyn FnMut(&str),
) -> Result<(), CliError> {
    let puller = puller(&source.registry, &[])?;
    let credentials = credentials(&source.registry)?;
    let remote = Remote { puller: &puller, keychain: &credentials, until: Instant::now() + timeout };
    let options = source.load_options();
    let done = match how {
        How::Update => update(directory, &options, &remote, Timestamp::now(), say).await,
        How::Build => build(directory, &options, &remote, Timestamp::now(), say).await,
    };
    done.map_err(|error| explained(&error))
}

fn explained(error: &UpdateError) -> CliError {
    let kind = match error {
        UpdateError::Pull { cause, .. } => match cause.class() {
            PullClass::Unreachable => Kind::Unreachable,
            PullClass::Input => Kind::Usage,
            _ => Kind::Refused,
        },
        UpdateError::Index { .. } | UpdateError::Digest { .. } => Kind::Refused,
        UpdateError::Alias { .. } | UpdateError::Packed | UpdateError::Io { .. } => Kind::Usage,
        _ => Kind::Chart,
    };
    let shown = CliError::new(kind, error.to_string());
    match error {
        UpdateError::Alias { .. } => {
            shown.hint("write the address of the repository; names of `helm repo` are not read")
        }
        UpdateError::OutOfSync { .. } => shown.hint("run `aktus chart dependency update`"),
        UpdateError::NoVersion { .. } | UpdateError::WrongLocal { .. } => {
            shown.hint("change the version in Chart.yaml, or the chart that it names")
        }
        _ => shown,
    }
}
