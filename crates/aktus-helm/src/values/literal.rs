//! The grammar of `--set-literal`: only `.` and `[n]` in the key mean anything.
//!
//! Upstream: Helm's `pkg/strvals/literal_parser.go`.

use aktus_gotmpl::{Frozen, Profile};

use super::node::{Entries, Node, freeze, set, set_index, thaw};
use super::scanner::{End, Scanner};
use super::set::{
    SetError, Stop, checked_index, index, not_a_list, put_map, quote_runes, take_list, take_map, with_inner_map,
};
use crate::limits::Limits;

/// Applies an expression to a map.
pub(super) fn apply(expression: &str, base: &Frozen, profile: Profile, limits: &Limits) -> Result<Frozen, SetError> {
    let mut entries = thaw(base);
    let mut parser = Parser { scanner: Scanner::new(expression), profile, limits, indices: 0 };
    loop {
        match parser.key(&mut entries, 0) {
            Ok(()) => {}
            Err(Stop::EndOfInput) => return Ok(freeze(entries)),
            Err(Stop::Error(error)) => return Err(error),
        }
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    profile: Profile,
    limits: &'a Limits,
    indices: usize,
}

impl Parser<'_> {
    fn key(&mut self, data: &mut Entries, level: usize) -> Result<(), Stop> {
        let (key, end) = self.scanner.until(&['=', '[', '.'], false);
        match end {
            End::EndOfInput if key.is_empty() => Err(Stop::EndOfInput),
            End::EndOfInput => Err(SetError::NoValue { key }.into()),
            End::Stop('=') => {
                set(data, &key, self.rest());
                Ok(())
            }
            End::Stop('.') => {
                let level = level + 1;
                if level > self.limits.set_nesting {
                    return Err(SetError::NestedTooDeep { limit: self.limits.set_nesting }.into());
                }
                with_inner_map(data, &key, |inner| self.key(inner, level))
            }
            End::Stop(_) => {
                let index = index(&mut self.scanner, false, self.profile)?;
                let mut list = match data.get(key.as_bytes()) {
                    Some(node) if !node.is_list() => return Err(not_a_list(node).into()),
                    Some(_) => data.remove(key.as_bytes()).unwrap_or(Node::NIL).into_items(),
                    None => Vec::new(),
                };
                let result = self.list_item(&mut list, index, level);
                set(data, &key, Node::List(list));
                result
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
        let (text, end) = self.scanner.until(&['[', '.', '='], false);
        if !text.is_empty() {
            return Err(SetError::AfterIndex(quote_runes(&text)).into());
        }
        match end {
            End::EndOfInput => Err(Stop::EndOfInput),
            End::Stop('=') => Ok(set_index(list, index, self.rest(), limit)?),
            End::Stop('.') => {
                let mut inner = take_map(list, index);
                let result = self.key(&mut inner, level);
                put_map(list, index, inner, result, limit)
            }
            End::Stop(_) => {
                let next = self::index(&mut self.scanner, false, self.profile)?;
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
        }
    }

    fn rest(&mut self) -> Node {
        let text = self.scanner.rest();
        self.scanner.skip(text.len());
        Node::text(text)
    }
}
