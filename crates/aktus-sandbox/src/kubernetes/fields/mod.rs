//! Which fields of an object does a manager own?
//!
//! The rules are those of `sigs.k8s.io/structured-merge-diff`: a set is a tree whose members are
//! named by path elements, and it is written as `FieldsV1`.

mod element;
mod serialize;

use std::collections::BTreeMap;

pub(crate) use element::{Element, path_text};

use super::schema::{Schema, Type, TypeId};

/// A set of field paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    nodes: BTreeMap<Element, Node>,
}

/// One path element: a member itself, the parent of members, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    member: bool,
    children: FieldSet,
}

impl FieldSet {
    /// Adds the field at `path`, not its parents. The empty path (the whole object) is not tracked.
    pub(crate) fn insert(&mut self, path: &[Element]) {
        let Some((first, rest)) = path.split_first() else { return };
        let node = self.nodes.entry(first.clone()).or_default();
        if rest.is_empty() {
            node.member = true;
        } else {
            node.children.insert(rest);
        }
    }

    /// A set of field names, each path given as names from the root.
    pub(crate) fn of_names(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let path: Vec<Element> = path.iter().map(|name| Element::Field((*name).to_owned())).collect();
            set.insert(&path);
        }
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.values().all(|node| !node.member && node.children.is_empty())
    }

    /// Whether the element itself is a member.
    pub(crate) fn has(&self, element: &Element) -> bool {
        self.nodes.get(element).is_some_and(|node| node.member)
    }

    /// The part of the set below an element.
    pub(crate) fn below(&self, element: &Element) -> Option<&Self> {
        self.nodes.get(element).map(|node| &node.children).filter(|children| !children.is_empty())
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut nodes = self.nodes.clone();
        for (element, theirs) in &other.nodes {
            let ours = nodes.entry(element.clone()).or_default();
            ours.member |= theirs.member;
            ours.children =
                if ours.children.is_empty() { theirs.children.clone() } else { ours.children.union(&theirs.children) };
        }
        Self { nodes }
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.combine(|element, node| {
            let theirs = other.nodes.get(element)?;
            Some(Node { member: node.member && theirs.member, children: node.children.intersection(&theirs.children) })
        })
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(|element, node| match other.nodes.get(element) {
            None => Some(node.clone()),
            Some(theirs) => Some(Node {
                member: node.member && !theirs.member,
                children: node.children.difference(&theirs.children),
            }),
        })
    }

    /// As [`Self::difference`], and a member of `other` also removes everything below it.
    pub(crate) fn recursive_difference(&self, other: &Self) -> Self {
        self.combine(|element, node| match other.nodes.get(element) {
            None => Some(node.clone()),
            Some(theirs) if theirs.member => None,
            Some(theirs) => {
                Some(Node { member: node.member, children: node.children.recursive_difference(&theirs.children) })
            }
        })
    }

    fn combine(&self, keep: impl Fn(&Element, &Node) -> Option<Node>) -> Self {
        let nodes = self
            .nodes
            .iter()
            .filter_map(|(element, node)| Some((element.clone(), keep(element, node)?)))
            .filter(|(_, node)| node.member || !node.children.is_empty())
            .collect();
        Self { nodes }
    }

    /// The set with every field that the schema names made a member where something below it is.
    pub(crate) fn with_named_parents(&self, schema: &Schema, id: TypeId) -> Self {
        let nodes = self
            .nodes
            .iter()
            .map(|(element, node)| {
                let mut member = node.member;
                let below = match (element, schema.get(id)) {
                    (Element::Field(name), _) => {
                        member |= !node.children.is_empty() && schema.names_field(id, name);
                        schema.field(id, name)
                    }
                    (_, Type::List { item, .. }) => Some(*item),
                    _ => None,
                };
                let children = match below {
                    Some(below) => node.children.with_named_parents(schema, below),
                    None => node.children.clone(),
                };
                (element.clone(), Node { member, children })
            })
            .collect();
        Self { nodes }
    }

    /// Every member's path, parents before children.
    pub(crate) fn paths(&self) -> Vec<Vec<Element>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect(&self, prefix: &mut Vec<Element>, all: &mut Vec<Vec<Element>>) {
        // Members of one level come before what lies below any of them, as in Kubernetes' listing.
        for (element, node) in &self.nodes {
            if node.member {
                let mut path = prefix.clone();
                path.push(element.clone());
                all.push(path);
            }
        }
        for (element, node) in &self.nodes {
            prefix.push(element.clone());
            node.children.collect(prefix, all);
            prefix.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(fields: &serde_json::Value) -> FieldSet {
        FieldSet::from_json(fields)
    }

    #[test]
    fn a_set_survives_being_written_and_read() {
        let written = json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:name": {}}}, "f:replicas": {}},
            "f:finalizers": {"v:\"x/y\"": {}},
        });
        assert_eq!(set(&written).to_json(), written);
    }

    #[test]
    fn difference_keeps_children_of_removed_parents() {
        let ours = set(&json!({"f:a": {".": {}, "f:b": {}}}));
        let theirs = set(&json!({"f:a": {}}));
        assert_eq!(ours.difference(&theirs).to_json(), json!({"f:a": {"f:b": {}}}));
        assert!(ours.recursive_difference(&theirs).is_empty());
        assert_eq!(ours.intersection(&theirs).to_json(), json!({"f:a": {}}));
        assert_eq!(theirs.union(&ours).to_json(), json!({"f:a": {".": {}, "f:b": {}}}));
    }
}
