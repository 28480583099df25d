//! The Go side, as a process that answers questions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What is asked of both sides.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// What the case is counted as: a function, or a kind of text.
    pub(crate) name: String,
    /// `render` or `yaml`.
    pub(crate) operation: &'static str,
    /// The template or document.
    pub(crate) text: Vec<u8>,
    /// `.Values`.
    pub(crate) values: Value,
    /// How far the answers must agree.
    pub(crate) agreement: Agreement,
}

/// How far two answers must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// Byte for byte.
    Exact,
    /// Both succeed, whatever they print, or fail with the same words: the output is random or tells the time.
    Outcome,
}

/// What somebody answers: the output, or the words of the error.
pub(crate) type Answer = Result<Vec<u8>, String>;

pub(crate) struct Oracle {
    child: Child,
    questions: Sender<Vec<u8>>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let problem = |error| format!("the oracle {}: {error}", program.display());
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(problem)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the oracle has no pipes".to_owned());
        };
        let (questions, asked) = channel::<Vec<u8>>();
        // A thread of its own writes, so that two full pipes cannot wait for each other.
        thread::spawn(move || {
            for lines in asked {
                if input.write_all(&lines).and_then(|()| input.flush()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, questions, answers: BufReader::with_capacity(1 << 20, output) })
    }

    pub(crate) fn ask<'a>(&mut self, questions: impl Iterator<Item = &'a Question>) -> Result<(), String> {
        let mut lines = Vec::new();
        for question in questions {
            let line = json!({
                "operation": question.operation,
                "text": STANDARD.encode(&question.text),
                "base64": true,
                "values": question.values,
            });
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
        self.questions.send(lines).map_err(|_| "the oracle has ended".to_owned())
    }

    pub(crate) fn answer(&mut self) -> Result<Answer, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| format!("the oracle's answer: {error}"))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("the oracle answered {line:?}: {error}"))?;
        if let Some(error) = answer["error"].as_str() {
            return Ok(Err(error.to_owned()));
        }
        let output = answer["output"].as_str().unwrap_or_default();
        STANDARD.decode(output).map(Ok).map_err(|error| format!("the oracle's output: {error}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
