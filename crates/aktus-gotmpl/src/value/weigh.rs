//! How much memory do values take, counting what they share once?

use std::collections::HashSet;

use super::{Str, Underlying, Value};

/// What a string, list or map takes besides its contents, roughly: counters, lengths, the allocator's own.
const HULL: usize = 48;
/// An entry of a map in its tree, roughly.
const ENTRY: usize = 40;
/// Strings up to this length are counted wherever they are met, even when shared.
const SHORT: usize = 64;

/// Adds up values.
#[derive(Debug, Default)]
pub(crate) struct Scale {
    seen: HashSet<usize>,
    pending: Vec<Value>,
    limit: usize,
    /// Bytes so far, estimated.
    pub(crate) bytes: usize,
    /// Values looked at so far.
    pub(crate) parts: u64,
}

impl Scale {
    /// A scale that looks no further when there are more bytes than `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Adds bytes that are no value.
    pub(crate) fn add_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Adds bytes of something that lies at an address, unless it was added before.
    pub(crate) fn add_once(&mut self, address: usize, bytes: usize) {
        if self.seen.insert(address) {
            self.add_bytes(bytes);
        }
    }

    /// Adds a value and everything that it holds, as far as that was not added before.
    pub(crate) fn add(&mut self, value: &Value) {
        self.look(value);
        while self.bytes <= self.limit
            && let Some(value) = self.pending.pop()
        {
            self.open(&value);
        }
        self.pending.clear();
    }

    fn look(&mut self, value: &Value) {
        self.parts += 1;
        match value {
            Value::String(text) => self.add_text(text),
            Value::List(list) if self.seen.insert(list.address()) => self.pending.push(value.clone()),
            Value::Map(map) if self.seen.insert(map.address()) => self.pending.push(value.clone()),
            Value::Object(object) => match object.get().underlying() {
                Underlying::Map(map) => self.look(&Value::Map(map)),
                Underlying::List(list) => self.look(&Value::List(list)),
                Underlying::Struct | Underlying::Scalar(_) => {}
            },
            _ => {}
        }
    }

    fn add_text(&mut self, text: &Str) {
        if text.len() <= SHORT || self.seen.insert(text.as_bytes().as_ptr().addr()) {
            self.bytes += HULL + text.len();
        }
    }

    fn open(&mut self, value: &Value) {
        match value {
            Value::List(list) => match list.as_slice() {
                Some(items) => {
                    self.bytes += HULL + size_of_val(items);
                    for item in items {
                        self.look(item);
                    }
                }
                None => self.bytes += HULL + list.len(),
            },
            Value::Map(map) => {
                let count = map.clone().inspect(|key, value| {
                    if let Some(key) = key {
                        self.add_text(key);
                    }
                    self.look(value);
                });
                self.bytes += HULL + count * ENTRY;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HULL, Scale};
    use crate::value::{Map, Value};

    fn weight(value: &Value) -> usize {
        let mut scale = Scale::new(usize::MAX);
        scale.add(value);
        scale.bytes
    }

    #[test]
    fn what_is_shared_counts_once() {
        let text = Value::from("x".repeat(1000));
        assert_eq!(weight(&text), HULL + 1000);
        let twice = Value::list(vec![text.clone(), text]);
        assert_eq!(weight(&twice), HULL + 32 + HULL + 1000);
        let four = Value::list(vec![twice.clone(), twice.clone()]);
        assert_eq!(weight(&four), HULL + 32 + weight(&twice));
    }

    #[test]
    fn a_map_in_itself_is_weighed() {
        let map = Map::new();
        map.insert("a", Value::Map(map.clone())).expect("not nil");
        assert!(weight(&Value::Map(map.clone())) > HULL);
        map.remove(b"a");
    }
}
