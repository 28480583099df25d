//! Which types does a custom resource definition's `openAPIV3Schema` describe?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Field, Items, PatchStrategy, Presence, Scalar, Schema, Type, TypeId, Typed};

/// The type of a custom resource: the schema's fields, with the metadata every object has.
pub(crate) fn typed(schema: &Value) -> Typed {
    // The built-in types come along, because metadata is one of them.
    let mut all = Schema { types: Schema::built_in().types.clone(), names: BTreeMap::new() };
    let root = add(&mut all, schema);
    let metadata = Schema::built_in().named("meta.v1.ObjectMeta").unwrap_or(TypeId(0));
    let string = all.add(Type::Scalar(Scalar::String));
    if let Type::Deduced = all.get(root) {
        let fields = BTreeMap::new();
        let unknown = Some(root_of_anything(&mut all));
        all.set(root, Type::Struct { name: String::new(), fields, atomic: false, unknown });
    }
    if let Some(Type::Struct { fields, .. }) = all.types.get_mut(root.0 as usize) {
        for (name, type_id) in [("apiVersion", string), ("kind", string), ("metadata", metadata)] {
            fields.insert(name.to_owned(), field(type_id, false));
        }
    }
    Typed { schema: Arc::new(all), root }
}

fn root_of_anything(schema: &mut Schema) -> TypeId {
    schema.add(Type::Deduced)
}

fn field(type_id: TypeId, required: bool) -> Field {
    Field { type_id, required, default: None, patch: PatchStrategy::default(), presence: Presence::default() }
}

fn add(schema: &mut Schema, document: &Value) -> TypeId {
    let flag = |name: &str| document.get(name).and_then(Value::as_bool).unwrap_or(false);
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or("");
    let preserve = flag("x-kubernetes-preserve-unknown-fields");
    if flag("x-kubernetes-int-or-string") {
        return schema.add(Type::Scalar(Scalar::IntOrString));
    }
    if flag("x-kubernetes-embedded-resource") && document.get("properties").is_none() {
        return schema.add(Type::Deduced);
    }
    let atomic = text("x-kubernetes-map-type") == "atomic";
    match text("type") {
        "string" => schema.add(Type::Scalar(Scalar::String)),
        "boolean" => schema.add(Type::Scalar(Scalar::Bool)),
        "integer" => schema.add(Type::Scalar(Scalar::Int64)),
        "number" => schema.add(Type::Scalar(Scalar::Float)),
        "array" => {
            let item = match document.get("items") {
                Some(items) => add(schema, items),
                None => schema.add(Type::Deduced),
            };
            let items = match text("x-kubernetes-list-type") {
                "set" => Items::Set,
                "map" => {
                    let keys = document.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
                    let keys = keys.into_iter().flatten().filter_map(Value::as_str);
                    Items::Map(keys.map(str::to_owned).collect())
                }
                _ => Items::Atomic,
            };
            schema.add(Type::List { item, items })
        }
        _ => {
            let properties = document.get("properties").and_then(Value::as_object);
            if let Some(properties) = properties {
                let required: Vec<&str> = document
                    .get("required")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let mut fields = BTreeMap::new();
                for (name, property) in properties {
                    let type_id = add(schema, property);
                    let mut entry = field(type_id, required.contains(&name.as_str()));
                    entry.default = property.get("default").cloned();
                    fields.insert(name.clone(), entry);
                }
                let unknown = preserve.then(|| schema.add(Type::Deduced));
                return schema.add(Type::Struct { name: String::new(), fields, atomic, unknown });
            }
            match document.get("additionalProperties") {
                Some(items @ Value::Object(_)) => {
                    let item = add(schema, items);
                    schema.add(Type::Map { item, atomic })
                }
                Some(Value::Bool(true)) => schema.add(Type::Deduced),
                _ if preserve => schema.add(Type::Deduced),
                _ if text("type") == "object" => {
                    schema.add(Type::Struct { name: String::new(), fields: BTreeMap::new(), atomic, unknown: None })
                }
                _ => schema.add(Type::Deduced),
            }
        }
    }
}
