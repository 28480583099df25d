//! Placeholder.

mod listener;
pub mod registry;
