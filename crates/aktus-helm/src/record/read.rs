//! How is a release read from JSON, by whichever Helm it was written?
//!
//! As in Go, fields that are missing or null are empty and unknown fields are passed over; a field of another type
//! is an error.

use aktus_yaml::{Limits, SerdeBuilder, json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::chart::{Chart, StoredFile};
use super::error::RecordError;
use super::hook::{Hook, HookRun};
use super::time::{self, ZERO_TIME};
use super::{Info, Record, Status};
use crate::chart::File;
use crate::manifest::HookEvent;

/// Bounds on the JSON of a release. Secrets hold one MiB compressed; honest JSON shrinks to a third or less.
const LIMITS: Limits = Limits { bytes: super::DECOMPRESSED_LIMIT, nodes: 4_000_000, ..Limits::JSON };

pub(super) fn record(text: &[u8]) -> Result<Record, RecordError> {
    let value =
        json::read(text, &mut SerdeBuilder, &LIMITS).map_err(|error| RecordError::Json { cause: error.to_string() })?;
    let at = At::root(&value);
    at.map()?;
    Ok(Record {
        name: at.field("name").text()?,
        namespace: at.field("namespace").text()?,
        version: at.field("version").number("a revision")?,
        info: info(&at.field("info"))?,
        chart: chart(&at.field("chart"))?,
        config: at.field("config").map_or_empty()?,
        manifest: at.field("manifest").text()?,
        hooks: at.field("hooks").items()?.iter().map(hook).collect::<Result<_, _>>()?,
        apply_method: Some(at.field("apply_method").text()?).filter(|method| !method.is_empty()),
        labels: std::collections::BTreeMap::new(),
    })
}

fn info(at: &At<'_>) -> Result<Info, RecordError> {
    Ok(Info {
        first_deployed: at.field("first_deployed").time()?,
        last_deployed: at.field("last_deployed").time()?,
        deleted: Some(at.field("deleted").time()?).filter(|time| *time != ZERO_TIME),
        description: at.field("description").text()?,
        status: at.field("status").text()?.parse().unwrap_or(Status::Unknown),
        notes: at.field("notes").text()?,
    })
}

fn hook(at: &At<'_>) -> Result<Hook, RecordError> {
    let run = at.field("last_run");
    let time = |name| Ok(Some(run.field(name).time()?).filter(|time| *time != ZERO_TIME));
    Ok(Hook {
        name: at.field("name").text()?,
        kind: at.field("kind").text()?,
        path: at.field("path").text()?,
        manifest: at.field("manifest").text()?,
        events: at.field("events").texts()?.iter().filter_map(|event| HookEvent::parse(event)).collect(),
        last_run: HookRun {
            started_at: time("started_at")?,
            completed_at: time("completed_at")?,
            phase: run.field("phase").text()?.parse().ok(),
        },
        weight: at.field("weight").number("a whole number")?,
        delete_policies: at.field("delete_policies").texts()?,
        output_log_policies: at.field("output_log_policies").texts()?,
    })
}

fn chart(at: &At<'_>) -> Result<Chart, RecordError> {
    let modified = |name| Ok(Some(at.field(name).text()?).filter(|time| !time.is_empty() && time != time::ZERO_TEXT));
    let or_null = |name| -> Result<Value, RecordError> {
        let field = at.field(name);
        if field.value.is_null() { Ok(Value::Null) } else { field.map_or_empty() }
    };
    Ok(Chart {
        metadata: at.field("metadata").map_or_empty()?,
        lock: or_null("lock")?,
        templates: files(&at.field("templates"))?,
        values: or_null("values")?,
        schema: if at.field("schema").value.is_null() { None } else { Some(at.field("schema").bytes()?) },
        schema_modified: modified("schemamodtime")?,
        files: files(&at.field("files"))?,
        modified: modified("modtime")?,
    })
}

fn files(at: &At<'_>) -> Result<Vec<StoredFile>, RecordError> {
    let file = |at: &At<'_>| {
        Ok(StoredFile {
            file: File::new(at.field("name").text()?, at.field("data").bytes()?),
            modified: Some(at.field("modtime").text()?).filter(|time| !time.is_empty()),
        })
    };
    at.items()?.iter().map(file).collect()
}

/// A value and where it is.
struct At<'a> {
    path: String,
    value: &'a Value,
}

static NULL: Value = Value::Null;

impl<'a> At<'a> {
    fn root(value: &'a Value) -> Self {
        At { path: String::new(), value }
    }

    fn field(&self, name: &str) -> At<'a> {
        let separator = if self.path.is_empty() { "" } else { "." };
        At { path: format!("{}{separator}{name}", self.path), value: self.value.get(name).unwrap_or(&NULL) }
    }

    fn wrong(&self, expected: &'static str) -> RecordError {
        let field = if self.path.is_empty() { "(the whole)".to_owned() } else { self.path.clone() };
        RecordError::Field { field, expected }
    }

    fn map(&self) -> Result<(), RecordError> {
        if self.value.is_object() { Ok(()) } else { Err(self.wrong("a map")) }
    }

    fn map_or_empty(&self) -> Result<Value, RecordError> {
        match self.value {
            Value::Null => Ok(Value::Object(serde_json::Map::new())),
            Value::Object(_) => Ok(self.value.clone()),
            _ => Err(self.wrong("a map")),
        }
    }

    fn items(&self) -> Result<Vec<At<'a>>, RecordError> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => {
                let item = |(index, value)| At { path: format!("{}[{index}]", self.path), value };
                Ok(items.iter().enumerate().map(item).collect())
            }
            _ => Err(self.wrong("a list")),
        }
    }

    fn text(&self) -> Result<String, RecordError> {
        match self.value {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.clone()),
            _ => Err(self.wrong("text")),
        }
    }

    fn texts(&self) -> Result<Vec<String>, RecordError> {
        self.items()?.iter().map(At::text).collect()
    }

    fn number<N: TryFrom<i64> + Default>(&self, expected: &'static str) -> Result<N, RecordError> {
        match self.value {
            Value::Null => Ok(N::default()),
            value => value.as_i64().and_then(|number| N::try_from(number).ok()).ok_or_else(|| self.wrong(expected)),
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, RecordError> {
        STANDARD.decode(self.text()?).map_err(|_| self.wrong("base64"))
    }

    fn time(&self) -> Result<Timestamp, RecordError> {
        time::read(&self.text()?).ok_or_else(|| self.wrong("a time"))
    }
}
