//! One annotation into a document and out of it again, the rest of the text untouched where its layout allows.

use aktus_diagnostics::{SourceId, Sources};
use aktus_yaml::Limits;
use aktus_yaml::node::{Document, Kind, Node, Style};
use serde_json::Value;

use super::{ANNOTATION, PostRenderError};

/// The document with the annotation; nothing when it holds only comments.
pub(super) fn add(document: &str, file: &str) -> Result<Option<String>, PostRenderError> {
    let fail = |cause: &str| PostRenderError::Annotate { file: file.to_owned(), cause: cause.to_owned() };
    let mut sources = Sources::new();
    let source = sources.add(file, document);
    let parsed = parse(document, source).map_err(|cause| PostRenderError::Parse { file: file.to_owned(), cause })?;
    let Some(root) = parsed.root() else { return Ok(None) };
    if root.kind() != Kind::Map {
        return Err(fail("it is no map"));
    }
    let quoted = format!("{ANNOTATION}: '{}'", file.replace('\'', "''"));
    let metadata = root.get("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let inserted = match (metadata, annotations) {
        (_, Some(annotations)) => above(document, &annotations, |indent| format!("{indent}{quoted}\n")),
        (Some(metadata), None) => {
            above(document, &metadata, |indent| format!("{indent}annotations:\n{indent}  {quoted}\n"))
        }
        (None, None) => above(document, &root, |indent| {
            format!("{indent}metadata:\n{indent}  annotations:\n{indent}    {quoted}\n")
        }),
    };
    if let Some(text) = inserted {
        return Ok(Some(text));
    }
    let mut object = aktus_yaml::to_serde_json(document.as_bytes())
        .map_err(|cause| PostRenderError::Parse { file: file.to_owned(), cause })?;
    let mut place = &mut object;
    for key in ["metadata", "annotations"] {
        if place[key].is_null() {
            place[key] = Value::Object(serde_json::Map::new());
        }
        if !place[key].is_object() {
            return Err(fail(&format!("its {key} are no map")));
        }
        place = &mut place[key];
    }
    place[ANNOTATION] = file.into();
    aktus_yaml::write_v2(&object).map(Some).map_err(|error| fail(&error.to_string()))
}

/// The file that the annotation names, if it is there, and the document without it; nothing when it holds only comments.
pub(super) fn take(document: &str) -> Result<Option<(Option<String>, String)>, PostRenderError> {
    let mut sources = Sources::new();
    let source = sources.add("post-rendered", document);
    let parsed = parse(document, source).map_err(|cause| PostRenderError::Output { cause })?;
    let Some(root) = parsed.root() else { return Ok(None) };
    if root.kind() != Kind::Map {
        return Err(PostRenderError::NotAnObject { cause: "a document is no map".to_owned() });
    }
    let found = root.entry("metadata").and_then(|(metadata_key, metadata)| {
        let (annotations_key, annotations) = metadata.entry("annotations")?;
        let (key, value) = annotations.entry(ANNOTATION)?;
        let file = value.text().filter(|text| !text.is_empty())?.to_owned();
        // What would be left empty was put there with the annotation.
        let alone = |node: &Node<'_>| node.entries().count() == 1;
        let first = match (alone(&annotations), alone(&metadata)) {
            (true, true) => metadata_key,
            (true, false) => annotations_key,
            (false, _) => key,
        };
        Some((file, cut(document, &first, &key, &value)))
    });
    let Some((file, text)) = found else { return Ok(Some((None, document.to_owned()))) };
    if let Some(text) = text {
        return Ok(Some((Some(file), text)));
    }
    let mut object =
        aktus_yaml::to_serde_json(document.as_bytes()).map_err(|cause| PostRenderError::Output { cause })?;
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(ANNOTATION);
        if annotations.is_empty()
            && let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("annotations");
        }
    }
    let text =
        aktus_yaml::write_v2(&object).map_err(|error| PostRenderError::NotAnObject { cause: error.to_string() })?;
    Ok(Some((Some(file), text)))
}

fn parse(document: &str, source: SourceId) -> Result<Document<'_>, aktus_yaml::Error> {
    Document::parse(document.as_bytes(), source, &Limits::default())
}

/// The text with lines put above the first entry of a map, if that begins a line.
fn above(text: &str, map: &Node<'_>, lines: impl Fn(&str) -> String) -> Option<String> {
    if map.kind() != Kind::Map || map.style() != Style::Block || map.span() != map.content_span() {
        return None;
    }
    let (key, _) = map.entries().next()?;
    let (start, indent) = line_of(text, key.span().range().start)?;
    Some(format!("{}{}{}", &text[..start], lines(indent), &text[start..]))
}

/// The text without the lines from the key `first` to the entry of `key`, if that is all they hold.
fn cut(text: &str, first: &Node<'_>, key: &Node<'_>, value: &Node<'_>) -> Option<String> {
    let (start, _) = line_of(text, first.span().range().start)?;
    let (_, _) = line_of(text, key.span().range().start)?;
    let value_end = value.span().range().end;
    if text.get(key.span().range().start..value_end)?.contains('\n') {
        return None;
    }
    let rest = text.get(value_end..)?;
    let (to_end, after) = rest.split_once('\n').unwrap_or((rest, ""));
    to_end.trim().is_empty().then(|| format!("{}{after}", &text[..start]))
}

/// Where the line of an offset starts, and its indentation, if nothing else stands before the offset.
fn line_of(text: &str, offset: usize) -> Option<(usize, &str)> {
    let before = text.get(..offset)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &before[start..];
    indent.bytes().all(|byte| byte == b' ').then_some((start, indent))
}
