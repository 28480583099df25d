//! `.Capabilities`: which Kubernetes, which APIs, which Helm.
//!
//! Upstream: Helm's `pkg/chart/common/capabilities.go` (4) and `pkg/chartutil/capabilities.go` (3), with the
//! scheme of client-go 0.36 that both link.

use std::sync::Arc;

use aktus_gotmpl::go::strconv::quote;
use aktus_gotmpl::{
    JsonForm, Kind, List, Method, NamedType, Object, ObjectRef, Profile, Str, Type, Underlying, Value, methods,
};

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// `.Version`: as given in Helm 4 (`v1.33.4-gke.100`), without suffix in Helm 3.
    pub version: String,
    /// Without suffix: what constraints are checked against, and what it prints as.
    pub normalized: String,
    /// `.Major`
    pub major: String,
    /// `.Minor`
    pub minor: String,
}

/// A text that is no version of Kubernetes. The texts are those of k8s.io/apimachinery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KubeVersionError {
    /// It does not begin with a number.
    #[error("could not parse {} as version", quote(text.as_bytes()))]
    NoVersion {
        /// The text.
        text: String,
    },
    /// It has no minor version.
    #[error("illegal version string {}", quote(text.as_bytes()))]
    TooShort {
        /// The text.
        text: String,
    },
    /// The major version begins with a zero.
    #[error("illegal zero-prefixed version component {} in {}", quote(component.as_bytes()), quote(text.as_bytes()))]
    LeadingZero {
        /// The number.
        component: String,
        /// The text.
        text: String,
    },
    /// A number is too large.
    #[error("illegal non-numeric version component {0} in {1}: strconv.ParseUint: parsing {0}: value out of range", quote(component.as_bytes()), quote(text.as_bytes()))]
    TooLarge {
        /// The number.
        component: String,
        /// The text.
        text: String,
    },
}

impl KubeVersion {
    /// Reads a version as `--kube-version` or an API server gives it: `1.33`, `v1.33.4-gke.100`.
    ///
    /// ```
    /// use aktus_helm::{KubeVersion, Profile};
    ///
    /// let version = KubeVersion::parse("1.33.4-gke.100", Profile::Helm4)?;
    /// assert_eq!((version.version.as_str(), version.normalized.as_str()), ("v1.33.4-gke.100", "v1.33.4"));
    /// # Ok::<(), aktus_helm::KubeVersionError>(())
    /// ```
    pub fn parse(text: &str, profile: Profile) -> Result<Self, KubeVersionError> {
        let no_version = || KubeVersionError::NoVersion { text: text.to_owned() };
        let is_space = |rune| matches!(rune, '\t' | '\n' | '\x0c' | '\r' | ' ');
        let trimmed = text.trim_start_matches(is_space);
        let trimmed = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut end = 0;
        let mut components: Vec<&str> = Vec::new();
        loop {
            let rest = &trimmed[end..];
            let rest = if components.is_empty() { rest } else { rest.strip_prefix('.').unwrap_or("") };
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                break;
            }
            end += usize::from(!components.is_empty()) + digits;
            components.push(&rest[..digits]);
        }
        if components.is_empty() || trimmed[end..].contains('\n') {
            return Err(no_version());
        }
        let [major, _, ..] = components[..] else {
            return Err(KubeVersionError::TooShort { text: text.to_owned() });
        };
        if major.starts_with('0') && major != "0" {
            let component = major.to_owned();
            return Err(KubeVersionError::LeadingZero { component, text: text.to_owned() });
        }
        let numbers = components.iter().map(|component| {
            component
                .parse::<u64>()
                .map_err(|_| KubeVersionError::TooLarge { component: (*component).to_owned(), text: text.to_owned() })
        });
        let numbers: Vec<String> = numbers.map(|number| Ok(number?.to_string())).collect::<Result<_, _>>()?;
        let normalized = format!("v{}", numbers.join("."));
        let version = match profile {
            Profile::Helm3 => normalized.clone(),
            Profile::Helm4 if text.starts_with('v') => text.to_owned(),
            Profile::Helm4 => format!("v{text}"),
        };
        let mut numbers = numbers.into_iter();
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        Ok(Self { version, normalized, major, minor })
    }
}

/// `.Capabilities.HelmVersion`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelmVersion {
    /// For example `v4.2.4`.
    pub version: String,
    /// The commit Helm was built from.
    pub git_commit: String,
    /// `clean` for releases.
    pub git_tree_state: String,
    /// The Go that Helm was built with.
    pub go_version: String,
    /// The Kubernetes that its client belongs to; Helm 3 has no such field.
    pub kube_client_version: String,
}

