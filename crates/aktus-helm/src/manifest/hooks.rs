//! Is a document a hook, of which events, and what happens to it afterwards?
//!
//! Upstream: Helm's `pkg/release/v1/util/manifest_sorter.go`.

use std::collections::BTreeMap;
use std::fmt;

use aktus_gotmpl::go::strconv::atoi;

/// What makes an object a hook.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is Helm's event of that name")]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    /// Helm's name for it, as in `helm.sh/hook` and in releases.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    /// The event of this name; `test-success` is the old name of `test`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }
}

impl fmt::Display for HookEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// An object that runs at certain events instead of belonging to the release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`
    pub name: String,
    /// `kind`
    pub kind: String,
    /// `apiVersion`
    pub api_version: String,
    /// The template it comes from, from the root chart's name down.
    pub source: String,
    /// The document.
    pub content: String,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Lighter hooks run first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, in lower case: `hook-succeeded`, `hook-failed`, `before-hook-creation`.
    pub delete_policies: Vec<String>,
    /// `helm.sh/hook-output-log-policy`, in lower case: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether it runs at `event`.
    pub fn runs_at(&self, event: HookEvent) -> bool {
        self.events.contains(&event)
    }
}

/// What annotations say about hooks.
pub(super) enum Kind {
    /// Not a hook.
    Object,
    /// A hook of an unknown event: Helm drops the document.
    Unknown,
    /// A hook; the rest of it is not filled in.
    Hook(Box<Hook>),
}

pub(super) fn classify(annotations: Option<&BTreeMap<String, String>>) -> Kind {
    let Some(annotations) = annotations else {
        return Kind::Object;
    };
    let Some(events) = annotations.get(HOOK_ANNOTATION) else {
        return Kind::Object;
    };
    let Some(events) = words(events).map(|name| HookEvent::parse(&name)).collect() else {
        return Kind::Unknown;
    };
    let list = |name: &str| annotations.get(name).map(|text| words(text).collect());
    let weight = annotations.get(WEIGHT).and_then(|text| atoi(text.as_bytes()).ok());
    Kind::Hook(Box::new(Hook {
        name: String::new(),
        kind: String::new(),
        api_version: String::new(),
        source: String::new(),
        content: String::new(),
        events,
        weight: weight.unwrap_or(0),
        delete_policies: list(DELETE_POLICY).unwrap_or_default(),
        output_log_policies: list(OUTPUT_LOG_POLICY).unwrap_or_default(),
    }))
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(',').map(|word| word.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(annotations: &[(&str, &str)], expected: &str) {
        let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let found = match classify(Some(&annotations)) {
            Kind::Object => "object".to_owned(),
            Kind::Unknown => "unknown".to_owned(),
            Kind::Hook(hook) => {
                let events: Vec<_> = hook.events.iter().map(|event| event.name()).collect();
                let policies = hook.delete_policies.join("+");
                format!("{} weight {} {policies}", events.join("+"), hook.weight)
            }
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn kinds() {
        check(&[], "object");
        check(&[("helm.sh/hook-weight", "1")], "object");
        check(&[(HOOK_ANNOTATION, " Pre-Install, test-success")], "pre-install+test weight 0 ");
        check(&[(HOOK_ANNOTATION, "pre-install,crd-install")], "unknown");
        check(&[(HOOK_ANNOTATION, "test-failure")], "unknown");
        check(&[(HOOK_ANNOTATION, "")], "unknown");
        check(
            &[(HOOK_ANNOTATION, "test"), (WEIGHT, "-5"), (DELETE_POLICY, "Hook-Succeeded , before-hook-creation")],
            "test weight -5 hook-succeeded+before-hook-creation",
        );
        check(&[(HOOK_ANNOTATION, "test"), (WEIGHT, "1.5")], "test weight 0 ");
    }
}
