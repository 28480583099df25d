//! `.Chart`: what templates see of a Chart.yaml. A struct in Helm 3, a map of the struct's fields in Helm 4.

use aktus_gotmpl::{JsonForm, Kind, List, Map, NamedType, Object, Profile, Str, Type, Value};
use aktus_yaml::Json;

use crate::chart::{Dependency, Maintainer, Metadata};
use crate::values::from_yaml;

/// `.Chart` of a chart whose metadata now lists `dependencies`.
pub(super) fn chart(
    metadata: &Metadata,
    dependencies: Option<&[&Dependency]>,
    is_root: bool,
    profile: Profile,
) -> Value {
    match profile {
        Profile::Helm3 => {
            let mut metadata = metadata.clone();
            metadata.dependencies =
                dependencies.map(|listed| listed.iter().map(|dependency| (*dependency).clone()).collect());
            Value::object(ChartStruct { metadata, is_root })
        }
        Profile::Helm4 => Value::Map(chart_map(metadata, dependencies, is_root)),
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn texts(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|item| text(item)).collect()
}

fn annotations(metadata: &Metadata) -> Value {
    Value::Map(match &metadata.annotations {
        None => Map::nil(&Type::String),
        Some(annotations) => {
            Map::collect(&Type::String, annotations.iter().map(|(key, value)| (Str::from(key), text(value))))
        }
    })
}

/// Helm 4's `structToMap` of the metadata.
fn chart_map(metadata: &Metadata, dependencies: Option<&[&Dependency]>, is_root: bool) -> Map {
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        Value::map([
            ("Name", text(&maintainer.name)),
            ("Email", text(&maintainer.email)),
            ("URL", text(&maintainer.url)),
        ])
    });
    let dependencies = dependencies.unwrap_or_default().iter().map(|dependency| {
        Value::map([
            ("Name", text(&dependency.name)),
            ("Version", text(&dependency.version)),
            ("Repository", text(&dependency.repository)),
            ("Condition", text(&dependency.condition)),
            ("Tags", Value::list(texts(&dependency.tags))),
            ("Enabled", Value::Bool(dependency.enabled)),
            ("ImportValues", Value::list(imports(dependency))),
            ("Alias", text(&dependency.alias)),
        ])
    });
    let entries = [
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", Value::list(texts(&metadata.sources))),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", Value::list(texts(&metadata.keywords))),
        ("Maintainers", Value::list(maintainers.collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", annotations(metadata)),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::list(dependencies.collect())),
        ("Type", text(&metadata.chart_type)),
        ("IsRoot", Value::Bool(is_root)),
    ];
    entries.into_iter().map(|(key, value)| (Str::from(key), value)).collect()
}

/// The entries of `import-values`; processed ones are `map[string]string`.
fn imports(dependency: &Dependency) -> Vec<Value> {
    dependency
        .import_values
        .iter()
        .map(|import| match import {
            Json::Map(entries) if entries.values().all(|path| matches!(path, Json::String(_))) => {
                let entries = entries.iter().filter_map(|(key, path)| match path {
                    Json::String(path) => Some((Str::from(key), text(path))),
                    _ => None,
                });
                Value::Map(Map::collect(&Type::String, entries))
            }
            other => from_yaml(other).thaw(),
        })
        .collect()
}

fn list_or_nil(element: &'static Type, items: Vec<Value>) -> Value {
    Value::List(if items.is_empty() { List::nil(element) } else { List::of(element, items) })
}

static CHART: NamedType =
    NamedType { name: "struct { chart.Metadata; IsRoot bool }", kind: Kind::Struct, underlying: None };
static METADATA: NamedType = NamedType { name: "chart.Metadata", kind: Kind::Struct, underlying: None };
static MAINTAINER: NamedType = NamedType { name: "*chart.Maintainer", kind: Kind::Pointer, underlying: None };
static MAINTAINER_TYPE: Type = Type::Named(&MAINTAINER);
static DEPENDENCY_TYPE: Type = Type::Named(&DEPENDENCY);
static DEPENDENCY: NamedType = NamedType { name: "*chart.Dependency", kind: Kind::Pointer, underlying: None };

/// Helm 3's struct around the metadata.
#[derive(Debug)]
struct ChartStruct {
    metadata: Metadata,
    is_root: bool,
}

impl Object for ChartStruct {
    fn named_type(&self) -> &'static NamedType {
        &CHART
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Metadata", Value::object(MetadataStruct(self.metadata.clone()))), ("IsRoot", Value::Bool(self.is_root))]
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "IsRoot" => Some(Value::Bool(self.is_root)),
            "Metadata" => Some(Value::object(MetadataStruct(self.metadata.clone()))),
            promoted => metadata_field(&self.metadata, promoted),
        }
    }

    fn json(&self) -> JsonForm {
        let mut fields = metadata_json(&self.metadata);
        fields.push((Str::from("IsRoot"), Value::Bool(self.is_root)));
        JsonForm::Fields(fields)
    }
}

