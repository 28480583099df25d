//! Every question against the AWS services of the sandbox, through the real SDKs.

#![expect(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aktus_aws::{
    AddOnError, Aws, Class, Clock, ClusterError, Config, ConfigError, Credentials, LoginError, RegistryHost,
    SecretError, Settings, StorageError,
};
use aktus_sandbox::aws::{self, Facts, Fault, HealthIssue, SecretValue, Server, Timeline};
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

const REGION: &str = "us-west-2";
const FILE_SYSTEM: &str = "fs-0a0000000000000ef";
const VPC: &str = "vpc-0a000000000000000";
/// 2026-11-22T12:00:00Z in seconds since 1970.
const NOON: u64 = 1_795_348_800;

/// Seconds since 1970 that a test moves.
#[derive(Clone)]
struct Hands(Arc<AtomicU64>);

impl Hands {
    fn at(seconds: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seconds)))
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(hands.0.load(Ordering::SeqCst)))
    }
}

fn facts() -> Facts {
    Facts::platform("demo", REGION, "http://127.0.0.1:6443", true)
}

fn settings(server: &Server) -> Settings {
    let keys = server.change(|facts| facts.credentials.clone());
    let (id, secret) = (keys.access_key_id, keys.secret_access_key);
    Settings {
        region: Some(REGION.into()),
        endpoint_url: Some(server.url()),
        credentials: Some(Credentials::new(id, secret, keys.session_token, None, "sandbox")),
        // One more than the SDK's own default.
        attempts: 4,
        first_backoff: Duration::from_millis(1),
        poll_interval: Duration::from_millis(1),
        ..Settings::default()
    }
}

async fn load(settings: Settings, clock: Clock) -> Aws {
    Aws::new(Config::load(settings, clock).await.unwrap())
}

async fn start(change: impl FnOnce(&mut Facts)) -> (Server, Aws) {
    let mut facts = facts();
    change(&mut facts);
    let server = Server::start(facts).await.unwrap();
    let aws = load(settings(&server), Hands::at(NOON).clock()).await;
    (server, aws)
}

fn demo(facts: &mut Facts) -> &mut aws::Cluster {
    facts.clusters.get_mut("demo").unwrap()
}

/// Long enough for every wait that ends by itself.
fn later() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

fn issue(code: &str, message: &str, resource: &str) -> HealthIssue {
    HealthIssue { code: code.into(), message: message.into(), resource_ids: vec![resource.into()] }
}

fn actions(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|record| record.action).collect()
}

#[tokio::test]
async fn a_cluster_is_described_whole() {
    let (_server, aws) = start(|_| ()).await;
    let cluster = aws.cluster("demo").await.unwrap();
    assert_eq!(cluster.arn.to_string(), "arn:aws:eks:us-west-2:123456789012:cluster/demo");
    assert_eq!((cluster.status.as_str(), cluster.version.as_str()), ("ACTIVE", "1.35"));
    assert_eq!((cluster.vpc_id.as_str(), cluster.subnet_ids.len()), (VPC, 2));
    assert!(cluster.auto_mode);
    let connection = cluster.connection().unwrap();
    assert_eq!(connection.server, "http://127.0.0.1:6443");
    assert_eq!(connection.certificate_authority, None);
}

#[tokio::test]
async fn an_authority_in_rotation_is_kept_whole() {
    let pem = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n".repeat(2);
    let (_server, aws) = start(|facts| {
        demo(facts).endpoint = "https://abc.gr7.us-west-2.eks.amazonaws.com".into();
        demo(facts).certificate_authority = pem.clone();
    })
    .await;
    let cluster = aws.cluster("demo").await.unwrap();
    let authority = cluster.connection().unwrap().certificate_authority.clone().unwrap();
    assert_eq!(authority, pem.as_bytes());
}

#[tokio::test]
async fn waiting_for_a_cluster_tells_each_reason_once_and_ends_when_it_is_active() {
    let (server, aws) = start(|facts| {
        demo(facts).status = Timeline::after(2, "UPDATING", "ACTIVE").preceded_by(3, "CREATING");
        demo(facts).issues = vec![issue("InsufficientFreeAddresses", "Too few addresses.", "subnet-1")];
    })
    .await;
    let mut told = Vec::new();
    let cluster = aws.wait_for_cluster("demo", later(), &mut |why| told.push(why.to_owned())).await.unwrap();
    assert_eq!(cluster.status, "ACTIVE");
    let problem = "Too few addresses (InsufficientFreeAddresses) at subnet-1";
    assert_eq!(told, [format!("cluster demo is CREATING: {problem}"), format!("cluster demo is UPDATING: {problem}")]);
    assert_eq!(actions(&server), vec!["eks:DescribeCluster"; 6]);
}

