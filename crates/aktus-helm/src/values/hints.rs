//! Where was the value set that an error is about?

use aktus_gotmpl::{Cause, ExecError, Frozen};

use super::options::ValueOptions;
use super::schema::Violation;
use super::settings::{Detail, Origin, Setting, Settings, collect, found};
use super::written::shown_path;
use super::{SchemaError, Values};
use crate::chart::Chart;
use crate::render::{RenderError, RenderOptions, merged_values};

/// More places than these are not told.
const MOST: usize = 20;

/// Sentences, without a full stop, about where the values were set that an error of rendering is about: file, line and
/// column, or flag. None about an error that names no value; none of them shows a value.
///
/// `user` and `values` are the user's values before and after merging. Told are what does not fit a
/// `values.schema.json`, and templates that fail over a plain path such as `.Values.image.tag`.
///
/// ```
/// use aktus_helm::values::value_hints;
/// use aktus_helm::{Chart, FrozenHost, LoadOptions, RenderOptions, ValueFile, ValueOptions, render};
///
/// let files = [
///     ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0"),
///     ("templates/a.yaml", "tag: {{ .Values.image.tag.name }}"),
/// ];
/// let chart = Chart::from_files(files, &LoadOptions::default())?;
/// let options = RenderOptions::default();
/// let file = ValueFile { name: "prod.yaml".into(), text: b"replicas: 1\nimage:\n  name: nginx\n".to_vec() };
/// let user = ValueOptions { files: vec![file], ..ValueOptions::default() };
/// let values = user.merge(options.profile)?;
/// let error = render(&chart, &values, &options, &FrozenHost::default()).unwrap_err();
/// assert_eq!(
///     value_hints(&error, &chart, &user, &values, &options),
///     ["nothing sets `image.tag`; `image` is set at prod.yaml:2:1"]
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn value_hints(
    error: &RenderError,
    chart: &Chart,
    user: &ValueOptions,
    values: &Values,
    options: &RenderOptions,
) -> Vec<String> {
    let settings = || Places(collect(chart, user, options, Detail::All));
    match error {
        RenderError::Schema(error) => settings().of_schema(error),
        RenderError::Execute { error, .. } => {
            let Some(failed) = Failed::new(error, chart) else { return Vec::new() };
            let Ok(merged) = merged_values(chart, values, options) else { return Vec::new() };
            settings().of_template(&failed, &merged.to_frozen()).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A plain path over which a template failed.
struct Failed {
    /// The keys from the values of the root chart on.
    keys: Vec<String>,
    /// How many of them lead to the values that the template sees.
    above: usize,
    problem: Problem,
}

enum Problem {
    /// This field of nil.
    OfNil(String),
    /// This field of something that has no fields.
    OfOther(String),
    /// The value is of no use where it stands.
    Value,
}

impl Failed {
    fn new(error: &ExecError, chart: &Chart) -> Option<Self> {
        let problem = match error.cause() {
            Cause::CannotRange { .. } => Problem::Value,
            Cause::Message(message) => problem(message)?,
            _ => return None,
        };
        let mut keys = sub_charts(&error.outermost()?.file.to_text(), chart.name());
        let above = keys.len();
        keys.extend(path_of(&error.place()?.node)?);
        Some(Self { keys, above, problem })
    }
}

fn problem(message: &str) -> Option<Problem> {
    if message.starts_with("wrong type for value") || message.starts_with("invalid value; expected") {
        return Some(Problem::Value);
    }
    if let Some(rest) = message.strip_prefix("can't evaluate field ") {
        return Some(Problem::OfOther(rest.split_once(" in type ")?.0.to_owned()));
    }
    let (_, field) = message.strip_prefix("nil pointer evaluating ")?.rsplit_once('.')?;
    Some(Problem::OfNil(field.to_owned()))
}

/// The keys of `.Values.a.b` or `$.Values.a.b`; nothing of any other expression.
fn path_of(node: &str) -> Option<Vec<String>> {
    let chain = node.strip_prefix('$').unwrap_or(node).strip_prefix(".Values.")?;
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
    chain.split('.').map(|name| is_name(name).then(|| name.to_owned())).collect()
}

/// The names that lead to the sub-chart of a template file, such as `web/charts/dep/templates/a.yaml`.
fn sub_charts(file: &str, root: &str) -> Vec<String> {
    let Some(mut rest) = file.strip_prefix(root) else { return Vec::new() };
    let mut names = Vec::new();
    while let Some((name, after)) = rest.strip_prefix("/charts/").and_then(|below| below.split_once('/')) {
        names.push(name.to_owned());
        rest = &rest[rest.len() - after.len() - 1..];
    }
    names
}

/// Who sets which path.
struct Places(Settings);

impl Places {
    fn of_schema(&self, error: &SchemaError) -> Vec<String> {
        let mut hints: Vec<String> = Vec::new();
        let all = error.violations.iter().flat_map(|violation| self.of_violation(violation));
        for hint in all {
            if hints.len() == MOST {
                hints.push("there are more places".to_owned());
                break;
            }
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }

    fn of_violation(&self, violation: &Violation) -> Vec<String> {
        let keys = &violation.keys;
        let below = |name: &String| -> Vec<String> { keys.iter().chain([name]).cloned().collect() };
        if violation.missing.is_empty() && violation.unexpected.is_empty() {
            return self.nearest(keys).into_iter().collect();
        }
        let missing = violation.missing.iter().filter_map(|name| self.missing(&below(name)));
        let unexpected = violation.unexpected.iter().filter_map(|name| self.nearest(&below(name)));
        missing.chain(unexpected).collect()
    }

    /// Only if the merged values explain the error: a template may see other values under this path.
    fn of_template(&self, failed: &Failed, merged: &Frozen) -> Option<String> {
        let keys = &failed.keys;
        let mut current = merged.clone();
        for (index, key) in keys.iter().enumerate() {
            let Some(map) = current.as_map() else {
                let explains =
                    index > failed.above && matches!(&failed.problem, Problem::OfOther(field) if field == key);
                let told = explains.then(|| self.nearest(&keys[..index]))??;
                return Some(format!("{told}, and is no map with a `{key}`"));
            };
            let Some(below) = map.get(key.as_bytes()).filter(|value| !matches!(value, Frozen::Nil)) else {
                let explains = match &failed.problem {
                    Problem::OfNil(field) => keys.get(index + 1) == Some(field),
                    Problem::OfOther(_) => false,
                    Problem::Value => index + 1 == keys.len(),
                };
                return (index >= failed.above && explains).then(|| self.missing(&keys[..=index]))?;
            };
            current = below.clone();
        }
        matches!(failed.problem, Problem::Value).then(|| self.nearest(keys))?
    }

    /// Where a value that is not there was set to null, or the nearest one above it was set.
    fn missing(&self, keys: &[String]) -> Option<String> {
        match self.strongest(keys) {
            Some(last) if last.null => return Some(told(keys, last)),
            Some(_) => return None,
            None => {}
        }
        let path = shown_path(keys);
        let above = keys.split_last().and_then(|(_, above)| self.nearest(above));
        Some(match above {
            Some(above) => format!("nothing sets `{path}`; {above}"),
            None => format!("no values file and no flag sets `{path}`"),
        })
    }

    /// Who set a value, or else the nearest one above it.
    fn nearest(&self, keys: &[String]) -> Option<String> {
        (1..=keys.len()).rev().find_map(|length| {
            let keys = &keys[..length];
            Some(told(keys, self.strongest(keys)?))
        })
    }

    /// The setting that counts: the last one, and of maps the last one in a file, if there is one.
    fn strongest(&self, keys: &[String]) -> Option<&Setting> {
        if let Some(list) = keys.iter().position(|key| key.starts_with('[')) {
            // Lists are not merged: an item is where its list is.
            let Origin::File { file: list, .. } = &self.strongest(&keys[..list])?.origin else { return None };
            let is_same = |setting: &&Setting| matches!(&setting.origin, Origin::File { file, .. } if file == list);
            return found(keys, &self.0)?.iter().rfind(is_same);
        }
        let all = found(keys, &self.0)?;
        let only_below = |setting: &Setting| setting.inner && matches!(setting.origin, Origin::Flag { .. });
        let last = all.iter().rposition(|setting| !only_below(setting));
        last.map_or_else(|| all.last(), |last| all.get(last))
    }
}

fn told(keys: &[String], setting: &Setting) -> String {
    let null = if setting.null { " to null" } else { "" };
    let place = match &setting.origin {
        Origin::File { file, line, column } => format!("at {file}:{line}:{column}"),
        Origin::Flag { flag, path } => format!("by {flag} {path}"),
        Origin::Computed => "by helm".to_owned(),
    };
    format!("`{}` is set{null} {place}", shown_path(keys))
}
