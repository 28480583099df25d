//! Where in a template something stands: keys and indexes from the top.

use std::fmt;

use aktus_diagnostics::Span;
use aktus_yaml::node::{Kind, Node, Style};

/// One step from a value to something inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the entry of a map, or the argument of a function such as `Fn::If`.
    Key(String),
    /// Into an item of a list, from 0.
    Index(usize),
}

/// Where in a template something stands, such as `Resources.Role.Properties.Tags.0.Value`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub Vec<Step>);

impl Place {
    /// The place that these keys lead to.
    pub fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
    }

    /// Where this stands in the text with that root; the nearest thing around it that is written there.
    /// What goes on over several lines stands where its key does.
    ///
    /// Functions may be written in short or in long form.
    pub fn span(&self, root: Node<'_>) -> Span {
        let (mut key, mut node) = (None, root);
        for step in &self.0 {
            let next = match step {
                Step::Index(index) => node.items().nth(*index).map(|item| (None, item)),
                Step::Key(name) => match node.entry(name) {
                    Some((key, value)) => Some((Some(key), value)),
                    None if is_short(&node, name) => Some((key, node)),
                    None => None,
                },
            };
            match next {
                Some(next) => (key, node) = next,
                None => break,
            }
        }
        match key {
            Some(key) if node.style() == Style::Block => key.span(),
            _ => node.span(),
        }
    }

    /// The logical id, if this is in a resource.
    pub fn resource(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Step::Key(section), Step::Key(id), ..] if section == "Resources" => Some(id),
            _ => None,
        }
    }
}

/// Whether a node is the short form of a function, `!If` for `Fn::If`.
fn is_short(node: &Node<'_>, function: &str) -> bool {
    let name = function.strip_prefix("Fn::").unwrap_or(function);
    (function == "Ref" || function == "Condition" || name.len() < function.len())
        && (node.tag().is_some_and(|tag| tag.strip_prefix('!') == Some(name)) || node.kind() == Kind::Scalar)
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(".")?;
            }
            match step {
                Step::Key(key) => formatter.write_str(key)?,
                Step::Index(index) => write!(formatter, "{index}")?,
            }
        }
        Ok(())
    }
}

/// A place while it is being walked to: a list from the innermost step outwards, on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    outer: Option<&'p Path<'p>>,
    step: Walked<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Walked<'p> {
    Key(&'p str),
    Index(usize),
}

impl<'p> Path<'p> {
    /// The path to a section or to another key at the top.
    pub(crate) const fn top(key: &'p str) -> Self {
        Self { outer: None, step: Walked::Key(key) }
    }

    /// The path to what stands under a key here.
    pub(crate) const fn key(&'p self, key: &'p str) -> Path<'p> {
        Path { outer: Some(self), step: Walked::Key(key) }
    }

    /// The path to an item here.
    pub(crate) const fn index(&'p self, index: usize) -> Path<'p> {
        Path { outer: Some(self), step: Walked::Index(index) }
    }

    /// The path as a value of its own.
    pub(crate) fn place(&self) -> Place {
        let mut steps = Vec::new();
        let mut next = Some(self);
        while let Some(path) = next {
            steps.push(match path.step {
                Walked::Key(key) => Step::Key(key.to_owned()),
                Walked::Index(index) => Step::Index(index),
            });
            next = path.outer;
        }
        steps.reverse();
        Place(steps)
    }
}
