//! Which installation is meant? Told by the physical id, before anything is touched.
//!
//! The id is made of the stack, the cluster, the namespace and the release, and of nothing else: new values keep
//! it, and another namespace changes it, upon which CloudFormation sends a Delete for the old one. It says by itself
//! what a Delete has to take away.

use std::fmt::{self, Write as _};

use aktus_bootstrap::{DEFAULT_NAMESPACE, RELEASE_NAME};
use serde_json::{Map, Value};

/// What every id of an installation begins with.
const INSTALLED: &str = "aktus";
/// What the id of a Create begins with that ended before it touched anything.
const NOTHING: &str = "aktus-nothing-created";
/// The longest part, in bytes; six of them and what is between them stay under the 1,024 of CloudFormation.
const MAX_PART: usize = 160;

/// What a physical id stands for. `Display` gives the id itself: ASCII, at most 1,024 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    stack: Stack,
    /// The EKS cluster.
    pub cluster: String,
    /// The namespace of the platform.
    pub namespace: String,
    /// The name of the Helm release.
    pub release: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stack {
    name: String,
    id: String,
}

impl Identity {
    /// The identity that the properties ask for, in the stack of that ARN. Never fails: it is also needed to answer
    /// properties that are refused.
    pub fn of(stack_id: &str, properties: &Map<String, Value>) -> Self {
        let text = |name: &str| match properties.get(name) {
            Some(Value::String(text)) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        };
        Self {
            stack: Stack::of(stack_id),
            cluster: part(text("ClusterName").unwrap_or("-")),
            namespace: part(text("Namespace").unwrap_or(DEFAULT_NAMESPACE)),
            release: part(text("ReleaseName").unwrap_or(RELEASE_NAME)),
        }
    }

    /// The identity behind an id of ours in the stack of that ARN; nothing for any other id.
    pub fn parse(id: &str, stack_id: &str) -> Option<Self> {
        let parts: Vec<_> = id.split('/').collect();
        let [INSTALLED, name, stack, cluster, namespace, release] = parts.as_slice() else { return None };
        let found = Self {
            stack: Stack { name: (*name).to_owned(), id: (*stack).to_owned() },
            cluster: (*cluster).to_owned(),
            namespace: (*namespace).to_owned(),
            release: (*release).to_owned(),
        };
        (found.stack == Stack::of(stack_id)).then_some(found)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stack, cluster, namespace, release } = self;
        write!(formatter, "{INSTALLED}/{}/{}/{cluster}/{namespace}/{release}", stack.name, stack.id)
    }
}

impl Stack {
    /// Name and unique id from `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`.
    fn of(arn: &str) -> Self {
        let mut parts = arn.split_once(":stack/").map_or(arn, |(_, rest)| rest).splitn(2, '/');
        Self { name: part(parts.next().unwrap_or_default()), id: part(parts.next().unwrap_or_default()) }
    }
}

/// The region of a stack's ARN.
pub fn region(stack_id: &str) -> Option<&str> {
    stack_id.split(':').nth(3).filter(|region| !region.is_empty())
}

/// The id of a Create that ended before it touched anything: its Delete has nothing to do.
pub fn nothing_created(stack_id: &str, logical_resource_id: &str) -> String {
    let stack = Stack::of(stack_id);
    format!("{NOTHING}/{}/{}/{}", stack.name, stack.id, part(logical_resource_id))
}

/// Whether an id says that nothing was created.
pub fn is_nothing_created(id: &str) -> bool {
    id.strip_prefix(NOTHING).is_some_and(|rest| rest.starts_with('/'))
}

/// One part of an id: names that AWS and Kubernetes allow stay as they are; anything else keeps its readable
/// characters and gets a hash, so that two different ones stay different.
fn part(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.len() <= MAX_PART && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut part: String = text.chars().filter(|c| plain(*c)).take(MAX_PART - 17).collect();
    // FNV-1a: it must be the same in every build, and nobody gains by a collision.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // Writing to a string cannot fail.
    let _ = write!(part, "~{hash:016x}");
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const STACK: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/aktus-stack/4a2c11b0-77aa";

    fn of(stack: &str, properties: &Value) -> String {
        Identity::of(stack, properties.as_object().unwrap()).to_string()
    }

    #[track_caller]
    fn check(properties: &Value, expected: &str) {
        let id = of(STACK, properties);
        assert_eq!(id, expected);
        assert_eq!(Identity::parse(&id, STACK).unwrap().to_string(), expected);
    }

    #[test]
    fn only_stack_cluster_namespace_and_release_count() {
        let expected = "aktus/aktus-stack/4a2c11b0-77aa/c/aktus-ai-platform-dev/aktus-ai-platform";
        check(&json!({"ClusterName": "c"}), expected);
        check(&json!({"ClusterName": "c", "Namespace": "", "ReleaseName": "", "GpuLimit": "8"}), expected);
        check(
            &json!({"ClusterName": "c", "Values": {"a": 1}, "ChartVersion": "2.0.0", "ConfigRevision": "9"}),
            expected,
        );
        check(
            &json!({"ClusterName": "c2", "Namespace": "ai", "ReleaseName": "r"}),
            "aktus/aktus-stack/4a2c11b0-77aa/c2/ai/r",
        );
    }

    #[test]
    fn never_longer_than_a_kilobyte_and_always_plain() {
        let texts = ["", "a", "a/b", "🦀", "\"\\\n\u{0}", &"x".repeat(5_000), &"é".repeat(5_000), &"/".repeat(3_000)];
        for stack in texts {
            for text in texts {
                let id = of(stack, &json!({"ClusterName": text, "Namespace": text, "ReleaseName": text}));
                assert!(id.len() <= 1_024 && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id}");
                assert_eq!(Identity::parse(&id, stack).unwrap().to_string(), id);
                assert!(nothing_created(stack, text).len() <= 1_024);
            }
        }
    }

    #[test]
    fn different_texts_stay_different() {
        let ids: std::collections::BTreeSet<_> = ["a/b", "ab", "a b", "é", "è", "a/b/"]
            .iter()
            .map(|text| of(STACK, &json!({"ClusterName": text})))
            .collect();
        assert_eq!(ids.len(), 6);
    }

    #[test]
    fn ids_of_others_are_not_ours() {
        let other = STACK.replace("4a2c", "5b3d");
        assert_eq!(Identity::parse(&of(STACK, &json!({"ClusterName": "c"})), &other), None);
        for id in ["", "aktus", "stack_Bootstrap_1ABC", "aktus/a/b/c/d", "aktus/a/b/c/d/e/f", "2026/11/22/[$LATEST]ab"]
        {
            assert_eq!(Identity::parse(id, STACK), None, "{id}");
            assert!(!is_nothing_created(id));
        }
        let nothing = nothing_created(STACK, "Bootstrap");
        assert_eq!(nothing, "aktus-nothing-created/aktus-stack/4a2c11b0-77aa/Bootstrap");
        assert!(is_nothing_created(&nothing));
        assert_eq!(Identity::parse(&nothing, STACK), None);
    }

    #[test]
    fn the_region_is_in_the_arn() {
        assert_eq!(region(STACK), Some("eu-west-1"));
        assert_eq!(region("stack"), None);
    }
}
