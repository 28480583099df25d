//! `aktus chart template`

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use aktus_helm::manifest::{OutputFile, Part, output_beside_files};
use aktus_helm::{
    Chart, File, LoadOptions, ManifestError, Manifests, Origin, OutputOptions, Profile, RenderOptions, Rendered,
    SystemHost, Values, evaluate, render,
};
use clap::Args;

use super::arguments::{ReleaseArguments, SourceArguments};
use super::dependency::update_if_missing;
use super::post_renderer::PostRenderer;
use super::trace::Trace;
use crate::cli::ValuesArguments;
use crate::error::CliError;
use crate::request::{UserValues, user_values};
use crate::ui::Ui;

/// Render a chart and print what Helm would print
///
/// The output equals that of `helm template` of Helm 4.2.4, or of 3.21.4 with `--profile helm3`, byte for byte.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "they are Helm's flags")]
pub(crate) struct Template {
    /// The name of the release, or the chart if nothing follows
    name: String,

    /// The chart: a directory, a `.tgz`, or `oci://host/repository`
    chart: Option<String>,

    #[command(flatten)]
    source: SourceArguments,

    #[command(flatten)]
    values: ValuesArguments,

    #[command(flatten)]
    release: ReleaseArguments,

    /// The name of the release as a template, such as `web-{{ randAlpha 4 | lower }}`
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,

    /// Only print manifests rendered from these templates
    #[arg(short = 's', long, value_name = "TEMPLATE")]
    show_only: Vec<String>,

    /// Print the definitions of `crds/`, too
    #[arg(long)]
    include_crds: bool,

    /// Leave tests out
    #[arg(long)]
    skip_tests: bool,

    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,

    /// Print a remark instead of each Secret
    #[arg(long)]
    hide_secret: bool,

    /// Write a file for each template into this directory instead of printing
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Put a folder named as the release between --output-dir and the files
    #[arg(long)]
    release_name: bool,

    /// Hand the manifests to this program and go on with what it prints
    #[arg(long, value_name = "PROGRAM")]
    post_renderer: Option<String>,

    /// An argument for the program of --post-renderer
    #[arg(long, value_name = "ARGUMENT", requires = "post_renderer", allow_hyphen_values = true)]
    post_renderer_args: Vec<String>,

    /// Fetch what Chart.yaml lists and `charts/` lacks, into the chart's directory
    #[arg(long)]
    dependency_update: bool,

    /// Have a cluster check the manifests; refused, since this command asks no cluster
    #[arg(long)]
    validate: bool,

    /// Say on stderr which line of which template made each line of the output
    #[arg(long, conflicts_with_all = ["output_dir", "post_renderer"])]
    trace: bool,
}

impl Template {
    pub(crate) async fn run(self) -> Result<(), CliError> {
        if self.validate {
            return Err(CliError::usage(
                "--validate has a cluster check the manifests, and this command asks no cluster",
            )
            .hint("leave it out to render, or see what a cluster would do with `aktus plan --chart CHART`"));
        }
        let (name, reference) = self.name_and_chart()?;
        let profile = self.source.profile();
        let values = user_values(&self.values, profile)?;
        let mut chart = self.source.load(&reference).await?;
        if self.dependency_update && !chart.missing_dependencies().is_empty() {
            update_if_missing(Path::new(&reference), &self.source).await?;
            chart = self.source.load(&reference).await?;
        }
        self.release.warn_of_numbers(Some(&chart), &self.values);
        let mut options = self.release.options(name, &self.source)?;
        options.trace = self.trace;
        let (host, uncovered) = self.release.host();
        let job = Job {
            chart,
            values,
            options,
            host,
            output: OutputOptions {
                show_only: self.show_only,
                include_crds: self.include_crds,
                skip_tests: self.skip_tests,
                no_hooks: self.no_hooks,
                hide_secret: self.hide_secret,
            },
            output_dir: self.output_dir,
            release_name: self.release_name,
            post_renderer: self
                .post_renderer
                .map(|program| PostRenderer { program, arguments: self.post_renderer_args }),
        };
        let made = job.run()?;
        uncovered.tell();
        match &made {
            Made::Text(text) => Ui::data(text.as_bytes())?,
            Made::Manifests(manifests) => Ui::pieces(&manifests.template_pieces(&job.output))?,
        }
        // The process ends, and takes the memory back in one go.
        std::mem::forget((job, made));
        Ok(())
    }

    /// Helm's `NameAndChart`.
    fn name_and_chart(&self) -> Result<(String, String), CliError> {
        match (&self.chart, &self.name_template) {
            (Some(_), Some(_)) => {
                Err(CliError { helm: true, ..CliError::usage("cannot set --name-template and also specify a name") })
            }
            (Some(chart), None) => Ok((self.name.clone(), chart.clone())),
            (None, None) => Ok(("release-name".to_owned(), self.name.clone())),
            (None, Some(template)) => Ok((self.name_of(template)?, self.name.clone())),
        }
    }

