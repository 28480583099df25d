//! The Go side, as a process that takes orders.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::Error;

pub(crate) struct Go {
    child: Child,
    orders: ChildStdin,
    reports: BufReader<ChildStdout>,
}

/// Sums of what the Go side makes of charts and texts.
pub(crate) struct Sums {
    pub(crate) charts: Vec<String>,
    pub(crate) texts: Vec<String>,
}

impl Go {
    pub(crate) fn start(program: &Path) -> Result<Self, Error> {
        let mut command = Command::new(program);
        let mut child = command
            .arg("bench")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the oracle {}: {error}", program.display()))?;
        let (Some(orders), Some(reports)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the oracle has no pipes".into());
        };
        Ok(Self { child, orders, reports: BufReader::new(reports) })
    }

    fn ask(&mut self, order: &Value) -> Result<Value, Error> {
        writeln!(self.orders, "{order}")?;
        let mut line = String::new();
        if self.reports.read_line(&mut line)? == 0 {
            return Err("the oracle has ended".into());
        }
        Ok(serde_json::from_str(&line)?)
    }

    /// Hands charts and texts over.
    pub(crate) fn load(&mut self, charts: &[PathBuf], texts: &[String]) -> Result<Sums, Error> {
        let charts: Result<Vec<PathBuf>, _> = charts.iter().map(std::path::absolute).collect();
        let report = self.ask(&json!({"charts": charts?, "texts": texts, "check": true}))?;
        let strings = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
        };
        Ok(Sums { charts: strings(&report["charts"]), texts: strings(&report["texts"]) })
    }

    /// Forgets what does not count.
    pub(crate) fn keep(&mut self, parsed: &[bool], charts: &[bool], texts: &[bool]) -> Result<(), Error> {
        self.ask(&json!({"keep": [parsed, charts, texts]}))?;
        Ok(())
    }

    /// Works, and gives the nanoseconds it took.
    pub(crate) fn time(&mut self, what: &str) -> Result<u64, Error> {
        let report = self.ask(&json!({"time": what}))?;
        report["nanoseconds"].as_u64().ok_or_else(|| format!("the oracle has no time for {what}").into())
    }
}

impl Drop for Go {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
