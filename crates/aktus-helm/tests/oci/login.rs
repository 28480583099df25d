//! Who is asked for credentials, who gets them, and what happens when they are refused.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use aktus_helm::oci::{Credentials, Keychain, KeychainError, PullClass};
use futures::future::BoxFuture;
use secrecy::SecretString;

use crate::server::{FaultServer, Reply, Request};
use crate::world::{BASIC, PASSWORD, World, basic, options, pull, pull_with, reference};

const TOKEN_PATH: &str = "/token";

/// A registry that demands this Authorization.
fn guarded(world: World, challenge: &str, accepted: &str) -> impl Fn(&Request) -> Reply + Send + Sync + use<> {
    let (challenge, accepted) = (challenge.to_owned(), accepted.to_owned());
    move |request| {
        if request.header("authorization") == Some(accepted.as_str()) {
            world.answer(request)
        } else {
            Reply::unauthorized(&challenge)
        }
    }
}

/// The same with a token server on the registry's own host.
fn with_tokens(
    world: World,
    host: &str,
    token: fn(&Request) -> Reply,
) -> impl Fn(&Request) -> Reply + Send + Sync + use<> {
    let challenge =
        format!(r#"Bearer realm="http://{host}{TOKEN_PATH}",service="the service",scope="repository:other:pull,push""#);
    let registry = guarded(world, &challenge, "Bearer good-token");
    move |request| if request.path == TOKEN_PATH { token(request) } else { registry(request) }
}

fn good_token(_: &Request) -> Reply {
    Reply::new(200, &[], br#"{"token":"good-token","expires_in":300}"#)
}

#[tokio::test]
async fn basic_login() {
    let wrong = Credentials::Basic { username: "AWS".to_owned(), password: SecretString::from("wrong") };
    for (case, keychain, requests, message) in [
        ("right", basic(), 3, None),
        ("wrong", wrong, 2, Some("refused the credentials for charts/web")),
        ("none", Credentials::Anonymous, 1, Some("demands a login for charts/web")),
    ] {
        let server = FaultServer::start(guarded(World::new(), "Basic realm=\"ecr\"", BASIC)).await;
        let result = pull(&server, &keychain).await;
        assert_eq!(server.requests().len(), requests, "{case}");
        match message {
            None => assert!(result.is_ok(), "{case}: {result:?}"),
            Some(message) => {
                let error = result.expect_err(case);
                assert_eq!(error.class(), PullClass::Login, "{case}");
                assert!(error.to_string().contains(message), "{case}: {error}");
                assert!(error.to_string().contains(&server.host), "{case}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn credentials_by_registry() {
    let server = FaultServer::start(guarded(World::new(), "Basic", BASIC)).await;
    let mine = BTreeMap::from([(server.host.clone(), basic())]);
    pull(&server, &mine).await.unwrap();
    let others = BTreeMap::from([("other.example".to_owned(), basic())]);
    let error = pull(&server, &others).await.unwrap_err().to_string();
    assert!(error.contains("demands a login"), "{error}");
}

#[tokio::test]
async fn bearer_login_asks_for_exactly_its_scope() {
    for (keychain, authorization) in [(basic(), Some(BASIC)), (Credentials::Anonymous, None)] {
        let server = FaultServer::start_knowing_host(|host| with_tokens(World::new(), host, good_token)).await;
        pull(&server, &keychain).await.unwrap();
        let requests = server.requests();
        let token: Vec<&Request> = requests.iter().filter(|request| request.path == TOKEN_PATH).collect();
        assert_eq!(token.len(), 1);
        assert_eq!(token[0].query, "service=the+service&scope=repository%3Acharts%2Fweb%3Apull");
        assert_eq!(token[0].header("authorization"), authorization);
        // 401, token, manifest, blob.
        assert_eq!(requests.len(), 4);
    }
}

#[tokio::test]
async fn bearer_is_preferred_to_basic() {
    let server = FaultServer::start_knowing_host(|host| {
        let challenge = format!(r#"Basic realm="x", Bearer realm="http://{host}{TOKEN_PATH}""#);
        let registry = guarded(World::new(), &challenge, "Bearer good-token");
        move |request: &Request| if request.path == TOKEN_PATH { good_token(request) } else { registry(request) }
    })
    .await;
    pull(&server, &basic()).await.unwrap();
}

#[tokio::test]
async fn token_answers() {
    type Token = fn(&Request) -> Reply;
    let cases: [(&str, Token, Option<&str>); 9] = [
        ("access_token", |_| Reply::new(200, &[], br#"{"access_token":"good-token"}"#), None),
        (
            "fails twice",
            |request| if request.earlier < 2 { Reply::new(503, &[], b"") } else { good_token(request) },
            None,
        ),
        (
            "refused",
            |_| Reply::error(401, "UNAUTHORIZED", "incorrect password"),
            Some("refused the credentials for charts/web (it says: UNAUTHORIZED: incorrect password)"),
        ),
        ("no token", |_| Reply::new(200, &[], b"{}"), Some("it has no token")),
        ("empty token", |_| Reply::new(200, &[], br#"{"token":""}"#), Some("it has no token")),
        ("not JSON", |_| Reply::new(200, &[], b"canary-token"), Some("not a JSON object with a token")),
        (
            "line end in token",
            |_| Reply::new(200, &[], br#"{"token":"a\r\nX: y"}"#),
            Some("characters no header can carry"),
        ),
        ("endless", |_| Reply::endless(&[], b' '), Some("larger than 1048576 bytes")),
        ("wrong token", |_| Reply::new(200, &[], br#"{"token":"other"}"#), Some("refused the credentials")),
    ];
    for (case, token, message) in cases {
        let server = FaultServer::start_knowing_host(|host| with_tokens(World::new(), host, token)).await;
        let result = pull(&server, &basic()).await;
        match message {
            None => assert!(result.is_ok(), "{case}: {result:?}"),
            Some(message) => {
                let error = result.expect_err(case).to_string();
                assert!(error.contains(message), "{case}: {error}");
                assert!(!error.contains("canary"), "{case}: {error}");
                assert!(server.count(TOKEN_PATH) <= 1, "{case}: asked {} times", server.count(TOKEN_PATH));
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_is_replaced_once() {
    for (refusals, succeeds) in [(1, true), (2, false)] {
        let server = FaultServer::start_knowing_host(|host| {
            let world = World::new();
            let blob = world.blob_path();
            let registry = with_tokens(world, host, good_token);
            let challenge = format!(r#"Bearer realm="http://{host}{TOKEN_PATH}""#);
            move |request: &Request| {
                if request.path == blob && request.earlier < refusals {
                    Reply::unauthorized(&challenge)
                } else {
                    registry(request)
                }
            }
        })
        .await;
        let result = pull(&server, &basic()).await;
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        assert_eq!(server.count(TOKEN_PATH), 2);
    }
}

/// Like a cache of ECR tokens: the first it gives has run out.
struct Renewing {
    renewals: AtomicUsize,
}

impl Keychain for Renewing {
    fn credentials<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>> {
        let password = SecretString::from("stale");
        Box::pin(async { Ok(Credentials::Basic { username: "AWS".to_owned(), password }) })
    }

    fn renewed<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, KeychainError>> {
        self.renewals.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Some(basic())) })
    }
}

#[tokio::test]
async fn stale_credentials_are_renewed_once() {
    let expired = "Your authorization token has expired. Reauthenticate and try again.";
    for (case, status, code, message, renewals) in [
        ("401", 401, "UNAUTHORIZED", "", 1),
        ("403 expired", 403, "DENIED", expired, 1),
        ("400 expired", 400, "DENIED", expired, 1),
        ("403 for another reason", 403, "DENIED", "not authorized to perform ecr:BatchGetImage", 0),
        ("400 for another reason", 400, "UNSUPPORTED", "bad request", 0),
    ] {
        let world = World::new();
        let server = FaultServer::start(move |request| match request.header("authorization") {
            None => Reply::unauthorized("Basic realm=\"ecr\""),
            Some(BASIC) => world.answer(request),
            Some(_) if status == 401 => Reply::unauthorized("Basic realm=\"ecr\""),
            Some(_) => Reply::error(status, code, message),
        })
        .await;
        let keychain = Renewing { renewals: AtomicUsize::new(0) };
        let result = pull(&server, &keychain).await;
        assert_eq!(keychain.renewals.load(Ordering::Relaxed), renewals, "{case}");
        assert_eq!(result.is_ok(), renewals == 1, "{case}: {result:?}");
    }

    let never = FaultServer::start(|_| Reply::unauthorized("Basic")).await;
    let keychain = Renewing { renewals: AtomicUsize::new(0) };
    let error = pull(&never, &keychain).await.unwrap_err();
    assert_eq!(error.class(), PullClass::Login);
    assert_eq!(keychain.renewals.load(Ordering::Relaxed), 1);
    assert_eq!(never.requests().len(), 3, "without, with stale, with fresh credentials");
}

#[tokio::test]
async fn permission_is_not_absence() {
    for (status, code) in [(403, "DENIED"), (403, "UNKNOWN"), (400, "DENIED")] {
        let server = FaultServer::start(move |_| Reply::error(status, code, "requested access is denied")).await;
        let error = pull(&server, &basic()).await.unwrap_err();
        assert_eq!(error.class(), PullClass::Permission, "{error}");
        let text = error.to_string();
        assert!(text.contains("denies permission to read charts/web"), "{text}");
        assert!(!text.contains("not found"), "{text}");
        assert_eq!(server.requests().len(), 1, "no second try");
    }
}

#[tokio::test]
async fn realms_of_others_are_refused_and_see_nothing() {
    let sink = FaultServer::start(good_token).await;
    let realms = [
        format!("http://{}/token", sink.host),
        "http://127.0.0.1:1/token".to_owned(),
        "http://169.254.169.254/latest/meta-data/iam".to_owned(),
        "http://[::1]/token".to_owned(),
        "http://10.0.0.1/token".to_owned(),
        "https://evil.example/token".to_owned(),
        "file:///etc/passwd".to_owned(),
        "nonsense".to_owned(),
    ];
    for realm in realms {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        let server = FaultServer::start(move |_| Reply::unauthorized(&challenge)).await;
        for keychain in [basic(), Credentials::Anonymous] {
            let error = pull(&server, &keychain).await.unwrap_err();
            assert_eq!(error.class(), PullClass::Login, "{realm}: {error}");
            assert!(error.to_string().contains("is not trusted for registry 127.0.0.1"), "{realm}: {error}");
        }
    }
    assert_eq!(sink.requests().len(), 0);
}

#[tokio::test]
async fn a_listed_realm_is_used() {
    let tokens = FaultServer::start(good_token).await;
    let challenge = format!("Bearer realm=\"http://{}{TOKEN_PATH}\"", tokens.host);
    let server = FaultServer::start(guarded(World::new(), &challenge, "Bearer good-token")).await;
    let mut options = options(&[&server, &tokens]);
    options.trusted_hosts = vec![tokens.host.clone()];
    pull_with(options, &reference(&server, "charts/web:1.0.0"), &basic()).await.unwrap();
    assert_eq!(tokens.count(TOKEN_PATH), 1);
}

#[tokio::test]
async fn unusable_logins() {
    let unusual = FaultServer::start(|_| Reply::unauthorized("Negotiate, NTLM")).await;
    let error = pull(&unusual, &basic()).await.unwrap_err().to_string();
    assert!(error.contains("offers no login this client speaks (negotiate, ntlm)"), "{error}");

    let silent = FaultServer::start(|_| Reply::new(401, &[], b"")).await;
    let error = pull(&silent, &basic()).await.unwrap_err().to_string();
    assert!(error.contains("offers no login this client speaks (none)"), "{error}");

    let server = FaultServer::start(guarded(World::new(), "Basic", BASIC)).await;
    for (username, password, message) in [
        ("a:b", "c", "the user name contains a colon"),
        ("a", "c\r\nX-Injected: 1", "contains a control character"),
        ("a\n", "c", "contains a control character"),
    ] {
        let keychain =
            Credentials::Basic { username: username.to_owned(), password: SecretString::from(password.to_owned()) };
        let error = pull(&server, &keychain).await.unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(server.requests().iter().all(|request| request.header("authorization").is_none()));
}

struct Broken;

impl Keychain for Broken {
    fn credentials<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Credentials, KeychainError>> {
        let message = format!("no role can be assumed for {registry}");
        Box::pin(async { Err(KeychainError { message }) })
    }
}

#[tokio::test]
async fn a_keychain_that_fails() {
    let server = FaultServer::start(guarded(World::new(), "Basic", BASIC)).await;
    let error = pull(&server, &Broken).await.unwrap_err().to_string();
    assert!(error.contains("no credentials for registry 127.0.0.1"), "{error}");
    assert!(error.contains("no role can be assumed"), "{error}");
    // A registry that demands no login never makes the keychain work.
    let open = World::new();
    let server = FaultServer::start(move |request| open.answer(request)).await;
    pull(&server, &Broken).await.unwrap();
}

fn canary_token(_: &Request) -> Reply {
    Reply::new(200, &[], br#"{"token":"canary-token"}"#)
}

/// Everything that is logged.
#[derive(Default)]
struct Log(Mutex<Vec<u8>>);

impl std::io::Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_reaches_logs_debug_or_errors() {
    static LOG: Log = Log(Mutex::new(Vec::new()));
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| &LOG).finish();
    // For the whole process: the other tests' conversations must not show secrets either.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let server = FaultServer::start_knowing_host(|host| with_tokens(World::new(), host, canary_token)).await;
    let keychain = basic();
    let error = pull(&server, &keychain).await.unwrap_err();
    let basic_server = FaultServer::start(guarded(World::new(), "Basic", BASIC)).await;
    pull(&basic_server, &keychain).await.unwrap();

    let log = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("registry answered"), "the log is empty");
    for text in [log, error.to_string(), format!("{error:?}"), format!("{keychain:?}")] {
        assert!(!text.contains(PASSWORD) && !text.contains("canary-token"), "{text:.2000}");
        assert!(!text.contains("QVdTOmNhbmFyeS1wYXNzd29yZA"), "{text:.2000}");
    }
}
