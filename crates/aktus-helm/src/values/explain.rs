//! Which file or flag set, or deleted, each of the merged values?
//!
//! The merged values are those of the engine; this only finds, for each of them, the last source that names its path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aktus_gotmpl::{Frozen, Profile};

use super::options::{ReadFile, ValueOptions, ValuesError};
use super::written::{shown_path, written};
use super::{Values, literal, set};
use crate::chart::Chart;
use crate::limits::Limits;
use crate::render::{RenderError, RenderOptions, merged_values};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of a file: a values.yaml of the chart or of a sub-chart, or a file of the user.
    File {
        /// Its name; for files of charts from the root chart's name down.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A `--set` or one of its relatives.
    Flag {
        /// The flag, dashes included.
        flag: &'static str,
        /// The path that it sets.
        path: String,
    },
    /// None of these names it: Helm made it, or `import-values` did.
    Computed,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line } => write!(formatter, "{file}:{line}"),
            Self::Flag { flag, path } => write!(formatter, "{flag} {path}"),
            Self::Computed => formatter.write_str("helm"),
        }
    }
}

/// One of the merged values, or one that was deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The keys that lead to it.
    pub keys: Vec<String>,
    /// The value: anything but a map with entries. Nothing when it was deleted.
    pub value: Option<serde_json::Value>,
    /// Who set it, or deleted it by setting it to null.
    pub origin: Origin,
    /// Who had set it before, the latest first.
    pub overridden: Vec<Origin>,
}

impl Explained {
    /// The path for people: `image.tag`.
    pub fn path(&self) -> String {
        shown_path(&self.keys)
    }
}

/// Why values were not explained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The user's values were not understood.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The values were not merged.
    #[error(transparent)]
    Merge(#[from] RenderError),
}

/// Who sets what: the keys, the place, and whether it is set to null.
#[derive(Debug)]
struct Setting {
    origin: Origin,
    null: bool,
}

/// The settings of all sources by path, each from the weakest source to the strongest.
type Settings = BTreeMap<Vec<String>, Vec<Setting>>;

/// Explains the values that the templates of a chart see, sorted by path.
///
/// A list counts as one value, since Helm never merges lists. `read` reads the files of `--set-file`.
pub fn explain(
    chart: &Chart,
    user: &ValueOptions,
    options: &RenderOptions,
    read: ReadFile<'_>,
) -> Result<Vec<Explained>, ExplainError> {
    let profile = options.profile;
    let values = user.merge_with(profile, &options.limits, &mut *read)?;
    let merged = merged_values(chart, &values, options)?;
    let mut settings = Settings::new();
    of_charts(chart, &[], chart.name(), profile, &mut settings);
    for file in &user.files {
        of_file(&file.text, &[], &file.name, profile, &mut settings);
    }
    of_flags(user, &options.limits, profile, &mut settings);
    let mut explained = Vec::new();
    let mut seen = BTreeSet::new();
    walk(&merged.to_frozen(), &mut Vec::new(), &mut |keys, value| {
        seen.insert(keys.to_vec());
        explained.push(explain_one(keys, value, &settings));
    });
    for (keys, all) in &settings {
        let Some(last) = all.last().filter(|last| last.null && all.len() > 1) else { continue };
        if seen.contains(keys) || exists(&merged, keys) {
            continue;
        }
        explained.push(Explained {
            keys: keys.clone(),
            value: None,
            origin: last.origin.clone(),
            overridden: before(all),
        });
    }
    explained.sort_by(|left, right| left.keys.cmp(&right.keys));
    Ok(explained)
}

fn before(all: &[Setting]) -> Vec<Origin> {
    all.iter().rev().skip(1).map(|setting| setting.origin.clone()).collect()
}

fn explain_one(keys: &[String], value: &Frozen, settings: &Settings) -> Explained {
    let value = Some(super::tree::to_json(value));
    let keys = keys.to_vec();
    match found(&keys, settings) {
        Some(all) => {
            // A null that did not delete anything, or was overruled by Helm, did not set this.
            let last = all.iter().rposition(|setting| !setting.null || value == Some(serde_json::Value::Null));
            let last = last.unwrap_or(all.len() - 1);
            Explained { keys, value, origin: all[last].origin.clone(), overridden: before(&all[..=last]) }
        }
        None => Explained { keys, value, origin: Origin::Computed, overridden: Vec::new() },
    }
}

