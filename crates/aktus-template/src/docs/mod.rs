//! The parameter reference as Markdown.

use std::fmt::Write as _;

use crate::model::{LogicalId, Parameter, Template};

/// The reference of a template's parameters: an overview by group, then each parameter with its effect and rules.
///
/// The same template always gives the same text. Parameters that belong to no group come last.
///
/// ```
/// let reference = aktus_template::docs::parameters(&aktus_template::platform());
/// assert!(reference.contains("### VpcCIDR"));
/// ```
pub fn parameters(template: &Template) -> String {
    let groups = groups(template);
    let mut out = String::from("# Parameters of the template\n\n");
    out.push_str("Written by `aktus template docs`; change the template instead.\n");
    if !template.description.is_empty() {
        let _infallible = writeln!(out, "\n{}.", text(template.description.trim_end_matches('.')));
    }
    out.push_str("\n| parameter | what | default |\n| --- | --- | --- |\n");
    for (_, members) in &groups {
        for (name, label, parameter) in members {
            let anchor = name.to_lowercase();
            let _infallible =
                writeln!(out, "| [{0}](#{anchor}) | {1} | {2} |", cell(name), cell(label), cell(&default(parameter)));
        }
    }
    for (heading, members) in &groups {
        let _infallible = writeln!(out, "\n## {}", text(heading));
        for (name, label, parameter) in members {
            let _infallible = writeln!(out, "\n### {}\n", text(name));
            if !label.is_empty() {
                let _infallible = writeln!(out, "*{}*\n", text(label));
            }
            let _infallible = writeln!(out, "{}\n", text(&parameter.description));
            for rule in rules(parameter) {
                let _infallible = writeln!(out, "- {rule}");
            }
        }
    }
    out
}

/// A heading, and below it names, labels and parameters.
type Group<'t> = (&'t str, Vec<(&'t str, &'t str, &'t Parameter)>);

fn groups(template: &Template) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut left: Vec<&str> = template.parameters.keys().map(LogicalId::as_str).collect();
    for group in &template.interface {
        let mut members = Vec::new();
        for (name, label) in &group.parameters {
            if let Some(parameter) = template.parameters.get(name) {
                left.retain(|other| name != other);
                members.push((name.as_str(), label.as_str(), parameter));
            }
        }
        groups.push((&group.label, members));
    }
    let rest: Vec<_> = left.into_iter().filter_map(|name| Some((name, "", template.parameters.get(name)?))).collect();
    groups.push(("Others", rest));
    groups.retain(|(_, members)| !members.is_empty());
    groups
}

fn default(parameter: &Parameter) -> String {
    match parameter.default.as_deref() {
        None => "required".to_owned(),
        Some("") => "empty".to_owned(),
        Some(value) => code(value),
    }
}

fn rules(parameter: &Parameter) -> Vec<String> {
    let mut rules = vec![format!("Type: {}", code(parameter.kind.name()))];
    rules.push(format!("Default: {}", default(parameter)));
    if !parameter.allowed_values.is_empty() {
        let values: Vec<_> = parameter.allowed_values.iter().map(|value| code(value)).collect();
        rules.push(format!("One of: {}", values.join(", ")));
    }
    match (&parameter.min_value, &parameter.max_value) {
        (Some(least), Some(most)) => rules.push(format!("From {least} to {most}")),
        (Some(least), None) => rules.push(format!("At least {least}")),
        (None, Some(most)) => rules.push(format!("At most {most}")),
        (None, None) => {}
    }
    if let Some(most) = parameter.max_items {
        rules.push(format!("At most {most} items"));
    }
    match (&parameter.constraint, &parameter.allowed_pattern) {
        (Some(words), Some(pattern)) => rules.push(format!("Must be {} ({})", text(words), code(pattern))),
        (None, Some(pattern)) => rules.push(format!("Must match {}", code(pattern))),
        (Some(words), None) => rules.push(text(words)),
        (None, None) => {}
    }
    if parameter.no_echo {
        rules.push("Secret: CloudFormation masks it".to_owned());
    }
    rules
}

/// Text that Markdown shows as it stands, on one line.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' => out.extend(['\\', letter]),
            '&' => out.push_str("&amp;"),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// A span of code; one with backticks needs more of them around it.
fn code(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let longest = clean.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if clean.starts_with('`') || clean.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{clean}{space}{fence}")
}

/// Text or code inside a table, where a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ParameterType;

    #[track_caller]
    fn check(parameter: Parameter, expected: &str) {
        let mut template = Template::default();
        template.parameters.insert(crate::logical_id!("Name"), parameter);
        let written = parameters(&template);
        let (_, section) = written.split_once("### Name\n\n").expect("a section");
        assert_eq!(section, expected);
    }

    #[test]
    fn rules_are_told() {
        let parameter = |kind, words| Parameter::new(kind, words);
        check(parameter(ParameterType::String, "Needed"), "Needed\n\n- Type: `String`\n- Default: required\n");
        check(
            parameter(ParameterType::Number, "How many").default("2").between(1, 10),
            "How many\n\n- Type: `Number`\n- Default: `2`\n- From 1 to 10\n",
        );
        check(
            parameter(ParameterType::String, "A key").default("").no_echo(),
            "A key\n\n- Type: `String`\n- Default: empty\n- Secret: CloudFormation masks it\n",
        );
        check(
            parameter(ParameterType::CommaDelimitedList, "Some").default("a|b").at_most(5).pattern("^a`b$", "a or <b>"),
            "Some\n\n- Type: `CommaDelimitedList`\n- Default: `a|b`\n- At most 5 items\n\
             - Must be a or \\<b\\> (``^a`b$``)\n",
        );
    }

    #[test]
    fn hostile_words_stay_words() {
        assert_eq!(text("<b>|*x*\n# `y`"), "\\<b\\>\\|\\*x\\* \\# \\`y\\`");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(cell(&code("a|b")), "`a\\|b`");
    }
}
