//! `aktus plan`: stack and bootstrap as one ordered list, as text, JSON and page; never a secret.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const CANARY: &str = "canary-77ab12";

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn aktus(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aktus"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    command.args(arguments).current_dir(root).env_clear().stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("aktus starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

#[track_caller]
fn document(arguments: &[&str]) -> Value {
    let ran = run(&mut aktus(&[&["plan"], arguments, &["--output", "json"]].concat()));
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).expect("one JSON document")
}

fn names(document: &Value, list: &str, key: &str) -> Vec<String> {
    let items = document[list].as_array().expect("a list");
    items.iter().map(|item| item[key].as_str().expect("text").to_owned()).collect()
}

/// What needs nothing outside: the example chart in its folder.
const OFFLINE: [&str; 3] = ["--offline", "--chart", "charts/aktus-platform"];

#[test]
fn one_list_in_the_order_of_creation() {
    for (mode, there, absent) in
        [("auto", "EKSAutoModeNodeRole", "EKSNodeGroup"), ("traditional", "EKSNodeGroup", "EKSAutoModeNodeRole")]
    {
        let plan = document(&[&OFFLINE[..], &["--mode", mode]].concat());
        let order = plan["order"].as_array().expect("a list");
        let names = names(&plan, "order", "name");
        let place = |name: &str| names.iter().position(|other| other == name).expect(name);
        assert!(names.iter().any(|name| name == there) && !names.iter().any(|name| name == absent));
        // Each resource after those it needs, each object after the custom resource whose function brings it.
        for (index, item) in order.iter().enumerate() {
            assert_eq!(item["number"], index + 1);
            for other in item["needs"].as_array().expect("a list") {
                assert!(place(other.as_str().expect("text")) < index, "{item}");
            }
            if item["phase"] != "stack" {
                assert!(place("EKSClusterStatus") < index, "{item}");
            }
        }
        let namespace = place("aktus-ai-platform-dev");
        assert!(namespace < place("aktus-research"));
        // The objects are those of the report.
        let name = |item: &Value| item["name"].to_string();
        let objects: Vec<_> = plan["objects"].as_array().expect("objects").iter().map(name).collect();
        let listed: Vec<_> = order.iter().filter(|item| item["phase"] != "stack").map(name).collect();
        assert_eq!(objects, listed);
        assert_eq!(plan["stack"]["parameters"]["EnableAutoMode"], (mode == "auto").to_string());
        assert_eq!(plan["planned"], true);
        assert_eq!(plan["schema"], "aktus.plan/v1");
    }
}

#[test]
fn images_permissions_and_groups() {
    let plan = document(&OFFLINE);
    let images = names(&plan, "images", "image");
    assert!(images.len() >= 10 && images.iter().any(|image| image.contains("qdrant")), "{images:?}");
    let roles = names(&plan, "permissions", "role");
    assert!(roles.contains(&"EKSConnectorLambdaRole".to_owned()), "{roles:?}");
    let groups: BTreeSet<_> = names(&plan, "order", "group").into_iter().collect();
    for group in ["Network", "Bootstrap", "platform", "redis", "aktus-research-service"] {
        assert!(groups.contains(group), "{group} is not in {groups:?}");
    }
}

#[test]
fn parameters_of_the_template_reach_the_bootstrap() {
    let plan = document(
        &[
            &OFFLINE[..],
            &["--parameter", "EnableAutoMode=false", "--parameter", "NodeInstanceType=g5.xlarge"],
            &["--parameter", "MarketplaceChartNamespace=ai"],
        ]
        .concat(),
    );
    let names = names(&plan, "order", "name");
    for name in ["EKSNodeGroup", "aktus-nvidia-device-plugin", "ai"] {
        assert!(names.iter().any(|other| other == name), "{name}");
    }
    assert!(!names.iter().any(|name| name == "gpu-nodepool"));
    let without = document(&["--offline", "--parameter", "EnableMarketplaceChart=false"]);
    assert_eq!((&without["images"], &without["release"]), (&Value::Array(Vec::new()), &Value::Null));
}

#[test]
fn without_a_stack_there_is_none() {
    let plan = document(&[&OFFLINE[..], &["--no-stack", "--file-system", "fs-12345678"]].concat());
    assert_eq!(plan["stack"], Value::Null);
    assert!(!names(&plan, "order", "phase").contains(&"stack".to_owned()));
}

#[test]
fn the_same_plan_twice_is_the_same_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = |name: &str| {
        let path = folder.path().join(name);
        let ran = run(&mut aktus(&[&["plan"], &OFFLINE[..], &["--html", path.to_str().expect("UTF-8")]].concat()));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        fs::read_to_string(path).expect("the page")
    };
    let first = page("first.html");
    assert_eq!(first, page("second.html"));
    for word in ["<!DOCTYPE html>", "EKSClusterStatus", "aktus-research", "fs-00000000 stands for"] {
        assert!(first.contains(word), "{word}");
    }
    assert!(
        !first.contains("<script") && !first.contains("http://") && !first.contains("https://"),
        "it loads nothing"
    );
}

#[test]
fn secrets_are_in_no_shape_of_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.html");
    let page = path.to_str().expect("UTF-8");
    for output in ["text", "json"] {
        let mut command = aktus(&["plan", "--sandbox", "--html", page, "--output", output, "-vv"]);
        command.args(["--parameter", &format!("OpenAIAPIKey={CANARY}")]);
        command.args(["--set", &format!("redis.auth.password={CANARY}")]);
        let ran = run(command.env("AKTUS_HUGGING_FACE_TOKEN", CANARY).env("AKTUS_OPENAI_API_KEY", CANARY));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let written = fs::read_to_string(&path).expect("the page");
        for text in [&ran.stdout, &ran.stderr, &written] {
            assert!(!text.contains(CANARY));
        }
        assert!(written.contains("given (secret)"));
        assert!(written.contains("HuggingFaceTokenSecret") && written.contains("OpenAIAPIKeySecret"));
    }
}

#[test]
fn what_cannot_be_planned_is_one_clear_error() {
    for (arguments, words) in [
        (&["--parameter", "EKSVersion=1.20"][..], "`EKSVersion`: `1.20` is not one of"),
        (&["--parameter", "EKSVersio=1.35"], "did you mean `EKSVersion`?"),
        (&["--parameter", "EKSVersion"], "write it as NAME=VALUE"),
        (&["--account", "1"], "an account id has 12 digits"),
        (&["--no-stack", "--parameter", "A=b"], "cannot be used with"),
        (&["--html", "/no/such/folder/plan.html"], "could not write /no/such/folder/plan.html"),
    ] {
        let ran = run(&mut aktus(&[&["plan"], &OFFLINE[..], arguments].concat()));
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "`{words}` is not in\n{}", ran.stderr);
    }
}
