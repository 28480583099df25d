//! Handlers that keep the contract, and handlers that do not.

use aktus_sandbox::cloudformation::{CloudFormation, Rule};
use aktus_sandbox::lambda::{Context, Function, Service};
use aktus_sandbox::{Clock, Time};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A Lambda with one function, CloudFormation beside it, and time that passes by hand.
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) lambda: Service,
    pub(crate) cloudformation: CloudFormation,
}

impl World {
    /// The world with this function as `toy`.
    pub(crate) async fn new(function: Function) -> Self {
        let time = Time::manual(Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap()));
        let lambda = Service::start(time.clone()).await.unwrap();
        lambda.create_function(function);
        let cloudformation = CloudFormation::start(&lambda).await.unwrap();
        Self { time, lambda, cloudformation }
    }

    /// The rules broken when everything is over.
    pub(crate) async fn rules(&self) -> Vec<Rule> {
        self.cloudformation.check().await.into_iter().map(|violation| violation.rule).collect()
    }
}

/// A function that does this with every event.
pub(crate) fn function<F, R>(body: F) -> Function
where
    F: Fn(Value, Context) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    Function::closure("toy", move |event, context| {
        let ended = body(event, context);
        async move {
            ended.await;
            Ok(Value::Null)
        }
    })
}

/// An answer that keeps the contract, for an event or the record of its failure.
pub(crate) fn good(event: &Value) -> Value {
    let id = event["PhysicalResourceId"].as_str().unwrap_or("id-1");
    json!({
        "Status": "SUCCESS", "PhysicalResourceId": id, "StackId": event["StackId"], "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"], "Data": {"Ready": "3/3", "Count": 3, "Auto": true},
        "NoEcho": false, "Reason": "",
    })
}

/// The answer with some fields changed; null takes a field away.
pub(crate) fn changed(mut answer: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(answer.as_object_mut().unwrap().remove(name)),
            value => answer[name] = value.clone(),
        }
    }
    answer
}

/// A PUT as careful or careless as a test wants it.
#[derive(Clone)]
pub(crate) struct Put {
    pub(crate) method: &'static str,
    pub(crate) alter: fn(&str) -> String,
    pub(crate) host: Option<&'static str>,
    pub(crate) headers: &'static [&'static str],
    pub(crate) chunked: bool,
}

impl Default for Put {
    fn default() -> Self {
        Self { method: "PUT", alter: str::to_owned, host: None, headers: &["content-type:"], chunked: false }
    }
}

impl Put {
    /// Sends a body to the address in an event, and returns the status; nothing when there was none.
    pub(crate) async fn send(&self, event: &Value, body: &[u8]) -> Option<u16> {
        let url = event["ResponseURL"].as_str().unwrap();
        let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, (self.alter)(&format!("/{target}")));
        head.extend(["host: ", self.host.unwrap_or(host), "\r\nconnection: close\r\n"]);
        for header in self.headers {
            head.extend([header, "\r\n"]);
        }
        let mut bytes = if self.chunked {
            let chunk = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len());
            [chunk.as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
        } else {
            [format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
        };
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(&bytes).await.ok()?;
        bytes.clear();
        drop(stream.read_to_end(&mut bytes).await);
        std::str::from_utf8(&bytes).unwrap().split(' ').nth(1)?.parse().ok()
    }
}

/// Sends an answer until it is taken, at most six times, and stops at a refusal.
pub(crate) async fn answer(event: &Value, answer: &Value) {
    for _ in 0..6 {
        match Put::default().send(event, answer.to_string().as_bytes()).await {
            None | Some(500..600) => {}
            Some(_) => return,
        }
    }
}
