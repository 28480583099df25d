//! How does a function say that it failed?

use crate::limits::LimitError;

/// The error a function returns to the template that called it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// An error text, Go's where there is one.
    #[error("{0}")]
    Message(String),
    /// What `fail` and `required` raise: Helm shows only the message and the outermost position.
    /// Displays with Helm's markers, as Go's error text has them.
    #[error("HELM_ERR_START{0}HELM_ERR_END")]
    Raised(String),
    /// A method has other results than templates can take; Go finds out when it is called.
    #[error("{0}")]
    Results(String),
    /// A limit was reached. Unlike in Go, `fromYaml` and others that turn errors into text do not hide this one.
    #[error("{0}")]
    Limit(#[from] LimitError),
}

impl CallError {
    /// An error with this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

impl From<String> for CallError {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for CallError {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}
