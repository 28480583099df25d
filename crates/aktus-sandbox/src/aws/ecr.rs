//! What does Amazon ECR answer? A login for the registries of the region, over JSON 1.1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::{Answer, Call, Question};
use super::facts::Facts;
use crate::listener::Request;

/// The action behind a request, when it is one that the sandbox knows.
pub(super) fn call(request: &Request) -> Option<Call> {
    (request.header("x-amz-target")? == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken").then(|| Call {
        action: "ecr:GetAuthorizationToken",
        resource: String::new(),
        run: get_authorization_token,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every action has this signature")]
fn get_authorization_token(facts: &mut Facts, question: &Question<'_>) -> Answer {
    let region = question.region;
    let token = STANDARD.encode(format!("AWS:{}", facts.registry_password(region)));
    let suffix = if facts.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(json!({
        "authorizationData": [{
            "authorizationToken": token,
            "expiresAt": facts.registry_password_expires_at,
            "proxyEndpoint": format!("https://{}.dkr.ecr.{region}.{suffix}", facts.account),
        }]
    }))
}
