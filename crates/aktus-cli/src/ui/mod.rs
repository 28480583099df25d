//! What a person or a pipe sees: data on stdout, everything else on stderr.

mod lines;
mod live;
pub(crate) mod report;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use aktus_bootstrap::{Report, Reporter};
use clap::ValueEnum;

use crate::error::CliError;
use crate::plan::WholePlan;

/// The shape of data on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// The two channels of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    output: Output,
    /// stderr is a terminal that may be redrawn.
    live: bool,
    /// stderr may be coloured.
    color: bool,
}

impl Ui {
    /// `logs` says that log lines share stderr, which a redrawn line would fight.
    pub(crate) fn new(output: Output, logs: bool) -> Self {
        let terminal = io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { output, live: terminal && !dumb && !logs, color: terminal && !plain && !dumb }
    }

    /// Who is told what happens: a line that is redrawn on a terminal, plain lines elsewhere.
    pub(crate) fn reporter(self) -> Arc<dyn Reporter> {
        if self.live { Arc::new(live::Live::new()) } else { Arc::new(lines::Lines::default()) }
    }

    /// The report, on stdout.
    pub(crate) fn report(self, report: &Report) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match self.output {
            Output::Text => report::write(&mut stdout, report)?,
            Output::Json => writeln!(stdout, "{:#}", report.to_json())?,
        }
        stdout.flush()
    }

    /// The plan, on stdout.
    pub(crate) fn plan(self, plan: &WholePlan) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match self.output {
            Output::Text => crate::plan::write(&mut stdout, plan)?,
            Output::Json => writeln!(stdout, "{:#}", plan.to_json())?,
        }
        stdout.flush()
    }

    /// Data, on stdout.
    pub(crate) fn data(bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Data in pieces, on stdout.
    pub(crate) fn pieces(pieces: &[impl AsRef<str>]) -> io::Result<()> {
        // The standard library's own buffer is written out at line ends.
        let mut stdout = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
        for piece in pieces {
            stdout.write_all(piece.as_ref().as_bytes())?;
        }
        stdout.flush()
    }

    /// Whether data is wanted as JSON.
    pub(crate) fn json(self) -> bool {
        self.output == Output::Json
    }

    /// Something worth knowing, on stderr.
    pub(crate) fn status(text: &str) {
        // A closed stderr is nothing to end a command for.
        let _closed = writeln!(io::stderr(), "{}", printable(text));
    }

    /// An error with its hints, on stderr.
    pub(crate) fn error(self, error: &CliError) {
        if error.told {
            return;
        }
        let (bold, red, reset) = if self.color { ("\x1b[1m", "\x1b[31m", "\x1b[0m") } else { ("", "", "") };
        let word = if error.helm { "Error" } else { "error" };
        let mut text = format!("{bold}{red}{word}{reset}: {}\n", printable(&error.message));
        for hint in &error.hints {
            text.extend([bold, "hint", reset, ": ", &printable(hint), "\n"]);
        }
        let _closed = io::stderr().write_all(text.as_bytes());
    }
}

/// Text from a chart or a server, without control characters that a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    let bad = |letter: char| {
        (letter.is_control() && !matches!(letter, '\n' | '\t'))
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(bad) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut shown, letter| {
        if bad(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn terminals_are_not_given_orders() {
        assert_eq!(printable("a\tb\nc é 😀"), "a\tb\nc é 😀");
        assert_eq!(printable("\u{1b}[2J\r\u{202e}x"), "\\u{1b}[2J\\u{d}\\u{202e}x");
    }
}
