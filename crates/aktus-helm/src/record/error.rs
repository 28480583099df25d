//! Why can a record not be read or written?

/// Why a record cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The data is not base64.
    #[error("the release data is not base64; it was not written by Helm")]
    NotBase64,
    /// The data begins like gzip and is not.
    #[error("the release data cannot be decompressed: {cause}")]
    Gzip {
        /// What is wrong.
        cause: String,
    },
    /// Larger than any Secret can make it by honest means.
    #[error("the release data has more than {limit} bytes when decompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The data is not JSON.
    #[error("the release data is not JSON: {cause}")]
    Json {
        /// encoding/json's words.
        cause: String,
    },
    /// A field has another type than Helm gives it.
    #[error("the field {field} of the release data is not {expected}")]
    Field {
        /// The field's path.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The record holds something that JSON cannot say.
    #[error("the release cannot be written as JSON: {cause}")]
    Write {
        /// encoding/json's words.
        cause: String,
    },
    /// The chart's dependencies and its values do not fit together.
    #[error("chart dependencies processing failed: {cause}")]
    Dependencies {
        /// Helm's words.
        cause: String,
    },
}
