//! The grammar of `--set`, `--set-string`, `--set-json` and `--set-file`.
//!
//! Upstream: Helm's `pkg/strvals/parser.go`, rule for rule, with a bound on indices in a row.

use aktus_gotmpl::go::strconv::{atoi, parse_int, quote, quote_rune_into};
use aktus_gotmpl::go::unicode;
use aktus_gotmpl::{Frozen, Profile};

use super::node::{Entries, Node, freeze, set, set_index, thaw};
use super::scanner::{End, Scanner};
use super::tree::ValuesBuilder;
use crate::limits::Limits;

/// A `--set` expression that is not one. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// A key is not followed by `=`.
    #[error("key {} has no value", quote(key.as_bytes()))]
    NoValue {
        /// The key.
        key: String,
    },
    /// A key is followed by a comma.
    #[error("key {} has no value (cannot end with ,)", quote(key.as_bytes()))]
    NoValueBeforeComma {
        /// The key.
        key: String,
    },
    /// Nothing was set below a key.
    #[error("key map {} has no value", quote(key.as_bytes()))]
    EmptyMap {
        /// The key.
        key: String,
    },
    /// Something in brackets is no number.
    #[error("error parsing index: {0}")]
    Index(String),
    /// An index is negative.
    #[error("negative {index} index not allowed")]
    NegativeIndex {
        /// The index.
        index: i64,
    },
    /// An index is larger than [`Limits::set_index`].
    #[error("index of {index} is greater than maximum supported index of {limit}")]
    IndexTooLarge {
        /// The index.
        index: usize,
        /// The bound.
        limit: usize,
    },
    /// Text follows a closing bracket.
    #[error("unexpected data at end of array index: {0}")]
    AfterIndex(String),
    /// More dots than [`Limits::set_nesting`].
    #[error("value name nested level is greater than maximum supported nested level of {limit}")]
    NestedTooDeep {
        /// The bound.
        limit: usize,
    },
    /// More indices than [`Limits::set_index_nesting`]; Helm has no such bound.
    #[error("more than {limit} indices in one key")]
    TooManyIndices {
        /// The bound.
        limit: usize,
    },
    /// A key leads through something that is neither map nor list.
    #[error("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")]
    Conversion {
        /// The Go type there.
        found: &'static str,
        /// The Go type that the key wants.
        wanted: &'static str,
    },
    /// A list is not closed.
    #[error("list must terminate with '}}'")]
    UnterminatedList,
    /// A value of `--set-json` is not JSON.
    #[error("{0}")]
    Json(String),
    /// A file of `--set-file` cannot be read.
    #[error("{0}")]
    File(String),
}

/// Why a step of the parser ended early.
pub(super) enum Stop {
    EndOfInput,
    Error(SetError),
}

impl From<SetError> for Stop {
    fn from(error: SetError) -> Self {
        Self::Error(error)
    }
}

/// How the text of a value becomes a value.
pub(super) enum Reader<'a> {
    Typed,
    Text,
    Json,
    File(&'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>),
}

