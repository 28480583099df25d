//! Where the chart goes: its namespace, its identity, its secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::Owner;
use crate::object::{Object, ObjectError};

/// The Secret with the Hugging Face token.
pub const HUGGING_FACE_SECRET: &str = "huggingface-credentials";

/// Its key.
pub const HUGGING_FACE_TOKEN: &str = "HF_TOKEN";

/// The Secret with the OpenAI key.
pub const OPENAI_SECRET: &str = "aws-openai-secret";

/// Its key.
pub const OPENAI_API_KEY: &str = "OPENAI_API_KEY";

/// The annotation by which EKS gives a service account the permissions of a role (IRSA).
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// The namespace of the platform.
pub fn namespace(owner: &Owner, name: &str) -> Result<Object, ObjectError> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    Ok(owner.label(Object::new(namespace)?))
}

/// A service account, with the permissions of an IAM role if one is given.
pub fn service_account(
    owner: &Owner,
    namespace: &str,
    name: &str,
    role_arn: Option<&str>,
) -> Result<Object, ObjectError> {
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
    });
    let mut account = owner.label(Object::new(account)?);
    if let Some(role_arn) = role_arn {
        account.set_annotation(ROLE_ANNOTATION, role_arn);
    }
    Ok(account)
}

/// A Secret with one key. `None` makes it empty, not absent: the chart's pods do not start without it.
pub fn secret(
    owner: &Owner,
    namespace: &str,
    name: &str,
    key: &str,
    value: Option<&SecretString>,
) -> Result<Object, ObjectError> {
    // The one place where the value is opened.
    let encoded = value.map(|value| BASE64.encode(value.expose_secret())).unwrap_or_default();
    let data: Map<String, Value> = [(key.to_owned(), Value::String(encoded))].into_iter().collect();
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": data,
    });
    Ok(owner.label(Object::new(secret)?))
}
