//! The URL functions of sprig 3.3.0.

use crate::function::{CallError, Function};
use crate::functions;
use crate::go::url::{Url, UserInfo};
use crate::value::{Map, Str, Value};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "urlJoin" => (Map) url_join;
    "urlParse" => (Str) url_parse;
};

fn url_parse(text: &Str) -> Result<Map, CallError> {
    let url = Url::parse(text).map_err(|error| CallError::Message(format!("unable to parse url: {error}")))?;
    let user = url.user.as_ref().map(UserInfo::escaped).unwrap_or_default();
    let hostname = url.hostname().to_vec();
    Ok([
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.raw_query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", user),
    ]
    .into_iter()
    .map(|(key, part)| (Str::from(key), Value::string(part)))
    .collect())
}

fn url_join(parts: &Map) -> Result<Vec<u8>, CallError> {
    let mut url = Url::default();
    url.scheme = part(parts, "scheme")?;
    url.host = part(parts, "host")?;
    url.path = part(parts, "path")?;
    url.raw_query = part(parts, "query")?;
    url.opaque = part(parts, "opaque")?;
    url.fragment = part(parts, "fragment")?;
    let user = part(parts, "userinfo")?;
    if !user.is_empty() {
        let with_user = [b"proto://", user.as_slice(), b"@host"].concat();
        url.user = Url::parse(&with_user)
            .map_err(|error| CallError::Message(format!("unable to parse userinfo in dict: {error}")))?
            .user;
    }
    Ok(url.assemble())
}

/// The string under a key; empty if there is none.
fn part(parts: &Map, key: &str) -> Result<Vec<u8>, CallError> {
    match parts.get(key.as_bytes()) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.to_vec()),
        // What the original does not foresee.
        Some(Value::Nil) => Err("runtime error: invalid memory address or nil pointer dereference".into()),
        Some(other) => match other.scalar() {
            Some(Value::String(text)) => Ok(text.to_vec()),
            _ => Err(CallError::Message(format!(
                "unable to parse {key} key, must be of type string, but {} found",
                other.kind()
            ))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/url.tsv"));
    }
}
