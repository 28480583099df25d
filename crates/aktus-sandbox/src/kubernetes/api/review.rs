//! Who is asking, and may they? Everybody is the administrator here.

use serde_json::{Value, json};

use super::{Answer, Api, Request, Target, decode, text};
use crate::kubernetes::names;
use crate::kubernetes::resources::Resource;
use crate::kubernetes::status::Status;

/// Whether a kind is answered and never kept.
pub(super) fn answers(resource: &Resource) -> bool {
    matches!(resource.group.as_str(), "authentication.k8s.io" | "authorization.k8s.io")
}

pub(super) fn answer(target: &Target, request: &Request<'_>) -> Result<Answer, Status> {
    let resource = &target.resource;
    let mut review = decode::plain(request, &resource.kind)?;
    let user = json!({
        "username": "kubernetes-admin",
        "groups": ["system:masters", "system:authenticated"],
    });
    let status = match resource.kind.as_str() {
        "SelfSubjectReview" => json!({"userInfo": user}),
        "TokenReview" => json!({"authenticated": true, "user": user}),
        "SelfSubjectRulesReview" => json!({
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": false,
        }),
        _ => json!({"allowed": true}),
    };
    if let Some(map) = review.as_object_mut() {
        map.insert("apiVersion".to_owned(), resource.api_version().into());
        map.insert("kind".to_owned(), resource.kind.as_str().into());
        map.entry("metadata").or_insert_with(|| json!({}));
        map.insert("status".to_owned(), status);
    }
    Ok(Answer::json(201, review))
}

/// A token for a service account; it opens nothing.
pub(super) fn token(api: &Api, target: &Target, request: &Request<'_>) -> Result<Answer, Status> {
    let (_, account) = api.object(target)?;
    let mut review = decode::plain(request, "TokenRequest")?;
    let name = text(&account, "name");
    let token = names::hexadecimal(&format!("{}{name}", text(&account, "uid")), 40);
    if let Some(map) = review.as_object_mut() {
        map.insert("apiVersion".to_owned(), "authentication.k8s.io/v1".into());
        map.insert("kind".to_owned(), "TokenRequest".into());
        map.insert("status".to_owned(), json!({"token": token, "expirationTimestamp": api.clock.seconds()}));
    }
    Ok(Answer::json(201, Value::clone(&review)))
}
