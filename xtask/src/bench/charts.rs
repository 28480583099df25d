//! `cargo xtask bench charts`: `helm template` and `aktus chart template` on the same charts.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `cargo xtask bench charts`
#[derive(Args)]
pub(super) struct Charts {
    /// A chart, or a folder in which charts lie; may be given again [default: the chart of this repository]
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// How many pairs of runs per chart; medians count
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// Use this `aktus` instead of building one
    #[arg(long, value_name = "FILE")]
    aktus: Option<PathBuf>,
}

#[cfg(not(unix))]
impl Charts {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        anyhow::bail!("what a process uses can be asked on Unix only")
    }
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::path::Path;

    use anyhow::{Context, Result, bail};

    use super::Charts;
    use crate::bench::usage::{self, Used};
    use crate::command::{cargo, root, run};
    use crate::tools::{Tool, Tools, ensure};

    /// The charts that were heavy or slow for Helm: the worst of them counts by itself.
    const HEAVY: [&str; 6] = ["argo-cd", "kyverno", "istio-discovery", "grafana-loki", "airflow", "datadog"];

    /// Medians over the pairs of one chart.
    struct Row {
        name: String,
        bytes: usize,
        helm: Used,
        ours: Used,
        processor: f64,
        memory: f64,
    }

    impl Charts {
        #[expect(clippy::print_stdout, reason = "a table for people")]
        pub(in crate::bench) fn run(&self) -> Result<()> {
            let tools = Tools::locate()?;
            ensure(&tools, &[Tool::Helm4])?;
            let helm = tools.path(Tool::Helm4)?;
            let aktus = match &self.aktus {
                Some(file) => file.clone(),
                None => build()?,
            };
            let mut charts = Vec::new();
            let own = [root().join("charts")];
            for folder in if self.folders.is_empty() { own.as_slice() } else { &self.folders } {
                find(folder, &mut charts)?;
            }
            let scratch = tempfile::tempdir()?;
            let mut rows = Vec::new();
            let mut left_out = Vec::new();
            for chart in &charts {
                match pairs(&helm, &aktus, chart, self.pairs, scratch.path())? {
                    Ok(row) => rows.push(row),
                    Err(reason) => left_out.push((chart.display().to_string(), reason)),
                }
            }
            rows.sort_by_key(|row| std::cmp::Reverse(row.helm.processor));
            println!("| chart | output | Helm CPU / wall / memory | ours | CPU | memory |");
            println!("|---|--:|--:|--:|--:|--:|");
            for row in &rows {
                println!(
                    "| {} | {} | {} | {} | {:.1}x | 1/{:.1} |",
                    row.name,
                    row.bytes,
                    show(row.helm),
                    show(row.ours),
                    row.processor,
                    row.memory
                );
            }
            for (reason, count) in count(&left_out) {
                println!("\n{count} charts do not count: {reason}.");
            }
            for (chart, _) in left_out.iter().filter(|(_, reason)| *reason == DIFFERENT) {
                println!("different: {chart}");
            }
            if rows.is_empty() {
                bail!("no chart gives the same bytes");
            }
            let mean = rows.iter().map(|row| row.processor.ln()).sum::<f64>() / float(rows.len());
            let memory = usage::median(rows.iter().map(|row| row.memory));
            println!(
                "\n{} charts: {:.1}x less CPU in the geometric mean, 1/{memory:.1} of the memory (median).",
                rows.len(),
                mean.exp()
            );
            let heavy = rows.iter().filter(|row| HEAVY.contains(&row.name.as_str()));
            if let Some(worst) = heavy.min_by(|left, right| left.processor.total_cmp(&right.processor)) {
                println!("The worst of the heavy ones: {} with {:.1}x.", worst.name, worst.processor);
            }
            Ok(())
        }
    }

    fn build() -> Result<std::path::PathBuf> {
        let mut command = cargo();
        run(command.args(["build", "--release", "--package", "aktus-cli", "--no-default-features"]))?;
        let target = cargo_metadata::MetadataCommand::new().no_deps().current_dir(root()).exec()?.target_directory;
        Ok(target.join("release").join("aktus").into())
    }

    fn find(folder: &Path, found: &mut Vec<std::path::PathBuf>) -> Result<()> {
        if folder.join("Chart.yaml").is_file() {
            found.push(folder.to_owned());
            return Ok(());
        }
        let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut entries = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        entries.sort();
        for entry in entries.iter().filter(|entry| entry.is_dir() && !entry.is_symlink()) {
            find(entry, found)?;
        }
        Ok(())
    }

    const DIFFERENT: &str = "ours prints something else";

    /// One chart, both sides in turns; the reason if it does not count.
    fn pairs(
        helm: &Path,
        aktus: &Path,
        chart: &Path,
        pairs: usize,
        scratch: &Path,
    ) -> Result<Result<Row, &'static str>> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let (helm, aktus, place) = (text(helm), text(aktus), text(chart));
        let theirs = [helm.as_str(), "template", "release-name", &place];
        let ours = [aktus.as_str(), "chart", "template", "release-name", &place];
        let outputs = [scratch.join("theirs"), scratch.join("again"), scratch.join("ours")];
        // These runs also bring the files into memory.
        let first = usage::of(&theirs, &outputs[0])?;
        if !first.success {
            return Ok(Err("Helm does not render them"));
        }
        let found = usage::of(&ours, &outputs[2])?;
        let expected = fs::read(&outputs[0])?;
        if !found.success || fs::read(&outputs[2])? != expected {
            usage::of(&theirs, &outputs[1])?;
            let random = fs::read(&outputs[1])? != expected;
            return Ok(Err(if random { "Helm prints something else every time" } else { DIFFERENT }));
        }
        let (mut helms, mut our_own) = (Vec::new(), Vec::new());
        for _ in 0..pairs {
            helms.push(usage::of(&theirs, &outputs[0])?);
            our_own.push(usage::of(&ours, &outputs[2])?);
        }
        let ratio = |part: fn(&Used) -> i64| {
            usage::median(
                helms
                    .iter()
                    .zip(&our_own)
                    .map(|(helm, ours)| usage::float(part(helm)) / usage::float(part(ours).max(1))),
            )
        };
        Ok(Ok(Row {
            name: chart.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            bytes: expected.len(),
            processor: ratio(|used| used.processor),
            memory: ratio(|used| used.memory),
            helm: usage::median_of(&helms),
            ours: usage::median_of(&our_own),
        }))
    }

    fn show(used: Used) -> String {
        let milliseconds = |time| usage::float(time) / 1000.0;
        format!(
            "{:.1} ms / {:.1} ms / {:.1} MB",
            milliseconds(used.processor),
            milliseconds(used.wall),
            usage::float(used.memory) / 1024.0
        )
    }

    fn count<'a>(left_out: &[(String, &'a str)]) -> std::collections::BTreeMap<&'a str, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for (_, reason) in left_out {
            *counts.entry(*reason).or_default() += 1;
        }
        counts
    }

    #[expect(clippy::cast_precision_loss, reason = "there are not that many charts")]
    fn float(number: usize) -> f64 {
        number as f64
    }
}
