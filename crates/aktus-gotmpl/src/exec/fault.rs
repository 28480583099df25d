//! What does an instruction report when it fails? The cause alone; the machine knows the place.

use crate::error::Cause;
use crate::function::CallError;
use crate::limits::LimitError;

/// The failure of an instruction.
#[derive(Debug)]
pub(super) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    cause: Cause,
    hint: Option<String>,
}

impl Fault {
    #[cold]
    pub(super) fn new(message: impl Into<String>) -> Self {
        Cause::Message(message.into()).into()
    }

    /// The error of a function or method.
    #[cold]
    pub(super) fn calling(function: &str, error: CallError) -> Self {
        match error {
            CallError::Limit(limit) => Cause::Limit(limit),
            CallError::Results(message) => Cause::Message(message),
            error => Cause::Calling { function: function.to_owned(), error },
        }
        .into()
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint;
        self
    }

    pub(super) fn into_parts(self) -> (Cause, Option<String>) {
        (self.0.cause, self.0.hint)
    }
}

impl From<Cause> for Fault {
    #[cold]
    fn from(cause: Cause) -> Self {
        Self(Box::new(Inner { cause, hint: None }))
    }
}

impl From<LimitError> for Fault {
    #[cold]
    fn from(limit: LimitError) -> Self {
        Cause::Limit(limit).into()
    }
}
