//! One file per subcommand.

pub(crate) mod bootstrap;
pub(crate) mod chart;
pub(crate) mod destroy;
pub(crate) mod plan;
pub(crate) mod status;
pub(crate) mod template;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use aktus_bootstrap::Report;

use crate::error::{CliError, Kind};
use crate::ui::Ui;

/// Tells the report; a failure in it becomes the exit code.
fn conclude(ui: Ui, report: &Report) -> Result<(), CliError> {
    ui.report(report)?;
    conclude_with(ui, report)
}

/// A failure in a report that is told already becomes the exit code.
fn conclude_with(ui: Ui, report: &Report) -> Result<(), CliError> {
    match report.failure() {
        None => Ok(()),
        Some((step, failure)) if ui.json() => {
            // The report is on stdout for a program; a person may look at stderr only.
            let mut error = CliError::new(Kind::from(failure.kind), format!("step {step}: {failure}"));
            error.hints.extend(failure.next.clone());
            Err(error)
        }
        Some((_, failure)) => Err(CliError::told(Kind::from(failure.kind))),
    }
}

/// Completes when the user asks to stop.
async fn stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals there is only the deadline.
        std::future::pending::<()>().await;
    }
}

/// Writes the whole file or none of it.
fn write_whole(path: &Path, bytes: &[u8], hint: &str) -> Result<(), CliError> {
    let mut part = OsString::from(path);
    part.push(".part");
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        // What is half written is of no use to anybody.
        let _absent = fs::remove_file(&part);
        CliError::usage(format!("could not write {}: {error}", path.display())).hint(hint)
    })
}
