//! One value into another.

use serde_json::{Value, json};

use super::dice::Dice;

/// Whether a value is of the class that a roll of 100 asks for: first booleans, then what is empty, then the rest.
pub(super) fn is_of_class(value: &Value, roll: usize) -> bool {
    match roll {
        0..60 => value.is_boolean(),
        60..75 => is_empty(value),
        75..90 => value.is_string() || value.is_number(),
        _ => true,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(entries) => entries.is_empty(),
        Value::Array(items) => items.is_empty(),
        other => other.is_null(),
    }
}

/// Another value for a key: most often one that makes sense, now and then one of a wrong type.
pub(super) fn change(key: &str, value: &Value, dice: &mut Dice) -> Value {
    if dice.below(12) == 0 {
        return wrong(value, dice);
    }
    match value {
        Value::Bool(yes) => json!(!yes),
        Value::Object(entries) if entries.is_empty() => map(key, dice),
        Value::Object(entries) => {
            let mut entries = entries.clone();
            entries.insert(text(dice), json!(text(dice)));
            Value::Object(entries)
        }
        Value::Array(items) if items.is_empty() => list(key, dice),
        Value::Array(items) => {
            let mut items = items.clone();
            let at = dice.below(items.len());
            match dice.below(3) {
                0 => items.clear(),
                1 => items.extend(items.get(at).cloned()),
                _ => items[at] = change(key, &items[at].clone(), dice),
            }
            Value::Array(items)
        }
        Value::String(_) => json!(text(dice)),
        Value::Number(_) => number(key, dice),
        Value::Null => match dice.below(4) {
            0 => json!(true),
            1 => number(key, dice),
            2 => map(key, dice),
            _ => json!(text(dice)),
        },
    }
}

/// A value of another type.
fn wrong(value: &Value, dice: &mut Dice) -> Value {
    let all = [json!(null), json!("text"), json!(7), json!(1.5), json!(true), json!(["a", 1]), json!({"a": {"b": 1}})];
    let others: Vec<&Value> =
        all.iter().filter(|other| std::mem::discriminant(*other) != std::mem::discriminant(value)).collect();
    dice.pick(&others).copied().cloned().unwrap_or_default()
}

/// Texts that are names, texts that YAML could take for something else, templates, and what few people write.
const TEXTS: [&str; 40] = [
    "",
    "example",
    "my-name",
    "latest",
    "NodePort",
    "LoadBalancer",
    "10Gi",
    "100m",
    "a.example.com",
    "https://a.example.com:8443/path?q=1&r=<x>",
    "{{ .Release.Name }}-x",
    "{{ .Values.nothing.there }}",
    "{{ include \"nothing\" . }}",
    "{{ .Chart.Name | upper }}",
    "{{",
    "true",
    "no",
    "null",
    "~",
    "123",
    "012",
    "1e3",
    "0x1F",
    "1_000",
    "2024-01-01",
    "12:30:45",
    "a: b",
    "- x",
    "# no comment",
    "first\nsecond\n",
    "  indented\nless\n",
    "trailing space ",
    "tab\there",
    "'single' \"double\"",
    "*star &and !bang %percent @at `tick`",
    "\u{fc}n\u{ef}c\u{f6}d\u{e9} \u{2603}",
    "\u{65e5}\u{672c}\u{8a9e}",
    "\u{1f600}",
    "\u{feff}mark",
    "<no value>",
];

fn text(dice: &mut Dice) -> String {
    match dice.below(12) {
        0 => "long-name-".repeat(8),
        1 => format!("name-{}", dice.below(1000)),
        _ => dice.pick(&TEXTS).copied().unwrap_or_default().to_owned(),
    }
}

fn number(key: &str, dice: &mut Dice) -> Value {
    // So many objects nobody wants, Helm's memory least of all.
    let key = key.to_ascii_lowercase();
    let counts = ["count", "replica", "shard", "partition", "number", "nodes", "size", "servers"];
    let small = [json!(0), json!(1), json!(2), json!(3), json!(-1), json!(0.5), json!("5")];
    if counts.iter().any(|word| key.contains(word)) {
        return dice.pick(&small).cloned().unwrap_or_default();
    }
    let all = [
        json!(0),
        json!(3),
        json!(-1),
        json!(8080),
        json!(1_000_000),
        json!(9_007_199_254_740_993_i64),
        json!(0.5),
        json!(1e21),
        json!("5"),
    ];
    dice.pick(&all).cloned().unwrap_or_default()
}

/// Something for an empty map, as its key suggests.
fn map(key: &str, dice: &mut Dice) -> Value {
    let key = key.to_ascii_lowercase();
    let known = [
        ("nodeselector", json!({"kubernetes.io/os": "linux", "pool": "a"})),
        (
            "affinity",
            json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}}}),
        ),
        (
            "resources",
            json!({"limits": {"cpu": "100m", "memory": "128Mi"}, "requests": {"cpu": 0.5, "memory": "64Mi"}}),
        ),
        ("securitycontext", json!({"runAsUser": 1000, "fsGroup": 2000, "runAsNonRoot": true})),
        ("annotations", json!({"example.com/text": "a: b", "number": "1", "template": "{{ .Release.Name }}"})),
        ("labels", json!({"team": "a", "tier": "\u{fc}", "yes": "no"})),
        ("env", json!({"NAME": "value", "EMPTY": "", "NUMBER": 5})),
        ("probe", json!({"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 5})),
        ("strategy", json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}})),
    ];
    let fitting = known.iter().find(|(word, _)| key.contains(word)).map(|(_, value)| value.clone());
    fitting.unwrap_or_else(|| match dice.below(3) {
        0 => json!({"a": "b", "c": {"d": [1, "x", null, true]}}),
        1 => json!({"enabled": true, "name": text(dice)}),
        _ => json!({text(dice): text(dice), "number": number(&key, dice)}),
    })
}

/// Something for an empty list, as its key suggests.
fn list(key: &str, dice: &mut Dice) -> Value {
    let key = key.to_ascii_lowercase();
    let known = [
        ("tolerations", json!([{"key": "dedicated", "operator": "Equal", "value": "x", "effect": "NoSchedule"}])),
        ("pullsecrets", json!(["regcred", {"name": "other"}])),
        ("volumemounts", json!([{"name": "extra", "mountPath": "/extra", "readOnly": true}])),
        ("volumes", json!([{"name": "extra", "emptyDir": {}}])),
        (
            "env",
            json!([{"name": "NAME", "value": "value"}, {"name": "FROM", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]),
        ),
        ("containers", json!([{"name": "side", "image": "busybox:1", "args": ["{{ .Release.Name }}", "a b"]}])),
        ("args", json!(["--flag", "--name=value with space", "{{ .Release.Namespace }}"])),
        ("command", json!(["sh", "-c", "echo \"$A\" && exit 0"])),
        ("tls", json!([{"secretName": "certificate", "hosts": ["a.example.com"]}])),
        (
            "hosts",
            json!(["a.example.com", {"host": "b.example.com", "paths": ["/", {"path": "/x", "pathType": "Exact"}]}]),
        ),
        ("ports", json!([{"name": "extra", "port": 9000, "targetPort": "extra", "protocol": "TCP"}])),
        ("topologyspread", json!([{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}])),
    ];
    let fitting = known.iter().find(|(word, _)| key.contains(word)).map(|(_, value)| value.clone());
    fitting.unwrap_or_else(|| match dice.below(3) {
        0 => json!([text(dice), text(dice)]),
        1 => json!([{"name": text(dice), "value": number(&key, dice)}]),
        _ => json!([number(&key, dice), null, ["nested"]]),
    })
}
