//! The commands of `aktus chart` beside those of Helm: both are run on the same charts, and both streams, the exit and
//! every file they write are compared.
//!
//! `fixtures/chart/cases.json` holds charts and commands, `helm4.json` and `helm3.json` what Helm made of them. To record
//! them anew: `cargo xtask record commands`.

mod own;
mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use run::{Outcome, run};

/// The helms, and the variable that says where the program is when it is to be recorded.
const HELMS: [(&str, &str); 2] = [("helm4", "AKTUS_RECORD_HELM4"), ("helm3", "AKTUS_RECORD_HELM3")];

const AKTUS: &str = env!("CARGO_BIN_EXE_aktus");

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/chart")
}

fn read(name: &str) -> Value {
    let text = fs::read(fixtures().join(name)).expect("the fixture is there");
    serde_json::from_slice(&text).expect("the fixture is JSON")
}

/// A command line, or several one after the other, on some charts.
struct Case {
    name: String,
    steps: Vec<Vec<String>>,
    files: BTreeMap<String, String>,
    /// Which helms are asked; those whose answer would not mean anything are left out.
    profiles: Vec<String>,
    /// Errors are told in other words than Helm's.
    own_words: bool,
    /// The exit code of `aktus`.
    code: i64,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

fn files(value: &Value) -> BTreeMap<String, String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(path, text)| Some((path.clone(), text.as_str()?.to_owned()))).collect()
}

fn cases() -> Vec<Case> {
    let all = read("cases.json");
    let shared = files(&all["files"]);
    let cases = all["cases"].as_array().expect("cases").iter().map(|case| {
        let mut own = shared.clone();
        own.extend(files(&case["files"]));
        let profiles = texts(&case["profiles"]);
        Case {
            name: case["name"].as_str().expect("a name").to_owned(),
            steps: case["steps"].as_array().expect("steps").iter().map(texts).collect(),
            files: own,
            profiles: if profiles.is_empty() { HELMS.map(|(helm, _)| helm.to_owned()).to_vec() } else { profiles },
            own_words: case["own_words"] == true,
            code: case["code"].as_i64().unwrap_or(0),
        }
    });
    cases.collect()
}

/// What a helm makes of the cases, as it is kept.
fn record(helm: &str, program: &str) {
    let mut recorded = serde_json::Map::new();
    for case in cases().iter().filter(|case| case.profiles.iter().any(|profile| profile == helm)) {
        let outcome = run(program.as_ref(), &case.steps, &case.files, <[String]>::to_vec);
        recorded.insert(case.name.clone(), outcome.to_json());
    }
    let recorded = Value::Object(recorded);
    if std::env::var_os("AKTUS_RECORD_CHECK").is_some() {
        assert!(recorded == read(&format!("{helm}.json")), "{helm} makes something else now than was recorded");
        return;
    }
    let text = format!("{recorded:#}\n");
    fs::write(fixtures().join(format!("{helm}.json")), text).expect("the fixture can be written");
}

fn compare(helm: &str) {
    let recorded = read(&format!("{helm}.json"));
    let mut failed = Vec::new();
    let cases = cases();
    let mut compared = 0;
    for case in cases.iter().filter(|case| case.profiles.iter().any(|profile| profile == helm)) {
        compared += 1;
        let found = run(AKTUS.as_ref(), &case.steps, &case.files, |step| {
            let words = ["chart"].into_iter().map(str::to_owned).chain(step.iter().cloned());
            let needs_profile = step.first().is_none_or(|first| first != "create");
            words.chain(needs_profile.then(|| format!("--profile={helm}"))).collect()
        });
        let expected = Outcome::from_json(&recorded[&case.name]);
        let problems = found.differences(&expected, case.own_words, case.code);
        if !problems.is_empty() {
            failed.push(format!("== {}\n{}", case.name, problems.join("\n")));
        }
    }
    assert_eq!(recorded.as_object().map(serde_json::Map::len), Some(compared), "recordings without a case");
    assert!(failed.is_empty(), "{} of {compared} differ from {helm}:\n{}", failed.len(), failed.join("\n\n"));
}

#[test]
fn commands_do_what_helm_4_does() {
    check(HELMS[0]);
}

#[test]
fn commands_do_what_helm_3_does() {
    check(HELMS[1]);
}

fn check((helm, variable): (&str, &str)) {
    if let Some(program) = std::env::var_os(variable) {
        record(helm, &program.to_string_lossy());
    }
    compare(helm);
}

#[test]
fn the_names_of_cases_are_their_own() {
    let mut names: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(json!(names.len()), json!(count));
}
