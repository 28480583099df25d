//! What the command line says about values: `-f` and the `--set` family, in Helm's fixed order.

use std::sync::Arc;

use aktus_gotmpl::{Frozen, Profile};

use super::documents::{self, DocumentError};
use super::set::{self, Reader, SetError};
use super::tree::{ValuesBuilder, merge_maps};
use super::{Values, literal};
use crate::limits::Limits;

/// A values file that was read already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueFile {
    /// Its name, for errors.
    pub name: String,
    /// Its text.
    pub text: Vec<u8>,
}

/// How a file named in `--set-file` is read; the error is what the operating system says.
pub type ReadFile<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>;

/// Values as `helm` takes them from its command line. Whatever their order there, files count least
/// and literals most: `-f`, `--set-json`, `--set`, `--set-string`, `--set-file`, `--set-literal`.
///
/// ```
/// use aktus_helm::{Profile, ValueFile, ValueOptions};
///
/// let options = ValueOptions {
///     files: vec![ValueFile { name: "values.yaml".into(), text: b"image: {tag: '1'}".to_vec() }],
///     set: vec!["image.tag=2,replicas=3".into()],
///     ..ValueOptions::default()
/// };
/// let values = options.merge(Profile::Helm4)?;
/// assert_eq!(values.to_json(), serde_json::json!({"image": {"tag": 2}, "replicas": 3}));
/// # Ok::<(), aktus_helm::ValuesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueOptions {
    /// `-f`, `--values`
    pub files: Vec<ValueFile>,
    /// `--set-json`
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

/// Values that were not understood. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// A values file.
    #[error("failed to parse {file}: {cause}")]
    File {
        /// Its name.
        file: String,
        /// Why.
        cause: DocumentError,
    },
    /// A `--set-json` that is an object (Helm 4).
    #[error("failed parsing --set-json data JSON: {expression}")]
    JsonObject {
        /// The argument.
        expression: String,
        /// Why; Helm does not say it.
        #[source]
        cause: SetError,
    },
    /// A `--set-json`.
    #[error("failed parsing --set-json data {expression}")]
    Json {
        /// The argument.
        expression: String,
        /// Why; Helm does not say it.
        #[source]
        cause: SetError,
    },
    /// One of the other flags.
    #[error("failed parsing {flag} data: {cause}")]
    Set {
        /// The flag, dashes included.
        flag: &'static str,
        /// The argument.
        expression: String,
        /// Why.
        cause: SetError,
    },
}

impl ValueOptions {
    /// All of them merged, within the default limits. A `--set-file` cannot be read this way.
    pub fn merge(&self, profile: Profile) -> Result<Values, ValuesError> {
        self.merge_with(profile, &Limits::default(), &mut |path| {
            Err(format!("open {path}: reading files was not allowed"))
        })
    }

    /// All of them merged, reading the files of `--set-file` through `read`.
    pub fn merge_with(&self, profile: Profile, limits: &Limits, read: ReadFile<'_>) -> Result<Values, ValuesError> {
        let mut merged = Arc::default();
        for file in &self.files {
            let value = documents::read(&file.text, profile, &limits.yaml)
                .map_err(|cause| ValuesError::File { file: file.name.clone(), cause })?;
            if let Frozen::Map(map) = &value {
                merged = merge_maps(&merged, map);
            }
        }
        let mut merged = Frozen::Map(merged);
        for expression in &self.set_json {
            merged = set_json(expression, &merged, profile, limits)?;
        }
        let failed = |flag: &'static str, expression: &str| {
            let expression = expression.to_owned();
            move |cause| ValuesError::Set { flag, expression, cause }
        };
        for expression in &self.set {
            merged =
                set::apply(expression, &merged, Reader::Typed, profile, limits).map_err(failed("--set", expression))?;
        }
        for expression in &self.set_string {
            merged = set::apply(expression, &merged, Reader::Text, profile, limits)
                .map_err(failed("--set-string", expression))?;
        }
        for expression in &self.set_file {
            merged = set::apply(expression, &merged, Reader::File(&mut *read), profile, limits)
                .map_err(failed("--set-file", expression))?;
        }
        for expression in &self.set_literal {
            merged =
                literal::apply(expression, &merged, profile, limits).map_err(failed("--set-literal", expression))?;
        }
        Ok(Values::from_frozen(&merged))
    }
}

