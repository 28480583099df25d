//! What can be done with maps? Some functions change the map they are given, which every other holder of it sees;
//! others make a new one.

use crate::function::{CallError, Context, Function, Rest};
use crate::functions;
use crate::limits::LimitError;
use crate::value::{Kind, List, Map, Str, Type, Underlying, Value};

use super::text::string_value;

pub(super) static FUNCTIONS: &[Function] = functions! {
    "deepCopy" => context (Value) deep_copy;
    "dict" => context (..Value) dict;
    "dig" => (..Value) dig;
    "get" => (Map, Str) get;
    "hasKey" => (Map, Str) has_key;
    "keys" => context (..Map) keys;
    "merge" => context (Map, ..Map) merge;
    "mergeOverwrite" => context (Map, ..Map) merge_overwrite;
    "mustDeepCopy" => context (Value) deep_copy;
    "mustMerge" => context (Map, ..Map) must_merge;
    "mustMergeOverwrite" => context (Map, ..Map) must_merge_overwrite;
    "omit" => context (Map, ..Str) omit;
    "pick" => (Map, ..Str) pick;
    "pluck" => (Str, ..Map) pluck;
    "set" => (Map, Str, Value) set;
    "unset" => (Map, Str) unset;
    "values" => context (Map) values;
};

/// The value under a key; the empty string if there is none.
fn get(map: &Map, key: &Str) -> Value {
    map.get(key).unwrap_or_else(|| Value::from(""))
}

fn set(map: &Map, key: &Str, value: &Value) -> Result<Map, CallError> {
    map.insert(key.clone(), value.clone())?;
    Ok(map.clone())
}

fn unset(map: &Map, key: &Str) -> Map {
    map.remove(key);
    map.clone()
}

fn has_key(map: &Map, key: &Str) -> bool {
    map.contains_key(key)
}

/// The values of a key in those maps that have it.
fn pluck(key: &Str, maps: Rest<'_, Map>) -> List {
    maps.iter().filter_map(|map| map.get(key)).collect()
}

/// The keys of several maps, one map after the other. Within each they are sorted; Go's order is random.
fn keys(context: &mut Context<'_>, maps: Rest<'_, Map>) -> Result<List, CallError> {
    let mut keys = Vec::new();
    for map in maps.iter() {
        context.spend_items(keys.len() + map.len())?;
        keys.extend(map.keys());
    }
    Ok(List::strings(keys))
}

/// The values in the order of their sorted keys; Go's order is random.
fn values(context: &mut Context<'_>, map: &Map) -> Result<List, CallError> {
    context.spend_items(map.len())?;
    Ok(map.entries().into_iter().map(|(_, value)| value).collect())
}

fn pick(map: &Map, keys: Rest<'_, Str>) -> Map {
    keys.iter().filter_map(|key| Some((key.clone(), map.get(key)?))).collect()
}

fn omit(context: &mut Context<'_>, map: &Map, keys: Rest<'_, Str>) -> Result<Map, CallError> {
    context.spend_items(map.len())?;
    let mut kept: std::collections::BTreeMap<Str, Value> = map.entries().into_iter().collect();
    for key in keys.iter() {
        kept.remove(key);
    }
    Ok(kept.into_iter().collect())
}

/// A map of keys and values in turn. A key without a value gets the empty string.
fn dict(context: &mut Context<'_>, operands: Rest<'_, Value>) -> Result<Map, CallError> {
    let map = Map::new();
    let mut operands = operands.iter();
    while let Some(key) = operands.next() {
        let key = string_value(context, key)?;
        map.insert(key, operands.next().cloned().unwrap_or_else(|| Value::from("")))?;
    }
    Ok(map)
}

