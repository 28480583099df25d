//! What does AWS STS answer? Who the caller is, over the query protocol with XML.

use serde_json::Value;

use super::answer::{Answer, Call, Question};
use super::facts::Facts;
use crate::listener::{Request, form_value};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The action behind a request, when it is one that the sandbox knows.
pub(super) fn call(request: &Request) -> Option<Call> {
    let action =
        request.query_value("Action").or_else(|| form_value(&String::from_utf8_lossy(&request.body), "Action"))?;
    (action == "GetCallerIdentity").then(|| Call {
        action: "sts:GetCallerIdentity",
        resource: String::new(),
        run: get_caller_identity,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every action has this signature")]
fn get_caller_identity(facts: &mut Facts, _: &Question<'_>) -> Answer {
    Ok(Value::String(format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
         <Arn>{}</Arn><UserId>AIDASANDBOX</UserId><Account>{}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>sandbox</RequestId>\
         </ResponseMetadata></GetCallerIdentityResponse>",
        facts.caller_arn, facts.account
    )))
}

/// An error in the form of the query protocol.
pub(super) fn error(code: &str, message: &str) -> String {
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>"
    )
}
