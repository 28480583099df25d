//! Which of a chart's dependencies take part, under which names, and what do they export?
//!
//! Upstream: Helm's `pkg/chart/v2/util/dependencies.go` (4) and `pkg/chartutil/dependencies.go` (3).
//! Go's charts point at each other and share metadata; which of these are copied decides names and
//! conditions of nested charts, differently in Helm 3 and 4. So charts, metadata and dependencies are
//! numbered here, and numbers stand for Go's pointers.

use std::collections::BTreeSet;
use std::sync::Arc;

use aktus_gotmpl::go::semver;
use aktus_gotmpl::{FreezeError, Frozen, Map, Profile, Value};
use aktus_yaml::Json;

use super::{Chart, Contents, Dependency, Inner, Metadata};
use crate::print;
use crate::values::{
    CoalesceError, coalesce_values, deep_copy, from_yaml, merge_tables, merge_values, path_value, table,
};

/// A chart in a [`ChartTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

#[derive(Clone, Copy, Debug)]
struct MetadataId(usize);

#[derive(Clone, Copy, Debug)]
struct DependencyId(usize);

#[derive(Clone, Debug)]
struct Node {
    metadata: MetadataId,
    values: Frozen,
    contents: Arc<Contents>,
    children: Vec<NodeId>,
    parent: Option<NodeId>,
}

#[derive(Clone, Debug)]
struct SharedMetadata {
    /// Without its dependencies.
    metadata: Metadata,
    dependencies: Option<Vec<DependencyId>>,
}

/// A chart and the charts below it, while and after dependencies are processed.
#[derive(Debug)]
pub(crate) struct ChartTree {
    nodes: Vec<Node>,
    metadata: Vec<SharedMetadata>,
    dependencies: Vec<Dependency>,
    /// Whose imports were processed: Go rewrites them to a type that it does not process again.
    imported: BTreeSet<usize>,
    profile: Profile,
}

