//! What do a chart's templates make of the values? Chart, values, release and host to rendered files.
//!
//! Upstream: Helm's `pkg/engine/engine.go`, and the steps of `pkg/action/install.go` before and after it.

mod capabilities;
mod chart_object;
mod evaluate;
mod files;
mod release;
mod scope;
mod values_object;

use std::collections::BTreeMap;

use aktus_diagnostics::{Diagnostic, SourceId, Sources};
use aktus_gotmpl::{
    Context, ExecError, FreezeError, Frozen, Host, Map, MissingKey, Origin, ParseError, Profile, Templates, Value,
    helm_functions,
};
use memchr::memmem;

use self::scope::Scopes;
use crate::chart::dependency::{ChartTree, DependencyError, NodeId, is_compatible};
use crate::chart::{Chart, Crd};
use crate::limits::Limits;
use crate::manifest::{ManifestError, Manifests};
use crate::path;
use crate::values::{ExternalSchemas, SchemaError, Values, coalesce_values, schema};

pub use capabilities::{Capabilities, HelmVersion, KubeVersion, KubeVersionError};
pub use evaluate::{evaluate, merged_values};
pub use release::{Release, ReleaseNameError};

/// How to render.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the flags of a command")]
pub struct RenderOptions {
    /// Which Helm to be identical to.
    pub profile: Profile,
    /// The release.
    pub release: Release,
    /// The cluster.
    pub capabilities: Capabilities,
    /// The bounds.
    pub limits: Limits,
    /// `--skip-schema-validation`
    pub skip_schema_validation: bool,
    /// What the charts' schemas may refer to outside of their charts.
    pub external_schemas: ExternalSchemas,
    /// `--render-subchart-notes`
    pub subchart_notes: bool,
    /// As `helm lint` renders: `required` and `fail` pass, `lookup` finds nothing, and neither the chart's type nor
    /// the version of Kubernetes that it wants is checked.
    pub lint: bool,
    /// Note which line of which template makes each line of the rendered files: [`Rendered::origins`].
    pub trace: bool,
}

impl RenderOptions {
    /// What `helm template` does by default.
    pub fn new(profile: Profile, release: Release) -> Self {
        Self {
            profile,
            release,
            capabilities: Capabilities::default_for(profile),
            limits: Limits::default(),
            skip_schema_validation: false,
            external_schemas: ExternalSchemas::default(),
            subchart_notes: false,
            lint: false,
            trace: false,
        }
    }
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self::new(Profile::default(), Release::default())
    }
}

/// Why a chart was not rendered. Displays as Helm's text of the profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A library chart.
    #[error("{chart_type} charts are not installable")]
    NotInstallable {
        /// The chart's type.
        chart_type: String,
    },
    /// Chart.yaml lists charts that are not there.
    #[error("{}: found in Chart.yaml, but missing in charts/ directory: {}", missing_dependencies(*profile), names.join(", "))]
    MissingDependencies {
        /// Their names.
        names: Vec<String>,
        /// Whose words to use.
        profile: Profile,
    },
    /// No release can have this name.
    #[error(transparent)]
    ReleaseName(#[from] ReleaseNameError),
    /// A value where a sub-chart's table should be.
    #[error("{}type mismatch on {subchart}: {found}", if *while_processing { "chart dependencies processing failed: " } else { "" })]
    TypeMismatch {
        /// The sub-chart.
        subchart: String,
        /// What is there, as Go prints it.
        found: String,
        /// Whether Helm says that it was processing dependencies.
        while_processing: bool,
    },
    /// Values nested beyond what we walk.
    #[error("the values are too deep: {0}")]
    Depth(FreezeError),
    /// Values that do not fit the schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The chart is not for this Kubernetes.
    #[error("chart requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}")]
    KubeVersion {
        /// The chart's constraint.
        constraint: String,
        /// The cluster's version.
        version: String,
    },
    /// A template is none.
    #[error("{}", error.helm())]
    Parse {
        /// What is wrong.
        error: Box<ParseError>,
        /// The texts that it may point into.
        templates: Box<TemplateTexts>,
    },
    /// A template failed.
    #[error("{}", if *profile == Profile::Helm3 { error.helm3() } else { error.helm4() })]
    Execute {
        /// What went wrong.
        error: Box<ExecError>,
        /// Whose words to use.
        profile: Profile,
        /// The texts that it may point into.
        templates: Box<TemplateTexts>,
    },
}

