//! What does a chart say about itself? Chart.yaml, Chart.lock, and what Helm accepts in them.
//!
//! Upstream: Helm's `pkg/chart/v2/{metadata,dependency}.go`, the same in Helm 3.

use std::collections::{BTreeMap, BTreeSet};

use aktus_gotmpl::Profile;
use aktus_gotmpl::go::semver::Version;
use aktus_gotmpl::go::strconv::quote;
use aktus_gotmpl::go::unicode;
use aktus_yaml::Json;

use super::decode::Decoder;
use crate::path;

/// A Chart.yaml. Text that is missing is empty; a list that is missing differs from an empty one only
/// for [`dependencies`](Self::dependencies).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name.
    pub name: String,
    /// The project's page.
    pub home: String,
    /// Where the sources are.
    pub sources: Vec<String>,
    /// The chart's version, a lenient semantic version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who looks after it.
    pub maintainers: Vec<Maintainer>,
    /// URL of an icon.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Unused by Helm.
    pub condition: String,
    /// Unused by Helm.
    pub tags: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Anything else.
    pub annotations: Option<BTreeMap<String, String>>,
    /// A constraint on the version of Kubernetes.
    pub kube_version: String,
    /// The charts it needs. Without the list, conditions of charts below are never looked at.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library`, or nothing for an application.
    pub chart_type: String,
}

/// A person who looks after a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Page.
    pub url: String,
}

/// A chart that another chart needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The name of the chart needed; after dependencies were processed, its alias if it has one.
    pub name: String,
    /// A version constraint.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values that switch it on or off, separated by commas.
    pub condition: String,
    /// Groups it is switched on or off with.
    pub tags: Vec<String>,
    /// Whether it is on; decided from condition and tags.
    pub enabled: bool,
    /// Which of its values its parent takes over: texts, or maps of `child` and `parent`.
    pub import_values: Vec<Json>,
    /// The name it goes by in its parent.
    pub alias: String,
}

/// A Chart.lock. Kept, not enforced, as in Helm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was made, as written.
    pub generated: String,
    /// Digest of the dependencies.
    pub digest: String,
    /// The exact versions.
    pub dependencies: Option<Vec<Dependency>>,
}

/// Metadata that Helm does not accept. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// A field is missing.
    #[error("validation: chart.metadata.{field} is required")]
    Required {
        /// Which.
        field: &'static str,
    },
    /// The name is `.` or `..`.
    #[error("validation: chart.metadata.name {} is not allowed", quote(name.as_bytes()))]
    NameNotAllowed {
        /// The name.
        name: String,
    },
    /// The name is a path.
    #[error("validation: chart.metadata.name {} is invalid", quote(name.as_bytes()))]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The version is no semantic version.
    #[error("validation: chart.metadata.version {} is invalid", quote(version.as_bytes()))]
    InvalidVersion {
        /// The version.
        version: String,
    },
    /// The type is neither `application` nor `library`.
    #[error("validation: chart.metadata.type must be application or library")]
    InvalidType,
    /// A maintainer is null.
    #[error("validation: maintainers must not contain empty or null nodes")]
    NullMaintainer,
    /// A dependency is null.
    #[error("validation: dependencies must not contain empty or null nodes")]
    NullDependency,
    /// An alias holds more than letters, digits, `_` and `-`.
    #[error("validation: dependency {} has disallowed characters in the alias", quote(name.as_bytes()))]
    InvalidAlias {
        /// The dependency's name.
        name: String,
    },
    /// Two dependencies go by one name.
    #[error("validation: more than one dependency with name or alias {}", quote(name.as_bytes()))]
    DuplicateDependency {
        /// The name.
        name: String,
    },
}

/// Metadata as Go decodes it, nulls in lists included, before validation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) home: String,
    pub(crate) sources: Option<Vec<String>>,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) keywords: Option<Vec<String>>,
    pub(crate) maintainers: Option<Vec<Option<Maintainer>>>,
    pub(crate) icon: String,
    pub(crate) api_version: String,
    pub(crate) condition: String,
    pub(crate) tags: String,
    pub(crate) app_version: String,
    pub(crate) deprecated: bool,
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    pub(crate) kube_version: String,
    pub(crate) dependencies: Option<Vec<Option<Dependency>>>,
    pub(crate) chart_type: String,
}

