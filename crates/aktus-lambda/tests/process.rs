//! Real processes that end in every way there is.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aktus_lambda::runner::{ChildProcess, Ended, Runner};
use aktus_lambda::task::{Conclusion, Progress, Success, Task, Verb};
use tokio::time::Instant;

const CANARY: &str = "canary-7f3a";

fn task() -> Task {
    Task {
        verb: Verb::Install,
        properties: serde_json::Map::from_iter([("Values".to_owned(), CANARY.into())]),
        stack_id: "s".into(),
        logical_resource_id: "l".into(),
        request_id: "r".into(),
        physical_id: "p".into(),
        confirmed: false,
        moves: false,
        holder: "h".into(),
        continues: false,
        began: "2026-01-01T00:00:00Z".parse().unwrap(),
        run_ms: 1_000,
        work_ms: 1_000,
        log_stream: String::new(),
        aws_request_id: "a".into(),
    }
}

struct Seen {
    ended: Ended,
    progress: String,
    log: Vec<String>,
    took: Duration,
}

/// Lets a shell play the working process.
async fn run(script: &str, time: Duration) -> Seen {
    let log = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&log);
    let child = ChildProcess::new(
        "/bin/sh".into(),
        ["-c", script],
        Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned())),
    );
    let progress = Mutex::new(Progress::default());
    let began = Instant::now();
    let ended = child.run(&task(), began + time, &progress).await;
    let progress = progress.into_inner().unwrap().words();
    let log = log.lock().unwrap().clone();
    Seen { ended, progress, log, took: began.elapsed() }
}

async fn died(script: &str, expected: &str) {
    let seen = run(script, Duration::from_secs(20)).await;
    assert_eq!(seen.ended, Ended::Died(expected.to_owned()), "{script}");
    assert!(seen.took < Duration::from_secs(5), "{script}: {:?}", seen.took);
}

const STEP: &str = r#"echo '{"step":"release"}'"#;
const DONE: &str = r#"echo '{"ended":{"succeeded":{"reason":"done","data":{}}}}'"#;

fn done() -> Ended {
    Ended::Concluded(Conclusion::Succeeded(Success { reason: "done".into(), ..Success::default() }))
}

#[tokio::test]
async fn every_death_is_noticed_at_once_and_told() {
    died("kill -KILL $$", "it was killed (signal 9 SIGKILL), perhaps because the function's memory was used up").await;
    died("kill -SEGV $$", "it was killed (signal 11 SIGSEGV)").await;
    died("exit 101", "it panicked (exit code 101); the log says where").await;
    died("exit 0", "it ended without a result (exit code 0)").await;
    died("echo nonsense; exit 3", "it ended without a result (exit code 3)").await;
    let stack = "echo \"thread 'main' has overflowed its stack\" >&2; kill -ABRT $$";
    died(stack, "its stack overflowed (signal 6 SIGABRT)").await;
    let memory = "echo 'memory allocation of 1073741824 bytes failed' >&2; kill -ABRT $$";
    died(memory, "it ran out of memory (signal 6 SIGABRT)").await;
}

#[tokio::test]
async fn a_death_leaves_the_last_step() {
    let seen = run(&format!("{STEP}; echo '{{\"waiting\":\"a hook\"}}'; kill -KILL $$"), Duration::from_secs(20)).await;
    assert_eq!(seen.progress, "; last step release, waiting for: a hook");
}

#[tokio::test]
async fn the_task_comes_on_the_input_and_nowhere_else() {
    let script = format!(
        "read -r task; case \"$task\" in *{CANARY}*) ;; *) exit 9;; esac; tr '\\0' ' ' < /proc/$$/environ | \
         grep -q {CANARY}- && exit 8; {DONE}"
    );
    assert_eq!(run(&script, Duration::from_secs(20)).await.ended, done());
}

#[tokio::test]
async fn only_log_lines_reach_the_log() {
    let script = format!("echo '{{\"level\":\"INFO\"}}' >&2; echo 'password {CANARY}' >&2; {DONE}");
    let seen = run(&script, Duration::from_secs(20)).await;
    assert_eq!((seen.ended, seen.log), (done(), vec![r#"{"level":"INFO"}"#.to_owned()]));
}

#[tokio::test]
async fn a_process_that_overruns_its_time_is_killed() {
    // It ignores what can be ignored.
    let seen = run(&format!("trap '' TERM; {STEP}; while :; do :; done"), Duration::from_millis(300)).await;
    assert_eq!((seen.ended, seen.progress.as_str()), (Ended::TimedOut, "; last step release"));
    assert!(seen.took < Duration::from_secs(5));
}

#[tokio::test]
async fn a_conclusion_counts_even_if_the_process_stays() {
    let seen = run(&format!("{DONE}; while :; do :; done"), Duration::from_secs(20)).await;
    assert_eq!(seen.ended, done());
    assert!(seen.took < Duration::from_secs(10), "{:?}", seen.took);
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let child = ChildProcess::new("/nowhere/bootstrap".into(), ["x"], Arc::new(|_: &str| {}));
    let ended = child.run(&task(), Instant::now() + Duration::from_secs(5), &Mutex::default()).await;
    let Ended::NotStarted(why) = ended else { panic!("{ended:?}") };
    assert!(why.starts_with("no process for the work: "), "{why}");
}