/// Applies an expression to a map.
pub(super) fn apply<'a>(
    expression: &str,
    base: &Frozen,
    reader: Reader<'a>,
    profile: Profile,
    limits: &'a Limits,
) -> Result<Frozen, SetError> {
    let mut entries = thaw(base);
    let mut parser = Parser { scanner: Scanner::new(expression), reader, profile, limits, indices: 0 };
    loop {
        parser.indices = 0;
        match parser.key(&mut entries, 0) {
            Ok(()) => {}
            Err(Stop::EndOfInput) => return Ok(freeze(entries)),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
}

struct Parser<'a, 'b> {
    scanner: Scanner<'a>,
    reader: Reader<'b>,
    profile: Profile,
    limits: &'b Limits,
    indices: usize,
}

/// What stands after an equals sign when lists are possible.
enum Listed {
    List(Vec<Node>),
    EndOfInput,
    NotAList,
}

impl Parser<'_, '_> {
    fn key(&mut self, data: &mut Entries, level: usize) -> Result<(), Stop> {
        let (key, end) = self.scanner.until(&['=', '[', ',', '.'], true);
        match end {
            End::EndOfInput if key.is_empty() => Err(Stop::EndOfInput),
            End::EndOfInput => Err(SetError::NoValue { key }.into()),
            End::Stop('[') => {
                let index = index(&mut self.scanner, true, self.profile)?;
                let mut list = match data.get(key.as_bytes()) {
                    Some(node) if !node.is_list() => return Err(not_a_list(node).into()),
                    Some(_) => data.remove(key.as_bytes()).unwrap_or(Node::NIL).into_items(),
                    None => Vec::new(),
                };
                let result = self.list_item(&mut list, index, level);
                set(data, &key, Node::List(list));
                result
            }
            End::Stop('=') => self.value(data, &key),
            End::Stop('.') => {
                let level = level + 1;
                if level > self.limits.set_nesting {
                    return Err(SetError::NestedTooDeep { limit: self.limits.set_nesting }.into());
                }
                with_inner_map(data, &key, |inner| self.key(inner, level))
            }
            End::Stop(_) => Err(SetError::NoValueBeforeComma { key }.into()),
        }
    }

    /// The value after `key=`.
    fn value(&mut self, data: &mut Entries, key: &str) -> Result<(), Stop> {
        if matches!(self.reader, Reader::Json) {
            let value = self.json()?;
            set(data, key, value);
            return Ok(());
        }
        match self.list()? {
            Listed::List(list) => {
                set(data, key, Node::List(list));
                Ok(())
            }
            Listed::EndOfInput => {
                set(data, key, Node::text(""));
                Err(Stop::EndOfInput)
            }
            Listed::NotAList => {
                let (text, _) = self.scanner.until(&[','], true);
                let value = self.read(&text)?;
                set(data, key, value);
                Ok(())
            }
        }
    }

    fn list_item(&mut self, list: &mut Vec<Node>, index: i64, level: usize) -> Result<(), Stop> {
        let index = checked_index(index)?;
        self.indices += 1;
        if self.indices > self.limits.set_index_nesting {
            return Err(SetError::TooManyIndices { limit: self.limits.set_index_nesting }.into());
        }
        let limit = self.limits.set_index;
        let (text, end) = self.scanner.until(&['[', '.', '='], true);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(quote_runes(&text)).into());
        }
        match end {
            End::EndOfInput => Err(Stop::EndOfInput),
            End::Stop('=') => {
                let value = if matches!(self.reader, Reader::Json) {
                    self.json()?
                } else {
                    match self.list()? {
                        Listed::List(list) => Node::List(list),
                        Listed::EndOfInput => Node::text(""),
                        Listed::NotAList => {
                            let (text, _) = self.scanner.until(&[','], true);
                            self.read(&text)?
                        }
                    }
                };
                Ok(set_index(list, index, value, limit)?)
            }
            End::Stop('[') => {
                let next = self::index(&mut self.scanner, true, self.profile)?;
                let existed = list.get(index).is_some_and(Node::is_list);
                let mut inner = take_list(list, index)?;
                let result = self.list_item(&mut inner, next, level);
                match list.get_mut(index) {
                    Some(slot) if existed => *slot = Node::List(inner),
                    _ if result.is_ok() => set_index(list, index, Node::List(inner), limit)?,
                    _ => {}
                }
                result
            }
            End::Stop(_) => {
                let mut inner = take_map(list, index);
                let result = self.key(&mut inner, level);
                put_map(list, index, inner, result, limit)
            }
        }
    }

    /// A `{a,b}` list, if there is one.
    fn list(&mut self) -> Result<Listed, Stop> {
        match self.scanner.peek() {
            None => return Ok(Listed::EndOfInput),
            Some('{') => {}
            Some(_) => return Ok(Listed::NotAList),
        }
        self.scanner.next();
        let mut list = Vec::new();
        loop {
            let (text, end) = self.scanner.until(&[',', '}'], true);
            match end {
                End::EndOfInput => return Err(SetError::UnterminatedList.into()),
                End::Stop(stop) => {
                    if stop == '}' && self.scanner.peek() == Some(',') {
                        self.scanner.next();
                    }
                    list.push(self.read(&text)?);
                    if stop == '}' {
                        return Ok(Listed::List(list));
                    }
                }
            }
        }
    }

    fn read(&mut self, text: &str) -> Result<Node, Stop> {
        Ok(match &mut self.reader {
            Reader::Typed => typed(text),
            Reader::File(read) => Node::text(read(text).map_err(SetError::File)?),
            Reader::Text | Reader::Json => Node::text(text),
        })
    }

    /// A JSON value and the comma after it; nothing at all is null.
    fn json(&mut self) -> Result<Node, Stop> {
        if self.at_end_of_value() {
            return Ok(Node::NIL);
        }
        let text = self.scanner.rest().as_bytes();
        let limits = aktus_yaml::Limits { depth: self.limits.yaml.depth, ..aktus_yaml::Limits::JSON };
        let (value, used) = aktus_yaml::json::read_first(text, &mut ValuesBuilder, &limits)
            .map_err(|error| SetError::Json(error.to_string()))?;
        self.scanner.skip(used);
        self.at_end_of_value();
        Ok(Node::Frozen(value))
    }

    /// Skips white space, and a comma if it comes next; whether the value ends here.
    fn at_end_of_value(&mut self) -> bool {
        loop {
            match self.scanner.peek() {
                None => return true,
                Some(',') => {
                    self.scanner.next();
                    return true;
                }
                Some(rune) if unicode::is_space(rune) => {
                    self.scanner.next();
                }
                Some(_) => return false,
            }
        }
    }
}

