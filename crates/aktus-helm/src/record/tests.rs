//! Records that Helm's own code wrote (`tests/fixtures/record`: Helm 4.2.4 and 3.21.4 installing the chart beside
//! them with a client that does nothing), read and written again.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::chart::LoadOptions;
use crate::values::Values;

const HELM_4: &str = include_str!("../../tests/fixtures/record/helm4.txt");
/// The same with the times of files, as Helm 4 keeps them for charts from a directory.
const HELM_4_TIMES: &str = include_str!("../../tests/fixtures/record/helm4-times.txt");
const HELM_3: &str = include_str!("../../tests/fixtures/record/helm3.txt");

fn json_of(data: &[u8]) -> String {
    let bytes = STANDARD.decode(data).unwrap();
    let mut json = String::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut json).unwrap();
    json
}

fn data_of(json: &str) -> Vec<u8> {
    STANDARD.encode(json).into_bytes()
}

#[test]
fn records_of_helm_are_written_as_helm_wrote_them() {
    for (data, profile) in [(HELM_4, Profile::Helm4), (HELM_4_TIMES, Profile::Helm4), (HELM_3, Profile::Helm3)] {
        let record = decode(data.as_bytes()).unwrap();
        let written = encode(&record, profile).unwrap();
        assert_eq!(json_of(&written), json_of(data.as_bytes()));
        assert_eq!(decode(&written).unwrap(), record);
        assert_eq!(encode(&record, profile).unwrap(), written, "the same bytes every time");
    }
}

#[test]
fn a_chart_is_stored_as_helm_stores_it() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/record/chart");
    let values = Values::from_json(json!({"replicas": 3, "x": {"y": "<&>", "n": null}, "n": 7}));
    for (data, profile) in [(HELM_4, Profile::Helm4), (HELM_3, Profile::Helm3)] {
        let stored = decode(data.as_bytes()).unwrap();
        let loaded = crate::Chart::from_directory(&directory, &LoadOptions::new(profile)).unwrap();
        let chart = Chart::of_release(&loaded, &values, profile).unwrap();
        assert_eq!(chart.metadata, stored.chart.metadata, "{profile:?}");
        assert_eq!(chart.values, stored.chart.values, "{profile:?}");
        assert_eq!(chart, stored.chart, "{profile:?}");
        assert_eq!((chart.name(), chart.version(), chart.app_version()), ("web", "1.2.3+build.1", "2.0"));

        let record = Record { chart, config: values.to_json(), ..stored.clone() };
        assert_eq!(json_of(&encode(&record, profile).unwrap()), json_of(data.as_bytes()), "{profile:?}");
    }
}

#[test]
fn what_a_record_says() {
    let record = decode(HELM_4.as_bytes()).unwrap();
    assert_eq!((record.name.as_str(), record.namespace.as_str(), record.version), ("demo", "ns", 1));
    assert_eq!(record.apply_method.as_deref(), Some("ssa"));
    assert_eq!(record.info.status, Status::Deployed);
    assert_eq!(record.info.description, "Install complete");
    assert_eq!(record.info.notes, "Thank you for <installing> demo.\n");
    assert_eq!(record.info.last_deployed, "2026-11-22T01:02:03.45Z".parse().unwrap());
    assert_eq!(record.info.deleted, None);
    assert_eq!(record.config, json!({"replicas": 3, "x": {"y": "<&>", "n": null}, "n": 7}));
    assert!(record.manifest.starts_with("---\n# Source: web/templates/cm.yaml\n"));

    let [test, job] = record.hooks.as_slice() else { panic!("{:?}", record.hooks) };
    assert_eq!((test.last_run.phase, test.last_run.started_at), (None, None));
    assert_eq!((job.name.as_str(), job.weight), ("demo-job", -5));
    assert_eq!(job.last_run.phase, Some(HookPhase::Succeeded));
    assert!(job.last_run.started_at < job.last_run.completed_at);
    assert_eq!(job.delete_policies, ["hook-succeeded", "before-hook-creation"]);
    assert_eq!(job.output_log_policies, ["hook-failed"]);
}

