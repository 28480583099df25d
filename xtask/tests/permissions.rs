//! Least privilege: the template allows the bootstrap function what its code asks AWS for, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aktus_template::{Pseudo, Value, evaluate, platform};

/// Allowed, though no call in our code is named so.
const WITHOUT_A_CALL: [(&str, &str); 5] = [
    ("logs:CreateLogStream", "Lambda writes the logs in the function's name"),
    ("logs:PutLogEvents", "Lambda writes the logs in the function's name"),
    ("ecr:BatchGetImage", "the registry asks for it when the chart is pulled"),
    ("ecr:GetDownloadUrlForLayer", "the registry asks for it when the chart is pulled"),
    ("lambda:InvokeFunction", "Lambda hands the function its own failures"),
];

/// In the library, but not called by the function.
const NOT_BY_THE_FUNCTION: [(&str, &str); 1] = [("eks:ListAccessEntries", "a question of the command line")];

/// The actions in the policy of the function, with every option on.
fn allowed() -> BTreeSet<String> {
    let given = [
        ("BootstrapCodeBucket", "code"),
        ("BootstrapCodeKey", "bootstrap.zip"),
        ("HuggingFaceToken", "token"),
        ("OpenAIAPIKey", "key"),
    ];
    let given: BTreeMap<_, _> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let graph = evaluate(&platform(), &given, &Pseudo::new("ai", "eu-central-1", "111122223333")).expect("a graph");
    let policy = Value::Map(graph.resources["EKSConnectorLambdaPolicy"].properties.clone()).to_json(false);
    let statements = policy["PolicyDocument"]["Statement"].as_array().expect("statements").clone();
    let mut actions = BTreeSet::new();
    for statement in statements {
        match &statement["Action"] {
            serde_json::Value::Array(many) => {
                actions.extend(many.iter().filter_map(serde_json::Value::as_str).map(str::to_owned));
            }
            one => actions.extend(one.as_str().map(str::to_owned)),
        }
    }
    actions
}

/// `service:Action`, as calls to AWS are named in errors.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        !service.is_empty()
            && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && action.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && action.starts_with(|letter: char| letter.is_ascii_uppercase())
    })
}

/// The actions named in the sources of a crate.
fn named(folder: &Path) -> BTreeSet<String> {
    let mut actions = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            actions.extend(code.split('"').filter(|word| is_action(word)).map(str::to_owned));
        }
    }
    actions
}

#[test]
fn what_is_asked_is_allowed_and_nothing_else_is() {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut used = named(&crates.join("aktus-aws/src"));
    used.extend(named(&crates.join("aktus-lambda/src")));
    for (action, why) in NOT_BY_THE_FUNCTION {
        assert!(used.remove(action), "{action} ({why}) is named nowhere");
    }
    assert!(used.contains("eks:DescribeCluster"), "{used:?}");
    used.extend(WITHOUT_A_CALL.map(|(action, _)| action.to_owned()));
    // Who we are needs no permission.
    used.retain(|action| !action.starts_with("sts:"));
    assert_eq!(allowed(), used);
}
