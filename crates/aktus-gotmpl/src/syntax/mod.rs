//! What does the text of a template say? Tokens, syntax trees, and how Go prints their nodes.

pub(crate) mod lexer;
mod names;
pub(crate) mod number;
pub(crate) mod parser;
mod pipeline;
mod print;
#[cfg(test)]
mod recorded;
pub(crate) mod tree;
