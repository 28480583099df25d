//! Does the live object still say what we want it to say?
//!
//! Two questions: (1) is every desired field there with the same value, and (2) does our manager own a field that
//! is no longer desired? Fields of others are nobody's business here. The answers err towards *different*: the
//! caller then asks the server by a dry run. They must never err towards *same*.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::decide::FieldChange;
use super::lists;
use super::ownership::{Child, Owned, owns_by_update};
use super::quantity;
use crate::object::Object;

/// Mappings whose values are quantities.
const QUANTITY_MAPS: &[&str] = &[
    "limits",
    "requests",
    "capacity",
    "allocatable",
    "hard",
    "default",
    "defaultRequest",
    "max",
    "min",
    "maxLimitRequestRatio",
    "podFixed",
];

/// Fields that are quantities.
const QUANTITY_FIELDS: &[&str] = &["sizeLimit", "averageValue", "divisor"];

/// Mappings in which text is text, whatever it looks like.
const TEXT_MAPS: &[&str] = &["data", "annotations", "labels", "matchLabels", "parameters", "nodeSelector"];

/// What the server adds to values that are owned as a whole: the field, its value, and inside what.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("apiVersion", "v1", "fieldRef"),
    ("divisor", "0", "resourceFieldRef"),
    ("volumeMode", "Filesystem", "volumeClaimTemplates"),
    ("apiVersion", "v1", "volumeClaimTemplates"),
    ("kind", "PersistentVolumeClaim", "volumeClaimTemplates"),
    ("protocol", "TCP", "ports"),
];

/// Everything in which `live` differs from `desired` (in the form that an apply sends), from our manager's point of
/// view. `manager` is `None` where ownership does not matter.
pub(super) fn drift(desired: &Value, live: &Object, manager: Option<&str>) -> Vec<FieldChange> {
    let owned = manager.and_then(|manager| Owned::by(live, manager));
    let mut comparison = Comparison { path: Path::default(), changes: Vec::new(), secret: live.is_secret() };
    let is_unapplied = manager.is_some() && owned.is_none() && says_something(desired);
    if is_unapplied || manager.is_some_and(|manager| owns_by_update(live, manager)) {
        comparison.changes.push(FieldChange::ownership());
    }
    if let (Value::Object(desired), Value::Object(live)) = (desired, live.as_value()) {
        for (name, value) in desired {
            // `status` belongs to controllers; coordinates are equal or we would not be comparing.
            if !matches!(name.as_str(), "status" | "apiVersion" | "kind") {
                let owned = owned.as_ref().and_then(|owned| owned.field(name));
                comparison.field(name, value, live.get(name), owned.as_ref(), false);
            }
        }
    }
    if let Some(owned) = &owned {
        comparison.abandoned(owned, Some(desired), Some(live.as_value()));
    }
    comparison.changes
}

/// Whether there is anything in it that a manager could own, beyond its coordinates.
fn says_something(desired: &Value) -> bool {
    let others = |value: &Value, coordinates: &[&str]| {
        let fields = value.as_object().into_iter().flatten();
        fields.into_iter().any(|(name, value)| !coordinates.contains(&name.as_str()) && !is_null(value))
    };
    others(desired, &["apiVersion", "kind", "metadata", "status"])
        || desired.get("metadata").is_some_and(|metadata| others(metadata, &["name", "namespace"]))
}

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(String),
}

#[derive(Clone, Debug, Default)]
struct Path(Vec<Step>);

impl Path {
    fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.0 {
            match step {
                Step::Field(name) => {
                    if name.contains(['.', '/']) {
                        text.extend(["[", name, "]"]);
                        continue;
                    }
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(name);
                }
                Step::Item(label) => text.extend(["[", label, "]"]),
            }
        }
        text
    }

    fn fields(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Item(_) => None,
        })
    }

    fn is_quantity(&self) -> bool {
        if self.fields().any(|name| TEXT_MAPS.contains(&name)) {
            return false;
        }
        let mut inwards = self.fields().rev();
        let (last, parent) = (inwards.next().unwrap_or(""), inwards.next().unwrap_or(""));
        QUANTITY_FIELDS.contains(&last) || QUANTITY_MAPS.contains(&parent)
    }
}

