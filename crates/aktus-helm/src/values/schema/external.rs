//! Which schemas outside of charts may be referred to? Only those that a caller opts in to.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Retrieve, Uri};
use serde_json::Value;

use crate::limits::Limits;

/// Schemas by address.
pub trait SchemaSource: Send + Sync {
    /// The text of the schema at an absolute address without fragment, such as `https://example.com/port.json`;
    /// nothing if schemas may not refer to it. One of more than `most` bytes is not used, so that no more of it need be
    /// read. Errs with one line about why it could not be read.
    fn schema(&self, address: &str, most: usize) -> Option<Result<Vec<u8>, String>>;
}

/// The schemas at hand, by address.
impl SchemaSource for BTreeMap<String, Vec<u8>> {
    fn schema(&self, address: &str, _most: usize) -> Option<Result<Vec<u8>, String>> {
        self.get(address).cloned().map(Ok)
    }
}

/// The opt-in list of schemas that a `values.schema.json` may refer to with `$ref`; none by default.
///
/// Helm reads whatever file and URL a schema names.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use aktus_helm::values::ExternalSchemas;
/// use aktus_helm::{Chart, FrozenHost, LoadOptions, RenderOptions, ValueOptions, render};
///
/// let files = [
///     ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
///     ("values.yaml", "port: high\n"),
///     ("values.schema.json", r#"{"properties": {"port": {"$ref": "https://example.com/port.json"}}}"#),
/// ];
/// let chart = Chart::from_files(files, &LoadOptions::default())?;
/// let values = ValueOptions::default().merge(aktus_helm::Profile::Helm4)?;
/// let check = |options: &RenderOptions| {
///     render(&chart, &values, options, &FrozenHost::default()).expect_err("the port is no number").to_string()
/// };
///
/// let mut options = RenderOptions::default();
/// assert!(check(&options).contains("external $ref not allowed: https://example.com/port.json"));
/// let known = BTreeMap::from([("https://example.com/port.json".to_owned(), br#"{"type": "integer"}"#.to_vec())]);
/// options.external_schemas = ExternalSchemas::from(known);
/// assert!(check(&options).contains("- at '/port': got string, want integer"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct ExternalSchemas(Option<Arc<dyn SchemaSource>>);

impl<S: SchemaSource + 'static> From<S> for ExternalSchemas {
    fn from(source: S) -> Self {
        Self(Some(Arc::new(source)))
    }
}

impl fmt::Debug for ExternalSchemas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "ExternalSchemas(some)" } else { "ExternalSchemas(none)" })
    }
}

/// Why a schema at an address cannot be used. The text is Helm's where Helm has one.
#[derive(Debug)]
pub(super) struct Unusable {
    pub(super) text: String,
    /// Whether it is not allowed.
    pub(super) is_refused: bool,
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for Unusable {}

/// What became of the references out of one schema.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The addresses that are not allowed, if those are collected.
    pub(super) refused: BTreeSet<String>,
    /// The schemas that were read.
    pub(super) schemas: BTreeMap<String, Value>,
    /// How many references all of them have.
    references: usize,
}

/// Loads what is allowed, and nothing else. An unknown `urn:` accepts everything, as in Helm.
pub(super) struct Loader {
    pub(super) allowed: ExternalSchemas,
    pub(super) limits: Limits,
    /// Whether what is not allowed is noted and accepts everything, so that all such addresses are found, in whatever
    /// order they are asked for.
    pub(super) collects: bool,
    pub(super) found: Arc<Mutex<Found>>,
}

impl Loader {
    fn load(&self, address: &str) -> Result<Value, Unusable> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let most = self.limits.schema_bytes;
        let Some(text) = self.allowed.0.as_ref().and_then(|source| source.schema(address, most)) else {
            if !self.collects {
                return Err(Unusable { text: super::external(address), is_refused: true });
            }
            found.refused.insert(address.to_owned());
            return Ok(Value::Bool(true));
        };
        let unusable = |text: String| Unusable { text, is_refused: false };
        let failing = |cause: &str| unusable(format!("failing loading \"{address}\": {cause}"));
        let text = text.map_err(|cause| failing(&cause))?;
        if text.len() > most {
            return Err(failing(&format!("it has more than {most} bytes")));
        }
        let schema = super::read(&text).map_err(|cause| failing(&cause))?;
        found.references += super::references(&schema).len();
        super::check_references(found.references, &self.limits).map_err(unusable)?;
        let (_, meta) = super::dialect(&schema).map_err(unusable)?;
        super::check_schema(address, &schema, &meta()).map_err(unusable)?;
        found.schemas.insert(address.to_owned(), schema.clone());
        Ok(schema)
    }
}

impl Retrieve for Loader {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        if uri.scheme().as_str().eq_ignore_ascii_case("urn") {
            tracing::warn!(urn = uri.as_str(), "unresolved urn in a schema; it accepts everything");
            return Ok(Value::Bool(true));
        }
        Ok(self.load(uri.as_str())?)
    }
}
