//! What a client of the services sees, and which tokens a cluster accepts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::Value;

use super::answer::page;
use super::facts::{Credentials, Facts, SecretValue, Timeline};
use super::signature::{Scope, Signed, query_pairs, sign};
use super::{Fault, Server, TokenRefused};
use crate::listener::client::{Answer, send};

const VECTORS: &str = include_str!("../../tests/fixtures/eks-token-vectors.json");
/// 2026-11-22T12:00:00Z, the moment of the vectors.
const NOON: i64 = 1_795_348_800;

fn facts() -> Facts {
    Facts::platform("demo", "us-west-2", "http://127.0.0.1:1", true)
}

async fn server() -> Server {
    Server::start(facts()).await.unwrap()
}

struct Client<'a> {
    server: &'a Server,
    key_id: &'a str,
    secret: &'a str,
    region: &'a str,
}

impl<'a> Client<'a> {
    fn of(server: &'a Server) -> Self {
        let secret = "sandbox/secret+access/key/of/no/account";
        Self { server, key_id: "AKIDSANDBOX", secret, region: "us-west-2" }
    }

    async fn get(&self, service: &str, target: &str) -> Answer {
        self.send(service, "GET", target, "", "").await
    }

    async fn send(&self, service: &str, method: &str, target: &str, operation: &str, body: &str) -> Answer {
        let url = self.server.url();
        let host = url.strip_prefix("http://").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let time = "20261122T120000Z";
        let scope = Scope { region: self.region.to_owned(), service: service.to_owned() };
        let signed = Signed {
            method: &Method::from_bytes(method.as_bytes()).unwrap(),
            path,
            query: query_pairs(query),
            headers: vec![("host", host.to_owned()), ("x-amz-date", time.to_owned())],
            payload: body.as_bytes(),
            time,
            scope: &scope,
        };
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20261122/{}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={}",
            self.key_id,
            self.region,
            sign(&signed, self.secret)
        );
        let headers = [("x-amz-date", time), ("authorization", &authorization), ("x-amz-target", operation)];
        send(host, method, target, &headers, body).await
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn a_timeline_passes_as_it_is_asked() {
    let mut timeline = Timeline::after(2, "UPDATING", "ACTIVE").preceded_by(1, "CREATING");
    let states: Vec<String> = (0..5).map(|_| timeline.ask()).collect();
    assert_eq!(states, ["CREATING", "UPDATING", "UPDATING", "ACTIVE", "ACTIVE"]);
    assert_eq!(Timeline::after(0, "CREATING", "ACTIVE").ask(), "ACTIVE");
}

#[test]
fn pages_follow_one_another_to_the_end() {
    let names = ["a", "b", "c"];
    let page = |token, asked, most| page(names.into_iter(), token, asked, most);
    assert_eq!(page(None, None, 10), (vec!["a", "b", "c"], None));
    assert_eq!(page(None, Some(2), 10), (vec!["a", "b"], Some("b".to_owned())));
    assert_eq!(page(Some("b"), Some(2), 10), (vec!["c"], None));
    assert_eq!(page(None, Some(2), 1), (vec!["a"], Some("a".to_owned())));
}

#[tokio::test]
async fn a_request_needs_the_signature_of_the_accounts_key() {
    let server = server().await;
    let url = server.url();
    let host = url.strip_prefix("http://").unwrap();
    let unsigned = send(host, "GET", "/clusters/demo", &[], "").await;
    assert_eq!(unsigned.status, 403);
    let right = Client::of(&server);
    assert_eq!(right.get("eks", "/clusters/demo").await.status, 200);
    let wrong_secret = Client { secret: "other", ..Client::of(&server) };
    let refused = wrong_secret.get("eks", "/clusters/demo").await;
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, Some("InvalidSignatureException")));
    let wrong_key = Client { key_id: "AKIDOTHER", ..Client::of(&server) };
    let refused = wrong_key.get("eks", "/clusters/demo").await;
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (403, Some("UnrecognizedClientException")));
}

