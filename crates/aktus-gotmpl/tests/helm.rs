//! One-template cases recorded from Helm 4.2.4's engine (`helm-template-vectors.json`): sprig's and Helm's functions,
//! missing values, comparisons, printing, errors.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use aktus_gotmpl::{
    Certificate, CertificateRequest, Certificates, Context, Host, KeyKind, Map, MissingKey, Profile, Str, Templates,
    Value, helm_functions,
};
use jiff::{Timestamp, tz::TimeZone};
use support::objects::{Files, Values};
use support::{Failures, Integers, case_text, cases, to_value};

/// A host with a clock, dice, and keys that only look like ones.
struct TestHost(aktus_gotmpl::FrozenHost);

impl Host for TestHost {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn time_zone(&self) -> TimeZone {
        self.0.time_zone()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        Some(self)
    }
}

impl Certificates for TestHost {
    fn private_key(&self, _: KeyKind) -> Result<String, String> {
        Ok("-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n".to_owned())
    }

    fn authority(&self, _: &CertificateRequest<'_>) -> Result<Certificate, String> {
        Ok(Certificate { certificate: Str::default(), key: Str::default() })
    }

    fn self_signed(&self, _: &CertificateRequest<'_>) -> Result<Certificate, String> {
        Ok(Certificate { certificate: Str::default(), key: Str::default() })
    }

    fn signed(&self, _: &CertificateRequest<'_>, _: &Certificate) -> Result<Certificate, String> {
        Ok(Certificate { certificate: Str::default(), key: Str::default() })
    }

    fn check(&self, _: &[u8], _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

fn render(template: &str, values: Option<&str>) -> Result<String, String> {
    const NAME: &str = "c/templates/x.yaml";
    let mut templates = Templates::new(helm_functions(Profile::Helm4)).with_missing_key(MissingKey::Zero);
    templates.parse(NAME, template).map_err(|error| error.to_string())?;
    let values = aktus_yaml::to_serde_json(values.unwrap_or("{}").as_bytes()).unwrap();
    let values = to_value(&values, Integers::Float).as_map().unwrap();
    let files = [("a/b.txt", "hi\n"), ("c.txt", "x"), ("a/d/e.yaml", "k: v\nl: 1\n"), ("empty.txt", "")];
    let release = [("Name", Value::from("rel")), ("Namespace", Value::from("ns")), ("Revision", Value::Int(1))];
    let data = Value::map([
        ("Values", Value::object(Values(values))),
        ("Files", Value::object(Files::new(&files))),
        ("Release", Value::Map(release.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>())),
    ]);
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let host = TestHost(aktus_gotmpl::FrozenHost::new(now, 1));
    templates
        .execute(NAME, data, &mut Context::new(&host, Profile::Helm4))
        .map(|output| String::from_utf8_lossy(&output).replace("<no value>", ""))
        // The recording shows what `fail` and `required` raise without Helm's markers.
        .map_err(|error| error.to_string().replace("HELM_ERR_START", "").replace("HELM_ERR_END", ""))
}

#[test]
fn recorded_templates() {
    let mut failures = Failures::default();
    for (id, case) in cases(include_str!("fixtures/helm-template-vectors.json")).iter().enumerate() {
        let expected = match case["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(case_text(case, "output").to_owned()),
        };
        let template = case_text(case, "template");
        failures.check(id, template, &expected, &render(template, case["values_yaml"].as_str()));
    }
    failures.finish(568, &[]);
}
