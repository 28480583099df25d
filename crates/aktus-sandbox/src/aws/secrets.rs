//! What does AWS Secrets Manager answer? The value of a secret, over JSON 1.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::{Answer, Call, Question, ServiceError};
use super::facts::{Facts, SecretValue};
use crate::listener::Request;

/// The action behind a request, when it is one that the sandbox knows.
pub(super) fn call(request: &Request) -> Option<Call> {
    if request.header("x-amz-target")? != "secretsmanager.GetSecretValue" {
        return None;
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let resource = body.get("SecretId").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Call { action: "secretsmanager:GetSecretValue", resource, run: get_secret_value })
}

fn get_secret_value(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let here = facts.region == question.region;
    let arn = question.resource;
    let value = facts.secrets.get(arn).filter(|_| here).ok_or_else(|| {
        let message = "Secrets Manager can't find the specified secret.";
        ServiceError::new(400, "ResourceNotFoundException", message)
    })?;
    let name = arn.rsplit(':').next().unwrap_or_default();
    // Six random characters follow the name in an ARN.
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    let mut body = json!({
        "ARN": arn,
        "Name": name,
        "VersionId": "00000000-0000-0000-0000-0000000000a1",
        "VersionStages": ["AWSCURRENT"],
    });
    match value {
        SecretValue::Text(text) => body["SecretString"] = Value::from(text.as_str()),
        SecretValue::Binary(bytes) => body["SecretBinary"] = Value::from(STANDARD.encode(bytes)),
    }
    Ok(body)
}
