//! Who starts environments, hands them work and keeps what came of it? The service and what it
//! knows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::sync::watch;

use super::environment::{Environment, Job};
use super::faults::{Refusal, Trigger, Twice, set_off, take};
use super::function::{Closure, Code, Context, Function};
use super::invocation::{FunctionError, Invocation, Kind, UnknownFunction};
use super::log::LogLine;
use super::{asynchronous, invoke_api};
use crate::Time;
use crate::aws::{Credentials, Facts};
use crate::hash::{sha256_hex, uuid};
use crate::listener::{Listener, unescape};
use crate::transcript::{Recorder, Transcript};

/// Where and for whom the service runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// How fast time-outs pass.
    pub time: Time,
    /// The AWS region.
    pub region: String,
    /// The account of the functions.
    pub account: String,
    /// The credentials that functions get and that the Invoke API accepts.
    pub credentials: Credentials,
}

impl Options {
    /// The region, account and credentials of [`Facts::platform`] in `us-east-1`.
    pub fn new(time: Time) -> Self {
        let Facts { region, account, credentials, .. } = Facts::platform("", "us-east-1", "", true);
        Self { time, region, account, credentials }
    }
}

/// An execution environment that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningEnvironment {
    /// Its number.
    pub id: usize,
    /// Its log stream.
    pub log_stream: String,
    /// Its process; a closure has none.
    pub process: Option<u32>,
}

/// The chain of invocations that one belongs to.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) root: String,
    /// How many invocations the chain has, this one included.
    pub(super) depth: u32,
}

impl Trace {
    /// The header that a program gets, and gives to whom it calls.
    pub(super) fn header(&self) -> String {
        format!("Root={};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:fc3b4ff1:{}", self.root, self.depth)
    }
}

/// What the service knows.
#[derive(Debug, Default)]
struct State {
    functions: BTreeMap<String, Installed>,
    invocations: Vec<Invocation>,
    refusals: Vec<Refusal>,
    /// How many ids there are.
    ids: u64,
    environments: usize,
    /// The environments that were killed at a line of their log.
    killed_at_a_line: BTreeSet<usize>,
    /// How many deliveries are queued, run or wait for a retry.
    busy: usize,
}

#[derive(Debug)]
struct Installed {
    function: Arc<Function>,
    environments: BTreeMap<usize, Arc<Environment>>,
    lines: Vec<LogLine>,
    triggers: Vec<Trigger>,
    twice: VecDeque<Twice>,
}

/// What everything that runs shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) time: Time,
    pub(super) options: Options,
    pub(super) recorder: Recorder,
    url: OnceLock<String>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
}

/// The service; clones are the same one. When the last is dropped, all environments are killed.
#[derive(Clone)]
pub struct Service(Arc<Owner>);

struct Owner {
    shared: Arc<Shared>,
    /// The Invoke API.
    _listener: Listener,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.stopped.send_replace(true);
        let state = self.shared.state();
        for environment in state.functions.values().flat_map(|installed| installed.environments.values()) {
            environment.kill();
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Service").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Service {
    /// Starts the service in `us-east-1`, inside a Tokio runtime.
    ///
    /// Errors when no port can be opened.
    pub async fn start(time: Time) -> io::Result<Self> {
        Self::start_with(Options::new(time)).await
    }

    /// Starts the service, inside a Tokio runtime.
    ///
    /// Errors when no port can be opened.
    pub async fn start_with(options: Options) -> io::Result<Self> {
        let time = options.time.clone();
        let shared = Arc::new(Shared {
            recorder: Recorder::new(time.clone()),
            time,
            options,
            url: OnceLock::new(),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
        });
        let theirs = Arc::downgrade(&shared);
        let listener = Listener::start(move |request| invoke_api::answer(&theirs, &request)).await?;
        drop(shared.url.set(listener.url()));
        Ok(Self(Arc::new(Owner { shared, _listener: listener })))
    }

    /// The endpoint of the Invoke API, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.0.shared.url().to_owned()
    }

