//! What does a record keep of a chart?
//!
//! Everything but its sub-charts and the raw files (Helm's `pkg/chart/v2/chart.go`): that is why the values of
//! sub-charts cannot be told from a record.

use aktus_gotmpl::{Frozen, Profile, Value};
use aktus_yaml::Json;
use serde_json::json;

use super::error::RecordError;
use super::time;
use crate::chart::dependency::ChartTree;
use crate::chart::{self, Dependency, File, Lock, Maintainer, Metadata};
use crate::values::Values;

/// A chart as a record keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Chart.yaml, as a map with the names of Chart.yaml.
    pub metadata: serde_json::Value,
    /// Chart.lock, as a map; null when there is none.
    pub lock: serde_json::Value,
    /// The templates.
    pub templates: Vec<StoredFile>,
    /// The defaults, with what was imported from sub-charts; null without a values.yaml.
    pub values: serde_json::Value,
    /// The text of values.schema.json.
    pub schema: Option<Vec<u8>>,
    /// When the schema was changed last, as Helm 4 wrote it.
    pub schema_modified: Option<String>,
    /// The other files.
    pub files: Vec<StoredFile>,
    /// When Chart.yaml was changed last, as Helm 4 wrote it.
    pub modified: Option<String>,
}

/// A file of a chart as a record keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Name and content.
    pub file: File,
    /// When it was changed last, as Helm 4 wrote it.
    pub modified: Option<String>,
}

impl Chart {
    /// The chart as Helm stores it with a release: its dependencies processed with the user's values, so that those
    /// switched off are gone, aliases are names and imports are in the defaults.
    pub fn of_release(chart: &chart::Chart, values: &Values, profile: Profile) -> Result<Self, RecordError> {
        let mut tree = ChartTree::new(chart, profile);
        let Value::Map(values) = values.to_frozen().thaw() else { return Ok(Self::from(chart)) };
        tree.process(&values).map_err(|error| RecordError::Dependencies { cause: error.to_string() })?;
        Ok(Self::from(&tree.to_chart(ChartTree::ROOT)))
    }

    /// The chart's name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        self.text("version")
    }

    /// The version of what it installs.
    pub fn app_version(&self) -> &str {
        self.text("appVersion")
    }

    fn text(&self, field: &str) -> &str {
        self.metadata.get(field).and_then(serde_json::Value::as_str).unwrap_or_default()
    }

    /// Whether both are the same chart, whatever its files' times say.
    pub fn same_content(&self, other: &Self) -> bool {
        let same_files = |left: &[StoredFile], right: &[StoredFile]| {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.file == right.file)
        };
        self.metadata == other.metadata
            && self.lock == other.lock
            && self.values == other.values
            && self.schema == other.schema
            && same_files(&self.templates, &other.templates)
            && same_files(&self.files, &other.files)
    }
}

/// The chart as it is. What [`Chart::of_release`] adds must have happened already.
impl From<&chart::Chart> for Chart {
    fn from(chart: &chart::Chart) -> Self {
        let stored = |files: &[File]| {
            files.iter().map(|file| StoredFile { file: file.clone(), modified: None }).collect::<Vec<_>>()
        };
        Self {
            metadata: metadata(chart.metadata()),
            lock: chart.lock().map_or(serde_json::Value::Null, lock),
            templates: stored(chart.templates()),
            values: match chart.default_values() {
                Frozen::Map(_) => chart.values().to_json(),
                _ => serde_json::Value::Null,
            },
            schema: chart.schema().map(<[u8]>::to_vec),
            schema_modified: None,
            files: stored(chart.files()),
            modified: None,
        }
    }
}

/// Collects the fields that Go does not omit as empty.
#[derive(Default)]
struct Fields(serde_json::Map<String, serde_json::Value>);

impl Fields {
    fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn texts(&mut self, name: &str, values: &[String]) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), values.into());
        }
    }

    fn list<T>(&mut self, name: &str, values: &[T], item: impl Fn(&T) -> serde_json::Value) {
        if !values.is_empty() {
            self.0.insert(name.to_owned(), values.iter().map(item).collect());
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        if value {
            self.0.insert(name.to_owned(), true.into());
        }
    }
}

/// Chart.yaml as Go writes it.
pub(crate) fn metadata(metadata: &Metadata) -> serde_json::Value {
    let mut fields = Fields::default();
    fields.text("name", &metadata.name);
    fields.text("home", &metadata.home);
    fields.texts("sources", &metadata.sources);
    fields.text("version", &metadata.version);
    fields.text("description", &metadata.description);
    fields.texts("keywords", &metadata.keywords);
    fields.list("maintainers", &metadata.maintainers, maintainer);
    fields.text("icon", &metadata.icon);
    fields.text("apiVersion", &metadata.api_version);
    fields.text("condition", &metadata.condition);
    fields.text("tags", &metadata.tags);
    fields.text("appVersion", &metadata.app_version);
    fields.flag("deprecated", metadata.deprecated);
    if let Some(annotations) = metadata.annotations.as_ref().filter(|annotations| !annotations.is_empty()) {
        fields.0.insert("annotations".to_owned(), json!(annotations));
    }
    fields.text("kubeVersion", &metadata.kube_version);
    fields.list("dependencies", metadata.dependencies.as_deref().unwrap_or_default(), dependency);
    fields.text("type", &metadata.chart_type);
    fields.0.into()
}

fn maintainer(maintainer: &Maintainer) -> serde_json::Value {
    let mut fields = Fields::default();
    fields.text("name", &maintainer.name);
    fields.text("email", &maintainer.email);
    fields.text("url", &maintainer.url);
    fields.0.into()
}

/// An entry of `dependencies` as Go writes it.
pub(crate) fn dependency(dependency: &Dependency) -> serde_json::Value {
    let mut fields = Fields::default();
    fields.0.insert("name".to_owned(), dependency.name.as_str().into());
    fields.text("version", &dependency.version);
    fields.0.insert("repository".to_owned(), dependency.repository.as_str().into());
    fields.text("condition", &dependency.condition);
    fields.texts("tags", &dependency.tags);
    fields.flag("enabled", dependency.enabled);
    fields.list("import-values", &dependency.import_values, plain);
    fields.text("alias", &dependency.alias);
    fields.0.into()
}

/// Chart.lock as Go writes it.
pub(crate) fn lock(lock: &Lock) -> serde_json::Value {
    let dependencies = lock.dependencies.as_ref().map(|listed| listed.iter().map(dependency).collect::<Vec<_>>());
    json!({"generated": time::rewritten(&lock.generated), "digest": lock.digest, "dependencies": dependencies})
}

fn plain(value: &Json) -> serde_json::Value {
    match value {
        Json::Null => serde_json::Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Int(value) => (*value).into(),
        Json::Uint(value) => (*value).into(),
        Json::Float(value) => (*value).into(),
        Json::String(text) => text.as_str().into(),
        Json::List(items) => items.iter().map(plain).collect(),
        Json::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}
