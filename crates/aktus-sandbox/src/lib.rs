//! Placeholder.

pub mod aws;
mod hash;
mod listener;
pub mod registry;