#[test]
fn the_same_content_whatever_became_of_it() {
    let record = decode(HELM_4.as_bytes()).unwrap();
    let with_times = decode(HELM_4_TIMES.as_bytes()).unwrap();
    assert_ne!(record, with_times);
    assert!(record.same_content(&with_times));

    let mut later = record.clone();
    later.version = 9;
    later.info.status = Status::Failed;
    later.hooks[0].delete_policies = vec!["before-hook-creation".to_owned()];
    later.hooks[1].last_run = HookRun::default();
    assert!(record.same_content(&later));

    let changes: [fn(&mut Record); 9] = [
        |record| record.manifest.push('\n'),
        |record| record.config["replicas"] = json!(4),
        |record| record.hooks[0].manifest.push('\n'),
        |record| record.hooks[0].delete_policies = vec!["hook-failed".to_owned()],
        |record| record.hooks.truncate(1),
        |record| record.chart.metadata["version"] = json!("1.2.4"),
        |record| record.chart.values["replicas"] = json!(1),
        |record| record.chart.schema = None,
        |record| record.chart.files.truncate(1),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut changed = record.clone();
        change(&mut changed);
        assert!(!record.same_content(&changed), "change {index}");
    }
}

#[test]
fn a_record_that_is_almost_empty() {
    let record = decode(&data_of("{}")).unwrap();
    assert_eq!((record.version, record.info.status, record.info.first_deployed), (0, Status::Unknown, ZERO_TIME));
    let chart4 = r#"{"metadata":{},"lock":null,"templates":null,"values":null,"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null}"#;
    let chart3 = r#"{"metadata":{},"lock":null,"templates":null,"values":null,"schema":null,"files":null}"#;
    for (profile, expected) in [
        (Profile::Helm4, format!(r#"{{"info":{{"status":"unknown"}},"chart":{chart4}}}"#)),
        (
            Profile::Helm3,
            format!(
                r#"{{"info":{{"first_deployed":"","last_deployed":"","deleted":"","status":"unknown"}},"chart":{chart3}}}"#
            ),
        ),
    ] {
        assert_eq!(json_of(&encode(&record, profile).unwrap()), expected);
    }
    let tolerant = r#"{"hooks":null,"config":null,"chart":null,"info":{"status":"odd","deleted":"","other":1},"version":3,
        "more":[]}"#;
    let record = decode(&data_of(tolerant)).unwrap();
    assert_eq!((record.version, record.info.status), (3, Status::Unknown));
}

#[test]
fn data_that_is_no_record() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = STANDARD.encode(gzip(&vec![b' '; DECOMPRESSED_LIMIT + 1]));
    let cut = STANDARD.encode(&gzip(b"{}")[..15]);
    for (data, message) in [
        ("!", "the release data is not base64"),
        ("", "the release data is not JSON: unexpected end of JSON input"),
        (STANDARD.encode("[]").as_str(), "the field (the whole) of the release data is not a map"),
        (STANDARD.encode("{").as_str(), "the release data is not JSON"),
        (STANDARD.encode(r#"{"version":"1"}"#).as_str(), "the field version of the release data is not a revision"),
        (STANDARD.encode(r#"{"version":-1}"#).as_str(), "the field version of the release data is not a revision"),
        (
            STANDARD.encode(r#"{"info":{"deleted":5}}"#).as_str(),
            "the field info.deleted of the release data is not text",
        ),
        (
            STANDARD.encode(r#"{"info":{"deleted":"x"}}"#).as_str(),
            "the field info.deleted of the release data is not a time",
        ),
        (
            STANDARD.encode(r#"{"chart":{"files":[{},{"data":"!"}]}}"#).as_str(),
            "the field chart.files[1].data of the release data is not base64",
        ),
        (&cut, "the release data cannot be decompressed"),
        (&bomb, "the release data has more than 67108864 bytes when decompressed"),
    ] {
        let error = decode(data.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    // Line ends inside are fine, as for Go.
    let wrapped: Vec<u8> = HELM_4.as_bytes().chunks(76).collect::<Vec<_>>().join(&b'\n');
    assert!(decode(&wrapped).is_ok());
}

#[test]
fn statuses() {
    for status in Status::ALL {
        assert_eq!(status.as_str().parse(), Ok(status));
        assert_eq!(status.is_pending(), status.as_str().starts_with("pending-"));
    }
    assert!("Deployed".parse::<Status>().is_err());
    assert_eq!(secret_name("web.app", 12), "sh.helm.release.v1.web.app.v12");
}
