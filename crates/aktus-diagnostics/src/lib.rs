//! Where in which text, what is wrong, and what next.
//!
//! Goes in: texts with names, and byte offsets into them.
//! Comes out: [`Diagnostic`]s, plain data that a program can sort, count, serialise or draw.
//! Nothing here prints or renders; that is the business of the edge (the `aktus` command draws excerpts).
//!
//! ```
//! use aktus_diagnostics::{Diagnostic, Sources};
//!
//! let mut sources = Sources::new();
//! let values = sources.add("values.yaml", "image:\n  tga: 1.2\n");
//! let diagnostic = Diagnostic::error("unknown key `tga`")
//!     .at(sources.span(values, 9..12))
//!     .hint("did you mean `tag`?");
//!
//! let position = sources.position(diagnostic.span).expect("the span lies in values.yaml");
//! assert_eq!((position.name, position.line, position.column), ("values.yaml", 2, 3));
//! ```

mod diagnostic;
mod nearest;
mod source;

pub use diagnostic::{Diagnostic, Severity, Trace};
pub use nearest::nearest;
pub use source::{Position, SourceId, Sources, Span};