/// Why dependencies were not processed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DependencyError {
    #[error(transparent)]
    Coalesce(#[from] CoalesceError),
    #[error(transparent)]
    Freeze(#[from] FreezeError),
}

impl ChartTree {
    /// The tree of a chart as it was loaded.
    pub(crate) fn new(chart: &Chart, profile: Profile) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            metadata: Vec::new(),
            dependencies: Vec::new(),
            imported: BTreeSet::new(),
            profile,
        };
        tree.add(chart, None);
        tree
    }

    fn add(&mut self, chart: &Chart, parent: Option<NodeId>) -> NodeId {
        let mut metadata = chart.metadata().clone();
        let dependencies = metadata
            .dependencies
            .take()
            .map(|dependencies| dependencies.into_iter().map(|dependency| self.add_dependency(dependency)).collect());
        let metadata = self.add_metadata(SharedMetadata { metadata, dependencies });
        let id = self.add_node(Node {
            metadata,
            values: chart.default_values().clone(),
            contents: Arc::clone(&chart.0.contents),
            children: Vec::new(),
            parent,
        });
        let children = chart.dependencies().iter().map(|child| self.add(child, Some(id))).collect();
        self.nodes[id.0].children = children;
        id
    }

    fn add_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    fn add_metadata(&mut self, metadata: SharedMetadata) -> MetadataId {
        self.metadata.push(metadata);
        MetadataId(self.metadata.len() - 1)
    }

    fn add_dependency(&mut self, dependency: Dependency) -> DependencyId {
        self.dependencies.push(dependency);
        DependencyId(self.dependencies.len() - 1)
    }

    /// The chart itself.
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn name(&self, chart: NodeId) -> &str {
        &self.shared(chart).metadata.name
    }

    /// The metadata without its dependencies.
    pub(crate) fn metadata(&self, chart: NodeId) -> &Metadata {
        &self.shared(chart).metadata
    }

    /// The dependencies that the metadata lists now.
    pub(crate) fn listed(&self, chart: NodeId) -> Option<Vec<&Dependency>> {
        let listed = self.shared(chart).dependencies.as_ref()?;
        Some(listed.iter().map(|id| &self.dependencies[id.0]).collect())
    }

    pub(crate) fn values(&self, chart: NodeId) -> &Frozen {
        &self.nodes[chart.0].values
    }

    pub(crate) fn contents(&self, chart: NodeId) -> &Contents {
        &self.nodes[chart.0].contents
    }

    pub(crate) fn children(&self, chart: NodeId) -> &[NodeId] {
        &self.nodes[chart.0].children
    }

    pub(crate) fn is_root(&self, chart: NodeId) -> bool {
        self.nodes[chart.0].parent.is_none()
    }

    /// `ChartFullPath`: the names from the root down, with `charts` between them.
    pub(crate) fn full_path(&self, chart: NodeId) -> String {
        let mut names = vec![self.name(chart)];
        let mut current = chart;
        while let Some(parent) = self.nodes[current.0].parent {
            names.push(self.name(parent));
            current = parent;
        }
        names.reverse();
        names.join("/charts/")
    }

    fn shared(&self, chart: NodeId) -> &SharedMetadata {
        &self.metadata[self.nodes[chart.0].metadata.0]
    }

    fn shared_mut(&mut self, chart: NodeId) -> &mut SharedMetadata {
        let id = self.nodes[chart.0].metadata;
        &mut self.metadata[id.0]
    }

    /// The chart with everything processed, as a release keeps it.
    pub(crate) fn to_chart(&self, chart: NodeId) -> Chart {
        let mut metadata = self.metadata(chart).clone();
        metadata.dependencies = self.listed(chart).map(|listed| listed.into_iter().cloned().collect());
        let node = &self.nodes[chart.0];
        Chart(Arc::new(Inner {
            metadata,
            values: node.values.clone(),
            contents: Arc::clone(&node.contents),
            dependencies: node.children.iter().map(|child| self.to_chart(*child)).collect(),
        }))
    }

    /// `ProcessDependencies`: aliases, conditions, tags, then imports.
    pub(crate) fn process(&mut self, values: &Map) -> Result<(), DependencyError> {
        self.process_enabled(Self::ROOT, values, "")?;
        self.process_imports(Self::ROOT)
    }

    /// `SetDependencies`: children whose parent is this chart from now on.
    fn set_children(&mut self, chart: NodeId, children: Vec<NodeId>) {
        for child in &children {
            self.nodes[child.0].parent = Some(chart);
        }
        self.nodes[chart.0].children = children;
    }

    /// `getAliasDependency`: a copy of the chart that a dependency names.
    fn copy_for(&mut self, charts: &[NodeId], dependency: DependencyId) -> Option<NodeId> {
        let wanted = &self.dependencies[dependency.0];
        let found = charts.iter().copied().find(|chart| {
            self.name(*chart) == wanted.name && is_compatible(&wanted.version, &self.metadata(*chart).version)
        })?;
        let alias = wanted.alias.clone();
        let mut metadata = self.shared(found).clone();
        if self.profile == Profile::Helm4 {
            // Helm 3 goes on sharing the list of dependencies with the original.
            metadata.dependencies = metadata.dependencies.map(|listed| {
                let copies = listed.iter().map(|id| self.dependencies[id.0].clone());
                let copies: Vec<_> = copies.collect();
                copies.into_iter().map(|copy| self.add_dependency(copy)).collect()
            });
        }
        if !alias.is_empty() {
            metadata.metadata.name = alias;
        }
        let metadata = self.add_metadata(metadata);
        let mut node = self.nodes[found.0].clone();
        node.metadata = metadata;
        let copy = self.add_node(node);
        if self.profile == Profile::Helm4 {
            let children = self.children(copy).to_vec();
            let children = children.into_iter().map(|child| self.add_node(self.nodes[child.0].clone())).collect();
            self.set_children(copy, children);
        }
        Some(copy)
    }

    fn process_enabled(&mut self, chart: NodeId, values: &Map, path: &str) -> Result<(), DependencyError> {
        let Some(listed) = self.shared(chart).dependencies.clone() else {
            return Ok(());
        };
        let present = self.children(chart).to_vec();
        let mut children: Vec<NodeId> = present
            .iter()
            .copied()
            .filter(|existing| {
                !listed.iter().any(|id| {
                    let dependency = &self.dependencies[id.0];
                    dependency.name == self.name(*existing)
                        && is_compatible(&dependency.version, &self.metadata(*existing).version)
                })
            })
            .collect();
        for &id in &listed {
            children.extend(self.copy_for(&present, id));
            let dependency = &mut self.dependencies[id.0];
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
        }
        self.set_children(chart, children);
        for id in &listed {
            self.dependencies[id.0].enabled = true;
        }
        let coalesced = coalesce_values(self, chart, values, self.profile)?;
        for id in &listed {
            decide_by_tags(&mut self.dependencies[id.0], &coalesced);
        }
        for id in &listed {
            decide_by_conditions(&mut self.dependencies[id.0], &coalesced, path);
        }
        let (kept, removed): (Vec<DependencyId>, Vec<DependencyId>) =
            listed.into_iter().partition(|id| self.dependencies[id.0].enabled);
        let is_removed = |tree: &Self, name: &str| removed.iter().any(|id| tree.dependencies[id.0].name == name);
        let children: Vec<NodeId> =
            self.children(chart).iter().copied().filter(|child| !is_removed(self, self.name(*child))).collect();
        let kept: Vec<DependencyId> =
            kept.into_iter().filter(|id| !is_removed(self, &self.dependencies[id.0].name)).collect();
        for &child in &children {
            let path = format!("{path}{}.", self.name(child));
            self.process_enabled(child, &coalesced, &path)?;
        }
        // Go appends to nil: no dependencies left means no list.
        self.shared_mut(chart).dependencies = (!kept.is_empty()).then_some(kept);
        self.set_children(chart, children);
        Ok(())
    }

    fn process_imports(&mut self, chart: NodeId) -> Result<(), DependencyError> {
        for child in self.children(chart).to_vec() {
            self.process_imports(child)?;
        }
        let Some(listed) = self.shared(chart).dependencies.clone() else {
            return Ok(());
        };
        let values = merge_values(self, chart, &Map::new(), self.profile)?;
        let imported = Map::new();
        for id in listed {
            let first_time = self.imported.insert(id.0);
            let dependency = &self.dependencies[id.0];
            let mut rewritten = Vec::new();
            for import in dependency.import_values.iter().filter(|_| first_time) {
                let Some((child, parent)) = import_paths(import) else { continue };
                if let Some(found) = table(&values, &format!("{}.{child}", dependency.name)) {
                    // Merging writes into both sides, and Go's `AsMap` gives a new map for an empty one.
                    let found = if found.is_empty() { Map::new() } else { found };
                    merge_tables(&imported, &nested(&parent, found));
                } else {
                    tracing::warn!(
                        chart = dependency.name,
                        path = child,
                        "import-values: the sub-chart has no such table"
                    );
                }
                let pair = [("child", child), ("parent", parent)];
                rewritten.push(Json::Map(
                    pair.into_iter().map(|(key, path)| (key.to_owned(), Json::String(path))).collect(),
                ));
            }
            self.dependencies[id.0].import_values = rewritten;
        }
        let values = deep_copy(&Value::Map(values));
        if let Value::Map(values) = &values {
            merge_tables(values, &imported);
        }
        self.nodes[chart.0].values = values.freeze()?;
        Ok(())
    }
}

