//! How does YAML get in and out? `toYaml`, `toYamlPretty`, `mustToYaml`, `fromYaml`, `fromYamlArray`.

use aktus_yaml::{Limits, read};

use super::convert::{ValueBuilder, write_yaml, write_yaml_pretty};
use super::json::{error_list, error_map, into_list, into_map};
use crate::function::{CallError, Context};
use crate::value::{List, Map, Str, Value};

/// What sigs.k8s.io/yaml puts before an error of `encoding/json`.
const DECODING: &str = "error unmarshaling JSON: while decoding JSON: ";

/// How go-yaml v3 begins to panic about a value.
pub(super) const CANNOT_MARSHAL: &str = "cannot marshal type: ";

/// YAML without the newline at its end; nothing if the value has none.
pub(super) fn to_yaml(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    Ok(trim(write_yaml(context, value)?.unwrap_or_default()))
}

/// YAML without the newline at its end; an error if the value has none.
pub(super) fn must_to_yaml(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    write_yaml(context, value)?.map(trim).map_err(|error| {
        // What encoding/json refuses, sigs.k8s.io/yaml gives on with words of its own; what go-yaml does, as it is.
        let of_json = error.starts_with("json: ");
        CallError::Message(if of_json { format!("error marshaling into JSON: {error}") } else { error })
    })
}

/// YAML with indented lists, without the newline at its end; nothing if the value has none.
pub(super) fn to_yaml_pretty(context: &mut Context<'_>, value: &Value) -> Result<String, CallError> {
    match write_yaml_pretty(context, value)? {
        Ok(text) => Ok(trim(text)),
        // A panic of go-yaml v3, which is no error to Helm.
        Err(error) if error.starts_with(CANNOT_MARSHAL) => Err(CallError::Message(error)),
        Err(_) => Ok(String::new()),
    }
}

/// The map that the first document of a text is; with the error under `Error` if it is not.
pub(super) fn from_yaml(text: &Str) -> Map {
    match read(text, &mut ValueBuilder, &Limits::YAML) {
        // Unlike fromJson, it does not give nil.
        Ok(Value::Nil) => Ok(Map::new()),
        Ok(value) => into_map(value).map_err(|error| format!("{DECODING}{error}")),
        Err(error) => Err(error.to_string()),
    }
    .unwrap_or_else(error_map)
}

/// The list that the first document of a text is; with the error as its only element if it is not.
pub(super) fn from_yaml_array(text: &Str) -> List {
    match read(text, &mut ValueBuilder, &Limits::YAML) {
        Ok(Value::Nil) => Ok(List::new(Vec::new())),
        Ok(value) => into_list(value).map_err(|error| format!("{DECODING}{error}")),
        Err(error) => Err(error.to_string()),
    }
    .unwrap_or_else(error_list)
}

fn trim(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}
