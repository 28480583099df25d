//! Do the values fit the charts' `values.schema.json`?
//!
//! Upstream: Helm's `pkg/chart/common/util/jsonschema.go` on santhosh-tekuri/jsonschema v6.
//! Deliberately stricter than Helm: a schema can load only the files and URLs that a caller opts in to.

mod external;
mod format;
mod report;
mod unused;
mod words;

use std::sync::{Arc, Mutex, PoisonError};

use aktus_gotmpl::Frozen;
use aktus_yaml::SerdeBuilder;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::meta::MetaValidator;
use jsonschema::{Draft, PatternOptions, ReferencingError, ValidationError, Validator};
use serde_json::Value;

pub use self::external::{ExternalSchemas, SchemaSource};
use self::external::{Found, Loader, Unusable};
use self::report::Report;
use super::tree;
use crate::chart::dependency::{ChartTree, NodeId};
use crate::limits::Limits;

/// Values that do not fit, or schemas that are none. The text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{text}")]
pub struct SchemaError {
    text: String,
    /// What does not fit, chart by chart.
    pub violations: Vec<Violation>,
    /// The addresses that schemas refer to and that [`ExternalSchemas`] does not allow.
    pub refused: Vec<String>,
}

/// One place where values do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The chart whose schema it is.
    pub chart: String,
    /// Where in that chart's values, as a JSON pointer.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The keys that lead there from the values of the root chart; indexes of lists in brackets.
    pub keys: Vec<String>,
    /// The properties below it that should be there.
    pub missing: Vec<String>,
    /// The properties below it that should not be there.
    pub unexpected: Vec<String>,
}

impl Violation {
    /// What is wrong with the values of a chart as a whole.
    fn whole(chart: &str, keys: &[String], message: String) -> Self {
        let chart = chart.to_owned();
        Self { chart, path: String::new(), message, keys: keys.to_vec(), missing: Vec::new(), unexpected: Vec::new() }
    }
}

/// What schemas may do.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'r> {
    pub(crate) limits: &'r Limits,
    pub(crate) external: &'r ExternalSchemas,
}

/// Checks the values of a chart and, below the sub-charts' names, those of all charts below it.
pub(crate) fn validate(tree: &ChartTree, values: &Frozen, rules: Rules<'_>) -> Result<(), SchemaError> {
    let mut error = SchemaError { text: String::new(), violations: Vec::new(), refused: Vec::new() };
    validate_chart(tree, ChartTree::ROOT, values, &[], rules, &mut error);
    if error.text.is_empty() { Ok(()) } else { Err(error) }
}

/// `above` are the keys that lead to these values from those of the root chart.
fn validate_chart(
    tree: &ChartTree,
    chart: NodeId,
    values: &Frozen,
    above: &[String],
    rules: Rules<'_>,
    error: &mut SchemaError,
) {
    let name = tree.name(chart);
    if let Some(schema) = &tree.contents(chart).schema
        && let json = tree::to_json(values)
        && let Err(problem) = check(schema.data(), &json, rules)
    {
        // Helm's own texts follow each other like this; those it does not have need not.
        if !error.refused.is_empty() && !error.text.ends_with('\n') {
            error.text.push('\n');
        }
        error.text.push_str(name);
        error.text.push_str(":\n");
        match problem {
            Problem::Schema(text) => {
                error.violations.push(Violation::whole(name, above, text.clone()));
                error.text.push_str(&text);
            }
            Problem::Refused(addresses) => {
                let text = refusal(&addresses);
                error.violations.push(Violation::whole(name, above, text.clone()));
                error.text.push_str(&text);
                error.refused.extend(addresses);
            }
            Problem::Values(report) => {
                error.text.push_str(&report.to_string());
                error.violations.extend(report.leaves().into_iter().map(|leaf| Violation {
                    chart: name.to_owned(),
                    keys: above.iter().cloned().chain(keys(&leaf.location, &json)).collect(),
                    path: leaf.location,
                    message: leaf.message,
                    missing: leaf.names.missing,
                    unexpected: leaf.names.unexpected,
                }));
            }
        }
    }
    for &subchart in tree.children(chart) {
        let name = tree.name(subchart);
        let here: Vec<String> = above.iter().cloned().chain([name.to_owned()]).collect();
        match values.as_map().and_then(|map| map.get(name.as_bytes())) {
            None | Some(Frozen::Nil) => {}
            Some(values @ Frozen::Map(_)) => validate_chart(tree, subchart, values, &here, rules, error),
            Some(other) => {
                let found = other.thaw().type_name();
                let message = format!("invalid type for values: expected object (map), got {found}");
                for line in [name, ":\n", &message, "\n"] {
                    error.text.push_str(line);
                }
                error.violations.push(Violation::whole(name, &here, message));
            }
        }
    }
}

