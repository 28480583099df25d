//! The parts of the page, in order.

use std::collections::BTreeMap;

use aktus_template::graph::short_kind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::super::stack::Stack;
use super::super::{Item, STACK, WholePlan};
use super::Section;

pub(super) fn all(plan: &WholePlan) -> Vec<Section> {
    let order = plan.order();
    let report = &plan.preview.report;
    let mut sections = Vec::new();
    let mut add = |id, title, lead, body| sections.push(Section { id, title, lead, body });
    if !report.warnings.is_empty() {
        add("warnings", "Warnings", "Worth knowing before you go on; none of it stops the plan.", warnings(plan));
    }
    if let Some(stack) = &plan.stack {
        add("picture", "Picture", "What CloudFormation creates, by chapter of the template.", picture(stack));
        add(
            "resources",
            "Stack resources",
            "By chapter of the template; numbers are places in the order of creation.",
            resources(stack, &order),
        );
    }
    add(
        "objects",
        "Kubernetes objects",
        "By service, which is the sub-chart that brings them; the platform brings storage, GPU nodes and secrets itself.",
        objects(&order),
    );
    add("images", "Container images", "What the pods of the platform run.", images(plan));
    if let Some(stack) = &plan.stack {
        add(
            "permissions",
            "IAM permissions",
            "Every role of the stack: who may take it, and what it may do then.",
            roles(stack),
        );
    }
    add(
        "order",
        "Order",
        "Everything in the order of creation. Deletion goes the other way; steps wait until what they need is ready.",
        html! { div.sheet { ol.order { @for item in &order { (line(item)) } } } },
    );
    add("steps", "Steps", "What each step of the bootstrap found or decided.", steps(plan));
    if let Some(stack) = &plan.stack {
        add("parameters", "Parameters", "Of the template, as the plan takes them.", parameters(stack));
    }
    sections
}

fn warnings(plan: &WholePlan) -> Markup {
    html! { ul.notes { @for warning in &plan.preview.report.warnings { li { (warning) } } } }
}

fn picture(stack: &Stack) -> Markup {
    // As an image of its own, so that its style and its names stay inside.
    let source = format!("data:image/svg+xml;base64,{}", STANDARD.encode(&stack.picture.svg));
    html! {
        // Opened on a narrow screen, it lets the picture have its own size; the style sheet sees to that.
        details.zoom { summary { "Show the picture in full size" } p { "Scroll it sideways to see all of it." } }
        div.scroll tabindex="0" role="region" aria-label="Picture of the stack" {
            img src=(source) alt=(stack.picture.words);
        }
    }
}

