//! Which item of one list is which item of the other?

use serde_json::{Map, Value};

/// What names the items of well-known lists; used where the server's record of owners does not say it.
const KNOWN_KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("secrets", &["name"]),
    ("webhooks", &["name"]),
    ("resourceClaims", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("volumeDevices", &["devicePath"]),
    ("hostAliases", &["ip"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("conditions", &["type"]),
    ("ownerReferences", &["uid"]),
];

/// The lists in which the server refuses two items of the same key.
const UNIQUE: &[&str] = &["containers", "initContainers", "volumes", "env", "volumeMounts", "volumeDevices"];

/// The names of the key fields of a well-known list.
pub(super) fn known_keys(list: &str, items: &[Value]) -> Option<Vec<String>> {
    let named = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    if list == "ports" {
        // Of a container, or of a Service.
        let key = ["containerPort", "port"];
        let key = key.into_iter().find(|key| items.iter().all(|item| item.get(*key).is_some()))?;
        return named(&[key, "protocol"]);
    }
    let (_, keys) = KNOWN_KEYS.iter().find(|(name, _)| *name == list)?;
    items.iter().all(Value::is_object).then_some(())?;
    named(keys)
}

/// The value of one key of an item, with the default that the server fills in.
fn key_value<'a>(item: &'a Value, key: &str) -> Option<&'a Value> {
    static TCP: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::String("TCP".to_owned()));
    match item.get(key) {
        None | Some(Value::Null) if key == "protocol" => Some(&TCP),
        other => other,
    }
}

/// The keys of an item, as `FieldsV1` writes them.
pub(super) fn keys_of(item: &Value, names: &[String]) -> Map<String, Value> {
    let found = names.iter().filter_map(|name| Some((name.clone(), key_value(item, name)?.clone())));
    found.collect()
}

/// Whether the item is the one with these keys.
pub(super) fn has_keys(item: &Value, keys: &Map<String, Value>) -> bool {
    keys.iter().all(|(name, value)| key_value(item, name) == Some(value))
}

/// How people name the item with these keys: `qdrant`, `6333/TCP`.
pub(super) fn label(keys: &Map<String, Value>) -> String {
    keys.values().map(plain).collect::<Vec<_>>().join("/")
}

/// A value as people write it: text without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The first key that occurs twice in a list where the server refuses that: the list's path and the key.
///
/// Server-side apply answers such an object with an error that names neither.
pub(super) fn duplicate_key(value: &Value) -> Option<(String, String)> {
    let mut open = vec![(String::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                for (name, inner) in map.iter().rev() {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    if let Some(key) = duplicate_in(name, inner) {
                        return Some((path, key));
                    }
                    open.push((path, inner));
                }
            }
            Value::Array(items) => {
                let named = |(index, item): (usize, &Value)| {
                    item.get("name").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
                };
                open.extend(
                    items
                        .iter()
                        .enumerate()
                        .rev()
                        .map(|(index, item)| (format!("{path}[{}]", named((index, item))), item)),
                );
            }
            _ => {}
        }
    }
    None
}

fn duplicate_in(list: &str, value: &Value) -> Option<String> {
    let items = value.as_array()?;
    if !UNIQUE.contains(&list) {
        return None;
    }
    let names = known_keys(list, items)?;
    let mut seen = std::collections::BTreeSet::new();
    items.iter().map(|item| label(&keys_of(item, &names))).find(|key| !key.is_empty() && !seen.insert(key.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duplicate_is_found_where_it_matters() {
        let pod = |env: Value, args: Value| {
            json!({"spec": {"template": {"spec": {"containers": [
                {"name": "app", "env": env, "args": args, "ports": [{"containerPort": 80}]}]}}}})
        };
        let env = json!([{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]);
        assert_eq!(
            duplicate_key(&pod(env, json!([]))),
            Some(("spec.template.spec.containers[app].env".to_owned(), "A".to_owned()))
        );
        assert_eq!(duplicate_key(&pod(json!([{"name": "A"}]), json!(["x", "x"]))), None);
        assert_eq!(duplicate_key(&json!({"data": {"env": "A"}, "env": [{"value": 1}, {"value": 1}]})), None);
    }

    #[test]
    fn ports_are_told_apart_by_number_and_protocol() {
        let ports = [json!({"containerPort": 53}), json!({"containerPort": 53, "protocol": "UDP"})];
        let names = known_keys("ports", &ports).unwrap();
        assert_eq!(label(&keys_of(&ports[0], &names)), "53/TCP");
        assert!(has_keys(&ports[1], &keys_of(&ports[1], &names)));
        assert!(!has_keys(&ports[0], &keys_of(&ports[1], &names)));
    }
}
