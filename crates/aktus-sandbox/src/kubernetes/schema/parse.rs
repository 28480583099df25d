//! How is the table of built-in types read?

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Field, Items, PatchStrategy, Presence, Scalar, Schema, Type, TypeId};

/// Reads the table; a malformed line would show in this crate's tests, so lines that cannot be
/// read are skipped.
pub(super) fn schema(text: &str) -> Schema {
    let mut schema = Schema::default();
    let any = schema.add(Type::Any);
    for line in text.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next()) {
            (Some("@struct"), Some(name)) => {
                let id = schema.add(Type::Any);
                schema.names.insert(name.to_owned(), id);
            }
            (Some("@alias"), Some(name)) => {
                let value = words.next().and_then(scalar).map_or(Type::Any, Type::Scalar);
                let id = schema.add(value);
                schema.names.insert(name.to_owned(), id);
            }
            _ => {}
        }
    }
    let mut current: Option<(TypeId, String, bool)> = None;
    let mut fields = BTreeMap::new();
    let finish =
        |schema: &mut Schema, current: &mut Option<(TypeId, String, bool)>, fields: &mut BTreeMap<String, Field>| {
            if let Some((id, name, atomic)) = current.take() {
                let value = Type::Struct { name, fields: std::mem::take(fields), atomic, unknown: None };
                schema.set(id, value);
            }
        };
    for line in text.lines() {
        if line.starts_with('#') || line.starts_with("@alias ") {
            continue;
        }
        let mut words = line.split(' ');
        let (Some(first), Some(second)) = (words.next(), words.next()) else { continue };
        if first == "@struct" {
            finish(&mut schema, &mut current, &mut fields);
            if let Some(id) = schema.named(second) {
                let short = second.rsplit('.').next().unwrap_or(second).to_owned();
                current = Some((id, short, words.next() == Some("atomic")));
            }
            continue;
        }
        let mut items = Items::Atomic;
        let mut field = Field {
            type_id: any,
            required: false,
            default: None,
            patch: PatchStrategy::default(),
            presence: Presence::default(),
        };
        let mut atomic = None;
        for word in words {
            match word.split_once('=') {
                None if word == "required" => field.required = true,
                None if word == "zero" => field.presence = Presence::OmittedWhenZero,
                None if word == "always" => field.presence = Presence::Always,
                None if word == "null" => field.presence = Presence::NullWhenUnset,
                None if word == "set" => items = Items::Set,
                None if word == "atomic" => atomic = Some(true),
                None if word == "granular" => atomic = Some(false),
                None if word == "merge" => field.patch.merge = true,
                None if word == "retainKeys" => field.patch.retain_keys = true,
                Some(("map", keys)) => {
                    items = Items::Map(keys.split(',').map(str::to_owned).collect());
                }
                Some(("merge", key)) => {
                    field.patch.merge = true;
                    field.patch.key = Some(key.to_owned());
                }
                Some(("default", value)) => field.default = Some(Value::from(value)),
                _ => {}
            }
        }
        field.type_id = type_of(&mut schema, any, second, items, atomic);
        fields.insert(first.to_owned(), field);
    }
    finish(&mut schema, &mut current, &mut fields);
    schema
}

fn type_of(schema: &mut Schema, any: TypeId, text: &str, items: Items, atomic: Option<bool>) -> TypeId {
    if let Some(rest) = text.strip_prefix("[]") {
        let item = type_of(schema, any, rest, Items::Atomic, None);
        return schema.add(Type::List { item, items });
    }
    if let Some(rest) = text.strip_prefix("{}") {
        let item = type_of(schema, any, rest, Items::Atomic, None);
        return schema.add(Type::Map { item, atomic: atomic.unwrap_or(false) });
    }
    if let Some(id) = schema.named(text) {
        let Some(wanted) = atomic else { return id };
        // A struct that is owned otherwise in this place than elsewhere is a type of its own; the
        // table has only structs that come before those that use them so.
        let Type::Struct { name, fields, unknown, .. } = schema.get(id).clone() else { return id };
        return schema.add(Type::Struct { name, fields, atomic: wanted, unknown });
    }
    scalar(text).map_or(any, |scalar| schema.add(Type::Scalar(scalar)))
}

fn scalar(text: &str) -> Option<Scalar> {
    Some(match text {
        "string" => Scalar::String,
        "bytes" => Scalar::Bytes,
        "time" => Scalar::Time,
        "micro-time" => Scalar::MicroTime,
        "bool" => Scalar::Bool,
        "int32" => Scalar::Int32,
        "int64" => Scalar::Int64,
        "float" | "double" => Scalar::Float,
        "int-or-string" => Scalar::IntOrString,
        "quantity" => Scalar::Quantity,
        _ => return None,
    })
}
