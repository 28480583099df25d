//! Text to nodes: what stands in the first document, before it is given a meaning.

mod blocks;
mod characters;
mod compose;
mod input;
mod parser;
mod properties;
mod scalars;
mod scanner;
mod token;

pub(crate) use characters::width;
pub(crate) use compose::{Arena, Children, Kind, RawNode, parse, parse_entries};
pub use token::Style;
