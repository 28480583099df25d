//! From a YAML tree to typed fields, as sigs.k8s.io/yaml and encoding/json fill a Go struct.
//!
//! Fields match whatever their case, numbers and truth values become text where text is wanted,
//! null leaves a text as it is, and the first value of a wrong kind is reported in Go's words
//! (those of Go 1.27) after everything else has been read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aktus_gotmpl::go::strconv::{FloatSize, format_float};
use aktus_yaml::Json;

/// Fills fields and remembers the first mismatch.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    path: Vec<String>,
    mismatch: Option<String>,
}

impl Decoder {
    /// The first mismatch, in Go's words.
    pub(crate) fn finish(self) -> Result<(), String> {
        self.mismatch
            .map_or(Ok(()), |mismatch| Err(format!("error unmarshaling JSON: while decoding JSON: {mismatch}")))
    }

    fn mismatch(&mut self, value: &Json, go_type: &str) {
        if self.mismatch.is_some() {
            return;
        }
        let mut text = format!("json: cannot unmarshal {} into Go ", kind(value));
        let _infallible = if self.path.is_empty() {
            write!(text, "value of type {go_type}")
        } else {
            write!(text, "struct field .{} of type {go_type}", self.path.join("."))
        };
        self.mismatch = Some(text);
    }

    fn within<R>(&mut self, step: impl Into<String>, decode: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(step.into());
        let result = decode(self);
        self.path.pop();
        result
    }

    /// Calls `decode` with the name of every field of a struct that `value` has.
    pub(crate) fn fields(
        &mut self,
        value: &Json,
        go_type: &str,
        names: &[&'static str],
        mut decode: impl FnMut(&mut Self, &'static str, &Json),
    ) {
        match value {
            Json::Null => {}
            Json::Map(entries) => {
                for (key, value) in entries {
                    if let Some(name) = field(key, names) {
                        self.within(key, |decoder| decode(decoder, name, value));
                    }
                }
            }
            other => self.mismatch(other, go_type),
        }
    }

    pub(crate) fn string(&mut self, value: &Json, target: &mut String) {
        match value {
            Json::Null => {}
            Json::String(text) => target.clone_from(text),
            Json::Bool(value) => *target = value.to_string(),
            Json::Int(value) => *target = value.to_string(),
            Json::Uint(value) => *target = value.to_string(),
            // sigs.k8s.io/yaml writes a float64 with the digits of a float32.
            Json::Float(value) => *target = format_float(*value, b'g', None, FloatSize::Bits32),
            other => self.mismatch(other, "string"),
        }
    }

    pub(crate) fn bool(&mut self, value: &Json, target: &mut bool) {
        match value {
            Json::Null => {}
            Json::Bool(value) => *target = *value,
            other => self.mismatch(other, "bool"),
        }
    }

    /// A list into a slice: nothing for null, and items decoded onto those that are there already.
    pub(crate) fn list<T: Default>(
        &mut self,
        value: &Json,
        go_type: &str,
        target: &mut Option<Vec<T>>,
        mut decode: impl FnMut(&mut Self, &Json, &mut T),
    ) {
        match value {
            Json::Null => *target = None,
            Json::List(items) => {
                let list = target.get_or_insert_default();
                list.resize_with(items.len(), T::default);
                for (index, (item, slot)) in items.iter().zip(list).enumerate() {
                    self.within(index.to_string(), |decoder| decode(decoder, item, slot));
                }
            }
            other => self.mismatch(other, go_type),
        }
    }

    pub(crate) fn strings(&mut self, value: &Json, target: &mut Option<Vec<String>>) {
        self.list(value, "[]string", target, Self::string);
    }

    pub(crate) fn string_map(&mut self, value: &Json, target: &mut Option<BTreeMap<String, String>>) {
        match value {
            Json::Null => *target = None,
            Json::Map(entries) => {
                let map = target.get_or_insert_default();
                for (key, value) in entries {
                    let mut text = String::new();
                    self.within(key, |decoder| decoder.string(value, &mut text));
                    map.insert(key.clone(), text);
                }
            }
            other => self.mismatch(other, "map[string]string"),
        }
    }
}

/// encoding/json's word for what a value is.
pub(crate) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Int(_) | Json::Uint(_) | Json::Float(_) => "number",
        Json::String(_) => "string",
        Json::List(_) => "array",
        Json::Map(_) => "object",
    }
}

/// The field that encoding/json fills from `key`: of that very name, or of that name in other case.
fn field(key: &str, names: &[&'static str]) -> Option<&'static str> {
    let exact = names.iter().find(|name| **name == key);
    exact.or_else(|| names.iter().find(|name| fold(name).eq(fold(key)))).copied()
}

/// Unicode's simple case folding, as far as it leads to ASCII.
fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(|letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn text_of(value: &Json) -> String {
        let mut decoder = Decoder::default();
        let mut text = String::new();
        decoder.string(value, &mut text);
        decoder.finish().expect("a scalar becomes text");
        text
    }

    #[test]
    fn scalars_become_text() {
        assert_eq!(text_of(&Json::Float(1.1)), "1.1");
        assert_eq!(text_of(&Json::Float(1.234_567_89)), "1.2345679");
        assert_eq!(text_of(&Json::Float(1e10)), "1e+10");
        assert_eq!(text_of(&Json::Float(1000.0)), "1000");
        assert_eq!(text_of(&Json::Int(8)), "8");
        assert_eq!(text_of(&Json::Bool(true)), "true");
        assert_eq!(text_of(&Json::Null), "");
    }

    #[test]
    fn fields_match_in_any_case() {
        assert_eq!(field("NAME", &["name"]), Some("name"));
        assert_eq!(field("\u{212a}ubeVerſion", &["kubeVersion"]), Some("kubeVersion"));
        assert_eq!(field("nam", &["name"]), None);
    }
}
