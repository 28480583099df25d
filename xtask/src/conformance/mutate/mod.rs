//! Values changed at random, from a seed: booleans turned over, empty maps and lists filled from the chart's own
//! comments and schema, odd texts and numbers, wrong types.

mod change;
mod comments;
mod dice;
mod schema;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::tools::hex;

use super::Job;
use super::corpus::{self, Case, Repository};
use super::program::{Ends, Helm, Place};
use dice::Dice;

/// A place in values: keys from the top.
type Keys = Vec<String>;

/// What there is to change in a chart, and what it could be changed to.
struct Material {
    /// Every value that is no map with entries, and those maps as well.
    values: Vec<(Keys, Value)>,
    /// What comments and the schema offer.
    offers: Vec<(Keys, Value)>,
}

/// The cases: charts in turn, of those that Helm renders with their default values.
pub(super) fn jobs<'a>(
    jobs: Vec<Job<'a>>,
    count: usize,
    seed: u64,
    helms: &[Helm],
    cache: &Path,
) -> Result<Vec<Job<'a>>> {
    let mut charts: BTreeMap<(String, Case), Vec<Job<'a>>> = BTreeMap::new();
    for job in jobs.into_iter().filter(|job| job.case.values.is_none() && job.case.arguments.is_empty()) {
        // Test data is small, or made to be slow.
        if !corpus::is_archive(&job.case.chart) && !job.case.chart.contains("testdata") {
            charts.entry((job.repository.name.clone(), job.case.clone())).or_default().push(job);
        }
    }
    let mut usable = Vec::new();
    for jobs in charts.into_values() {
        let mut renders = true;
        for job in &jobs {
            let chart = job.repository.chart(&job.case).context("the chart is not there")?;
            let place = Place { repository: job.repository, chart, case: &job.case, over: None };
            let helm = helms.iter().find(|helm| helm.profile == job.profile).context("no such Helm")?;
            renders &= helm.render(&place, 0)?.0.ends == Ends::Well;
        }
        let Some(first) = jobs.first().filter(|_| renders) else { continue };
        let material = material(first.repository, &first.case)?;
        if !material.values.is_empty() {
            usable.push((material, jobs));
        }
    }
    if usable.is_empty() {
        bail!("no chart renders with its default values");
    }
    let folder = cache.join("values");
    fs::create_dir_all(&folder)?;
    let mut made = Vec::new();
    for number in 0..count {
        let Some((material, jobs)) = usable.get(number % usable.len()) else { break };
        let file = write(&folder, &values(material, &mut Dice::new(seed, number)))?;
        made.extend(jobs.iter().map(|job| Job {
            repository: job.repository,
            case: job.case.clone(),
            profile: job.profile,
            recorded: None,
            over: Some(file.clone()),
        }));
    }
    Ok(made)
}

fn material(repository: &Repository, case: &Case) -> Result<Material> {
    let chart = repository.tree.join(&case.chart);
    let mut material = Material { values: Vec::new(), offers: Vec::new() };
    add(&chart, &[], &mut material);
    for entry in fs::read_dir(chart.join("charts")).into_iter().flatten() {
        let entry = entry?;
        if entry.path().join("Chart.yaml").exists() {
            add(&entry.path(), &[entry.file_name().to_string_lossy().into_owned()], &mut material);
        }
    }
    Ok(material)
}

/// Adds what a chart has, at the place where its parent keeps its values.
fn add(chart: &Path, place: &[String], material: &mut Material) {
    let text = fs::read(chart.join("values.yaml")).unwrap_or_default();
    let values = aktus_yaml::to_serde_json(&text).unwrap_or_default();
    collect(&values, place.to_vec(), &mut material.values);
    let mut offers = comments::read(&String::from_utf8_lossy(&text), &values);
    if let Ok(schema) = fs::read(chart.join("values.schema.json")) {
        offers.extend(schema::read(&serde_json::from_slice(&schema).unwrap_or_default()));
    }
    material.offers.extend(offers.into_iter().map(|(path, value)| ([place, &path].concat(), value)));
}

fn collect(value: &Value, place: Keys, into: &mut Vec<(Keys, Value)>) {
    if let Value::Object(entries) = value {
        for (key, value) in entries {
            let mut below = place.clone();
            below.push(key.clone());
            collect(value, below, into);
        }
    }
    if !place.is_empty() {
        into.push((place, value.clone()));
    }
}

/// A few changes, as a values file has them.
fn values(material: &Material, dice: &mut Dice) -> Value {
    let mut values = Value::Object(Map::new());
    for _ in 0..2 + dice.below(6) {
        let kind = dice.below(100);
        let (path, value) = if kind < 30 && !material.offers.is_empty() {
            let Some((path, value)) = dice.pick(&material.offers) else { continue };
            (path.clone(), value.clone())
        } else {
            let class: Vec<&(Keys, Value)> =
                material.values.iter().filter(|(_, value)| change::is_of_class(value, kind)).collect();
            let Some((path, value)) = dice.pick(&class).copied().or_else(|| dice.pick(&material.values)) else {
                continue;
            };
            let key = path.last().map_or("", String::as_str);
            (path.clone(), change::change(key, value, dice))
        };
        set(&mut values, &path, value);
    }
    values
}

fn set(values: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *values = value;
        return;
    };
    if !values.is_object() {
        *values = Value::Object(Map::new());
    }
    if let Value::Object(entries) = values {
        set(entries.entry(first.clone()).or_insert(Value::Null), rest, value);
    }
}

/// Writes a values file whose name is its content.
fn write(folder: &Path, values: &Value) -> Result<PathBuf> {
    let text = serde_json::to_vec_pretty(values)?;
    let name = hex(&Sha256::digest(&text));
    let file = folder.join(format!("{}.yaml", name.get(..16).unwrap_or(&name)));
    fs::write(&file, text)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_seed_makes_the_same_values() {
        let mut material = Material { values: Vec::new(), offers: vec![(vec!["z".into()], json!([1]))] };
        collect(&json!({"a": {"b": true, "c": {}}, "d": "x", "e": [1]}), Vec::new(), &mut material.values);
        assert_eq!(material.values.len(), 5);
        let make = |seed| (0..50).map(|number| values(&material, &mut Dice::new(seed, number))).collect::<Vec<_>>();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        let different = make(1).iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>().len();
        assert!(different > 40, "{different} of 50 are different");
    }
}
