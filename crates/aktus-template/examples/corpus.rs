//! Reads every template below some folders, writes it as YAML and as JSON, and reads both again:
//! `cargo run -p aktus-template --example corpus -- FOLDER…`. Errs when something is not the same again.
//!
//! Templates of other people are not part of this repository; check them out and name their folders. Files that are
//! refused are listed with the first reason, for a person to judge.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aktus_diagnostics::Sources;
use aktus_template::{Template, as_yaml, parse};

/// The files below a folder that look like templates.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.is_file() {
        found.push(folder.to_path_buf());
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if path.is_dir() {
            files(&path, found);
        } else if ["yaml", "yml", "json", "template"].contains(&extension) {
            found.push(path);
        }
    }
}

/// The same template, read from a text of ours.
fn again(text: &str) -> Result<Template, String> {
    let mut sources = Sources::new();
    let source = sources.add("rendered", text);
    parse(text.as_bytes(), source).map(|parsed| parsed.template).map_err(|problems| {
        let all = problems.iter().map(|problem| match sources.position(problem.span) {
            Some(at) => format!("{}:{}: {}", at.line, at.column, problem.message),
            None => problem.message.clone(),
        });
        all.collect::<Vec<_>>().join("; ")
    })
}

fn main() -> ExitCode {
    let mut found = Vec::new();
    for folder in std::env::args().skip(1) {
        files(Path::new(&folder), &mut found);
    }
    found.sort();
    let (mut same, mut refused, mut failed, mut others) = (0, 0, 0, 0);
    for path in &found {
        let Ok(text) = fs::read_to_string(path) else { continue };
        // Other YAML and JSON lies beside templates.
        if !text.contains("Resources") || !text.contains("Type") {
            others += 1;
            continue;
        }
        let mut sources = Sources::new();
        let source = sources.add(path.display().to_string(), &text);
        let readable = as_yaml(&text);
        let template = match parse(readable.as_bytes(), source) {
            Ok(parsed) => parsed.template,
            Err(problems) => {
                refused += 1;
                if let Some(problem) = problems.first() {
                    let at = sources.position(problem.span).map(|at| at.to_string());
                    println!("refused: {}: {}", at.unwrap_or_default(), problem.message);
                }
                continue;
            }
        };
        for (what, text) in [("YAML", template.to_yaml()), ("JSON", template.to_json().to_string())] {
            match again(&text) {
                Ok(read) if read == template => same += 1,
                Ok(_) => {
                    failed += 1;
                    println!("differs as {what}: {}", path.display());
                }
                Err(problem) => {
                    failed += 1;
                    println!("unreadable as {what}: {}: {problem}", path.display());
                }
            }
        }
    }
    println!("{} files: {others} are none, {refused} refused, {same} readings the same, {failed} not", found.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
