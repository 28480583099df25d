//! Our answers, and whether they agree with Go's.

use aktus_gotmpl::{Certificates, Host, Value};
use aktus_helm::certs::CertificateMaker;
use aktus_helm::{Chart, LoadOptions, Profile, Release, RenderOptions, SystemHost, Values, render};
use aktus_yaml::{Json, json, read_json, write_v2};

use crate::process::{Agreement, Answer, Question};

/// Answers questions with our own code.
pub(crate) struct Us {
    host: SystemHost,
    options: RenderOptions,
}

impl Us {
    pub(crate) fn new() -> Self {
        let host = SystemHost::new(jiff::Timestamp::now, fastrand::fill);
        let release = Release { name: "release-name".to_owned(), ..Release::default() };
        Self {
            host: host.with_certificates(CertificateMaker::new(jiff::Timestamp::now)),
            options: RenderOptions::new(Profile::Helm4, release),
        }
    }

    /// Our answer to a question.
    pub(crate) fn answer(&self, question: &Question) -> Answer {
        match question.operation {
            "yaml" => document(&question.text),
            _ => self.rendered(question, &self.host),
        }
    }

    /// Whether our answer would be another if pointers were: longer, shorter, or with other digits.
    pub(crate) fn depends_on_addresses(&self, question: &Question, ours: &Answer) -> bool {
        const ADDRESSES: [u64; 4] = [0x3e_bca4_ece6, 0xabc_de80, 0x7f01_2345_6780, 0xc0_0009_8720];
        let elsewhere = |address| self.rendered(question, &Elsewhere { host: &self.host, address });
        question.operation == "render"
            && elsewhere(self.host.address()) == *ours
            && ADDRESSES.into_iter().any(|address| elsewhere(address) != *ours)
    }

    fn rendered(&self, question: &Question, host: &dyn Host) -> Answer {
        let files: [(&str, &[u8]); 2] =
            [("Chart.yaml", b"apiVersion: v2\nname: c\nversion: 0.1.0\n"), ("templates/t", &question.text)];
        let chart = Chart::from_files(files, &LoadOptions::default()).map_err(|error| error.to_string())?;
        let values = Values::from_json(&*question.values);
        let rendered = render(&chart, &values, &self.options, host).map_err(|error| error.to_string())?;
        Ok(rendered.files.get("c/templates/t").cloned().unwrap_or_default())
    }
}

/// A host whose pointers are elsewhere.
struct Elsewhere<'h> {
    host: &'h SystemHost,
    address: u64,
}

impl Host for Elsewhere<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.host.now()
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        self.host.time_zone()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.host.random(buffer);
    }

    fn address(&self) -> u64 {
        self.address
    }

    fn resolve(&self, host: &str) -> String {
        self.host.resolve(host)
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        self.host.lookup(api_version, kind, namespace, name)
    }

    fn certificates(&self) -> Option<&dyn Certificates> {
        self.host.certificates()
    }
}

fn document(text: &[u8]) -> Answer {
    let value = as_floats(read_json(text).map_err(|error| error.to_string())?);
    let read = json::write(&value, json::Style::Compact).map_err(|error| format!("json: {error}"))?;
    let written = write_v2(&value).map_err(|error| format!("write: {error}"))?;
    Ok(format!("{read}\n{written}").into_bytes())
}

/// Go reads every number into an `interface{}` as a float64.
#[expect(clippy::cast_precision_loss, reason = "that is what Go does")]
fn as_floats(value: Json) -> Json {
    match value {
        Json::Int(number) => Json::Float(number as f64),
        Json::Uint(number) => Json::Float(number as f64),
        Json::List(items) => Json::List(items.into_iter().map(as_floats).collect()),
        Json::Map(entries) => Json::Map(entries.into_iter().map(|(key, value)| (key, as_floats(value))).collect()),
        other => other,
    }
}

/// Whether the answers agree as far as the question demands.
pub(crate) fn same(question: &Question, ours: &Answer, theirs: &Answer) -> bool {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => match question.agreement {
            Agreement::Exact => ours == theirs || without_addresses(ours) == without_addresses(theirs),
            Agreement::Shape(shape) => shape.same(ours, theirs),
            Agreement::Outcome => true,
        },
        (Err(ours), Err(theirs)) => ours == theirs,
        _ => false,
    }
}

/// The output with `0x` in place of addresses in memory, which Go prints for pointers.
fn without_addresses(output: &[u8]) -> Vec<u8> {
    const SHORTEST: usize = 7;
    let mut kept = Vec::with_capacity(output.len());
    let mut rest = output;
    while let Some((first, after)) = rest.split_first() {
        let digits = rest.strip_prefix(b"0x").unwrap_or_default();
        let length = digits.iter().take_while(|digit| digit.is_ascii_hexdigit()).count();
        if length >= SHORTEST {
            // Padded to the same width, a shorter address has more before or after it.
            while kept.last().is_some_and(|byte| matches!(byte, b' ' | b'0')) {
                kept.pop();
            }
            kept.extend_from_slice(b"0x");
            rest = digits.get(length..).unwrap_or_default().trim_ascii_start();
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}
