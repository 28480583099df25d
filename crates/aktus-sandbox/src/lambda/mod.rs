//! What is Lambda in the sandbox? A service that runs functions as the real one does, and kills
//! them when it is told to.
//!
//! A [`Function`] is a program: the service starts it as a child process for each execution
//! environment, with Lambda's environment variables and nothing inherited, and every process talks
//! to a Runtime API of its own. Environments are reused, frozen while they wait, and killed with all
//! they started when the time of an invocation is over or their memory used up. What they write is kept. Asynchronous
//! invocations are retried and end in an `OnFailure` record as configured. For quick tests a closure
//! takes the place of the program.
//!
//! Programs and AWS SDKs reach the Invoke API at [`Service::url`]; signatures are checked there.
//!
//! ```
//! use aktus_sandbox::lambda::{Function, Service};
//! use aktus_sandbox::{Clock, Time};
//! use serde_json::{Value, json};
//!
//! # fn main() -> std::io::Result<()> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().expect("a time"));
//! let service = Service::start(Time::manual(clock)).await?;
//! service.create_function(Function::closure("greeter", |event: Value, context| async move {
//!     context.log("greeting");
//!     match event["name"].as_str() {
//!         Some(name) => Ok(json!(format!("hello {name}"))),
//!         None => Err("nobody to greet".to_owned()),
//!     }
//! }));
//! assert_eq!(service.invoke("greeter", json!({"name": "aktus"})).await, Ok(json!("hello aktus")));
//! let error = service.invoke("greeter", json!({})).await.expect_err("nobody is there");
//! assert_eq!(error.message, "nobody to greet");
//! assert_eq!(service.output("greeter"), "greeting\ngreeting\n");
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! A program instead, whose third line is its last:
//!
//! ```no_run
//! # use aktus_sandbox::lambda::{Function, Service};
//! # async fn example(service: Service) {
//! let function = Function::program("connector", "target/debug/bootstrap")
//!     .with_variable("AWS_ENDPOINT_URL_EKS", "http://127.0.0.1:4566")
//!     .with_on_failure_itself();
//! service.create_function(function);
//! service.kill_at_line("connector", 3);
//! service.invoke_event("connector", serde_json::json!({})).expect("it was just created");
//! service.idle().await;
//! println!("{}", service.transcript());
//! # }
//! ```

mod asynchronous;
mod environment;
mod faults;
mod function;
mod invocation;
mod invoke_api;
mod log;
mod memory;
mod runtime_api;
mod service;

#[cfg(test)]
mod tests;

pub use faults::Twice;
pub use function::{Closure, Code, Context, Function};
pub use invocation::{FunctionError, Invocation, Kind, UnknownFunction};
pub use log::LogLine;
pub use service::{Options, RunningEnvironment, Service};
