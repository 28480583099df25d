//! In which order does CloudFormation ask? The life of a stack with one custom resource.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::record::{Answer, RequestType};
use super::request::{Asked, Ended, Request};
use super::server::CloudFormation;
use crate::hash::{sha256_hex, uuid};

/// The state of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are CloudFormation's")]
pub enum StackStatus {
    CreateComplete,
    CreateFailed,
    RollbackComplete,
    RollbackFailed,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackComplete,
    UpdateRollbackFailed,
    DeleteComplete,
    DeleteFailed,
}

impl fmt::Display for StackStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::CreateFailed => "CREATE_FAILED",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::DeleteFailed => "DELETE_FAILED",
        })
    }
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The state of the stack.
    pub status: StackStatus,
    /// The requests it took, in order.
    pub requests: Vec<Ended>,
}

impl Outcome {
    /// The answer to the first request.
    pub fn answer(&self) -> Option<&Answer> {
        self.requests.first()?.answer.as_ref()
    }

    /// Why the first request that failed did; empty when none did.
    pub fn reason(&self) -> String {
        let failed = self.requests.iter().find(|ended| !ended.success());
        failed.map_or_else(String::new, |ended| match &ended.answer {
            Some(answer) => answer.reason.clone(),
            None => "CloudFormation did not receive a response from your Custom Resource.".to_owned(),
        })
    }
}

/// The custom resource of a stack and its settings.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) stack: String,
    pub(super) stack_id: String,
    pub(super) service_token: String,
    pub(super) logical_id: String,
    pub(super) kind: String,
    pub(super) service_timeout: Duration,
    pub(super) identity: Vec<String>,
}

impl Resource {
    /// The properties as they arrive: those of the template as text, and CloudFormation's own.
    pub(super) fn properties(&self, properties: &Value) -> Value {
        let mut all = Map::from_iter([
            ("ServiceToken".to_owned(), json!(self.service_token)),
            ("ServiceTimeout".to_owned(), json!(self.service_timeout.as_secs().to_string())),
        ]);
        if let Value::Object(given) = stringify(properties) {
            all.extend(given);
        }
        Value::Object(all)
    }
}

/// Numbers and booleans as text, at any depth; what is null is left out.
fn stringify(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::from(value.to_string()),
        Value::Number(value) => Value::from(value.to_string()),
        Value::Null | Value::String(_) => value.clone(),
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(stringify).collect(),
        Value::Object(fields) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (name.clone(), stringify(value))).collect())
        }
    }
}

/// A stack with one custom resource.
#[derive(Debug)]
pub struct Stack {
    cloudformation: CloudFormation,
    resource: Resource,
    rollback: bool,
    physical_id: Option<String>,
    properties: Value,
    status: Option<StackStatus>,
    /// What a rollback that failed has to go back to: the properties it wanted and those it left.
    unfinished: Option<(Value, Value)>,
    invented: usize,
}

impl Stack {
    pub(super) fn new(cloudformation: CloudFormation, name: &str, service_token: &str) -> Self {
        let options = cloudformation.shared().lambda.options();
        let (region, account) = (&options.region, &options.account);
        let partition = service_token.split(':').nth(1).unwrap_or("aws");
        let id = uuid(&format!("stack {name}"));
        let resource = Resource {
            stack: name.to_owned(),
            stack_id: format!("arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{id}"),
            service_token: service_token.to_owned(),
            logical_id: "EKSClusterStatus".to_owned(),
            kind: "Custom::AktusPlatform".to_owned(),
            service_timeout: Duration::from_hours(1),
            identity: Vec::new(),
        };
        Self {
            cloudformation,
            resource,
            rollback: true,
            physical_id: None,
            properties: Value::Null,
            status: None,
            unfinished: None,
            invented: 0,
        }
    }

    /// With another logical id than `EKSClusterStatus`.
    #[must_use]
    pub fn with_logical_id(mut self, logical_id: &str) -> Self {
        logical_id.clone_into(&mut self.resource.logical_id);
        self
    }

    /// With another type than `Custom::AktusPlatform`.
    #[must_use]
    pub fn with_resource_type(mut self, resource_type: &str) -> Self {
        resource_type.clone_into(&mut self.resource.kind);
        self
    }

    /// With another `ServiceTimeout` than an hour.
    #[must_use]
    pub fn with_service_timeout(mut self, timeout: Duration) -> Self {
        self.resource.service_timeout = timeout;
        self
    }