struct Comparison {
    path: Path,
    changes: Vec<FieldChange>,
    secret: bool,
}

impl Comparison {
    fn differs(&mut self, live: Option<&Value>, desired: Option<&Value>) {
        let secret = self.secret && matches!(self.path.fields().next(), Some("data" | "stringData"));
        let path = self.path.text();
        self.changes.push(FieldChange::new(path, live, desired, secret));
    }

    fn inside(&mut self, step: Step, compare: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        compare(self);
        self.path.0.pop();
    }

    fn field(&mut self, name: &str, desired: &Value, live: Option<&Value>, owned: Option<&Owned<'_>>, whole: bool) {
        self.inside(Step::Field(name.to_owned()), |this| this.value(desired, live, owned, whole));
    }

    /// Compares one value. `whole`: we are inside a value that is owned as a whole, so that what is there beyond
    /// the desired fields counts too.
    fn value(&mut self, desired: &Value, live: Option<&Value>, owned: Option<&Owned<'_>>, whole: bool) {
        let live = live.filter(|live| !live.is_null());
        let Some(live) = live else {
            // The server does not store most empty values. That we own the field shows that it has seen this one.
            let stored_as_absent = is_null(desired) || (is_void(desired) && (owned.is_some() || whole));
            if !stored_as_absent {
                self.differs(None, Some(desired));
            }
            return;
        };
        match (desired, live) {
            (Value::Object(desired), Value::Object(live)) => {
                self.mapping(desired, live, owned, whole);
            }
            (Value::Array(desired), Value::Array(live)) => self.list(desired, live, owned, whole),
            _ if self.same_scalar(desired, live) => {}
            _ => self.differs(Some(live), Some(desired)),
        }
    }

    fn mapping(
        &mut self,
        desired: &Map<String, Value>,
        live: &Map<String, Value>,
        owned: Option<&Owned<'_>>,
        whole: bool,
    ) {
        let whole = whole || (owned.is_some_and(Owned::is_leaf) && !desired.is_empty());
        for (name, value) in desired {
            let owned = owned.and_then(|owned| owned.field(name));
            self.field(name, value, live.get(name), owned.as_ref(), whole);
        }
        if !whole {
            return;
        }
        for (name, value) in live.iter().filter(|(name, _)| !desired.contains_key(*name)) {
            if !self.is_default(name, value) {
                self.inside(Step::Field(name.clone()), |this| this.differs(Some(value), None));
            }
        }
    }

    fn list(&mut self, desired: &[Value], live: &[Value], owned: Option<&Owned<'_>>, whole: bool) {
        let name = self.path.fields().next_back().unwrap_or("");
        let keys = if whole {
            None
        } else {
            match owned {
                Some(owned) if owned.is_set() => return self.set(desired, live),
                Some(owned) => owned.list_keys(),
                None => lists::known_keys(name, desired).filter(|_| lists::known_keys(name, live).is_some()),
            }
        };
        match keys {
            Some(keys) => self.keyed(desired, live, &keys, owned),
            // Owned as a whole: the order counts, and each item must be the same.
            None if desired.len() == live.len() => {
                for (index, (desired, live)) in desired.iter().zip(live).enumerate() {
                    let step = Step::Item(index.to_string());
                    self.inside(step, |this| this.value(desired, Some(live), None, true));
                }
            }
            None => {
                let (live, desired) = (Value::Array(live.to_vec()), Value::Array(desired.to_vec()));
                self.differs(Some(&live), Some(&desired));
            }
        }
    }