/// What the cluster can do, as far as templates ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of the cluster.
    pub kube_version: KubeVersion,
    /// Its APIs: `group/version`, and of a live cluster also `group/version/Kind`.
    pub api_versions: Vec<String>,
    /// The Helm that templates see.
    pub helm_version: HelmVersion,
}

/// The APIs that Helm assumes without a cluster, in the order of registration in client-go 0.36.
const API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

impl Capabilities {
    /// What `helm template` assumes: Kubernetes 1.36 and the APIs that Helm's client knows.
    pub fn default_for(profile: Profile) -> Self {
        let (version, commit, kube_client_version) = match profile {
            Profile::Helm3 => ("v3.21.4", "813176c51bb5c181dbbd7901298ddcc104cd3417", ""),
            Profile::Helm4 => ("v4.2.4", "3900f434fd3ef2b84065dc04508df48f288dba00", "v1.36"),
        };
        Self {
            kube_version: KubeVersion {
                version: "v1.36.0".to_owned(),
                normalized: "v1.36.0".to_owned(),
                major: "1".to_owned(),
                minor: "36".to_owned(),
            },
            api_versions: API_VERSIONS.iter().map(|version| (*version).to_owned()).collect(),
            helm_version: HelmVersion {
                version: version.to_owned(),
                git_commit: commit.to_owned(),
                git_tree_state: "clean".to_owned(),
                go_version: "go1.26.8".to_owned(),
                kube_client_version: kube_client_version.to_owned(),
            },
        }
    }

    /// The value templates see.
    pub(super) fn to_value(&self, profile: Profile) -> Value {
        Value::object(CapabilitiesObject { capabilities: Arc::new(self.clone()), profile })
    }
}

/// A type that Helm 3 and Helm 4 keep in different packages.
struct Types {
    helm_3: NamedType,
    helm_4: NamedType,
}

impl Types {
    const fn new(helm_3: &'static str, helm_4: &'static str, kind: Kind, underlying: Option<Type>) -> Self {
        Self {
            helm_3: NamedType { name: helm_3, kind, underlying },
            helm_4: NamedType { name: helm_4, kind, underlying },
        }
    }

    fn of(&'static self, profile: Profile) -> &'static NamedType {
        match profile {
            Profile::Helm3 => &self.helm_3,
            Profile::Helm4 => &self.helm_4,
        }
    }
}

static CAPABILITIES: Types = Types::new("*chartutil.Capabilities", "*common.Capabilities", Kind::Pointer, None);
static KUBE_VERSION: Types = Types::new("chartutil.KubeVersion", "common.KubeVersion", Kind::Struct, None);
static VERSION_SET: Types =
    Types::new("chartutil.VersionSet", "common.VersionSet", Kind::Slice, Some(Type::STRING_LIST));
static BUILD_INFO: NamedType = NamedType { name: "version.BuildInfo", kind: Kind::Struct, underlying: None };

/// `*Capabilities`
#[derive(Debug)]
struct CapabilitiesObject {
    capabilities: Arc<Capabilities>,
    profile: Profile,
}

impl CapabilitiesObject {
    fn copy(&self) -> ObjectRef {
        ObjectRef::new(Self { capabilities: Arc::clone(&self.capabilities), profile: self.profile })
    }
}

static CAPABILITIES_METHODS: &[Method] = methods! { CapabilitiesObject;
    "Copy" => () CapabilitiesObject::copy;
};

impl Object for CapabilitiesObject {
    fn named_type(&self) -> &'static NamedType {
        CAPABILITIES.of(self.profile)
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(CAPABILITIES_METHODS, name)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let versions = List::strings(self.capabilities.api_versions.iter().map(String::as_str));
        vec![
            (
                "KubeVersion",
                Value::object(KubeVersionObject {
                    version: self.capabilities.kube_version.clone(),
                    profile: self.profile,
                    addressable: true,
                }),
            ),
            ("APIVersions", Value::object(VersionSet { versions, profile: self.profile })),
            (
                "HelmVersion",
                Value::object(BuildInfo { version: self.capabilities.helm_version.clone(), profile: self.profile }),
            ),
        ]
    }
}

/// `KubeVersion`, whose methods Go finds only where the struct can be pointed at.
#[derive(Debug)]
struct KubeVersionObject {
    version: KubeVersion,
    profile: Profile,
    addressable: bool,
}

impl KubeVersionObject {
    fn string(&self) -> String {
        self.version.normalized.clone()
    }

    fn git_version(&self) -> String {
        self.version.version.clone()
    }

