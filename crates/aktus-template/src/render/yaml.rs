//! YAML with short intrinsics, in the house layout: two spaces, block style, small things on one line.

use std::fmt::Write as _;

use super::{Node, decimal};

/// Things up to this long may stand on one line.
const LINE: usize = 120;

pub(super) fn write(node: &Node<'_>) -> String {
    let mut out = String::new();
    block(node, 0, false, &mut out);
    out.push('\n');
    // A section begins on a line of its own, after an empty one.
    out.trim_start_matches('\n').to_owned()
}

/// Writes a map or a list over many lines; `inline` when the first is to stand behind a dash.
fn block(node: &Node<'_>, indent: usize, inline: bool, out: &mut String) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (index, (key, value)) in entries.iter().enumerate() {
                start(index, inline, indent, out);
                plain_or_quoted(key, false, out);
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
        Node::Long(name, argument) => {
            start(0, inline, indent, out);
            plain_or_quoted(name, false, out);
            out.push(':');
            entry(argument, indent, out);
        }
        scalar => flow(scalar, out),
    }
}

/// Begins an entry of a map or a list.
fn start(index: usize, inline: bool, indent: usize, out: &mut String) {
    if inline && index == 0 { out.push(' ') } else { line(indent, out) }
}

/// Writes an item of a list at `indent`.
fn item_of_list(item: &Node<'_>, indent: usize, out: &mut String) {
    out.push('-');
    if is_many(item) && !fits(item) {
        block(item, indent + 2, true, out);
    } else {
        entry(item, indent, out);
    }
}

/// Whether a node is a list or a map with something in it.
fn is_many(node: &Node<'_>) -> bool {
    match node {
        Node::Map(entries) => !entries.is_empty(),
        Node::List(items) => !items.is_empty(),
        Node::Long(..) => true,
        _ => false,
    }
}

/// Writes what follows `key:` or `-` at `indent`.
fn entry(node: &Node<'_>, indent: usize, out: &mut String) {
    match node {
        Node::Text(text) if is_literal(text) => literal(text, indent + 2, out),
        Node::Owned(text) if is_literal(text) => literal(text, indent + 2, out),
        Node::Call(name, argument) if !fits(node) => {
            out.push_str(" !");
            out.push_str(name);
            match &**argument {
                // The arguments of a function stand one to a line, however short.
                many if is_many(many) => block(many, indent + 2, false, out),
                text => entry(text, indent, out),
            }
        }
        Node::List(items) if !fits(node) && is_filled(items) => fill(items, indent + 2, out),
        // The dashes of a list stand below the first letter of its key.
        Node::List(items) if !items.is_empty() && !fits(node) => block(node, indent, false, out),
        many if is_many(many) && !fits(many) => block(many, indent + 2, false, out),
        Node::Text(text) => {
            out.push(' ');
            plain_or_quoted(text, false, out);
        }
        Node::Call(name, argument) if matches!(**argument, Node::Text(_) | Node::Owned(_)) => {
            out.push_str(" !");
            out.push_str(name);
            entry(argument, indent, out);
        }
        Node::Owned(text) => {
            out.push(' ');
            plain_or_quoted(text, false, out);
        }
        small => {
            out.push(' ');
            flow(small, out);
        }
    }
}

