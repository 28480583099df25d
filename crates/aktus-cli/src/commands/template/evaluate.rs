//! `aktus template evaluate`

use std::fmt::Write as _;

use aktus_template::{ConditionName, EdgeKind, LogicalId, ResourceGraph, Retention};
use clap::Args;
use serde_json::{Value, json};

use super::input::{Source, Stack, mask};
use crate::error::CliError;
use crate::ui::Ui;

/// Show what a template creates under given parameters, in the order of creation
///
/// What only AWS can tell stands as `${…}`. With `--output json` every property, reference and output is there.
#[derive(Args, Debug)]
pub(crate) struct Evaluate {
    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    stack: Stack,
}

impl Evaluate {
    pub(crate) fn run(self, ui: Ui) -> Result<(), CliError> {
        let loaded = self.source.load()?;
        let values = self.stack.values(&loaded, &[]);
        let graph = loaded.evaluate(&values, &self.stack.pseudo())?;
        for name in &graph.unchecked {
            Ui::status(&format!("{name} was not compared with its pattern, which only CloudFormation can read"));
        }
        let secrets = loaded.secrets(&values);
        let text =
            if ui.json() { format!("{:#}\n", mask(as_json(&graph), &secrets)) } else { as_text(&graph, &secrets) };
        Ok(Ui::data(text.as_bytes())?)
    }
}

fn as_text(graph: &ResourceGraph, secrets: &[String]) -> String {
    let mut text = String::new();
    let hold = graph.conditions.iter().filter(|(_, holds)| **holds).map(|(name, _)| name.as_str());
    let hold: Vec<_> = hold.collect();
    if !graph.conditions.is_empty() {
        let _infallible = writeln!(
            text,
            "Conditions that hold: {}",
            if hold.is_empty() { "none".to_owned() } else { hold.join(", ") }
        );
    }
    if !graph.undecided.is_empty() {
        let undecided: Vec<_> = graph.undecided.iter().map(ConditionName::as_str).collect();
        let _infallible =
            writeln!(text, "Conditions that only AWS can decide, taken as not holding: {}", undecided.join(", "));
    }
    let _infallible =
        writeln!(text, "{} resources, in the order of creation; deletion goes backwards", graph.resources.len());
    for (number, (id, resource)) in graph.resources.iter().enumerate() {
        let stays = match resource.deletion_policy {
            Some(Retention::Retain | Retention::RetainExceptOnCreate) => ", outlives the stack",
            Some(Retention::Snapshot) => ", leaves a snapshot",
            _ => "",
        };
        let _infallible = writeln!(text, "{:4}  {id} ({}){stays}", number + 1, resource.kind);
        if !resource.needs.is_empty() {
            let needs: Vec<_> = resource.needs.iter().map(LogicalId::as_str).collect();
            let _infallible = writeln!(text, "      after {}", needs.join(", "));
        }
    }
    if !graph.outputs.is_empty() {
        text.push_str("Outputs\n");
        for (name, value) in &graph.outputs {
            let value = match mask(value.to_json(false), secrets) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let _infallible = writeln!(text, "  {name}: {}", value.replace('\n', "\n    "));
        }
    }
    text
}

fn as_json(graph: &ResourceGraph) -> Value {
    let kind = |kind: EdgeKind| match kind {
        EdgeKind::Ref => "Ref",
        EdgeKind::GetAtt => "GetAtt",
        EdgeKind::Sub => "Sub",
        EdgeKind::DependsOn => "DependsOn",
    };
    let resources = graph.resources.iter().map(|(id, resource)| {
        let references = resource.edges.iter();
        let references =
            references.map(|edge| json!({"to": edge.to.as_str(), "by": kind(edge.kind), "at": edge.place.to_string()}));
        json!({
            "id": id.as_str(), "type": resource.kind,
            "deletionPolicy": resource.deletion_policy.map(Retention::name),
            "properties": resource.properties.iter()
                .map(|(name, value)| (name.clone(), value.to_json(false)))
                .collect::<serde_json::Map<_, _>>(),
            "needs": resource.needs.iter().map(LogicalId::as_str).collect::<Vec<_>>(),
            "references": references.collect::<Vec<_>>(),
        })
    });
    let outputs = graph.outputs.iter().map(|(name, value)| (name.to_string(), value.to_json(false)));
    let conditions = graph.conditions.iter().map(|(name, holds)| (name.to_string(), Value::from(*holds)));
    json!({
        "conditions": conditions.collect::<serde_json::Map<_, _>>(),
        "undecided": graph.undecided.iter().map(ConditionName::as_str).collect::<Vec<_>>(),
        "unchecked": graph.unchecked.iter().map(LogicalId::as_str).collect::<Vec<_>>(),
        "resources": resources.collect::<Vec<_>>(),
        "deletionOrder": graph.deletion_order().collect::<Vec<_>>(),
        "outputs": outputs.collect::<serde_json::Map<_, _>>(),
    })
}
