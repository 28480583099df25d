//! Which file or flag set, or deleted, each of the merged values?
//!
//! The merged values are those of the engine; this only finds, for each of them, the last source that names its path.

use std::collections::BTreeSet;

use aktus_gotmpl::Frozen;

use super::Values;
use super::options::{ReadFile, ValueOptions, ValuesError};
use super::settings::{Detail, Origin, Setting, Settings, collect, found, walk};
use super::written::shown_path;
use crate::chart::Chart;
use crate::render::{RenderError, RenderOptions, merged_values};

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

/// Explains the values that the templates of a chart see, sorted by path.
///
/// A list counts as one value, since Helm never merges lists. `read` reads the files of `--set-file`.
pub fn explain(
    chart: &Chart,
    user: &ValueOptions,
    options: &RenderOptions,
    read: ReadFile<'_>,
) -> Result<Vec<Explained>, ExplainError> {
    let values = user.merge_with(options.profile, &options.limits, &mut *read)?;
    let merged = merged_values(chart, &values, options)?;
    let settings = collect(chart, user, options, Detail::Leaves);
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

fn exists(values: &Values, keys: &[String]) -> bool {
    let mut current = values.to_frozen();
    for key in keys {
        let Some(below) = current.as_map().and_then(|map| map.get(key.as_bytes())).cloned() else { return false };
        current = below;
    }
    true
}
