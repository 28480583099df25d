//! How does the API say no? Kubernetes' `Status` object, with its reasons, codes and texts.

use serde_json::{Map, Value, json};

/// A refusal in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Box<Details>>,
}

/// What a refusal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The plural of the resource or, where Kubernetes does so, the kind.
    pub(crate) kind: String,
    pub(crate) uid: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_seconds: u32,
}

/// One reason among several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

/// A field that validation refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    pub(crate) kind: FieldErrorKind,
    pub(crate) field: String,
    /// The text behind the field's name.
    pub(crate) body: String,
}

/// Why a field is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldErrorKind {
    Invalid,
    Required,
    NotSupported,
    Forbidden,
    Duplicate,
    TooLong,
    TypeInvalid,
    NotFound,
    TooMany,
}

impl FieldErrorKind {
    fn reason(self) -> &'static str {
        match self {
            Self::Invalid => "FieldValueInvalid",
            Self::Required => "FieldValueRequired",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::Duplicate => "FieldValueDuplicate",
            Self::TooLong => "FieldValueTooLong",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::NotFound => "FieldValueNotFound",
            Self::TooMany => "FieldValueTooMany",
        }
    }
}

impl FieldError {
    /// `field: Invalid value: VALUE: DETAIL`, the value printed as Kubernetes prints it.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let body = format!("Invalid value: {}: {detail}", printed(value));
        Self { kind: FieldErrorKind::Invalid, field: field.into(), body }
    }

    /// `field: Required value[: DETAIL]`.
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let body = with_detail("Required value", detail);
        Self { kind: FieldErrorKind::Required, field: field.into(), body }
    }

    /// `field: Forbidden: DETAIL`.
    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        let body = with_detail("Forbidden", detail);
        Self { kind: FieldErrorKind::Forbidden, field: field.into(), body }
    }

    /// `field: Duplicate value: VALUE`.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        let body = format!("Duplicate value: {}", printed(value));
        Self { kind: FieldErrorKind::Duplicate, field: field.into(), body }
    }

    /// `field: Unsupported value: VALUE: supported values: …`.
    pub(crate) fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let mut sorted: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        sorted.sort();
        let body = format!("Unsupported value: {}: supported values: {}", printed(value), sorted.join(", "));
        Self { kind: FieldErrorKind::NotSupported, field: field.into(), body }
    }

    /// `field: Too long: may not be more than LIMIT bytes`.
    pub(crate) fn too_long(field: impl Into<String>, limit: usize) -> Self {
        let body = format!("Too long: may not be more than {limit} bytes");
        Self { kind: FieldErrorKind::TooLong, field: field.into(), body }
    }

    fn text(&self) -> String {
        format!("{}: {}", self.field, self.body)
    }
}

fn with_detail(text: &str, detail: &str) -> String {
    if detail.is_empty() { text.to_owned() } else { format!("{text}: {detail}") }
}

/// A refused value in a message: strings quoted, the rest as JSON.
fn printed(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

/// `deployments.apps`, or `pods` in the core group.
pub(crate) fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

impl Status {
    fn about(code: u16, reason: &'static str, message: String, group: &str, kind: &str, name: &str) -> Self {
        let details =
            Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), ..Details::default() };
        Self { code, reason, message, details: Some(Box::new(details)) }
    }

    fn plain(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    pub(crate) fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(resource, group));
        Self::about(404, "NotFound", message, group, resource, name)
    }

    /// No such kind or sub-resource is served.
    pub(crate) fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        let details = Some(Box::default());
        Self { details, ..Self::plain(404, "NotFound", message) }
    }

    pub(crate) fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(resource, group));
        Self::about(409, "AlreadyExists", message, group, resource, name)
    }

    pub(crate) fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        let message = format!("Operation cannot be fulfilled on {what} {name:?}: {why}");
        Self::about(409, "Conflict", message, group, resource, name)
    }

    /// The object changed since the writer read it.
    pub(crate) fn modified(group: &str, resource: &str, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        Self::conflict(group, resource, name, why)
    }

    pub(crate) fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        let message = if name.is_empty() {
            format!("{what} is forbidden: {why}")
        } else {
            format!("{what} {name:?} is forbidden: {why}")
        };
        Self::about(403, "Forbidden", message, group, resource, name)
    }

    /// Validation refused the object; `kind` is the kind, not the resource.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for error in errors {
            let text = error.text();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let joined = match texts.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} {name:?} is invalid: {joined}", qualified(kind, group));
        let mut status = Self::about(422, "Invalid", message, group, kind, name);
        if let Some(details) = &mut status.details {
            details.causes = errors
                .iter()
                .map(|error| Cause {
                    reason: error.kind.reason().to_owned(),
                    message: error.body.clone(),
                    field: error.field.clone(),
                })
                .collect();
        }
        status
    }

    pub(crate) fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self { code: 409, reason: "Conflict", message, details: Some(Box::new(details)) }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::plain(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::plain(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Box::default()), ..Self::plain(405, "MethodNotAllowed", message) }
    }

    pub(crate) fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::plain(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::plain(413, "RequestEntityTooLarge", message)
    }

    /// The resource version lies before what the event history still holds.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::plain(410, "Expired", message)
    }

    /// An error without a reason of its own.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::plain(500, "", message)
    }

    pub(crate) fn internal(message: &str) -> Self {
        let details =
            Details { causes: vec![Cause { message: message.to_owned(), ..Cause::default() }], ..Details::default() };
        Self {
            code: 500,
            reason: "InternalError",
            message: format!("Internal error occurred: {message}"),
            details: Some(Box::new(details)),
        }
    }

    /// Another status with a code and message, for faults.
    pub(crate) fn fault(code: u16, retry_after_seconds: Option<u32>) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the request is malformed"),
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "the request is forbidden"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "the object has been modified"),
            410 => ("Expired", "The resourceVersion for the provided watch is too old."),
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "the request timed out"),
            _ => ("InternalError", "Internal error occurred: etcdserver: leader changed"),
        };
        let details =
            retry_after_seconds.map(|seconds| Box::new(Details { retry_after_seconds: seconds, ..Details::default() }));
        Self { code, reason, message: message.to_owned(), details }
    }

    /// The `Status` object.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if let Value::Object(map) = &mut object {
            if !self.reason.is_empty() {
                map.insert("reason".to_owned(), self.reason.into());
            }
            if let Some(details) = &self.details {
                map.insert("details".to_owned(), details.to_json());
            }
        }
        object
    }
}

impl Details {
    fn to_json(&self) -> Value {
        let mut map = Map::new();
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)] {
            if !text.is_empty() {
                map.insert(key.to_owned(), text.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            let causes = self
                .causes
                .iter()
                .map(|cause| {
                    let mut map = Map::new();
                    for (key, text) in [("reason", &cause.reason), ("message", &cause.message), ("field", &cause.field)]
                    {
                        if !text.is_empty() {
                            map.insert(key.to_owned(), text.as_str().into());
                        }
                    }
                    Value::Object(map)
                })
                .collect();
            map.insert("causes".to_owned(), Value::Array(causes));
        }
        if self.retry_after_seconds > 0 {
            map.insert("retryAfterSeconds".to_owned(), self.retry_after_seconds.into());
        }
        Value::Object(map)
    }
}

/// The answer to a deletion that is done.
pub(crate) fn deleted(group: &str, resource: &str, name: &str, uid: &str) -> Value {
    let details = Details {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: resource.to_owned(),
        uid: uid.to_owned(),
        ..Details::default()
    };
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details.to_json(),
    })
}
