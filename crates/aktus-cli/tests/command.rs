//! The command as a person runs it: exit codes, both streams, no environment.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const AKTUS: &str = env!("CARGO_BIN_EXE_aktus");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn aktus(arguments: &[&str]) -> Command {
    let mut command = Command::new(AKTUS);
    command.args(arguments).current_dir(root()).env_clear().stdin(Stdio::null());
    command
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("aktus starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

#[track_caller]
fn done(arguments: &[&str]) -> Ran {
    let ran = run(&mut aktus(arguments));
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// The report of a run with `--output json`.
#[track_caller]
fn report(arguments: &[&str]) -> Value {
    let ran = done(&[arguments, &["--output", "json"]].concat());
    serde_json::from_str(&ran.stdout).expect("one JSON document")
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &[&str]) {
    let ran = run(&mut aktus(arguments));
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(said.contains(word), "`{word}` is not in\n{said}");
    }
}

fn every_step(mode: &str) {
    let ran = done(&["bootstrap", "--sandbox", "--mode", mode]);
    let steps = [
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
    let lines: Vec<&str> = ran.stdout.lines().collect();
    for (line, step) in lines.iter().zip(steps) {
        assert!(line.starts_with(step) && line.contains(" s  "), "{line}");
    }
    assert!(!ran.stdout.contains("not ready"), "{}", ran.stdout);
    for service in ["aktus-research", "aktus-knowledge-assistant"] {
        assert!(ran.stdout.contains(&format!("endpoint {service}: http://")), "{}", ran.stdout);
    }
    assert!(ran.stderr.contains("release: started"), "{}", ran.stderr);
}

#[test]
fn bootstrap_in_auto_mode_tells_every_step() {
    every_step("auto");
}

#[test]
fn bootstrap_in_traditional_mode_tells_every_step() {
    every_step("traditional");
}

#[test]
fn state_is_kept_between_runs_and_destroy_takes_it_away() {
    let state = tempfile::tempdir().expect("a directory");
    let place = ["--sandbox", "--sandbox-dir", state.path().to_str().expect("UTF-8")];
    let command = |name: &'static str| [&[name][..], &place].concat();
    let first = report(&command("bootstrap"));
    assert_eq!(first["release"]["revision"], 2);
    let second = report(&command("bootstrap"));
    assert_eq!(second["release"]["revision"], 2);
    for object in second["objects"].as_array().expect("objects") {
        assert!(matches!(object["change"].as_str(), Some("unchanged" | "hold")), "{object}");
    }
    assert_eq!(report(&command("status"))["release"]["status"], "deployed");
    let planned = report(&command("plan"));
    assert_eq!(planned["planned"], true);

    let changed = [&command("bootstrap")[..], &["--set", "redis.redis.image=docker.io/library/redis:8"]].concat();
    assert_eq!(report(&changed)["release"]["revision"], 3);
    report(&command("destroy"));
    refused(&command("status"), 1, &["there is no release", "run `aktus bootstrap`"]);
    assert_eq!(report(&command("destroy"))["succeeded"], true);
}

#[test]
fn a_killed_run_is_taken_up_by_the_next() {
    for boundary in ["storage-class: started", "release: started", "wait: started"] {
        let state = tempfile::tempdir().expect("a directory");
        let place = ["--sandbox", "--sandbox-dir", state.path().to_str().expect("UTF-8")];
        let bootstrap = [&["bootstrap"][..], &place].concat();
        let mut child = aktus(&bootstrap).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("aktus starts");
        let lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let reached = lines.map_while(Result::ok).any(|line| line == boundary);
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        assert!(reached, "{boundary}");
        let again = report(&bootstrap);
        assert_eq!(again["succeeded"], true, "{again:#}");
        assert_eq!(again["ready"], again["waited"]);
        report(&[&["destroy"][..], &place].concat());
    }
}

#[test]
fn an_interruption_says_what_was_done() {
    let state = tempfile::tempdir().expect("a directory");
    let arguments = ["bootstrap", "--sandbox", "--sandbox-dir", state.path().to_str().expect("UTF-8")];
    // Without GPUs the wait would last until the deadline.
    let mut child = aktus(&[&arguments[..], &["--gpu-limit", "0"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("aktus starts");
    let stderr = BufReader::new(child.stderr.take().expect("stderr"));
    let mut lines = stderr.lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "wait: started"));
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(interrupted.success());
    let rest: Vec<String> = lines.collect();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{rest:?}");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(stdout.contains("create     Namespace/aktus-ai-platform-dev"), "{stdout}");
    assert!(stdout.contains("interrupted"), "{stdout}");
}

#[test]
fn secrets_are_never_told() {
    const CANARY: &str = "canary-0b7d2f";
    let mut command = aktus(&["bootstrap", "--sandbox", "-vv"]);
    command.env("AKTUS_HUGGING_FACE_TOKEN", CANARY).env("AKTUS_OPENAI_API_KEY", CANARY);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("Hugging Face token given, OpenAI key given"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY));
}

#[test]
fn the_example_chart_renders_as_with_helm() {
    let example = root().join("fixtures/example");
    let mut cases = 0;
    for entry in fs::read_dir(example.join("values")).expect("values files") {
        let values = entry.expect("an entry").path();
        let name = values.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        for profile in ["helm4", "helm3"] {
            let path = values.to_str().expect("UTF-8");
            let ran = run(&mut aktus(&[
                "chart",
                "template",
                "aktus-ai-platform",
                "charts/aktus-platform",
                "--namespace",
                "aktus-ai-platform-dev",
                "--profile",
                profile,
                "--values",
                path,
            ]));
            let golden = |ending: &str| fs::read_to_string(example.join(format!("golden/{name}.{profile}.{ending}")));
            if let Ok(expected) = golden("yaml") {
                assert!(ran.stdout == expected, "{name} differs from {profile}\n{}", ran.stderr);
            } else {
                // Below Helm's words are our hints.
                let words = ran.stderr.split_inclusive('\n').filter(|line| !line.starts_with("hint: "));
                assert_eq!(words.collect::<String>(), golden("error").expect("a recorded error"), "{name} {profile}");
            }
            cases += 1;
        }
    }
    assert_eq!(cases, 22);
}

#[test]
fn bad_input_is_one_clear_error() {
    let work = tempfile::tempdir().expect("a directory");
    let path = |name: &str| work.path().join(name).to_str().expect("UTF-8").to_owned();
    refused(&["bootstrap"], 2, &["--kubeconfig", "--sandbox"]);
    refused(&["bootstrap", "--sandbox", "--chart", "./nowhere"], 5, &["nowhere"]);
    fs::create_dir(work.path().join("empty")).expect("a directory");
    refused(&["bootstrap", "--sandbox", "--chart", &path("empty")], 5, &["Chart.yaml"]);
    refused(&["bootstrap", "--sandbox", "--namespace", "Upper"], 2, &["Namespace", "nothing was changed"]);
    refused(&["bootstrap", "--sandbox", "--set", "a"], 2, &["--set", "has no value"]);
    refused(&["bootstrap", "--sandbox", "--values", &path("no.yaml")], 2, &["no.yaml"]);
    refused(
        &["bootstrap", "--sandbox", "--set", "aktus-database-service.serviceAccount=null"],
        5,
        &["deployment.yaml:15"],
    );
    refused(&["bootstrap", "--sandbox", "--chart-version", "9.9.9"], 1, &["9.9.9", "check the repository"]);
    refused(
        &["chart", "pull", "oci://127.0.0.1:1/a/b", "--plain-http", "127.0.0.1:1", "--timeout", "3s"],
        6,
        &["127.0.0.1:1"],
    );
    refused(&["chart", "template", "x", "oci://"], 2, &["oci://"]);
    let mut kubeconfig = fs::File::create(path("config")).expect("a file");
    let cluster = "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n\
                   contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\n";
    kubeconfig.write_all(cluster.as_bytes()).expect("written");
    refused(
        &["bootstrap", "--kubeconfig", &path("config"), "--file-system", "fs-12345678", "--timeout", "3s"],
        6,
        &["127.0.0.1:1"],
    );
    refused(&["bootstrap", "--kubeconfig", &path("config")], 2, &["--file-system"]);
}

#[test]
fn there_are_no_plugins_and_no_verification() {
    for arguments in [&["plugin", "install", "x"][..], &["chart", "plugin"], &["repo", "add", "a", "https://a"]] {
        refused(arguments, 2, &["unrecognized subcommand"]);
    }
    refused(&["chart", "template", "--verify", "charts/aktus-platform"], 2, &["--verify"]);
}

#[test]
fn rendering_asks_no_cluster() {
    let work = tempfile::tempdir().expect("a directory");
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    server.set_nonblocking(true).expect("a mode");
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
         clusters: [{{name: a, cluster: {{server: 'http://{}'}}}}]\n\
         contexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{}}}}]\n",
        server.local_addr().expect("an address")
    );
    let write = |name: &str, text: &str| fs::write(work.path().join(name), text).expect("a file");
    fs::create_dir(work.path().join("templates")).expect("a directory");
    write("config", &config);
    write("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    write("templates/x.yaml", "a: {{ lookup \"v1\" \"Secret\" \"\" \"\" | toJson }}\n");
    let ran = run(aktus(&["chart", "template", work.path().to_str().expect("UTF-8")])
        .env("KUBECONFIG", work.path().join("config"))
        .env("HOME", work.path()));
    assert_eq!(ran.stdout, "---\n# Source: c/templates/x.yaml\na: {}\n", "{}", ran.stderr);
    assert_eq!(server.accept().expect_err("nobody came").kind(), std::io::ErrorKind::WouldBlock);
}
