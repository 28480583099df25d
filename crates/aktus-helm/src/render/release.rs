//! Which release is a chart rendered for, and what may it be called?

use aktus_gotmpl::go::strconv::quote;
use aktus_gotmpl::{Profile, Value};

/// The release that a chart is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `.Release.Name`
    pub name: String,
    /// `.Release.Namespace`
    pub namespace: String,
    /// `.Release.Revision`, from 1; 0 in `helm lint`, which is neither an installation nor an upgrade.
    pub revision: i64,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` is the opposite, except in revision 0.
    pub is_upgrade: bool,
}

/// Letters of a release's name. Helm's `maxReleaseNameLen`.
const LONGEST_NAME: usize = 53;

/// A name that no release can have. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}release name {}: {}", prefix(*profile), quote(name.as_bytes()), problem(name))]
pub struct ReleaseNameError {
    /// The name; cut short when it is very long.
    pub name: String,
    profile: Profile,
}

fn prefix(profile: Profile) -> &'static str {
    match profile {
        Profile::Helm3 => "",
        Profile::Helm4 => "release name check failed: ",
    }
}

fn problem(name: &str) -> &'static str {
    if name.is_empty() {
        return "no name provided";
    }
    "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
}

impl Release {
    /// The first revision of a release.
    pub fn install(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: namespace.into(), revision: 1, is_upgrade: false }
    }

    /// Whether Helm accepts the name.
    ///
    /// ```
    /// use aktus_helm::{Profile, Release};
    ///
    /// assert!(Release::install("web-1.staging", "default").check_name(Profile::Helm4).is_ok());
    /// assert!(Release::install("Web", "default").check_name(Profile::Helm4).is_err());
    /// ```
    pub fn check_name(&self, profile: Profile) -> Result<(), ReleaseNameError> {
        let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_label = |label: &str| {
            let bytes = label.as_bytes();
            bytes.first().is_some_and(is_alphanumeric)
                && bytes.last().is_some_and(is_alphanumeric)
                && bytes.iter().all(|byte| is_alphanumeric(byte) || *byte == b'-')
        };
        // The length first: it is cheap, and the name may be huge.
        if self.name.len() <= LONGEST_NAME && self.name.split('.').all(is_label) {
            return Ok(());
        }
        let name = if self.name.len() > 1_000 {
            self.name.chars().take(100).chain(['…']).collect()
        } else {
            self.name.clone()
        };
        Err(ReleaseNameError { name, profile })
    }

    /// The value templates see.
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("Name", Value::from(self.name.as_str())),
            ("Namespace", Value::from(self.namespace.as_str())),
            ("IsUpgrade", Value::Bool(self.is_upgrade)),
            ("IsInstall", Value::Bool(!self.is_upgrade && self.revision != 0)),
            ("Revision", Value::Int(self.revision)),
            ("Service", Value::from("Helm")),
        ])
    }
}

impl Default for Release {
    /// What `helm template` takes without a name: `release-name` in `default`.
    fn default() -> Self {
        Self::install("release-name", "default")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: bool) {
        let release = Release::install(name, "default");
        assert_eq!(release.check_name(Profile::Helm4).is_ok(), expected, "{}", name.get(..60).unwrap_or(name));
    }

    #[test]
    fn names() {
        check("a", true);
        check("a-b.c9", true);
        check(&"a".repeat(53), true);
        check(&"a".repeat(54), false);
        check("", false);
        check("A", false);
        check("-a", false);
        check("a-", false);
        check("a..b", false);
        check("a_b", false);
    }

    #[test]
    fn a_huge_name_is_not_repeated() {
        let release = Release::install("x".repeat(100 << 20), "default");
        let error = release.check_name(Profile::Helm4).expect_err("too long").to_string();
        assert!(error.len() < 400, "{}", error.len());
    }

    #[test]
    fn texts() {
        let text = |profile| Release::install("", "d").check_name(profile).expect_err("no name").to_string();
        assert_eq!(text(Profile::Helm3), "release name \"\": no name provided");
        assert_eq!(text(Profile::Helm4), "release name check failed: release name \"\": no name provided");
    }
}
