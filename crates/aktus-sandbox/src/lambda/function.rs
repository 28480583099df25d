//! What is a function? A program, or a closure in its place, and its settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::environment::Environment;
use super::service::Shared;
use super::{Kind, asynchronous};

/// What a closure does with an event.
pub(super) type Body = dyn Fn(Value, Context) -> BoxFuture<'static, Result<Value, String>> + Send + Sync;

/// What runs when a function is invoked.
#[derive(Clone)]
pub enum Code {
    /// A program that speaks the Runtime API, started as often as invocations overlap.
    Program {
        /// The executable.
        path: PathBuf,
        /// Its arguments.
        arguments: Vec<OsString>,
    },
    /// A closure in this process, for quick tests; see [`Function::closure`].
    Closure(Closure),
}

/// A closure that plays a function.
#[derive(Clone)]
pub struct Closure(pub(super) Arc<Body>);

impl fmt::Debug for Closure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Closure")
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { path, .. } => formatter.debug_tuple("Program").field(path).finish(),
            Self::Closure(closure) => closure.fmt(formatter),
        }
    }
}

/// A function and its settings. The environment variables are not shown by `Debug`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Function {
    /// The name.
    pub name: String,
    /// What runs.
    pub code: Code,
    /// Environment variables of the function; they win over those of the service.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may take, in nominal time.
    pub timeout: Duration,
    /// The memory of one environment in MiB, all its processes together. A program that takes more is
    /// killed, a closure is not.
    pub memory: u32,
    /// How often an asynchronous invocation that failed is tried again: 0 to 2.
    pub maximum_retries: u32,
    /// Whether the `OnFailure` destination of asynchronous invocations is the function itself.
    pub on_failure_itself: bool,
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Function")
            .field("name", &self.name)
            .field("code", &self.code)
            .field("timeout", &self.timeout)
            .field("maximum_retries", &self.maximum_retries)
            .field("on_failure_itself", &self.on_failure_itself)
            .finish_non_exhaustive()
    }
}

impl Function {
    /// A program that speaks the Runtime API: 900 s, 512 MiB, no retries, no destination.
    pub fn program(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self::new(name.into(), Code::Program { path: path.into(), arguments: Vec::new() })
    }

    /// A closure in place of a program, with the same settings. It is dropped where a program would
    /// be killed, and a panic counts as a crash.
    pub fn closure<F, R>(name: impl Into<String>, body: F) -> Self
    where
        F: Fn(Value, Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, String>> + Send + 'static,
    {
        let body: Arc<Body> = Arc::new(move |event, context| body(event, context).boxed());
        Self::new(name.into(), Code::Closure(Closure(body)))
    }

    fn new(name: String, code: Code) -> Self {
        Self {
            name,
            code,
            environment: BTreeMap::new(),
            timeout: Duration::from_mins(15),
            memory: 512,
            maximum_retries: 0,
            on_failure_itself: false,
        }
    }

    /// With one more argument of the program; a closure has none.
    #[must_use]
    pub fn with_argument(mut self, argument: impl Into<OsString>) -> Self {
        if let Code::Program { arguments, .. } = &mut self.code {
            arguments.push(argument.into());
        }
        self
    }

    /// With one more environment variable.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// With another time-out.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With another size of memory, in MiB.
    #[must_use]
    pub fn with_memory(mut self, memory: u32) -> Self {
        self.memory = memory;
        self
    }

    /// With retries of asynchronous invocations.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.maximum_retries = retries;
        self
    }

    /// With itself as the `OnFailure` destination.
    #[must_use]
    pub fn with_on_failure_itself(mut self) -> Self {
        self.on_failure_itself = true;
        self
    }
}

/// What a closure knows about its invocation.
#[derive(Clone)]
pub struct Context {
    pub(super) request_id: String,
    pub(super) arn: String,
    pub(super) end: Duration,
    pub(super) deadline: Timestamp,
    pub(super) function: Arc<Function>,
    pub(super) environment: Arc<Environment>,
    pub(super) shared: Arc<Shared>,
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Context").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl Context {
    /// Lambda's id of the request; the same at every retry.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The ARN of the function.
    pub fn function_arn(&self) -> &str {
        &self.arn
    }

    /// The log stream of the environment.
    pub fn log_stream(&self) -> &str {
        &self.environment.log_stream
    }

    /// The moment of the wall clock at which the environment is killed.
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// How much nominal time is left.
    pub fn remaining(&self) -> Duration {
        self.end.saturating_sub(self.shared.time.elapsed())
    }

    /// Writes to the log. A fault may end the invocation at the next `await` after it.
    pub fn log(&self, text: impl AsRef<str>) {
        for line in text.as_ref().lines() {
            self.shared.log(&self.function.name, &self.environment, line.to_owned());
        }
    }

    /// Invokes the function itself asynchronously, and returns Lambda's id of the new request.
    pub fn invoke_itself(&self, payload: Value) -> String {
        asynchronous::invoke(&self.shared, Arc::clone(&self.function), payload, Kind::Event, None)
    }
}
