//! `cargo xtask conformance DIR`: does our engine make of the world's charts what Helm makes of them?
//!
//! Every chart under `DIR`, with its default values and its values files, in both profiles. What Helm printed is kept
//! in the cache, by Helm, chart and values. A case that Helm does not print the same twice is compared without the
//! lines that differ between four runs. `--record` writes hashes of Helm's outputs into this repository, `--recorded`
//! compares with those and needs no Helm.

mod compare;
mod corpus;
mod judge;
mod mutate;
mod program;
mod recorded;
mod table;
mod vendor;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::tools::{Tools, ensure, hex};

use corpus::{Case, Repository};
use judge::{Expected, Judgement, Verdict};
use program::{Helm, Ours, Place, Profile};
use recorded::Recording;
use table::Table;

/// Arguments of `cargo xtask conformance`
#[derive(Args)]
pub(crate) struct Conformance {
    /// Where the charts lie: repositories as OWNER/NAME (checkouts or bare), one repository, or any folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only like this Helm [default: both]
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// Only cases whose `repository chart values` contains this text; may be given again, all must be there
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// How many cases at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write down what Helm makes of each case
    #[arg(long, conflicts_with_all = ["recorded", "mutate"])]
    record: bool,
    /// Compare with what was written down; needs no Helm
    #[arg(long, conflicts_with = "mutate")]
    recorded: bool,
    /// Change the values of charts at random, in this many cases, instead of taking their values files
    #[arg(long, value_name = "CASES")]
    mutate: Option<usize>,
    /// Where the random changes begin; the same seed makes the same cases
    #[arg(long, default_value_t = 1, requires = "mutate")]
    seed: u64,
    /// Write both outputs of every difference into this folder
    #[arg(long, value_name = "DIR")]
    differences: Option<PathBuf>,
}

/// A case to run, and what to compare it with.
struct Job<'a> {
    repository: &'a Repository,
    case: Case,
    profile: Profile,
    recorded: Option<Expected>,
    /// A values file with random changes.
    over: Option<PathBuf>,
}

impl Job<'_> {
    fn show(&self) -> String {
        let over = self.over.as_ref().map_or_else(String::new, |path| format!(" changed by {}", path.display()));
        self.case.show() + &over
    }
}

/// What came of a job.
struct Answer {
    verdict: Verdict,
    expected: Option<Expected>,
    /// Whether random changes of the values changed Helm's output.
    changed: bool,
}

impl Conformance {
    pub(crate) fn run(&self) -> Result<()> {
        let tools = Tools::locate()?;
        let cache = tools.sibling("conformance");
        let repositories = corpus::find(&self.folder, &cache)?;
        let profiles = self.profile.map_or_else(|| vec![Profile::Helm4, Profile::Helm3], |profile| vec![profile]);
        let mut helms = Vec::new();
        if !self.recorded {
            ensure(&tools, &profiles.iter().map(|profile| profile.tool()).collect::<Vec<_>>())?;
            for profile in &profiles {
                helms.push(Helm::new(*profile, &tools, &cache)?);
            }
        }
        let ours = Ours::build()?;
        let mut jobs = Vec::new();
        for repository in &repositories {
            jobs.extend(self.jobs_of(repository, &profiles)?);
        }
        if let Some(count) = self.mutate {
            jobs = mutate::jobs(jobs, count, self.seed, &helms, &cache)?;
        }
        if jobs.is_empty() {
            bail!("no chart under {} is a case of this run", self.folder.display());
        }
        let answers = self.answer(&jobs, &helms, &ours);
        if self.record {
            let all = self.only.is_empty() && self.profile.is_none();
            record(&jobs, &answers, all)?;
        }
        let mut table = Table::default();
        for (job, answer) in jobs.iter().zip(&answers) {
            table.add(&job.repository.name, &job.case.chart, job.profile.name(), answer);
            if let Verdict::Different(difference) | Verdict::Refused(difference) = &answer.verdict {
                eprintln!("{} {} ({})\n      {difference}", job.repository.name, job.show(), job.profile.name());
            }
        }
        eprintln!("{}", table.text(self.mutate.is_some()));
        match table.different() {
            0 => Ok(()),
            count => bail!("{count} of {} cases differ", jobs.len()),
        }
    }

