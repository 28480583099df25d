//! What does a patch document make of an object?

pub(crate) mod json;
pub(crate) mod merge;
pub(crate) mod strategic;
