//! Which file or flag names which path? Every source of values, from the weakest to the strongest.

use std::collections::BTreeMap;
use std::fmt;

use aktus_gotmpl::{Frozen, Profile};

use super::options::ValueOptions;
use super::written::{shown_path, written};
use super::{literal, set};
use crate::chart::Chart;
use crate::limits::Limits;
use crate::render::RenderOptions;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A line of a file: a values.yaml of the chart or of a sub-chart, or a file of the user.
    File {
        /// Its name; for files of charts from the root chart's name down.
        file: String,
        /// The line of its key, from 1.
        line: usize,
        /// The column in that line, in bytes, from 1: of the value, or of its key if the value begins below.
        column: usize,
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
            Self::File { file, line, .. } => write!(formatter, "{file}:{line}"),
            Self::Flag { flag, path } => write!(formatter, "{flag} {path}"),
            Self::Computed => formatter.write_str("helm"),
        }
    }
}

/// One source that names a path.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) origin: Origin,
    /// Whether it sets null.
    pub(super) null: bool,
    /// Whether it only sets something below: the value is a map with entries.
    pub(super) inner: bool,
}

/// The settings of all sources by path, each from the weakest source to the strongest.
pub(super) type Settings = BTreeMap<Vec<String>, Vec<Setting>>;

/// Which paths to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// What counts as one value: anything but a map with entries, a list as a whole.
    Leaves,
    /// Maps with entries and items of lists, too.
    All,
}

/// Everything that the chart, its sub-charts and the user set. The user's values were merged before, without an error.
pub(super) fn collect(chart: &Chart, user: &ValueOptions, options: &RenderOptions, detail: Detail) -> Settings {
    let mut collect = Collect { settings: Settings::new(), profile: options.profile, detail };
    collect.of_charts(chart, &[], chart.name());
    for file in &user.files {
        collect.of_file(&file.text, &[], &file.name);
    }
    collect.of_flags(user, &options.limits);
    collect.settings
}

struct Collect {
    settings: Settings,
    profile: Profile,
    detail: Detail,
}

/// The settings of a path; of a global in a sub-chart, those of the nearest chart above that sets it.
pub(super) fn found<'a>(keys: &[String], settings: &'a Settings) -> Option<&'a [Setting]> {
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

/// Calls `visit` for everything that is no map with entries.
pub(super) fn walk(value: &Frozen, keys: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &Frozen)) {
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

impl Collect {
    /// The defaults of sub-charts count least, those of the outermost chart most.
    fn of_charts(&mut self, chart: &Chart, prefix: &[String], folder: &str) {
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
                self.of_charts(below, &prefix, &format!("{folder}/charts/{name}"));
            }
        }
        if let Some(file) = chart.raw().iter().find(|file| file.name() == "values.yaml") {
            self.of_file(file.data(), prefix, &format!("{folder}/values.yaml"));
        }
    }

    fn of_file(&mut self, text: &[u8], prefix: &[String], name: &str) {
        for value in written(text, self.profile) {
            let leaf = !value.inner && !value.path.iter().any(|key| key.starts_with('['));
            if self.detail == Detail::Leaves && !leaf {
                continue;
            }
            let keys = prefix.iter().cloned().chain(value.path).collect();
            let origin = Origin::File { file: name.to_owned(), line: value.line, column: value.column };
            self.add(keys, Setting { origin, null: value.null, inner: value.inner });
        }
    }

    fn add(&mut self, keys: Vec<String>, setting: Setting) {
        self.settings.entry(keys).or_default().push(setting);
    }

    /// Each expression by itself, to see which paths it sets.
    fn of_flags(&mut self, user: &ValueOptions, limits: &Limits) {
        let empty = Frozen::map([]);
        let profile = self.profile;
        let mut note = |flag: &'static str, values: Frozen| {
            walk(&values, &mut Vec::new(), &mut |keys, value| {
                let origin = Origin::Flag { flag, path: shown_path(keys) };
                if self.detail == Detail::All {
                    for above in 1..keys.len() {
                        self.add(keys[..above].to_vec(), Setting { origin: origin.clone(), null: false, inner: true });
                    }
                }
                self.add(keys.to_vec(), Setting { origin, null: matches!(value, Frozen::Nil), inner: false });
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
            note(
                "--set-string",
                set::apply(expression, &empty, set::Reader::Text, profile, limits).unwrap_or_default(),
            );
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
}