/// The keys of a JSON pointer into values; indexes of lists in brackets.
fn keys(pointer: &str, values: &Value) -> Vec<String> {
    let mut current = Some(values);
    let mut keys = Vec::new();
    for segment in report::segments(pointer) {
        let is_list = current.is_some_and(Value::is_array);
        current = current.and_then(|value| match value {
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
            other => other.get(&segment),
        });
        keys.push(if is_list { format!("[{segment}]") } else { segment });
    }
    keys
}

/// Checks the values of one chart against the text of a schema; the error is Helm's text.
pub(crate) fn validate_one(schema: &[u8], values: &Frozen, rules: Rules<'_>) -> Result<(), String> {
    check(schema, &tree::to_json(values), rules).map_err(|problem| match problem {
        Problem::Schema(text) => text,
        Problem::Refused(addresses) => refusal(&addresses),
        Problem::Values(report) => report.to_string(),
    })
}

enum Problem {
    /// The schema itself.
    Schema(String),
    /// The schemas that it refers to: their addresses.
    Refused(Vec<String>),
    /// The values.
    Values(Report),
}

/// Checks values against one schema.
fn check(schema: &[u8], values: &Value, rules: Rules<'_>) -> Result<(), Problem> {
    let mut schema = read(schema).map_err(Problem::Schema)?;
    check_references(references(&schema).len(), rules.limits).map_err(Problem::Schema)?;
    let (draft, meta) = dialect(&schema).map_err(Problem::Schema)?;
    // The library checks it in the same way before it uses it, but for parts that name a dialect of their own.
    let is_checked_later =
        schema.as_object().is_some_and(|entries| !entries.is_empty()) && !names_dialect_inside(&schema);
    if !is_checked_later {
        check_schema(BASE, &schema, &meta()).map_err(Problem::Schema)?;
    }
    let (mut built, mut found) = build(&schema, draft, rules, false);
    if is_refused(&built)
        && let Some(fewer) = unused::without_unused(&schema)
    {
        (built, found) = build(&fewer, draft, rules, false);
        schema = fewer;
    }
    if is_refused(&built) {
        let (_, found) = build(&schema, draft, rules, true);
        let refused = found.refused.into_iter().filter(|address| !names_dialect(&schema, address));
        let refused: Vec<String> = refused.collect();
        if !refused.is_empty() {
            return Err(Problem::Refused(refused));
        }
    }
    let validator = match built {
        Ok(validator) => validator,
        Err(error) => {
            check_schema(BASE, &schema, &meta()).map_err(Problem::Schema)?;
            return Err(Problem::Schema(not_compiled(&error, &schema, draft, &found)));
        }
    };
    let report = against(&validator, values, &schema);
    if report.is_empty() { Ok(()) } else { Err(Problem::Values(report)) }
}

/// Whether a schema could not be used because it refers to what is not allowed.
fn is_refused(built: &Result<Validator, ValidationError<'static>>) -> bool {
    let Err(error) = built else { return false };
    let Kind::Referencing(ReferencingError::Unretrievable { source, .. }) = error.kind() else { return false };
    source.downcast_ref::<Unusable>().is_some_and(|unusable| unusable.is_refused)
}

