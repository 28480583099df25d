//! Values with intrinsic functions, and the small language inside `Fn::Sub`.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// A value of a property or an output.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Expr>),
    /// A map; the order is kept.
    Map(IndexMap<String, Expr>),
    /// `Ref` of a parameter, a resource or a pseudo parameter.
    Ref(String),
    /// `Fn::GetAtt`.
    GetAtt(String, String),
    /// `Fn::Sub` with variables of its own, which may be none.
    Sub(String, IndexMap<String, Expr>),
    /// `Fn::Join`.
    Join(String, Box<Expr>),
    /// `Fn::Select`: index and list.
    Select(Box<Expr>, Box<Expr>),
    /// `Fn::Split`: delimiter and text.
    Split(String, Box<Expr>),
    /// `Fn::If`: condition, then, else.
    If(String, Box<Expr>, Box<Expr>),
    /// `Fn::Cidr`: block, count, host bits.
    Cidr(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `Fn::GetAZs` of a region, empty for the stack's own.
    GetAzs(Box<Expr>),
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
    Named(String),
}

impl Condition {
    /// That a parameter has this value.
    pub fn equals(parameter: &str, value: &str) -> Self {
        Self::Equals(Expr::reference(parameter), value.into())
    }

    /// The opposite.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// That a parameter has a value at all.
    pub fn given(parameter: &str) -> Self {
        Self::equals(parameter, "").negate()
    }
}

impl Expr {
    /// `AWS::NoValue`: the property is left out.
    pub fn no_value() -> Self {
        Self::reference("AWS::NoValue")
    }

    /// `Ref`.
    pub fn reference(name: &str) -> Self {
        Self::Ref(name.to_owned())
    }

    /// `Fn::GetAtt`.
    pub fn attribute(resource: &str, attribute: &str) -> Self {
        Self::GetAtt(resource.to_owned(), attribute.to_owned())
    }

    /// `Fn::Sub` without variables of its own.
    pub fn sub(template: &str) -> Self {
        Self::Sub(template.to_owned(), IndexMap::new())
    }

    /// `Fn::If`.
    pub fn choose(condition: &str, then: impl Into<Self>, otherwise: impl Into<Self>) -> Self {
        Self::If(condition.to_owned(), Box::new(then.into()), Box::new(otherwise.into()))
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
    pub fn after(self, resources: &[&str]) -> Self {
        let parts = std::iter::once(self).chain(resources.iter().map(|name| Self::reference(name)));
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
            Self::Ref(name) | Self::GetAtt(name, _) => {
                names.insert(name.as_str());
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
    pub fn conditions(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.visit(&mut |expr| {
            if let Self::If(condition, _, _) = expr {
                names.insert(condition.as_str());
            }
        });
        names
    }

    /// Calls `each` with this and everything inside.
    pub fn visit<'a>(&'a self, each: &mut impl FnMut(&'a Self)) {
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            each(expr);
            match expr {
                Self::List(items) => open.extend(items),
                Self::Map(entries) | Self::Sub(_, entries) => open.extend(entries.values()),
                Self::Join(_, inner) | Self::Split(_, inner) | Self::GetAzs(inner) => {
                    open.push(inner);
                }
                Self::Select(first, second) | Self::If(_, first, second) => {
                    open.extend([&**first, &**second]);
                }
                Self::Cidr(block, count, bits) => open.extend([&**block, &**count, &**bits]),
                Self::Bool(_) | Self::Integer(_) | Self::Text(_) | Self::Ref(_) | Self::GetAtt(..) => {}
            }
        }
    }
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

    #[test]
    fn pieces_of_sub() {
        use Token::{Literal, Text, Variable};
        assert_eq!(tokens("a${B}c${!D}${E.F}"), [Text("a"), Variable("B"), Text("c"), Literal("D"), Variable("E.F")]);
        assert_eq!(tokens("open ${ and on"), [Text("open ${ and on")]);
        assert_eq!(tokens(""), []);
    }

    #[test]
    fn references_of_sub_leave_out_its_own_variables() {
        let own = IndexMap::from([("X".to_owned(), Expr::attribute("Cluster", "Arn"))]);
        let expr = Expr::Sub("${X} ${Role.Arn} ${AWS::Region} ${!No}".to_owned(), own);
        assert_eq!(expr.references().into_iter().collect::<Vec<_>>(), ["AWS::Region", "Cluster", "Role"]);
    }
}
