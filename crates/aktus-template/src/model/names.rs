//! The names that the things of a template have.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;

/// The most bytes of a name.
const MOST: usize = 255;

/// Why a text is no [`LogicalId`], or no [`ConditionName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("a name has at least one character")]
    Empty,
    /// So many bytes.
    #[error("{0} bytes, and {MOST} are possible")]
    TooLong(usize),
    /// The first character that may not be in it; of a [`LogicalId`] only.
    #[error("`{0}` is neither a letter nor a digit of ASCII")]
    Character(char),
}

impl NameError {
    /// What to do: a sentence fragment.
    pub fn fix(&self) -> String {
        match self {
            Self::Empty => "give it a name".to_owned(),
            Self::TooLong(_) => format!("shorten it to {MOST} bytes"),
            Self::Character(_) => "take everything else out of the name".to_owned(),
        }
    }
}

/// Defines a kind of name. What has been checked is kept in it; a constant costs nothing to copy.
macro_rules! name {
    ($(#[$about:meta])* $name:ident, $by:literal) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            #[doc = concat!("The name, for constants: [`", $by, "`](crate::", $by, ") runs it when it is compiled.")]
            ///
            /// Panics when the text is no such name; a name that is computed goes through `parse` or `try_from`.
            pub const fn literal(text: &'static str) -> Self {
                assert!(Self::fits(text), "no such name is possible");
                Self(Cow::Borrowed(text))
            }

            /// The name, or the text again when it is none.
            pub(crate) fn take(text: String) -> Result<Self, String> {
                if Self::fits(&text) { Ok(Self(Cow::Owned(text))) } else { Err(text) }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::take(text).map_err(|text| problem(&text))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = NameError;

            fn try_from(text: &str) -> Result<Self, NameError> {
                Self::try_from(text.to_owned())
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::try_from(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

name! {
    /// A name of a parameter, a resource, an output, a mapping or a rule: 1 to 255 letters and digits of ASCII.
    ///
    /// Those are what the template anatomy of `CloudFormation` allows, and the schemas inside cfn-lint.
    /// Maps keyed by it are looked up by `&str`.
    ///
    /// ```
    /// use aktus_template::{LogicalId, NameError, logical_id};
    ///
    /// const CLUSTER: LogicalId = logical_id!("EKSCluster");
    /// assert_eq!("EKSCluster".parse(), Ok(CLUSTER));
    /// assert_eq!("my-role".parse::<LogicalId>(), Err(NameError::Character('-')));
    /// ```
    ///
    /// A literal that is none does not compile:
    ///
    /// ```compile_fail
    /// let role = aktus_template::logical_id!("my-role");
    /// ```
    LogicalId, "logical_id!"
}

name! {
    /// A name of a condition: 1 to 255 bytes, whatever the letters.
    ///
    /// The documentation of `CloudFormation` wants letters and digits here, too, but the service takes more: stacks with
    /// `_`, `&` and `-` in names of conditions are in use (cfn-lint allows the first two; its issue 4007). Which letters
    /// it refuses, no source says. Maps keyed by it are looked up by `&str`.
    ///
    /// ```
    /// use aktus_template::{ConditionName, condition_name};
    ///
    /// const IN_ZONE: ConditionName = condition_name!("Deploy_Zone-A");
    /// assert_eq!("Deploy_Zone-A".parse(), Ok(IN_ZONE));
    /// ```
    ConditionName, "condition_name!"
}

impl LogicalId {
    const fn fits(text: &str) -> bool {
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            if !first.is_ascii_alphanumeric() {
                return false;
            }
            rest = after;
        }
        length(text).is_ok()
    }
}

impl ConditionName {
    const fn fits(text: &str) -> bool {
        length(text).is_ok()
    }
}

const fn length(text: &str) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Empty),
        length if length > MOST => Err(NameError::TooLong(length)),
        _ => Ok(()),
    }
}

/// What is wrong with a text that does not fit.
fn problem(text: &str) -> NameError {
    let other = text.chars().find(|character| !character.is_ascii_alphanumeric()).unwrap_or_default();
    length(text).err().unwrap_or(NameError::Character(other))
}

/// A [`LogicalId`] of a literal, checked when it is compiled.
#[macro_export]
macro_rules! logical_id {
    ($text:expr) => {
        const { $crate::LogicalId::literal($text) }
    };
}

/// A [`ConditionName`] of a literal, checked when it is compiled.
#[macro_export]
macro_rules! condition_name {
    ($text:expr) => {
        const { $crate::ConditionName::literal($text) }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(text: &str, id: Option<&NameError>, condition: Option<&NameError>) {
        let (as_id, as_condition) = (LogicalId::try_from(text), ConditionName::try_from(text));
        assert_eq!((as_id.as_ref().err(), as_condition.as_ref().err()), (id, condition));
        assert!(as_id.is_err() || as_id.is_ok_and(|id| id == text));
        assert!(as_condition.is_err() || as_condition.is_ok_and(|name| name == text));
    }

    #[test]
    fn what_names_are_made_of() {
        check("A", None, None);
        check("0", None, None);
        check(&"a".repeat(255), None, None);
        let (empty, long) = (NameError::Empty, NameError::TooLong(256));
        check(&"a".repeat(256), Some(&long), Some(&long));
        check("", Some(&empty), Some(&empty));
        check("A.B", Some(&NameError::Character('.')), None);
        check("Größe", Some(&NameError::Character('ö')), None);
        check("Zone_A&B-1", Some(&NameError::Character('_')), None);
    }

    #[test]
    fn constants_are_equal_to_what_is_computed() {
        const CLUSTER: LogicalId = logical_id!("EKSCluster");
        assert_eq!(LogicalId::try_from(format!("EKS{}", "Cluster")), Ok(CLUSTER));
        assert_eq!("EKSClusters".parse::<LogicalId>().map(|id| id > CLUSTER), Ok(true));
    }

    #[test]
    fn maps_are_looked_up_by_text() {
        let map = BTreeMap::from([(logical_id!("VPC"), 1)]);
        assert_eq!(map.get("VPC"), Some(&1));
        let map = indexmap::IndexMap::from([(condition_name!("Kms"), 2)]);
        assert_eq!(map.get("Kms"), Some(&2));
    }
}