/// Whether an address is only the name of a dialect, which need not be loaded.
fn names_dialect(schema: &Value, address: &str) -> bool {
    schema.get("$schema").and_then(Value::as_str).is_some_and(|dialect| dialect.trim_end_matches('#') == address)
}

/// Makes the validator of a schema, and tells what it refers to elsewhere.
fn build(
    schema: &Value,
    draft: Draft,
    rules: Rules<'_>,
    collects: bool,
) -> (Result<Validator, ValidationError<'static>>, Found) {
    let asserts_formats = matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7);
    let found = Arc::new(Mutex::new(Found::default()));
    let mut options = jsonschema::options()
        .with_base_uri(BASE)
        .with_retriever(Loader {
            allowed: rules.external.clone(),
            limits: rules.limits.clone(),
            collects,
            found: Arc::clone(&found),
        })
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(asserts_formats);
    if asserts_formats {
        for (name, check) in format::FORMATS {
            options = options.with_format(name, move |text: &str| check(text).is_ok());
        }
        for name in UNKNOWN_FORMATS {
            options = options.with_format(name, |_: &str| true);
        }
    }
    let built = options.build(schema);
    let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    (built, found)
}

/// Makes the validator of schemas of a dialect.
type Meta = fn() -> MetaValidator<'static>;

/// The dialect of a schema, and what checks schemas of it.
fn dialect(schema: &Value) -> Result<(Draft, Meta), String> {
    let draft = Draft::default().detect(schema);
    let meta: Meta = match draft {
        Draft::Draft4 => jsonschema::draft4::meta::validator,
        Draft::Draft6 => jsonschema::draft6::meta::validator,
        Draft::Draft7 => jsonschema::draft7::meta::validator,
        Draft::Draft201909 => jsonschema::draft201909::meta::validator,
        Draft::Draft202012 => jsonschema::draft202012::meta::validator,
        _ => return Err(external(schema.get("$schema").and_then(Value::as_str).unwrap_or_default())),
    };
    Ok((draft, meta))
}

/// Whether the schema at an address is one of its dialect.
fn check_schema(address: &str, schema: &Value, meta: &Validator) -> Result<(), String> {
    let report = against(meta, schema, &Value::Null);
    if report.is_empty() { Ok(()) } else { Err(not_a_schema(address, schema, &report.to_string())) }
}

fn check_references(references: usize, limits: &Limits) -> Result<(), String> {
    if references <= limits.schema_references {
        return Ok(());
    }
    let most = limits.schema_references;
    Err(format!("the schema has {references} references, more than the maximum of {most}"))
}

/// Formats that Go's validator does not know, and so takes every text to have.
const UNKNOWN_FORMATS: [&str; 2] = ["idn-email", "idn-hostname"];

/// What is wrong with values, or with a schema as values of its dialect.
fn against(validator: &Validator, values: &Value, schema: &Value) -> Report {
    // Most are right, which is found out faster than what is wrong.
    if validator.is_valid(values) {
        return Report::new(std::iter::empty(), schema);
    }
    Report::new(validator.iter_errors(values), schema)
}

/// Whether a part of the schema says which dialect it is in.
fn names_dialect_inside(schema: &Value) -> bool {
    let parts: Vec<&Value> = match schema {
        Value::Array(items) => items.iter().collect(),
        Value::Object(entries) => entries.values().collect(),
        _ => Vec::new(),
    };
    parts.into_iter().any(|part| part.get("$schema").is_some() || names_dialect_inside(part))
}

const BASE: &str = "file:///values.schema.json";

/// Reads the text as Go's `json.Decoder` does.
fn read(text: &[u8]) -> Result<Value, String> {
    let (schema, used) = aktus_yaml::json::read_first(text, &mut SerdeBuilder, &aktus_yaml::Limits::JSON)
        .map_err(|error| error.to_string())?;
    let rest = text.get(used..).unwrap_or_default();
    if rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        Ok(schema)
    } else {
        Err("invalid character after top-level value".to_owned())
    }
}

