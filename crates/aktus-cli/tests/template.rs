//! `aktus template`, and that the template says what the bootstrap understands.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output, Stdio};

use aktus_bootstrap::{DEFAULT_NAMESPACE, Mode, Request, SecretSource};
use aktus_template::stack::INLINE_LIMIT;
use aktus_template::{Pseudo, Value, evaluate, platform};

/// Runs `aktus template render`: exit code, stdout, stderr.
fn render(arguments: &[&str]) -> (Option<i32>, String, String) {
    template("render", arguments)
}

/// Runs a subcommand of `aktus template`: exit code, stdout, stderr.
fn template(name: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aktus"));
    command.args(["template", name]).args(arguments).env_clear().stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("aktus starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[track_caller]
fn rendered(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = render(arguments);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
    stdout
}

#[test]
fn what_is_printed_is_the_platforms_template() {
    let yaml = rendered(&[]);
    assert_eq!(yaml, platform().to_yaml());
    assert!(yaml.len() < INLINE_LIMIT);
    let json = rendered(&["--format", "json"]);
    assert!(json.len() < INLINE_LIMIT, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).expect("JSON"), platform().to_json());
    assert_eq!(rendered(&["--output", "json"]), json);
    assert_eq!(rendered(&["--output", "json", "--format", "yaml"]), yaml);
}

#[test]
fn bucket_key_and_architecture_are_filled_in() {
    let yaml = rendered(&["--bucket", "releases", "--key", "bootstrap-1.zip", "--architecture", "x86_64"]);
    for line in ["Default: releases", "Default: bootstrap-1.zip", "Architectures: [x86_64]"] {
        assert!(yaml.lines().any(|found| found.contains(line)), "{line}");
    }
}

#[test]
fn a_file_is_written_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("platform.yaml");
    let named = path.to_str().expect("UTF-8");
    assert_eq!(rendered(&["-o", named]), "");
    assert_eq!(fs::read_to_string(&path).expect("the file"), platform().to_yaml());
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing half written is left");
}

#[test]
fn what_cannot_be_done_is_one_clear_error() {
    for (arguments, words) in [
        (["--bucket", "Upper"], "3 to 63 lower-case letters"),
        (["--key", ""], "1 to 1,024 bytes"),
        (["--format", "toml"], "[possible values: yaml, json]"),
        (["-o", "/no/such/folder/platform.yaml"], "could not write /no/such/folder/platform.yaml"),
    ] {
        let (code, stdout, stderr) = render(&arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(words), "`{words}` is not in\n{stderr}");
    }
}

/// What a subcommand of `aktus template` prints.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = template(arguments[0], &arguments[1..]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
    stdout
}

