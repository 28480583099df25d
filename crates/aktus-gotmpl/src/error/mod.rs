//! What went wrong while a template ran, where, and through which calls?

/// An error of an execution.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExecError {
    message: String,
}
