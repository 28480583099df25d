//! The rules about what Chart.yaml lists and `charts/` has.

use super::{Linter, Severity};
use crate::chart::Chart;

pub(super) fn check(linter: &mut Linter<'_>) {
    let chart = match linter.target.load(linter.options) {
        Ok(chart) => chart,
        Err(error) => {
            linter.rule(Severity::Error, "", Err(format!("unable to load chart\n\t{error}")));
            return;
        }
    };
    let path = linter.target.shown();
    let listed: Vec<&str> =
        chart.metadata().dependencies.iter().flatten().map(|dependency| dependency.name.as_str()).collect();
    let present: Vec<&str> = chart.dependencies().iter().map(Chart::name).collect();
    let without = |wanted: &[&str], known: &[&str]| {
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| !known.contains(name)).collect();
        missing.join(",")
    };
    let say = |names: String, problem: &str| if names.is_empty() { Ok(()) } else { Err(format!("{problem}: {names}")) };
    let unlisted = say(without(&present, &listed), "chart metadata is missing these dependencies");
    // That no two dependencies share a name was checked when the chart was loaded.
    let absent = say(without(&listed, &present), "chart directory is missing these dependencies");
    linter.rule(Severity::Error, &path, unlisted);
    linter.rule(Severity::Warning, &path, absent);
}
