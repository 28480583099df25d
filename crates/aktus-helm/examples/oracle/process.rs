//! The Go side, as a process that answers questions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::shapes::Shape;

/// What is asked of both sides.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// What the case is counted as: a function, or a kind of text.
    pub(crate) name: &'static str,
    /// Whether it is meant to succeed: a call with arguments of the right types, a text without a planted mistake.
    pub(crate) fitting: bool,
    /// `render` or `yaml`.
    pub(crate) operation: &'static str,
    /// The template or document.
    pub(crate) text: Vec<u8>,
    /// `.Values`.
    pub(crate) values: Rc<Value>,
    /// How far the answers must agree.
    pub(crate) agreement: Agreement,
}

/// How far two answers must agree. Errors must always have the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreement {
    /// Byte for byte.
    Exact,
    /// In what can be said of random output: length, alphabet, structure.
    Shape(Shape),
    /// In whether they succeed: a call with odd arguments of what is random or tells the time.
    Outcome,
}

/// What somebody answers: the output, or the words of the error.
pub(crate) type Answer = Result<Vec<u8>, String>;

/// How long an answer may take: Go writes a map that contains itself until memory ends.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Oracle {
    program: PathBuf,
    child: Child,
    questions: Sender<Vec<u8>>,
    answers: Receiver<String>,
}

impl Oracle {
    pub(crate) fn start(program: &Path) -> Result<Self, String> {
        let problem = |error| format!("the oracle {}: {error}", program.display());
        let mut child = Command::new(program)
            // Ours renders in UTC.
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(problem)?;
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
        let (answered, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::with_capacity(1 << 20, output).lines().map_while(Result::ok) {
                if answered.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { program: program.to_owned(), child, questions, answers })
    }

    /// Another process in place of one that has ended.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        *self = Self::start(&self.program)?;
        Ok(())
    }

    pub(crate) fn ask<'a>(&mut self, questions: impl Iterator<Item = &'a Question>) -> Result<(), String> {
        let mut lines = Vec::new();
        for question in questions {
            let line = json!({
                "operation": question.operation,
                "text": STANDARD.encode(&question.text),
                "base64": true,
                "values": *question.values,
            });
            lines.extend_from_slice(line.to_string().as_bytes());
            lines.push(b'\n');
        }
        self.questions.send(lines).map_err(|_| "the oracle has ended".to_owned())
    }

    pub(crate) fn answer(&mut self) -> Result<Answer, String> {
        let line = self.answers.recv_timeout(PATIENCE).map_err(|error| format!("the oracle's answer: {error}"))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("the oracle answered {line:?}: {error}"))?;
        if let Some(error) = answer["error"].as_str() {
            return Ok(Err(error.to_owned()));
        }
        let output = answer["output"].as_str().unwrap_or_default();
        STANDARD.decode(output).map(Ok).map_err(|error| format!("the oracle's output: {error}"))
    }

    /// Whether the oracle answers a question otherwise than before when it is asked again.
    pub(crate) fn wavers(&mut self, question: &Question, before: &Answer) -> Result<bool, String> {
        const TIMES: usize = 30;
        for _ in 0..TIMES {
            self.ask(std::iter::once(question))?;
            if self.answer()? != *before {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
