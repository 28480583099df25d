//! JSON the way Go's encoding/json reads and writes it.
//!
//! ```
//! use aktus_yaml::{JsonBuilder, Limits, json};
//!
//! let value = json::read(br#"{"b": [1.0, 1e3], "a": "<&>"}"#, &mut JsonBuilder, &Limits::JSON)?;
//! assert_eq!(json::write(&value, json::Style::Compact)?, r#"{"a":"\u003c\u0026\u003e","b":[1,1000]}"#);
//!
//! let error = json::read(b"{a}", &mut JsonBuilder, &Limits::JSON).unwrap_err();
//! assert_eq!(error.to_string(), "invalid character 'a' looking for beginning of object key string");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod read;
mod write;

pub use read::{read, read_first};
pub use write::write;
pub(crate) use write::{unsupported_float, write_handle};

use crate::limits::Bound;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `json.Marshal`: one line, `<`, `>` and `&` escaped for HTML. Helm's `toJson`.
    Compact,
    /// One line without HTML escapes. sprig's `toRawJson`.
    CompactRaw,
    /// `json.MarshalIndent(v, "", "  ")`, HTML escapes included. sprig's `toPrettyJson`.
    Pretty,
}

/// Why a JSON text was not read; the texts are encoding/json's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not JSON.
    #[error("{problem}")]
    Syntax {
        /// encoding/json's words.
        problem: String,
        /// The byte where it was noticed, counted from 0.
        offset: usize,
    },
    /// A number beyond what a float64 holds.
    #[error("json: cannot unmarshal number {number} into Go value of type float64")]
    Number {
        /// The number as written.
        number: String,
        /// The byte where it begins, counted from 0.
        offset: usize,
    },
    /// The text exceeds one of the [`Limits`](crate::Limits).
    #[error("document has more than {limit} {bound}")]
    Limit {
        /// Which limit.
        bound: Bound,
        /// Its value.
        limit: usize,
    },
}

/// The text of a float64 in JSON as Go writes it; [`None`] for infinities and NaN, which it refuses.
///
/// ```
/// assert_eq!(aktus_yaml::json::format_float(1e6).as_deref(), Some("1000000"));
/// assert_eq!(aktus_yaml::json::format_float(1e21).as_deref(), Some("1e+21"));
/// ```
pub fn format_float(value: f64) -> Option<String> {
    crate::number::format_json(value)
}
