//! Values with intrinsic functions, and the small language inside `Fn::Sub`.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::names::{ConditionName, LogicalId};
use super::place::Path;
use super::reference::{PseudoParameter, Reference};

/// A value of a property or an output.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Expr {
    /// Nothing, which `CloudFormation` refuses in most places.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Expr>),
    /// A map; the order is kept.
    Map(IndexMap<String, Expr>),
    /// `Ref` of a parameter, a resource or a pseudo parameter.
    Ref(Reference),
    /// `Fn::GetAtt`: resource and attribute.
    GetAtt(LogicalId, String),
    /// `Fn::Sub` with variables of its own, which may be none.
    Sub(String, IndexMap<String, Expr>),
    /// `Fn::Join`.
    Join(String, Box<Expr>),
    /// `Fn::Select`: index and list.
    Select(Box<Expr>, Box<Expr>),
    /// `Fn::Split`: delimiter and text.
    Split(String, Box<Expr>),
    /// `Fn::If`: condition, then, else.
    If(ConditionName, Box<Expr>, Box<Expr>),
    /// `Fn::Cidr`: block, count, host bits.
    Cidr(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    /// `Fn::GetAZs` of a region, empty for the stack's own.
    GetAzs(Box<Expr>),
    /// `Fn::FindInMap`: the name of the map, its two keys, and perhaps `{DefaultValue: …}`.
    FindInMap(Vec<Expr>),
    /// `Fn::Base64`.
    Base64(Box<Expr>),
    /// `Fn::ImportValue`: the name under which another stack exports it.
    ImportValue(Box<Expr>),
    /// `Fn::Length` of a list.
    Length(Box<Expr>),
    /// `Fn::ToJsonString`.
    ToJsonString(Box<Expr>),
    /// Any other function, a macro (`Fn::Transform`), or one with arguments that are not the usual ones, such as `Ref` of
    /// what cannot be a name ([`Expr::named_as_text`]): the name without `Fn::`, and the argument as it is written.
    Call(String, Box<Expr>),
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Two values are equal.
    Equals(Expr, Expr),
    /// The other is false.
    Not(Box<Condition>),
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// The condition of that name.
    Named(ConditionName),
    /// `Fn::Contains`, in rules: a list and a value.
    Contains(Expr, Expr),
    /// `Fn::EachMemberIn`, in rules: every item of the first list is in the second.
    EachMemberIn(Expr, Expr),
    /// `Fn::EachMemberEquals`, in rules: every item of a list is that value.
    EachMemberEquals(Expr, Expr),
    /// What a macro has yet to turn into a condition.
    Opaque(Expr),
}

impl Condition {
    /// That a parameter has this value.
    pub fn equals(parameter: LogicalId, value: &str) -> Self {
        Self::Equals(Expr::reference(parameter), value.into())
    }

    /// Calls `each` with this and the conditions inside, outermost first.
    pub fn visit<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        let mut open = vec![self];
        while let Some(condition) = open.pop() {
            each(condition);
            match condition {
                Self::Not(inner) => open.push(inner),
                Self::And(all) | Self::Or(all) => open.extend(all),
                _ => {}
            }
        }
    }

    /// The values that this looks at, those of conditions inside included.
    pub fn values(&self) -> Vec<&Expr> {
        let mut values = Vec::new();
        self.visit(&mut |condition| match condition {
            Self::Equals(left, right)
            | Self::Contains(left, right)
            | Self::EachMemberIn(left, right)
            | Self::EachMemberEquals(left, right) => values.extend([left, right]),
            Self::Opaque(value) => values.push(value),
            Self::Not(_) | Self::And(_) | Self::Or(_) | Self::Named(_) => {}
        });
        values
    }

    /// The names of other conditions in this.
    pub fn names(&self) -> BTreeSet<&ConditionName> {
        let mut names = BTreeSet::new();
        self.visit(&mut |condition| {
            if let Self::Named(name) = condition {
                names.insert(name);
            }
        });
        for value in self.values() {
            names.extend(value.conditions());
        }
        names
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// That a parameter has a value at all.
    pub fn given(parameter: LogicalId) -> Self {
        Self::equals(parameter, "").negate()
    }
}

impl Expr {
    /// `AWS::NoValue`: the property is left out.
    pub fn no_value() -> Self {
        Self::Ref(Reference::Pseudo(PseudoParameter::NoValue))
    }