fn missing_dependencies(profile: Profile) -> &'static str {
    match profile {
        Profile::Helm3 => {
            "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies"
        }
        Profile::Helm4 => {
            "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies"
        }
    }
}

/// What `helm template` adds to an error once there is a release to speak of.
pub const ADVICE: &str = "\n\nUse --debug flag to render out invalid YAML";

impl RenderError {
    /// What `helm template` prints of it after `Error: `. Upstream: `pkg/cmd/template.go`.
    pub fn template_text(&self) -> String {
        match self {
            Self::NotInstallable { .. }
            | Self::MissingDependencies { .. }
            | Self::TypeMismatch { .. }
            | Self::Depth(_)
            | Self::ReleaseName(_)
            | Self::Schema(_) => self.to_string(),
            rendering => format!("{rendering}{ADVICE}"),
        }
    }

    /// The error for people: where in which template, and what next. Nothing for errors that lie in no template.
    pub fn diagnostic(&self) -> Option<(Sources, Diagnostic)> {
        match self {
            Self::Parse { error, templates } => {
                let (sources, ids) = templates.sources();
                let id = ids.get(&*error.file().to_text()).copied().unwrap_or(SourceId::DETACHED);
                Some((sources, error.diagnostic(id)))
            }
            Self::Execute { error, templates, .. } => {
                let (sources, ids) = templates.sources();
                let diagnostic =
                    error.diagnostic(|file| ids.get(&*file.to_text()).copied().unwrap_or(SourceId::DETACHED));
                Some((sources, diagnostic))
            }
            _ => None,
        }
    }
}

/// The templates that an error may point into.
#[derive(Clone, Debug)]
pub struct TemplateTexts(BTreeMap<String, crate::chart::File>);

impl TemplateTexts {
    fn sources(&self) -> (Sources, BTreeMap<&str, SourceId>) {
        let mut sources = Sources::new();
        let ids = self.0.iter().map(|(name, file)| (name.as_str(), sources.add(name.as_str(), file.data()))).collect();
        (sources, ids)
    }
}

/// What templates made.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The rendered files by name, without NOTES.txt and without `_` files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// For each file the template line that each of its lines comes from, if [`RenderOptions::trace`] asked for it.
    pub origins: BTreeMap<String, Vec<Option<Origin>>>,
    /// The rendered NOTES.txt.
    pub notes: Option<Vec<u8>>,
    /// The files under `crds/` of the chart and those of its sub-charts that are switched on.
    pub crds: Vec<Crd>,
    /// The chart with dependencies processed, as a release keeps it.
    pub chart: Chart,
    pub(crate) profile: Profile,
    limits: aktus_yaml::Limits,
}

impl Rendered {
    /// Takes the files apart into objects and hooks, in Helm's order.
    pub fn into_manifests(self) -> Result<Manifests, ManifestError> {
        let limits = self.limits.clone();
        Manifests::new(self, &limits)
    }
}

/// What [`render_in_stages`] begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Dependencies are checked, values merged and validated.
    Values,
    /// Templates are parsed.
    Parse,
    /// Templates are run.
    Execute,
    /// What they printed is gathered.
    Gather,
}

/// Renders a chart: checks dependencies, merges values, validates them, runs every template.
///
/// Nothing outside the arguments is looked at; `host` is asked for the time, for randomness and for live objects.
pub fn render(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    host: &dyn Host,
) -> Result<Rendered, RenderError> {
    render_in_stages(chart, values, options, host, &mut |_| ())
}

