//! How does CloudFormation get the platform installed, and always exactly one answer?
//!
//! The custom resource of the stack sends an event for Create, Update and Delete. [`Handler::handle`] opens and reads
//! it ([`envelope`], [`event`]), decides who it is about ([`identity`]), has the work done by a process of its own
//! ([`runner`], [`task`]) and answers once ([`respond`]): also after that process was killed, a passed deadline or
//! properties that make no sense. When the time of a run is over, the function goes on in another one ([`relay`]).
//! The process ([`child`]) lets the bootstrap work ([`work`]), and tells the log what happens ([`reporter`]). Neither
//! the event nor its `ResponseURL` is ever logged.
//!
//! The contract: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html>.
//!
//! ```
//! use aktus_lambda::event::Event;
//! use aktus_lambda::identity::Identity;
//! use aktus_lambda::respond::{Answer, MAX_BODY};
//!
//! let event = Event::read(serde_json::json!({
//!     "RequestType": "Create",
//!     "ResponseURL": "https://cloudformation-custom-resource-response.s3.amazonaws.com/answer?X-Amz-Signature=x",
//!     "StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/aktus/4a2c",
//!     "RequestId": "r-1",
//!     "LogicalResourceId": "PlatformBootstrap",
//!     "ResourceType": "Custom::AktusBootstrap",
//!     "ResourceProperties": { "ClusterName": "aktus" },
//! }))
//! .unwrap();
//! let id = Identity::of(event.stack_id(), event.properties());
//! assert_eq!(id.to_string(), "aktus/aktus/4a2c/aktus/aktus-ai-platform-dev/aktus-ai-platform");
//!
//! let answer = Answer::failed(&event.address, &id.to_string(), "emoji 🦀 and more. ".repeat(1_000));
//! assert!(answer.body().len() <= MAX_BODY);
//! ```

pub mod child;
pub mod envelope;
pub mod event;
pub mod handler;
pub mod identity;
pub mod outcome;
pub mod relay;
pub mod reporter;
pub mod respond;
pub mod runner;
pub mod task;
pub mod work;

pub use handler::{Handler, HandlerError, Invocation};