fn set_json(expression: &str, base: &Frozen, profile: Profile, limits: &Limits) -> Result<Frozen, ValuesError> {
    let trimmed = expression.trim();
    if profile == Profile::Helm4 && trimmed.starts_with('{') {
        let value = aktus_yaml::json::read(trimmed.as_bytes(), &mut ValuesBuilder, &aktus_yaml::Limits::JSON);
        let value = value.map_err(|error| ValuesError::JsonObject {
            expression: expression.to_owned(),
            cause: SetError::Json(error.to_string()),
        })?;
        return Ok(match (base, &value) {
            (Frozen::Map(base), Frozen::Map(over)) => Frozen::Map(merge_maps(base, over)),
            _ => base.clone(),
        });
    }
    set::apply(expression, base, Reader::Json, profile, limits)
        .map_err(|cause| ValuesError::Json { expression: expression.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// A JSON value of the recorded cases: plain numbers are `int64`, `{"$float64": n}` a `float64`.
    fn recorded(value: &Value) -> Frozen {
        match value {
            Value::Number(number) => Frozen::Int64(number.as_i64().expect("an int64")),
            Value::Object(entries) => match entries.get("$float64") {
                Some(number) => Frozen::Float(number.as_f64().expect("a float64")),
                None => Frozen::map(entries.iter().map(|(key, value)| (key.as_str().into(), recorded(value)))),
            },
            Value::Array(items) => Frozen::list(items.iter().map(recorded)),
            other => super::super::tree::from_json(other),
        }
    }

    fn run(case: &Value, profile: Profile) -> Result<Frozen, SetError> {
        let limits = Limits::default();
        let input = case["input"].as_str().expect("an input");
        let base = recorded(case.get("dest").unwrap_or(&serde_json::json!({})));
        let mut read = |path: &str| match path {
            "path1" => Ok(b"value1".to_vec()),
            other => Err(format!("open {other}: no such file or directory")),
        };
        let reader = match case["fn"].as_str().expect("a function") {
            "Parse" | "ParseInto" => Reader::Typed,
            "ParseString" | "ParseIntoString" => Reader::Text,
            "ParseJSON" => Reader::Json,
            "ParseFile" | "ParseIntoFile" => Reader::File(&mut read),
            "ParseLiteral" | "ParseLiteralInto" => {
                return literal::apply(input, &base, profile, &limits);
            }
            other => panic!("unknown function {other}"),
        };
        set::apply(input, &base, reader, profile, &limits)
    }

    #[track_caller]
    fn check_recorded_expressions(profile: Profile) {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/fixtures/strvals-cases.json")).expect("the fixture is JSON");
        assert_eq!(cases.len(), 123, "all cases are there");
        let mut failed = Vec::new();
        for case in &cases {
            let result = run(case, profile).map_err(|error| error.to_string());
            let agrees = match (&result, case.get("error").and_then(Value::as_str)) {
                // Recorded with a nil map to write into, which no command line leads to.
                (Err(_), Some("unable to parse key: assignment to entry in nil map")) => true,
                (Err(found), Some(expected)) => found == expected,
                (Ok(found), None) => *found == recorded(&case["expect"]),
                _ => false,
            };
            if !agrees {
                failed.push(format!("{case}\n    gave {result:?}"));
            }
        }
        assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
    }

    /// Cases recorded from the tests of Helm's `pkg/strvals`, which are the same in both.
    #[test]
    fn recorded_expressions() {
        check_recorded_expressions(Profile::Helm3);
        check_recorded_expressions(Profile::Helm4);
    }

    #[track_caller]
    fn check(expression: &str, profile: Profile, expected: Result<&str, &str>) {
        let base = Frozen::map([]);
        let found = set::apply(expression, &base, Reader::Typed, profile, &Limits::default());
        let found =
            found.map(|value| super::super::tree::to_json(&value).to_string()).map_err(|error| error.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{}", expression.get(..40).unwrap_or(expression));
    }

    #[test]
    fn an_index_that_is_not_closed_is_ignored_by_helm_4() {
        check("a[0", Profile::Helm4, Ok("{}"));
        check("a[0", Profile::Helm3, Err("error parsing index: EOF"));
    }

    #[test]
    fn bounds() {
        use Profile::Helm4;
        let deep = |count: usize| format!("{}z=1", "a.".repeat(count));
        assert!(set::apply(&deep(30), &Frozen::map([]), Reader::Typed, Helm4, &Limits::default()).is_ok());
        let too_deep = "value name nested level is greater than maximum supported nested level of 30";
        check(&deep(31), Helm4, Err(too_deep));
        check(&deep(1_000_000), Helm4, Err(too_deep));
        let too_large = "index of 65537 is greater than maximum supported index of 65536";
        check("a[65537]=x", Helm4, Err(too_large));
        check("a[-1]=x", Helm4, Err("negative -1 index not allowed"));
        check(
            "a[99999999999999999999]=x",
            Helm4,
            Err("error parsing index: strconv.Atoi: parsing \"99999999999999999999\": value out of range"),
        );
        let indices = format!("a{}=1", "[0]".repeat(100_000));
        check(&indices, Helm4, Err("more than 16 indices in one key"));
        let braces = format!("a={}", "{".repeat(100_000));
        check(&braces, Helm4, Err("list must terminate with '}'"));
        let padded = set::apply("a[65536]=x", &Frozen::map([]), Reader::Typed, Helm4, &Limits::default());
        let padded = padded.expect("the largest index is allowed");
        let list = padded.as_map().and_then(|map| map.get(b"a")?.as_list().cloned());
        assert_eq!(list.expect("a list").items().len(), 65_537);
    }

    #[test]
    fn literals_count_more_than_files() {
        let options = ValueOptions {
            files: vec![ValueFile { name: "v".into(), text: b"a: 1\nb: {c: 1}".to_vec() }],
            set_literal: vec!["b.c=x,y".into()],
            set: vec!["b.c=2".into()],
            ..ValueOptions::default()
        };
        let values = options.merge(Profile::Helm4).expect("valid options");
        assert_eq!(values.to_json(), serde_json::json!({"a": 1, "b": {"c": "x,y"}}));
    }

    #[test]
    fn a_broken_file_is_named() {
        let options = ValueOptions {
            files: vec![ValueFile { name: "v.yaml".into(), text: b"- 1".to_vec() }],
            ..ValueOptions::default()
        };
        let error = options.merge(Profile::Helm4).expect_err("a list is no values");
        assert_eq!(
            error.to_string(),
            "failed to parse v.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
    }
}
