//! A Kubernetes API server with its controllers, in this process.
//!
//! It speaks plain HTTP/1.1 on a free port of 127.0.0.1 and keeps its state in memory or, with a
//! directory, in a journal that survives `kill -9`. Its rules are functions of state and request
//! (`api`), apart from HTTP (`http`), so that the same list of conversations can be held
//! against a real API server.

mod admission;
mod api;
mod controllers;
mod definitions;
mod faults;
mod fields;
mod http;
mod managed;
mod merge;
mod names;
mod patch;
mod quota;
mod resources;
mod schema;
mod seed;
mod selector;
mod server;
mod status;
mod store;
mod strategy;

pub use faults::{Fault, FaultRule, Faults, PodFault};
pub use seed::initial_objects;
pub use server::{RequestRecord, Server};
pub use store::CreatedObject;

#[cfg(test)]
mod tests;
