//! What is known about a request? Where its answer goes, and every answer that came.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::contract;

/// What is to be done with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestType {
    /// Make it.
    Create,
    /// Bring it to new properties.
    Update,
    /// Take it away.
    Delete,
}

impl RequestType {
    /// The word of the event.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

/// One request to the address of an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Put {
    /// When it came, in nominal time.
    pub at: Duration,
    /// The status it got; nothing when the connection stalled or broke.
    pub status: Option<u16>,
    /// Why S3 refuses it, whatever status it got.
    pub refused: Option<&'static str>,
    /// Whether it arrived as the answer.
    pub stored: bool,
    /// What was sent; empty when the connection was cut before.
    pub body: Bytes,
}

impl fmt::Debug for Put {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Put")
            .field("at", &self.at)
            .field("status", &self.status)
            .field("refused", &self.refused)
            .field("stored", &self.stored)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer as CloudFormation understands it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// When it came, in nominal time.
    pub at: Duration,
    /// Whether the resource is as asked; an answer that breaks the contract says that it is not.
    pub success: bool,
    /// The reason, or what CloudFormation says about an answer that it cannot read.
    pub reason: String,
    /// The id of the resource; empty when the answer has none that can be used.
    pub physical_resource_id: String,
    /// What `Fn::GetAtt` finds.
    pub data: Map<String, Value>,
    /// How long the answer is.
    pub bytes: usize,
}

/// A request and what came of it.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    /// The name of the stack.
    pub stack: String,
    /// The ARN of the stack.
    pub stack_id: String,
    /// The resource.
    pub logical_resource_id: String,
    /// The id of the request.
    pub request_id: String,
    /// What was asked.
    pub request_type: RequestType,
    /// The physical id that was sent; a Create has none.
    pub physical_resource_id: Option<String>,
    /// How often CloudFormation delivered it; Lambda may have delivered it more often.
    pub deliveries: u32,
    /// When it was delivered first.
    pub delivered: Option<Duration>,
    /// Everything that came to its address, in order.
    pub puts: Vec<Put>,
    /// When CloudFormation stopped waiting for an answer, if it did.
    pub timed_out: Option<Duration>,
    /// Whether the answer has to keep the physical id.
    pub(super) keeps_id: bool,
    pub(super) service_timeout: Duration,
    /// When its address was signed.
    pub(super) issued: Duration,
    /// Path and query of its address.
    pub(super) target: String,
}

impl RequestRecord {
    /// The answers that arrived, in order; the first counts.
    pub fn answers(&self) -> Vec<Answer> {
        self.puts.iter().filter(|put| put.stored).map(|put| contract::understand(self, put)).collect()
    }

    /// The answer that counts: the first, if it came in time.
    pub fn answer(&self) -> Option<Answer> {
        let first = self.puts.iter().find(|put| put.stored)?;
        let in_time = self.timed_out.is_none_or(|end| first.at < end);
        in_time.then(|| contract::understand(self, first))
    }
}
