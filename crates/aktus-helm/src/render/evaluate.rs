//! What does one template, or nothing but the values, come to in a chart's context?

use std::collections::BTreeMap;

use aktus_gotmpl::{Context, Host, MissingKey, Str, Templates, Value, helm_functions};

use super::scope::{Renderable, Scopes};
use super::{RenderError, RenderOptions, TemplateTexts, prepare, without_no_value};
use crate::chart::dependency::ChartTree;
use crate::chart::{Chart, File};
use crate::values::Values;

/// What a template gives in the context of a chart: with its defines and those of its sub-charts, and with `.Values`,
/// `.Chart`, `.Release`, `.Files`, `.Capabilities`, `.Subcharts` and `.Template` as a file of the chart sees them.
///
/// `template` has a name for errors and a text. The output is not split and need not be YAML; as everywhere in Helm,
/// `<no value>` is deleted from it. No other template of the chart is run, and the chart may be a library.
///
/// # Errors
/// As [`render`](super::render), for templates of the chart that cannot be parsed, too.
///
/// ```
/// use aktus_helm::{Chart, File, FrozenHost, LoadOptions, RenderOptions, Values, evaluate};
///
/// let files = [
///     ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"),
///     ("templates/_names.tpl", r#"{{ define "web.name" }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}"#),
/// ];
/// let chart = Chart::from_files(files, &LoadOptions::default())?;
/// let template = File::new("question", *b"{{ include \"web.name\" . | upper }}");
/// let options = RenderOptions::default();
/// let answer = evaluate(&chart, &template, &Values::empty(), &options, &FrozenHost::default())?;
/// assert_eq!(answer, b"RELEASE-NAME-WEB");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn evaluate(
    chart: &Chart,
    template: &File,
    values: &Values,
    options: &RenderOptions,
    host: &dyn Host,
) -> Result<Vec<u8>, RenderError> {
    let profile = options.profile;
    options.release.check_name(profile)?;
    let (tree, values) = prepare(chart, values, options)?;
    let mut scopes = Scopes {
        tree: &tree,
        profile,
        release: options.release.to_value(),
        capabilities: options.capabilities.to_value(profile),
        templates: BTreeMap::new(),
    };
    let scope = scopes.add(ChartTree::ROOT, &values);
    let base_path = format!("{}/templates", tree.full_path(ChartTree::ROOT)).into();
    let renderable = Renderable { file: template.clone(), scope, base_path };
    let texts = || {
        let texts = scopes.templates.iter().map(|(name, template)| (name.clone(), template.file.clone()));
        let ours = (template.name().to_owned(), template.clone());
        Box::new(TemplateTexts(texts.chain([ours]).collect()))
    };
    let mut templates = Templates::new(helm_functions(profile)).with_missing_key(MissingKey::Zero);
    let files = scopes.order().into_iter().filter_map(|name| Some((name, &scopes.templates.get(name)?.file)));
    for (name, file) in files.chain([(template.name(), template)]) {
        templates
            .parse(name, file.data())
            .map_err(|error| RenderError::Parse { error: Box::new(error), templates: texts() })?;
    }
    let mut context = Context::new(host, profile).with_limits(options.limits.template);
    let data = renderable.enter(template.name(), profile);
    let output = templates
        .execute(Str::from(template.name()), data, &mut context)
        .map_err(|error| RenderError::Execute { error: Box::new(error), profile, templates: texts() })?;
    Ok(without_no_value(output))
}

/// The values that the templates of a chart see: the user's over the defaults of the chart, its sub-charts and what
/// they export, as [`render`](super::render) merges and checks them.
///
/// # Errors
/// When a value stands where a sub-chart's table should be, or the values do not fit a schema.
///
/// ```
/// use aktus_helm::{Chart, LoadOptions, RenderOptions, Values, merged_values};
///
/// let files = [("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"), ("values.yaml", "replicas: 1\nport: 80")];
/// let chart = Chart::from_files(files, &LoadOptions::default())?;
/// let values = Values::from_yaml(b"replicas: 3")?;
/// let merged = merged_values(&chart, &values, &RenderOptions::default())?;
/// assert_eq!(merged.to_json(), serde_json::json!({"port": 80, "replicas": 3}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merged_values(chart: &Chart, values: &Values, options: &RenderOptions) -> Result<Values, RenderError> {
    let (_, values) = prepare(chart, values, options)?;
    let frozen = Value::Map(values).freeze().map_err(RenderError::Depth)?;
    Ok(Values::from_frozen(&frozen))
}
