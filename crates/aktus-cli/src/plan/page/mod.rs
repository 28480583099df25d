//! A plan as one HTML page: no scripts, nothing from outside, for light, dark and paper.

mod sections;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::WholePlan;
use crate::ui::printable;

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded and nothing runs, whatever a name may contain.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// One part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    /// What it says, under the title.
    lead: &'static str,
    body: Markup,
}

/// The page. The same plan gives the same bytes.
pub(crate) fn page(plan: &WholePlan) -> String {
    let sections = sections::all(plan);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content=(concat!("aktus ", env!("CARGO_PKG_VERSION")));
                title { "Plan: " (heading(plan)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#plan" { "Skip to the plan" }
                header {
                    div.wrap {
                        h1 { (heading(plan)) }
                        p.lead { (lead(plan)) }
                        dl.facts {
                            @for (name, value) in &plan.facts {
                                div { dt { (name) } dd { (value) } }
                            }
                        }
                        nav aria-label="Parts of the plan" {
                            ul {
                                @for section in &sections {
                                    li { a href=(format!("#{}", section.id)) { (section.title) } }
                                }
                            }
                        }
                    }
                }
                main.wrap #plan {
                    (failure(plan))
                    (tiles(plan))
                    @for section in sections {
                        section id=(section.id) aria-labelledby=(format!("{}-title", section.id)) {
                            h2 id=(format!("{}-title", section.id)) { (section.title) }
                            p { (section.lead) }
                            (section.body)
                        }
                    }
                }
                footer {
                    div.wrap {
                        "Written by " code { "aktus plan" } ", version " (env!("CARGO_PKG_VERSION"))
                        ". The page holds no secrets and no values of the chart, and loads nothing."
                    }
                }
            }
        }
    };
    // A browser obeys no control characters, but letters that turn the direction could mislead.
    printable(&markup.into_string()) + "\n"
}

fn heading(plan: &WholePlan) -> &'static str {
    match plan.stack {
        Some(_) => "Aktus AI Platform on Amazon EKS",
        None => "Aktus AI Platform on an existing cluster",
    }
}

fn lead(plan: &WholePlan) -> String {
    let report = &plan.preview.report;
    let objects = format!("{} of {} Kubernetes objects would be written", report.changed(), report.objects.len());
    match &plan.stack {
        Some(stack) if stack.resources.iter().all(|resource| resource.change == "create") => {
            format!(
                "A plan: {} stack resources would be created, and {objects}. Nothing was changed.",
                stack.resources.len()
            )
        }
        Some(stack) => format!(
            "A plan: the stack has {} resources (CloudFormation was not asked which of them exist), and {objects}. \
             Nothing was changed.",
            stack.resources.len()
        ),
        None => format!("A plan: {objects}. Nothing was changed."),
    }
}

fn failure(plan: &WholePlan) -> Markup {
    let Some((step, failure)) = plan.preview.report.failure() else { return html! {} };
    html! {
        div.failure role="alert" {
            h2 { "The plan ends at step " (step.name()) }
            p { (failure.to_string()) }
            @if let Some(next) = &failure.next { p { strong { "Next: " } (next) } }
        }
    }
}

fn tiles(plan: &WholePlan) -> Markup {
    let stack = plan.stack.as_ref();
    let mut tiles = Vec::new();
    if let Some(stack) = stack {
        tiles.push(("Stack resources", stack.resources.len()));
    }
    tiles.push(("Kubernetes objects", plan.preview.report.objects.len()));
    tiles.push(("Container images", plan.images().len()));
    if let Some(stack) = stack {
        tiles.push(("IAM roles", stack.permissions.len()));
    }
    tiles.push(("Warnings", plan.preview.report.warnings.len()));
    html! {
        dl.tiles {
            @for (name, count) in tiles { div { dt { (name) } dd { (count) } } }
        }
    }
}

#[cfg(test)]
mod tests;
