//! The report for people.

use std::io::{self, Write};
use std::time::Duration;

use aktus_bootstrap::{ObjectReport, Report};

use super::printable;

/// A duration as people say it: `0.4 s`, `12.0 s`, `3 min 05 s`.
pub(super) fn seconds(duration: Duration) -> String {
    let all = duration.as_secs();
    if all < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {:02} s", all / 60, all % 60)
}

/// Writes the report: steps, objects, release, addresses, warnings, the end.
pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    steps(out, report)?;
    if !report.objects.is_empty() {
        writeln!(out)?;
        let width = report.objects.iter().map(|object| object.title().chars().count()).max().unwrap_or(0);
        for object in &report.objects {
            let line = format!("{:<10} {:<width$}  {}", object.change, object.title(), state(object));
            writeln!(out, "{}", printable(line.trim_end()))?;
        }
    }
    writeln!(out)?;
    rest(out, report)
}

/// How each step ended.
pub(crate) fn steps(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for step in &report.steps {
        let summary = printable(&step.outcome.summary());
        let mut lines = summary.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{:<14} {:<9} {:>9}  {first}", step.step, step.outcome.name(), seconds(step.took))?;
        for line in lines {
            writeln!(out, "{:36}{line}", "")?;
        }
    }
    Ok(())
}

/// Release, addresses, warnings, the end.
pub(crate) fn rest(out: &mut impl Write, report: &Report) -> io::Result<()> {
    if let Some(release) = &report.release {
        let digest = release.digest.as_ref().map_or_else(String::new, |digest| format!(", {digest}"));
        writeln!(
            out,
            "release {} in {}: revision {}, {}, chart {}{digest}",
            release.name, release.namespace, release.revision, release.status, release.chart
        )?;
    }
    for endpoint in &report.endpoints {
        match &endpoint.url {
            Some(url) => writeln!(out, "endpoint {}: {url}", endpoint.service)?,
            None => writeln!(out, "endpoint {}: no address yet", endpoint.service)?,
        }
    }
    for warning in &report.warnings {
        writeln!(out, "warning: {}", printable(warning))?;
    }
    let took = seconds(report.took);
    let (ready, waited) = report.ready();
    let (objects, changed) = (report.objects.len(), report.changed());
    match report.failure() {
        Some((step, failure)) => {
            writeln!(out, "failed in step {step} after {took}: {}", printable(&failure.to_string()))?;
            if let Some(next) = &failure.next {
                writeln!(out, "next: {}", printable(next))?;
            }
        }
        None if report.planned => writeln!(out, "plan: {changed} of {objects} objects would be written")?,
        None => writeln!(out, "done in {took}: {ready} of {waited} ready, {changed} of {objects} objects written")?,
    }
    Ok(())
}

/// Whether it is ready, and what was changed.
fn state(object: &ObjectReport) -> String {
    let ready = match &object.ready {
        None => String::new(),
        Some(Ok(())) => "ready".to_owned(),
        Some(Err(reason)) => format!("not ready: {reason}"),
    };
    match (ready.is_empty(), object.detail.is_empty()) {
        (_, true) => ready,
        (true, false) => format!("({})", object.detail),
        (false, false) => format!("{ready} ({})", object.detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let shown = |millis| seconds(Duration::from_millis(millis));
        assert_eq!(shown(0), "0.0 s");
        assert_eq!(shown(1_249), "1.2 s");
        assert_eq!(shown(59_900), "59.9 s");
        assert_eq!(shown(185_000), "3 min 05 s");
    }
}
