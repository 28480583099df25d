//! C24 to C32: kills at every step, and AWS when it says no.

use aktus_sandbox::Sandbox;
use aktus_sandbox::aws::{SecretValue, Timeline};
use aktus_sandbox::cloudformation::RequestType;
use aktus_sandbox::kubernetes::{Fault, FaultRule};
use serde_json::json;

use crate::stage::{CLUSTER, NAME, Stage, TOKEN_ARN, check, standing};

/// Every step of an installation, as the log names them.
const STEPS: [&str; 13] = [
    "request",
    "cluster",
    "file-system",
    "csi-driver",
    "storage-class",
    "gpu",
    "namespace",
    "chart",
    "values",
    "release",
    "wait",
    "endpoints",
    "report",
];
/// How many kills are tried at a time.
const AT_A_TIME: usize = 4;

/// Lets a sandbox be killed at a step, once.
async fn killed(stage: &Stage, step: &str) -> aktus_sandbox::cloudformation::Request {
    stage.lambda.kill_when_logged(NAME, format!("\"step\":\"{step}\""));
    let request = stage.stack().prepare(RequestType::Create, None, &Stage::properties(&json!({})), None);
    request.deliver();
    stage.lambda.idle().await;
    assert_eq!(request.answers().len(), 0, "{step}: {}", stage.lambda.transcript());
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_every_step_and_invoked_again_it_succeeds() {
    let undisturbed = Stage::open().await;
    check(&undisturbed, &undisturbed.stack().create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    let expected = undisturbed.standing();
    for steps in STEPS.chunks(AT_A_TIME) {
        let tries = steps.iter().map(async |step| {
            let stage = Stage::open().await;
            let request = killed(&stage, step).await;
            request.deliver();
            stage.lambda.idle().await;
            let answers = request.answers();
            assert!(answers.len() == 1 && answers[0].success, "{step}: {answers:?} {}", stage.lambda.output(NAME));
            assert_eq!(stage.standing(), expected, "{step}");
            stage.close().await;
        });
        futures::future::join_all(tries).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_every_step_and_deleted_nothing_is_left() {
    for steps in STEPS.chunks(AT_A_TIME) {
        let tries = steps.iter().map(async |step| {
            let stage = Stage::open().await;
            let request = killed(&stage, step).await;
            request.expire();
            let fake = "mystack_EKSClusterStatus_ABC123";
            let delete = stage.stack().prepare(RequestType::Delete, Some(fake), &Stage::properties(&json!({})), None);
            delete.deliver();
            let answer = delete.ended().await.answer.expect("an answer");
            assert!(answer.success, "{step}: {}", answer.reason);
            let left = stage.standing().into_iter().filter(|title| !title.contains("/aktus-cancelled-"));
            assert_eq!(left.collect::<Vec<_>>(), [] as [String; 0], "{step}");
            stage.sandbox.stop().await;
        });
        futures::future::join_all(tries).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_passes() {
    let stage = Stage::open().await;
    for action in ["eks:DescribeCluster", "eks:DescribeAddon", "secretsmanager:GetSecretValue"] {
        stage.sandbox.aws().faults().throttle(action, 2);
    }
    check(&stage, &stage.stack().create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn throttling_without_end_is_a_failure_that_names_the_action() {
    let actions = ["eks:DescribeCluster", "elasticfilesystem:DescribeFileSystems", "secretsmanager:GetSecretValue"];
    let tries = actions.map(async |action| {
        let stage = Stage::hurried().await;
        stage.sandbox.aws().faults().throttle(action, u32::MAX);
        let created = stage.stack().without_rollback().create(Stage::properties(&json!({}))).await;
        check(&stage, &created, "CREATE_FAILED", &[action]);
        stage.close().await;
    });
    futures::future::join_all(tries).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_missing_permission_is_named() {
    let actions = [
        ("eks:DescribeCluster", "step cluster"),
        ("elasticfilesystem:DescribeFileSystems", "step file-system"),
        ("eks:DescribeAddon", "step csi-driver"),
        ("secretsmanager:GetSecretValue", "step namespace"),
    ];
    let tries = actions.map(async |(action, step)| {
        let stage = Stage::open().await;
        stage.sandbox.aws().faults().deny(action);
        let created = stage.stack().without_rollback().create(Stage::properties(&json!({}))).await;
        check(&stage, &created, "CREATE_FAILED", &[step, action, "is denied", "is not authorized to perform"]);
        let asked = stage.sandbox.aws().requests().iter().filter(|request| request.action == action).count();
        assert_eq!(asked, 1, "{action} is not tried again");
        stage.close().await;
    });
    futures::future::join_all(tries).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_no_text_is_named_and_not_shown() {
    let stage = Stage::open().await;
    let bytes = SecretValue::Binary(vec![0xff, 0xfe, 0x00]);
    stage.sandbox.aws().change(|facts| facts.secrets.insert(TOKEN_ARN.to_owned(), bytes));
    let created = stage.stack().create(Stage::properties(&json!({}))).await;
    check(&stage, &created, "ROLLBACK_COMPLETE", &["step namespace", TOKEN_ARN, "not UTF-8 text"]);
    assert_eq!(stage.standing(), [].into());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_environment_is_answered() {
    // Nothing is inherited, and what is given is wrong.
    let stage = Stage::with(|function| {
        let function = function.with_variable("TMPDIR", "/nonexistent").with_variable("HOME", "/nonexistent");
        function.with_variable("PATH", "").with_variable("AWS_CONFIG_FILE", "/nonexistent")
    })
    .await;
    check(&stage, &stage.stack().create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    stage.close().await;
    // Without anybody to trust there is no answer, and the log says why.
    let stage = Stage::with(|function| {
        function.with_variable("SSL_CERT_FILE", "/nonexistent").with_variable("SSL_CERT_DIR", "/nonexistent")
    })
    .await;
    stage.stack().prepare(RequestType::Create, None, &Stage::properties(&json!({})), None).deliver();
    stage.lambda.idle().await;
    let log = stage.lambda.output(NAME);
    assert!(
        log.contains("no HTTP client") && log.contains("check that the system has certificate authorities"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_kept_from_one_stack_for_the_next() {
    let stage = Stage::open().await;
    let clock = aktus_sandbox::Clock::new(jiff::Timestamp::now);
    let second = Sandbox::start(aktus_sandbox::Options::new(clock)).await.expect("a sandbox");
    stage.sandbox.aws().change(|facts| {
        let mut cluster = facts.clusters[CLUSTER].clone();
        cluster.endpoint = second.kubernetes().url();
        facts.clusters.insert("second".to_owned(), cluster);
    });
    let mut stacks = [stage.stack(), stage.cloudformation.stack("second", NAME)];
    let properties = |index: usize, limit: u32| match index {
        0 => Stage::properties(&json!({"GpuLimit": limit})),
        _ => Stage::properties(&json!({"GpuLimit": limit, "ClusterName": "second", "Namespace": "two"})),
    };
    for round in 0..4 {
        for (index, stack) in stacks.iter_mut().enumerate() {
            // A run ends a moment after its answer.
            stage.lambda.idle().await;
            let (outcome, status) = match round {
                0 => (stack.create(properties(index, 1)).await, "CREATE_COMPLETE"),
                limit => (stack.update(properties(index, limit)).await, "UPDATE_COMPLETE"),
            };
            check(&stage, &outcome, status, &[]);
        }
    }
    assert_eq!(stage.lambda.environments(NAME).len(), 1, "it was warm all the time");
    assert!(stage.standing().contains("Namespace//ai") && !stage.standing().contains("Namespace//two"));
    assert!(standing(&second).contains("Namespace//two") && !standing(&second).contains("Namespace//ai"));
    for stack in &mut stacks {
        check(&stage, &stack.delete().await, "DELETE_COMPLETE", &[]);
    }
    assert_eq!((stage.standing(), standing(&second)), ([].into(), [].into()));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_late_is_waited_for() {
    let stage = Stage::open().await;
    stage.sandbox.aws().change(|facts| {
        facts.clusters.get_mut(CLUSTER).expect("a cluster").status = Timeline::after(1, "CREATING", "ACTIVE");
    });
    check(&stage, &stage.stack().create(Stage::properties(&json!({}))).await, "CREATE_COMPLETE", &[]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_wrong_clock_is_a_refusal_that_names_the_clock() {
    let stage = Stage::hurried().await;
    // What an API server answers to a token that its authenticator finds too old or from the future.
    let refused = Fault::Refuse { code: 401, message: "Unauthorized".to_owned() };
    stage.sandbox.kubernetes().faults().add(FaultRule::every(refused));
    let created = stage.stack().without_rollback().create(Stage::properties(&json!({}))).await;
    check(&stage, &created, "CREATE_FAILED", &["step cluster", "the clock here is right", "access entry"]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_private_endpoint_that_does_not_answer_is_called_private() {
    let cases = [("nobody listens", Some("http://127.0.0.1:9")), ("packets are lost", None)];
    let tries = cases.map(async |(case, endpoint)| {
        let stage = Stage::hurried().await;
        stage.sandbox.aws().change(|facts| {
            let cluster = facts.clusters.get_mut(CLUSTER).expect("a cluster");
            cluster.public_endpoint = false;
            if let Some(endpoint) = endpoint {
                endpoint.clone_into(&mut cluster.endpoint);
            }
        });
        stage.sandbox.kubernetes().faults().add(FaultRule::every(Fault::Stall));
        let created = stage.stack().without_rollback().create(Stage::properties(&json!({}))).await;
        let words = ["step cluster", "the endpoint of the cluster is private", "a function needs a VPC configuration"];
        check(&stage, &created, "CREATE_FAILED", &words);
        assert!(created.reason().len() < 4096, "{case}");
        stage.close().await;
    });
    futures::future::join_all(tries).await;
}