#[tokio::test]
async fn a_cluster_has_an_endpoint_once_it_is_created() {
    let server = server().await;
    server.change(|facts| {
        facts.clusters.get_mut("demo").unwrap().status = Timeline::after(1, "CREATING", "ACTIVE");
    });
    let client = Client::of(&server);
    let creating = json(&client.get("eks", "/clusters/demo").await);
    assert_eq!(creating["cluster"]["status"], "CREATING");
    assert_eq!(creating["cluster"]["endpoint"], Value::Null);
    let active = json(&client.get("eks", "/clusters/demo").await);
    assert_eq!(active["cluster"]["status"], "ACTIVE");
    assert_eq!(active["cluster"]["endpoint"], "http://127.0.0.1:1");
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_in_the_form_of_each_service() {
    let server = server().await;
    let client = Client::of(&server);
    let elsewhere = Client { region: "eu-west-1", ..Client::of(&server) };
    for (answer, status, code) in [
        (client.get("eks", "/clusters/other").await, 404, "ResourceNotFoundException"),
        (elsewhere.get("eks", "/clusters/demo").await, 404, "ResourceNotFoundException"),
        (client.get("eks", "/clusters/demo/addons/none").await, 404, "ResourceNotFoundException"),
        (client.get("eks", "/clusters/demo/access-entries/arn").await, 404, "ResourceNotFoundException"),
        (
            client.get("elasticfilesystem", "/2015-02-01/mount-targets?FileSystemId=fs-0").await,
            404,
            "FileSystemNotFound",
        ),
        (client.get("eks", "/what").await, 404, "UnknownOperationException"),
        (
            client.send("secretsmanager", "POST", "/", "secretsmanager.GetSecretValue", r#"{"SecretId":"a"}"#).await,
            400,
            "ResourceNotFoundException",
        ),
    ] {
        assert_eq!((answer.status, answer.header("x-amzn-errortype")), (status, Some(code)));
    }
}

#[tokio::test]
async fn the_services_answer_from_the_facts() {
    let server = server().await;
    let arn = server.change(|facts| facts.add_secret("keys", SecretValue::Text("s3cr3t".into())));
    let client = Client::of(&server);
    let add_ons = json(&client.get("eks", "/clusters/demo/addons").await);
    assert_eq!(add_ons["addons"].to_string(), r#"["aws-efs-csi-driver"]"#);
    let path = "/2015-02-01/mount-targets?FileSystemId=fs-0a0000000000000ef";
    let targets = json(&client.get("elasticfilesystem", path).await);
    assert_eq!(targets["MountTargets"][1]["VpcId"], "vpc-0a000000000000000");
    let operation = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    let login = json(&client.send("ecr", "POST", "/", operation, "{}").await);
    let proxy = &login["authorizationData"][0]["proxyEndpoint"];
    assert_eq!(proxy, "https://123456789012.dkr.ecr.us-west-2.amazonaws.com");
    let body = format!(r#"{{"SecretId":"{arn}"}}"#);
    let secret = json(&client.send("secretsmanager", "POST", "/", "secretsmanager.GetSecretValue", &body).await);
    assert_eq!((secret["SecretString"].as_str(), secret["Name"].as_str()), (Some("s3cr3t"), Some("keys")));
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let caller = client.send("sts", "POST", "/", "", body).await;
    assert!(caller.text().contains("<Arn>arn:aws:iam::123456789012:role/aktus-connector</Arn>"));

    let log: Vec<_> = server.requests().into_iter().map(|record| (record.action, record.resource)).collect();
    assert_eq!(log[0], ("eks:ListAddons".to_owned(), "demo".to_owned()));
    assert_eq!(log[3], ("secretsmanager:GetSecretValue".to_owned(), arn));
    assert!(!format!("{server:?}").contains("s3cr3t"));
    server.clear_requests();
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = server().await;
    server.change(|facts| {
        facts.page_size = 2;
        facts.clusters.get_mut("demo").unwrap().access_entries = ["c", "a", "b"].map(str::to_owned).to_vec();
    });
    let client = Client::of(&server);
    let first = json(&client.get("eks", "/clusters/demo/access-entries").await);
    assert_eq!(first.to_string(), r#"{"accessEntries":["a","b"],"nextToken":"b"}"#);
    let rest = json(&client.get("eks", "/clusters/demo/access-entries?nextToken=b").await);
    assert_eq!(rest.to_string(), r#"{"accessEntries":["c"],"nextToken":null}"#);
}

#[tokio::test]
async fn faults_hit_their_action_and_no_other() {
    let server = server().await;
    let client = Client::of(&server);
    server.faults().throttle("eks:DescribeCluster", 1);
    assert_eq!(client.get("eks", "/clusters/demo/addons").await.status, 200);
    let throttled = client.get("eks", "/clusters/demo").await;
    assert_eq!((throttled.status, throttled.header("x-amzn-errortype")), (429, Some("ThrottlingException")));
    assert_eq!(client.get("eks", "/clusters/demo").await.status, 200);
    server.faults().deny("eks:DescribeCluster");
    let denied = client.get("eks", "/clusters/demo").await;
    assert_eq!(denied.status, 403);
    assert!(denied.text().contains(
        "User: arn:aws:iam::123456789012:role/aktus-connector is not authorized to perform: \
         eks:DescribeCluster on resource: arn:aws:eks:us-west-2:123456789012:cluster/demo"
    ));
    server.faults().clear();
    server.faults().next("*", 1, Fault::Disconnect);
    assert_eq!(client.get("eks", "/clusters/demo").await.status, 0);
    server.faults().next("*", 1, Fault::Stall);
    assert!(client.get("eks", "/clusters/demo").await.stalled);
    server.faults().next("*", 1, Fault::Body("<html>".into()));
    assert_eq!(client.get("eks", "/clusters/demo").await.text(), "<html>");
    assert_eq!(server.requests().last().unwrap().status, Some(200));
}

/// Each recorded token with the facts of the account that made it.
fn vectors() -> Vec<(Facts, String, String)> {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    vectors
        .iter()
        .map(|vector| {
            let mut facts = facts();
            facts.credentials = Credentials {
                access_key_id: text(&vector["access_key_id"]).unwrap(),
                secret_access_key: text(&vector["secret_access_key"]).unwrap(),
                session_token: text(&vector["session_token"]),
            };
            (facts, text(&vector["cluster"]).unwrap(), text(&vector["token"]).unwrap())
        })
        .collect()
}

fn check(facts: &Facts, token: &str, cluster: &str, now: i64) -> Result<String, TokenRefused> {
    super::token::check(facts, token, cluster, now)
}

#[test]
fn recorded_tokens_are_accepted_for_fifteen_minutes_and_their_cluster() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 2);
    for (facts, cluster, token) in vectors {
        let caller = Ok(facts.caller_arn.clone());
        for (now, expected) in [
            (NOON, caller.clone()),
            (NOON + 899, caller.clone()),
            (NOON + 900, caller.clone()),
            (NOON + 901, Err(TokenRefused::Expired { seconds: 1 })),
            (NOON + 1200, Err(TokenRefused::Expired { seconds: 300 })),
            (NOON - 300, caller),
            (NOON - 301, Err(TokenRefused::Early)),
        ] {
            assert_eq!(check(&facts, &token, &cluster, now), expected, "{now}");
        }
        assert_eq!(check(&facts, &token, "another", NOON), Err(TokenRefused::Signature));
    }
}

#[test]
fn a_token_of_another_account_is_refused() {
    let (_, cluster, token) = vectors().remove(0);
    assert_eq!(check(&facts(), &token, &cluster, NOON), Err(TokenRefused::UnknownKey));
    let (mut facts, cluster, token) = vectors().remove(1);
    facts.credentials.session_token = None;
    assert_eq!(check(&facts, &token, &cluster, NOON), Err(TokenRefused::UnknownKey));
}

#[test]
fn each_rule_of_a_token_is_enforced() {
    let (facts, cluster, token) = vectors().remove(0);
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token.strip_prefix("k8s-aws-v1.").unwrap()).unwrap()).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(url.contains(from), "{from}");
        format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url.replace(from, to)))
    };
    for (token, expected) in [
        (String::new(), TokenRefused::Malformed),
        (token.replace("k8s-aws-v1", "k8s-aws-v2"), TokenRefused::Malformed),
        (format!("{token}="), TokenRefused::Malformed),
        (format!("k8s-aws-v1.{}", "A".repeat(4096)), TokenRefused::TooLong),
        (edited("https:", "http:"), TokenRefused::Url),
        (edited("/?", "/path?"), TokenRefused::Url),
        (edited("sts.us-west-2", "sts.eu-west-1"), TokenRefused::Host("sts.eu-west-1.amazonaws.com".into())),
        (edited("sts.us-west-2.amazonaws.com", "evil.example"), TokenRefused::Host("evil.example".into())),
        (edited("&Version", "&x-id=GetCallerIdentity&Version"), TokenRefused::Parameter("x-id".into())),
        (edited("&Version", "&action=Other&Version"), TokenRefused::Parameter("action".into())),
        (edited("GetCallerIdentity", "AssumeRole"), TokenRefused::Action),
        (edited("host%3Bx-k8s-aws-id", "host"), TokenRefused::Unsigned),
        (edited("Expires=60", "Expires=901"), TokenRefused::Expires),
        (edited("Expires=60", "Expires=-1"), TokenRefused::Expires),
        (edited("Date=20261122T120000Z", "Date=2026"), TokenRefused::Date),
        (edited("Expires=60", "Expires=61"), TokenRefused::Signature),
        (edited("Signature=9", "Signature=8"), TokenRefused::Signature),
    ] {
        assert_eq!(check(&facts, &token, &cluster, NOON), Err(expected));
    }
}

