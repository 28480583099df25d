//! How much memory does an environment have? The processes of its group and whatever else carries
//! the address of its Runtime API, counted as Lambda counts: what is theirs and not a file's.
//!
//! Only Linux tells; elsewhere nobody is ever over the limit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Pid;

/// How often an environment that works is looked at. The real service looks at every page.
pub(super) const EVERY: Duration = Duration::from_millis(20);

/// How often a process that has no environment is looked at again: between two programs it has none for a moment.
const LOOKS: usize = 100;

/// The processes that carry the address of a Runtime API in their environment.
pub(super) fn processes(api: &str) -> Vec<(Pid, PathBuf)> {
    carriers(api, |path| std::fs::read(path).ok())
}

/// The same, with those that were about to become another program when they were first looked at.
pub(super) fn all_processes(api: &str) -> Vec<(Pid, PathBuf)> {
    carriers(api, |path| {
        for _ in 0..LOOKS {
            let environment = std::fs::read(path).ok()?;
            if !environment.is_empty() {
                return Some(environment);
            }
            std::thread::yield_now();
        }
        None
    })
}

fn carriers(api: &str, environment: impl Fn(&Path) -> Option<Vec<u8>>) -> Vec<(Pid, PathBuf)> {
    let mark = format!("AWS_LAMBDA_RUNTIME_API={api}");
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
            let environment = environment(&entry.path().join("environ"))?;
            environment.split(|byte| *byte == 0).any(|one| one == mark.as_bytes()).then(|| (id, entry.path()))
        })
        .collect()
}

/// How many KiB of memory the processes of an environment have.
pub(super) fn used(api: &str) -> u64 {
    processes(api).iter().map(|(_, path)| of_process(path)).sum()
}

fn of_process(path: &Path) -> u64 {
    let Ok(status) = std::fs::read_to_string(path.join("status")) else { return 0 };
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    ["RssAnon:", "RssShmem:"].into_iter().filter_map(field).sum()
}