    fn set(&mut self, desired: &[Value], live: &[Value]) {
        for value in desired.iter().filter(|value| !live.contains(value)) {
            self.inside(Step::Item(lists::plain(value)), |this| this.differs(None, Some(value)));
        }
    }

    fn keyed(&mut self, desired: &[Value], live: &[Value], names: &[String], owned: Option<&Owned<'_>>) {
        let mut last = None;
        let mut ordered = true;
        for item in desired {
            let keys = lists::keys_of(item, names);
            let found = live.iter().position(|live| lists::has_keys(live, &keys));
            ordered &= found.is_none() || found > last;
            last = found.or(last);
            let owned = owned.and_then(|owned| owned.item(|keys| lists::has_keys(item, keys)));
            let step = Step::Item(lists::label(&keys));
            match found {
                Some(index) => self.inside(step, |this| this.value(item, live.get(index), owned.as_ref(), false)),
                None => self.inside(step, |this| this.differs(None, Some(item))),
            }
        }
        if !ordered {
            // Containers, variables and the like mean something by their order.
            self.inside(Step::Item("order".to_owned()), |this| this.differs(None, None));
        }
    }

    /// What we own and no longer want.
    fn abandoned(&mut self, owned: &Owned<'_>, desired: Option<&Value>, live: Option<&Value>) {
        for (child, below) in owned.children() {
            let (desired, live) = (follow(&child, desired), follow(&child, live));
            let step = match child {
                Child::Field(name) => Step::Field(name),
                Child::Item(keys) => Step::Item(lists::label(&keys)),
                Child::Value(value) => Step::Item(lists::plain(&value)),
            };
            self.inside(step, |this| {
                if desired.is_none() {
                    this.differs(live, None);
                } else {
                    this.abandoned(&below, desired, live);
                }
            });
        }
    }

    fn same_scalar(&self, desired: &Value, live: &Value) -> bool {
        if desired == live {
            return true;
        }
        if let (Value::Number(desired), Value::Number(live)) = (desired, live) {
            return same_number(desired, live);
        }
        if self.secret && self.path.fields().next() == Some("data") {
            return same_bytes(desired, live);
        }
        self.path.is_quantity() && quantity::same(desired, live)
    }

    fn is_default(&self, name: &str, value: &Value) -> bool {
        let default = |(field, default, inside): &(&str, &str, &str)| {
            *field == name && value == default && self.path.fields().any(|name| name == *inside)
        };
        let claim_status = name == "status" && self.path.fields().any(|name| name == "volumeClaimTemplates");
        is_null(value) || claim_status || DEFAULTS.iter().any(default)
    }
}

/// The part of a value that is owned as `child`.
fn follow<'v>(child: &Child, value: Option<&'v Value>) -> Option<&'v Value> {
    match child {
        Child::Field(name) => value?.get(name),
        Child::Item(keys) => value?.as_array()?.iter().find(|item| lists::has_keys(item, keys)),
        Child::Value(wanted) => value?.as_array()?.iter().find(|item| *item == wanted),
    }
}

/// `1` and `1.0` are one number.
fn same_number(left: &serde_json::Number, right: &serde_json::Number) -> bool {
    let (Some(left_float), Some(right_float)) = (left.as_f64(), right.as_f64()) else {
        return false;
    };
    let exact = left.is_f64() || right.is_f64();
    exact && left_float.to_bits() == right_float.to_bits()
}

/// The server writes base64 without the line ends that a manifest may have.
fn same_bytes(desired: &Value, live: &Value) -> bool {
    let bytes = |value: &Value| {
        let text: String = value.as_str()?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        BASE64.decode(text).ok()
    };
    matches!((bytes(desired), bytes(live)), (Some(desired), Some(live)) if desired == live)
}

/// Nothing, or a mapping of nothing.
fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => !map.is_empty() && map.values().all(is_null),
        _ => false,
    }
}

/// A value that the server may store as absent: Go's zero values with `omitempty`.
fn is_void(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.values().all(is_void),
    }
}