/// What stands under `$ref` in a schema, wherever that is.
fn references(schema: &Value) -> Vec<&Value> {
    let (mut found, mut open) = (Vec::new(), vec![schema]);
    while let Some(part) = open.pop() {
        match part {
            Value::Array(items) => open.extend(items),
            Value::Object(entries) => {
                found.extend(entries.get("$ref"));
                open.extend(entries.values());
            }
            _ => {}
        }
    }
    found
}

fn external(uri: &str) -> String {
    format!("external $ref not allowed: {uri}")
}

/// So many refused addresses are named.
const NAMED: usize = 3;

fn refusal(addresses: &[String]) -> String {
    let mut lines: Vec<String> = addresses.iter().take(NAMED).map(|address| external(address)).collect();
    if addresses.len() > NAMED {
        lines.push(format!("and {} more", addresses.len() - NAMED));
    }
    lines.join("\n")
}

fn not_a_schema(address: &str, schema: &Value, problems: &str) -> String {
    let dialect = schema.get("$schema").and_then(Value::as_str);
    let dialect = dialect.unwrap_or("https://json-schema.org/draft/2020-12/schema").trim_end_matches('#');
    let problems = problems.trim_end_matches('\n');
    format!(
        "\"{address}#\" is not valid against metaschema: jsonschema validation failed with '{dialect}#'\n{problems}"
    )
}

/// Why a schema that fits its dialect could not be used, in Helm's words where it has some.
fn not_compiled(error: &ValidationError<'_>, schema: &Value, draft: Draft, found: &Found) -> String {
    match error.kind() {
        Kind::Referencing(ReferencingError::PointerToNowhere { pointer }) => {
            let all = std::iter::once(schema).chain(found.schemas.values());
            let references: Vec<&str> = all.flat_map(references).filter_map(Value::as_str).collect();
            let is_meant = |address: &&String| references.contains(&format!("{address}#{pointer}").as_str());
            let address = found.schemas.keys().find(is_meant);
            format!("json-pointer in \"{}#{pointer}\" not found", address.map_or(BASE, String::as_str))
        }
        Kind::Referencing(ReferencingError::Unretrievable { uri, source }) => {
            source.downcast_ref::<Unusable>().map_or_else(|| external(uri), |unusable| unusable.text.clone())
        }
        Kind::Referencing(other) => other.to_string(),
        Kind::Format { .. } => not_a_schema(BASE, schema, &bad_pattern(error, draft)),
        _ => error.to_string(),
    }
}

/// A pattern that is no regular expression, as the dialect's own schema reports it:
/// from 2019-09 on through an `allOf` for each schema on the way.
fn bad_pattern(error: &ValidationError<'_>, draft: Draft) -> String {
    let pointer = error.instance_path().as_str();
    let mut places = Vec::new();
    if !matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7) {
        places.push("");
        let mut end = 0;
        let mut keyword = None;
        for segment in pointer.split('/').skip(1) {
            end += 1 + segment.len();
            match (keyword, segment) {
                (Some(_), _) => keyword = None,
                (
                    None,
                    "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions" | "allOf"
                    | "anyOf" | "oneOf" | "prefixItems",
                ) => {
                    keyword = Some(segment);
                    continue;
                }
                (None, _) => {}
            }
            if end < pointer.len() {
                places.push(&pointer[..end]);
            }
        }
    }
    let mut lines: Vec<String> =
        places.iter().map(|place| format!("at {}: 'allOf' failed", words::quoted(place))).collect();
    lines.push(format!("at {}: {}", words::quoted(pointer), words::message(error)));
    let lines = lines.iter().enumerate().map(|(depth, line)| format!("{:width$}- {line}", "", width = depth * 2));
    lines.collect::<Vec<_>>().join("\n")
}
