//! How does Go write a release as JSON? Field by field, in the order of Helm's structs.

use std::borrow::Cow;

use aktus_gotmpl::Profile;
use aktus_yaml::json::{self, Style};
use aktus_yaml::{Shape, Target, Tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::chart::{Chart, StoredFile};
use super::error::RecordError;
use super::hook::{Hook, HookRun};
use super::time::{ZERO_TEXT, ZERO_TIME, text_of};
use super::{Info, Record};

/// The fields of `chart.Metadata`, `chart.Maintainer`, `chart.Dependency` and `chart.Lock`, in Go's order.
const METADATA: [&str; 17] = [
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER: [&str; 3] = ["name", "email", "url"];
const DEPENDENCY: [&str; 8] =
    ["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
const LOCK: [&str; 3] = ["generated", "digest", "dependencies"];

/// The JSON of a release, as `json.Marshal` writes it.
pub(super) fn json(record: &Record, profile: Profile) -> Result<String, RecordError> {
    let tree = Writer { profile }.record(record);
    json::write(Handle::Node(&tree), Style::Compact).map_err(|error| RecordError::Write { cause: error.to_string() })
}

/// A part of the JSON.
enum Node<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    /// A `[]byte`.
    Bytes(&'a [u8]),
    Value(&'a serde_json::Value),
    List(Vec<Node<'a>>),
    Fields(Vec<(&'static str, Node<'a>)>),
}

/// What the writer is shown: a node, or a value inside one.
#[derive(Clone, Copy)]
enum Handle<'a> {
    Node(&'a Node<'a>),
    Value(&'a serde_json::Value),
}

impl Tree for Handle<'_> {
    fn shape<R>(&self, _: Target, look: impl FnOnce(Shape<'_, Self>) -> R) -> R {
        let value = match *self {
            Handle::Value(value) => value,
            Handle::Node(node) => match node {
                Node::Value(value) => *value,
                Node::Null => return look(Shape::Null),
                Node::Text(text) => return look(Shape::String(text.as_bytes().into())),
                Node::Int(value) => return look(Shape::Int(*value)),
                Node::Bytes(bytes) => return look(Shape::String(STANDARD.encode(bytes).into_bytes().into())),
                Node::List(items) => return look(Shape::List(&mut items.iter().map(Handle::Node))),
                Node::Fields(fields) => {
                    let mut fields = fields.iter().map(|(name, node)| (name.as_bytes().into(), Handle::Node(node)));
                    return look(Shape::Fields(&mut fields));
                }
            },
        };
        match value {
            serde_json::Value::Null => look(Shape::Null),
            serde_json::Value::Bool(value) => look(Shape::Bool(*value)),
            serde_json::Value::String(text) => look(Shape::String(text.as_bytes().into())),
            serde_json::Value::Number(number) => look(match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Shape::Int(value),
                (None, Some(value)) => Shape::Uint(value),
                (None, None) => Shape::Float(number.as_f64().unwrap_or(f64::NAN)),
            }),
            serde_json::Value::Array(items) => look(Shape::List(&mut items.iter().map(Handle::Value))),
            serde_json::Value::Object(entries) => {
                let mut entries = entries.iter().map(|(key, value)| (key.as_bytes().into(), Handle::Value(value)));
                look(Shape::Map(&mut entries))
            }
        }
    }
}

/// The fields of one struct; empty ones are left out as `omitempty` does.
#[derive(Default)]
struct Fields<'a>(Vec<(&'static str, Node<'a>)>);

impl<'a> Fields<'a> {
    fn always(&mut self, name: &'static str, node: Node<'a>) {
        self.0.push((name, node));
    }

    fn text(&mut self, name: &'static str, text: &'a str) {
        if !text.is_empty() {
            self.always(name, Node::Text(text.into()));
        }
    }

    fn int(&mut self, name: &'static str, value: i64) {
        if value != 0 {
            self.always(name, Node::Int(value));
        }
    }

    fn texts(&mut self, name: &'static str, texts: &'a [String]) {
        if !texts.is_empty() {
            self.always(name, Node::List(texts.iter().map(|text| Node::Text(text.into())).collect()));
        }
    }

    fn end(self) -> Node<'a> {
        Node::Fields(self.0)
    }
}

#[derive(Clone, Copy)]
struct Writer {
    profile: Profile,
}

impl Writer {
    fn record(self, record: &Record) -> Node<'_> {
        let mut fields = Fields::default();
        fields.text("name", &record.name);
        fields.always("info", self.info(&record.info));
        fields.always("chart", self.chart(&record.chart));
        if record.config.as_object().is_some_and(|config| !config.is_empty()) {
            fields.always("config", Node::Value(&record.config));
        }
        fields.text("manifest", &record.manifest);
        if !record.hooks.is_empty() {
            fields.always("hooks", Node::List(record.hooks.iter().map(|hook| self.hook(hook)).collect()));
        }
        fields.int("version", i64::from(record.version));
        fields.text("namespace", &record.namespace);
        if self.profile == Profile::Helm4 {
            fields.text("apply_method", record.apply_method.as_deref().unwrap_or_default());
        }
        fields.end()
    }

    fn info(self, info: &Info) -> Node<'_> {
        let mut fields = Fields::default();
        self.time(&mut fields, "first_deployed", info.first_deployed);
        self.time(&mut fields, "last_deployed", info.last_deployed);
        self.time(&mut fields, "deleted", info.deleted.unwrap_or(ZERO_TIME));
        fields.text("description", &info.description);
        fields.text("status", info.status.as_str());
        fields.text("notes", &info.notes);
        fields.end()
    }

    fn hook(self, hook: &Hook) -> Node<'_> {
        let mut fields = Fields::default();
        fields.text("name", &hook.name);
        fields.text("kind", &hook.kind);
        fields.text("path", &hook.path);
        fields.text("manifest", &hook.manifest);
        if !hook.events.is_empty() {
            let events = hook.events.iter().map(|event| Node::Text(event.name().into())).collect();
            fields.always("events", Node::List(events));
        }
        fields.always("last_run", self.run(&hook.last_run));
        fields.int("weight", hook.weight);
        fields.texts("delete_policies", &hook.delete_policies);
        fields.texts("output_log_policies", &hook.output_log_policies);
        fields.end()
    }

    fn run(self, run: &HookRun) -> Node<'static> {
        let mut fields = Fields::default();
        self.time(&mut fields, "started_at", run.started_at.unwrap_or(ZERO_TIME));
        self.time(&mut fields, "completed_at", run.completed_at.unwrap_or(ZERO_TIME));
        let phase = run.phase.map_or("", super::HookPhase::as_str);
        fields.always("phase", Node::Text(phase.into()));
        fields.end()
    }

    /// Helm 3 writes the zero time as the empty text, Helm 4 leaves it out.
    fn time(self, fields: &mut Fields<'_>, name: &'static str, time: Timestamp) {
        match (time == ZERO_TIME, self.profile) {
            (false, _) => fields.always(name, Node::Text(text_of(time).into())),
            (true, Profile::Helm3) => fields.always(name, Node::Text("".into())),
            (true, Profile::Helm4) => {}
        }
    }

    fn chart(self, chart: &Chart) -> Node<'_> {
        let helm4 = self.profile == Profile::Helm4;
        let mut fields = Fields::default();
        fields.always("metadata", metadata(&chart.metadata));
        fields.always("lock", lock(&chart.lock));
        fields.always("templates", self.files(&chart.templates));
        fields.always("values", Node::Value(&chart.values));
        fields.always("schema", chart.schema.as_deref().map_or(Node::Null, Node::Bytes));
        if helm4 {
            let modified = chart.schema_modified.as_deref().unwrap_or(ZERO_TEXT);
            fields.always("schemamodtime", Node::Text(modified.into()));
        }
        fields.always("files", self.files(&chart.files));
        if helm4 {
            fields.text("modtime", chart.modified.as_deref().unwrap_or_default());
        }
        fields.end()
    }

    fn files(self, files: &[StoredFile]) -> Node<'_> {
        if files.is_empty() {
            // A Go slice that nothing was appended to.
            return Node::Null;
        }
        Node::List(files.iter().map(|stored| self.file(stored)).collect())
    }

    fn file(self, stored: &StoredFile) -> Node<'_> {
        let mut fields = Fields::default();
        fields.always("name", Node::Text(stored.file.name().into()));
        fields.always("data", Node::Bytes(stored.file.data()));
        if self.profile == Profile::Helm4 {
            fields.text("modtime", stored.modified.as_deref().unwrap_or_default());
        }
        fields.end()
    }
}

