//! `bootstrap`: the function behind the stack's custom resource, as Lambda's `provided.al2023` starts it.
//!
//! Lambda starts it without arguments. For each piece of work it starts itself with one.

use std::io::{self, BufReader, Write as _};
use std::panic;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aktus_bootstrap::Dice;
use aktus_helm::oci::Proxy;
use aktus_lambda::child::{limit_memory, serve};
use aktus_lambda::relay::AwsRelay;
use aktus_lambda::reporter::subscriber;
use aktus_lambda::runner::ChildProcess;
use aktus_lambda::work::AwsWork;
use aktus_lambda::{Handler, Invocation};
use jiff::Timestamp;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde_json::Value;

/// The argument that makes this the process that works. Not a name anybody would start it with.
const WORK: &str = "--work-for-the-function";
/// Where Lambda says how much memory the function has, in MiB.
const MEMORY: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == WORK) { work() } else { answer() }
}

/// The process that works: one task from standard input, messages to standard output, the log to standard error.
fn work() -> ExitCode {
    prepare(io::stderr);
    let memory = std::env::var_os(MEMORY).and_then(|text| text.to_str()?.parse().ok());
    if let Some(Err(error)) = memory.map(limit_memory) {
        tracing::error!(%error, "the work is not begun");
        return ExitCode::FAILURE;
    }
    let work = AwsWork::new(Arc::new(Timestamp::now), dice(), variable).with_proxy(Proxy::of_environment(variable));
    match serve(BufReader::new(io::stdin()), io::stdout(), &work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the work is not begun");
            ExitCode::FAILURE
        }
    }
}

/// A variable of the environment; one that is not UTF-8 is as good as none.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

/// The function: it takes events, has them worked on, and answers.
fn answer() -> ExitCode {
    // Nothing here may fail before the first event is answered.
    prepare(io::stdout);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the function cannot run");
            return ExitCode::FAILURE;
        }
    };
    let log = Arc::new(|line: &str| {
        let mut output = io::stdout().lock();
        drop(writeln!(output, "{line}"));
    });
    // Without a name of its own the function says so when there is work.
    let program = std::env::current_exe().unwrap_or_default();
    let handler =
        Handler::new(ChildProcess::new(program, [WORK], log), AwsRelay::new(Arc::new(Timestamp::now), variable));
    let served = runtime.block_on(lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let handler = handler.clone();
        async move {
            let (event, context) = event.into_parts();
            handler.handle(event, &invocation(&context)).await?;
            Ok::<(), lambda_runtime::Error>(())
        }
    })));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot go on");
            ExitCode::FAILURE
        }
    }
}

/// Log, TLS and a hook that tells of a panic without its words.
fn prepare<W: io::Write + 'static>(output: fn() -> W) {
    // Both only say no when they were done before.
    drop(tracing::subscriber::set_global_default(subscriber(output)));
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        // A message made at run time may hold anything, a fixed one may not.
        let message = panicked.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(place, message, "panic");
    }));
}

fn dice() -> Dice {
    Arc::new(|buffer| {
        // Templates make passwords of it. Nothing weaker may take its place, and a panic of the work is answered.
        assert!(getrandom::fill(buffer).is_ok(), "the system has no randomness");
    })
}

fn invocation(context: &Context) -> Invocation {
    let now = Timestamp::now();
    let since = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let mut run = [0; 8];
    // Two runs with the same id would have to be alike in this too, to take each other's Lease.
    let _ = getrandom::fill(&mut run);
    Invocation {
        request_id: context.request_id.clone(),
        function_arn: context.invoked_function_arn.clone(),
        log_stream: context.env_config.log_stream.clone(),
        remaining: Duration::from_millis(context.deadline.saturating_sub(since)),
        now,
        run: format!("{:016x}", u64::from_be_bytes(run)),
    }
}
