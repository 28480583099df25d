//! What does one command use?
//!
//! The kernel adds up what all children of a process used, and of memory it keeps the most that any of them had. So each
//! command is run by a process of its own, which is small: until a new process runs its program, it counts as large as
//! the one that started it.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// Arguments of `cargo xtask bench usage`
#[derive(Args)]
pub(super) struct Usage {
    /// The file for the command's output
    output: std::path::PathBuf,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// What a command used.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Used {
    /// Processor time in the program and in the kernel, in microseconds.
    pub(super) processor: i64,
    /// Time that passed, in microseconds.
    pub(super) wall: i64,
    /// The most memory it had, in KiB.
    pub(super) memory: i64,
    /// Whether it ended well.
    pub(super) success: bool,
}

impl Usage {
    #[expect(clippy::print_stdout, reason = "its answer")]
    pub(super) fn run(&self) -> Result<()> {
        let [program, arguments @ ..] = self.command.as_slice() else { bail!("no command") };
        let output = File::create(&self.output)?;
        let begin = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} did not start"))?;
        let status = child.wait()?;
        let wall = i64::try_from(begin.elapsed().as_micros())?;
        let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let used = Used {
            processor: used.user_time().num_microseconds() + used.system_time().num_microseconds(),
            wall,
            // macOS counts bytes.
            memory: if cfg!(target_os = "macos") { used.max_rss() / 1024 } else { used.max_rss() },
            success: status.success(),
        };
        println!("{}", serde_json::to_string(&used)?);
        Ok(())
    }
}

/// Runs a command, its output into a file, and gives what it used.
pub(super) fn of(command: &[&str], output: &Path) -> Result<Used> {
    let mut wrapper = Command::new(std::env::current_exe()?);
    wrapper.args(["bench", "usage"]).arg(output).args(command);
    let told = crate::command::output(&mut wrapper)?;
    serde_json::from_slice(&told.stdout)
        .with_context(|| format!("no answer: {}", String::from_utf8_lossy(&told.stderr)))
}

/// The middle of some numbers.
pub(super) fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// The middle of each part.
pub(super) fn median_of(all: &[Used]) -> Used {
    let middle = |part: fn(&Used) -> i64| {
        let mut numbers: Vec<i64> = all.iter().map(part).collect();
        numbers.sort_unstable();
        numbers.get(numbers.len() / 2).copied().unwrap_or_default()
    };
    Used {
        processor: middle(|used| used.processor),
        wall: middle(|used| used.wall),
        memory: middle(|used| used.memory),
        success: all.iter().all(|used| used.success),
    }
}

/// A number of microseconds or KiB.
#[expect(clippy::cast_precision_loss, reason = "they are far below 2^52")]
pub(super) fn float(number: i64) -> f64 {
    number as f64
}