fn metadata(value: &serde_json::Value) -> Node<'_> {
    fields(value, &METADATA, |name, value| match name {
        "maintainers" => items(value, |value| fields(value, &MAINTAINER, |_, value| Node::Value(value))),
        "dependencies" => items(value, dependency),
        _ => Node::Value(value),
    })
}

fn dependency(value: &serde_json::Value) -> Node<'_> {
    fields(value, &DEPENDENCY, |_, value| Node::Value(value))
}

fn lock(value: &serde_json::Value) -> Node<'_> {
    fields(value, &LOCK, |name, value| match name {
        "dependencies" => items(value, dependency),
        _ => Node::Value(value),
    })
}

/// A map as a struct: the fields Go knows, in its order.
fn fields<'a>(
    value: &'a serde_json::Value,
    names: &[&'static str],
    node: impl Fn(&'static str, &'a serde_json::Value) -> Node<'a>,
) -> Node<'a> {
    let Some(map) = value.as_object() else { return Node::Null };
    let known = names.iter().filter_map(|name| Some((*name, node(name, map.get(*name)?))));
    Node::Fields(known.collect())
}

fn items<'a>(value: &'a serde_json::Value, node: impl Fn(&'a serde_json::Value) -> Node<'a>) -> Node<'a> {
    value.as_array().map_or(Node::Null, |items| Node::List(items.iter().map(node).collect()))
}
