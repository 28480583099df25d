//! How does BurntSushi/toml v1.6 read and lay out TOML, for `fromToml` and `toToml`?

mod encode;
mod lex;
mod parse;

pub(crate) use encode::{EncodeError, encode};
pub(crate) use parse::decode;

#[cfg(test)]
mod tests;
