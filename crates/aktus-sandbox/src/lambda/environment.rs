//! Where does a function run? In an execution environment: one process, or one closure, with one
//! invocation at a time.
//!
//! The desk is what the service and the program share: a job waits there until the program fetches
//! it with `next`, the program's answer waits there until the program comes back for more. Whoever
//! changes the desk says so on `changed`. An environment that waits for work is frozen, as Lambda
//! freezes it, and thawed by the next job.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::function::{Code, Function};
use super::invocation::FunctionError;
use super::log::Output;
use super::service::Shared;
use super::{memory, runtime_api};
use crate::Time;
use crate::listener::Listener;

/// An invocation for an environment.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) timeout: Duration,
    pub(super) arn: String,
    pub(super) trace: String,
    /// The limit in MiB.
    pub(super) memory: u32,
}

/// What the program is doing.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) request_id: String,
    /// When it is killed, in nominal time.
    pub(super) end: Duration,
    pub(super) answer: Option<Result<Value, FunctionError>>,
}

/// What the service and the program share.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// A job that the program has not fetched.
    pub(super) job: Option<Job>,
    pub(super) working: Option<Working>,
    /// The answer of a job that is over.
    pub(super) done: Option<Result<Value, FunctionError>>,
    /// Whether the program waits for a job.
    pub(super) waiting: bool,
    pub(super) init_error: Option<FunctionError>,
    /// Why it is dead.
    pub(super) dead: Option<String>,
}

impl Desk {
    /// What came of the job of an environment that is dead.
    fn after_death(&mut self, request_id: &str) -> Option<Result<Value, FunctionError>> {
        let why = self.dead.as_ref()?;
        let answer = self.working.take().and_then(|working| working.answer);
        Some(answer.or_else(|| self.init_error.take().map(Err)).unwrap_or_else(|| {
            Err(FunctionError::found("Runtime.ExitError", request_id, &format!("Runtime exited {why}")))
        }))
    }
}

/// The process of an environment.
#[derive(Debug)]
struct Process {
    group: Option<Pid>,
    output: Output,
    /// Its Runtime API.
    api: Listener,
}

/// One execution environment.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) id: usize,
    pub(super) log_stream: String,
    desk: Mutex<Desk>,
    changed: watch::Sender<u64>,
    process: OnceLock<Process>,
}

impl Environment {
    /// The place of a closure.
    pub(super) fn new(id: usize, log_stream: String) -> Self {
        Self { id, log_stream, desk: Mutex::default(), changed: watch::Sender::new(0), process: OnceLock::new() }
    }

    /// Starts a program. Errs when it cannot be started.
    pub(super) async fn start(self: &Arc<Self>, shared: &Arc<Shared>, function: &Arc<Function>) -> io::Result<()> {
        let Code::Program { path, arguments } = &function.code else { return Ok(()) };
        let (weak, time) = (Arc::downgrade(self), shared.time.clone());
        let api = Listener::start(move |request| runtime_api::answer(&weak, &time, &request)).await?;
        let (output, writer) = Output::new()?;
        let path = std::path::absolute(path)?;
        let root = path.parent().unwrap_or(Path::new("/"));
        let mut command = Command::new(&path);
        command
            .args(arguments)
            .env_clear()
            .envs(variables(shared, function, &self.log_stream, &api.address().to_string(), root))
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn()?;
        // Its copies of the writing end would keep the pipe open.
        drop(command);
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        drop(self.process.set(Process { group, output, api }));
        let (environment, shared, name) = (Arc::clone(self), Arc::clone(shared), function.name.clone());
        tokio::spawn(async move { environment.attend(child, &shared, &name).await });
        Ok(())
    }

    /// Reads the output until the process is dead, and says so.
    async fn attend(self: Arc<Self>, mut child: Child, shared: &Arc<Shared>, name: &str) {
        let Some(process) = self.process.get() else { return };
        let line = |text| shared.log(name, &self, text);
        let status = tokio::select! {
            status = child.wait() => status,
            () = async { process.output.read(line).await; std::future::pending().await } => return,
        };
        self.kill();
        process.output.drain(line);
        process.output.last(line);
        shared.forget(name, self.id);
        self.die(match status {
            Ok(status) => exit_text(status),
            Err(error) => format!("with error: {error}"),
        });
    }

