//! What went wrong, at the edge: what, why, what next, and the exit code.

use std::fmt;
use std::process::ExitCode;

use aktus_bootstrap::FailureKind;

/// What kind of error it is. Decides the exit code, which is part of the command's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No error after all: the reader of our output went away.
    Done,
    /// The cluster, AWS or the registry answered, and said no.
    Refused,
    /// The command line, or what it names, is wrong.
    Usage,
    /// Differences, or faults in a template, were found.
    Found,
    /// Not everything became ready in time.
    NotReady,
    /// The chart cannot be loaded or rendered.
    Chart,
    /// The cluster, AWS or the registry did not answer.
    Unreachable,
    /// A fault of this program.
    Internal,
    /// Stopped by Ctrl-C.
    Interrupted,
}

impl Kind {
    /// The exit codes, as `README.md` lists them.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::NotReady => 4,
            Self::Chart => 5,
            Self::Unreachable => 6,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}

impl From<FailureKind> for Kind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Request => Self::Usage,
            FailureKind::Chart => Self::Chart,
            FailureKind::Refused => Self::Refused,
            FailureKind::Unreachable => Self::Unreachable,
            FailureKind::NotReady => Self::NotReady,
            FailureKind::Interrupted => Self::Interrupted,
            FailureKind::Internal => Self::Internal,
        }
    }
}

/// An error of a command.
#[derive(Debug)]
pub(crate) struct CliError {
    pub(crate) kind: Kind,
    /// What and why; may have several lines.
    pub(crate) message: String,
    /// What next, each a sentence fragment.
    pub(crate) hints: Vec<String>,
    /// Already told, so that only the exit code is left to give.
    pub(crate) told: bool,
    /// The text is Helm's, and stands as Helm prints it.
    pub(crate) helm: bool,
}

impl CliError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), told: false, helm: false }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A chart that Helm would refuse, in Helm's words.
    pub(crate) fn helm(message: impl Into<String>) -> Self {
        Self { helm: true, ..Self::new(Kind::Chart, message) }
    }

    /// An error that the report has already told.
    pub(crate) fn told(kind: Kind) -> Self {
        Self { kind, message: String::new(), hints: Vec::new(), told: true, helm: false }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// An error and everything behind it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}
