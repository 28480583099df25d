//! YAML with short intrinsics, in the house layout: two spaces, block style, small things on one line.

use std::fmt::Write as _;

use super::Node;
use super::json::long;

/// Things up to this long may stand on one line.
const LINE: usize = 120;

pub(super) fn write(node: &Node<'_>) -> String {
    let mut out = String::new();
    block(node, 0, false, &mut out);
    // A section begins on a line of its own, after an empty one.
    out.trim_start_matches('\n').to_owned()
}

/// Writes a map or a list over many lines; `inline` when the first is to stand behind a dash.
fn block(node: &Node<'_>, indent: usize, inline: bool, out: &mut String) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (index, (key, value)) in entries.iter().enumerate() {
                start(index, inline, indent, out);
                plain_or_quoted(key, out);
                out.push(':');
                entry(value, indent, out);
            }
        }
        Node::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                start(index, inline, indent, out);
                item_of_list(item, indent, out);
            }
        }
        scalar => flow(scalar, out),
    }
    if indent == 0 {
        out.push('\n');
    }
}

/// Begins an entry of a map or a list.
fn start(index: usize, inline: bool, indent: usize, out: &mut String) {
    if inline && index == 0 { out.push(' ') } else { line(indent, out) }
}

/// Writes an item of a list at `indent`.
fn item_of_list(item: &Node<'_>, indent: usize, out: &mut String) {
    out.push('-');
    let many = match item {
        Node::Map(entries) => !entries.is_empty(),
        Node::List(items) => !items.is_empty(),
        _ => false,
    };
    if many && !fits(item) {
        block(item, indent + 2, true, out);
    } else {
        entry(item, indent, out);
    }
}

/// Writes what follows `key:` or `-` at `indent`.
fn entry(node: &Node<'_>, indent: usize, out: &mut String) {
    match node {
        Node::Text(text) if text.contains('\n') => literal(text, indent + 2, out),
        Node::Map(entries) if !entries.is_empty() && !fits(node) => block(node, indent + 2, false, out),
        Node::List(items) if !items.is_empty() && !fits(node) => block(node, indent + 2, false, out),
        Node::Call(name, argument) if !fits(node) => match &**argument {
            Node::List(items) => {
                write_name(name, out);
                for item in items {
                    line(indent + 2, out);
                    item_of_list(item, indent + 2, out);
                }
            }
            Node::Text(text) if text.contains('\n') => {
                write_name(name, out);
                literal(text, indent + 2, out);
            }
            other => {
                write_name(name, out);
                out.push(' ');
                flow(other, out);
            }
        },
        small => {
            out.push(' ');
            flow(small, out);
        }
    }
}

fn write_name(name: &str, out: &mut String) {
    out.push_str(" !");
    out.push_str(name);
}

fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn literal(text: &str, indent: usize, out: &mut String) {
    // A final line break is kept; more than one never occurs in our templates.
    out.push_str(if text.ends_with('\n') { " |" } else { " |-" });
    for part in text.trim_end_matches('\n').lines() {
        if part.is_empty() {
            out.push('\n');
            continue;
        }
        line(indent, out);
        out.push_str(part);
    }
}

/// Whether a node may stand on one line: short, and not deeply nested.
fn fits(node: &Node<'_>) -> bool {
    let shallow = match node {
        Node::Map(entries) => entries.len() <= 4 && entries.iter().all(|(_, value)| is_small(value)),
        Node::List(items) => items.iter().all(is_small),
        _ => true,
    };
    if !shallow || has_break(node) {
        return false;
    }
    let mut text = String::new();
    flow(node, &mut text);
    text.len() <= LINE
}

fn is_small(node: &Node<'_>) -> bool {
    match node {
        // One entry that is no collection, such as `{Type: cluster}`.
        Node::Map(entries) => entries.len() <= 1 && entries.iter().all(|(_, value)| is_scalar(value)),
        Node::List(items) => items.iter().all(is_scalar),
        _ => true,
    }
}