/// `chart.Metadata`
#[derive(Debug)]
struct MetadataStruct(Metadata);

impl Object for MetadataStruct {
    fn named_type(&self) -> &'static NamedType {
        &METADATA
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        METADATA_FIELDS.iter().filter_map(|(name, _)| Some((*name, metadata_field(&self.0, name)?))).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        metadata_field(&self.0, name)
    }

    fn json(&self) -> JsonForm {
        JsonForm::Fields(metadata_json(&self.0))
    }
}

/// The struct's fields and their names in JSON, in order.
const METADATA_FIELDS: [(&str, &str); 17] = [
    ("Name", "name"),
    ("Home", "home"),
    ("Sources", "sources"),
    ("Version", "version"),
    ("Description", "description"),
    ("Keywords", "keywords"),
    ("Maintainers", "maintainers"),
    ("Icon", "icon"),
    ("APIVersion", "apiVersion"),
    ("Condition", "condition"),
    ("Tags", "tags"),
    ("AppVersion", "appVersion"),
    ("Deprecated", "deprecated"),
    ("Annotations", "annotations"),
    ("KubeVersion", "kubeVersion"),
    ("Dependencies", "dependencies"),
    ("Type", "type"),
];

fn metadata_field(metadata: &Metadata, name: &str) -> Option<Value> {
    Some(match name {
        "Name" => text(&metadata.name),
        "Home" => text(&metadata.home),
        "Sources" => list_or_nil(&Type::String, texts(&metadata.sources)),
        "Version" => text(&metadata.version),
        "Description" => text(&metadata.description),
        "Keywords" => list_or_nil(&Type::String, texts(&metadata.keywords)),
        "Maintainers" => list_or_nil(
            &MAINTAINER_TYPE,
            metadata.maintainers.iter().cloned().map(MaintainerStruct).map(Value::object).collect(),
        ),
        "Icon" => text(&metadata.icon),
        "APIVersion" => text(&metadata.api_version),
        "Condition" => text(&metadata.condition),
        "Tags" => text(&metadata.tags),
        "AppVersion" => text(&metadata.app_version),
        "Deprecated" => metadata.deprecated.into(),
        "Annotations" => annotations(metadata),
        "KubeVersion" => text(&metadata.kube_version),
        "Dependencies" => list_or_nil(
            &DEPENDENCY_TYPE,
            metadata.dependencies.iter().flatten().cloned().map(DependencyStruct).map(Value::object).collect(),
        ),
        "Type" => text(&metadata.chart_type),
        _ => return None,
    })
}

/// The fields under their JSON names, empty ones left out.
fn metadata_json(metadata: &Metadata) -> Vec<(Str, Value)> {
    METADATA_FIELDS
        .iter()
        .filter_map(|(name, json)| {
            let value = metadata_field(metadata, name)?;
            value.truth().then(|| (Str::from(*json), value))
        })
        .collect()
}

/// `*chart.Maintainer`
#[derive(Debug)]
struct MaintainerStruct(Maintainer);

impl Object for MaintainerStruct {
    fn named_type(&self) -> &'static NamedType {
        &MAINTAINER
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Name", text(&self.0.name)), ("Email", text(&self.0.email)), ("URL", text(&self.0.url))]
    }

    fn json(&self) -> JsonForm {
        let names = ["name", "email", "url"].into_iter().zip(self.fields());
        let kept = names.filter(|(_, (_, value))| value.truth());
        JsonForm::Fields(kept.map(|(name, (_, value))| (Str::from(name), value)).collect())
    }
}

/// `*chart.Dependency`
#[derive(Debug)]
struct DependencyStruct(Dependency);

impl Object for DependencyStruct {
    fn named_type(&self) -> &'static NamedType {
        &DEPENDENCY
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let dependency = &self.0;
        vec![
            ("Name", text(&dependency.name)),
            ("Version", text(&dependency.version)),
            ("Repository", text(&dependency.repository)),
            ("Condition", text(&dependency.condition)),
            ("Tags", list_or_nil(&Type::String, texts(&dependency.tags))),
            ("Enabled", dependency.enabled.into()),
            ("ImportValues", list_or_nil(&Type::Any, imports(dependency))),
            ("Alias", text(&dependency.alias)),
        ]
    }

    fn json(&self) -> JsonForm {
        const NAMES: [&str; 8] =
            ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
        let names = NAMES.into_iter().zip(self.fields());
        // Name and repository are written even when empty.
        let kept = names.filter(|(name, (_, value))| value.truth() || matches!(*name, "name" | "repository"));
        JsonForm::Fields(kept.map(|(name, (_, value))| (Str::from(name), value)).collect())
    }
}