fn resources(stack: &Stack, order: &[Item<'_>]) -> Markup {
    let of = |chapter: &str| -> Vec<&Item<'_>> {
        order.iter().filter(|item| item.phase == STACK && item.group == chapter).collect()
    };
    html! {
        div.cards {
            @for chapter in &stack.chapters {
                @let items = of(chapter);
                @if !items.is_empty() {
                    article.card {
                        h3 { (chapter) span { (count(items.len(), "resource")) } }
                        ul {
                            @for item in items {
                                li {
                                    span.number { (item.number) }
                                    div { div.name { (breakable(item.name)) } div.kind { (short_kind(item.kind)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn objects(order: &[Item<'_>]) -> Markup {
    let mut services: BTreeMap<(bool, &str), Vec<&Item<'_>>> = BTreeMap::new();
    for item in order.iter().filter(|item| item.phase != STACK) {
        // The platform's own come first.
        services.entry((item.group != super::super::PLATFORM, &item.group)).or_default().push(item);
    }
    html! {
        div.cards {
            @for ((_, service), items) in services {
                article.card {
                    h3 { (service) span { (count(items.len(), "object")) } }
                    ul {
                        @for item in items {
                            li {
                                span.number { (item.number) }
                                div {
                                    div.name { (breakable(item.name)) }
                                    div.kind { (item.kind) " " (change(item.change)) }
                                    @if !item.detail.is_empty() { div.kind { (item.detail) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn images(plan: &WholePlan) -> Markup {
    let images = plan.images();
    html! {
        @if images.is_empty() { p { "No images: no chart is installed." } }
        @else {
            div.sheet {
                table.steps {
                    thead { tr { th scope="col" { "Image" } th scope="col" { "Used by" } } }
                    tbody {
                        @for (image, used_by) in images {
                            tr {
                                th scope="row" { code { (breakable(image)) } }
                                td { @for (index, user) in used_by.iter().enumerate() { @if index > 0 { ", " } (user) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn roles(stack: &Stack) -> Markup {
    html! {
        div.roles {
            @for role in &stack.permissions {
                article.card {
                    h3 { (breakable(role.role.as_str())) }
                    p { "Taken by " @for (index, who) in role.trusted.iter().enumerate() { @if index > 0 { ", " } code { (who) } } }
                    ul {
                        @for policy in &role.managed {
                            li.statement { "Managed policy " code { (policy.rsplit_once(":policy/").map_or(policy.as_str(), |(_, name)| name)) } }
                        }
                        @for statement in &role.statements {
                            li.statement {
                                (statement.effect) " "
                                @for (index, action) in statement.actions.iter().enumerate() { @if index > 0 { ", " } code { (action) } }
                                div.kind {
                                    "on "
                                    @for (index, resource) in statement.resources.iter().enumerate() { @if index > 0 { ", " } code { (resource) } }
                                    @if statement.conditional { ", under conditions" }
                                }
                            }
                        }
                    }
                    @if role.managed.is_empty() && role.statements.is_empty() { p { "No permissions of its own." } }
                }
            }
        }
    }
}

fn line(item: &Item<'_>) -> Markup {
    html! {
        li {
            span.number { (item.number) }
            div {
                div.name { (breakable(item.name)) }
                div.kind { (breakable(&short_kind(item.kind))) " · " @if item.phase == STACK { (item.group) } @else { (item.phase) } }
            }
            (change(item.change))
        }
    }
}

fn steps(plan: &WholePlan) -> Markup {
    html! {
        div.sheet {
            table.steps {
                thead { tr { th scope="col" { "Step" } th scope="col" { "Outcome" } th scope="col" { "What" } } }
                tbody {
                    @for step in &plan.preview.report.steps {
                        tr {
                            th scope="row" { (step.step.name()) }
                            td { (change(step.outcome.name())) }
                            td { (step.outcome.summary()) }
                        }
                    }
                }
            }
        }
    }
}

fn parameters(stack: &Stack) -> Markup {
    let (other, default): (Vec<_>, Vec<_>) = stack.parameters.iter().partition(|(_, _, default)| !default);
    let table = |rows: &[&(String, String, bool)]| {
        html! {
            table {
                thead { tr { th scope="col" { "Parameter" } th scope="col" { "Value" } } }
                tbody {
                    @for (name, value, _) in rows {
                        tr { th scope="row" { (breakable(name)) } td { @if value.is_empty() { "empty" } @else { code { (value) } } } }
                    }
                }
            }
        }
    };
    html! {
        @if !other.is_empty() { div.sheet { (table(&other)) } }
        @if !default.is_empty() {
            details { summary { (count(default.len(), "parameter")) " at the default" } div.sheet { (table(&default)) } }
        }
    }
}

/// A name that may be broken between its words: `PublicSubnet`, `aktus-research`, `a/b:c`.
fn breakable(name: &str) -> Markup {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let begins = before.is_lowercase() && letter.is_uppercase() || matches!(before, '-' | '/' | ':' | '@' | '_');
        match words.last_mut() {
            Some(word) if !begins => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        before = letter;
    }
    html! { @for (index, word) in words.iter().enumerate() { @if index > 0 { wbr; } (word) } }
}

/// A word for what happens, with a colour that says no more than the word.
fn change(word: &str) -> Markup {
    html! { span class=(format!("change {word}")) { (word) } }
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
