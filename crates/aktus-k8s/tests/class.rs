//! What does each answer of the API server mean? One table, with the words that real servers use.

use std::time::Duration;

use aktus_k8s::{Class, FieldConflict, Status};
use serde_json::{Value, json};

#[track_caller]
fn check(code: u16, body: &Value, expected: Class) {
    let status = Status::read(code, body.to_string().as_bytes());
    assert_eq!(status.class(), expected, "{code} {body}");
}

fn says(reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "reason": reason, "message": message})
}

fn about(kind: &str, name: &str, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "reason": reason, "message": message, "details": {"kind": kind, "name": name}})
}

#[test]
fn passes_by_itself() {
    let retry = Class::Retry { after: None };
    check(408, &says("Timeout", "request did not complete"), retry);
    check(429, &says("TooManyRequests", "too many requests"), retry);
    check(
        429,
        &json!({"kind": "Status", "details": {"retryAfterSeconds": 7}}),
        Class::Retry { after: Some(Duration::from_secs(7)) },
    );
    check(429, &json!({"kind": "Status", "details": {"retryAfterSeconds": 0}}), retry);
    check(429, &json!({"kind": "Status", "details": {"retryAfterSeconds": -1}}), retry);
    check(502, &json!("bad gateway"), retry);
    check(503, &says("ServiceUnavailable", "apiserver not ready"), retry);
    check(504, &says("Timeout", "Timeout: request did not complete within requested timeout"), retry);
    check(500, &says("InternalError", "etcdserver: leader changed"), retry);
    check(500, &says("InternalError", "etcdserver: request timed out"), retry);
    check(500, &says("InternalError", "rpc error: code = Unknown desc = raft proposal dropped"), retry);
    check(500, &says("ServerTimeout", "The operation could not be completed"), retry);
    check(
        500,
        &says(
            "InternalError",
            "Internal error occurred: failed calling webhook \"mutate.example.com\": failed to call webhook: Post \
             \"https://hook.aktus.svc:443/\": dial tcp 10.96.0.7:443: connect: connection refused",
        ),
        retry,
    );
    check(500, &says("InternalError", "conversion webhook for example.com/v1, Kind=Thing failed: Post …: EOF"), retry);
}

#[test]
fn a_matter_of_permission() {
    check(401, &says("Unauthorized", "Unauthorized"), Class::Unauthorized);
    check(
        403,
        &says(
            "Forbidden",
            "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"x\"",
        ),
        Class::Forbidden,
    );
    check(
        403,
        &about(
            "pods",
            "web",
            "Forbidden",
            "pods \"web\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3",
        ),
        Class::Quota,
    );
    check(
        403,
        &says("Forbidden", "pods \"web\" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi"),
        Class::Quota,
    );
    check(
        403,
        &says("Forbidden", "pods \"web\" is forbidden: violates PodSecurity \"restricted:latest\": privileged (…)"),
        Class::Policy,
    );
    check(
        400,
        &says("BadRequest", "admission webhook \"no.example.com\" denied the request: not today"),
        Class::Policy,
    );
    check(
        422,
        &says("Invalid", "x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"),
        Class::Policy,
    );
}

#[test]
fn what_is_not_there() {
    check(404, &about("deployments", "web", "NotFound", "deployments.apps \"web\" not found"), Class::NotFound);
    check(404, &says("NotFound", "the server could not find the requested resource"), Class::UnknownKind);
    check(404, &json!("404 page not found"), Class::UnknownKind);
    check(404, &about("namespaces", "aktus", "NotFound", "namespaces \"aktus\" not found"), Class::NamespaceMissing);
    check(410, &says("Expired", "too old resource version: 1 (9)"), Class::Gone);
}

#[test]
fn what_is_on_its_way_out() {
    check(
        403,
        &about(
            "configmaps",
            "a",
            "Forbidden",
            "configmaps \"a\" is forbidden: unable to create new content in namespace aktus because it is being \
             terminated",
        ),
        Class::Terminating,
    );
    check(
        409,
        &about("pods", "a", "AlreadyExists", "object is being deleted: pods \"a\" already exists"),
        Class::Terminating,
    );
}

