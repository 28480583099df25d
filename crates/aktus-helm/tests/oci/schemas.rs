//! Schemas that charts' schemas refer to, fetched from where they may be.

use std::sync::Arc;

use aktus_helm::oci::{FetchedSchemas, Timeouts};
use aktus_helm::values::SchemaSource as _;

use crate::server::{FaultServer, Reply, Request};
use crate::world::options;

fn answer(request: &Request) -> Reply {
    match request.path.as_str() {
        "/schemas/port.json" => Reply::new(200, &[], br#"{"type": "integer"}"#),
        "/schemas/large.json" => Reply::new(200, &[], &vec![b' '; (1 << 20) + 1]),
        "/schemas/moved.json" => Reply::redirect("/schemas/port.json"),
        "/schemas/inward.json" => Reply::redirect("http://169.254.169.254/latest/meta-data"),
        _ => Reply::new(404, &[], b""),
    }
}

/// Asks as validating does: in a thread that waits.
async fn ask(schemas: &Arc<FetchedSchemas>, address: String) -> Option<Result<String, String>> {
    let schemas = Arc::clone(schemas);
    let asked = tokio::task::spawn_blocking(move || schemas.schema(&address, 1 << 20)).await.unwrap();
    asked.map(|fetched| fetched.map(|text| String::from_utf8(text).unwrap()))
}

#[tokio::test]
async fn schemas_come_from_where_they_may_and_once() {
    let server = FaultServer::start(answer).await;
    let allowed = format!("http://{}/schemas/", server.host).parse().unwrap();
    // Nothing here is to be slow, and a busy machine may be.
    let mut options = options(&[]);
    options.timeouts = Timeouts::default();
    let schemas = Arc::new(FetchedSchemas::new(vec![allowed], options));
    let at = |path: &str| format!("http://{}/{path}", server.host);
    for path in ["schemas/port.json", "schemas/moved.json", "schemas/port.json"] {
        assert_eq!(ask(&schemas, at(path)).await, Some(Ok(r#"{"type": "integer"}"#.to_owned())), "{path}");
    }
    assert_eq!(server.count("/schemas/port.json"), 2, "once for itself, and once as where another has moved");
    for (path, cause) in [
        ("schemas/none.json", "answered with status 404"),
        ("schemas/large.json", "1048576"),
        ("schemas/inward.json", "169.254.169.254"),
    ] {
        let error = ask(&schemas, at(path)).await.unwrap().unwrap_err();
        assert!(error.contains(cause) && !error.contains('\n'), "{path}: {error}");
    }
    let before = server.requests().len();
    for address in [at("other/port.json"), at("schemas-2/port.json"), "https://example.com/port.json".to_owned()] {
        assert_eq!(ask(&schemas, address).await, None);
    }
    assert_eq!(server.requests().len(), before, "nobody is asked for what is not allowed");
}
