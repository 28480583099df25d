//! What did a process die of? Told by its exit status and by what the language's runtime printed last.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// What a process printed that was no log, as far as it tells how it died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LastWords {
    stack: bool,
    memory: bool,
}

impl LastWords {
    /// Takes note of a line.
    pub(super) fn note(&mut self, line: &str) {
        self.stack |= line.contains("has overflowed its stack");
        self.memory |= line.contains("memory allocation of") || line.contains("Cannot allocate memory");
    }

    /// The death in words.
    pub(super) fn explain(self, status: ExitStatus) -> String {
        if self.stack {
            return format!("its stack overflowed ({})", name(status));
        }
        if self.memory {
            return format!("it ran out of memory ({})", name(status));
        }
        match (status.signal(), status.code()) {
            (Some(9), _) => {
                format!("it was killed ({}), perhaps because the function's memory was used up", name(status))
            }
            (Some(_), _) => format!("it was killed ({})", name(status)),
            (_, Some(101)) => format!("it panicked ({}); the log says where", name(status)),
            _ => format!("it ended without a result ({})", name(status)),
        }
    }
}

fn name(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("exit code {}", status.code().unwrap_or_default());
    };
    let known = match signal {
        1 => " SIGHUP",
        2 => " SIGINT",
        4 => " SIGILL",
        6 => " SIGABRT",
        7 => " SIGBUS",
        8 => " SIGFPE",
        9 => " SIGKILL",
        11 => " SIGSEGV",
        15 => " SIGTERM",
        31 => " SIGSYS",
        _ => "",
    };
    format!("signal {signal}{known}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: i32, lines: &[&str], expected: &str) {
        let mut words = LastWords::default();
        for line in lines {
            words.note(line);
        }
        assert_eq!(words.explain(ExitStatus::from_raw(raw)), expected);
    }

    #[test]
    fn every_death_has_its_words() {
        check(9, &[], "it was killed (signal 9 SIGKILL), perhaps because the function's memory was used up");
        check(11, &[], "it was killed (signal 11 SIGSEGV)");
        check(101 << 8, &["anything"], "it panicked (exit code 101); the log says where");
        check(2 << 8, &[], "it ended without a result (exit code 2)");
        check(0, &[], "it ended without a result (exit code 0)");
        check(34, &[], "it was killed (signal 34)");
        check(
            6,
            &["", "thread 'main' has overflowed its stack", "fatal runtime error: stack overflow, aborting"],
            "its stack overflowed (signal 6 SIGABRT)",
        );
        check(6, &["memory allocation of 1073741824 bytes failed"], "it ran out of memory (signal 6 SIGABRT)");
    }
}
