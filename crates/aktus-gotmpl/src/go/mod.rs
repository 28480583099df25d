//! Go's standard library and the packages that Helm links, as far as templates
//! can see them: pure functions on bytes and numbers.
//!
//! Each module answers what Go 1.26 would answer, to the byte, error texts
//! included.

pub mod decimal;
pub mod encoding;
pub mod escape;
pub(crate) mod fmt;
pub mod glob;
pub mod goutils;
pub mod netip;
pub mod path;
#[cfg(test)]
pub(crate) mod recorded;
pub mod regexp;
pub mod semver;
pub mod strconv;
pub mod strings;
pub mod time;
pub(crate) mod toml;
pub mod unicode;
pub mod url;
pub mod utf8;
pub mod xstrings;
