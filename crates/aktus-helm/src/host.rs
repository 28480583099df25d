//! What rendering may ask of the world: clock, randomness, the cluster. All of it comes from the caller.

use std::fmt;
use std::sync::Arc;

use aktus_gotmpl::{Certificates, Host, Map, Str, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The one door from templates to a live cluster.
pub trait Lookup: Send + Sync {
    /// The object of this name, or with an empty name a list object of all in the namespace (of all namespaces when
    /// that is empty too). Null when there is no such object or kind. An error ends the render.
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<serde_json::Value, String>;
}

impl<T: Lookup + ?Sized> Lookup for Arc<T> {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<serde_json::Value, String> {
        T::lookup(self, api_version, kind, namespace, name)
    }
}

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type Randomness = Box<dyn Fn(&mut [u8]) + Send + Sync>;
type Resolver = Box<dyn Fn(&str) -> String + Send + Sync>;

/// A [`Host`] put together from what the caller gives. Without a [`Lookup`], `lookup` finds nothing; without a
/// resolver, `getHostByName` gives nothing. Both are Helm's defaults for `helm template`.
///
/// ```
/// use aktus_helm::SystemHost;
///
/// // A program gives its clock and its source of randomness.
/// let host = SystemHost::new(|| jiff::Timestamp::UNIX_EPOCH, |buffer| buffer.fill(7));
/// ```
pub struct SystemHost {
    clock: Clock,
    randomness: Randomness,
    time_zone: TimeZone,
    lookup: Option<Box<dyn Lookup>>,
    resolver: Option<Resolver>,
    certificates: Option<Box<dyn Certificates>>,
}

impl SystemHost {
    /// A host in UTC with this clock and these random bytes, which must be good enough for passwords.
    pub fn new(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        randomness: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Box::new(clock),
            randomness: Box::new(randomness),
            time_zone: TimeZone::UTC,
            lookup: None,
            resolver: None,
            certificates: None,
        }
    }

    /// The same in another time zone.
    #[must_use]
    pub fn with_time_zone(mut self, time_zone: TimeZone) -> Self {
        self.time_zone = time_zone;
        self
    }

    /// The same with a cluster to look things up in.
    #[must_use]
    pub fn with_lookup(mut self, lookup: impl Lookup + 'static) -> Self {
        self.lookup = Some(Box::new(lookup));
        self
    }

    /// The same resolving names for `getHostByName`.
    #[must_use]
    pub fn with_resolver(mut self, resolve: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.resolver = Some(Box::new(resolve));
        self
    }

    /// The same with a maker of keys and certificates.
    #[must_use]
    pub fn with_certificates(mut self, certificates: impl Certificates + 'static) -> Self {
        self.certificates = Some(Box::new(certificates));
        self
    }
}

impl fmt::Debug for SystemHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SystemHost")
            .field("time_zone", &self.time_zone)
            .field("lookup", &self.lookup.is_some())
            .field("certificates", &self.certificates.is_some())
            .finish_non_exhaustive()
    }
}

impl Host for SystemHost {
    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn time_zone(&self) -> TimeZone {
        self.time_zone.clone()
    }

    fn random(&self, buffer: &mut [u8]) {
        (self.randomness)(buffer);
    }

    fn resolve(&self, host: &str) -> String {
        self.resolver.as_ref().map_or_else(String::new, |resolve| resolve(host))
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let Some(lookup) = &self.lookup else {
            return Ok(Value::Map(Map::new()));
        };
        match lookup.lookup(api_version, kind, namespace, name)? {
            serde_json::Value::Null => Ok(Value::Map(Map::new())),
            found => Ok(unstructured(&found)),
        }
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        self.certificates.as_deref()
    }
}

/// A JSON value as Kubernetes' client decodes it: whole numbers are `int64`, others `float64`.
fn unstructured(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int64(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(unstructured).collect()),
        Json::Object(entries) => Value::map(entries.iter().map(|(key, value)| (Str::from(key), unstructured(value)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneSecret;

    impl Lookup for OneSecret {
        fn lookup(&self, _: &str, kind: &str, _: &str, name: &str) -> Result<serde_json::Value, String> {
            match (kind, name) {
                ("Secret", "there") => Ok(serde_json::json!({"data": {"n": 1, "f": 1.5}})),
                ("Secret", _) => Ok(serde_json::Value::Null),
                _ => Err("forbidden".to_owned()),
            }
        }
    }

    fn host() -> SystemHost {
        SystemHost::new(|| Timestamp::UNIX_EPOCH, |buffer| buffer.fill(0)).with_lookup(OneSecret)
    }

    #[test]
    fn numbers_are_those_of_the_kubernetes_client() {
        let found = host().lookup("v1", "Secret", "ns", "there").expect("found");
        let data = found.as_map().and_then(|map| map.get(b"data")?.as_map()).expect("data");
        assert!(matches!(data.get(b"n"), Some(Value::Int64(1))));
        assert!(matches!(data.get(b"f"), Some(Value::Float(_))));
    }

    #[test]
    fn what_is_missing_is_an_empty_map() {
        let found = host().lookup("v1", "Secret", "ns", "gone").expect("no error");
        assert!(found.as_map().is_some_and(|map| map.is_empty()));
    }

    #[test]
    fn errors_are_handed_on() {
        assert_eq!(host().lookup("v1", "Pod", "", "").err(), Some("forbidden".to_owned()));
    }
}
