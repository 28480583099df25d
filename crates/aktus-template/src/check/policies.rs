//! Policy documents: who may do what, and for whom it is enough.

use super::{Findings, Subject};
use crate::eval::{ResourceGraph, Value};
use crate::model::{Place, Step};

/// Actions for which no resource can be named, with the reason.
///
/// A star at the end stands for any ending.
const WITHOUT_RESOURCE: [(&str, &str); 22] = [
    ("acm:ListCertificates", "a list of all there are"),
    ("autoscaling:Describe*", "descriptions take no resource"),
    ("cloudwatch:GetMetricData", "metrics have no ARN"),
    ("cloudwatch:ListMetrics", "metrics have no ARN"),
    ("cloudwatch:PutMetricData", "metrics have no ARN"),
    ("ec2:Describe*", "descriptions take no resource"),
    ("ecr:GetAuthorizationToken", "a token is for every registry of the caller"),
    ("ecr-public:GetAuthorizationToken", "a token is for every registry of the caller"),
    ("eks:DescribeAddonVersions", "add-ons on offer, not installed ones"),
    ("eks:DescribeClusterVersions", "versions on offer"),
    ("eks:ListClusters", "a list of all there are"),
    ("elasticloadbalancing:Describe*", "descriptions take no resource"),
    ("iam:ListAccountAliases", "the account's own"),
    ("kms:ListAliases", "a list of all there are"),
    ("logs:DescribeLogGroups", "a list of all there are"),
    ("s3:ListAllMyBuckets", "a list of all there are"),
    ("secretsmanager:GetRandomPassword", "made, not stored"),
    ("ssm:DescribeParameters", "a list of all there are"),
    ("sts:GetCallerIdentity", "everybody may ask who they are"),
    ("tag:GetResources", "resources of all kinds"),
    ("xray:PutTelemetryRecords", "traces have no ARN"),
    ("xray:PutTraceSegments", "traces have no ARN"),
];

/// Types whose policy speaks of the resource that has it, so that `*` is that one.
const OWN_POLICY: [&str; 8] = [
    "AWS::ApiGateway::RestApi",
    "AWS::EC2::VPCEndpoint",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SNS::TopicPolicy",
];

/// One statement, whatever the document was written as.
struct Statement {
    place: Place,
    kind: String,
    entries: serde_json::Map<String, serde_json::Value>,
}

impl Statement {
    fn allows(&self) -> bool {
        self.entries.get("Effect").and_then(serde_json::Value::as_str) == Some("Allow")
    }

    /// The texts under a key, which may be one or a list.
    fn texts(&self, key: &str) -> Vec<&str> {
        texts(self.entries.get(key))
    }

    fn at(&self, key: &str) -> Place {
        let mut place = self.place.clone();
        place.0.push(Step::Key(key.to_owned()));
        place
    }
}

