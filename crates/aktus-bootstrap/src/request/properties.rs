//! A request from the properties of the custom resource, where every scalar is a string.

use std::collections::BTreeSet;
use std::time::Duration;

use aktus_helm::Values;
use serde_json::{Map, Value};

use super::{
    ChartSource, DEFAULT_CHART, DEFAULT_CHART_VERSION, DatabaseStorage, LoadBalancerScheme, Mode, OnUnreachable,
    Problem, Request, SecretSource, shown,
};

/// Every property the custom resource understands.
/// `ServiceToken` and `ServiceTimeout` are CloudFormation's; `ConfigRevision` only has to change.
const PROPERTIES: [&str; 21] = [
    "ChartUri",
    "ChartVersion",
    "ClusterName",
    "ConfigRevision",
    "DatabaseStorage",
    "EnableAutoMode",
    "EnableChart",
    "FileSystemId",
    "GpuLimit",
    "GpuNodes",
    "HuggingFaceTokenArn",
    "LeaseSeconds",
    "LoadBalancerScheme",
    "Namespace",
    "OnUnreachable",
    "OpenAIAPIKeyArn",
    "Region",
    "ReleaseName",
    "ServiceAccountRoleArn",
    "ServiceTimeout",
    "ServiceToken",
];

/// The property that carries values for the chart, as a map or as YAML text.
const VALUES: &str = "Values";

impl Request {
    /// Reads the properties of the custom resource, or of a plan.
    ///
    /// Numbers and booleans may come as strings; an absent or empty property takes its default.
    /// `ClusterName`, `Region` and `FileSystemId` are required.
    /// Errs with every problem at once: missing, misspelt and malformed properties.
    pub fn from_properties(properties: &Map<String, Value>) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { properties, problems: Vec::new() };
        reader.unknown();
        let mut request = Self::new(reader.required("FileSystemId"));
        request.cluster_name = Some(reader.required("ClusterName"));
        request.region = Some(reader.required("Region"));
        if let Some(namespace) = reader.text("Namespace") {
            request.namespace = namespace;
        }
        if let Some(release) = reader.text("ReleaseName") {
            request.release = release;
        }
        request.mode = match reader.boolean("EnableAutoMode") {
            Some(false) => Mode::Traditional,
            _ => Mode::Auto,
        };
        request.chart = match reader.boolean("EnableChart") {
            Some(false) => None,
            _ => Some(ChartSource::Registry {
                reference: reader.text("ChartUri").unwrap_or_else(|| DEFAULT_CHART.to_owned()),
                version: Some(reader.text("ChartVersion").unwrap_or_else(|| DEFAULT_CHART_VERSION.to_owned())),
            }),
        };
        let storages = [("ebs", DatabaseStorage::Ebs), ("chart", DatabaseStorage::Chart)];
        if let Some(storage) = reader.choice("DatabaseStorage", &storages) {
            request.database_storage = storage;
        }
        let schemes =
            [("internet-facing", LoadBalancerScheme::InternetFacing), ("internal", LoadBalancerScheme::Internal)];
        if let Some(scheme) = reader.choice("LoadBalancerScheme", &schemes) {
            request.load_balancer_scheme = scheme;
        }
        let policies = [("Fail", OnUnreachable::Fail), ("Abandon", OnUnreachable::Abandon)];
        if let Some(policy) = reader.choice("OnUnreachable", &policies) {
            request.on_unreachable = policy;
        }
        request.service_account_role = reader.text("ServiceAccountRoleArn");
        request.hugging_face_token = reader.secret("HuggingFaceTokenArn");
        request.openai_api_key = reader.secret("OpenAIAPIKeyArn");
        if let Some(limit) = reader.number("GpuLimit", 0..=1000) {
            request.gpu_limit = limit;
        }
        if let Some(gpu) = reader.boolean("GpuNodes") {
            request.gpu_nodes = gpu;
        }
        if let Some(seconds) = reader.number("LeaseSeconds", 1..=3600) {
            request.lease_duration = Duration::from_secs(seconds.into());
        }
        request.values = reader.values();
        let mut problems = reader.problems;
        let named: BTreeSet<_> = problems.iter().map(|problem| problem.property.clone()).collect();
        problems.extend(request.problems().into_iter().filter(|problem| !named.contains(&problem.property)));
        if problems.is_empty() { Ok(request) } else { Err(problems) }
    }
}

