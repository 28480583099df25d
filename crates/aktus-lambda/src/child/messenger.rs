//! How does the function learn what the working process does? Every event is told in a line, and logged.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use aktus_bootstrap::{Event, Reporter};

use crate::reporter;
use crate::task::Message;

/// Sends events on and logs them.
pub struct Messenger {
    output: Mutex<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for Messenger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Messenger")
    }
}

impl Messenger {
    /// Sends messages to `output`, a line each.
    pub fn new(output: impl Write + Send + 'static) -> Self {
        Self { output: Mutex::new(Box::new(output)) }
    }

    /// Sends one message. When nobody listens any more, it is lost, and so is this process soon.
    pub fn send(&self, message: &Message) {
        let Ok(mut line) = serde_json::to_vec(message) else { return };
        line.push(b'\n');
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        drop(output.write_all(&line).and_then(|()| output.flush()));
    }
}

impl Reporter for Messenger {
    fn event(&self, event: &Event) {
        let message = match event {
            Event::StepStarted { step } => Some(Message::Step(step.name().to_owned())),
            Event::StepWaiting { reason, .. } => Some(Message::Waiting(reason.clone())),
            Event::ObjectWaiting { object, reason } => {
                Some(Message::NotReady { object: object.clone(), reason: reason.clone() })
            }
            Event::ObjectReady { object } => Some(Message::Ready(object.clone())),
            Event::Object { .. } | Event::Warning { .. } | Event::StepFinished { .. } => None,
        };
        // Told before it is logged: whoever kills this process after a line of the log gets an answer that knows it.
        if let Some(message) = &message {
            self.send(message);
        }
        reporter::log(event);
    }
}