#[test]
fn who_was_faster() {
    check(409, &about("secrets", "a", "AlreadyExists", "secrets \"a\" already exists"), Class::AlreadyExists);
    check(
        409,
        &about(
            "leases",
            "a",
            "Conflict",
            "Operation cannot be fulfilled on leases \"a\": the object has been modified; please apply your changes to \
             the latest version and try again",
        ),
        Class::Race,
    );
    check(
        409,
        &about("secrets", "a", "Conflict", "Precondition failed: UID in precondition: x, UID in object meta: y"),
        Class::Race,
    );
}

#[test]
fn who_owns_the_field() {
    let body = json!({"kind": "Status", "reason": "Conflict", "code": 409,
        "message": "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.replicas",
        "details": {"causes": [{"reason": "FieldManagerConflict",
            "message": "conflict with \"kubectl-edit\" using apps/v1", "field": ".spec.replicas"}]}});
    check(409, &body, Class::Conflict);
    let status = Status::read(409, body.to_string().as_bytes());
    let conflict = FieldConflict { manager: "kubectl-edit".to_owned(), field: ".spec.replicas".to_owned() };
    assert_eq!(status.conflicts(), [conflict]);
    assert_eq!(
        status.to_string(),
        "other managers own fields that would change: `.spec.replicas` is managed by `kubectl-edit`"
    );
}

#[test]
fn what_cannot_be_changed() {
    let cause = |field: &str, message: &str| {
        json!({"kind": "Status", "reason": "Invalid", "message": format!("… {field}: {message}"),
            "details": {"kind": "x", "name": "a", "causes": [
                {"reason": "FieldValueInvalid", "message": message, "field": field}]}})
    };
    let cases = [
        ("spec.selector", "Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable"),
        ("spec.clusterIPs[0]", "Invalid value: [\"10.96.0.9\"]: may not change once set"),
        (
            "spec",
            "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template' are \
             forbidden",
        ),
        (
            "spec",
            "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for \
             bound claims",
        ),
        ("spec.persistentvolumesource", "Forbidden: spec.persistentvolumesource is immutable after creation"),
        ("parameters", "Forbidden: updates to parameters are forbidden."),
        ("provisioner", "Forbidden: updates to provisioner are forbidden."),
        ("roleRef", "Invalid value: {}: cannot change roleRef"),
        ("spec", "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,…"),
    ];
    for (field, message) in cases {
        let body = cause(field, message);
        check(422, &body, Class::Immutable);
        let status = Status::read(422, body.to_string().as_bytes());
        assert_eq!(status.immutable_field(), Some(field));
    }
}

#[test]
fn what_is_wrong_with_the_object() {
    check(
        500,
        &json!({"kind": "Status", "message": "failed to create typed patch object (aktus/a; apps/v1, \
            Kind=Deployment): .spec.replica: field not declared in schema"}),
        Class::Invalid,
    );
    check(400, &says("BadRequest", "strict decoding error: unknown field \"spec.replica\""), Class::Invalid);
    check(422, &says("Invalid", "spec.ports[0].port: Required value"), Class::Invalid);
    check(415, &says("UnsupportedMediaType", "the body was in an unknown format"), Class::Invalid);
    check(413, &says("RequestEntityTooLarge", "limit is 3145728"), Class::TooLarge);
    check(422, &says("Invalid", "data: Too long: may not be more than 1048576 bytes"), Class::TooLarge);
    check(500, &says("InternalError", "etcdserver: request is too large"), Class::TooLarge);
    check(500, &says("InternalError", "something broke"), Class::Internal);
    check(301, &json!("moved"), Class::Internal);
}

#[test]
fn answers_that_are_no_status_are_kept_as_shortened_text() {
    let status = Status::read(502, format!("  <html>{}", "x".repeat(1000)).as_bytes());
    assert_eq!(status.message.len(), 300);
    assert!(status.to_string().starts_with("<html>xxx"));
    assert_eq!(Status::read(503, b"").to_string(), "status 503");
    assert_eq!(
        Status::read(503, br#"{"kind":"Status","reason":"ServiceUnavailable"}"#).to_string(),
        "ServiceUnavailable (status 503)"
    );
    assert_eq!(Status::read(400, b"\xff\xfe").class(), Class::Invalid);
}