#[tokio::test]
async fn a_cluster_that_cannot_become_active_fails_at_once() {
    for status in ["FAILED", "DELETING"] {
        let (server, aws) = start(|facts| demo(facts).status = Timeline::steady(status)).await;
        let error = aws.wait_for_cluster("demo", later(), &mut |_| ()).await.unwrap_err();
        let words = format!("cluster demo is {status}; create the cluster anew or name another one");
        assert_eq!(error.to_string(), words);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_cluster_that_never_becomes_active_ends_the_wait_with_the_reason() {
    let (_server, aws) = start(|facts| demo(facts).status = Timeline::steady("CREATING")).await;
    let until = Instant::now() + Duration::from_millis(200);
    let error = aws.wait_for_cluster("demo", until, &mut |_| ()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cluster demo did not become ACTIVE in time: cluster demo is CREATING; try again later"
    );
    let cluster = aws.cluster("demo").await.unwrap();
    let error = cluster.connection().unwrap_err();
    assert!(matches!(error, ClusterError::NoEndpoint { .. }));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_waited_for_only_until_the_deadline() {
    let (server, aws) = start(|_| ()).await;
    server.faults().next("eks:DescribeCluster", 100, Fault::Stall);
    let until = Instant::now() + Duration::from_millis(100);
    let error = aws.wait_for_cluster("demo", until, &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, ClusterError::NotActive { .. }), "{error}");
}

#[tokio::test]
async fn access_entries_and_add_ons_are_listed_over_all_pages() {
    let (server, aws) = start(|facts| {
        facts.page_size = 2;
        let arns = ["e", "d", "c", "b", "a"].map(|name| format!("arn:aws:iam::1:role/{name}"));
        demo(facts).access_entries = arns.to_vec();
        for name in ["coredns", "vpc-cni"] {
            demo(facts).add_ons.insert(name.into(), aws::AddOn::active("v1-eksbuild.1"));
        }
    })
    .await;
    let entries = aws.access_entries("demo").await.unwrap();
    assert_eq!(entries, ["a", "b", "c", "d", "e"].map(|name| format!("arn:aws:iam::1:role/{name}")));
    assert_eq!(aws.add_ons("demo").await.unwrap(), ["aws-efs-csi-driver", "coredns", "vpc-cni"]);
    assert_eq!(server.requests().len(), 3 + 2);
}

#[tokio::test]
async fn a_token_is_one_the_cluster_accepts_and_is_made_anew_in_time() {
    for session_token in [None, Some("a/b+c==".to_owned())] {
        let mut facts = facts();
        facts.credentials.session_token = session_token;
        let server = Server::start(facts).await.unwrap();
        let hands = Hands::at(NOON);
        let aws = load(settings(&server), hands.clock()).await;
        let tokens = aws.cluster_token(&aws.cluster("demo").await.unwrap());
        let accepts = |token: &str, now: u64| server.check_token(token, "demo", now.cast_signed()).is_ok();
        let mut made: Vec<String> = Vec::new();
        for (now, expected) in [
            (NOON, 1),
            (NOON + 839, 1),
            (NOON + 840, 2),
            (NOON + 1200, 2),
            (NOON + 1680, 3),
            // The clock was set back.
            (NOON + 1000, 4),
        ] {
            hands.set(now);
            let token = tokens.token().await.unwrap().value.expose_secret().to_owned();
            assert!(accepts(&token, now), "{now}");
            if made.last() != Some(&token) {
                made.push(token);
            }
            assert_eq!(made.len(), expected, "{now}");
        }
        assert!(!accepts(&made[0], NOON + 1200));
        hands.set(NOON + 1001);
        tokens.forget().await;
        assert_ne!(Some(tokens.token().await.unwrap().value.expose_secret()), made.last().map(String::as_str));
        // Signing asks nobody.
        assert_eq!(actions(&server), ["eks:DescribeCluster"]);
    }
}

#[tokio::test]
async fn a_token_is_not_used_longer_than_its_credentials() {
    let server = Server::start(facts()).await.unwrap();
    let keys = server.change(|facts| facts.credentials.clone());
    let expiry = SystemTime::UNIX_EPOCH + Duration::from_secs(NOON + 300);
    let credentials = Credentials::new(keys.access_key_id, keys.secret_access_key, None, Some(expiry), "sandbox");
    let settings = Settings { credentials: Some(credentials), ..settings(&server) };
    // The credentials are expired by the real clock; only the clock that was given counts.
    let aws = load(settings, Hands::at(NOON).clock()).await;
    let cluster = aws.cluster("demo").await.unwrap();
    let token = aws.cluster_token(&cluster).token().await.unwrap();
    assert_eq!(token.refresh_at, SystemTime::UNIX_EPOCH + Duration::from_secs(NOON + 240));
}

#[tokio::test]
async fn a_token_shows_itself_to_nobody() {
    let (_server, aws) = start(|_| ()).await;
    let tokens = aws.cluster_token(&aws.cluster("demo").await.unwrap());
    let token = tokens.token().await.unwrap();
    let shown = format!("{token:?} {tokens:?} {aws:?}");
    assert!(!shown.contains("k8s-aws-v1"), "{shown}");
    assert!(!shown.contains("sandbox/secret+access"), "{shown}");
}

#[tokio::test]
async fn a_file_system_is_waited_for_with_its_mount_targets() {
    let (server, aws) = start(|facts| {
        facts.page_size = 1;
        let file_system = facts.file_systems.get_mut(FILE_SYSTEM).unwrap();
        file_system.state = Timeline::after(1, "creating", "available");
        file_system.mount_targets[1].state = Timeline::after(2, "creating", "available");
    })
    .await;
    let mut told = Vec::new();
    let mut tell = |why: &str| told.push(why.to_owned());
    let found = aws.wait_for_file_system(FILE_SYSTEM, VPC, later(), &mut tell).await.unwrap();
    assert_eq!(found.mount_targets.len(), 2);
    assert_eq!(found.mount_targets[1].zone, "us-west-2b");
    assert_eq!(
        told,
        [
            "file system fs-0a0000000000000ef is creating",
            "mount target fsmt-0a000000000000002 of file system fs-0a0000000000000ef in us-west-2b \
             is creating",
        ]
    );
    assert_eq!(server.requests().len(), 3 * (1 + 2));
}

#[tokio::test]
async fn a_file_system_of_another_vpc_fails_at_once() {
    let (server, aws) = start(|_| ()).await;
    let error = aws.wait_for_file_system(FILE_SYSTEM, "vpc-1", later(), &mut |_| ()).await.unwrap_err();
    assert!(matches!(error, StorageError::Unreachable { .. }), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_file_system_that_stays_in_creation_ends_the_wait_with_the_reason() {
    let (_server, aws) = start(|facts| {
        facts.file_systems.get_mut(FILE_SYSTEM).unwrap().state = Timeline::steady("creating");
    })
    .await;
    let until = Instant::now() + Duration::from_millis(200);
    let error = aws.wait_for_file_system(FILE_SYSTEM, VPC, until, &mut |_| ()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "file system fs-0a0000000000000ef did not become available in time: file system \
         fs-0a0000000000000ef is creating; try again later"
    );
}

#[tokio::test]
async fn a_degraded_add_on_is_waited_for_and_a_failed_one_is_not() {
    let degraded = issue("InsufficientNumberOfReplicas", "The add-on is unhealthy.", "efs-csi-controller");
    let (_server, aws) = start(|facts| {
        let add_on = demo(facts).add_ons.get_mut("aws-efs-csi-driver").unwrap();
        add_on.status = Timeline::after(2, "DEGRADED", "ACTIVE");
        add_on.issues = vec![degraded];
    })
    .await;
    let mut told = Vec::new();
    let mut tell = |why: &str| told.push(why.to_owned());
    let found = aws.wait_for_add_on("demo", "aws-efs-csi-driver", later(), &mut tell).await.unwrap();
    assert_eq!((found.version.as_str(), found.issues.len()), ("v3.4.1-eksbuild.1", 0));
    assert_eq!(
        told,
        ["add-on aws-efs-csi-driver is DEGRADED: The add-on is unhealthy \
          (InsufficientNumberOfReplicas) at efs-csi-controller, see why its pods in kube-system do not run"]
    );
    for status in ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED", "DELETING"] {
        let (server, aws) = start(|facts| {
            let add_on = demo(facts).add_ons.get_mut("aws-efs-csi-driver").unwrap();
            add_on.status = Timeline::steady(status);
        })
        .await;
        let error = aws.wait_for_add_on("demo", "aws-efs-csi-driver", later(), &mut |_| ()).await.unwrap_err();
        assert!(matches!(error, AddOnError::Failed { .. }), "{error}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_registry_login_is_made_in_the_region_of_the_host() {
    let (server, aws) = start(|_| ()).await;
    let host: RegistryHost = "709825985650.dkr.ecr.us-east-1.amazonaws.com".parse().unwrap();
    let login = aws.registry_login(&host).await.unwrap();
    let expected = server.change(|facts| facts.registry_password("us-east-1"));
    assert_eq!((login.username.as_str(), login.password.expose_secret()), ("AWS", expected.as_str()));
    let expires_at = server.change(|facts| facts.registry_password_expires_at).cast_unsigned();
    assert_eq!(login.expires_at, SystemTime::UNIX_EPOCH + Duration::from_secs(expires_at));
    let record = server.requests().pop().unwrap();
    assert_eq!((record.action.as_str(), record.region.as_str()), ("ecr:GetAuthorizationToken", "us-east-1"));
    assert!(!format!("{login:?}").contains(&expected));
}

#[tokio::test]
async fn a_login_that_cannot_be_read_is_refused_without_showing_it() {
    let (server, aws) = start(|_| ()).await;
    let host: RegistryHost = "709825985650.dkr.ecr.us-east-1.amazonaws.com".parse().unwrap();
    for (token, problem) in [
        ("%%%", "is not base64"),
        ("//8=", "is not UTF-8"),
        // "s3cr3t"
        ("czNjcjN0", "holds no user and password"),
    ] {
        let body = format!(r#"{{"authorizationData":[{{"authorizationToken":"{token}","expiresAt":1}}]}}"#);
        server.faults().next("ecr:GetAuthorizationToken", 1, Fault::Body(body));
        let error = aws.registry_login(&host).await.unwrap_err();
        let LoginError::Unreadable { problem: found, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*found, problem);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
}

#[tokio::test]
async fn a_secret_is_read_as_text() {
    let (server, aws) = start(|_| ()).await;
    for (value, expected) in [
        (SecretValue::Text("hf_s3cr3t".into()), Some("hf_s3cr3t")),
        (SecretValue::Text(String::new()), Some("")),
        (SecretValue::Binary(b"sk-s3cr3t".to_vec()), Some("sk-s3cr3t")),
        (SecretValue::Binary(vec![0xff, 0xfe]), None),
    ] {
        let arn = server.change(|facts| facts.add_secret("aktus/key", value));
        let found = aws.secret(&arn).await;
        assert!(!format!("{found:?}").contains("s3cr3t"));
        match (found, expected) {
            (Ok(found), Some(expected)) => assert_eq!(found.expose_secret(), expected),
            (Err(SecretError::NotText { arn: named }), None) => assert_eq!(named, arn),
            (found, _) => panic!("{found:?}"),
        }
    }
}

#[tokio::test]
async fn a_secret_is_asked_for_in_the_region_of_its_arn_and_by_arn_only() {
    let (server, aws) = start(|_| ()).await;
    let elsewhere = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf";
    let error = aws.secret(elsewhere).await.unwrap_err();
    assert_eq!(error.class(), Class::Absent);
    assert_eq!(server.requests()[0].region, "eu-west-1");
    for name in ["key", "arn:aws:s3:eu-west-1:1:secret:key", "arn:aws:secretsmanager::1:secret:key", ""] {
        let error = aws.secret(name).await.unwrap_err();
        assert!(matches!(error, SecretError::NotASecret { .. }), "{name}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn throttled_and_broken_calls_are_tried_again() {
    let (server, aws) = start(|_| ()).await;
    server.faults().throttle("eks:DescribeCluster", 2);
    aws.cluster("demo").await.unwrap();
    assert_eq!(server.requests().len(), 3);
    server.faults().next("eks:DescribeCluster", 1, Fault::Disconnect);
    aws.cluster("demo").await.unwrap();
    server.clear_requests();
    server.faults().throttle("eks:DescribeCluster", 4);
    let error = aws.cluster("demo").await.unwrap_err();
    assert_eq!(error.class(), Class::Throttled);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_wait_goes_on_while_calls_are_throttled_or_fail_for_a_time() {
    let (server, aws) = start(|_| ()).await;
    server.faults().throttle("eks:DescribeCluster", 4);
    let mut told = Vec::new();
    let mut tell = |why: &str| told.push(why.to_owned());
    aws.wait_for_cluster("demo", later(), &mut tell).await.unwrap();
    assert_eq!(
        told,
        ["eks:DescribeCluster for cluster demo in us-west-2 is throttled: Rate exceeded; try again later"]
    );
    let broken = Fault::Error { status: 500, code: "ServerException".into(), message: "oops".into() };
    server.faults().next("elasticfilesystem:DescribeMountTargets", 4, broken);
    let mut told = Vec::new();
    let mut tell = |why: &str| told.push(why.to_owned());
    aws.wait_for_file_system(FILE_SYSTEM, VPC, later(), &mut tell).await.unwrap();
    assert_eq!(
        told,
        ["elasticfilesystem:DescribeMountTargets for file system fs-0a0000000000000ef in us-west-2 got no \
          answer: oops; check the network and try again"]
    );
}

#[tokio::test]
async fn refused_and_absent_things_end_a_wait_at_once_and_are_named() {
    let (server, aws) = start(|_| ()).await;
    for (action, class) in [
        ("eks:DescribeCluster", Class::Denied),
        ("eks:DescribeAddon", Class::Denied),
        ("elasticfilesystem:DescribeFileSystems", Class::Denied),
        ("ecr:GetAuthorizationToken", Class::Denied),
        ("secretsmanager:GetSecretValue", Class::Denied),
    ] {
        server.faults().deny(action);
        let host: RegistryHost = "709825985650.dkr.ecr.us-east-1.amazonaws.com".parse().unwrap();
        let (found, words) = match action {
            "eks:DescribeCluster" => {
                let error = aws.wait_for_cluster("demo", later(), &mut |_| ()).await.unwrap_err();
                (error.class(), error.to_string())
            }
            "eks:DescribeAddon" => {
                let error = aws.wait_for_add_on("demo", "a", later(), &mut |_| ()).await.unwrap_err();
                (error.class(), error.to_string())
            }
            "elasticfilesystem:DescribeFileSystems" => {
                let waited = aws.wait_for_file_system(FILE_SYSTEM, VPC, later(), &mut |_| ()).await;
                let error = waited.unwrap_err();
                (error.class(), error.to_string())
            }
            "ecr:GetAuthorizationToken" => {
                let error = aws.registry_login(&host).await.unwrap_err();
                (error.class(), error.to_string())
            }
            _ => {
                let arn = "arn:aws:secretsmanager:us-west-2:1:secret:key-AbCdEf";
                let error = aws.secret(arn).await.unwrap_err();
                (error.class(), error.to_string())
            }
        };
        assert_eq!(found, class, "{words}");
        assert!(words.starts_with(action), "{words}");
        assert!(words.contains("arn:aws:iam::123456789012:role/aktus-connector is not authorized"), "{words}");
        assert!(words.ends_with("; allow this action to this identity"), "{words}");
    }
    server.faults().clear();
    let absent = aws.wait_for_cluster("other", later(), &mut |_| ()).await.unwrap_err();
    assert_eq!(absent.class(), Class::Absent);
    assert_eq!(
        absent.to_string(),
        "eks:DescribeCluster finds no cluster other in us-west-2: No cluster found for name: other.; \
         check the name, the region and the account"
    );
    let absent = aws.wait_for_file_system("fs-1", VPC, later(), &mut |_| ()).await.unwrap_err();
    assert_eq!(absent.class(), Class::Absent);
    let absent = aws.wait_for_add_on("demo", "none", later(), &mut |_| ()).await.unwrap_err();
    assert_eq!(absent.class(), Class::Absent);
}

#[tokio::test]
async fn wrong_credentials_are_told_apart_from_missing_permission() {
    let server = Server::start(facts()).await.unwrap();
    let wrong = Credentials::new("AKIDSANDBOX", "other", None, None, "sandbox");
    let unknown = Credentials::new("AKIDOTHER", "other", None, None, "sandbox");
    for credentials in [wrong, unknown] {
        let settings = Settings { credentials: Some(credentials), ..settings(&server) };
        let aws = load(settings, Hands::at(NOON).clock()).await;
        let error = aws.cluster("demo").await.unwrap_err();
        assert_eq!(error.class(), Class::Credentials, "{error}");
        assert!(error.to_string().contains("log in again or check the access key"), "{error}");
    }
}

#[tokio::test]
async fn missing_credentials_are_named_by_calls_and_tokens() {
    let (server, with_keys) = start(|_| ()).await;
    let cluster = with_keys.cluster("demo").await.unwrap();
    server.clear_requests();
    let failing = provide_credentials_fn(|| async { Err(CredentialsError::not_loaded("the session is over")) });
    let sdk = aws_config::SdkConfig::builder()
        .region(aws_config::Region::new(REGION))
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(server.url())
        .credentials_provider(SharedCredentialsProvider::new(failing))
        .build();
    let aws = Aws::new(Config::from_sdk(sdk, Hands::at(NOON).clock()).unwrap());
    let error = aws.cluster("demo").await.unwrap_err();
    assert_eq!(error.class(), Class::Credentials, "{error}");
    assert!(error.to_string().contains("the session is over"), "{error}");
    let error = aws.cluster_token(&cluster).token().await.unwrap_err();
    assert_eq!(error.class(), Class::Credentials, "{error}");
    assert!(error.to_string().contains("the session is over"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_configuration_without_region_or_credentials_is_refused() {
    let sdk = aws_config::SdkConfig::builder().build();
    let error = Config::from_sdk(sdk, Hands::at(NOON).clock()).unwrap_err();
    assert!(error.to_string().contains("set AWS_REGION"), "{error}");
    let sdk = aws_config::SdkConfig::builder().region(aws_config::Region::new(REGION)).build();
    let error = Config::from_sdk(sdk, Hands::at(NOON).clock()).unwrap_err();
    assert!(matches!(error, ConfigError::NoCredentials), "{error}");
}

#[tokio::test]
async fn https_is_spoken_without_a_provider_that_the_process_installed() {
    let server = Server::start(facts()).await.unwrap();
    let endpoint_url = Some(server.url().replace("http://", "https://"));
    let aws = load(Settings { endpoint_url, ..settings(&server) }, Hands::at(NOON).clock()).await;
    let error = aws.cluster("demo").await.unwrap_err();
    // The other side speaks no TLS; a missing provider would be a panic or another sentence.
    assert_eq!(error.class(), Class::Transient, "{error}");
    assert!(error.to_string().contains("InvalidContentType"), "{error}");
}

/// Set for the process that [`the_standard_variables_name_the_endpoint`] starts.
const CHILD: &str = "AKTUS_AWS_TEST_CHILD";

#[tokio::test]
async fn asks_with_nothing_but_the_environment_when_started_as_a_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let settings = Settings { attempts: 1, ..Settings::default() };
    let aws = load(settings, Hands::at(NOON).clock()).await;
    let cluster = aws.cluster("demo").await.unwrap();
    println!("found {} in {}", cluster.arn, aws.region());
}

#[tokio::test]
async fn the_standard_variables_name_the_endpoint() {
    let server = Server::start(facts()).await.unwrap();
    let keys = server.change(|facts| facts.credentials.clone());
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EKS"] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "asks_with_nothing_but_the_environment_when_started_as_a_child", "--nocapture"])
            .env_clear()
            .env(CHILD, "1")
            .env(variable, server.url())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", &keys.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &keys.secret_access_key);
        let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let found = "found arn:aws:eks:us-west-2:123456789012:cluster/demo in us-west-2";
        assert!(text.contains(found), "{variable}: {text}");
    }
    assert_eq!(actions(&server), ["eks:DescribeCluster", "eks:DescribeCluster"]);
}

#[tokio::test]
async fn an_unreachable_endpoint_is_transient() {
    let server = Server::start(facts()).await.unwrap();
    let settings = settings(&server);
    drop(server);
    tokio::task::yield_now().await;
    let aws = load(settings, Hands::at(NOON).clock()).await;
    let error = aws.cluster("demo").await.unwrap_err();
    assert_eq!(error.class(), Class::Transient, "{error}");
    assert!(error.to_string().starts_with("eks:DescribeCluster for cluster demo in us-west-2 got no answer"));
}

#[tokio::test]
async fn an_answer_that_is_not_from_aws_is_an_error_and_no_panic() {
    let (server, aws) = start(|_| ()).await;
    for body in ["", "<html>", "[]", "{}", r#"{"cluster":{}}"#, r#"{"cluster":{"arn":"no"}}"#, "null"] {
        server.faults().next("eks:DescribeCluster", 4, Fault::Body(body.into()));
        let error = aws.cluster("demo").await.unwrap_err();
        assert_eq!(error.class(), Class::Other, "{body}: {error}");
        server.faults().clear();
    }
    for body in ["{}", r#"{"FileSystems":[]}"#, r#"{"FileSystems":[{"FileSystemId":"fs-2"}]}"#] {
        server.faults().next("elasticfilesystem:DescribeFileSystems", 4, Fault::Body(body.into()));
        assert!(aws.file_system(FILE_SYSTEM).await.is_err(), "{body}");
        server.faults().clear();
    }
}
