//! A plan for programs: the report with the stack, the one ordered list, images and permissions.

use serde_json::{Value, json};

use super::WholePlan;

impl WholePlan {
    /// The plan as one document; `schema` names the shape, and changes when the shape does.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = self.preview.report.to_json();
        let order: Vec<Value> = self
            .order()
            .iter()
            .map(|item| {
                json!({
                    "number": item.number, "phase": item.phase, "change": item.change, "kind": item.kind,
                    "namespace": item.namespace, "name": item.name, "group": item.group, "detail": item.detail, "needs": item.needs,
                })
            })
            .collect();
        let images: Vec<Value> =
            self.images().into_iter().map(|(image, used_by)| json!({"image": image, "usedBy": used_by})).collect();
        let hooks: Vec<Value> = self
            .hooks()
            .map(|hook| json!({"kind": hook.kind, "name": hook.name, "events": hook.hook, "service": hook.chart()}))
            .collect();
        let stack = self.stack.as_ref().map(|stack| {
            let parameters: serde_json::Map<String, Value> =
                stack.parameters.iter().map(|(name, value, _)| (name.clone(), value.as_str().into())).collect();
            json!({
                "name": stack.name, "region": stack.region, "resources": stack.resources.len(),
                "parameters": parameters,
            })
        });
        let permissions: Vec<Value> = self
            .stack
            .iter()
            .flat_map(|stack| &stack.permissions)
            .map(|role| {
                let statements: Vec<Value> = role
                    .statements
                    .iter()
                    .map(|statement| {
                        json!({
                            "effect": statement.effect, "actions": statement.actions,
                            "resources": statement.resources, "conditional": statement.conditional,
                        })
                    })
                    .collect();
                json!({"role": role.role.as_str(), "trusted": role.trusted, "managed": role.managed, "statements": statements})
            })
            .collect();
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        for (key, value) in [
            ("schema", "aktus.plan/v1".into()),
            ("facts", facts.into()),
            ("stack", stack.into()),
            ("order", order.into()),
            ("images", images.into()),
            ("hooks", hooks.into()),
            ("permissions", permissions.into()),
        ] {
            document[key] = value;
        }
        document
    }
}