    /// `Ref` of a parameter, a resource or a pseudo parameter.
    pub fn reference(to: impl Into<Reference>) -> Self {
        Self::Ref(to.into())
    }

    /// `Fn::GetAtt`.
    pub fn attribute(resource: LogicalId, attribute: &str) -> Self {
        Self::GetAtt(resource, attribute.to_owned())
    }

    /// `Fn::Sub` without variables of its own.
    pub fn sub(template: &str) -> Self {
        Self::Sub(template.to_owned(), IndexMap::new())
    }

    /// `Fn::If`.
    pub fn choose(condition: ConditionName, then: impl Into<Self>, otherwise: impl Into<Self>) -> Self {
        Self::If(condition, Box::new(then.into()), Box::new(otherwise.into()))
    }

    /// `Fn::Select` with a fixed index.
    pub fn select(index: i64, list: Self) -> Self {
        Self::Select(Box::new(Self::Integer(index)), Box::new(list))
    }

    /// The value, available only after these resources exist.
    ///
    /// `DependsOn` cannot name a resource with a condition from one without it; a reference inside `Fn::If` can.
    /// The value is joined with the references and cut out again, so that nothing can be decided before they are known.
    #[must_use]
    pub fn after(self, resources: impl IntoIterator<Item = LogicalId>) -> Self {
        let parts = std::iter::once(self).chain(resources.into_iter().map(Self::reference));
        let joined = Self::Join("|".to_owned(), Box::new(Self::List(parts.collect())));
        Self::select(0, Self::Split("|".to_owned(), Box::new(joined)))
    }

    /// A list.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// A map.
    pub fn map<T: Into<Self>>(entries: impl IntoIterator<Item = (&'static str, T)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
    }

    /// The names this refers to by `Ref`, `Fn::GetAtt` and `Fn::Sub`: parameters, resources, pseudo parameters.
    pub fn references(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |expr| match expr {
            Self::Ref(to) => {
                names.insert(to.as_str());
            }
            Self::GetAtt(resource, _) => {
                names.insert(resource.as_str());
            }
            Self::Sub(template, variables) => {
                for token in tokens(template) {
                    if let Token::Variable(name) = token
                        && !variables.contains_key(name)
                    {
                        names.insert(name.split('.').next().unwrap_or(name));
                    }
                }
            }
            _ => {}
        });
        names
    }

    /// The conditions this depends on by `Fn::If`.
    pub fn conditions(&self) -> BTreeSet<&ConditionName> {
        let mut names = BTreeSet::new();
        self.visit(&mut |expr| {
            if let Self::If(condition, _, _) = expr {
                names.insert(condition);
            }
        });
        names
    }

    /// What an [`Expr::Call`] of `Ref`, `GetAtt` or `If` names: the function, and the name as it is written.
    ///
    /// It is a name that nothing can have, or that of a resource whose attribute is computed.
    pub fn named_as_text(&self) -> Option<(&str, &str)> {
        let Self::Call(function, argument) = self else { return None };
        let name = match (function.as_str(), &**argument) {
            ("Ref", Self::Text(name)) => name,
            ("GetAtt" | "If", Self::List(items)) => match items.first() {
                Some(Self::Text(name)) => name,
                _ => return None,
            },
            _ => return None,
        };
        Some((function, name))
    }

