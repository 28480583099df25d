//! Our side of the work.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use aktus_gotmpl::{Context, Map, Templates, Value, helm_functions};
use aktus_helm::{
    Chart, FrozenHost, LoadOptions, Profile, RenderError, RenderOptions, Rendered, Stage, ValueOptions, Values,
    render_in_stages, split_manifest,
};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest as _, Sha256};

use crate::go::Sums;
use crate::{Error, find};

/// What there is to work on.
pub(crate) struct Ours {
    charts: Vec<Option<Chart>>,
    /// Those of `charts` whose execution counts, too.
    same: Vec<bool>,
    texts: Vec<String>,
    documents: Vec<Value>,
    templates: Templates,
    values: Values,
    options: RenderOptions,
    host: FrozenHost,
    printed: u64,
    written: u64,
}

/// Which charts and texts count.
pub(crate) struct Keep {
    /// Those that both sides render.
    pub(crate) parsed: Vec<bool>,
    /// Those of which both sides print the same.
    pub(crate) charts: Vec<bool>,
    pub(crate) texts: Vec<bool>,
}

/// How much is worked on, in bytes.
#[derive(Default)]
pub(crate) struct Sizes {
    pub(crate) templates: u64,
    pub(crate) printed: u64,
    pub(crate) texts: u64,
    pub(crate) written: u64,
}

/// Nanoseconds of the stages of rendering all charts.
#[derive(Default)]
pub(crate) struct Stages {
    pub(crate) parse: u64,
    pub(crate) execute: u64,
}

