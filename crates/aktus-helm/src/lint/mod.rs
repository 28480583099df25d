//! What is wrong with a chart, or only unusual? The rules of `helm lint`, in its words.
//!
//! Upstream: Helm's `pkg/chart/v2/lint` (4) and `pkg/lint` (3). Rules run in Helm's order, and a rule that fails ends
//! those that build upon it there, too.

mod addresses;
mod chart_file;
mod definitions;
mod dependencies;
mod deprecations;
mod documents;
mod names;
mod strict;
mod target;
mod templates;
mod values;

use std::fmt;
use std::path::{Path, PathBuf};

use aktus_gotmpl::{Host, Profile};

use self::target::Target;
use crate::chart::LoadError;
use crate::limits::Limits;
use crate::render::KubeVersion;
use crate::values::{ExternalSchemas, Values};

/// How bad a [`Message`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Against conventions, but it will probably work.
    Warning,
    /// It will probably not work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        })
    }
}

/// Something to say about a chart. Displays as Helm's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder it is about.
    pub path: String,
    /// Helm's words.
    pub text: String,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] {}: {}", self.severity, self.path, self.text)
    }
}

/// How to look at a chart.
#[derive(Clone, Debug)]
pub struct LintOptions {
    /// Whose rules and words.
    pub profile: Profile,
    /// `.Release.Namespace`
    pub namespace: String,
    /// `--kube-version`
    pub kube_version: Option<KubeVersion>,
    /// `--skip-schema-validation`; Helm 3 checks values.yaml against the schema all the same.
    pub skip_schema_validation: bool,
    /// What the charts' schemas may refer to outside of their charts.
    pub external_schemas: ExternalSchemas,
    /// A folder that links in a chart directory may lead into, as in
    /// [`LoadOptions::links_within`](crate::LoadOptions::links_within).
    pub links_within: Option<PathBuf>,
    /// The bounds.
    pub limits: Limits,
}

impl LintOptions {
    /// What `helm lint` does by default.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            namespace: "default".to_owned(),
            kube_version: None,
            skip_schema_validation: false,
            external_schemas: ExternalSchemas::default(),
            links_within: None,
            limits: Limits::default(),
        }
    }
}

/// Why a chart was not looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LintError {
    /// There is no Chart.yaml. Helm's text.
    #[error("unable to check Chart.yaml file in chart: stat {path}: {cause}")]
    NoChartFile {
        /// Where it should be.
        path: String,
        /// The operating system's words.
        cause: String,
    },
    /// The archive cannot be read.
    #[error("unable to extract tarball: {0}")]
    Archive(LoadError),
}

/// Looks at the chart in a directory or archive.
///
/// ```no_run
/// use aktus_helm::lint::{LintOptions, lint};
/// use aktus_helm::{FrozenHost, Profile, Values};
///
/// let options = LintOptions::new(Profile::Helm4);
/// for message in lint("charts/web".as_ref(), &Values::empty(), &options, &FrozenHost::default())? {
///     println!("{message}");
/// }
/// # Ok::<(), aktus_helm::lint::LintError>(())
/// ```
pub fn lint(path: &Path, values: &Values, options: &LintOptions, host: &dyn Host) -> Result<Vec<Message>, LintError> {
    let target = Target::open(path, options)?;
    let mut linter = Linter { target, options, messages: Vec::new() };
    chart_file::check(&mut linter);
    values::check(&mut linter, values);
    templates::check(&mut linter, values, host);
    dependencies::check(&mut linter);
    if options.profile == Profile::Helm4 {
        definitions::check(&mut linter);
    }
    Ok(linter.messages)
}

/// A key that stands twice in a map of a Chart.yaml; the later one counts. Displays as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The key.
    pub key: String,
    /// The line where it stands first, from 1.
    pub first_line: usize,
    /// The line where it stands again, from 1.
    pub line: usize,
    /// The column there, in bytes, from 1.
    pub column: usize,
    /// The line of its second value, which is the one that Helm 4 names.
    value_line: usize,
}

impl fmt::Display for RepeatedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, first_line, .. } = self;
        write!(formatter, "`{key}` stands in line {first_line} already; the later one counts, take one of them away")
    }
}

/// The keys that stand twice in the Chart.yaml of the chart in a directory or archive. None in one that cannot be read:
/// [`lint`] says so. Helm 3 says nothing of them, and Helm 4 names the second line only.
pub fn repeated_keys(path: &Path, options: &LintOptions) -> Vec<RepeatedKey> {
    let text = Target::open(path, options).map(|target| target.read("Chart.yaml"));
    let Ok(Ok(text)) = text else { return Vec::new() };
    strict::repeated(&text, &options.limits.yaml)
}

/// The chart being looked at, and what was said so far.
struct Linter<'a> {
    target: Target,
    options: &'a LintOptions,
    messages: Vec<Message>,
}

impl Linter<'_> {
    /// Says what a rule found; whether it found nothing.
    fn rule(&mut self, severity: Severity, path: &str, found: Result<(), String>) -> bool {
        match found {
            Ok(()) => true,
            Err(text) => {
                self.messages.push(Message { severity, path: path.to_owned(), text });
                false
            }
        }
    }
}
