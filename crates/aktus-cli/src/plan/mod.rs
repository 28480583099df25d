//! A whole plan: the stack that the template creates, and the objects that the bootstrap brings, as one ordered list.

mod json;
mod page;
mod stack;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use aktus_bootstrap::{ObjectReport, Origin, Preview};

pub(crate) use page::page;
pub(crate) use stack::{Stack, StackResource, stack};
pub(crate) use text::write;

/// Everything a plan tells. Holds no values of the chart and no secrets.
#[derive(Debug)]
pub(crate) struct WholePlan {
    /// Name and value of what the plan is for: mode, region, namespace and the like.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// The stack; none when the cluster exists without one.
    pub(crate) stack: Option<Stack>,
    /// What the bootstrap would do.
    pub(crate) preview: Preview,
}

/// One line of the ordered list.
#[derive(Debug)]
pub(crate) struct Item<'p> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// `stack`, or the step of the bootstrap.
    pub(crate) phase: &'static str,
    /// What happens to it.
    pub(crate) change: &'static str,
    /// The type of a resource, the kind of an object.
    pub(crate) kind: &'p str,
    /// Namespace of an object.
    pub(crate) namespace: Option<&'p str>,
    /// Logical id of a resource, name of an object.
    pub(crate) name: &'p str,
    /// The chapter of a resource, the service of an object.
    pub(crate) group: String,
    /// The fields that differ, or why it is kept; may be empty.
    pub(crate) detail: &'p str,
    /// The resources that must exist before a resource.
    pub(crate) needs: &'p [String],
}

impl Item<'_> {
    /// Kind, namespace and name as the report writes them; the logical id of a resource.
    pub(crate) fn title(&self) -> String {
        match (self.phase, self.namespace) {
            (STACK, _) => format!("{} ({})", self.name, self.kind),
            (_, Some(namespace)) => format!("{}/{namespace}/{}", self.kind, self.name),
            (_, None) => format!("{}/{}", self.kind, self.name),
        }
    }
}

/// The phase of what CloudFormation does.
pub(crate) const STACK: &str = "stack";
/// The service of what no chart brings.
const PLATFORM: &str = "platform";

impl WholePlan {
    /// Resources in order of creation; the objects follow the custom resource, whose function brings them.
    pub(crate) fn order(&self) -> Vec<Item<'_>> {
        let mut items = Vec::new();
        let resources: &[StackResource] = self.stack.as_ref().map_or(&[], |stack| &stack.resources);
        let mut objects = Some(&self.preview.report.objects);
        for resource in resources {
            items.push(Item {
                number: 0,
                phase: STACK,
                change: resource.change,
                kind: &resource.kind,
                namespace: None,
                name: &resource.id,
                group: resource.chapter.clone(),
                detail: "",
                needs: &resource.needs,
            });
            if resource.kind == stack::CUSTOM_RESOURCE {
                items.extend(objects.take().into_iter().flatten().map(|object| self.item(object)));
            }
        }
        items.extend(objects.take().into_iter().flatten().map(|object| self.item(object)));
        for (index, item) in items.iter_mut().enumerate() {
            item.number = index + 1;
        }
        items
    }

    fn item<'p>(&'p self, object: &'p ObjectReport) -> Item<'p> {
        Item {
            number: 0,
            phase: object.step.name(),
            change: object.change,
            kind: &object.kind,
            namespace: object.namespace.as_deref(),
            name: &object.name,
            group: self.service(object),
            detail: &object.detail,
            needs: &[],
        }
    }

    fn origin(&self, object: &ObjectReport) -> Option<&Origin> {
        self.preview.origins.iter().find(|origin| origin.kind == object.kind && origin.name == object.name)
    }

    /// Which service an object belongs to: the sub-chart that brings it.
    fn service(&self, object: &ObjectReport) -> String {
        self.origin(object).and_then(Origin::chart).unwrap_or(PLATFORM).to_owned()
    }

    /// Images and the objects that run them, `Kind/name`.
    pub(crate) fn images(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let mut images: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for origin in &self.preview.origins {
            for image in &origin.images {
                images.entry(image).or_default().insert(format!("{}/{}", origin.kind, origin.name));
            }
        }
        images
    }

    /// The hooks of the chart: objects that run at events instead of staying.
    pub(crate) fn hooks(&self) -> impl Iterator<Item = &Origin> {
        self.preview.origins.iter().filter(|origin| !origin.hook.is_empty())
    }
}
