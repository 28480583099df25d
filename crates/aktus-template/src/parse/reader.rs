//! What every part of the parser needs: nodes of the kind that is wanted, or a diagnostic that says what is there.

use std::collections::BTreeSet;

use aktus_diagnostics::{Diagnostic, Span, nearest};
use aktus_yaml::node::{Kind, Node, Style};
use indexmap::IndexMap;

use super::{Limits, scalar};
use crate::model::{ConditionName, Expr, LogicalId, NameError, Reference};

/// The functions that have a tag of their own.
const TAGS: [&str; 28] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// Reads nodes and keeps what is wrong with them.
pub(super) struct Reader<'l> {
    pub(super) problems: Vec<Diagnostic>,
    limits: &'l Limits,
    /// Nodes left, those behind aliases counted each time.
    budget: usize,
    /// Levels open now.
    depth: usize,
}

/// A list with the place of each.
pub(super) type Entries<'d> = Vec<(String, Node<'d>, Node<'d>)>;

impl<'l> Reader<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { problems: Vec::new(), limits, budget: limits.nodes, depth: 0 }
    }

    /// Whether reading goes on; past the limits nothing more is looked at.
    pub(super) fn goes_on(&self) -> bool {
        self.budget > 0
    }

    pub(super) fn problem(&mut self, node: Node<'_>, message: impl Into<String>) {
        self.tell(Diagnostic::error(message).at(node.span()));
    }

    pub(super) fn tell(&mut self, diagnostic: Diagnostic) {
        if self.goes_on() {
            self.problems.push(diagnostic);
        }
    }

    /// Reads what is in a list of conditions, one level deeper.
    pub(super) fn inside<T: Default>(&mut self, node: Node<'_>, inside: impl FnOnce(&mut Self) -> T) -> T {
        if self.count(node) { self.enter(node, inside) } else { T::default() }
    }

    /// Runs `inside` one level deeper; `node` is what is entered.
    fn enter<T: Default>(&mut self, node: Node<'_>, inside: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= self.limits.depth {
            self.problem(node, format!("nested more than {} levels deep", self.limits.depth));
            self.budget = 0;
        }
        if !self.goes_on() {
            return T::default();
        }
        self.depth += 1;
        let value = inside(self);
        self.depth -= 1;
        value
    }

    /// Counts a node; false when there are too many, or it contains itself.
    fn count(&mut self, node: Node<'_>) -> bool {
        let (written, content) = (node.span(), node.content_span());
        if written != content && content.start <= written.start && written.end <= content.end {
            self.problem(node, "the anchor that this alias names contains the alias");
            self.budget = 0;
        }
        if self.budget == 1 {
            let limit = self.limits.nodes;
            self.problem(node, format!("the template has more than {limit} nodes, those behind aliases included"));
        }
        self.budget = self.budget.saturating_sub(1);
        self.goes_on()
    }

    /// The entries of a map in the order of the text; `what` names it in diagnostics.
    pub(super) fn map<'d>(&mut self, node: Node<'d>, what: &str) -> Entries<'d> {
        if node.kind() != Kind::Map || node.tag().is_some_and(|tag| !tag.starts_with("!!")) {
            if !self.unknown_function(node) {
                self.problem(node, format!("{what} must be a map, and is {}", kind(node)));
            }
            return Vec::new();
        }
        let mut entries = Vec::new();
        self.entries(node, what, &mut entries);
        entries
    }

    fn entries<'d>(&mut self, node: Node<'d>, what: &str, all: &mut Entries<'d>) {
        let mut own = BTreeSet::new();
        for (key, value) in node.entries() {
            if !self.count(key) {
                return;
            }
            let Some(name) = key.text() else {
                self.problem(key, format!("a key of {what} must be text, and is {}", kind(key)));
                continue;
            };
            if name == "<<" && key.style() == Style::Plain {
                self.enter(value, |reader| reader.merge(value, what, all));
            } else if !own.insert(name) {
                self.problem(key, format!("`{name}` is in {what} twice"));
            } else if let Some(merged) = all.iter_mut().find(|(known, ..)| known == name) {
                *merged = (name.to_owned(), key, value);
            } else {
                all.push((name.to_owned(), key, value));
            }
        }
    }

    /// Adds what `<<` brings: the entries of a map, or of several, of which the first counts most.
    fn merge<'d>(&mut self, value: Node<'d>, what: &str, all: &mut Entries<'d>) {
        let maps: Vec<Node<'d>> = if value.kind() == Kind::List { value.items().collect() } else { vec![value] };
        for map in maps {
            if !self.count(map) {
                return;
            }
            let mut merged = Vec::new();
            for (key, entry, value) in self.map(map, what) {
                if !all.iter().any(|(known, ..)| *known == key) {
                    merged.push((key, entry, value));
                }
            }
            all.extend(merged);
        }
    }

    /// The items of a list.
    pub(super) fn list<'d>(&mut self, node: Node<'d>, what: &str) -> Vec<Node<'d>> {
        if node.kind() == Kind::List {
            return node.items().collect();
        }
        let found = kind(node);
        self.problem(node, format!("{what} must be a list, and is {found}"));
        Vec::new()
    }

    /// The text of a scalar; numbers and truth values are text too, as CloudFormation takes them.
    pub(super) fn text(&mut self, node: Node<'_>, what: &str) -> String {
        match self.expr(node) {
            Expr::Text(text) => text,
            Expr::Bool(value) => value.to_string(),
            Expr::Integer(value) => value.to_string(),
            Expr::Float(value) => value.to_string(),
            Expr::Null => {
                self.problem(node, format!("{what} must be text, and is nothing"));
                String::new()
            }
            _ => {
                self.problem(node, format!("{what} must be text, and is {}", kind(node)));
                String::new()
            }
        }
    }

    /// A name that something defines or refers to, or a diagnostic; `text` is what `node` says.
    pub(super) fn name<T: for<'t> TryFrom<&'t str, Error = NameError>>(
        &mut self,
        node: Node<'_>,
        text: &str,
        what: &str,
    ) -> Option<T> {
        match T::try_from(text) {
            Ok(name) => Some(name),
            Err(problem) => {
                let message = format!("{what} cannot be called `{}`: {problem}", beginning(text));
                self.tell(Diagnostic::error(message).at(node.span()).hint(problem.fix()));
                None
            }
        }
    }

    /// The name of a condition that something depends on.
    pub(super) fn condition_name(&mut self, node: Node<'_>) -> Option<ConditionName> {
        let before = self.problems.len();
        let text = self.text(node, "`Condition`");
        if self.problems.len() > before { None } else { self.name(node, &text, "a condition") }
    }

    /// A value with its functions.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        if !self.count(node) {
            return Expr::Null;
        }
        let tag = node.tag();
        if let Some(name) = tag.as_deref().filter(|tag| !tag.starts_with("!!") && *tag != "!") {
            return self.tagged(node, name.strip_prefix('!').unwrap_or(name));
        }
        match node.kind() {
            Kind::Scalar => self.scalar(node),
            Kind::List => Expr::List(self.enter(node, |reader| node.items().map(|item| reader.expr(item)).collect())),
            Kind::Map => self.enter(node, |reader| reader.map_or_call(node)),
        }
    }

    fn scalar(&mut self, node: Node<'_>) -> Expr {
        let text = node.text().unwrap_or_default();
        match node.tag().as_deref() {
            None if node.style() == Style::Plain => scalar::plain(text),
            Some("!!int" | "!!float" | "!!bool" | "!!null") => match scalar::plain(text) {
                Expr::Text(_) => {
                    self.problem(node, format!("`{text}` is not what its tag says"));
                    Expr::Null
                }
                value => value,
            },
            _ => Expr::Text(text.to_owned()),
        }
    }

    fn map_or_call(&mut self, node: Node<'_>) -> Expr {
        let mut entries = Vec::new();
        self.entries(node, "the map", &mut entries);
        if let [(name, _, argument)] = entries.as_slice()
            && (name == "Ref" || name.starts_with("Fn::"))
        {
            let name = name.strip_prefix("Fn::").unwrap_or(name);
            return self.call(name, *argument, false);
        }
        let mut map = IndexMap::with_capacity(entries.len());
        for (key, _, value) in entries {
            map.insert(key, self.expr(value));
        }
        Expr::Map(map)
    }

    /// Tells of a tag that names no function.
    fn unknown_function(&mut self, node: Node<'_>) -> bool {
        let tag = node.tag();
        let Some(tag) = tag.as_deref().filter(|tag| !tag.starts_with("!!") && *tag != "!") else { return false };
        let name = tag.strip_prefix('!').unwrap_or(tag);
        if TAGS.contains(&name) {
            return false;
        }
        let unknown = Diagnostic::error(format!("CloudFormation has no function `!{name}`")).at(node.span());
        let hint = match nearest(name, TAGS) {
            Some(meant) => format!("did you mean `!{meant}`?"),
            None => "quote the value if it is text that begins with `!`".to_owned(),
        };
        self.tell(unknown.hint(hint));
        true
    }

    /// A function in its short form.
    fn tagged(&mut self, node: Node<'_>, name: &str) -> Expr {
        if self.unknown_function(node) {
            return Expr::Null;
        }
        self.enter(node, |reader| reader.call(name, node, true))
    }

    /// A function with its argument; `short` when the argument is the tagged node itself.
    fn call(&mut self, name: &str, argument: Node<'_>, short: bool) -> Expr {
        let value = match argument.kind() {
            // A tag makes text of every scalar.
            Kind::Scalar if short => Expr::Text(argument.text().unwrap_or_default().to_owned()),
            Kind::List if short => Expr::List(argument.items().map(|item| self.expr(item)).collect()),
            Kind::Map if short => self.map_or_call(argument),
            _ => self.expr(argument),
        };
        let call = function(name, value);
        if let Expr::Call(name, value) = &call
            && let Some(wrong) = wrong(name, value)
        {
            self.problem(argument, wrong);
        }
        call
    }
}