/// [`render`] for those who measure it: `begin` is told of every stage, in order, when it begins.
pub fn render_in_stages(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
    host: &dyn Host,
    begin: &mut dyn FnMut(Stage),
) -> Result<Rendered, RenderError> {
    begin(Stage::Values);
    let profile = options.profile;
    if !options.lint {
        check(chart, profile)?;
        options.release.check_name(profile)?;
    }
    let (tree, coalesced) = prepare(chart, values, options)?;
    if !options.lint {
        check_kube_version(chart, options)?;
    }
    let mut scopes = Scopes {
        tree: &tree,
        profile,
        release: options.release.to_value(),
        capabilities: options.capabilities.to_value(profile),
        templates: BTreeMap::new(),
    };
    scopes.add(ChartTree::ROOT, &coalesced);
    let ((mut files, origins), notes_name) = (execute(&scopes, options, host, begin)?, tree.name(ChartTree::ROOT));
    let notes_name = path::clean(&format!("{notes_name}/templates/NOTES.txt"));
    let notes = take_notes(&mut files, &notes_name, options.subchart_notes);
    let mut crds = Vec::new();
    collect_crds(&tree, ChartTree::ROOT, &mut crds);
    Ok(Rendered {
        files,
        origins,
        notes,
        crds,
        chart: tree.to_chart(ChartTree::ROOT),
        profile,
        limits: options.limits.yaml.clone(),
    })
}

/// The charts that take part, and the values of the outermost, checked against the schemas.
pub(crate) fn prepare(
    chart: &Chart,
    values: &Values,
    options: &RenderOptions,
) -> Result<(ChartTree, Map), RenderError> {
    let profile = options.profile;
    let mut tree = ChartTree::new(chart, profile);
    let user_values = values.to_map();
    tree.process(&user_values).map_err(|error| match error {
        DependencyError::Coalesce(error) => RenderError::TypeMismatch {
            subchart: error.subchart,
            found: error.found,
            while_processing: profile == Profile::Helm4,
        },
        DependencyError::Freeze(error) => RenderError::Depth(error),
    })?;
    let coalesce = |values: &Map| {
        coalesce_values(&tree, ChartTree::ROOT, values, profile).map_err(|error| RenderError::TypeMismatch {
            subchart: error.subchart,
            found: error.found,
            while_processing: false,
        })
    };
    let mut coalesced = coalesce(&user_values)?;
    if options.lint {
        // Helm's linter does it twice, so that a null deletes nothing: the second time the default is back.
        coalesced = coalesce(&coalesced)?;
    }
    if !options.skip_schema_validation && has_schema(&tree, ChartTree::ROOT) {
        let frozen: Frozen = Value::Map(coalesced.clone()).freeze().map_err(RenderError::Depth)?;
        let rules = schema::Rules { limits: &options.limits, external: &options.external_schemas };
        schema::validate(&tree, &frozen, rules)?;
    }
    Ok((tree, coalesced))
}

/// What Helm checks before it looks at any value.
fn check(chart: &Chart, profile: Profile) -> Result<(), RenderError> {
    let chart_type = &chart.metadata().chart_type;
    if !matches!(chart_type.as_str(), "" | "application") {
        return Err(RenderError::NotInstallable { chart_type: chart_type.clone() });
    }
    let missing = chart.missing_dependencies();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.into_iter().map(str::to_owned).collect();
    Err(RenderError::MissingDependencies { names, profile })
}

fn check_kube_version(chart: &Chart, options: &RenderOptions) -> Result<(), RenderError> {
    let constraint = &chart.metadata().kube_version;
    let version = &options.capabilities.kube_version;
    if constraint.is_empty() || is_compatible(constraint, &version.normalized) {
        return Ok(());
    }
    Err(RenderError::KubeVersion { constraint: constraint.clone(), version: version.version.clone() })
}

fn has_schema(tree: &ChartTree, chart: NodeId) -> bool {
    tree.contents(chart).schema.is_some() || tree.children(chart).iter().any(|child| has_schema(tree, *child))
}

/// Rendered texts by name.
type Files = BTreeMap<String, Vec<u8>>;

/// The origins of their lines.
type Origins = BTreeMap<String, Vec<Option<Origin>>>;

