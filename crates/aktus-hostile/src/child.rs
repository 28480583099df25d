//! One row in a process of its own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::row::{Case, Row, shown};
use crate::{ADDRESS_BYTES, CPU_SECONDS, PEAK_BYTES, STACK_BYTES, Suite};

/// Names the row that a process is for.
const ROW: &str = "AKTUS_HOSTILE_ROW";
/// Names the file for what it finds.
const REPORT: &str = "AKTUS_HOSTILE_REPORT";
/// If set, what each row took is printed.
const FIGURES: &str = "AKTUS_HOSTILE_FIGURES";

/// A case that does not end is given up after this time.
const PATIENCE: Duration = Duration::from_mins(1);

/// The lines of a report: a case begins, is wrong, or all cases have ended.
const BEGINS: &str = "begins ";
const WRONG: &str = "wrong ";
const ENDED: &str = "ended ";

/// What this process was started for.
pub(crate) struct Order {
    row: String,
    report: PathBuf,
}

/// What this process was started for, if it was started for one row.
pub(crate) fn order() -> Option<Order> {
    let row = std::env::var_os(ROW)?.into_string().ok()?;
    Some(Order { row, report: std::env::var_os(REPORT)?.into() })
}

/// Runs a row in a new process; everything that is wrong with it.
#[expect(clippy::print_stdout, reason = "a test may print, if it is asked to")]
pub(crate) fn run(suite: &Suite, row: &Row) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty");
    let report = folder.path().join("report");
    fs::create_dir(&empty).expect("a folder");
    let child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", suite.test, "--test-threads=1", "--nocapture"])
        .current_dir(&empty)
        .env(ROW, row.id)
        .env(REPORT, &report)
        // Memory that is set aside for other threads would count as address space.
        .env("MALLOC_ARENA_MAX", "1")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .output()
        .expect("this test starts again");
    let told = fs::read_to_string(&report).unwrap_or_default();
    let mut problems: Vec<String> =
        told.lines().filter_map(|line| line.strip_prefix(WRONG)).map(|line| format!("{} {line}", row.id)).collect();
    match told.lines().last().and_then(|line| line.strip_prefix(ENDED)) {
        Some(figures) if std::env::var_os(FIGURES).is_some() => println!("{} {figures}", row.id),
        Some(_) => {}
        None => {
            let case = told.lines().rev().find_map(|line| line.strip_prefix(BEGINS)).unwrap_or("its beginning");
            let said = String::from_utf8_lossy(&child.stderr).into_owned();
            problems.push(format!("{} died in {case}: {}; {}", row.id, child.status, shown(&said)));
        }
    }
    for entry in fs::read_dir(&empty).expect("the folder").flatten() {
        problems.push(format!("{} left `{}` behind", row.id, entry.file_name().display()));
    }
    problems
}

/// Runs the row that this process is for, and reports.
pub(crate) fn obey(order: &Order, rows: &[Row]) {
    let mut report = fs::File::create(&order.report).expect("a file for the report");
    let mut tell = |kind: &str, text: &str| {
        writeln!(report, "{kind}{}", text.escape_debug()).expect("the report is written");
    };
    let most = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::As, most(ADDRESS_BYTES)).expect("a limit of memory");
    setrlimit(Resource::Core, most(0)).expect("no core files");
    let row = rows.iter().find(|row| row.id == order.row).expect("the row");
    let Some(cases) = row.cases else { return };
    let (mut slowest, mut slowest_name) = (Duration::ZERO, String::new());
    for Case { name, run, expected } in cases() {
        tell(BEGINS, &name);
        let began = processor_time();
        let (sender, receiver) = mpsc::channel();
        let runner = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            // Nobody listens any more after a case that took too long.
            let _unheard = sender.send(run());
        });
        let runner = runner.expect("a thread");
        let outcome = receiver.recv_timeout(PATIENCE);
        let took = processor_time().saturating_sub(began);
        if took > slowest {
            (slowest, slowest_name) = (took, name.clone());
        }
        if took > Duration::from_secs(CPU_SECONDS) {
            tell(WRONG, &format!("{name}: it took {took:?} of a processor, more than {CPU_SECONDS} s"));
        }
        match outcome {
            Ok(outcome) => {
                runner.join().expect("what has answered does not panic");
                if let Some(problem) = expected.judge(&outcome) {
                    tell(WRONG, &format!("{name}: {problem}"));
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                tell(WRONG, &format!("{name}: it panicked: {}", panic_text(runner)));
            }
            Err(RecvTimeoutError::Timeout) => {
                tell(WRONG, &format!("{name}: it did not end within {PATIENCE:?}"));
                break;
            }
        }
    }
    let peak = peak();
    if peak.is_some_and(|peak| peak > PEAK_BYTES) {
        tell(WRONG, &format!("it used {} MiB at its peak, more than {}", peak.unwrap_or(0) >> 20, PEAK_BYTES >> 20));
    }
    let peak = peak.map_or_else(|| "unknown".to_owned(), |peak| format!("{} MiB", peak >> 20));
    tell(ENDED, &format!("peak {peak}, slowest case {slowest:.2?} ({slowest_name})"));
}

/// What a thread said when it panicked.
fn panic_text(runner: thread::JoinHandle<()>) -> String {
    let payload = match runner.join() {
        Ok(()) => return "no".to_owned(),
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

/// The time that this process had of all processors.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The most memory that this process ever had resident, in bytes; only Linux tells.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}
