//! What does CloudFormation send, and when does it stop waiting for an answer?

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::record::{Answer, RequestRecord, RequestType};
use super::server::{CloudFormation, Shared};
use super::stack::Resource;
use crate::hash::sha256_hex;

/// A request that can be delivered, once or more often.
#[derive(Clone)]
pub struct Request {
    cloudformation: CloudFormation,
    index: usize,
    id: String,
    service_token: String,
    event: Value,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Request").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A request that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What was asked.
    pub request_type: RequestType,
    /// The id of the request.
    pub request_id: String,
    /// The physical id that was sent.
    pub physical_resource_id: Option<String>,
    /// The answer; nothing after a time-out.
    pub answer: Option<Answer>,
}

impl Ended {
    /// Whether the answer says that the resource is as asked.
    pub fn success(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.success)
    }
}

/// What a request is about.
pub(super) struct Asked<'a> {
    pub(super) request_type: RequestType,
    pub(super) physical_resource_id: Option<&'a str>,
    pub(super) properties: &'a Value,
    pub(super) old_properties: Option<&'a Value>,
}

impl Request {
    pub(super) fn prepare(cloudformation: &CloudFormation, resource: &Resource, asked: &Asked<'_>) -> Self {
        let shared = cloudformation.shared();
        let id = shared.lambda.new_id("CloudFormation request");
        let target = target(shared, resource, &id);
        let properties = resource.properties(asked.properties);
        let mut event = Map::from_iter([
            ("RequestType".to_owned(), json!(asked.request_type.name())),
            ("ServiceToken".to_owned(), json!(resource.service_token)),
            ("ServiceTimeout".to_owned(), json!(resource.service_timeout.as_secs().to_string())),
            ("ResponseURL".to_owned(), json!(format!("http://{}{target}", shared.host()))),
            ("StackId".to_owned(), json!(resource.stack_id)),
            ("RequestId".to_owned(), json!(id)),
            ("LogicalResourceId".to_owned(), json!(resource.logical_id)),
            ("ResourceType".to_owned(), json!(resource.kind)),
        ]);
        let old = asked.old_properties.map(|old| resource.properties(old));
        let keeps_id = !resource.identity.is_empty()
            && old.as_ref().is_some_and(|old| {
                resource.identity.iter().all(|name| old.get(name.as_str()) == properties.get(name.as_str()))
            });
        event.extend(asked.physical_resource_id.map(|id| ("PhysicalResourceId".to_owned(), json!(id))));
        event.insert("ResourceProperties".to_owned(), properties);
        event.extend(old.map(|old| ("OldResourceProperties".to_owned(), old)));
        let mut state = shared.state();
        state.requests.push(RequestRecord {
            stack: resource.stack.clone(),
            stack_id: resource.stack_id.clone(),
            logical_resource_id: resource.logical_id.clone(),
            request_id: id.clone(),
            request_type: asked.request_type,
            physical_resource_id: asked.physical_resource_id.map(str::to_owned),
            deliveries: 0,
            delivered: None,
            puts: Vec::new(),
            timed_out: None,
            keeps_id,
            service_timeout: resource.service_timeout,
            issued: shared.time.elapsed(),
            target,
        });
        let index = state.requests.len() - 1;
        drop(state);
        let cloudformation = cloudformation.clone();
        Self { cloudformation, index, id, service_token: resource.service_token.clone(), event: Value::Object(event) }
    }

    /// The `RequestId`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event, with the address of the answer.
    pub fn event(&self) -> &Value {
        &self.event
    }

    fn shared(&self) -> &Arc<Shared> {
        self.cloudformation.shared()
    }