/// Asks the webhook of a server with the facts of the first vector, at `now`.
async fn asked(now: i64, review: &str) -> (Answer, Vec<super::ReviewRecord>) {
    let (facts, cluster, _) = vectors().remove(0);
    let server = Server::start(facts).await.unwrap();
    let clock = crate::Clock::fixed(jiff::Timestamp::from_second(now).unwrap());
    let webhook = server.token_webhook(&cluster, "aktus:administrators", clock).await.unwrap();
    let host = webhook.url();
    let host = host.strip_prefix("http://").unwrap();
    let answer = send(host, "POST", "/?timeout=30s", &[("content-type", "application/json")], review).await;
    (answer, webhook.reviews())
}

fn review_of(token: &str) -> String {
    let spec = serde_json::json!({ "token": token });
    serde_json::json!({ "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": spec }).to_string()
}

#[tokio::test]
async fn a_webhook_answers_for_tokens_and_keeps_none() {
    let (_, _, token) = vectors().remove(0);
    let (answer, reviews) = asked(NOON, &review_of(&token)).await;
    let status: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &status["status"]["authenticated"]), (200, &Value::Bool(true)));
    let user = &status["status"]["user"];
    assert_eq!(user["username"], "arn:aws:iam::123456789012:role/aktus-connector");
    assert_eq!(user["groups"], serde_json::json!(["aktus:administrators"]));
    assert_eq!((reviews.len(), reviews[0].at, reviews[0].result.is_ok()), (1, NOON, true));
    assert!(!format!("{reviews:?}").contains(&token));
}

#[tokio::test]
async fn a_webhook_refuses_stale_and_malformed_tokens_by_their_rule() {
    let (_, _, token) = vectors().remove(0);
    for (now, token, rule) in [
        (NOON + 1200, token.as_str(), "the token expired 300 seconds ago"),
        (NOON, "k8s-aws-v1.x", "the token is not k8s-aws-v1. and the base64url form of a URL"),
    ] {
        let (answer, reviews) = asked(now, &review_of(token)).await;
        let status: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(status["status"], serde_json::json!({ "authenticated": false, "error": rule }));
        assert_eq!(reviews[0].result, Err(rule.to_owned()));
    }
    let (answer, reviews) = asked(NOON, "{}").await;
    assert_eq!((answer.status, reviews.len()), (400, 0));
}