struct Reader<'a> {
    properties: &'a Map<String, Value>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn unknown(&mut self) {
        for name in self.properties.keys() {
            if PROPERTIES.contains(&name.as_str()) || name == VALUES {
                continue;
            }
            let mut problem = Problem::new(shown(name), "no such property");
            problem.hint = aktus_diagnostics::nearest(name, PROPERTIES.into_iter().chain([VALUES]))
                .map(|meant| format!("did you mean `{meant}`?"));
            self.problems.push(problem);
        }
    }

    fn wrong(&mut self, property: &str, message: String) {
        self.problems.push(Problem::new(property, message));
    }

    /// The property as text; empty text counts as absent, as a parameter without value does.
    fn text(&mut self, property: &str) -> Option<String> {
        match self.properties.get(property)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Number(value) => Some(value.to_string()),
            Value::Null => None,
            Value::Array(_) | Value::Object(_) => {
                self.wrong(property, "expected a string".to_owned());
                None
            }
        }
    }

    fn required(&mut self, property: &str) -> String {
        let before = self.problems.len();
        self.text(property).unwrap_or_else(|| {
            if self.problems.len() == before {
                self.wrong(property, "required, but missing or empty".to_owned());
            }
            String::new()
        })
    }

    fn boolean(&mut self, property: &str) -> Option<bool> {
        self.choice(property, &[("true", true), ("false", false)])
    }

    fn choice<T: Copy>(&mut self, property: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(property)?;
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text)).map(|(_, choice)| *choice);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
            self.wrong(property, format!("`{}` is not one of {}", shown(&text), names.join(", ")));
        }
        found
    }

    fn number(&mut self, property: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let text = self.text(property)?;
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.wrong(property, format!("`{}` is not a whole number from {least} to {most}", shown(&text)));
        }
        number
    }

    fn secret(&mut self, property: &str) -> SecretSource {
        self.text(property).map_or(SecretSource::Absent, SecretSource::Arn)
    }

    fn values(&mut self) -> Values {
        let parsed = match self.properties.get(VALUES) {
            None | Some(Value::Null) => return Values::default(),
            Some(Value::String(text)) => Values::from_yaml(text.as_bytes()).map_err(|error| error.to_string()),
            Some(value @ Value::Object(_)) => Ok(Values::from_json(value.clone())),
            Some(_) => Err("expected a map, or YAML text with a map".to_owned()),
        };
        parsed.unwrap_or_else(|message| {
            self.wrong(VALUES, message);
            Values::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn read(properties: &Value) -> Result<Request, Vec<String>> {
        let mut all = json!({"ClusterName": "c", "Region": "us-east-1", "FileSystemId": "fs-0123456789abcdef0"});
        for (name, value) in properties.as_object().unwrap() {
            all[name] = value.clone();
        }
        Request::from_properties(all.as_object().unwrap())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[track_caller]
    fn refused(properties: &Value, expected: &[&str]) {
        assert_eq!(read(properties).unwrap_err(), expected);
    }

    #[test]
    fn everything_as_strings() {
        let request = read(&json!({
            "EnableAutoMode": "false", "EnableChart": "true", "ChartVersion": "1.2.3", "GpuLimit": "8",
            "GpuNodes": "true", "DatabaseStorage": "chart", "LoadBalancerScheme": "internal", "Namespace": "ai",
            "OnUnreachable": "Abandon", "HuggingFaceTokenArn": "", "ConfigRevision": "7", "ServiceToken": "arn:x",
        }))
        .unwrap();
        assert_eq!(request.mode, Mode::Traditional);
        assert_eq!((request.gpu_limit, request.gpu_nodes), (8, true));
        assert_eq!(request.namespace, "ai");
        assert_eq!(request.database_storage, DatabaseStorage::Chart);
        assert_eq!(request.load_balancer_scheme, LoadBalancerScheme::Internal);
        assert_eq!(request.on_unreachable, OnUnreachable::Abandon);
        assert!(matches!(request.hugging_face_token, SecretSource::Absent));
        let Some(ChartSource::Registry { reference, version }) = request.chart else { panic!("no chart") };
        assert_eq!((reference.as_str(), version.as_deref()), (DEFAULT_CHART, Some("1.2.3")));
    }

    #[test]
    fn numbers_and_booleans_as_themselves() {
        let request = read(&json!({"EnableAutoMode": true, "GpuLimit": 2, "EnableChart": false})).unwrap();
        assert_eq!((request.mode, request.gpu_limit, request.chart), (Mode::Auto, 2, None));
    }

    #[test]
    fn refusals_name_the_property() {
        refused(&json!({"FileSystemId": null}), &["FileSystemId: required, but missing or empty"]);
        refused(&json!({"FileSystem": "fs-1"}), &["FileSystem: no such property (did you mean `FileSystemId`?)"]);
        refused(
            &json!({"EnableAutoMode": "maybe", "GpuLimit": "-1", "Namespace": ["a"], "Region": ""}),
            &[
                "Region: required, but missing or empty",
                "Namespace: expected a string",
                "EnableAutoMode: `maybe` is not one of `true`, `false`",
                "GpuLimit: `-1` is not a whole number from 0 to 1000",
            ],
        );
        refused(&json!({"Values": [1]}), &["Values: expected a map, or YAML text with a map"]);
    }
}
