//! What a plan knows of the objects besides what would happen to them.

use std::collections::BTreeSet;

use aktus_helm::manifest_json;
use serde_json::Value;

use crate::context::Context;
use crate::report::Report;

/// A plan, and where its objects come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What would happen.
    pub report: Report,
    /// Every object that the platform and its chart consist of; hooks too.
    pub origins: Vec<Origin>,
}

/// Where an object comes from, and what it runs. Holds nothing of its values, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Kind of the object.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The template it is made by, `chart/charts/sub-chart/templates/file.yaml`; none for the platform's own.
    pub template: Option<String>,
    /// The images its pods run.
    pub images: BTreeSet<String>,
    /// The events at which it runs, when it is a hook.
    pub hook: Vec<String>,
}

impl Origin {
    /// The chart that brings the object: the innermost sub-chart of its template; none for the platform's own.
    pub fn chart(&self) -> Option<&str> {
        let template = self.template.as_deref()?;
        let before = template.split_once("/templates/").map_or(template, |(before, _)| before);
        before.rsplit('/').next()
    }
}

/// What the run of a plan has found out.
pub(crate) fn origins(context: &Context<'_>) -> Vec<Origin> {
    let word = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let own = context.planned.iter().map(|value| Origin {
        kind: word(value, "/kind"),
        name: word(value, "/metadata/name"),
        template: None,
        images: images(value),
        hook: Vec::new(),
    });
    let mut origins: Vec<_> = own.collect();
    let Some(rendered) = &context.rendered else { return origins };
    let read = |content: &str| manifest_json(content).map(|value| images(&value)).unwrap_or_default();
    for document in &rendered.manifests.documents {
        origins.push(Origin {
            kind: document.kind.clone(),
            name: document.name.clone(),
            template: Some(document.source.clone()),
            images: read(&document.content),
            hook: Vec::new(),
        });
    }
    for hook in &rendered.manifests.hooks {
        origins.push(Origin {
            kind: hook.kind.clone(),
            name: hook.name.clone(),
            template: Some(hook.source.clone()),
            images: read(&hook.content),
            hook: hook.events.iter().map(|event| event.name().to_owned()).collect(),
        });
    }
    origins
}

/// The images of all containers, wherever a pod is described.
fn images(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                for (key, entry) in entries {
                    if matches!(key.as_str(), "containers" | "initContainers" | "ephemeralContainers") {
                        let containers = entry.as_array().into_iter().flatten();
                        found.extend(
                            containers.filter_map(|container| Some(container.get("image")?.as_str()?.to_owned())),
                        );
                    } else {
                        open.push(entry);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: &Value, expected: &[&str]) {
        assert_eq!(images(value).iter().map(String::as_str).collect::<Vec<_>>(), expected, "{value}");
    }

    #[test]
    fn images_of_every_kind_of_container() {
        let pod = json!({"containers": [{"image": "b"}, {"image": "a"}, {"name": "none"}], "initContainers": [{"image": "c"}]});
        check(&json!({"kind": "Pod", "spec": pod}), &["a", "b", "c"]);
        check(&json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}}), &["a", "b", "c"]);
        check(&json!({"kind": "List", "items": [{"spec": pod}]}), &["a", "b", "c"]);
        check(&json!({"kind": "ConfigMap", "data": {"image": "no"}}), &[]);
        check(&json!({"containers": "no"}), &[]);
    }

    #[test]
    fn charts_of_templates() {
        #[track_caller]
        fn check(template: Option<&str>, expected: Option<&str>) {
            let origin = Origin {
                kind: String::new(),
                name: String::new(),
                template: template.map(str::to_owned),
                images: BTreeSet::new(),
                hook: Vec::new(),
            };
            assert_eq!(origin.chart(), expected);
        }
        check(None, None);
        check(Some("platform/templates/a.yaml"), Some("platform"));
        check(Some("platform/charts/redis/templates/a.yaml"), Some("redis"));
        check(Some("platform/charts/redis/charts/common/templates/sub/templates/a.yaml"), Some("common"));
    }
}
