//! Is a text a time, and what does Go say when it is none?

use jiff::Timestamp;

/// The two forms in which objects hold times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `metav1.Time`: seconds; fractions are read and dropped.
    Seconds,
    /// `metav1.MicroTime`: exactly six digits of a second.
    Micro,
}

impl Form {
    fn layout(self) -> &'static str {
        match self {
            Self::Seconds => "2006-01-02T15:04:05Z07:00",
            Self::Micro => "2006-01-02T15:04:05.000000Z07:00",
        }
    }
}

/// The parts of both layouts up to the seconds, each with the number of digits it wants, or 0 for
/// a sign.
const PARTS: [(&str, usize); 11] = [
    ("2006", 4),
    ("-", 0),
    ("01", 2),
    ("-", 0),
    ("02", 2),
    ("T", 0),
    ("15", 2),
    (":", 0),
    ("04", 2),
    (":", 0),
    ("05", 2),
];

/// Checks a time; `Err` is what Go's `time.Parse` says.
pub(crate) fn parse(text: &str, form: Form) -> Result<Timestamp, String> {
    let complain = |rest: &str, part: &str| {
        let layout = form.layout();
        format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}")
    };
    let mut rest = text;
    for (part, digits) in &PARTS {
        let fits = if *digits == 0 {
            rest.starts_with(part)
        } else {
            rest.len() >= *digits && rest.bytes().take(*digits).all(|byte| byte.is_ascii_digit())
        };
        let length = if *digits == 0 { part.len() } else { *digits };
        match rest.get(length..) {
            Some(tail) if fits => rest = tail,
            _ => return Err(complain(rest, part)),
        }
    }
    let fraction =
        rest.strip_prefix('.').map(|tail| tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    match (form, fraction) {
        (Form::Micro, Some(6)) => rest = &rest[7..],
        (Form::Micro, _) => return Err(complain(rest, ".000000")),
        (Form::Seconds, Some(digits)) if digits > 0 => rest = &rest[digits + 1..],
        (Form::Seconds, _) => {}
    }
    let offset = rest == "Z"
        || (rest.len() == 6
            && rest.starts_with(['+', '-'])
            && rest.char_indices().skip(1).all(|(at, c)| if at == 3 { c == ':' } else { c.is_ascii_digit() }));
    if !offset {
        return Err(complain(rest, "Z07:00"));
    }
    text.parse().map_err(|_| format!("parsing time {text:?}: out of range"))
}

/// A time as Kubernetes writes it back.
pub(crate) fn written(at: Timestamp, form: Form) -> String {
    match form {
        Form::Seconds => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Form::Micro => {
            let micro = at.subsec_nanosecond().rem_euclid(1_000_000_000) / 1000;
            format!("{}.{micro:06}Z", at.strftime("%Y-%m-%dT%H:%M:%S"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, form: Form, expected: Result<&str, &str>) {
        let found = parse(text, form).map(|at| written(at, form));
        match expected {
            Ok(written) => assert_eq!(found.as_deref(), Ok(written)),
            Err(part) => assert!(found.as_ref().is_err_and(|error| error.ends_with(part)), "{found:?}"),
        }
    }

    #[test]
    fn times_are_read_in_their_form() {
        check("2026-01-01T00:00:00Z", Form::Seconds, Ok("2026-01-01T00:00:00Z"));
        check("2026-01-01T02:00:00.5+02:00", Form::Seconds, Ok("2026-01-01T00:00:00Z"));
        check("2026-01-01T00:00:00.000001Z", Form::Micro, Ok("2026-01-01T00:00:00.000001Z"));
        check("2026-01-01T00:00:00Z", Form::Micro, Err("cannot parse \"Z\" as \".000000\""));
        check("yesterday", Form::Seconds, Err("cannot parse \"yesterday\" as \"2006\""));
        check("2026-01-01", Form::Seconds, Err("cannot parse \"\" as \"T\""));
        check("2026-13-01T00:00:00Z", Form::Seconds, Err("out of range"));
        check("2026-01-01T00:00:00", Form::Seconds, Err("cannot parse \"\" as \"Z07:00\""));
    }
}