    fn jobs_of<'a>(&self, repository: &'a Repository, profiles: &[Profile]) -> Result<Vec<Job<'a>>> {
        let recording = Recording::read(&repository.name)?;
        let mut cases: BTreeSet<Case> = repository.cases().into_iter().collect();
        if self.recorded {
            let Some(recording) = &recording else { return Ok(Vec::new()) };
            if recording.commit != repository.commit {
                bail!(
                    "{} is at {}, recorded is {}: check that commit out",
                    repository.name,
                    repository.commit,
                    recording.commit
                );
            }
            cases.clear();
        }
        // Cases with flags are only in the recordings.
        cases.extend(recording.iter().flat_map(|recording| recording.cases.iter().map(recorded::RecordedCase::case)));
        cases.retain(|case| repository.chart(case).is_some());
        let wanted = |case: &Case| {
            let text = format!("{} {}", repository.name, case.show());
            self.only.iter().all(|only| text.contains(only))
        };
        let mut jobs = Vec::new();
        for case in cases.into_iter().filter(wanted) {
            for &profile in profiles {
                let line = recording.iter().flat_map(|recording| &recording.cases).find(|line| line.case() == case);
                let recorded = line.and_then(|line| line.expected(profile)).cloned();
                jobs.push(Job { repository, case: case.clone(), profile, recorded, over: None });
            }
        }
        Ok(jobs)
    }

    /// Runs the jobs, a few at a time; their answers are in the same order.
    fn answer(&self, jobs: &[Job<'_>], helms: &[Helm], ours: &Ours) -> Vec<Answer> {
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<(usize, Answer)>> = Mutex::default();
        thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(number) else { break };
                        if number.is_multiple_of(100) {
                            eprintln!("{number} of {}", jobs.len());
                        }
                        // One case that cannot be had must not end the run.
                        let answer = self.answer_one(job, helms, ours).unwrap_or_else(|error| Answer {
                            verdict: Verdict::Different(format!("not compared: {error:#}")),
                            expected: None,
                            changed: false,
                        });
                        answers.lock().unwrap_or_else(PoisonError::into_inner).push((number, answer));
                    }
                });
            }
        });
        let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn answer_one(&self, job: &Job<'_>, helms: &[Helm], ours: &Ours) -> Result<Answer> {
        let chart = job.repository.chart(&job.case).context("the chart is not there")?;
        let place = Place { repository: job.repository, chart, case: &job.case, over: job.over.clone() };
        if self.recorded {
            let Some(expected) = &job.recorded else { bail!("nothing is recorded: run with --record") };
            let verdict = judge::recorded(&place, job.profile, expected, ours)?;
            return Ok(Answer { verdict, expected: None, changed: false });
        }
        let helm = helms.iter().find(|helm| helm.profile == job.profile).context("no such Helm")?;
        let judgement = judge::live(&place, helm, ours)?;
        if matches!(judgement.verdict, Verdict::Different(_)) {
            self.write_difference(job, &judgement)?;
        }
        let expected = if self.record { Some(judge::to_record(&judgement, &place, job.profile, ours)?) } else { None };
        let changed = job.over.is_some() && {
            let base = judge::live(&Place { over: None, ..place }, helm, ours)?;
            compare::essence(&base.helm, &base.mask, "\0") != compare::essence(&judgement.helm, &base.mask, "\0")
        };
        Ok(Answer { verdict: judgement.verdict, expected, changed })
    }

    fn write_difference(&self, job: &Job<'_>, judgement: &Judgement) -> Result<()> {
        let Some(folder) = &self.differences else { return Ok(()) };
        let over = job.over.as_ref().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy();
        let name = file_name(&format!("{} {} {over}", job.repository.name, job.case.show()));
        let folder = folder.join(job.profile.name());
        fs::create_dir_all(&folder)?;
        for (end, outcome) in [("helm", &judgement.helm), ("ours", &judgement.ours)] {
            fs::write(folder.join(format!("{name}.{end}")), &outcome.text)?;
        }
        Ok(())
    }
}

/// A name for files about something; the end of what would be too long gives way to a hash.
fn file_name(what: &str) -> String {
    const LONGEST: usize = 200;
    let name = what.replace(['/', ' '], "+");
    if name.len() <= LONGEST {
        return name;
    }
    format!("{}+{}", &name[..name.floor_char_boundary(LONGEST - 17)], &hex(&Sha256::digest(what))[..16])
}

/// Writes the recordings of all repositories that took part; without `all`, other cases stay as they are.
fn record(jobs: &[Job<'_>], answers: &[Answer], all: bool) -> Result<()> {
    let mut rest: Vec<(&Job<'_>, &Answer)> = jobs.iter().zip(answers).collect();
    while let Some((first, _)) = rest.first() {
        let repository = first.repository;
        if repository.commit.is_empty() {
            bail!("{} is no repository with a commit", repository.name);
        }
        let known = Recording::read(&repository.name)?.filter(|known| !all && known.commit == repository.commit);
        let mut recording = known.unwrap_or_else(|| Recording::of(repository));
        for (job, answer) in rest.iter().filter(|(job, _)| job.repository.name == repository.name) {
            recording.line(&job.case).of(job.profile).clone_from(&answer.expected);
        }
        recording.write()?;
        rest.retain(|(job, _)| job.repository.name != repository.name);
    }
    Ok(())
}