/// The number before `]`.
pub(super) fn index(scanner: &mut Scanner<'_>, escapes: bool, profile: Profile) -> Result<i64, Stop> {
    let (text, end) = scanner.until(&[']'], escapes);
    match end {
        // Helm 4 takes a wrapped end of input for the end of input.
        End::EndOfInput => Err(match profile {
            Profile::Helm3 => SetError::Index("EOF".to_owned()).into(),
            Profile::Helm4 => Stop::EndOfInput,
        }),
        End::Stop(_) => atoi(text.as_bytes()).map_err(|error| SetError::Index(error.to_string()).into()),
    }
}

pub(super) fn checked_index(index: i64) -> Result<usize, SetError> {
    usize::try_from(index).map_err(|_| SetError::NegativeIndex { index })
}

pub(super) fn not_a_list(node: &Node) -> SetError {
    SetError::Conversion { found: node.go_type(), wanted: "[]interface {}" }
}

/// The list in a list, taken out to be changed; none where there is nothing or null.
pub(super) fn take_list(list: &mut [Node], index: usize) -> Result<Vec<Node>, SetError> {
    match list.get_mut(index) {
        Some(node) if !node.is_nil() && !node.is_list() => Err(not_a_list(node)),
        Some(node) => Ok(std::mem::replace(node, Node::NIL).into_items()),
        None => Ok(Vec::new()),
    }
}

/// The map in a list, taken out to be changed; an empty one where there is something else.
pub(super) fn take_map(list: &mut [Node], index: usize) -> Entries {
    list.get_mut(index)
        .map_or_else(Entries::new, |node| std::mem::replace(node, Node::Map(Entries::new())).into_entries())
}

/// Puts it back; one that was not there before only when all went well.
pub(super) fn put_map(
    list: &mut Vec<Node>,
    index: usize,
    inner: Entries,
    result: Result<(), Stop>,
    limit: usize,
) -> Result<(), Stop> {
    match result {
        Ok(()) => Ok(set_index(list, index, Node::Map(inner), limit)?),
        Err(stop) => {
            if let Some(slot) = list.get_mut(index) {
                *slot = Node::Map(inner);
            }
            Err(stop)
        }
    }
}

/// Runs `parse` on the map under `key`, which is made when it is missing and kept when it is not empty.
pub(super) fn with_inner_map(
    data: &mut Entries,
    key: &str,
    parse: impl FnOnce(&mut Entries) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let existed = match data.get(key.as_bytes()) {
        Some(node) if !node.is_map() => {
            let found = node.go_type();
            return Err(SetError::Conversion { found, wanted: "map[string]interface {}" }.into());
        }
        found => found.is_some(),
    };
    let mut inner = data.remove(key.as_bytes()).unwrap_or(Node::NIL).into_entries();
    let result = parse(&mut inner);
    let empty = inner.is_empty();
    if existed {
        data.insert(key.into(), Node::Map(inner));
    } else if !empty {
        set(data, key, Node::Map(inner));
    }
    if result.is_ok() && empty {
        return Err(SetError::EmptyMap { key: key.to_owned() }.into());
    }
    result
}

/// The value of a text with `--set`.
fn typed(text: &str) -> Node {
    Node::Frozen(if text.eq_ignore_ascii_case("true") {
        Frozen::Bool(true)
    } else if text.eq_ignore_ascii_case("false") {
        Frozen::Bool(false)
    } else if text.eq_ignore_ascii_case("null") {
        Frozen::Nil
    } else if text == "0" {
        Frozen::Int64(0)
    } else {
        match parse_int(text.as_bytes(), 10, 64) {
            Ok(number) if !text.starts_with('0') => Frozen::Int64(number),
            _ => Frozen::String(text.into()),
        }
    })
}

/// Go's `%q` of a `[]rune`.
pub(super) fn quote_runes(text: &str) -> String {
    let mut quoted = String::from("[");
    for (index, rune) in text.chars().enumerate() {
        if index > 0 {
            quoted.push(' ');
        }
        quote_rune_into(&mut quoted, u32::from(rune), false);
    }
    quoted.push(']');
    quoted
}