/// Whether a list is one of many short texts, such as the values that a parameter may have.
fn is_filled(items: &[Node<'_>]) -> bool {
    items.len() > 5
        && items.iter().all(|item| matches!(item, Node::Text(text) if text.len() < 30 && is_plain(text, true)))
}

/// Writes such a list in lines as long as they may be, the first one behind its key.
fn fill(items: &[Node<'_>], indent: usize, out: &mut String) {
    let start = |out: &str| out.len() - out.rfind('\n').map_or(0, |end| end + 1);
    out.push_str(" [");
    for (index, item) in items.iter().enumerate() {
        let mut text = String::new();
        flow(item, &mut text);
        if index > 0 {
            out.push(',');
            if start(out) + text.len() + 2 > LINE {
                line(indent, out);
            } else {
                out.push(' ');
            }
        }
        out.push_str(&text);
    }
    out.push(']');
}

fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Whether text is written as a block: it has lines, and none that a reader would take apart differently.
fn is_literal(text: &str) -> bool {
    let last = text.strip_suffix('\n').unwrap_or(text);
    last.contains('\n')
        && !last.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && !last.split('\n').any(|line| !line.is_empty() && line.trim_matches(' ').is_empty())
        && text.chars().all(|letter| matches!(letter, '\n' | '\t') || !is_special(letter))
        && !text.split('\n').any(|line| line.starts_with('\t'))
}

fn literal(text: &str, indent: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { " |" } else { " |-" });
    for part in text.strip_suffix('\n').unwrap_or(text).split('\n') {
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
        Node::List(items) => match items.as_slice() {
            // A tag, a statement: one short map.
            [Node::Map(entries)] => entries.len() <= 4 && entries.iter().all(|(_, value)| is_scalar(value)),
            items => items.iter().all(is_small),
        },
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
        Node::Text(text) => is_literal(text),
        Node::Owned(text) => is_literal(text),
        Node::List(items) => items.iter().any(has_break),
        Node::Map(entries) => entries.iter().any(|(_, value)| has_break(value)),
        Node::Call(_, argument) | Node::Long(_, argument) => has_break(argument),
        Node::Null | Node::Bool(_) | Node::Integer(_) | Node::Float(_) => false,
    }
}

/// Writes a node on one line.
fn flow(node: &Node<'_>, out: &mut String) {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Float(value) => out.push_str(&decimal(*value)),
        Node::Integer(value) => {
            let _infallible = write!(out, "{value}");
        }
        Node::Text(text) => plain_or_quoted(text, true, out),
        Node::Owned(text) => plain_or_quoted(text, true, out),
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
                plain_or_quoted(key, true, out);
                out.push_str(": ");
                flow(value, out);
            }
            out.push('}');
        }
        Node::Call(name, argument) => {
            out.push('!');
            out.push_str(name);
            out.push(' ');
            flow(argument, out);
        }
        Node::Long(name, argument) => {
            out.push('{');
            plain_or_quoted(name, true, out);
            out.push_str(": ");
            flow(argument, out);
            out.push('}');
        }
    }
}

/// Writes text without quotes where every reader takes it for text.
fn plain_or_quoted(text: &str, in_flow: bool, out: &mut String) {
    if is_plain(text, in_flow) {
        out.push_str(text);
    } else if text.chars().any(is_special) {
        double_quoted(text, out);
    } else {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
    }
}

/// Whether a letter has to be written as an escape, if it is not laid out as a block.
fn is_special(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            special if is_special(special) => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(special));
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

/// Whether text needs no quotes; on a line with `[` or `{` more letters have a meaning.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let first = text.chars().next();
    let starts_well = first.is_some_and(|letter| {
        // With a slash no reader takes digits for a number.
        letter.is_ascii_alphabetic()
            || matches!(letter, '/' | '$' | '_')
            || letter.is_ascii_digit() && text.contains('/')
    });
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    starts_well
        && !words.iter().any(|word| word.eq_ignore_ascii_case(text))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(is_special)
        && !(in_flow && text.contains([',', '[', ']', '{', '}', '?']))
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
        let nested =
            Node::Long("Fn::GetAZs".to_owned(), Box::new(Node::Call("Ref", Box::new(Node::Text("AWS::Region")))));
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
    fn long_lists_of_words_are_filled_into_lines() {
        let words: Vec<String> = (10..40).map(|number| format!("value{number}")).collect();
        let list = || Node::List(words.iter().map(|word| Node::Text(word)).collect());
        let mut out = String::new();
        block(&Node::Map(vec![("Key", list())]), 4, false, &mut out);
        let lines: Vec<&str> = out.trim_start_matches('\n').lines().collect();
        assert_eq!(lines.len(), 3, "{out}");
        assert!(
            lines[0].starts_with("    Key: [value10, ")
                && lines[1].starts_with("      value")
                && out.ends_with("value39]")
        );
        assert!(lines.iter().all(|line| line.len() <= LINE), "{out}");
    }

    #[test]
    fn long_calls_take_a_line_for_each_argument() {
        let long = "x".repeat(120);
        let call = Node::Call("If", Box::new(Node::List(vec![Node::Text("C"), Node::Text(&long), Node::Text("b")])));
        check(&Node::Map(vec![("K", call)]), &format!("K: !If\n  - C\n  - {long}\n  - b\n"));
    }
}
