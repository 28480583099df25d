//! The story itself: what is started, what is played, and what is looked at.

mod api;
mod audit;
mod by_command;
mod by_function;
mod certificates;
mod cloud;
mod console;
mod control_plane;
mod endurance;
mod leftovers;
mod process;
mod proxy;
mod registry;
mod story;
mod tokens;
mod view;
mod world;

pub(crate) use story::run;

use super::{Mode, Options};