    /// The process id; a closure has none.
    pub(super) fn process_id(&self) -> Option<u32> {
        let group = self.process.get()?.group?;
        u32::try_from(group.as_raw_nonzero().get()).ok()
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the desk has changed.
    pub(super) fn notify(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Waits until the desk gives something.
    pub(super) async fn wait<R>(&self, mut look: impl FnMut(&mut Desk) -> Option<R>) -> R {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = look(&mut self.desk()) {
                return found;
            }
            // The sender lives as long as this does.
            let _ = changes.changed().await;
        }
    }

    /// Whether it waits for work, and takes this job if so.
    pub(super) fn take(&self, job: &Job) -> bool {
        let mut desk = self.desk();
        let idle = desk.waiting && desk.job.is_none() && desk.working.is_none() && desk.dead.is_none();
        if idle {
            desk.job = Some(job.clone());
            self.signal(Signal::CONT);
            drop(desk);
            self.notify();
        }
        idle
    }

    /// Freezes the process; only while the desk is held, so that no job is left with a frozen one.
    pub(super) fn freeze(&self, _desk: &mut Desk) {
        self.signal(Signal::STOP);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.process.get().and_then(|process| process.group) {
            // A process that is already gone needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills every process of the environment, as `kill -9`; a closure is dropped.
    pub(super) fn kill(&self) {
        match self.process.get() {
            Some(process) => {
                self.signal(Signal::KILL);
                kill_strays(&process.api.address().to_string());
            }
            None => self.die("with error: signal: killed".to_owned()),
        }
    }

    fn die(&self, why: String) {
        self.desk().dead.get_or_insert(why);
        self.notify();
    }

    /// Waits until its processes have more memory than it has, in MiB; returns how much.
    async fn outgrown(&self, limit: u32) -> u64 {
        let Some(process) = self.process.get() else { return std::future::pending().await };
        let api = process.api.address().to_string();
        loop {
            let used = memory::used(&api) / 1024;
            if used > u64::from(limit) {
                return used;
            }
            tokio::time::sleep(memory::EVERY).await;
        }
    }

    /// Runs one job to its end. Kills the environment when its time is over or its memory used up.
    pub(super) async fn run(
        self: &Arc<Self>,
        shared: &Arc<Shared>,
        name: &str,
        time: &Time,
        job: &Job,
    ) -> Result<Value, FunctionError> {
        let latest = time.elapsed().saturating_add(job.timeout);
        let fetched = self.wait(|desk| {
            let working = desk.working.as_ref().map(|working| Some(working.end));
            working.or(desk.done.is_some().then_some(None)).or(desk.dead.is_some().then_some(None))
        });
        // A program that never asks for work has the same time as one that never ends it.
        let end = tokio::select! { end = fetched => end, () = time.sleep_until(latest) => Some(latest) };
        let over = |environment: &Arc<Self>| {
            let environment = Arc::clone(environment);
            async move { environment.wait(|desk| desk.done.take().or_else(|| desk.after_death(&job.request_id))).await }
        };
        let result = tokio::select! {
            biased;
            result = over(self) => result,
            used = self.outgrown(job.memory) => {
                let what = format!("environment {} is killed: it has {used} of {} MiB", self.id, job.memory);
                shared.recorder.say(name, what);
                self.kill();
                over(self).await
            }
            () = time.sleep_until(end.unwrap_or(latest)) => {
                shared.recorder.say(name, format!("environment {} is killed: its time is over", self.id));
                self.kill();
                self.wait(|desk| desk.dead.clone()).await;
                let answer = self.desk().working.take().and_then(|working| working.answer);
                answer.unwrap_or_else(|| Err(FunctionError::timed_out(&job.request_id, job.timeout)))
            }
        };
        self.read_log(shared, name);
        result
    }

    /// Reads what the program wrote so far.
    pub(super) fn read_log(&self, shared: &Shared, name: &str) {
        if let Some(process) = self.process.get() {
            process.output.drain(|text| shared.log(name, self, text));
        }
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if self.desk().dead.is_none() {
            self.kill();
        }
    }
}

/// The environment variables that Lambda sets for a program of the family `provided`, and then
/// those of the function.
fn variables(
    shared: &Shared,
    function: &Function,
    log_stream: &str,
    api: &str,
    root: &Path,
) -> BTreeMap<String, String> {
    let credentials = &shared.options.credentials;
    let mut variables: BTreeMap<String, String> = [
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.as_str()),
        ("AWS_DEFAULT_REGION", &shared.options.region),
        ("AWS_ENDPOINT_URL_LAMBDA", shared.url()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_REGION", &shared.options.region),
        ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", &root.to_string_lossy()),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if let Some(token) = &credentials.session_token {
        variables.insert("AWS_SESSION_TOKEN".to_owned(), token.clone());
    }
    variables.extend(function.environment.clone());
    variables
}

/// How Lambda words the end of a process.
fn exit_text(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.signal(), status.code()) {
        (Some(9), _) => "with error: signal: killed".to_owned(),
        (Some(11), _) => "with error: signal: segmentation fault".to_owned(),
        (Some(6), _) => "with error: signal: aborted".to_owned(),
        (Some(signal), _) => format!("with error: signal: {signal}"),
        (None, Some(0)) => "without providing a reason".to_owned(),
        (None, code) => format!("with error: exit status {}", code.unwrap_or_default()),
    }
}

/// Kills what the program started and put into a group of its own: Lambda's sandbox would end with
/// it. Known by the address of the Runtime API, which no other environment has.
fn kill_strays(api: &str) {
    for (id, _) in memory::all_processes(api) {
        // One that is already gone needs no signal.
        let _ = kill_process(id, Signal::KILL);
    }
}