    /// Invokes the function with the event, asynchronously. Delivered again it is CloudFormation's own
    /// second sending: another request for Lambda, the same `RequestId`. Must be called inside a Tokio
    /// runtime.
    pub fn deliver(&self) {
        let shared = self.shared();
        {
            let mut state = shared.state();
            if let Some(record) = state.requests.get_mut(self.index) {
                record.deliveries += 1;
                record.delivered.get_or_insert(shared.time.elapsed());
                let short = self.id.get(..8).unwrap_or(&self.id);
                let again = if record.deliveries > 1 { " again" } else { "" };
                let id = record.physical_resource_id.as_deref().map(|id| format!(" of {id}")).unwrap_or_default();
                let line = format!("{} {short}{id} is sent{again}", record.request_type.name());
                shared.recorder().say(&record.stack, line);
            }
        }
        // A function that does not exist never answers, as in the real service.
        if let Err(unknown) = shared.lambda.invoke_event(&self.service_token, self.event.clone()) {
            shared.recorder().say("-", unknown.to_string());
        }
        shared.notify();
    }

    /// Waits for the first answer, for the time-out of the service, or until nobody is left who could
    /// answer, which counts as the time-out.
    pub async fn ended(&self) -> Ended {
        let shared = self.shared();
        let over = |record: &RequestRecord| {
            let over = record.timed_out.is_some() || record.puts.iter().any(|put| put.stored);
            over.then_some(())
        };
        let answered = async {
            let (from, timeout) =
                shared.wait(self.index, |record| Some((record.delivered?, record.service_timeout))).await;
            let end = from.saturating_add(timeout);
            tokio::select! {
                biased;
                () = shared.wait(self.index, over) => None,
                () = shared.time.sleep_until(end) => Some("the time-out of the service has passed"),
                () = shared.quiet() => Some("nobody is left to answer: the stack would wait for its time-out"),
            }
        };
        if let Some(why) = answered.await {
            self.time_out(why);
        }
        self.look()
    }

    /// Lets the time-out of the service pass now, unless there is an answer.
    pub fn expire(&self) {
        self.time_out("the time-out of the service has passed");
    }

    fn time_out(&self, why: &str) {
        let shared = self.shared();
        let mut state = shared.state();
        let Some(record) = state.requests.get_mut(self.index) else { return };
        if record.timed_out.is_none() && !record.puts.iter().any(|put| put.stored) {
            record.timed_out = Some(shared.time.elapsed());
            let short = self.id.get(..8).unwrap_or(&self.id);
            shared.recorder().say(&record.stack, format!("{} {short}: {why}", record.request_type.name()));
        }
        drop(state);
        shared.notify();
    }

    /// Every answer so far.
    pub fn answers(&self) -> Vec<Answer> {
        self.shared().state().requests.get(self.index).map(RequestRecord::answers).unwrap_or_default()
    }

    fn look(&self) -> Ended {
        let state = self.shared().state();
        let record = state.requests.get(self.index);
        Ended {
            request_type: record.map_or(RequestType::Create, |record| record.request_type),
            request_id: self.id.clone(),
            physical_resource_id: record.and_then(|record| record.physical_resource_id.clone()),
            answer: record.and_then(RequestRecord::answer),
        }
    }
}

/// Path and query of the address for an answer: the shape of the real ones, and in each everything
/// that careless clients change.
fn target(shared: &Shared, resource: &Resource, request_id: &str) -> String {
    let region = &shared.lambda.options().region;
    let now = shared.time.now();
    let (day, time) = (now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ"));
    let arn = resource.stack_id.replace(':', "%3A");
    let signature = sha256_hex(format!("{request_id} {}", resource.stack_id).as_bytes());
    format!(
        "/cloudformation-custom-resource-response-{}/{arn}%7C{}%7C{request_id}//a%2Bb+c%20d\
         ?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={time}&X-Amz-SignedHeaders=host&X-Amz-Expires={}\
         &X-Amz-Credential=AKIDCLOUDFORMATION%2F{day}%2F{region}%2Fs3%2Faws4_request\
         &X-Amz-Security-Token=IQoJ%2Bb+3//Jp%20Z2%3D%3D&X-Amz-Signature={signature}",
        region.replace('-', ""),
        resource.logical_id,
        super::endpoint::EXPIRES.as_secs(),
    )
}
