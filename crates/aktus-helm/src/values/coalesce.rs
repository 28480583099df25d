//! How do a chart's defaults, its parents' values and the user's values become one tree?
//!
//! Upstream: Helm's `pkg/chart/common/util/coalesce.go` (4) and `pkg/chartutil/coalesce.go` (3), line by line,
//! because templates can see which maps are shared between a chart and its parent.

use aktus_gotmpl::{Map, Profile, Value};

use crate::chart::dependency::{ChartTree, NodeId};
use crate::print;

/// A value where a sub-chart's table should be. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type mismatch on {subchart}: {found}")]
pub(crate) struct CoalesceError {
    pub(crate) subchart: String,
    /// What is there, as Go's `%t` prints it.
    pub(crate) found: String,
}

/// Whether nulls delete or are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Coalesce,
    Merge,
}

const GLOBAL: &[u8] = b"global";

/// `CoalesceValues`: `values` over the defaults of a chart and all charts below; nulls delete.
pub(crate) fn coalesce_values(
    tree: &ChartTree,
    chart: NodeId,
    values: &Map,
    profile: Profile,
) -> Result<Map, CoalesceError> {
    let destination = copy_map(values);
    Coalescer { tree, profile, mode: Mode::Coalesce }.coalesce(chart, &destination, "")?;
    Ok(destination)
}

/// `MergeValues`: the same with nulls kept.
pub(crate) fn merge_values(
    tree: &ChartTree,
    chart: NodeId,
    values: &Map,
    profile: Profile,
) -> Result<Map, CoalesceError> {
    let destination = copy_map(values);
    Coalescer { tree, profile, mode: Mode::Merge }.coalesce(chart, &destination, "")?;
    Ok(destination)
}

/// `MergeTables`: `source` under `destination`, nulls kept.
pub(crate) fn merge_tables(destination: &Map, source: &Map) {
    coalesce_tables(destination, source, "", Mode::Merge);
}

/// `CoalesceTables`: `source` under `destination`, nulls delete.
pub(crate) fn coalesce_plain(destination: &Map, source: &Map) {
    coalesce_tables(destination, source, "", Mode::Coalesce);
}

/// Every map copied, at any depth; other values are immutable and shared.
pub(crate) fn deep_copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy_map(map)),
        Value::List(list) => match list.as_slice() {
            Some(items) if items.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))) => {
                Value::list(items.iter().map(deep_copy).collect())
            }
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

fn copy_map(map: &Map) -> Map {
    // A map that still mirrors a frozen one is copied by mirroring it once more.
    match map.untouched() {
        Some(source) => Map::thaw(source),
        None => map.entries().iter().map(|(key, value)| (key.clone(), deep_copy(value))).collect(),
    }
}

/// `Values.Table`: the map at a dotted path.
pub(crate) fn table(values: &Map, path: &str) -> Option<Map> {
    let mut current = values.clone();
    for name in path.split('.') {
        current = current.get(name.as_bytes())?.as_map()?;
    }
    Some(current)
}

/// `Values.PathValue`: what lies at a dotted path, unless it is a map.
pub(crate) fn path_value(values: &Map, path: &str) -> Option<Value> {
    let value = match path.rsplit_once('.') {
        None => values.get(path.as_bytes()),
        Some((tables, key)) => table(values, tables)?.get(key.as_bytes()),
    };
    value.filter(|value| !matches!(value, Value::Map(_)))
}

struct Coalescer<'a> {
    tree: &'a ChartTree,
    profile: Profile,
    mode: Mode,
}