    /// With the properties that make up the identity: an Update that changes none of them must keep
    /// the physical id.
    #[must_use]
    pub fn with_identity(mut self, properties: &[&str]) -> Self {
        self.resource.identity = properties.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// Leaves failures as they are, as `--disable-rollback` does.
    #[must_use]
    pub fn without_rollback(mut self) -> Self {
        self.rollback = false;
        self
    }

    /// The ARN.
    pub fn arn(&self) -> &str {
        &self.resource.stack_id
    }

    /// The physical id of the resource, while there is one.
    pub fn physical_id(&self) -> Option<&str> {
        self.physical_id.as_deref()
    }

    /// The state; nothing before the first operation.
    pub fn status(&self) -> Option<StackStatus> {
        self.status
    }

    /// A request that is not delivered yet, for orders that no operation has.
    pub fn prepare(
        &self,
        request_type: RequestType,
        physical_resource_id: Option<&str>,
        properties: &Value,
        old_properties: Option<&Value>,
    ) -> Request {
        let asked = Asked { request_type, physical_resource_id, properties, old_properties };
        Request::prepare(&self.cloudformation, &self.resource, &asked)
    }

    async fn ask(
        &self,
        request_type: RequestType,
        physical_resource_id: Option<&str>,
        properties: &Value,
        old_properties: Option<&Value>,
    ) -> Ended {
        let request = self.prepare(request_type, physical_resource_id, properties, old_properties);
        request.deliver();
        request.ended().await
    }

    fn end(&mut self, status: StackStatus, requests: Vec<Ended>) -> Outcome {
        self.status = Some(status);
        self.cloudformation.shared().recorder().say(&self.resource.stack, status.to_string());
        Outcome { status, requests }
    }

    /// An id for a resource that never told its own: `mystack_LogicalId_ABC123`.
    fn invent(&mut self) -> String {
        self.invented += 1;
        let Resource { stack, logical_id, .. } = &self.resource;
        let hash = sha256_hex(format!("{stack} {logical_id} {}", self.invented).as_bytes()).to_ascii_uppercase();
        format!("{stack}_{logical_id}_{}", hash.get(..12).unwrap_or_default())
    }

    /// Creates the stack. When that fails, the resource is deleted: with the id that was answered, or
    /// an invented one.
    pub async fn create(&mut self, properties: Value) -> Outcome {
        let created = self.ask(RequestType::Create, None, &properties, None).await;
        self.properties = properties;
        let told = told(&created);
        if created.success() {
            self.physical_id = told;
            return self.end(StackStatus::CreateComplete, vec![created]);
        }
        let id = told.unwrap_or_else(|| self.invent());
        self.physical_id = Some(id);
        if !self.rollback {
            return self.end(StackStatus::CreateFailed, vec![created]);
        }
        self.remove(vec![created], StackStatus::RollbackComplete, StackStatus::RollbackFailed).await
    }

    /// Begins to create the stack and cancels that when `cancel` is ready, as CloudFormation does when
    /// another resource of the stack fails: without an answer by then, a Delete with an invented id
    /// follows at once, while the Create still runs.
    pub async fn create_cancelled(&mut self, properties: Value, cancel: impl Future<Output = ()>) -> Outcome {
        let create = self.prepare(RequestType::Create, None, &properties, None);
        self.properties = properties;
        create.deliver();
        let before = tokio::select! {
            biased;
            ended = create.ended() => Some(ended),
            () = cancel => None,
        };
        self.cloudformation.shared().recorder().say(&self.resource.stack, "the Create is cancelled".to_owned());
        let id = before.as_ref().and_then(told).unwrap_or_else(|| self.invent());
        let delete = self.prepare(RequestType::Delete, Some(&id), &self.properties, None);
        delete.deliver();
        let (created, deleted) = tokio::join!(create.ended(), delete.ended());
        let status = if deleted.success() { StackStatus::RollbackComplete } else { StackStatus::RollbackFailed };
        self.physical_id = (!deleted.success()).then_some(id);
        self.end(status, vec![created, deleted])
    }

    /// Begins to update the stack and cancels that when `cancel` is ready, as `CancelUpdateStack` does:
    /// the Update back to the old properties follows at once, while the first one still runs.
    pub async fn update_cancelled(&mut self, properties: Value, cancel: impl Future<Output = ()>) -> Outcome {
        let (id, old) = (self.current(), self.properties.clone());
        let update = self.prepare(RequestType::Update, Some(&id), &properties, Some(&old));
        update.deliver();
        let before = tokio::select! {
            biased;
            ended = update.ended() => Some(ended),
            () = cancel => None,
        };
        self.cloudformation.shared().recorder().say(&self.resource.stack, "the Update is cancelled".to_owned());
        // What it answers from now on is not listened to.
        let new = before.filter(Ended::success).as_ref().and_then(told);
        self.physical_id = Some(new.unwrap_or(id));
        self.properties = properties.clone();
        let outcome = self.back_to(old, properties, None, Vec::new()).await;
        let mut requests = vec![update.ended().await];
        requests.extend(outcome.requests);
        Outcome { status: outcome.status, requests }
    }

    /// Updates the stack. An Update that fails is followed by one back to the old properties; one that
    /// changes the physical id by a Delete of the old one.
    pub async fn update(&mut self, properties: Value) -> Outcome {
        self.update_then(properties, false).await
    }

    /// Updates the stack, but once the resource is done another one fails, and everything goes back.
    pub async fn update_and_roll_back(&mut self, properties: Value) -> Outcome {
        self.update_then(properties, true).await
    }

    async fn update_then(&mut self, properties: Value, roll_back: bool) -> Outcome {
        let old = self.properties.clone();
        let id = self.current();
        let updated = self.ask(RequestType::Update, Some(&id), &properties, Some(&old)).await;
        let answered = told(&updated).unwrap_or_else(|| id.clone());
        let success = updated.success();
        let mut requests = vec![updated];
        if success && !roll_back {
            self.physical_id = Some(answered.clone());
            self.properties = properties;
            if answered != id {
                requests.push(self.ask(RequestType::Delete, Some(&id), &old, None).await);
            }
            return self.end(StackStatus::UpdateComplete, requests);
        }
        if !success && !self.rollback {
            self.properties = properties;
            return self.end(StackStatus::UpdateFailed, requests);
        }
        // An Update that worked has made its id the current one.
        self.physical_id = Some(if success { answered.clone() } else { id.clone() });
        self.properties = properties.clone();
        let extra = (!success && answered != id).then_some(answered);
        self.back_to(old, properties, extra, requests).await
    }

    /// Tries again to go back, after a rollback that failed: `ContinueUpdateRollback`.
    pub async fn continue_update_rollback(&mut self) -> Outcome {
        match self.unfinished.take() {
            Some((old, new)) => self.back_to(old, new, None, Vec::new()).await,
            None => self.end(StackStatus::UpdateRollbackComplete, Vec::new()),
        }
    }

    /// Sends the Update back to the old properties, and deletes what belongs to the new ones only.
    async fn back_to(&mut self, old: Value, new: Value, extra: Option<String>, mut requests: Vec<Ended>) -> Outcome {
        let id = self.current();
        let back = self.ask(RequestType::Update, Some(&id), &old, Some(&new)).await;
        let (success, answered) = (back.success(), told(&back).unwrap_or_else(|| id.clone()));
        requests.push(back);
        if !success {
            self.unfinished = Some((old, new));
            return self.end(StackStatus::UpdateRollbackFailed, requests);
        }
        let replaced = (answered != id).then_some(id);
        for gone in replaced.into_iter().chain(extra).filter(|gone| *gone != answered) {
            requests.push(self.ask(RequestType::Delete, Some(&gone), &new, None).await);
        }
        self.physical_id = Some(answered);
        self.properties = old;
        self.end(StackStatus::UpdateRollbackComplete, requests)
    }

    /// Deletes the stack; without a resource there is nothing to ask.
    pub async fn delete(&mut self) -> Outcome {
        if self.physical_id.is_none() {
            return self.end(StackStatus::DeleteComplete, Vec::new());
        }
        self.remove(Vec::new(), StackStatus::DeleteComplete, StackStatus::DeleteFailed).await
    }

    async fn remove(&mut self, mut requests: Vec<Ended>, done: StackStatus, failed: StackStatus) -> Outcome {
        let id = self.current();
        let deleted = self.ask(RequestType::Delete, Some(&id), &self.properties, None).await;
        let success = deleted.success();
        requests.push(deleted);
        if success {
            self.physical_id = None;
        }
        self.end(if success { done } else { failed }, requests)
    }

    /// The physical id, or an invented one for a resource that has none.
    fn current(&mut self) -> String {
        if let Some(id) = &self.physical_id {
            return id.clone();
        }
        let id = self.invent();
        self.physical_id = Some(id.clone());
        id
    }
}

/// The physical id that an answer tells.
fn told(ended: &Ended) -> Option<String> {
    let id = &ended.answer.as_ref()?.physical_resource_id;
    (!id.is_empty()).then(|| id.clone())
}
