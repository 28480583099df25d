//! Is this a request of CloudFormation, or Lambda's record of a run that failed?
//!
//! The function is its own destination for failures: when a run's sandbox dies, Lambda invokes it again with a record
//! that holds the request, so that somebody answers it.

use serde_json::Value;

/// The longest words of Lambda that are repeated, in characters.
const MAX_WORDS: usize = 300;

/// What the function was invoked with.
#[derive(Clone, PartialEq)]
pub enum Envelope {
    /// A request.
    Request(Value),
    /// A request whose run failed, and what became of it, in words.
    Failed(Value, String),
}

impl std::fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Request(_) => formatter.write_str("Request(..)"),
            Self::Failed(_, words) => formatter.debug_tuple("Failed").field(words).finish_non_exhaustive(),
        }
    }
}

impl Envelope {
    /// Opens what Lambda handed over.
    pub fn open(payload: Value) -> Self {
        let Value::Object(mut fields) = payload else { return Self::Request(payload) };
        let condition = fields.get("requestContext").and_then(|context| context.get("condition"));
        let Some(condition) = condition.and_then(Value::as_str).map(str::to_owned) else {
            return Self::Request(Value::Object(fields));
        };
        let Some(request) = fields.remove("requestPayload") else { return Self::Request(Value::Object(fields)) };
        let said = |name: &str| {
            let text = fields.get("responsePayload").and_then(|payload| payload.get(name)).and_then(Value::as_str);
            text.map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect::<String>())
        };
        let run = fields.get("requestContext").and_then(|context| context.get("requestId")).and_then(Value::as_str);
        let run = run.map(|id| format!(" {}", id.chars().take(64).collect::<String>())).unwrap_or_default();
        let words = match (condition.as_str(), said("errorType"), said("errorMessage")) {
            ("EventAgeExceeded", ..) => format!("run{run} of the function did not begin in time (EventAgeExceeded)"),
            (_, Some(kind), Some(message)) => format!("run{run} of the function died: {kind}: {message}"),
            (_, kind, message) => {
                let why = kind.or(message).map(|why| format!(": {why}")).unwrap_or_default();
                format!("run{run} of the function died{why}")
            }
        };
        match Self::open(request) {
            // The record of a run that itself handled a record: what the request came to is in the inner one.
            Self::Failed(request, inner) => Self::Failed(request, inner),
            Self::Request(request) => Self::Failed(request, words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(context: &Value, response: &Value, expected: &str) {
        let record = json!({"version": "1.0", "requestContext": context, "requestPayload": {"RequestType": "Create"},
            "responsePayload": response});
        let expected = Envelope::Failed(json!({"RequestType": "Create"}), expected.to_owned());
        assert_eq!(Envelope::open(record.clone()), expected);
        let again = json!({"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": record});
        assert_eq!(Envelope::open(again), expected, "a record of a record");
    }

    #[test]
    fn records_say_what_became_of_the_run() {
        check(
            &json!({"condition": "RetriesExhausted", "requestId": "l-1"}),
            &json!({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 900.00 seconds\n"}),
            "run l-1 of the function died: Sandbox.Timedout: Task timed out after 900.00 seconds",
        );
        check(&json!({"condition": "RetriesExhausted"}), &Value::Null, "run of the function died");
        check(
            &json!({"condition": "EventAgeExceeded"}),
            &Value::Null,
            "run of the function did not begin in time (EventAgeExceeded)",
        );
    }

    #[test]
    fn everything_else_is_a_request() {
        for payload in [
            json!(null),
            json!([1]),
            json!({"RequestType": "Create"}),
            json!({"requestContext": {"condition": 5}, "requestPayload": {}}),
            json!({"requestContext": {"condition": "RetriesExhausted"}}),
        ] {
            assert_eq!(Envelope::open(payload.clone()), Envelope::Request(payload));
        }
    }
}
