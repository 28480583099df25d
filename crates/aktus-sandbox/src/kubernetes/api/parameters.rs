//! What do the query and the headers of a request ask for?

use super::Request;
use crate::kubernetes::status::{FieldError, Status};
use crate::listener::form_value;
use serde_json::Value;

/// How unknown and duplicate fields are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// The options of a watch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WatchOptions {
    /// The client can do with news of how far the watch has come.
    pub(crate) bookmarks: bool,
    /// What there is comes first.
    pub(crate) send_initial_events: bool,
}

/// The options of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) dry_run: bool,
    /// From the option or else from the user agent.
    pub(crate) field_manager: String,
    /// Whether the option was given.
    pub(crate) names_field_manager: bool,
    pub(crate) field_validation: FieldValidation,
    pub(crate) force: Option<bool>,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) limit: usize,
    pub(crate) continuation: String,
    pub(crate) resource_version: String,
    pub(crate) timeout_seconds: Option<u64>,
    /// Set where changes are wanted instead of what there is.
    pub(crate) watch: Option<WatchOptions>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) grace_period_seconds: Option<i64>,
}

impl Parameters {
    /// Reads the options; Kubernetes refuses a few combinations.
    pub(crate) fn parse(request: &Request<'_>) -> Result<Self, Status> {
        let value = |name: &str| form_value(request.query, name).unwrap_or_default();
        let flag = |name: &str| matches!(value(name).as_str(), "true" | "1" | "t" | "T" | "True");
        let dry_run = match value("dryRun").as_str() {
            "" => false,
            "All" => true,
            other => {
                let error = FieldError::not_supported("dryRun", &Value::Array(vec![Value::from(other)]), &["All"]);
                return Err(Status::invalid("meta.k8s.io", options_kind(request.method), "", &[error]));
            }
        };
        let field_validation = match value("fieldValidation").as_str() {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            other => {
                let error = FieldError::not_supported(
                    "fieldValidation",
                    &Value::from(other),
                    &["", "Ignore", "Strict", "Warn"],
                );
                return Err(Status::invalid("meta.k8s.io", options_kind(request.method), "", &[error]));
            }
        };
        let named = value("fieldManager");
        if named.len() > 128 {
            let error = FieldError::too_long("fieldManager", 128);
            return Err(Status::invalid("meta.k8s.io", options_kind(request.method), "", &[error]));
        }
        let names_field_manager = !named.is_empty();
        let field_manager = if names_field_manager { named } else { manager_of(request.user_agent) };
        Ok(Self {
            dry_run,
            field_manager,
            names_field_manager,
            field_validation,
            force: form_value(request.query, "force").map(|_| flag("force")),
            label_selector: value("labelSelector"),
            field_selector: value("fieldSelector"),
            limit: value("limit").parse().unwrap_or(0),
            continuation: value("continue"),
            resource_version: value("resourceVersion"),
            timeout_seconds: value("timeoutSeconds").parse().ok(),
            watch: flag("watch").then(|| WatchOptions {
                bookmarks: flag("allowWatchBookmarks"),
                send_initial_events: flag("sendInitialEvents"),
            }),
            propagation_policy: Some(value("propagationPolicy")).filter(|text| !text.is_empty()),
            grace_period_seconds: value("gracePeriodSeconds").parse().ok(),
        })
    }
}

fn options_kind(method: &str) -> &'static str {
    match method {
        "POST" => "CreateOptions",
        "PUT" => "UpdateOptions",
        "PATCH" => "PatchOptions",
        _ => "DeleteOptions",
    }
}

/// The manager that a user agent stands for: what comes before the slash.
fn manager_of(user_agent: &str) -> String {
    user_agent.split('/').next().unwrap_or("").chars().filter(|c| !c.is_control()).take(128).collect()
}
