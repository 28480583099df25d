//! How much of a quota is used?

use serde_json::{Map, Value, json};

use super::Work;
use super::work::{MANAGER, is_going};
use crate::kubernetes::quota;
use crate::kubernetes::store::Key;

pub(super) fn look_at(work: &mut Work<'_>, key: &Key, object: &Value) {
    if is_going(object) {
        return;
    }
    let none = Map::new();
    let hard = object.pointer("/spec/hard").and_then(Value::as_object).unwrap_or(&none);
    let used = quota::used(&work.api.store, &key.namespace, hard);
    work.set_status(MANAGER, key, &json!({"hard": hard, "used": used}));
}