impl Ours {
    pub(crate) fn new(charts: &[PathBuf]) -> Self {
        let mut templates = Templates::new(helm_functions(Profile::Helm4));
        for (name, text) in [
            ("read", "{{ $_ := fromYaml . }}"),
            ("write", "{{ $_ := toYaml . }}"),
            ("both", "{{ $_ := toYaml (fromYaml .) }}"),
            ("print", "{{ toYaml (fromYaml .) }}"),
            ("keep", "{{ set .in \"document\" (fromYaml .text) }}"),
        ] {
            templates.parse(name, text).expect("these are templates");
        }
        let mut ours = Self {
            charts: Vec::new(),
            same: Vec::new(),
            texts: Vec::new(),
            documents: Vec::new(),
            templates,
            values: ValueOptions::default().merge(Profile::Helm4).expect("no values are fine"),
            options: RenderOptions::default(),
            host: FrozenHost::default(),
            printed: 0,
            written: 0,
        };
        ours.options.release = aktus_helm::Release::install("release-name", "default");
        for folder in charts {
            let chart = Chart::from_path(folder, &LoadOptions::new(Profile::Helm4)).ok();
            for file in find::yaml_files(folder) {
                ours.texts.extend(fs::read_to_string(&file));
            }
            if let Some(rendered) = chart.as_ref().and_then(|chart| ours.rendered(chart, &mut |_| ()).ok()) {
                for text in rendered.files.values() {
                    let text = String::from_utf8_lossy(text);
                    ours.texts.extend(split_manifest(&text, Profile::Helm4).into_iter().map(str::to_owned));
                }
            }
            ours.charts.push(chart);
        }
        ours
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    fn rendered(&self, chart: &Chart, begin: &mut dyn FnMut(Stage)) -> Result<Rendered, RenderError> {
        render_in_stages(chart, &self.values, &self.options, &self.host, begin)
    }

    /// Compares with the sums of the Go side.
    pub(crate) fn compare(&self, theirs: &Sums) -> Keep {
        let (mut parsed, mut charts) = (Vec::new(), Vec::new());
        for (chart, theirs) in self.charts.iter().zip(&theirs.charts) {
            let rendered = chart.as_ref().and_then(|chart| self.rendered(chart, &mut |_| ()).ok());
            parsed.push(rendered.is_some() && !theirs.starts_with("error"));
            charts.push(rendered.is_some_and(|rendered| {
                let mut all = Vec::new();
                for (name, text) in &rendered.files {
                    all.extend([name.as_bytes(), b"\n", text, b"\n"].concat());
                }
                sum(&all) == *theirs
            }));
        }
        let texts = self.texts.iter().zip(&theirs.texts).map(|(text, theirs)| {
            let output = self.execute("print", Value::from(text.as_str()));
            output.is_ok_and(|output| sum(&output) == *theirs)
        });
        Keep { parsed, charts, texts: texts.collect() }
    }

    /// Forgets what does not count.
    pub(crate) fn keep(&mut self, keep: &Keep) {
        let mut marks = keep.parsed.iter();
        self.charts.retain(|_| marks.next() == Some(&true));
        let both = keep.parsed.iter().zip(&keep.charts);
        self.same = both.filter(|(parsed, _)| **parsed).map(|(_, same)| *same).collect();
        let mut marks = keep.texts.iter();
        self.texts.retain(|_| marks.next() == Some(&true));
        for text in &self.texts {
            let holder = Map::new();
            let data = Value::map([("in", Value::Map(holder.clone())), ("text", Value::from(text.as_str()))]);
            self.execute("keep", data).expect("the text was read before");
            self.documents.extend(holder.get(b"document"));
            let written = self.execute("print", Value::from(text.as_str())).expect("the text was read before");
            self.written += written.len() as u64;
        }
    }

    fn execute(&self, name: &str, data: Value) -> Result<Vec<u8>, Error> {
        Ok(self.templates.execute(name, data, &mut Context::new(&self.host, Profile::Helm4))?)
    }

    /// Renders every chart and gives the time of the stages.
    pub(crate) fn render(&mut self) -> Result<Stages, Error> {
        let mut stages = Stages::default();
        let mut printed = 0;
        for (chart, is_same) in self.charts.iter().flatten().zip(&self.same) {
            let mut marks = Vec::new();
            let rendered = self.rendered(chart, &mut |stage| marks.push((stage, now())))?;
            for pair in marks.windows(2) {
                let [(stage, begin), (_, end)] = pair else { continue };
                match stage {
                    Stage::Parse => stages.parse += end - begin,
                    Stage::Execute if *is_same => stages.execute += end - begin,
                    Stage::Values | Stage::Execute | Stage::Gather => {}
                }
            }
            if !is_same {
                continue;
            }
            printed += rendered.files.values().map(|text| text.len() as u64).sum::<u64>();
        }
        self.printed = printed;
        Ok(stages)
    }

    /// Time to read every text.
    pub(crate) fn read(&self) -> Result<u64, Error> {
        self.time("read", self.texts.iter().map(|text| Value::from(text.as_str())))
    }

    /// Time to write every document.
    pub(crate) fn write(&self) -> Result<u64, Error> {
        self.time("write", self.documents.iter().cloned())
    }

    /// Time to read and write every text.
    pub(crate) fn both(&self) -> Result<u64, Error> {
        self.time("both", self.texts.iter().map(|text| Value::from(text.as_str())))
    }

    fn time(&self, name: &str, inputs: impl Iterator<Item = Value>) -> Result<u64, Error> {
        let inputs: Vec<Value> = inputs.collect();
        let begin = now();
        for input in inputs {
            self.execute(name, input)?;
        }
        Ok(now() - begin)
    }

    pub(crate) fn sizes(&self) -> Sizes {
        let templates = self.charts.iter().flatten().map(templates).sum();
        let texts = self.texts.iter().map(|text| text.len() as u64).sum();
        Sizes { templates, printed: self.printed, texts, written: self.written }
    }
}

/// The bytes of a chart's templates, those of its parts included.
fn templates(chart: &Chart) -> u64 {
    let own: u64 = chart.templates().iter().map(|file| file.data().len() as u64).sum();
    own + chart.dependencies().iter().map(templates).sum::<u64>()
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Processor time of this process so far, in nanoseconds; there is only one thread.
fn now() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
