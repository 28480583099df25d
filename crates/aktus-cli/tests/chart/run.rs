//! One run of a program on some charts, in a directory of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) steps: Vec<Step>,
    /// The files that are new or have changed: their text, of archives the list of their entries.
    pub(crate) files: BTreeMap<String, String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) code: i64,
    pub(crate) stdout: String,
    /// From the line on that says what the error is.
    pub(crate) error: String,
}

impl Outcome {
    pub(crate) fn to_json(&self) -> Value {
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| json!({"code": step.code, "stdout": step.stdout, "error": step.error}))
            .collect();
        json!({"steps": steps, "files": self.files})
    }

    pub(crate) fn from_json(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let steps = value["steps"].as_array().into_iter().flatten().map(|step| Step {
            code: step["code"].as_i64().unwrap_or(-1),
            stdout: text(&step["stdout"]),
            error: text(&step["error"]),
        });
        let files = value["files"].as_object().into_iter().flatten();
        Self { steps: steps.collect(), files: files.map(|(path, content)| (path.clone(), text(content))).collect() }
    }

    /// How this outcome of `aktus` differs from Helm's.
    pub(crate) fn differences(&self, helm: &Self, own_words: bool, code: i64) -> Vec<String> {
        let mut found = Vec::new();
        if self.steps.len() != helm.steps.len() {
            found.push(format!("{} steps, Helm has {}", self.steps.len(), helm.steps.len()));
        }
        for (number, (ours, helms)) in self.steps.iter().zip(&helm.steps).enumerate() {
            if (ours.code == 0) != (helms.code == 0) {
                found.push(format!("step {number}: exit {}, Helm's {}: {}", ours.code, helms.code, ours.error));
            }
            if ours.stdout != helms.stdout {
                found.push(format!("step {number}: stdout {:?}\n           Helm's {:?}", ours.stdout, helms.stdout));
            }
            if !own_words && ours.error != helms.error {
                found.push(format!("step {number}: error {:?}\n          Helm's {:?}", ours.error, helms.error));
            }
        }
        if self.steps.last().is_some_and(|step| step.code != code) {
            found.push(format!("exit {:?} instead of {code}", self.steps.last().map(|step| step.code)));
        }
        let paths = self.files.keys().chain(helm.files.keys().filter(|path| !self.files.contains_key(*path)));
        for path in paths.filter(|path| self.files.get(*path) != helm.files.get(*path)) {
            found.push(format!("{path}: {:?}\n  Helm's {:?}", self.files.get(path), helm.files.get(path)));
        }
        found
    }
}

/// Runs a program once for each step, in a new directory that holds `files`.
pub(crate) fn run(
    program: &Path,
    steps: &[Vec<String>],
    files: &BTreeMap<String, String>,
    arguments: impl Fn(&[String]) -> Vec<String>,
) -> Outcome {
    let place = tempfile::tempdir().expect("a directory");
    // Links in the way to it would show in some paths and not in others.
    let place = fs::canonicalize(place.path()).map(|path| (path, place)).expect("the directory is there");
    let work = place.0.join("work");
    for (path, text) in files {
        let path = work.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(&path, text).expect("a file");
        if path.extension().is_some_and(|ending| ending == "sh") {
            runnable(&path);
        }
    }
    let before = snapshot(&work);
    let shown = work.display().to_string();
    let masked = |text: Vec<u8>| String::from_utf8_lossy(&text).replace(&shown, "$DIR");
    let mut outcome = Outcome::default();
    for step in steps {
        let mut command = Command::new(program);
        command.args(arguments(step)).current_dir(&work).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", place.0.join("home"));
        let output = command.output().expect("the program starts");
        let stderr = masked(output.stderr);
        // Helm gives no hints.
        let stderr = stderr.split_inclusive('\n').filter(|line| !line.starts_with("hint: ")).collect::<String>();
        let error = stderr.find("Error: ").or_else(|| stderr.find("error: ")).and_then(|at| stderr.get(at..));
        outcome.steps.push(Step {
            code: output.status.code().map_or(-1, i64::from),
            stdout: masked(output.stdout),
            error: error.unwrap_or_default().to_owned(),
        });
    }
    outcome.files = snapshot(&work).into_iter().filter(|(path, text)| before.get(path) != Some(text)).collect();
    for path in before.keys().filter(|path| !work.join(path).exists()) {
        outcome.files.insert(path.clone(), "(gone)".to_owned());
    }
    outcome
}

#[cfg(unix)]
fn runnable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the mode can be set");
}

#[cfg(not(unix))]
fn runnable(_: &Path) {}

/// Every file below a directory: its text, of archives the list of their entries.
fn snapshot(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("inside").display().to_string();
            let bytes = fs::read(&path).expect("a file");
            let archive = path.extension().is_some_and(|ending| ending == "tgz");
            let text = if archive { entries(&bytes) } else { timeless(&String::from_utf8_lossy(&bytes)) };
            found.insert(name, text);
        }
    }
    found
}

/// Chart.lock says when it was made.
fn timeless(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.map(|line| if line.starts_with("generated: \"") { "generated: (masked)\n" } else { line }).collect()
}

/// Kind, mode, owner, name and content of each entry of an archive, in order.
fn entries(archive: &[u8]) -> String {
    let mut text = String::new();
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(archive));
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let mut content = String::new();
        entry.read_to_string(&mut content).expect("text");
        let header = entry.header();
        let (mode, owner) = (header.mode().expect("a mode"), header.uid().expect("an owner"));
        let kind = header.entry_type().as_byte();
        let path = entry.path().expect("a path").display().to_string();
        writeln!(text, "{kind} {mode:o} {owner} {path} {:?}", timeless(&content)).expect("text can be written to");
    }
    text
}
