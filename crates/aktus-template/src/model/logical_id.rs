//! The names that resources, parameters and outputs have in a template.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// The most letters of a [`LogicalId`].
const MOST: usize = 255;

/// A name of a resource, a parameter or an output: 1 to 255 letters and digits of ASCII.
///
/// Maps keyed by it are looked up by `&str`.
///
/// ```
/// use aktus_template::{LogicalId, LogicalIdError};
///
/// let cluster: LogicalId = "EKSCluster".parse()?;
/// assert_eq!(cluster.as_str(), "EKSCluster");
/// assert_eq!("my-role".parse::<LogicalId>(), Err(LogicalIdError::Character('-')));
/// # Ok::<(), LogicalIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogicalId(String);

/// Why a text is no [`LogicalId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogicalIdError {
    /// Nothing at all.
    #[error("a name has at least one letter or digit")]
    Empty,
    /// So many bytes.
    #[error("{0} bytes, and {MOST} are possible")]
    TooLong(usize),
    /// The first character that may not be in it.
    #[error("`{0}` is neither a letter nor a digit of ASCII")]
    Character(char),
}

impl LogicalIdError {
    /// What to do: a sentence fragment.
    pub fn fix(&self) -> String {
        match self {
            Self::Empty => "give it a name".to_owned(),
            Self::TooLong(_) => format!("shorten it to {MOST} bytes"),
            Self::Character(_) => "take everything else out of the name".to_owned(),
        }
    }
}

impl LogicalId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Errs when the text is no logical id.
    pub(crate) fn judge(text: &str) -> Result<(), LogicalIdError> {
        if text.is_empty() {
            return Err(LogicalIdError::Empty);
        }
        if text.len() > MOST {
            return Err(LogicalIdError::TooLong(text.len()));
        }
        match text.chars().find(|character| !character.is_ascii_alphanumeric()) {
            Some(character) => Err(LogicalIdError::Character(character)),
            None => Ok(()),
        }
    }
}

impl TryFrom<&str> for LogicalId {
    type Error = LogicalIdError;

    fn try_from(text: &str) -> Result<Self, LogicalIdError> {
        Self::judge(text).map(|()| Self(text.to_owned()))
    }
}

impl FromStr for LogicalId {
    type Err = LogicalIdError;

    fn from_str(text: &str) -> Result<Self, LogicalIdError> {
        Self::try_from(text)
    }
}

impl fmt::Display for LogicalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Borrow<str> for LogicalId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for LogicalId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&LogicalIdError>) {
        let id = LogicalId::try_from(text);
        assert_eq!(id.as_ref().err(), expected);
        assert!(id.is_err() || id.is_ok_and(|id| id.to_string() == text));
    }

    #[test]
    fn letters_and_digits_only() {
        check("A", None);
        check("0", None);
        check(&"a".repeat(255), None);
        check(&"a".repeat(256), Some(&LogicalIdError::TooLong(256)));
        check("", Some(&LogicalIdError::Empty));
        check("A.B", Some(&LogicalIdError::Character('.')));
        check("Größe", Some(&LogicalIdError::Character('ö')));
    }

    #[test]
    fn maps_are_looked_up_by_text() {
        let map = BTreeMap::from([(LogicalId("VPC".to_owned()), 1)]);
        assert_eq!(map.get("VPC"), Some(&1));
    }
}
