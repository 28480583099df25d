//! The documents of a rendered file, as apimachinery's decoder takes them apart, and the few fields that rules look at.

use aktus_gotmpl::Profile;
use aktus_yaml::{Json, Limits, json};

use crate::chart::Decoder;

/// What the rules look at in a document.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The documents of a text up to the first that cannot be read, whose fault comes last. Nothing for null.
pub(super) fn documents(text: &[u8], profile: Profile, limits: &Limits) -> Vec<Result<Option<Document>, String>> {
    let mut found = Vec::new();
    let not_json = not_json(text, limits);
    for document in aktus_yaml::documents(text) {
        let read = match document {
            Ok(document) => aktus_yaml::read(&document.text, &mut aktus_yaml::JsonBuilder, limits)
                .map_err(|error| error.to_string())
                .and_then(|value| decode(&value, profile)),
            Err(error) => Err(error.to_string()),
        };
        let failed = read.is_err();
        let told = |error: String| not_json.clone().unwrap_or(error);
        found.push(read.map_err(|error| format!("unable to parse YAML: {}", told(error))));
        if failed {
            break;
        }
    }
    found
}

/// The decoder takes what begins with a brace for JSON; if it is neither, the complaint is about the JSON.
fn not_json(text: &[u8], limits: &Limits) -> Option<String> {
    if text.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    match json::read_first(text, &mut aktus_yaml::JsonBuilder, limits) {
        // Go counts the byte that it stumbles over, too.
        Err(error @ json::Error::Syntax { offset, .. }) => Some(format!("json: offset {}: {error}", offset + 1)),
        _ => None,
    }
}

fn decode(value: &Json, profile: Profile) -> Result<Option<Document>, String> {
    if matches!(value, Json::Null) {
        return Ok(None);
    }
    let (outer, inner) = match profile {
        Profile::Helm4 => ("rules.k8sYamlStruct", "rules.k8sYamlMetadata"),
        Profile::Helm3 => ("rules.K8sYamlStruct", "rules.k8sYamlMetadata"),
    };
    let mut document = Document::default();
    let mut namespace = String::new();
    let mut decoder = Decoder::default();
    decoder.fields(value, outer, &["apiVersion", "Kind", "Metadata"], |decoder, name, value| match name {
        "apiVersion" => decoder.string(value, &mut document.api_version),
        "Kind" => decoder.string(value, &mut document.kind),
        _ => decoder.fields(value, inner, &["Namespace", "Name"], |decoder, name, value| match name {
            "Name" => decoder.string(value, &mut document.name),
            _ => decoder.string(value, &mut namespace),
        }),
    });
    decoder.finish().map_err(|error| with_go_names(&error, outer, inner))?;
    Ok(Some(document))
}

/// Helm is built with a Go that names struct and field where later ones name the path.
fn with_go_names(error: &str, outer: &str, inner: &str) -> String {
    let name = |go_type: &str| go_type.trim_start_matches("rules.").to_owned();
    let (outer, inner) = (name(outer), name(inner));
    let names = [
        (".kind", format!("{outer}.Kind")),
        (".apiVersion", format!("{outer}.apiVersion")),
        (".metadata.name", format!("{inner}.Metadata.Name")),
        (".metadata.namespace", format!("{inner}.Metadata.Namespace")),
        (".metadata", format!("{outer}.Metadata")),
    ];
    for (path, go) in names {
        let told = format!("struct field {path} of type");
        if error.contains(&told) {
            return error.replace(&told, &format!("struct field {go} of type"));
        }
    }
    error.to_owned()
}