/// `IsCompatibleRange`: false also when either side is not understood.
pub(crate) fn is_compatible(constraint: &str, version: &str) -> bool {
    let Ok(version) = semver::Version::parse(version.as_bytes()) else {
        return false;
    };
    semver::Constraints::parse(constraint.as_bytes()).is_ok_and(|constraints| constraints.check(&version))
}

/// A dependency is off when some of its tags are false and none is true.
fn decide_by_tags(dependency: &mut Dependency, values: &Map) {
    let Some(tags) = table(values, "tags") else {
        return;
    };
    let (mut any_true, mut any_false) = (false, false);
    for tag in &dependency.tags {
        match tags.get(tag.as_bytes()) {
            Some(Value::Bool(true)) => any_true = true,
            Some(Value::Bool(false)) => any_false = true,
            Some(_) => {
                tracing::warn!(tag, chart = dependency.name, "the value of a tag is no bool");
            }
            None => {}
        }
    }
    dependency.enabled = any_true || !any_false;
}

/// The first of the condition's paths that leads to a bool decides.
fn decide_by_conditions(dependency: &mut Dependency, values: &Map, path: &str) {
    for condition in dependency.condition.trim().split(',').filter(|path| !path.is_empty()) {
        match path_value(values, &format!("{path}{condition}")) {
            Some(Value::Bool(enabled)) => {
                dependency.enabled = enabled;
                return;
            }
            Some(_) => {
                let chart = &dependency.name;
                tracing::warn!(condition, chart, "the value of a condition is no bool");
            }
            None => {}
        }
    }
}

/// The paths in the child and in the parent that an entry of `import-values` names.
fn import_paths(import: &Json) -> Option<(String, String)> {
    match import {
        Json::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        Json::Map(entries) => {
            let path = |key: &str| print::plain(&from_yaml(entries.get(key).unwrap_or(&Json::Null)));
            Some((path("child"), path("parent")))
        }
        _ => None,
    }
}

/// `pathToMap`: a map that has `map` at a dotted path.
fn nested(path: &str, map: Map) -> Map {
    if path == "." {
        return map;
    }
    let outermost = path.rsplit('.').fold(Value::Map(map), |inner, key| Value::map([(key, inner)]));
    outermost.as_map().unwrap_or_default()
}