    /// The time that the service lives by.
    pub fn time(&self) -> &Time {
        &self.0.shared.time
    }

    /// Creates a function, or replaces the one of the same name, whose environments are killed;
    /// returns the ARN.
    pub fn create_function(&self, function: Function) -> String {
        let shared = &self.0.shared;
        let name = function.name.clone();
        let installed = Installed {
            function: Arc::new(function),
            environments: BTreeMap::new(),
            lines: Vec::new(),
            triggers: Vec::new(),
            twice: VecDeque::new(),
        };
        let replaced = shared.state().functions.insert(name.clone(), installed);
        for environment in replaced.iter().flat_map(|installed| installed.environments.values()) {
            environment.kill();
        }
        shared.arn(&name)
    }

    /// Invokes a function, by name or ARN, and waits for its answer.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, FunctionError> {
        let shared = &self.0.shared;
        match shared.function(function) {
            Ok(function) => shared.call(&function, &payload, None).await,
            Err(unknown) => Err(FunctionError::found("ResourceNotFoundException", "-", &unknown.to_string())),
        }
    }

    /// Invokes a function, by name or ARN, asynchronously; returns Lambda's id of the request. Must be
    /// called inside a Tokio runtime.
    pub fn invoke_event(&self, function: &str, payload: Value) -> Result<String, UnknownFunction> {
        let function = self.0.shared.function(function)?;
        Ok(asynchronous::invoke(&self.0.shared, function, payload, Kind::Event, None))
    }

    /// Every attempt to run a function so far, in the order they began.
    pub fn invocations(&self) -> Vec<Invocation> {
        self.0.shared.state().invocations.clone()
    }

    /// What the environments of a function wrote so far, in the order it came.
    pub fn log(&self, function: &str) -> Vec<LogLine> {
        self.0.shared.state().functions.get(function).map(|installed| installed.lines.clone()).unwrap_or_default()
    }

    /// The log as text.
    pub fn output(&self, function: &str) -> String {
        self.log(function).into_iter().map(|line| line.text + "\n").collect()
    }

    /// Waits until a line of a function's log contains the text.
    pub async fn logged(&self, function: &str, text: &str) {
        let found = |state: &State| {
            let lines = state.functions.get(function).map(|installed| installed.lines.as_slice());
            lines.unwrap_or_default().iter().any(|line| line.text.contains(text))
        };
        self.0.shared.wait(found).await;
    }

    /// Waits until the invocations are as wanted.
    pub async fn until(&self, wanted: impl Fn(&[Invocation]) -> bool) {
        self.0.shared.wait(|state| wanted(&state.invocations)).await;
    }

    /// Waits until no invocation runs, is queued or waits for a retry.
    pub async fn idle(&self) {
        self.0.shared.wait(|state| state.busy == 0).await;
    }

    /// Whether no invocation runs, is queued or waits for a retry.
    pub fn is_idle(&self) -> bool {
        self.0.shared.state().busy == 0
    }

    /// The environments of a function that live.
    pub fn environments(&self, function: &str) -> Vec<RunningEnvironment> {
        let state = self.0.shared.state();
        let environments =
            state.functions.get(function).into_iter().flat_map(|installed| installed.environments.values());
        environments
            .map(|environment| RunningEnvironment {
                id: environment.id,
                log_stream: environment.log_stream.clone(),
                process: environment.process_id(),
            })
            .collect()
    }

    /// Kills every environment of a function now, as `kill -9`; returns how many there were.
    pub fn kill(&self, function: &str) -> usize {
        let shared = &self.0.shared;
        let environments: Vec<_> = match shared.state().functions.get(function) {
            Some(installed) => installed.environments.values().cloned().collect(),
            None => Vec::new(),
        };
        for environment in &environments {
            shared.recorder.say(function, format!("environment {} is killed", environment.id));
            environment.kill();
        }
        environments.len()
    }

    /// Kills the environment that next logs a line with this text; the empty text is in every line.
    pub fn kill_when_logged(&self, function: &str, text: impl Into<String>) {
        self.trigger(function, Trigger::Text(text.into()));
    }

    /// Kills the environment that logs the n-th line from now on, counted from 1 over all
    /// environments of the function.
    pub fn kill_at_line(&self, function: &str, line: usize) {
        self.trigger(function, Trigger::Lines(line));
    }

    fn trigger(&self, function: &str, trigger: Trigger) {
        if let Some(installed) = self.0.shared.state().functions.get_mut(function) {
            installed.triggers.push(trigger);
        }
    }

    /// Delivers the next asynchronous event of a function twice, with the same request id.
    pub fn deliver_twice(&self, function: &str, twice: Twice) {
        if let Some(installed) = self.0.shared.state().functions.get_mut(function) {
            installed.twice.push_back(twice);
        }
    }

    /// Lets the Invoke API refuse the next requests, such as with 429 `TooManyRequestsException`. A
    /// status that is none counts as 500.
    pub fn refuse_invokes(&self, times: u32, status: u16, code: &str) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.0.shared.state().refusals.push(Refusal { times, status, code: code.to_owned() });
    }

    /// What happened so far.
    pub fn transcript(&self) -> Transcript {
        self.0.shared.recorder.transcript()
    }

    /// Whether every environment that was given such an event was killed at a line of its log; what
    /// was written so far is read first. A program does not notice at once that it is killed, so what
    /// arrives from it after that line was not sent.
    pub(crate) fn killed_at_a_line(&self, event: impl Fn(&Value) -> bool) -> bool {
        let shared = &self.0.shared;
        let running: Vec<_> = {
            let state = shared.state();
            let functions = state.functions.iter();
            let all =
                functions.flat_map(|(name, installed)| installed.environments.values().map(move |one| (name, one)));
            all.map(|(name, environment)| (name.clone(), Arc::clone(environment))).collect()
        };
        for (name, environment) in running {
            environment.read_log(shared, &name);
        }
        let state = shared.state();
        let given = state.invocations.iter().filter(|invocation| event(&invocation.payload));
        let mut environments = given.filter_map(|invocation| invocation.environment).peekable();
        environments.peek().is_some() && environments.all(|id| state.killed_at_a_line.contains(&id))
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.shared.recorder
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.shared.options
    }

    pub(crate) fn new_id(&self, kind: &str) -> String {
        self.0.shared.new_id(kind)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn wait(&self, wanted: impl Fn(&State) -> bool) {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if wanted(&self.state()) {
                return;
            }
            // The sender lives as long as this does.
            let _ = changes.changed().await;
        }
    }

    /// Runs a task that ends with the service.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopped = self.stopped.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => {}
                () = task => {}
            }
        });
    }

    pub(super) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// The ARN of a function.
    pub(super) fn arn(&self, name: &str) -> String {
        let Options { region, account, .. } = &self.options;
        let partition = match region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
    }

    /// The function of a name, an ARN or a partial ARN.
    pub(super) fn function(&self, name: &str) -> Result<Arc<Function>, UnknownFunction> {
        let short =
            name.rsplit_once(":function:").or_else(|| name.split_once("function:")).map_or(name, |(_, rest)| rest);
        let short = short.strip_suffix(":$LATEST").unwrap_or(short);
        let state = self.state();
        let installed = state.functions.get(short).ok_or_else(|| UnknownFunction { name: name.to_owned() })?;
        Ok(Arc::clone(&installed.function))
    }

    /// The function that the path of the Invoke API names, escapes and all.
    pub(super) fn function_of_path(&self, escaped: &str) -> Result<Arc<Function>, UnknownFunction> {
        self.function(&unescape(escaped, false))
    }

    /// A new id in the form of a UUID, the same in every run.
    pub(super) fn new_id(&self, kind: &str) -> String {
        let mut state = self.state();
        state.ids += 1;
        uuid(&format!("{kind} {}", state.ids))
    }

    pub(super) fn new_trace(&self) -> Trace {
        let id = self.new_id("trace").replace('-', "");
        let root = format!("1-{}-{}", id.get(..8).unwrap_or_default(), id.get(8..).unwrap_or_default());
        Trace { root, depth: 1 }
    }

    pub(super) fn take_twice(&self, function: &str) -> Option<Twice> {
        self.state().functions.get_mut(function)?.twice.pop_front()
    }

    pub(super) fn take_refusal(&self) -> Option<Refusal> {
        take(&mut self.state().refusals)
    }

    /// Keeps a line of a log, and kills the environment when a fault waits for the line.
    pub(super) fn log(&self, function: &str, environment: &Environment, text: String) {
        let mut kill = false;
        {
            let mut state = self.state();
            if let Some(installed) = state.functions.get_mut(function) {
                kill = set_off(&mut installed.triggers, &text);
                installed.lines.push(LogLine { environment: environment.id, text });
            }
            if kill {
                state.killed_at_a_line.insert(environment.id);
            }
        }
        if kill {
            self.recorder.say(function, format!("environment {} is killed at a line of its log", environment.id));
            environment.kill();
        }
        self.notify();
    }

    /// An environment is no more.
    pub(super) fn forget(&self, function: &str, environment: usize) {
        if let Some(installed) = self.state().functions.get_mut(function) {
            installed.environments.remove(&environment);
        }
        self.notify();
    }

    /// A new environment, which nobody else can be given.
    fn environment(&self, function: &Arc<Function>) -> Environment {
        let mut state = self.state();
        state.environments += 1;
        let id = state.environments;
        let day = self.time.now().strftime("%Y/%m/%d");
        let hash = sha256_hex(format!("environment {id}").as_bytes());
        let log_stream = format!("{day}/[$LATEST]{}", hash.get(..32).unwrap_or_default());
        self.recorder.say(&function.name, format!("environment {id} begins"));
        Environment::new(id, log_stream)
    }

    /// Lists an environment, unless the function was replaced meanwhile.
    fn list(&self, function: &Arc<Function>, environment: &Arc<Environment>) {
        let mut state = self.state();
        if let Some(installed) = state.functions.get_mut(&function.name)
            && Arc::ptr_eq(&installed.function, function)
        {
            installed.environments.insert(environment.id, Arc::clone(environment));
        }
    }

    /// Runs a function once, without retries, for a caller that waits.
    pub(super) async fn call(
        self: &Arc<Self>,
        function: &Arc<Function>,
        payload: &Value,
        trace: Option<Trace>,
    ) -> Result<Value, FunctionError> {
        let busy = Busy::begin(self);
        let (id, trace) = (self.new_id("request"), trace.unwrap_or_else(|| self.new_trace()));
        let (_, result) = self.attempt(function, &id, 1, Kind::RequestResponse, payload, &trace).await;
        drop(busy);
        result
    }

    /// Runs a function once, keeps what came of it, and tells when it ended.
    pub(super) async fn attempt(
        self: &Arc<Self>,
        function: &Arc<Function>,
        request_id: &str,
        attempt: u32,
        kind: Kind,
        payload: &Value,
        trace: &Trace,
    ) -> (Duration, Result<Value, FunctionError>) {
        let name = &function.name;
        let index = {
            let mut state = self.state();
            state.invocations.push(Invocation {
                request_id: request_id.to_owned(),
                function: name.clone(),
                kind,
                attempt,
                environment: None,
                payload: payload.clone(),
                started: self.time.elapsed(),
                ended: None,
                result: None,
            });
            state.invocations.len() - 1
        };
        let short = request_id.get(..8).unwrap_or(request_id);
        self.recorder.say(name, format!("{kind:?} {short} begins, attempt {attempt}"));
        self.notify();
        let job = Job {
            request_id: request_id.to_owned(),
            payload: Bytes::from(payload.to_string()),
            timeout: function.timeout,
            arn: self.arn(name),
            trace: trace.header(),
            memory: function.memory,
        };
        let result = match &function.code {
            Code::Program { .. } => self.run_program(function, &job, index).await,
            Code::Closure(closure) => self.run_closure(function, closure, &job, payload, index).await,
        };
        let how = match &result {
            Ok(_) => "ends".to_owned(),
            Err(error) => format!("fails: {}", error.message),
        };
        self.recorder.say(name, format!("{kind:?} {short} {how}"));
        let ended = self.time.elapsed();
        if let Some(invocation) = self.state().invocations.get_mut(index) {
            invocation.ended = Some(ended);
            invocation.result = Some(result.clone());
        }
        self.notify();
        (ended, result)
    }

    async fn run_program(
        self: &Arc<Self>,
        function: &Arc<Function>,
        job: &Job,
        index: usize,
    ) -> Result<Value, FunctionError> {
        let idle = {
            let state = self.state();
            let installed = state.functions.get(&function.name);
            let installed = installed.filter(|installed| Arc::ptr_eq(&installed.function, function));
            let mut environments = installed.into_iter().flat_map(|installed| installed.environments.values());
            environments.find(|environment| environment.take(job)).cloned()
        };
        let environment = if let Some(environment) = idle {
            environment
        } else {
            let environment = Arc::new(self.environment(function));
            environment.desk().job = Some(job.clone());
            if let Err(error) = environment.start(self, function).await {
                let what = format!("the program could not be started: {error}");
                return Err(FunctionError::found("Runtime.InvalidEntrypoint", &job.request_id, &what));
            }
            self.list(function, &environment);
            // It may be dead already, and then nobody would take it from the list.
            if environment.desk().dead.is_some() {
                self.forget(&function.name, environment.id);
            }
            environment
        };
        self.in_environment(index, environment.id);
        environment.run(self, &function.name, &self.time, job).await
    }

    async fn run_closure(
        self: &Arc<Self>,
        function: &Arc<Function>,
        closure: &Closure,
        job: &Job,
        payload: &Value,
        index: usize,
    ) -> Result<Value, FunctionError> {
        let environment = Arc::new(self.environment(function));
        self.list(function, &environment);
        self.in_environment(index, environment.id);
        let end = self.time.elapsed().saturating_add(function.timeout);
        let context = Context {
            request_id: job.request_id.clone(),
            arn: job.arn.clone(),
            end,
            deadline: self.time.wall(function.timeout),
            function: Arc::clone(function),
            environment: Arc::clone(&environment),
            shared: Arc::clone(self),
        };
        let mut running = tokio::spawn((closure.0)(payload.clone(), context));
        let exited = |why: &str| {
            Err(FunctionError::found("Runtime.ExitError", &job.request_id, &format!("Runtime exited {why}")))
        };
        let told = |text: String| {
            let payload = serde_json::json!({"errorType": "HandlerError", "errorMessage": text});
            FunctionError::told(payload, None)
        };
        let stopped = async {
            let mut stopped = self.stopped.subscribe();
            drop(stopped.wait_for(|stopped| *stopped).await);
        };
        let result = tokio::select! {
            biased;
            why = environment.wait(|desk| desk.dead.clone()) => exited(&why),
            ended = &mut running => match ended {
                Ok(result) => result.map_err(told),
                Err(_) => exited("with error: exit status 101"),
            },
            () = self.time.sleep_until(end) => {
                self.recorder.say(&function.name, format!("environment {} is killed: its time is over", environment.id));
                Err(FunctionError::timed_out(&job.request_id, function.timeout))
            }
            () = stopped => exited("with the service"),
        };
        running.abort();
        // Nothing of it runs on once the invocation is over.
        if !running.is_finished() {
            drop(running.await);
        }
        self.forget(&function.name, environment.id);
        result
    }

    fn in_environment(&self, index: usize, environment: usize) {
        if let Some(invocation) = self.state().invocations.get_mut(index) {
            invocation.environment = Some(environment);
        }
        self.notify();
    }
}

/// A delivery that is under way, from the moment it is queued.
#[derive(Debug)]
pub(super) struct Busy(Arc<Shared>);

impl Busy {
    pub(super) fn begin(shared: &Arc<Shared>) -> Self {
        shared.state().busy += 1;
        Self(Arc::clone(shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.state().busy -= 1;
        self.0.notify();
    }
}
