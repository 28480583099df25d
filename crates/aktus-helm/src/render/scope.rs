//! The dot: which data does each template of a chart and its sub-charts see?
//!
//! Upstream: `allTemplates` in Helm's `pkg/engine/engine.go`. All templates of one chart share one map,
//! so what one of them sets there the next one sees.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use aktus_gotmpl::{Map, Profile, Str, Value};

use super::chart_object;
use super::files::Files;
use super::values_object::ValuesObject;
use crate::chart::File;
use crate::chart::dependency::{ChartTree, NodeId};
use crate::path;
use crate::values::table;

/// A template and what it is run with.
pub(super) struct Renderable {
    pub(super) file: File,
    pub(super) scope: Map,
    /// `.Template.BasePath`
    pub(super) base_path: Arc<str>,
}

/// The templates of all charts by name.
pub(super) struct Scopes<'a> {
    pub(super) tree: &'a ChartTree,
    pub(super) profile: Profile,
    pub(super) release: Value,
    pub(super) capabilities: Value,
    pub(super) templates: BTreeMap<String, Renderable>,
}

impl Scopes<'_> {
    /// Adds the templates of a chart and those below; gives the chart's scope.
    pub(super) fn add(&mut self, chart: NodeId, values: &Map) -> Map {
        let tree = self.tree;
        let profile = self.profile;
        let listed = tree.listed(chart);
        let scope = Map::new();
        let subcharts = Map::new();
        let is_root = tree.is_root(chart);
        let entries = [
            ("Chart", chart_object::chart(tree.metadata(chart), listed.as_deref(), is_root, profile)),
            ("Files", Value::object(Files::new(&tree.contents(chart).files, profile))),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", ValuesObject::value(values.clone(), profile)),
            ("Subcharts", Value::Map(subcharts.clone())),
        ];
        for (key, value) in entries {
            set(&scope, key, value);
        }
        for &child in tree.children(chart) {
            // A dot in a chart's name is taken for a path, as in Helm.
            let below = table(values, tree.name(child)).unwrap_or_default();
            let below = self.add(child, &below);
            set(&subcharts, tree.name(child), Value::Map(below));
        }
        let full_path = tree.full_path(chart);
        let base_path: Arc<str> = path::clean(&format!("{full_path}/templates")).into();
        let is_library = tree.metadata(chart).chart_type.eq_ignore_ascii_case("library");
        for file in &tree.contents(chart).templates {
            if is_library && !path::base(file.name()).starts_with('_') {
                continue;
            }
            let name = path::clean(&format!("{full_path}/{}", file.name()));
            let renderable = Renderable { file: file.clone(), scope: scope.clone(), base_path: Arc::clone(&base_path) };
            self.templates.insert(name, renderable);
        }
        scope
    }

    /// The names in the order in which they are parsed and rendered: deepest first, then backwards.
    pub(super) fn order(&self) -> Vec<&str> {
        let depth = |name: &str| name.bytes().filter(|byte| *byte == b'/').count();
        let mut names: Vec<&str> = self.templates.keys().rev().map(String::as_str).collect();
        names.sort_by_cached_key(|name| Reverse(depth(name)));
        names
    }
}

impl Renderable {
    /// Puts `.Template` for the file of this name into the scope it shares.
    pub(super) fn enter(&self, name: &str, profile: Profile) -> Value {
        let template: Map = [("Name", name), ("BasePath", &*self.base_path)]
            .into_iter()
            .map(|(key, text)| (Str::from(key), Value::from(text)))
            .collect();
        set(&self.scope, "Template", ValuesObject::value(template, profile));
        ValuesObject::value(self.scope.clone(), profile)
    }
}

fn set(map: &Map, key: &str, value: Value) {
    // Only the nil map refuses.
    let _set = map.insert(key, value);
}