fn is_scalar(node: &Node<'_>) -> bool {
    !matches!(node, Node::Map(_) | Node::List(_))
}

fn has_break(node: &Node<'_>) -> bool {
    match node {
        Node::Text(text) => text.contains('\n'),
        Node::Owned(text) => text.contains('\n'),
        Node::List(items) => items.iter().any(has_break),
        Node::Map(entries) => entries.iter().any(|(_, value)| has_break(value)),
        Node::Call(_, argument) => has_break(argument),
        Node::Bool(_) | Node::Integer(_) => false,
    }
}

/// Writes a node on one line.
fn flow(node: &Node<'_>, out: &mut String) {
    match node {
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Integer(value) => {
            let _infallible = write!(out, "{value}");
        }
        Node::Text(text) => plain_or_quoted(text, out),
        Node::Owned(text) => plain_or_quoted(text, out),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                flow(item, out);
            }
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                plain_or_quoted(key, out);
                out.push_str(": ");
                flow(value, out);
            }
            out.push('}');
        }
        Node::Call(name, argument) => match &**argument {
            // A tag directly before another tag is no YAML.
            Node::Call(..) => {
                out.push('{');
                plain_or_quoted(&long(name), out);
                out.push_str(": ");
                flow(argument, out);
                out.push('}');
            }
            argument => {
                out.push('!');
                out.push_str(name);
                out.push(' ');
                flow(argument, out);
            }
        },
    }
}

/// Writes text without quotes where every reader takes it for text, in block and in flow style.
fn plain_or_quoted(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else if text.chars().any(char::is_control) {
        let _infallible = write!(out, "{}", serde_json::Value::from(text));
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let starts_well = first.is_some_and(|letter| letter.is_ascii_alphabetic() || matches!(letter, '/' | '$' | '_'));
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    starts_well
        && !words.iter().any(|word| word.eq_ignore_ascii_case(text))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(|letter| !letter.is_control() && !matches!(letter, ',' | '[' | ']' | '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(node: &Node<'_>, expected: &str) {
        assert_eq!(write(node), expected);
    }

    #[test]
    fn text_that_others_would_misread_is_quoted() {
        let all =
            ["true", "No", "1.35", "2010-09-09", "a: b", "a, b", "'tis", "", "plain text", "AWS::Region", "*", "x:"];
        let items = all.iter().map(|text| Node::Text(text)).collect();
        let mut out = String::new();
        flow(&Node::List(items), &mut out);
        assert_eq!(
            out,
            "['true', 'No', '1.35', '2010-09-09', 'a: b', 'a, b', '''tis', '', plain text, AWS::Region, '*', 'x:']"
        );
    }

    #[test]
    fn layout() {
        let nested = Node::Call("GetAZs", Box::new(Node::Call("Ref", Box::new(Node::Text("AWS::Region")))));
        let inner = Node::Map(vec![("A", Node::Integer(1)), ("B", Node::List(vec![nested]))]);
        let policy = Node::Call("Sub", Box::new(Node::Text("two\nlines\n")));
        check(
            &Node::Map(vec![
                ("Deep", Node::Map(vec![("Inner", inner)])),
                ("Policy", policy),
                ("Empty", Node::Map(Vec::new())),
            ]),
            "Deep:\n  Inner: {A: 1, B: [{Fn::GetAZs: !Ref AWS::Region}]}\nPolicy: !Sub |\n  two\n  lines\nEmpty: {}\n",
        );
    }

    #[test]
    fn long_calls_take_a_line_for_each_argument() {
        let long = "x".repeat(120);
        let call = Node::Call("If", Box::new(Node::List(vec![Node::Text("C"), Node::Text(&long), Node::Text("b")])));
        check(&Node::Map(vec![("K", call)]), &format!("K: !If\n  - C\n  - {long}\n  - b\n"));
    }
}