    fn name_of(&self, template: &str) -> Result<String, CliError> {
        let files = [("Chart.yaml", "apiVersion: v2\nname: name\nversion: 1.0.0")];
        let refuse = |error: &dyn std::fmt::Display| CliError::usage(format!("--name-template: {error}"));
        let nothing = Chart::from_files(files, &LoadOptions::default()).map_err(|error| refuse(&error))?;
        let text = File::new("name-template", template.as_bytes());
        let (host, _) = self.release.host();
        let options = RenderOptions::default();
        let name = evaluate(&nothing, &text, &Values::empty(), &options, &host).map_err(|error| refuse(&error))?;
        String::from_utf8(name).map_err(|error| refuse(&error))
    }
}

/// What there is to print.
enum Made {
    Text(String),
    /// The manifests, as they are.
    Manifests(Manifests),
}

/// Everything that rendering and writing needs, away from the runtime.
struct Job {
    chart: Chart,
    values: UserValues,
    options: RenderOptions,
    host: SystemHost,
    output: OutputOptions,
    output_dir: Option<PathBuf>,
    release_name: bool,
    post_renderer: Option<PostRenderer>,
}

impl Job {
    fn run(&self) -> Result<Made, CliError> {
        // The texts are Helm's, as its command line prints them.
        let mut rendered = render(&self.chart, &self.values.merged, &self.options, &self.host).map_err(|error| {
            let told = CliError::helm(error.template_text());
            self.values.explain(told, &error, &self.chart, &self.options)
        })?;
        let profile = self.options.profile;
        if let Some(renderer) = &self.post_renderer
            && profile == Profile::Helm4
        {
            renderer.files(&mut rendered)?;
        }
        let trace = self.options.trace.then(|| Trace::new(&rendered, profile));
        let manifests = self.manifests(rendered)?;
        let is_whole = self.output.show_only.is_empty() && self.output_dir.is_none();
        if is_whole && self.post_renderer.is_none() && trace.is_none() {
            return Ok(Made::Manifests(manifests));
        }
        let mut manifest = match self.output_dir {
            Some(_) => String::new(),
            None => manifests.manifest(&self.output),
        };
        if let Some(folder) = &self.output_dir {
            self.write(folder, &manifests)?;
        }
        if let Some(renderer) = &self.post_renderer
            && profile == Profile::Helm3
        {
            manifest = renderer.manifest(&manifest)?;
        }
        let text = match &self.output_dir {
            Some(_) if manifest.is_empty() => output_beside_files(&self.output, profile),
            _ => manifests.template_output_of(&manifest, &self.output),
        };
        let text = text.map_err(|error| CliError::helm(error.to_string()))?;
        if let Some(trace) = trace {
            Ui::status(trace.tell(&text).trim_end());
        }
        Ok(Made::Text(text))
    }

    fn manifests(&self, rendered: Rendered) -> Result<Manifests, CliError> {
        rendered.into_manifests().map_err(|error| {
            let told = CliError::helm(error.template_text());
            match self.made_by(&error) {
                Some(origin) => told.hint(format!("that line was made by {}:{}", origin.file, origin.line)),
                None => told,
            }
        })
    }

    /// The template line that made the place of an error: found by rendering once more, with a trace. Nothing if that
    /// makes something else, as with random strings, or if a post-renderer made it.
    fn made_by(&self, error: &ManifestError) -> Option<Origin> {
        let start = error.cause.as_ref()?.range().start;
        let line = error.document.get(..start)?.matches('\n').count();
        let options = RenderOptions { trace: true, ..self.options.clone() };
        let rendered = render(&self.chart, &self.values.merged, &options, &self.host).ok()?;
        Trace::new(&rendered, options.profile).origin(&error.source_file, &error.document, line)
    }

    /// Writes the files of `--output-dir` and says so, as Helm does.
    fn write(&self, folder: &Path, manifests: &Manifests) -> Result<(), CliError> {
        let named = folder.join(&self.options.release.name);
        let mut written = Vec::new();
        for file in manifests.output_files(&self.output) {
            let folder = if self.release_name && file.part != Part::Crd { &named } else { folder };
            let shown = append(folder, &file, &mut written)
                .map_err(|error| CliError::usage(format!("could not write {}: {error}", file.path)))?;
            Ui::data(format!("wrote {shown}\n").as_bytes())?;
        }
        Ok(())
    }
}

/// Writes a block to its file, after what this run has written there already; hooks go after what was there before,
/// too, as in Helm.
fn append(folder: &Path, file: &OutputFile, written: &mut Vec<String>) -> io::Result<String> {
    use std::io::Write as _;

    let inside = Path::new(&file.path).components().all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return Err(io::Error::other("the path leads out of the output directory"));
    }
    let shown = format!("{}/{}", folder.display(), file.path);
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let append = written.contains(&shown) && file.part != Part::Crd || file.part == Part::Hook && path.exists();
    let mut options = fs::OpenOptions::new();
    let mut target = if append { options.append(true).open(&path)? } else { fs::File::create(&path)? };
    target.write_all(file.text.as_bytes())?;
    written.push(shown.clone());
    Ok(shown)
}
