//! Which definitions of a schema does nothing use? Go's validator never looks at those, and so loads nothing for them.

use std::collections::BTreeSet;

use serde_json::Value;

/// The keys of a schema that hold definitions.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// The schema without the definitions of its own that nothing in it refers to; nothing if there are none, or if it
/// cannot be told because something is referred to by another name than its place.
pub(super) fn without_unused(schema: &Value) -> Option<Value> {
    let mut used = Used { schema, places: BTreeSet::new(), open: vec![] };
    used.walk(schema, true)?;
    while let Some(place) = used.open.pop() {
        // A place that is none is told of when it is looked for.
        if let Some(part) = schema.pointer(&place) {
            used.walk(part, false)?;
        }
    }
    let mut kept = schema.clone();
    let mut dropped = false;
    for key in DEFINITIONS {
        let Some(definitions) = kept.get_mut(key).and_then(Value::as_object_mut) else { continue };
        let before = definitions.len();
        definitions.retain(|name, _| {
            let place = format!("/{key}/{}", name.replace('~', "~0").replace('/', "~1"));
            let below = format!("{place}/");
            used.places.iter().any(|used| *used == place || used.starts_with(&below))
        });
        dropped |= definitions.len() < before;
    }
    dropped.then_some(kept)
}

struct Used<'s> {
    schema: &'s Value,
    /// The places that something refers to, as JSON pointers.
    places: BTreeSet<String>,
    /// Those that were not looked at yet.
    open: Vec<String>,
}

impl Used<'_> {
    /// Notes what a part refers to; of the whole schema all but its definitions. Nothing if it cannot be told.
    fn walk(&mut self, part: &Value, is_whole: bool) -> Option<()> {
        let mut parts = vec![(part, is_whole)];
        while let Some((part, is_whole)) = parts.pop() {
            match part {
                Value::Array(items) => parts.extend(items.iter().map(|item| (item, false))),
                Value::Object(entries) => {
                    for (key, value) in entries {
                        match (key.as_str(), value) {
                            ("$ref", Value::String(reference)) => self.note(reference)?,
                            ("$dynamicRef" | "$recursiveRef" | "$anchor" | "$dynamicAnchor", Value::String(_)) => {
                                return None;
                            }
                            ("$id" | "id", Value::String(_)) if !is_whole => return None,
                            (key, _) if is_whole && DEFINITIONS.contains(&key) => {}
                            _ => parts.push((value, false)),
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn note(&mut self, reference: &str) -> Option<()> {
        let Some(place) = reference.strip_prefix('#') else {
            // Its own address, written out, would be a way around.
            let own = self.schema.get("$id").or_else(|| self.schema.get("id")).and_then(Value::as_str);
            let address = reference.split('#').next().unwrap_or_default();
            return (own.is_none_or(|own| !own.starts_with(address)) && !super::BASE.ends_with(address)).then_some(());
        };
        if place.is_empty() {
            return Some(());
        }
        if !place.starts_with('/') || place.contains('%') {
            return None;
        }
        if self.places.insert(place.to_owned()) {
            self.open.push(place.to_owned());
        }
        Some(())
    }
}
