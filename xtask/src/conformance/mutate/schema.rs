//! What does a values.schema.json offer? Values that it names, and plain ones of the types it asks for.

use serde_json::{Value, json};

use super::Keys;

/// Places and what could be there.
pub(super) fn read(schema: &Value) -> Vec<(Keys, Value)> {
    let mut offers = Vec::new();
    walk(schema, &[], &mut offers);
    offers
}

fn walk(schema: &Value, place: &[String], offers: &mut Vec<(Keys, Value)>) {
    // Schemas may nest without end only through references, which are not followed.
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let below = [place, std::slice::from_ref(key)].concat();
        let named = property.get("enum").and_then(Value::as_array).into_iter().flatten();
        let shown = property.get("examples").and_then(Value::as_array).into_iter().flatten();
        offers.extend(named.chain(shown).map(|value| (below.clone(), value.clone())));
        let types = property.get("type");
        let types = types.and_then(Value::as_array).cloned().unwrap_or_else(|| types.cloned().into_iter().collect());
        offers.extend(types.iter().filter_map(sample).map(|value| (below.clone(), value)));
        walk(property, &below, offers);
    }
}

fn sample(kind: &Value) -> Option<Value> {
    Some(match kind.as_str()? {
        "string" => json!("example"),
        "boolean" => json!(true),
        "integer" => json!(3),
        "number" => json!(1.5),
        "array" => json!(["example"]),
        _ => return None,
    })
}