/// What is found when one key after the other is looked up, or the operand before the last if one is missing. The last
/// operand is the map.
fn dig(operands: Rest<'_, Value>) -> Result<Value, CallError> {
    let Some(key_count) = operands.len().checked_sub(2).filter(|&count| count > 0) else {
        return Err("dig needs at least three arguments".into());
    };
    let operand = |index| operands.get(index).unwrap_or(&Value::Nil);
    let mut map = asserted_map(operand(key_count + 1))?;
    let keys: Vec<&Str> = (0..key_count).map(|index| asserted_string(operand(index))).collect::<Result<_, _>>()?;
    let (last, path) = keys.split_last().ok_or("dig needs at least three arguments")?;
    let default = operand(key_count);
    for key in path {
        let Some(step) = map.get(key) else { return Ok(default.clone()) };
        map = asserted_map(&step)?;
    }
    Ok(map.get(last).unwrap_or_else(|| default.clone()))
}

/// Go's `value.(map[string]interface{})`, which named maps are not.
fn asserted_map(value: &Value) -> Result<Map, CallError> {
    match value {
        Value::Map(map) if map.go_type() == Type::ANY_MAP => Ok(map.clone()),
        _ => Err(failed_assertion(value, Type::ANY_MAP)),
    }
}

fn asserted_string(value: &Value) -> Result<&Str, CallError> {
    value.as_str().ok_or_else(|| failed_assertion(value, Type::String))
}

