//! What is CloudFormation in the sandbox? The side of the custom-resource contract that a function
//! never sees, and a judge of the side it does.
//!
//! A [`Stack`] has one custom resource. Its operations send the requests that the real service
//! sends, in the real order: Delete after a failed Create, the old properties again after a failed
//! Update, a Delete of the old id after an Update that changed it, a Delete with an invented id when
//! a Create is cancelled. Requests can also be prepared and delivered by hand, twice or in the wrong
//! order. All property values are strings when they arrive.
//!
//! Answers are PUT to a `ResponseURL` that is as picky as a pre-signed address of S3, and that fails
//! on demand (see [`Fault`]). Everything that comes is held against the contract: the [`Violation`]s
//! of a good handler are none.
//!
//! ```
//! use aktus_sandbox::cloudformation::{CloudFormation, Rule, StackStatus};
//! use aktus_sandbox::lambda::{Function, Service};
//! use aktus_sandbox::{Clock, Time};
//! use serde_json::{Value, json};
//!
//! # fn main() -> std::io::Result<()> {
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().expect("a time"));
//! let lambda = Service::start(Time::manual(clock)).await?;
//! let arn = lambda.create_function(Function::closure("silent", |event: Value, _| async move {
//!     assert_eq!(event["ResourceProperties"]["Answer"], "42");
//!     Ok(Value::Null)
//! }));
//! let cloudformation = CloudFormation::start(&lambda).await?;
//! let mut stack = cloudformation.stack("mystack", &arn).without_rollback();
//! let outcome = stack.create(json!({"Answer": 42})).await;
//! // Nobody was left who could have answered, so nobody waits an hour.
//! assert_eq!(outcome.status, StackStatus::CreateFailed);
//! let violations = cloudformation.check().await;
//! assert_eq!(violations[0].rule, Rule::NoAnswer);
//! println!("{}", cloudformation.transcript());
//! # Ok(())
//! # })
//! # }
//! ```

mod contract;
mod endpoint;
mod record;
mod request;
mod server;
mod stack;

pub use contract::{Rule, Violation};
pub use endpoint::{Fault, Faults};
pub use record::{Answer, Put, RequestRecord, RequestType};
pub use request::{Ended, Request};
pub use server::CloudFormation;
pub use stack::{Outcome, Stack, StackStatus};
