//! What does a program write? Its standard output and error, line by line, as they come.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read as _};
use std::sync::{Mutex, PoisonError};

use tokio::net::unix::pipe::Receiver;

/// A line that is longer is broken here, so that a program without line ends needs no memory.
const LONGEST_LINE: usize = 256 * 1024;
/// How many reads one visit takes, so that a program that never stops writing stops nobody else.
const READS: usize = 64;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Which environment wrote it.
    pub environment: usize,
    /// The line, without its end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// What a visit to the pipe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visit {
    /// All that was there is read.
    Empty,
    /// There is more.
    More,
    /// Nobody can write any more.
    Closed,
}

/// The reading end of a program's output. Whoever needs the log up to date reads it at once.
#[derive(Debug)]
pub(super) struct Output {
    pipe: Receiver,
    /// The same end, for whoever cannot wait until the runtime has noticed that there is something.
    now: PipeReader,
    rest: Mutex<Vec<u8>>,
}

impl Output {
    /// The output and the end that the program gets.
    pub(super) fn new() -> io::Result<(Self, PipeWriter)> {
        let (now, writer) = io::pipe()?;
        let pipe = Receiver::from_owned_fd(now.try_clone()?.into())?;
        Ok((Self { pipe, now, rest: Mutex::default() }, writer))
    }

    /// Reads whenever there is something, until nobody can write any more.
    pub(super) async fn read(&self, mut line: impl FnMut(String)) {
        while self.pipe.readable().await.is_ok() {
            match self.visit(|buffer| self.pipe.try_read(buffer), &mut line) {
                Visit::Empty => {}
                Visit::More => tokio::task::yield_now().await,
                Visit::Closed => return,
            }
        }
    }

    /// Reads everything that was written so far.
    pub(super) fn drain(&self, mut line: impl FnMut(String)) {
        while self.visit(|buffer| (&self.now).read(buffer), &mut line) == Visit::More {}
    }

    /// The line that has no end, once nothing follows.
    pub(super) fn last(&self, mut line: impl FnMut(String)) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if !rest.is_empty() {
            line(String::from_utf8_lossy(&std::mem::take(&mut *rest)).into_owned());
        }
    }

    fn visit(&self, read: impl Fn(&mut [u8]) -> io::Result<usize>, line: &mut impl FnMut(String)) -> Visit {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = [0; 8 * 1024];
        for _ in 0..READS {
            match read(&mut buffer) {
                Ok(0) => return Visit::Closed,
                Ok(count) => {
                    rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    split(&mut rest, line);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Visit::Empty,
                Err(_) => return Visit::Closed,
            }
        }
        Visit::More
    }
}

/// Takes whole lines out of what was read.
fn split(rest: &mut Vec<u8>, line: &mut impl FnMut(String)) {
    loop {
        let (end, skip) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end, 1),
            None if rest.len() > LONGEST_LINE => (LONGEST_LINE, 0),
            None => return,
        };
        let tail = rest.split_off(end + skip);
        let mut whole = std::mem::replace(rest, tail);
        whole.truncate(end);
        if whole.last() == Some(&b'\r') {
            whole.pop();
        }
        line(String::from_utf8_lossy(&whole).into_owned());
    }
}
