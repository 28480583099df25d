//! How does the function let its work be done, and notice when that ends without a word?
//!
//! The work runs in a process of its own: the same program with another argument. Its messages are read as they come,
//! its log goes to the function's log, and when its time is over it is killed.

mod death;
mod lines;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWriteExt as _};
use tokio::process::{ChildStdout, Command};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{error, warn};

use self::death::LastWords;
use self::lines::Lines;
use crate::task::{Conclusion, Message, Progress, Task};

/// The longest message that is read, in bytes.
const MAX_LINE: usize = 1 << 20;
/// How long the output of a process that ended is still read.
const DRAIN: Duration = Duration::from_secs(2);

/// How a piece of work ended, as the function sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a conclusion.
    Concluded(Conclusion),
    /// Without one: how the process died.
    Died(String),
    /// It was killed, because it did not end in its time.
    TimedOut,
    /// It did not begin: why.
    NotStarted(String),
}

/// Whoever has the work done.
pub trait Runner: Send + Sync + 'static {
    /// Has a task done until `kill_at` at the latest, noting in `progress` how far it is.
    fn run<'a>(&'a self, task: &'a Task, kill_at: Instant, progress: &'a Mutex<Progress>) -> BoxFuture<'a, Ended>;
}

/// Takes a line for the log.
pub type LogLine = Arc<dyn Fn(&str) + Send + Sync>;

/// Has the work done by a process: a program that reads one task and writes messages.
#[derive(Clone)]
pub struct ChildProcess {
    program: PathBuf,
    arguments: Vec<OsString>,
    log: LogLine,
}

impl std::fmt::Debug for ChildProcess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ChildProcess").field("program", &self.program).finish_non_exhaustive()
    }
}

impl ChildProcess {
    /// Starts `program` with these arguments for every task; `log` takes its log.
    pub fn new(program: PathBuf, arguments: impl IntoIterator<Item = impl Into<OsString>>, log: LogLine) -> Self {
        Self { program, arguments: arguments.into_iter().map(Into::into).collect(), log }
    }

    async fn attend(&self, task: &Task, kill_at: Instant, progress: &Mutex<Progress>) -> Ended {
        let refuse = |cause: std::io::Error| Ended::NotStarted(format!("no process for the work: {cause}"));
        let mut line = match serde_json::to_vec(task) {
            Ok(line) => line,
            Err(error) => return refuse(error.into()),
        };
        line.push(b'\n');
        let spawned = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return refuse(error),
        };
        let (Some(mut input), Some(output), Some(log)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return refuse(std::io::Error::other("it has no pipes"));
        };
        let (words, heard, concluded) = (Mutex::new(LastWords::default()), Mutex::new(None), Notify::new());
        let talk = async {
            // The input stays open: its end tells the process that nobody listens any more.
            let given = async { input.write_all(&line).await.and(input.flush().await) };
            let listened = async {
                let conclusion = listen(output, progress).await;
                if conclusion.is_some() {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) = conclusion;
                    concluded.notify_one();
                }
            };
            let (given, (), ()) = tokio::join!(given, listened, forward(log, &self.log, &words));
            if let Err(cause) = given {
                warn!(%cause, "the task was not taken");
            }
        };
        let ended = {
            // It ends with the process, which closes its pipes then, unless another process has them too.
            let mut talk = Box::pin(talk);
            timeout_at(kill_at, async {
                let over = async {
                    tokio::select! {
                        () = concluded.notified() => {}
                        _ = child.wait() => {}
                    }
                };
                tokio::select! {
                    biased;
                    () = &mut talk => return,
                    () = over => {}
                }
                drop(timeout(DRAIN, &mut talk).await);
            })
            .await
        };
        let words = words.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(conclusion) = heard.into_inner().unwrap_or_else(PoisonError::into_inner) {
            drop(child.kill().await);
            return Ended::Concluded(conclusion);
        }
        if ended.is_err() {
            if let Err(cause) = child.kill().await {
                error!(%cause, "the process that overran its time was not killed");
            }
            return Ended::TimedOut;
        }
        match timeout(DRAIN, child.wait()).await {
            Ok(Ok(status)) => Ended::Died(words.explain(status)),
            Ok(Err(error)) => Ended::Died(format!("its end is not known: {error}")),
            Err(_) => {
                drop(child.kill().await);
                Ended::Died("it stopped talking".to_owned())
            }
        }
    }
}

impl Runner for ChildProcess {
    fn run<'a>(&'a self, task: &'a Task, kill_at: Instant, progress: &'a Mutex<Progress>) -> BoxFuture<'a, Ended> {
        Box::pin(self.attend(task, kill_at, progress))
    }
}

/// Reads messages until the conclusion, or the end.
async fn listen(output: ChildStdout, progress: &Mutex<Progress>) -> Option<Conclusion> {
    let mut lines = Lines::new(output, MAX_LINE);
    while let Some(line) = lines.next().await {
        let Ok(message) = serde_json::from_slice::<Message>(&line) else {
            warn!(bytes = line.len(), "a message of the working process makes no sense");
            continue;
        };
        progress.lock().unwrap_or_else(PoisonError::into_inner).note(&message);
        if let Message::Ended(conclusion) = message {
            return Some(conclusion);
        }
    }
    None
}

/// Passes log lines on. Anything else may hold whatever a library happened to print, so it only serves to tell how
/// the process died.
async fn forward(log: impl AsyncRead + Unpin, sink: &LogLine, words: &Mutex<LastWords>) {
    let mut lines = Lines::new(log, MAX_LINE);
    while let Some(line) = lines.next().await {
        let text = String::from_utf8_lossy(&line);
        if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok() {
            sink(&text);
        } else {
            words.lock().unwrap_or_else(PoisonError::into_inner).note(&text);
        }
    }
}