/// The beginning of a text that may be long.
fn beginning(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `Fn::GetAtt` of a resource, or of what no resource can be called.
fn attribute(resource: &str, attribute: String) -> Expr {
    match LogicalId::try_from(resource) {
        Ok(resource) => Expr::GetAtt(resource, attribute),
        // In a list, as JSON has it in either case.
        Err(_) => Expr::Call("GetAtt".to_owned(), Box::new(Expr::list([resource.to_owned(), attribute]))),
    }
}

/// A function whose arguments have the usual kinds, or [`Expr::Call`] with what is there.
fn function(name: &str, argument: Expr) -> Expr {
    let one = |value: Expr| Box::new(value);
    match (name, argument) {
        ("Ref", Expr::Text(text)) => match Reference::take(text) {
            Ok(reference) => Expr::Ref(reference),
            Err(text) => Expr::Call(name.to_owned(), one(Expr::Text(text))),
        },
        ("GetAtt", Expr::Text(text)) => match text.split_once('.') {
            Some((resource, name)) => attribute(resource, name.to_owned()),
            None => Expr::Call(name.to_owned(), one(Expr::Text(text))),
        },
        ("Sub", Expr::Text(text)) => Expr::Sub(text, IndexMap::new()),
        ("Base64", value) => Expr::Base64(one(value)),
        ("GetAZs", Expr::Null) => Expr::GetAzs(one(Expr::Text(String::new()))),
        ("GetAZs", value) => Expr::GetAzs(one(value)),
        ("ImportValue", value) => Expr::ImportValue(one(value)),
        ("Length", value) => Expr::Length(one(value)),
        ("ToJsonString", value) => Expr::ToJsonString(one(value)),
        ("FindInMap", Expr::List(items)) if matches!(items.len(), 3 | 4) => Expr::FindInMap(items),
        (name, Expr::List(items)) => match (name, <[Expr; 2]>::try_from(items)) {
            ("GetAtt", Ok([Expr::Text(resource), Expr::Text(name)])) => attribute(&resource, name),
            ("Sub", Ok([Expr::Text(text), Expr::Map(own)])) => Expr::Sub(text, own),
            ("Join", Ok([Expr::Text(delimiter), items])) => Expr::Join(delimiter, one(items)),
            ("Split", Ok([Expr::Text(delimiter), text])) => Expr::Split(delimiter, one(text)),
            ("Select", Ok([index, items])) => Expr::Select(one(index), one(items)),
            ("Cidr", Ok([block, count])) => Expr::Cidr(one(block), one(count), None),
            (name, Ok(two)) => Expr::Call(name.to_owned(), one(Expr::List(two.into()))),
            (name, Err(items)) => match (name, <[Expr; 3]>::try_from(items)) {
                ("If", Ok([Expr::Text(condition), then, otherwise])) => match ConditionName::take(condition) {
                    Ok(condition) => Expr::If(condition, one(then), one(otherwise)),
                    Err(condition) => {
                        Expr::Call(name.to_owned(), one(Expr::List(vec![Expr::Text(condition), then, otherwise])))
                    }
                },
                ("Cidr", Ok([block, count, bits])) => Expr::Cidr(one(block), one(count), Some(one(bits))),
                (name, Ok(three)) => Expr::Call(name.to_owned(), one(Expr::List(three.into()))),
                (name, Err(items)) => Expr::Call(name.to_owned(), one(Expr::List(items))),
            },
        },
        (name, argument) => Expr::Call(name.to_owned(), one(argument)),
    }
}

/// What is wrong with the arguments of a function that has the kinds of none.
fn wrong(name: &str, argument: &Expr) -> Option<String> {
    // A function as an argument may turn out to be of the right kind.
    let open = |value: &Expr| {
        !matches!(
            value,
            Expr::Null
                | Expr::Bool(_)
                | Expr::Integer(_)
                | Expr::Float(_)
                | Expr::Text(_)
                | Expr::List(_)
                | Expr::Map(_)
        )
    };
    let wants = match name {
        "Ref" => "a name",
        "GetAtt" => "`Resource.Attribute`, or a list of both",
        "Sub" => "text, or a list of text and a map of variables",
        "Join" => "a delimiter and a list",
        "Split" => "a delimiter and text",
        "Select" => "an index and a list",
        "If" => "a condition's name and two values",
        "Cidr" => "a block, how many, and host bits",
        "FindInMap" => "the name of a map and two keys",
        _ => return None,
    };
    let may_be = match (name, argument) {
        // A name that nothing can have is found as a reference to nothing.
        ("Ref", Expr::Text(_)) => true,
        ("GetAtt", Expr::List(items)) if matches!(items.as_slice(), [Expr::Text(_), Expr::Text(_)]) => true,
        ("If", Expr::List(items)) if matches!(items.as_slice(), [Expr::Text(_), _, _]) => true,
        (_, Expr::List(items)) => {
            items.iter().any(open) && matches!((name, items.len()), ("GetAtt" | "Join" | "Split", 2))
        }
        (_, argument) => open(argument),
    };
    (!may_be).then(|| format!("`{}` wants {wants}", crate::model::long_name(name)))
}

/// What a node is, in words.
pub(super) fn kind(node: Node<'_>) -> &'static str {
    match (node.kind(), node.tag().is_some_and(|tag| !tag.starts_with("!!"))) {
        (_, true) => "a function",
        (Kind::List, _) => "a list",
        (Kind::Map, _) => "a map",
        (Kind::Scalar, _) => match node.text() {
            Some("") => "nothing",
            _ => "text",
        },
    }
}

/// A diagnostic for a name that is none of those known.
pub(super) fn unknown(span: Span, message: String, name: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(message).at(span);
    match nearest(name, known.iter().copied()) {
        Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
        None => diagnostic.hint(format!("one of {} is possible", known.join(", "))),
    }
}
