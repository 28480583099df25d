//! The recordings: one file per repository in `fixtures/public-charts`, one case per line.
//!
//! The charts are not ours to ship, so only hashes of Helm's output are committed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::corpus::{Case, Repository};
use super::judge::Expected;
use super::program::Profile;
use crate::command::root;

/// What is recorded of a repository.
#[derive(Deserialize)]
pub(super) struct Recording {
    repository: String,
    pub(super) commit: String,
    pub(super) cases: Vec<RecordedCase>,
}

/// What is recorded of a case.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct RecordedCase {
    pub(super) chart: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    helm4: Option<Expected>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    helm3: Option<Expected>,
}

impl RecordedCase {
    pub(super) fn new(case: &Case) -> Self {
        let Case { chart, values, arguments } = case.clone();
        Self { chart, values, arguments, helm4: None, helm3: None }
    }

    pub(super) fn case(&self) -> Case {
        Case { chart: self.chart.clone(), values: self.values.clone(), arguments: self.arguments.clone() }
    }

    pub(super) fn of(&mut self, profile: Profile) -> &mut Option<Expected> {
        match profile {
            Profile::Helm4 => &mut self.helm4,
            Profile::Helm3 => &mut self.helm3,
        }
    }

    pub(super) fn expected(&self, profile: Profile) -> Option<&Expected> {
        match profile {
            Profile::Helm4 => self.helm4.as_ref(),
            Profile::Helm3 => self.helm3.as_ref(),
        }
    }
}

fn file(repository: &str) -> PathBuf {
    root().join("fixtures/public-charts").join(format!("{}.json", repository.replace('/', "+")))
}

impl Recording {
    /// What is recorded of a repository, if anything.
    pub(super) fn read(repository: &str) -> Result<Option<Self>> {
        let file = file(repository);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read(&file)?;
        Ok(Some(serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", file.display()))?))
    }

    /// Nothing yet.
    pub(super) fn of(repository: &Repository) -> Self {
        Self { repository: repository.name.clone(), commit: repository.commit.clone(), cases: Vec::new() }
    }

    /// The line of a case, made when it is not there yet.
    pub(super) fn line(&mut self, case: &Case) -> &mut RecordedCase {
        let at = self.cases.iter().position(|recorded| recorded.case() == *case).unwrap_or_else(|| {
            self.cases.push(RecordedCase::new(case));
            self.cases.len() - 1
        });
        &mut self.cases[at]
    }

    /// Writes it, cases in order.
    pub(super) fn write(&mut self) -> Result<()> {
        self.cases.sort_by_key(RecordedCase::case);
        let (repository, commit) = (serde_json::to_string(&self.repository)?, serde_json::to_string(&self.commit)?);
        let cases: Vec<String> = self.cases.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let cases = cases.join(",\n    ");
        let text = format!(
            "{{\n  \"repository\": {repository},\n  \"commit\": {commit},\n  \"cases\": [\n    {cases}\n  ]\n}}\n"
        );
        fs::write(file(&self.repository), text)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_is_complete() {
        let folder = root().join("fixtures/public-charts");
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let recording: Recording = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            assert_eq!(recording.commit.len(), 40, "{}", recording.repository);
            for case in &recording.cases {
                let both = case.expected(Profile::Helm4).is_some() && case.expected(Profile::Helm3).is_some();
                assert!(both, "{} {}", recording.repository, case.case().show());
                count += 1;
            }
        }
        assert!(count > 0, "there are recordings");
    }
}