    fn exported(&self) -> [(&'static str, Value); 3] {
        [
            ("Version", self.version.version.as_str().into()),
            ("Major", self.version.major.as_str().into()),
            ("Minor", self.version.minor.as_str().into()),
        ]
    }
}

static KUBE_VERSION_METHODS: &[Method] = methods! { KubeVersionObject;
    "String" => () KubeVersionObject::string;
    "GitVersion" => () KubeVersionObject::git_version;
};

impl Object for KubeVersionObject {
    fn named_type(&self) -> &'static NamedType {
        KUBE_VERSION.of(self.profile)
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        if self.addressable { Method::find(KUBE_VERSION_METHODS, name) } else { None }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let [version, major, minor] = self.exported();
        match self.profile {
            Profile::Helm3 => vec![version, major, minor],
            // Go prints the unexported field too.
            Profile::Helm4 => {
                let normalized = ("normalizedVersion", self.version.normalized.as_str().into());
                vec![version, normalized, major, minor]
            }
        }
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.exported().into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    fn copied(&self, _: Underlying) -> Option<Value> {
        let mut version = self.version.clone();
        if self.profile == Profile::Helm4 {
            version.normalized.clear();
        }
        Some(Value::object(Self { version, profile: self.profile, addressable: false }))
    }

    fn text(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.addressable.then(|| self.version.normalized.as_str().into())
    }

    fn boxed(&self) -> Option<Value> {
        self.addressable
            .then(|| Value::object(Self { version: self.version.clone(), profile: self.profile, addressable: false }))
    }

    fn json(&self) -> JsonForm {
        JsonForm::Fields(self.exported().into_iter().map(|(name, value)| (Str::from(name), value)).collect())
    }
}

/// `VersionSet`
#[derive(Debug)]
struct VersionSet {
    versions: List,
    profile: Profile,
}

impl VersionSet {
    fn has(&self, version: &Str) -> bool {
        self.versions.iter().any(|known| known.as_str() == Some(version))
    }
}

static VERSION_SET_METHODS: &[Method] = methods! { VersionSet;
    "Has" => (Str) VersionSet::has;
};

impl Object for VersionSet {
    fn named_type(&self) -> &'static NamedType {
        VERSION_SET.of(self.profile)
    }

    fn underlying(&self) -> Underlying {
        Underlying::List(self.versions.clone())
    }

    fn copied(&self, underlying: Underlying) -> Option<Value> {
        match underlying {
            Underlying::List(versions) => Some(Value::object(Self { versions, profile: self.profile })),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(VERSION_SET_METHODS, name)
    }
}

/// `BuildInfo`
#[derive(Debug)]
struct BuildInfo {
    version: HelmVersion,
    profile: Profile,
}

impl Object for BuildInfo {
    fn named_type(&self) -> &'static NamedType {
        &BUILD_INFO
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let HelmVersion { version, git_commit, git_tree_state, go_version, kube_client_version } = &self.version;
        let mut fields = vec![
            ("Version", version.as_str().into()),
            ("GitCommit", git_commit.as_str().into()),
            ("GitTreeState", git_tree_state.as_str().into()),
            ("GoVersion", go_version.as_str().into()),
        ];
        if self.profile == Profile::Helm4 {
            fields.push(("KubeClientVersion", kube_client_version.as_str().into()));
        }
        fields
    }

    fn json(&self) -> JsonForm {
        const NAMES: [&str; 5] = ["version", "git_commit", "git_tree_state", "go_version", "kube_client_version"];
        let fields = NAMES.iter().zip(self.fields());
        // All but the last are left out when empty.
        let kept = fields
            .filter(|(name, (_, value))| value.truth() || **name == "kube_client_version")
            .map(|(name, (_, value))| (Str::from(*name), value));
        JsonForm::Fields(kept.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<[&str; 4], &str>) {
        let found = KubeVersion::parse(text, Profile::Helm4);
        let found =
            found.as_ref().map(|v| [&*v.version, &*v.normalized, &*v.major, &*v.minor]).map_err(ToString::to_string);
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn versions() {
        check("1.27", Ok(["v1.27", "v1.27", "1", "27"]));
        check("v1.27.3-gke.100", Ok(["v1.27.3-gke.100", "v1.27.3", "1", "27"]));
        check("v1.33.4+k3s1", Ok(["v1.33.4+k3s1", "v1.33.4", "1", "33"]));
        check("1.02.3", Ok(["v1.02.3", "v1.2.3", "1", "2"]));
        check("1.2.", Ok(["v1.2.", "v1.2", "1", "2"]));
        check("", Err(r#"could not parse "" as version"#));
        check("x1.2", Err(r#"could not parse "x1.2" as version"#));
        check("1", Err(r#"illegal version string "1""#));
        check("01.2", Err(r#"illegal zero-prefixed version component "01" in "01.2""#));
        let helm_3 = KubeVersion::parse("v1.27.3-gke.100", Profile::Helm3).expect("a version");
        assert_eq!(helm_3.version, "v1.27.3");
    }
}