fn texts(value: Option<&serde_json::Value>) -> Vec<&str> {
    match value {
        Some(serde_json::Value::String(text)) => vec![text],
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Every statement of every policy document; `trust` for those of `AssumeRolePolicyDocument`, or for the others.
fn statements(graph: &ResourceGraph, trust: bool) -> Vec<Statement> {
    let mut all = Vec::new();
    for (id, resource) in &graph.resources {
        for (name, value) in &resource.properties {
            if (name == "AssumeRolePolicyDocument") == trust {
                let mut place = Place::of(&["Resources", id.as_str(), "Properties", name]);
                documents(value, &mut place, &resource.kind, &mut all);
            }
        }
    }
    all
}

/// Collects the statements of the documents inside a value: maps with `Statement`, or text that is such as JSON.
fn documents(value: &Value, place: &mut Place, kind: &str, all: &mut Vec<Statement>) {
    match value {
        Value::Map(entries) if entries.contains_key("Statement") => {
            place.0.push(Step::Key("Statement".to_owned()));
            let statement = entries.get("Statement").map(|statement| statement.to_json(false));
            collect(statement.unwrap_or_default(), place, kind, all);
            place.0.pop();
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                place.0.push(Step::Key(key.clone()));
                documents(value, place, kind, all);
                place.0.pop();
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                place.0.push(Step::Index(index));
                documents(item, place, kind, all);
                place.0.pop();
            }
        }
        Value::Text(text) if text.contains("\"Statement\"") => {
            if let Ok(serde_json::Value::Object(mut document)) = serde_json::from_str(text) {
                collect(document.remove("Statement").unwrap_or_default(), place, kind, all);
            }
        }
        _ => {}
    }
}

fn collect(statement: serde_json::Value, place: &Place, kind: &str, all: &mut Vec<Statement>) {
    let (items, listed) = match statement {
        serde_json::Value::Array(items) => (items, true),
        one => (vec![one], false),
    };
    for (index, item) in items.into_iter().enumerate() {
        if let serde_json::Value::Object(entries) = item {
            let mut place = place.clone();
            if listed {
                place.0.push(Step::Index(index));
            }
            all.push(Statement { place, kind: kind.to_owned(), entries });
        }
    }
}

pub(super) fn trust_keys(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for statement in statements(graph, true) {
        let Some(serde_json::Value::Object(condition)) = statement.entries.get("Condition") else { continue };
        let keys = condition.values().filter_map(serde_json::Value::as_object).flat_map(serde_json::Map::keys);
        for key in keys {
            // The attribute of a cluster begins with its scheme; a part of it, taken out by `Fn::Split`, does not.
            let whole = key.strip_prefix("${").and_then(|rest| rest.split('}').next());
            let issuer = whole.is_some_and(|whole| whole.ends_with(".OpenIdConnectIssuerUrl") && !whole.contains(' '));
            if issuer || key.starts_with("https://") || key.starts_with("http://") {
                findings.add(
                    statement.at("Condition"),
                    format!(
                        "the condition key `{key}` begins with the scheme of the issuer, so that no token ever matches"
                    ),
                    "cut the scheme off: `!Select [1, !Split ['//', !GetAtt Cluster.OpenIdConnectIssuerUrl]]`",
                );
            }
        }
    }
}

pub(super) fn wildcard_actions(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for statement in statements(graph, false).into_iter().filter(Statement::allows) {
        // The account's own root may do everything with a key, or nobody could change the key any more.
        let own_key = statement.kind.starts_with("AWS::KMS::");
        for action in statement.texts("Action") {
            if action == "*" || action.ends_with(":*") && !own_key {
                findings.add(
                    statement.at("Action"),
                    format!("`{action}` allows everything, what AWS adds later included"),
                    "name the actions that are used",
                );
            }
        }
        if statement.entries.contains_key("NotAction") {
            findings.add(
                statement.at("NotAction"),
                "`NotAction` with `Allow` allows everything else, what AWS adds later included",
                "name the actions that are used",
            );
        }
    }
}

pub(super) fn wildcard_resources(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for statement in statements(graph, false).into_iter().filter(Statement::allows) {
        if OWN_POLICY.contains(&statement.kind.as_str()) || !statement.texts("Resource").contains(&"*") {
            continue;
        }
        let free = |action: &str| {
            WITHOUT_RESOURCE.iter().any(|(known, _)| match known.strip_suffix('*') {
                Some(start) => action.starts_with(start),
                None => action == *known,
            })
        };
        let bound: Vec<&str> = statement.texts("Action").into_iter().filter(|action| !free(action)).collect();
        if !bound.is_empty() {
            findings.add(
                statement.at("Resource"),
                format!("{} on every resource", bound.join(", ")),
                "name the resource, with `Fn::GetAtt` of its ARN or with a pattern that `Fn::Sub` makes",
            );
        }
    }
}

pub(super) fn open_principals(_: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    let all = statements(graph, true).into_iter().chain(statements(graph, false));
    // An endpoint is open to what is in its VPC, and nobody else.
    let all = all.filter(|statement| statement.allows() && statement.kind != "AWS::EC2::VPCEndpoint");
    for statement in all {
        let principal = statement.entries.get("Principal");
        let everybody = match principal {
            Some(serde_json::Value::Object(kinds)) => kinds.values().any(|who| texts(Some(who)).contains(&"*")),
            other => texts(other).contains(&"*"),
        };
        let bound = statement.entries.get("Condition").and_then(serde_json::Value::as_object);
        if everybody && bound.is_none_or(serde_json::Map::is_empty) {
            findings.add(
                statement.at("Principal"),
                "everybody in the world is allowed this",
                "name who may, or add a condition on the caller",
            );
        }
    }
}