/// Parses all templates, then runs those that are no partials, both in Helm's order.
fn execute(
    scopes: &Scopes<'_>,
    options: &RenderOptions,
    host: &dyn Host,
    begin: &mut dyn FnMut(Stage),
) -> Result<(Files, Origins), RenderError> {
    let profile = options.profile;
    let texts = || {
        let texts = scopes.templates.iter();
        let texts = texts.map(|(name, template)| (name.clone(), template.file.clone()));
        Box::new(TemplateTexts(texts.collect()))
    };
    begin(Stage::Parse);
    let order = scopes.order();
    let mut templates =
        Templates::new(helm_functions(profile)).with_missing_key(MissingKey::Zero).with_limits(options.limits.template);
    for name in &order {
        let Some(template) = scopes.templates.get(*name) else { continue };
        templates
            .parse_shared(*name, template.file.shared())
            .map_err(|error| RenderError::Parse { error: Box::new(error), templates: texts() })?;
    }
    begin(Stage::Execute);
    let mut context = Context::new(host, profile).with_limits(options.limits.template);
    if options.lint {
        context = context.linting();
    }
    if options.trace {
        context = context.tracing();
    }
    let mut files = BTreeMap::new();
    let mut origins = BTreeMap::new();
    for name in &order {
        let Some(template) = scopes.templates.get(*name) else { continue };
        if path::base(name).starts_with('_') {
            continue;
        }
        let data = template.enter(name, profile);
        let output = templates.execute(*name, data, &mut context).map_err(|error| RenderError::Execute {
            error: Box::new(error),
            profile,
            templates: texts(),
        })?;
        files.insert((*name).to_owned(), without_no_value(output));
        if options.trace {
            origins.insert((*name).to_owned(), context.take_trace());
        }
    }
    begin(Stage::Gather);
    Ok((files, origins))
}

/// Helm deletes what Go prints for a missing value, wherever it stands.
fn without_no_value(text: Vec<u8>) -> Vec<u8> {
    const NO_VALUE: &[u8] = b"<no value>";
    let finder = memmem::Finder::new(NO_VALUE);
    if finder.find(&text).is_none() {
        return text;
    }
    let mut kept = Vec::with_capacity(text.len());
    let mut from = 0;
    for found in finder.find_iter(&text) {
        kept.extend_from_slice(&text[from..found]);
        from = found + NO_VALUE.len();
    }
    kept.extend_from_slice(&text[from..]);
    kept
}

/// Takes every `…NOTES.txt` out of the files; gives the root chart's own, or all of them joined.
fn take_notes(files: &mut BTreeMap<String, Vec<u8>>, root: &str, all: bool) -> Option<Vec<u8>> {
    let mut notes: Option<Vec<u8>> = None;
    let names: Vec<String> = files.keys().filter(|name| name.ends_with("NOTES.txt")).cloned().collect();
    for name in names {
        let Some(text) = files.remove(&name) else { continue };
        if !all && name != root {
            continue;
        }
        match &mut notes {
            Some(notes) => {
                if !notes.is_empty() {
                    notes.push(b'\n');
                }
                notes.extend_from_slice(&text);
            }
            None => notes = Some(text),
        }
    }
    notes
}

fn collect_crds(tree: &ChartTree, chart: NodeId, crds: &mut Vec<Crd>) {
    let full_path = tree.full_path(chart);
    for file in tree.contents(chart).crds() {
        let source = path::clean(&format!("{full_path}/{}", file.name()));
        crds.push(Crd { source, file: file.clone() });
    }
    for &child in tree.children(chart) {
        collect_crds(tree, child, crds);
    }
}

#[cfg(test)]
mod tests {
    use super::without_no_value;

    #[test]
    fn missing_values_leave_nothing() {
        for (text, expected) in [
            ("a", "a"),
            ("<no value>", ""),
            ("a: <no value>b<no value>\n", "a: b\n"),
            ("<no <no value>value>", "<no value>"),
        ] {
            assert_eq!(without_no_value(text.as_bytes().to_vec()), expected.as_bytes(), "{text}");
        }
    }
}