#[test]
fn pictures_in_three_formats_and_two_modes() {
    for (mode, title, node_role) in
        [("auto", "Auto Mode", "EKSAutoModeNodeRole"), ("traditional", "Traditional Mode", "EKSNodeRole")]
    {
        for (format, begins) in [("svg", "<svg xmlns"), ("dot", "digraph \"Aktus"), ("mermaid", "---\ntitle: \"Aktus")]
        {
            let picture = printed(&["graph", "--format", format, "--mode", mode]);
            assert!(picture.starts_with(begins) && picture.contains(title) && picture.contains(node_role), "{picture}");
            assert_eq!(picture, printed(&["graph", "--format", format, "--mode", mode]));
        }
    }
    let set = printed(&["graph", "--format", "dot", "-p", "EnableAutoMode=false", "-p", "EnableCloudTrail=true"]);
    assert!(set.contains("Traditional Mode") && set.contains("CloudTrailBucket"));
    let cards = |picture: &str| picture.matches(" [label=").count();
    let everything = printed(&["graph", "--format", "dot", "--everything"]);
    let file = faulty();
    let other = printed(&["graph", "--format", "mermaid", "--file", file.path().to_str().expect("UTF-8")]);
    assert!(other.contains("SecretsManager") && !other.contains("Aktus"), "{other}");
    assert!(cards(&everything) > 2 * cards(&printed(&["graph", "--format", "dot"])), "{everything}");
    let (code, _, stderr) = template("graph", &["-p", "EKSVersion=1"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("is not one of") && stderr.contains("aktus template params"), "{stderr}");
}

#[test]
fn the_reference_is_printed_or_written() {
    let reference = printed(&["docs"]);
    assert_eq!(reference, aktus_template::docs::parameters(&platform()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("parameters.md");
    assert_eq!(printed(&["docs", "-o", path.to_str().expect("UTF-8")]), "");
    assert_eq!(fs::read_to_string(path).expect("the file"), reference);
}

/// The request that the Lambda reads out of the custom resource, with what only AWS knows filled in.
#[track_caller]
fn request(given: &[(&str, &str)]) -> Request {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let given: BTreeMap<_, _> =
        code.iter().chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let graph = evaluate(&platform(), &given, &Pseudo::new("ai", "eu-central-1", "111122223333")).expect("a graph");
    let properties = Value::Map(graph.resources["EKSClusterStatus"].properties.clone()).to_json(true);
    let serde_json::Value::Object(mut properties) = properties else { panic!("{properties}") };
    for value in properties.values_mut() {
        let known = match value.as_str() {
            Some("${EKSCluster}") => "aktus-platform-ai",
            Some("${EFSFileSystem}") => "fs-0123456789abcdef0",
            Some("${PlatformServiceAccountRole.Arn}") => "arn:aws:iam::111122223333:role/platform",
            Some("${HuggingFaceTokenSecret}") => "arn:aws:secretsmanager:eu-central-1:111122223333:secret:token-1",
            Some("${OpenAIAPIKeySecret}") => "arn:aws:secretsmanager:eu-central-1:111122223333:secret:key-1",
            _ => continue,
        };
        *value = known.into();
    }
    Request::from_properties(&properties).expect("a request")
}

#[test]
fn the_bootstrap_understands_every_custom_resource() {
    let auto = request(&[]);
    assert_eq!((auto.mode, auto.namespace.as_str()), (Mode::Auto, DEFAULT_NAMESPACE));
    assert_eq!(auto.cluster_name.as_deref(), Some("aktus-platform-ai"));
    assert!(auto.chart.is_some() && !auto.gpu_nodes);
    assert!(matches!(auto.hugging_face_token, SecretSource::Absent));
    let defaults = Request::new("fs-0123456789abcdef0");
    assert_eq!(auto.database_storage, defaults.database_storage);
    assert_eq!(auto.load_balancer_scheme, defaults.load_balancer_scheme);

    let other = request(&[
        ("EnableAutoMode", "false"),
        ("NodeInstanceType", "g5.xlarge"),
        ("EnableMarketplaceChart", "false"),
        ("MarketplaceChartNamespace", "ai"),
        ("HuggingFaceToken", "token"),
        ("OpenAIAPIKey", "key"),
        ("DatabaseStorage", "chart"),
        ("LoadBalancerScheme", "internal"),
    ]);
    assert_eq!((other.mode, other.namespace.as_str()), (Mode::Traditional, "ai"));
    assert!(other.chart.is_none() && other.gpu_nodes);
    for key in [other.hugging_face_token, other.openai_api_key] {
        assert!(matches!(key, SecretSource::Arn(arn) if arn.starts_with("arn:aws:secretsmanager:")));
    }
    assert_ne!(other.database_storage, defaults.database_storage);
    assert_ne!(other.load_balancer_scheme, defaults.load_balancer_scheme);
}

/// A template with a fault, in a file.
fn faulty() -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    let text = "Parameters:\n  Admins: {Type: CommaDelimitedList, Default: 'a,b'}\n  Key: {Type: String, NoEcho: true, Default: ''}\n\
                Resources:\n  A:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n      Name: !Select [1, !Ref Admins]\n      SecretString: !Ref Key\n";
    fs::write(file.path(), text).expect("the file");
    file
}

#[test]
fn parameters_are_listed_by_group() {
    let (code, text, stderr) = template("params", &[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(text.starts_with("Network\n  VpcCIDR  String, default 10.0.0.0/16\n"), "{text}");
    assert!(text.contains("  HuggingFaceToken  String, masked, default empty\n"), "{text}");
    let (_, json, _) = template("params", &["--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["parameters"].as_array().expect("a list").len(), platform().parameters.len());
    assert_eq!(json["parameters"][0]["group"], "Network");
}

#[test]
fn what_is_created_is_shown_in_order_and_without_secrets() {
    let given = ["-p", "EnableAutoMode=false", "-p", "OpenAIAPIKey=not-to-be-seen", "--region", "eu-west-1"];
    let (code, text, stderr) = template("evaluate", &given);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(text.contains("  EKSNodeGroup (AWS::EKS::Nodegroup)\n") && !text.contains("not-to-be-seen"), "{text}");
    let place = |name: &str| text.find(&format!("  {name} (")).unwrap_or_else(|| panic!("no {name} in {text}"));
    assert!(place("VPC") < place("EKSCluster") && place("EKSCluster") < place("EKSClusterStatus"));
    let (_, json, _) = template("evaluate", &[&given[..], &["--output", "json"]].concat());
    assert!(!json.contains("not-to-be-seen"), "{json}");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["conditions"]["AutoModeEnabled"], false);
    assert_eq!(json["deletionOrder"][0], "EKSClusterStatus");
    let (code, _, stderr) = template("evaluate", &["-p", "EKSVersion=1.2"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("parameter `EKSVersion`: `1.2` is not one of") && stderr.contains("template params"),
        "{stderr}"
    );
}

#[test]
fn faults_are_told_with_file_line_and_fix() {
    let (code, text, _) = template("check", &["--today", "2026-11-22"]);
    assert_eq!((code, text.as_str()), (Some(0), "platform.yaml: 0 errors, 0 warnings\n"));
    let file = faulty();
    let path = file.path().to_str().expect("UTF-8");
    let (code, text, stderr) = template("check", &["--file", path, "--today", "2026-11-22"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""));
    let expected =
        format!("{path}:8:13: error: `Fn::Select` asks for item 1 of a list of 1 (select-out-of-range), with Admins=");
    assert!(text.starts_with(&expected) && text.contains("\n  pad the list"), "{text}");
    let (code, text, _) = template("check", &["--file", path, "-p", "Admins=a,b,c", "--output", "json"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, _, _) = template("check", &["--file", path, "--allow", "select-out-of-range"]);
    assert_eq!(code, Some(0));
    let (code, _, stderr) = template("check", &["--allow", "select-out-of-rang"]);
    assert!(code == Some(2) && stderr.contains("did you mean select-out-of-range?"), "{stderr}");
    let (_, rules, _) = template("check", &["--rules"]);
    assert_eq!(rules.lines().count(), aktus_template::RULES.len());
}

#[test]
fn differences_are_told_in_sentences() {
    assert_eq!(template("diff", &[]), (Some(0), "nothing changes\n".to_owned(), String::new()));
    let (code, text, _) = template("diff", &["--to", "EKSVersion=1.36"]);
    assert_eq!(code, Some(3));
    assert_eq!(text, "`EKSCluster` (AWS::EKS::Cluster) is changed in place: Version\n    Version: 1.35 → 1.36\n");
    let file = faulty();
    let path = file.path().to_str().expect("UTF-8");
    let (code, text, _) = template("diff", &["--file", path, "--from", "Key=seen-by-nobody", "--to", "Key=nor-this"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("SecretString") && !text.contains("nobody") && !text.contains("nor-this"), "{text}");
    let (_, json, _) = template("diff", &["--old-file", path, "--output", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["resources"][0]["effect"], "added");
}

#[test]
fn any_template_is_rendered_in_our_layout() {
    let file = faulty();
    let path = file.path().to_str().expect("UTF-8");
    let yaml = rendered(&["--file", path]);
    assert!(yaml.contains("    Properties: {Name: !Select [1, !Ref Admins], SecretString: !Ref Key}\n"), "{yaml}");
    fs::write(file.path(), "Resources:\n  A: {Type: T, Properties: {X: !Reff y}}\n").expect("the file");
    let (code, _, stderr) = render(&["--file", path]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains(&format!("{path}:2:32: error: CloudFormation has no function `!Reff`\n  did you mean `!Ref`?")),
        "{stderr}"
    );
}