    /// Calls `each` with this and everything inside, in no particular order.
    pub fn visit<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            each(expr);
            match expr {
                Self::List(items) | Self::FindInMap(items) => open.extend(items),
                Self::Map(entries) | Self::Sub(_, entries) => open.extend(entries.values()),
                Self::Join(_, inner)
                | Self::Split(_, inner)
                | Self::GetAzs(inner)
                | Self::Base64(inner)
                | Self::ImportValue(inner)
                | Self::Length(inner)
                | Self::ToJsonString(inner)
                | Self::Call(_, inner) => open.push(inner),
                Self::Select(first, second) | Self::If(_, first, second) => {
                    open.extend([&**first, &**second]);
                }
                Self::Cidr(block, count, bits) => {
                    open.extend([&**block, &**count]);
                    open.extend(bits.as_deref());
                }
                Self::Null
                | Self::Bool(_)
                | Self::Integer(_)
                | Self::Float(_)
                | Self::Text(_)
                | Self::Ref(_)
                | Self::GetAtt(..) => {}
            }
        }
    }

    /// Calls `each` with this and everything inside in the order of the text, and with the way there.
    pub(crate) fn walk<'a>(&'a self, path: &Path<'_>, each: &mut dyn FnMut(&'a Self, &Path<'_>)) {
        each(self, path);
        self.each_child(path, &mut |child, path| child.walk(path, each));
    }

    /// Calls `each` with what is directly inside, and with the way there.
    pub(crate) fn each_child<'a>(&'a self, path: &Path<'_>, each: &mut dyn FnMut(&'a Self, &Path<'_>)) {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    each(item, &path.index(index));
                }
            }
            Self::FindInMap(items) => {
                let path = path.key("Fn::FindInMap");
                for (index, item) in items.iter().enumerate() {
                    each(item, &path.index(index));
                }
            }
            Self::Map(entries) => {
                for (key, entry) in entries {
                    each(entry, &path.key(key));
                }
            }
            Self::Sub(_, entries) => {
                for (key, entry) in entries {
                    each(entry, &path.key("Fn::Sub").index(1).key(key));
                }
            }
            Self::Join(_, inner) => each(inner, &path.key("Fn::Join").index(1)),
            Self::Split(_, inner) => each(inner, &path.key("Fn::Split").index(1)),
            Self::GetAzs(inner) => each(inner, &path.key("Fn::GetAZs")),
            Self::Base64(inner) => each(inner, &path.key("Fn::Base64")),
            Self::ImportValue(inner) => each(inner, &path.key("Fn::ImportValue")),
            Self::Length(inner) => each(inner, &path.key("Fn::Length")),
            Self::ToJsonString(inner) => each(inner, &path.key("Fn::ToJsonString")),
            Self::Call(name, inner) => each(inner, &path.key(&long_name(name))),
            Self::Select(first, second) => {
                let path = path.key("Fn::Select");
                each(first, &path.index(0));
                each(second, &path.index(1));
            }
            Self::If(_, then, otherwise) => {
                let path = path.key("Fn::If");
                each(then, &path.index(1));
                each(otherwise, &path.index(2));
            }
            Self::Cidr(block, count, bits) => {
                let path = path.key("Fn::Cidr");
                each(block, &path.index(0));
                each(count, &path.index(1));
                if let Some(bits) = bits {
                    each(bits, &path.index(2));
                }
            }
            Self::Null
            | Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Ref(_)
            | Self::GetAtt(..) => {}
        }
    }
}

/// The long name of an intrinsic function: `Fn::If` for `If`, `Ref` for `Ref`.
pub(crate) fn long_name(name: &str) -> String {
    if matches!(name, "Ref" | "Condition") { name.to_owned() } else { format!("Fn::{name}") }
}

impl From<&str> for Expr {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Expr {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Expr {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<T: Into<Expr>> From<Vec<T>> for Expr {
    fn from(items: Vec<T>) -> Self {
        Self::list(items)
    }
}

/// A piece of the text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// `${Name}` or `${Name.Attribute}`.
    Variable(&'a str),
    /// `${!Name}`, which prints `${Name}`.
    Literal(&'a str),
}

/// The pieces of the text of `Fn::Sub`. A `${` that is never closed is text.
pub fn tokens(template: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("${") {
        let (before, inside) = rest.split_at(start);
        let Some(end) = inside.find('}') else { break };
        if !before.is_empty() {
            tokens.push(Token::Text(before));
        }
        let name = inside.get(2..end).unwrap_or_default();
        tokens.push(name.strip_prefix('!').map_or(Token::Variable(name.trim()), Token::Literal));
        rest = inside.get(end + 1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(rest));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logical_id;

    #[test]
    fn pieces_of_sub() {
        use Token::{Literal, Text, Variable};
        assert_eq!(tokens("a${B}c${!D}${E.F}"), [Text("a"), Variable("B"), Text("c"), Literal("D"), Variable("E.F")]);
        assert_eq!(tokens("open ${ and on"), [Text("open ${ and on")]);
        assert_eq!(tokens(""), []);
    }

    #[test]
    fn references_of_sub_leave_out_its_own_variables() {
        let own = IndexMap::from([("X".to_owned(), Expr::attribute(logical_id!("Cluster"), "Arn"))]);
        let expr = Expr::Sub("${X} ${Role.Arn} ${AWS::Region} ${!No}".to_owned(), own);
        assert_eq!(expr.references().into_iter().collect::<Vec<_>>(), ["AWS::Region", "Cluster", "Role"]);
    }
}
