//! `--post-renderer`: a program that changes manifests on their way.

use std::io::Write as _;
use std::path::{Component, PathBuf};
use std::process::{Command, Stdio};

use aktus_helm::render::ADVICE;
use aktus_helm::{Rendered, post_render};

use crate::error::{CliError, Kind};

/// The program and its arguments.
#[derive(Debug)]
pub(super) struct PostRenderer {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

impl PostRenderer {
    /// As Helm 4: hooks and objects go through it together, each document marked with the file it belongs to.
    pub(super) fn files(&self, rendered: &mut Rendered) -> Result<(), CliError> {
        let failed = |error: post_render::PostRenderError| CliError::helm(error.to_string());
        let merged = post_render::merge(&rendered.files).map_err(failed)?;
        let changed = self.ask(&merged, "error while running post render on files: ")?;
        if changed.trim().is_empty() {
            return Err(CliError::helm(format!(
                "error while running post render on files: post-renderer \"{}\" produced empty output",
                self.program
            )));
        }
        rendered.files = post_render::split(&changed).map_err(failed)?;
        Ok(())
    }

    /// As Helm 3: only the objects, as one text.
    pub(super) fn manifest(&self, manifest: &str) -> Result<String, CliError> {
        self.ask(manifest, "error while running post render on files: ")
    }

    /// The program as Helm names it: whole, where it is a path.
    fn shown(&self) -> String {
        if !self.program.contains('/') {
            return self.program.clone();
        }
        let whole = std::path::absolute(&self.program).unwrap_or_else(|_| self.program.clone().into());
        let parts = whole.components().filter(|part| !matches!(part, Component::CurDir));
        parts.collect::<PathBuf>().display().to_string()
    }

    fn ask(&self, input: &str, doing: &str) -> Result<String, CliError> {
        let failed = |cause: String| CliError::helm(format!("{doing}{cause}"));
        let started = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            CliError::new(Kind::Usage, format!("the post-renderer {} does not start: {error}", self.program))
                .hint("name a program on the PATH, or the path of one")
        })?;
        let stdin = child.stdin.take();
        let ended = std::thread::scope(|scope| {
            // Written beside the reading, since neither side may wait for the other.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
            child.wait_with_output()
        });
        let ended = ended.map_err(|error| failed(error.to_string()))?;
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr);
            let code =
                ended.status.code().map_or_else(|| ended.status.to_string(), |code| format!("exit status {code}"));
            return Err(failed(format!(
                "error while running command {}. error output:\n{said}: {code}{ADVICE}",
                self.shown()
            )));
        }
        String::from_utf8(ended.stdout).map_err(|error| failed(format!("its output is not UTF-8: {error}")))
    }
}
