//! How does CloudFormation get the platform installed, and always exactly one answer?
//!
//! The custom resource of the stack sends an event for Create, Update and Delete. [`Handler::handle`] reads it
//! ([`event`]), decides who it is about ([`identity`]), lets the bootstrap work within the function's time
//! ([`handler`], [`work`]), tells the log what happens ([`reporter`]) and answers once ([`respond`]): also after a
//! panic, a passed deadline or properties that make no sense. Neither the event nor its `ResponseURL` is ever
//! logged.
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

pub mod event;
pub mod handler;
pub mod identity;
pub mod outcome;
pub mod reporter;
pub mod respond;
pub mod work;

pub use handler::{Handler, HandlerError, Invocation};