pub(crate) const METADATA: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

pub(crate) const DEPENDENCY: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// The package whose name Go's errors give to the types here.
fn package(profile: Profile) -> &'static str {
    match profile {
        Profile::Helm3 => "chart",
        Profile::Helm4 => "v2",
    }
}

impl Draft {
    /// Decodes a document onto what is there already, as Helm does with requirements.yaml.
    pub(crate) fn decode(&mut self, value: &Json, profile: Profile) -> Result<(), String> {
        let package = package(profile);
        let mut decoder = Decoder::default();
        let go_type = format!("{package}.Metadata");
        decoder.fields(value, &go_type, &METADATA, |decoder, name, value| match name {
            "name" => decoder.string(value, &mut self.name),
            "home" => decoder.string(value, &mut self.home),
            "sources" => decoder.strings(value, &mut self.sources),
            "version" => decoder.string(value, &mut self.version),
            "description" => decoder.string(value, &mut self.description),
            "keywords" => decoder.strings(value, &mut self.keywords),
            "maintainers" => {
                let go_type = format!("[]*{package}.Maintainer");
                decoder.list(value, &go_type, &mut self.maintainers, |decoder, value, target| {
                    decode_maintainer(decoder, value, target, package);
                });
            }
            "icon" => decoder.string(value, &mut self.icon),
            "apiVersion" => decoder.string(value, &mut self.api_version),
            "condition" => decoder.string(value, &mut self.condition),
            "tags" => decoder.string(value, &mut self.tags),
            "appVersion" => decoder.string(value, &mut self.app_version),
            "deprecated" => decoder.bool(value, &mut self.deprecated),
            "annotations" => decoder.string_map(value, &mut self.annotations),
            "kubeVersion" => decoder.string(value, &mut self.kube_version),
            "dependencies" => {
                decode_dependencies(decoder, value, &mut self.dependencies, package);
            }
            _ => decoder.string(value, &mut self.chart_type),
        });
        decoder.finish()
    }

    /// The metadata, with unprintable characters taken out, if Helm accepts it.
    pub(super) fn validate(self) -> Result<Metadata, ValidationError> {
        let sanitize_all = |texts: Option<Vec<String>>| -> Vec<String> {
            texts.unwrap_or_default().iter().map(|text| sanitize(text)).collect()
        };
        let name = sanitize(&self.name);
        if self.api_version.is_empty() {
            return Err(ValidationError::Required { field: "apiVersion" });
        }
        if name.is_empty() {
            return Err(ValidationError::Required { field: "name" });
        }
        if name == "." || name == ".." {
            return Err(ValidationError::NameNotAllowed { name });
        }
        if path::base(&name) != name {
            return Err(ValidationError::InvalidName { name });
        }
        if self.version.is_empty() {
            return Err(ValidationError::Required { field: "version" });
        }
        if Version::parse(self.version.as_bytes()).is_err() {
            return Err(ValidationError::InvalidVersion { version: self.version });
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return Err(ValidationError::InvalidType);
        }
        let maintainers = self.maintainers.unwrap_or_default().into_iter().map(|maintainer| {
            let maintainer = maintainer.ok_or(ValidationError::NullMaintainer)?;
            Ok(Maintainer {
                name: sanitize(&maintainer.name),
                email: sanitize(&maintainer.email),
                url: sanitize(&maintainer.url),
            })
        });
        let maintainers = maintainers.collect::<Result<_, _>>()?;
        let dependencies = self.dependencies.map(validate_dependencies).transpose()?;
        Ok(Metadata {
            name,
            home: sanitize(&self.home),
            sources: sanitize_all(self.sources),
            version: self.version,
            description: sanitize(&self.description),
            keywords: sanitize_all(self.keywords),
            maintainers,
            icon: sanitize(&self.icon),
            api_version: self.api_version,
            condition: sanitize(&self.condition),
            tags: sanitize(&self.tags),
            app_version: sanitize(&self.app_version),
            deprecated: self.deprecated,
            annotations: self.annotations,
            kube_version: sanitize(&self.kube_version),
            dependencies,
            chart_type: self.chart_type,
        })
    }
}

