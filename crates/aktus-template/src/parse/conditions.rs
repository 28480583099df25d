//! Conditions, of the section of that name and of rules.

use aktus_yaml::node::{Kind, Node};

use super::reader::{Reader, kind};
use crate::model::{Condition, Expr};

/// A condition; functions may be in short or in long form.
pub(super) fn condition(reader: &mut Reader<'_>, node: Node<'_>) -> Condition {
    let tag = node.tag();
    let (name, argument) = match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
        Some(name) => (name.to_owned(), node),
        None => match node.entries().next() {
            Some((key, value)) if node.kind() == Kind::Map && node.entries().count() == 1 => {
                (key.text().unwrap_or_default().to_owned(), value)
            }
            _ => {
                reader.problem(node, format!("a condition must be a function, and this is {}", kind(node)));
                return Condition::Opaque(Expr::Null);
            }
        },
    };
    match name.strip_prefix("Fn::").unwrap_or(&name) {
        "Condition" => {
            let name = if let Some(other) = argument.text() {
                reader.name(argument, other, "a condition")
            } else {
                reader.problem(argument, format!("`Condition` wants the name of one, and this is {}", kind(argument)));
                None
            };
            name.map_or(Condition::Opaque(Expr::Null), Condition::Named)
        }
        "Not" => match all(reader, argument, 1, 1).pop() {
            Some(inner) => inner.negate(),
            None => Condition::Opaque(Expr::Null),
        },
        "And" => Condition::And(all(reader, argument, 2, 10)),
        "Or" => Condition::Or(all(reader, argument, 2, 10)),
        "Equals" => two(reader, argument, "Fn::Equals", Condition::Equals),
        "Contains" => two(reader, argument, "Fn::Contains", Condition::Contains),
        "EachMemberIn" => two(reader, argument, "Fn::EachMemberIn", Condition::EachMemberIn),
        "EachMemberEquals" => two(reader, argument, "Fn::EachMemberEquals", Condition::EachMemberEquals),
        "Transform" => Condition::Opaque(reader.expr(node)),
        other => {
            let known = ["Equals", "Not", "And", "Or", "Condition"];
            let message = format!("`{other}` is no function of conditions");
            reader.tell(super::reader::unknown(node.span(), message, other, &known));
            Condition::Opaque(Expr::Null)
        }
    }
}

/// The conditions in a list of at least and at most so many.
fn all(reader: &mut Reader<'_>, node: Node<'_>, least: usize, most: usize) -> Vec<Condition> {
    if node.kind() != Kind::List {
        reader.problem(node, format!("conditions must be in a list, and this is {}", kind(node)));
        return Vec::new();
    }
    let count = node.items().count();
    if count < least || count > most {
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        reader.problem(node, format!("the list has {count} conditions, and {wanted} are possible"));
    }
    reader.inside(node, |reader| node.items().map(|item| condition(reader, item)).collect())
}

fn two(reader: &mut Reader<'_>, node: Node<'_>, name: &str, make: fn(Expr, Expr) -> Condition) -> Condition {
    let items: Vec<_> = node.items().collect();
    if let [left, right] = items[..] {
        return make(reader.expr(left), reader.expr(right));
    }
    reader.problem(node, format!("`{name}` wants a list of two values"));
    Condition::Opaque(Expr::Null)
}
