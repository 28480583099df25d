//! Go's standard library and the packages that Helm links, as far as templates
//! can see them: pure functions on bytes and numbers.
//!
//! Each module answers what Go 1.26 would answer, to the byte, error texts
//! included.

pub mod strconv;
pub mod unicode;
pub mod utf8;