fn validate_dependencies(dependencies: Vec<Option<Dependency>>) -> Result<Vec<Dependency>, ValidationError> {
    let mut names = BTreeSet::new();
    let mut valid = Vec::with_capacity(dependencies.len());
    for dependency in dependencies {
        let mut dependency = dependency.ok_or(ValidationError::NullDependency)?;
        dependency.name = sanitize(&dependency.name);
        dependency.version = sanitize(&dependency.version);
        dependency.repository = sanitize(&dependency.repository);
        dependency.condition = sanitize(&dependency.condition);
        for tag in &mut dependency.tags {
            *tag = sanitize(tag);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !dependency.alias.bytes().all(allowed) {
            return Err(ValidationError::InvalidAlias { name: dependency.name });
        }
        let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
        if !names.insert(name.clone()) {
            return Err(ValidationError::DuplicateDependency { name: name.clone() });
        }
        valid.push(dependency);
    }
    Ok(valid)
}

impl Lock {
    /// Decodes a Chart.lock; nothing for null.
    pub(super) fn decode(value: &Json, profile: Profile) -> Result<Option<Self>, String> {
        if matches!(value, Json::Null) {
            return Ok(None);
        }
        let package = package(profile);
        let mut lock = Self::default();
        let mut dependencies = None;
        let mut decoder = Decoder::default();
        let names = ["generated", "digest", "dependencies"];
        let go_type = format!("{package}.Lock");
        decoder.fields(value, &go_type, &names, |decoder, name, value| match name {
            "generated" => decoder.string(value, &mut lock.generated),
            "digest" => decoder.string(value, &mut lock.digest),
            _ => decode_dependencies(decoder, value, &mut dependencies, package),
        });
        decoder.finish()?;
        lock.dependencies = dependencies.map(|dependencies| dependencies.into_iter().flatten().collect());
        Ok(Some(lock))
    }
}

fn decode_maintainer(decoder: &mut Decoder, value: &Json, target: &mut Option<Maintainer>, package: &str) {
    if matches!(value, Json::Null) {
        *target = None;
        return;
    }
    let maintainer = target.get_or_insert_default();
    let go_type = format!("{package}.Maintainer");
    decoder.fields(value, &go_type, &["name", "email", "url"], |decoder, name, value| {
        let target = match name {
            "name" => &mut maintainer.name,
            "email" => &mut maintainer.email,
            _ => &mut maintainer.url,
        };
        decoder.string(value, target);
    });
}

fn decode_dependencies(
    decoder: &mut Decoder,
    value: &Json,
    target: &mut Option<Vec<Option<Dependency>>>,
    package: &str,
) {
    let list_type = format!("[]*{package}.Dependency");
    let go_type = format!("{package}.Dependency");
    decoder.list(value, &list_type, target, |decoder, value, target| {
        if matches!(value, Json::Null) {
            *target = None;
            return;
        }
        let dependency = target.get_or_insert_default();
        decoder.fields(value, &go_type, &DEPENDENCY, |decoder, name, value| match name {
            "name" => decoder.string(value, &mut dependency.name),
            "version" => decoder.string(value, &mut dependency.version),
            "repository" => decoder.string(value, &mut dependency.repository),
            "condition" => decoder.string(value, &mut dependency.condition),
            "tags" => {
                let mut tags = Some(std::mem::take(&mut dependency.tags));
                decoder.strings(value, &mut tags);
                dependency.tags = tags.unwrap_or_default();
            }
            "enabled" => decoder.bool(value, &mut dependency.enabled),
            "import-values" => {
                let mut values = Some(Vec::<Option<Json>>::new());
                decoder.list(value, "[]interface {}", &mut values, |_, value, target| {
                    *target = Some(value.clone());
                });
                dependency.import_values = values.unwrap_or_default().into_iter().flatten().collect();
            }
            _ => decoder.string(value, &mut dependency.alias),
        });
    });
}

/// Helm's `sanitizeString`: white space becomes a blank, what cannot be printed goes.
fn sanitize(text: &str) -> String {
    let printable = |rune: char| {
        if unicode::is_space(rune) { Some(' ') } else { unicode::is_print(rune).then_some(rune) }
    };
    text.chars().filter_map(printable).collect()
}
