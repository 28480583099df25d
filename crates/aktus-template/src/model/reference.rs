//! What `Ref` can name.

use std::fmt;
use std::str::FromStr;

use super::names::{LogicalId, NameError};

/// A parameter that every template has, and whose value comes from `CloudFormation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PseudoParameter {
    /// `AWS::AccountId`: the account of the stack.
    AccountId,
    /// `AWS::NoValue`: what is given this value is left out.
    NoValue,
    /// `AWS::NotificationARNs`: the topics that the stack tells of its events.
    NotificationArns,
    /// `AWS::Partition`: `aws`, `aws-cn` or `aws-us-gov`.
    Partition,
    /// `AWS::Region`: the region of the stack.
    Region,
    /// `AWS::StackId`: the ARN of the stack.
    StackId,
    /// `AWS::StackName`: the name of the stack.
    StackName,
    /// `AWS::URLSuffix`: the suffix of a domain, `amazonaws.com` in most partitions.
    UrlSuffix,
}

impl PseudoParameter {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AccountId,
        Self::NoValue,
        Self::NotificationArns,
        Self::Partition,
        Self::Region,
        Self::StackId,
        Self::StackName,
        Self::UrlSuffix,
    ];

    /// The one with that name, `AWS::` included.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The name, `AWS::` included.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountId => "AWS::AccountId",
            Self::NoValue => "AWS::NoValue",
            Self::NotificationArns => "AWS::NotificationARNs",
            Self::Partition => "AWS::Partition",
            Self::Region => "AWS::Region",
            Self::StackId => "AWS::StackId",
            Self::StackName => "AWS::StackName",
            Self::UrlSuffix => "AWS::URLSuffix",
        }
    }
}

impl fmt::Display for PseudoParameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What `Ref` can name.
///
/// ```
/// use aktus_template::{NameError, PseudoParameter, Reference, logical_id};
///
/// assert_eq!("VPC".parse(), Ok(Reference::Id(logical_id!("VPC"))));
/// assert_eq!("AWS::Region".parse(), Ok(Reference::Pseudo(PseudoParameter::Region)));
/// assert_eq!("AWS::Regoin".parse::<Reference>(), Err(NameError::Character(':')));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// A parameter or a resource of the template.
    Id(LogicalId),
    /// A pseudo parameter.
    Pseudo(PseudoParameter),
}

impl Reference {
    /// The reference, or the text again when nothing can be called so.
    pub(crate) fn take(text: String) -> Result<Self, String> {
        match PseudoParameter::from_name(&text) {
            Some(pseudo) => Ok(Self::Pseudo(pseudo)),
            None => LogicalId::take(text).map(Self::Id),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Pseudo(pseudo) => pseudo.name(),
        }
    }
}

impl TryFrom<String> for Reference {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        match PseudoParameter::from_name(&text) {
            Some(pseudo) => Ok(Self::Pseudo(pseudo)),
            None => LogicalId::try_from(text).map(Self::Id),
        }
    }
}

impl FromStr for Reference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.to_owned())
    }
}

impl From<LogicalId> for Reference {
    fn from(id: LogicalId) -> Self {
        Self::Id(id)
    }
}

impl From<PseudoParameter> for Reference {
    fn from(pseudo: PseudoParameter) -> Self {
        Self::Pseudo(pseudo)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
