//! What does the working process do? It reads one task, works, and writes messages; the last one is the conclusion.
//!
//! It lives for one task, within less memory than the function has, so that whatever happens to it the function can
//! still answer.

mod job;
mod limit;
mod messenger;

use std::io::{self, BufRead, Write};
use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument as _, info_span};

pub use job::perform;
pub use limit::{LimitError, limit_memory};
pub use messenger::Messenger;

use crate::task::{Message, Task};
use crate::work::Work;

/// The longest task, in bytes: more than Lambda lets an event have.
const MAX_TASK: u64 = 8 << 20;

/// Why a working process could not even begin.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// There is no task.
    #[error("the task cannot be read: {0}")]
    Task(io::Error),
    /// The task is none.
    #[error("the task is malformed; only the function itself should start this process")]
    Malformed,
    /// The process cannot be set up.
    #[error("the process cannot be set up: {0}")]
    Setup(io::Error),
}

/// Reads a task from `input`, lets `work` do it, and writes messages to `output`.
///
/// The work stops when its time is over, and when `input` ends, because whoever gave the task is gone then.
pub fn serve(
    mut input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
    work: &dyn Work,
) -> Result<(), ChildError> {
    let started = Instant::now();
    let mut line = Vec::new();
    io::Read::take(&mut input, MAX_TASK).read_until(b'\n', &mut line).map_err(ChildError::Task)?;
    let task: Task = serde_json::from_slice(&line).map_err(|_| ChildError::Malformed)?;
    drop(line);
    let (gone, left_alone) = oneshot::channel::<()>();
    let watch = move || {
        let mut rest = [0; 64];
        // Nothing more is ever sent: this returns when the other side is closed.
        while matches!(input.fill_buf(), Ok(bytes) if !bytes.is_empty()) {
            let read = io::Read::read(&mut input, &mut rest).unwrap_or(0);
            if read == 0 {
                break;
            }
        }
        drop(gone);
    };
    thread::Builder::new().name("input".to_owned()).spawn(watch).map_err(ChildError::Setup)?;
    let messenger = Messenger::new(output);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(ChildError::Setup)?;
    let span = info_span!(
        "request",
        aws_request_id = task.aws_request_id,
        request_id = task.request_id,
        verb = ?task.verb,
    );
    let until = started + Duration::from_millis(task.run_ms);
    let conclusion = runtime.block_on(
        async {
            let left_alone = left_alone.shared();
            let stop = {
                let left_alone = left_alone.clone();
                async move {
                    let mut over = pin!(sleep_until(until).fuse());
                    let mut alone = pin!(left_alone.fuse());
                    futures::select_biased! { _ = alone => {}, () = over => {} }
                }
            };
            perform(&task, started, work, &messenger, stop.shared()).await
        }
        .instrument(span),
    );
    messenger.send(&Message::Ended(conclusion));
    // A thread that still computes must not hold the conclusion up.
    runtime.shutdown_background();
    Ok(())
}