impl Coalescer<'_> {
    fn coalesce(&self, chart: NodeId, values: &Map, prefix: &str) -> Result<(), CoalesceError> {
        self.coalesce_defaults(chart, values, prefix);
        self.coalesce_dependencies(chart, values, prefix)
    }

    fn coalesce_dependencies(&self, chart: NodeId, values: &Map, prefix: &str) -> Result<(), CoalesceError> {
        for &subchart in self.tree.children(chart) {
            let name = self.tree.name(subchart);
            let table = match values.get(name.as_bytes()) {
                None => {
                    let table = Map::new();
                    set(values, name.as_bytes(), Value::Map(table.clone()));
                    table
                }
                Some(Value::Map(table)) => table,
                Some(other) => {
                    return Err(CoalesceError { subchart: name.to_owned(), found: print::truth(&other) });
                }
            };
            let prefix = join(prefix, self.tree.name(chart));
            coalesce_globals(&table, values, &prefix);
            self.coalesce(subchart, &table, &prefix)?;
        }
        Ok(())
    }

    /// `coalesceValues`: a chart's own defaults under `values`.
    fn coalesce_defaults(&self, chart: NodeId, values: &Map, prefix: &str) {
        let prefix = join(prefix, self.tree.name(chart));
        let Value::Map(defaults) = self.tree.values(chart).thaw() else {
            return;
        };
        let drop_nulls = self.mode == Mode::Coalesce && self.profile == Profile::Helm4;
        for (key, default) in defaults.entries() {
            match values.get(&key) {
                Some(Value::Nil) if self.mode == Mode::Coalesce => {
                    values.remove(&key);
                }
                Some(Value::Map(destination)) => match default {
                    Value::Map(source) => {
                        let mode = self.mode_for(chart, &key);
                        if mode == Mode::Coalesce && self.profile == Profile::Helm4 {
                            remove_nulls(&source);
                        }
                        let full_key = join(&prefix, &key.to_text());
                        coalesce_tables(&destination, &source, &full_key, mode);
                    }
                    Value::Nil => {}
                    _ => tracing::warn!(key = join(&prefix, &key.to_text()), "skipped value: not a table"),
                },
                Some(_) => {}
                None if drop_nulls && default.is_nil() => {}
                None => {
                    if let (true, Value::Map(table)) = (drop_nulls, &default) {
                        remove_nulls(table);
                    }
                    set(values, &key, default);
                }
            }
        }
    }

    /// Tables of sub-charts keep their nulls, so that the sub-chart's own pass can act on them.
    fn mode_for(&self, chart: NodeId, key: &[u8]) -> Mode {
        let is_subchart = self.tree.children(chart).iter().any(|child| self.tree.name(*child).as_bytes() == key);
        if is_subchart { Mode::Merge } else { self.mode }
    }
}

/// `coalesceGlobals`: the parent's globals into those of a sub-chart, the parent winning.
fn coalesce_globals(destination: &Map, source: &Map, prefix: &str) {
    let destination_globals = match destination.get(GLOBAL) {
        None => Map::new(),
        Some(Value::Map(map)) => map,
        Some(_) => {
            tracing::warn!("skipped globals: those of the sub-chart are not a table");
            return;
        }
    };
    let source_globals = match source.get(GLOBAL) {
        None => Map::new(),
        Some(Value::Map(map)) => map,
        Some(_) => {
            tracing::warn!("skipped globals: those of the parent are not a table");
            return;
        }
    };
    for (key, value) in source_globals.entries() {
        match (value, destination_globals.get(&key)) {
            (Value::Map(table), None) => {
                set(&destination_globals, &key, Value::Map(table.shallow_copy()));
            }
            (Value::Map(table), Some(Value::Map(below))) => {
                let table = table.shallow_copy();
                coalesce_tables(&table, &below, &join(prefix, &key.to_text()), Mode::Merge);
                set(&destination_globals, &key, Value::Map(table));
            }
            (Value::Map(_), Some(_)) => {
                tracing::warn!(key = %key, "skipped a global: cannot merge a map onto a non-map");
            }
            (_, Some(Value::Map(_))) => {
                tracing::warn!(key = %key, "skipped a global: it is a table in the sub-chart");
            }
            (value, _) => set(&destination_globals, &key, value),
        }
    }
    set(destination, GLOBAL, Value::Map(destination_globals));
}

/// `coalesceTablesFullKey`: `source` under `destination`.
fn coalesce_tables(destination: &Map, source: &Map, prefix: &str, mode: Mode) {
    let entries = source.entries();
    let not_null: Vec<_> = entries.iter().filter(|(_, value)| !value.is_nil()).map(|(key, _)| key.clone()).collect();
    for (key, value) in destination.entries() {
        if value.is_nil() {
            set(source, &key, Value::Nil);
        }
    }
    for (key, value) in source.entries() {
        match (destination.get(&key), value) {
            (Some(Value::Nil), _) if mode == Mode::Coalesce && not_null.binary_search(&key).is_ok() => {
                destination.remove(&key);
            }
            (None, value) => set(destination, &key, value),
            (Some(Value::Map(above)), Value::Map(below)) => {
                coalesce_tables(&above, &below, &join(prefix, &key.to_text()), mode);
            }
            (Some(_), Value::Map(_)) => {
                let key = join(prefix, &key.to_text());
                tracing::warn!(key, "cannot overwrite a table with a non-table");
            }
            (Some(Value::Map(_)), value) if !value.is_nil() => {
                let key = join(prefix, &key.to_text());
                tracing::warn!(key, "ignored a non-table value: the destination is a table");
            }
            _ => {}
        }
    }
}

/// `cleanNilValues`: nulls out of a map and the maps below it; lists are left alone.
fn remove_nulls(map: &Map) {
    for (key, value) in map.entries() {
        match value {
            Value::Nil => {
                map.remove(&key);
            }
            Value::Map(inner) => remove_nulls(&inner),
            _ => {}
        }
    }
}

fn set(map: &Map, key: &[u8], value: Value) {
    // Only the nil map refuses, and none is made here.
    let _set = map.insert(key, value);
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