/// The settings of a path; of a global in a sub-chart, those of the nearest chart above that sets it.
fn found<'a>(keys: &[String], settings: &'a Settings) -> Option<&'a [Setting]> {
    if let Some(position) = keys.iter().position(|key| key == "global") {
        // The globals of parents win.
        for above in 0..=position {
            let path: Vec<String> = keys[..above].iter().chain(&keys[position..]).cloned().collect();
            if let Some(all) = settings.get(&path) {
                return Some(all);
            }
        }
    }
    settings.get(keys).map(Vec::as_slice)
}

fn exists(values: &Values, keys: &[String]) -> bool {
    let mut current = values.to_frozen();
    for key in keys {
        let Some(below) = current.as_map().and_then(|map| map.get(key.as_bytes())).cloned() else { return false };
        current = below;
    }
    true
}

/// Calls `visit` for everything that is no map with entries.
fn walk(value: &Frozen, keys: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Frozen)) {
    match value {
        Frozen::Map(map) if !map.is_empty() => {
            for (key, value) in map.iter() {
                keys.push(key.to_text().into_owned());
                walk(value, keys, visit);
                keys.pop();
            }
        }
        other if !keys.is_empty() => visit(keys, other),
        _ => {}
    }
}

fn add(settings: &mut Settings, keys: Vec<String>, origin: Origin, null: bool) {
    settings.entry(keys).or_default().push(Setting { origin, null });
}

/// The defaults of sub-charts count least, those of the outermost chart most.
fn of_charts(chart: &Chart, prefix: &[String], folder: &str, profile: Profile, settings: &mut Settings) {
    for below in chart.dependencies() {
        let listed = chart.metadata().dependencies.iter().flatten();
        let mut names: Vec<&str> = listed
            .filter(|dependency| dependency.name == below.name() && !dependency.alias.is_empty())
            .map(|dependency| dependency.alias.as_str())
            .collect();
        if names.is_empty() {
            names.push(below.name());
        }
        for name in names {
            let prefix: Vec<String> = prefix.iter().cloned().chain([name.to_owned()]).collect();
            of_charts(below, &prefix, &format!("{folder}/charts/{name}"), profile, settings);
        }
    }
    if let Some(file) = chart.raw().iter().find(|file| file.name() == "values.yaml") {
        of_file(file.data(), prefix, &format!("{folder}/values.yaml"), profile, settings);
    }
}

fn of_file(text: &[u8], prefix: &[String], name: &str, profile: Profile, settings: &mut Settings) {
    for value in written(text, profile) {
        if value.inner || value.path.iter().any(|key| key.starts_with('[')) {
            continue;
        }
        let keys = prefix.iter().cloned().chain(value.path).collect();
        add(settings, keys, Origin::File { file: name.to_owned(), line: value.line }, value.null);
    }
}

/// Each expression by itself, to see which paths it sets.
fn of_flags(user: &ValueOptions, limits: &Limits, profile: Profile, settings: &mut Settings) {
    let empty = Frozen::map([]);
    let mut note = |flag: &'static str, values: Frozen| {
        walk(&values, &mut Vec::new(), &mut |keys, value| {
            let path = shown_path(keys);
            add(settings, keys.to_vec(), Origin::Flag { flag, path }, matches!(value, Frozen::Nil));
        });
    };
    // All of them were merged before, so none of them fails; what they are set to does not matter here.
    for expression in &user.set_json {
        let one = ValueOptions { set_json: vec![expression.clone()], ..ValueOptions::default() };
        note("--set-json", one.merge(profile).unwrap_or_default().to_frozen());
    }
    for expression in &user.set {
        note("--set", set::apply(expression, &empty, set::Reader::Typed, profile, limits).unwrap_or_default());
    }
    for expression in &user.set_string {
        note("--set-string", set::apply(expression, &empty, set::Reader::Text, profile, limits).unwrap_or_default());
    }
    for expression in &user.set_file {
        let mut unread = |_: &str| Ok(Vec::new());
        let reader = set::Reader::File(&mut unread);
        note("--set-file", set::apply(expression, &empty, reader, profile, limits).unwrap_or_default());
    }
    for expression in &user.set_literal {
        note("--set-literal", literal::apply(expression, &empty, profile, limits).unwrap_or_default());
    }
}
