//! How does Go print values? The package `fmt`: every verb and flag, `%v` of everything, and what wrong verbs look like.
//!
//! Unlike Go, length and depth of the output are bounded: a map may contain itself, and a small tree may share its
//! branches so often that its text would fill the memory.

mod format;
mod printf;
mod value;

use crate::function::{Context, Rest};
use crate::limits::LimitError;
use crate::value::{Kind, Value};

use format::Flags;

/// A value as `%v` prints it.
pub(crate) fn to_text(context: &mut Context<'_>, value: &Value) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::new();
    append(context, &mut out, value)?;
    Ok(out)
}

/// Appends a value as `%v` prints it.
pub(crate) fn append(context: &mut Context<'_>, out: &mut Vec<u8>, value: &Value) -> Result<(), LimitError> {
    match value {
        Value::String(text) => {
            out.extend_from_slice(text);
            Ok(())
        }
        Value::Bool(true) => {
            out.extend_from_slice(b"true");
            Ok(())
        }
        Value::Int(_) | Value::Int64(_) | Value::Float(_) | Value::Bool(_) | Value::Nil => {
            let mut printer = Printer::new(out, usize::MAX);
            printer.argument(value, 'v');
            printer.finish()
        }
        _ => with_printer(context, out, |printer| printer.argument(value, 'v')),
    }
}

/// Appends a value as a template prints it: as [`append`], but `<no value>` for nil, and what a pointer points to.
pub(crate) fn append_printable(context: &mut Context<'_>, out: &mut Vec<u8>, value: &Value) -> Result<(), LimitError> {
    match value {
        Value::Nil => {
            out.extend_from_slice(b"<no value>");
            Ok(())
        }
        Value::Object(_) => with_printer(context, out, |printer| printer.printable(value)),
        _ => append(context, out, value),
    }
}

/// Go's `fmt.Sprint`: a space between two operands when neither is a string.
pub(crate) fn sprint(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, LimitError> {
    sprint_with(context, values, false)
}

/// The same with each operand as a template prints it: Go's `evalArgs`.
pub(crate) fn sprint_printable(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, LimitError> {
    sprint_with(context, values, true)
}

fn sprint_with(context: &mut Context<'_>, values: Rest<'_, Value>, printable: bool) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::new();
    with_printer(context, &mut out, |printer| {
        let mut after_string = true;
        for (index, value) in values.iter().enumerate() {
            // As printed by templates, nil is the string `<no value>`.
            let is_string = value.kind() == Kind::String || printable && value.is_nil();
            if index > 0 && !is_string && !after_string {
                printer.push(b" ");
            }
            if printable {
                printer.printable(value);
            } else {
                printer.argument(value, 'v');
            }
            after_string = is_string;
        }
    })?;
    Ok(out)
}

/// Go's `fmt.Sprintln`: spaces between all operands, a newline after the last.
pub(crate) fn sprintln(context: &mut Context<'_>, values: Rest<'_, Value>) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::new();
    with_printer(context, &mut out, |printer| {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                printer.push(b" ");
            }
            printer.argument(value, 'v');
        }
        printer.push(b"\n");
    })?;
    Ok(out)
}

/// Go's `fmt.Sprintf`.
pub(crate) fn sprintf(
    context: &mut Context<'_>,
    format: &[u8],
    values: Rest<'_, Value>,
) -> Result<Vec<u8>, LimitError> {
    let mut out = Vec::with_capacity(format.len() + 16);
    with_printer(context, &mut out, |printer| printf::printf(printer, format, values))?;
    Ok(out)
}

/// Prints within the limits of the render and counts the work.
fn with_printer(
    context: &mut Context<'_>,
    out: &mut Vec<u8>,
    print: impl FnOnce(&mut Printer<'_>),
) -> Result<(), LimitError> {
    let start = out.len();
    let mut printer = Printer::new(out, context.limits().value_bytes);
    printer.address = context.host().address();
    print(&mut printer);
    printer.finish()?;
    context.step((out.len() - start) as u64 / 64)
}

/// Go's `pp`: where the text goes, and the flags of the verb under way.
struct Printer<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
    flags: Flags,
    /// Set while a wrong verb is being reported, so that no methods are called then.
    erroring: bool,
    /// What pointers are printed as.
    address: u64,
    error: Option<LimitError>,
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut Vec<u8>, limit: usize) -> Self {
        let end = out.len().saturating_add(limit);
        Self { out, end, flags: Flags::default(), erroring: false, address: 0, error: None }
    }

    fn finish(self) -> Result<(), LimitError> {
        self.error.map_or(Ok(()), Err)
    }

    /// Whether `more` bytes may still be written; from the first no on, nothing more is.
    fn room(&mut self, more: usize) -> bool {
        if self.error.is_some() {
            return false;
        }
        let wanted = self.out.len().saturating_add(more);
        if wanted > self.end {
            self.error = Some(LimitError::Value { wanted: wanted as u64, limit: self.end as u64 });
            return false;
        }
        true
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.room(bytes.len()) {
            self.out.extend_from_slice(bytes);
        }
    }

    fn push_char(&mut self, rune: char) {
        self.push(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
}
