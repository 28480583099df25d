//! YAML (and JSON) the way Go reads and writes it, with the place of everything read.
//!
//! Goes in: bytes. Comes out: values of one's own type ([`read`] with [`Build`]), a tree that knows
//! where everything stood ([`node`]), or text laid out as go-yaml lays it out ([`write_v2`],
//! [`write_v3`], [`json::write`] with [`Tree`]).
//!
//! The rules are those of go-yaml v2.4 and v3.0, sigs.k8s.io/yaml 1.6 and encoding/json, down to the
//! words of their errors; only texts beyond the [`Limits`] are refused where Go would read them.
//!
//! ```
//! use aktus_yaml::{json, read_json, write_v2};
//!
//! let values = read_json(b"replicas: 010\nenabled: yes\nimage: {tag: '1.20'}")?;
//! assert_eq!(json::write(&values, json::Style::Compact)?, r#"{"enabled":true,"image":{"tag":"1.20"},"replicas":8}"#);
//! assert_eq!(write_v2(&values)?, "enabled: true\nimage:\n  tag: \"1.20\"\nreplicas: 8\n");
//!
//! let error = read_json(b"a: 1\n b: 2\n").unwrap_err();
//! assert_eq!(error.to_string(), "error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod decode;
mod emit;
mod error;
mod head;
pub mod json;
mod limits;
pub mod node;
mod number;
mod parse;
mod read;
mod resolve;
mod stream;
mod text;
mod tree;
mod value;

pub use build::Build;
pub use emit::{write_v2, write_v3};
pub use error::{Error, RepeatedKey, WriteError};
pub use head::{Head, HeadMetadata, head, head_as};
pub use limits::{Bound, Limits};
pub use number::Shortest;
pub use read::{read, read_json, read_strict, to_serde_json};
pub use stream::{Documents, SeparatorError, StreamDocument, documents};
pub use tree::{Shape, Target, Tree};
pub use value::{Json, JsonBuilder, SerdeBuilder};