fn failed_assertion(value: &Value, wanted: Type) -> CallError {
    let found = value.go_type().map_or_else(|| "nil".to_owned(), |found| found.to_string());
    CallError::Message(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}

/// A copy that shares no map with the original.
fn deep_copy(context: &mut Context<'_>, value: &Value) -> Result<Value, CallError> {
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    let mut copier = Copier { limit: context.limits().value_bytes, bytes: 0 };
    let copy = copier.copy(value, Value::DEPTH)?;
    context.spend(copier.bytes)?;
    Ok(copy)
}

/// Counts what a copy takes: branches that the original shares are copied once for each place.
struct Copier {
    limit: usize,
    bytes: usize,
}

impl Copier {
    fn copy(&mut self, value: &Value, depth: usize) -> Result<Value, LimitError> {
        let depth = depth.checked_sub(1).ok_or(LimitError::Depth(Value::DEPTH))?;
        Ok(match value {
            Value::List(list) => Value::List(self.copy_list(list, depth)?),
            Value::Map(map) => Value::Map(self.copy_map(map, depth)?),
            Value::Object(object) => {
                let underlying = match object.get().underlying() {
                    Underlying::Map(map) => Underlying::Map(self.copy_map(&map, depth)?),
                    Underlying::List(list) => Underlying::List(self.copy_list(&list, depth)?),
                    other => other,
                };
                object.get().copied(underlying).unwrap_or_else(|| value.clone())
            }
            scalar => scalar.clone(),
        })
    }

    fn copy_list(&mut self, list: &List, depth: usize) -> Result<List, LimitError> {
        let Some(items) = list.as_slice() else { return Ok(list.clone()) };
        // Lists do not change, and so one of scalars serves as its own copy.
        if !items.iter().any(|item| matches!(item, Value::List(_) | Value::Map(_) | Value::Object(_))) {
            return Ok(list.clone());
        }
        self.count(items.len())?;
        let items = items.iter().map(|item| self.copy(item, depth)).collect::<Result<_, _>>()?;
        Ok(List::of(list.element_type(), items))
    }

    fn copy_map(&mut self, map: &Map, depth: usize) -> Result<Map, LimitError> {
        self.count(map.len())?;
        if map.is_nil() {
            return Ok(Map::nil(map.element_type()));
        }
        if let Some(source) = map.untouched() {
            return Ok(Map::thaw(source));
        }
        let entries = map.entries().into_iter().map(|(key, value)| Ok((key, self.copy(&value, depth)?)));
        Ok(Map::collect(map.element_type(), entries.collect::<Result<Vec<_>, LimitError>>()?))
    }

    /// Counts a list or map, itself and its items.
    fn count(&mut self, items: usize) -> Result<(), LimitError> {
        /// About what a list or map takes besides its items.
        const OVERHEAD: usize = 64;
        self.bytes = self.bytes.saturating_add(items.saturating_mul(size_of::<Value>()) + OVERHEAD);
        if self.bytes <= self.limit {
            return Ok(());
        }
        Err(LimitError::Value { wanted: self.bytes as u64, limit: self.limit as u64 })
    }
}

/// Fills in what the first map lacks, or has but empty, from the others in turn. Like
/// [`merge_overwrite`], it changes the first map and shares nested maps with the others.
fn merge(context: &mut Context<'_>, target: &Map, sources: Rest<'_, Map>) -> Result<Value, CallError> {
    swallowed(merge_all(context, target, sources, false))
}

fn must_merge(context: &mut Context<'_>, target: &Map, sources: Rest<'_, Map>) -> Result<Value, CallError> {
    unswallowed(merge_all(context, target, sources, false))
}

/// Puts everything from the other maps into the first, in turn; maps are merged into maps, and an empty value counts.
fn merge_overwrite(context: &mut Context<'_>, target: &Map, sources: Rest<'_, Map>) -> Result<Value, CallError> {
    swallowed(merge_all(context, target, sources, true))
}

fn must_merge_overwrite(context: &mut Context<'_>, target: &Map, sources: Rest<'_, Map>) -> Result<Value, CallError> {
    unswallowed(merge_all(context, target, sources, true))
}

/// How a merge ends early.
enum MergeError {
    /// The one error of mergo, which the functions without `must` turn into the empty string.
    DifferentTypes,
    /// Go's panics, and limits.
    Call(CallError),
}

impl<E: Into<CallError>> From<E> for MergeError {
    fn from(error: E) -> Self {
        Self::Call(error.into())
    }
}

fn swallowed(result: Result<Value, MergeError>) -> Result<Value, CallError> {
    match result {
        Ok(value) => Ok(value),
        Err(MergeError::DifferentTypes) => Ok(Value::from("")),
        Err(MergeError::Call(error)) => Err(error),
    }
}

fn unswallowed(result: Result<Value, MergeError>) -> Result<Value, CallError> {
    result.map_err(|error| match error {
        MergeError::DifferentTypes => "src and dst must be of same type".into(),
        MergeError::Call(error) => error,
    })
}

fn merge_all(
    context: &mut Context<'_>,
    target: &Map,
    sources: Rest<'_, Map>,
    overwrite: bool,
) -> Result<Value, MergeError> {
    let mut target = target.clone();
    for source in sources.iter() {
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge_map(context, &target, source, overwrite, Value::DEPTH)?;
    }
    Ok(Value::Map(target))
}

/// `deepMerge` of mergo 1.0.1 for two maps.
fn merge_map(
    context: &mut Context<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), MergeError> {
    let depth = depth.checked_sub(1).ok_or(LimitError::Depth(Value::DEPTH))?;
    // A nil map in another cannot be filled; the caller replaces it.
    if target.is_nil() {
        return Ok(());
    }
    let (target_type, source_type) = (*target.element_type(), *source.element_type());
    let put = |key: &Str, value: &Value, value_type: Type| -> Result<(), MergeError> {
        if !value_type.assignable_to(target_type) {
            let text = "reflect.Value.SetMapIndex: value of type";
            return Err(
                CallError::Message(format!("{text} {value_type} is not assignable to type {target_type}")).into()
            );
        }
        Ok(target.insert(key.clone(), value.clone())?)
    };
    for key in source.keys() {
        context.step(1)?;
        // Where a map is merged into itself, the key may be gone.
        let Some(value) = source.get(&key) else { continue };
        let present = target.get(&key);
        if is_nil(&value) && source_type.can_be_nil() && (value.is_nil() || source_type != Type::Any) {
            if overwrite {
                put(&key, &value, source_type)?;
            }
            continue;
        }
        let kind = value.kind();
        match kind {
            Kind::Struct | Kind::Pointer | Kind::Map => {
                if let Some(present) = &present {
                    merge_value(context, present, &value, overwrite, depth)?;
                }
            }
            Kind::Slice => {
                if present.is_some() && !target_type.can_be_nil() {
                    return Err(wrong_kind("IsNil", target_type.kind()));
                }
                if overwrite || present.as_ref().is_none_or(is_nil) {
                    put(&key, &value, value.go_type().unwrap_or(Type::Any))?;
                }
            }
            _ => {}
        }
        // Merging may have filled what was empty before.
        let kept = present.filter(|present| !is_empty(present));
        if let Some(present) = &kept
            && (kind == Kind::Slice || kind == Kind::Map && present.kind() == Kind::Map)
        {
            continue;
        }
        if kept.is_none() || overwrite && source_type.kind() != Kind::Pointer {
            put(&key, &value, source_type)?;
        }
    }
    Ok(())
}

/// `deepMerge` for a map, a struct or a pointer that is to go where something else is already. None of these can be set
/// there; only a map can be changed from within.
fn merge_value(
    context: &mut Context<'_>,
    target: &Value,
    source: &Value,
    overwrite: bool,
    depth: usize,
) -> Result<(), MergeError> {
    let source_kind = source.kind();
    match target.kind() {
        Kind::Map => match (target.as_map(), source.as_map()) {
            (Some(target), Some(source)) => merge_map(context, &target, &source, overwrite, depth),
            (Some(target), None) if target.is_nil() && source_kind == Kind::Struct => {
                Err(wrong_kind("IsNil", source_kind))
            }
            _ => Ok(()),
        },
        Kind::Struct if source_kind != Kind::Struct && has_fields(target) => Err(wrong_kind("Field", source_kind)),
        // Field by field, whatever the types of the structs.
        Kind::Struct if has_fields(target) && fields(target) > fields(source) => {
            Err(CallError::Message("reflect: Field index out of range".to_owned()).into())
        }
        Kind::Pointer if source_kind != Kind::Pointer && !overwrite && !is_nil(source) => {
            Err(MergeError::DifferentTypes)
        }
        _ => Ok(()),
    }
}

fn has_fields(value: &Value) -> bool {
    matches!(value, Value::Object(object) if !object.get().exported_fields().is_empty())
}

/// How many fields a struct has.
fn fields(value: &Value) -> usize {
    if let Value::Object(object) = value { object.get().fields().len() } else { 0 }
}

/// Go's panic when a method of `reflect.Value` does not go with the kind.
fn wrong_kind(method: &str, kind: Kind) -> MergeError {
    MergeError::Call(CallError::Message(format!("reflect: call of reflect.Value.{method} on {kind} Value")))
}

/// Nil, or a nil map or list.
fn is_nil(value: &Value) -> bool {
    value.is_nil()
        || value.as_map().is_some_and(|map| map.is_nil())
        || value.as_list().is_some_and(|list| list.is_nil())
}

/// What mergo takes for empty.
fn is_empty(value: &Value) -> bool {
    value.is_empty() && !matches!(value, Value::Complex(_))
}

#[cfg(test)]
mod tests {
    use super::super::recorded::{check_table, run};

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/dict.tsv"));
        check_table(include_str!("../../tests/fixtures/sprig/dict-merge.tsv"));
    }

    #[track_caller]
    fn is_too_deep(template: &str) {
        let error = run(template).unwrap_err();
        assert!(error.contains("levels deep; look for a map that contains itself"), "{error}");
    }

    #[test]
    fn maps_that_contain_themselves_are_refused() {
        is_too_deep(r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepCopy $d }}"#);
        is_too_deep(r#"{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ merge $d $d }}"#);
    }

    #[test]
    fn copies_of_shared_branches_meet_the_limit() {
        let error =
            run("{{ $l := dict }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ deepCopy $l }}").unwrap_err();
        assert!(error.contains("more than the 33554432 allowed"), "{error}");
    }
}
