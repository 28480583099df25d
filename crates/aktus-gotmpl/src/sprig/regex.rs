//! The regular expressions of sprig 3.3.0, with Go's syntax and semantics.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::function::{CallError, Context, Function};
use crate::functions;
use crate::go::regexp::{self, ParseError, Regexp};
use crate::limits::LimitError;
use crate::value::{List, Str, Type};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "mustRegexFind" => context (Str, Str) must_find;
    "mustRegexFindAll" => context (Str, Str, i64) must_find_all;
    "mustRegexMatch" => context (Str, Str) must_match;
    "mustRegexReplaceAll" => context (Str, Str, Str) must_replace_all;
    "mustRegexReplaceAllLiteral" => context (Str, Str, Str) must_replace_all_literal;
    "mustRegexSplit" => context (Str, Str, i64) must_split;
    "regexFind" => context (Str, Str) find;
    "regexFindAll" => context (Str, Str, i64) find_all;
    "regexMatch" => context (Str, Str) is_match;
    "regexQuoteMeta" => (Str) quote_meta;
    "regexReplaceAll" => context (Str, Str, Str) replace_all;
    "regexReplaceAllLiteral" => context (Str, Str, Str) replace_all_literal;
    "regexSplit" => context (Str, Str, i64) split;
};

/// Patterns that a render has compiled: charts use few, but each many times.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    compiled: BTreeMap<Str, Rc<Regexp>>,
    bytes: usize,
}

impl Patterns {
    /// Bytes of compiled patterns to keep.
    const KEPT: usize = 32 << 20;

    fn get(&self, pattern: &Str) -> Option<Rc<Regexp>> {
        self.compiled.get(pattern).cloned()
    }

    /// Keeps a pattern, and forgets all others when they are too many.
    fn insert(&mut self, pattern: Str, regexp: Rc<Regexp>) {
        let bytes = regexp.memory_usage();
        self.bytes += bytes;
        if self.bytes > Self::KEPT {
            self.compiled.clear();
            self.bytes = bytes;
        }
        self.compiled.insert(pattern, regexp);
    }
}

/// What happens to a pattern that is none.
type Complain = fn(&Str, &ParseError) -> CallError;

/// Go's error.
fn politely(_: &Str, error: &ParseError) -> CallError {
    CallError::Message(error.to_string())
}

/// Go's panic.
fn loudly(pattern: &Str, error: &ParseError) -> CallError {
    CallError::Message(String::from_utf8_lossy(&regexp::must_compile_message(pattern, error)).into_owned())
}

fn compile(context: &mut Context<'_>, pattern: &Str, text: &Str, complain: Complain) -> Result<Rc<Regexp>, CallError> {
    context.step(1 + (pattern.len() as u64 + text.len() as u64) / 64)?;
    if let Some(regexp) = context.patterns.get(pattern) {
        return Ok(regexp);
    }
    let regexp = Rc::new(Regexp::compile(pattern).map_err(|error| complain(pattern, &error))?);
    // Compiling takes about as long as writing what is compiled a few times.
    context.step(regexp.memory_usage() as u64 / 16)?;
    context.patterns.insert(pattern.clone(), Rc::clone(&regexp));
    Ok(regexp)
}

fn is_match(context: &mut Context<'_>, pattern: &Str, text: &Str) -> Result<bool, CallError> {
    match must_match(context, pattern, text) {
        Err(CallError::Message(_)) => Ok(false),
        result => result,
    }
}

fn must_match(context: &mut Context<'_>, pattern: &Str, text: &Str) -> Result<bool, CallError> {
    Ok(compile(context, pattern, text, politely)?.is_match(text))
}

fn find(context: &mut Context<'_>, pattern: &Str, text: &Str) -> Result<Str, CallError> {
    find_with(context, pattern, text, loudly)
}

fn must_find(context: &mut Context<'_>, pattern: &Str, text: &Str) -> Result<Str, CallError> {
    find_with(context, pattern, text, politely)
}

