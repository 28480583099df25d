//! The values that the bootstrap knows better than the chart: the file system, and the addresses of the assistant.
//!
//! Nothing is edited in files (L13): the places are looked up in the values of the chart and of its sub-charts,
//! and set as values of the release.

use aktus_helm::{Chart, Values};
use serde_json::Value;

/// Where in the values of a chart, and below which keys of its parents, something is set.
type Place = Vec<String>;

/// The places that the bootstrap fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Every `….efs.fileSystemId`.
    pub(crate) file_systems: Vec<Place>,
    /// The addresses of the assistant in the browser, each with which one it is.
    pub(crate) addresses: Vec<(Place, Address)>,
}

/// An address that a browser needs; derived from the host name of the research service (platform.md section 3, 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Socket,
    Api,
    Lease,
    Embeddings,
}

impl Address {
    pub(crate) const ALL: [Self; 4] = [Self::Socket, Self::Api, Self::Lease, Self::Embeddings];

    /// The key in the values of the chart.
    const fn key(self) -> &'static str {
        match self {
            Self::Socket => "viteSocketUrl",
            Self::Api => "viteApiBaseUrl",
            Self::Lease => "viteLeaseApiBaseUrl",
            Self::Embeddings => "viteApiEmbedUrl",
        }
    }

    /// The variable of the assistant's container.
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Socket => "VITE_SOCKET_URL",
            Self::Api => "VITE_API_BASE_URL",
            Self::Lease => "VITE_LEASE_API_BASE_URL",
            Self::Embeddings => "VITE_API_EMBED_URL",
        }
    }

    /// The address behind a load balancer's host name.
    pub(crate) fn url(self, host: &str) -> String {
        match self {
            Self::Socket => format!("ws://{host}:8080/chat"),
            Self::Api => format!("http://{host}:8080/db-manager"),
            Self::Lease => format!("http://{host}:8080"),
            Self::Embeddings => format!("http://{host}:8080/embeddings"),
        }
    }
}

impl Places {
    /// Looks through a chart and its sub-charts.
    pub(crate) fn of(chart: &Chart) -> Self {
        let mut places = Self::default();
        places.chart(chart, &mut Vec::new());
        places
    }

    fn chart(&mut self, chart: &Chart, path: &mut Place) {
        self.values(&chart.values().to_json(), path);
        for dependency in chart.dependencies() {
            // A chart may stand under several aliases, or under its own name.
            let listed = chart.metadata().dependencies.iter().flatten();
            let listed = listed.filter(|entry| entry.name == dependency.name());
            let mut keys: Vec<String> = listed
                .map(|entry| if entry.alias.is_empty() { entry.name.clone() } else { entry.alias.clone() })
                .collect();
            if keys.is_empty() {
                keys.push(dependency.name().to_owned());
            }
            for key in keys {
                path.push(key);
                self.chart(dependency, path);
                path.pop();
            }
        }
    }

    fn values(&mut self, values: &Value, path: &mut Place) {
        let Value::Object(map) = values else { return };
        for (key, value) in map {
            path.push(key.clone());
            if key == "fileSystemId" && path.len() > 1 && path[path.len() - 2] == "efs" {
                push_once(&mut self.file_systems, path.clone());
            } else if let Some(address) = Address::ALL.into_iter().find(|address| address.key() == key) {
                push_once(&mut self.addresses, (path.clone(), address));
            } else {
                self.values(value, path);
            }
            path.pop();
        }
    }

    /// The values of the user with the file system, and with the addresses when the host name is known.
    /// What the user sets stays as it is, with its Go types.
    pub(crate) fn overlay(&self, user: &Values, file_system: &str, research_host: Option<&str>) -> Values {
        let known = user.to_json();
        let mut values = user.clone();
        let mut set = |place: &Place, text: &str| {
            if is_free(&known, place) {
                let path: Vec<&str> = place.iter().map(String::as_str).collect();
                values = values.with(&path, &Value::from(text));
            }
        };
        for place in &self.file_systems {
            set(place, file_system);
        }
        if let Some(host) = research_host {
            for (place, address) in &self.addresses {
                set(place, &address.url(host));
            }
        }
        values
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Whether nothing is at `place` yet, and nothing that is no map lies in the way.
fn is_free(values: &Value, place: &[String]) -> bool {
    let mut here = values;
    for key in place {
        let Value::Object(map) = here else { return false };
        match map.get(key) {
            Some(value) => here = value,
            None => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(values: &Value) -> Places {
        let mut places = Places::default();
        places.values(values, &mut vec!["sub".to_owned()]);
        places
    }

    #[test]
    fn file_systems_and_addresses_are_found_at_any_depth() {
        let found = places(&json!({
            "research": {"efs": {"fileSystemId": "fs-placeholder", "basePath": ""}, "fileSystemId": "not this one"},
            "ui": {"viteSocketUrl": "", "viteWaitlistFormId": "0"},
        }));
        assert_eq!(found.file_systems, [["sub", "research", "efs", "fileSystemId"]]);
        assert_eq!(found.addresses, [(vec!["sub".into(), "ui".into(), "viteSocketUrl".into()], Address::Socket)]);
    }

    #[track_caller]
    fn check(user: &Value, host: Option<&str>, expected: &Value) {
        let found = places(&json!({"a": {"efs": {"fileSystemId": "fs-placeholder"}, "viteLeaseApiBaseUrl": "x"}}));
        assert_eq!(found.overlay(&Values::from_json(user), "fs-1", host).to_json(), *expected);
    }

    #[test]
    fn the_overlay() {
        check(&json!({}), None, &json!({"sub": {"a": {"efs": {"fileSystemId": "fs-1"}}}}));
        check(
            &json!({"sub": {"a": {"other": 1}}}),
            Some("h"),
            &json!({"sub": {"a": {"other": 1, "efs": {"fileSystemId": "fs-1"}, "viteLeaseApiBaseUrl": "http://h:8080"}}}),
        );
    }

    #[test]
    fn what_the_user_sets_stays() {
        let own = json!({"sub": {"a": {"efs": {"fileSystemId": "fs-2"}, "viteLeaseApiBaseUrl": null}}});
        check(&own, Some("h"), &own);
        check(&json!({"sub": "text"}), Some("h"), &json!({"sub": "text"}));
    }
}