fn find_with(context: &mut Context<'_>, pattern: &Str, text: &Str, complain: Complain) -> Result<Str, CallError> {
    let regexp = compile(context, pattern, text, complain)?;
    Ok(regexp.find(text).map_or_else(Str::default, |range| Str::new(&text[range])))
}

fn find_all(context: &mut Context<'_>, pattern: &Str, text: &Str, count: i64) -> Result<List, CallError> {
    find_all_with(context, pattern, text, count, loudly)
}

fn must_find_all(context: &mut Context<'_>, pattern: &Str, text: &Str, count: i64) -> Result<List, CallError> {
    find_all_with(context, pattern, text, count, politely)
}

fn find_all_with(
    context: &mut Context<'_>,
    pattern: &Str,
    text: &Str,
    count: i64,
    complain: Complain,
) -> Result<List, CallError> {
    let regexp = compile(context, pattern, text, complain)?;
    let limit = usize::try_from(count).ok();
    context.spend_items(limit.unwrap_or(usize::MAX).min(text.len() + 1))?;
    let found = regexp.find_all(text, limit);
    if found.is_empty() {
        return Ok(List::nil(&Type::String));
    }
    Ok(List::strings(found.into_iter().map(|range| Str::new(&text[range]))))
}

fn replace_all(context: &mut Context<'_>, pattern: &Str, text: &Str, template: &Str) -> Result<Vec<u8>, CallError> {
    let regexp = compile(context, pattern, text, loudly)?;
    bounded(context, |limit| regexp.replace_all(text, template, limit))
}

fn must_replace_all(
    context: &mut Context<'_>,
    pattern: &Str,
    text: &Str,
    template: &Str,
) -> Result<Vec<u8>, CallError> {
    let regexp = compile(context, pattern, text, politely)?;
    bounded(context, |limit| regexp.replace_all(text, template, limit))
}

fn replace_all_literal(
    context: &mut Context<'_>,
    pattern: &Str,
    text: &Str,
    replacement: &Str,
) -> Result<Vec<u8>, CallError> {
    let regexp = compile(context, pattern, text, loudly)?;
    bounded(context, |limit| regexp.replace_all_literal(text, replacement, limit))
}

fn must_replace_all_literal(
    context: &mut Context<'_>,
    pattern: &Str,
    text: &Str,
    replacement: &Str,
) -> Result<Vec<u8>, CallError> {
    let regexp = compile(context, pattern, text, politely)?;
    bounded(context, |limit| regexp.replace_all_literal(text, replacement, limit))
}

/// Replaces up to the longest text that is allowed.
fn bounded(context: &mut Context<'_>, replace: impl FnOnce(usize) -> Option<Vec<u8>>) -> Result<Vec<u8>, CallError> {
    let limit = context.limits().value_bytes;
    let out = replace(limit).ok_or(LimitError::Value { wanted: limit as u64 + 1, limit: limit as u64 })?;
    context.spend(out.len())?;
    Ok(out)
}

fn split(context: &mut Context<'_>, pattern: &Str, text: &Str, count: i64) -> Result<List, CallError> {
    split_with(context, pattern, text, count, loudly)
}

fn must_split(context: &mut Context<'_>, pattern: &Str, text: &Str, count: i64) -> Result<List, CallError> {
    split_with(context, pattern, text, count, politely)
}

fn split_with(
    context: &mut Context<'_>,
    pattern: &Str,
    text: &Str,
    count: i64,
    complain: Complain,
) -> Result<List, CallError> {
    let regexp = compile(context, pattern, text, complain)?;
    if count == 0 {
        return Ok(List::nil(&Type::String));
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX).min(text.len() + 1);
    context.spend_items(most)?;
    Ok(List::strings(regexp.split(text, count)))
}

fn quote_meta(text: &Str) -> Vec<u8> {
    regexp::quote_meta(text)
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/regex.tsv"));
    }
}
