//! Which fields does this layout have?

/// A field of a layout, named after the reference time it is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `January`
    LongMonth,
    /// `Jan`
    Month,
    /// `1`
    NumberMonth,
    /// `01`
    ZeroMonth,
    /// `Monday`
    LongWeekday,
    /// `Mon`
    Weekday,
    /// `2`
    Day,
    /// `_2`
    UnderDay,
    /// `02`
    ZeroDay,
    /// `__2`
    UnderYearDay,
    /// `002`
    ZeroYearDay,
    /// `15`
    Hour,
    /// `3`
    Hour12,
    /// `03`
    ZeroHour12,
    /// `4`
    Minute,
    /// `04`
    ZeroMinute,
    /// `5`
    Second,
    /// `05`
    ZeroSecond,
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `PM`
    UpperPm,
    /// `pm`
    LowerPm,
    /// `MST`
    ZoneName,
    /// `-0700`, `Z07:00` and their like.
    Offset(Offset),
    /// `.000` or `,000`: this many digits.
    Fraction { separator: u8, digits: usize },
    /// `.999` or `,999`: at most this many digits, without trailing zeros.
    TrimmedFraction { separator: u8, digits: usize },
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` for UTC.
    pub(super) z: bool,
    pub(super) colons: bool,
    pub(super) precision: Precision,
}

/// How much of an offset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precision {
    Hours,
    Minutes,
    Seconds,
}

/// The text before the first field, the field, and the rest.
pub(super) fn next_field(layout: &[u8]) -> (&[u8], Option<Field>, &[u8]) {
    for (start, &byte) in layout.iter().enumerate() {
        let rest = &layout[start..];
        if let Some((field, skipped, length)) = field_at(byte, rest) {
            return (&layout[..start + skipped], Some(field), &rest[length..]);
        }
    }
    (layout, None, b"")
}

/// The field at the start of `rest`, how many bytes of it belong to the text before,
/// and where it ends.
fn field_at(first: u8, rest: &[u8]) -> Option<(Field, usize, usize)> {
    let starts = |text: &str| rest.starts_with(text.as_bytes());
    let lower_after = |length: usize| rest.get(length).is_some_and(u8::is_ascii_lowercase);
    let field = |field, length| Some((field, 0, length));
    match first {
        b'J' if starts("January") => field(Field::LongMonth, 7),
        b'J' if starts("Jan") && !lower_after(3) => field(Field::Month, 3),
        b'M' if starts("Monday") => field(Field::LongWeekday, 6),
        b'M' if starts("Mon") && !lower_after(3) => field(Field::Weekday, 3),
        b'M' if starts("MST") => field(Field::ZoneName, 3),
        b'0' => match rest.get(1)? {
            b'1' => field(Field::ZeroMonth, 2),
            b'2' => field(Field::ZeroDay, 2),
            b'3' => field(Field::ZeroHour12, 2),
            b'4' => field(Field::ZeroMinute, 2),
            b'5' => field(Field::ZeroSecond, 2),
            b'6' => field(Field::Year, 2),
            b'0' if rest.get(2) == Some(&b'2') => field(Field::ZeroYearDay, 3),
            _ => None,
        },
        b'1' if starts("15") => field(Field::Hour, 2),
        b'1' => field(Field::NumberMonth, 1),
        b'2' if starts("2006") => field(Field::LongYear, 4),
        b'2' => field(Field::Day, 1),
        // The underscore is part of the text here.
        b'_' if starts("_2006") => Some((Field::LongYear, 1, 5)),
        b'_' if starts("_2") => field(Field::UnderDay, 2),
        b'_' if starts("__2") => field(Field::UnderYearDay, 3),
        b'3' => field(Field::Hour12, 1),
        b'4' => field(Field::Minute, 1),
        b'5' => field(Field::Second, 1),
        b'P' if starts("PM") => field(Field::UpperPm, 2),
        b'p' if starts("pm") => field(Field::LowerPm, 2),
        b'-' | b'Z' => {
            let z = first == b'Z';
            let tail = &rest[1..];
            let offset = |colons, precision| Field::Offset(Offset { z, colons, precision });
            let written: [(&[u8], Field); 5] = [
                (b"070000", offset(false, Precision::Seconds)),
                (b"07:00:00", offset(true, Precision::Seconds)),
                (b"0700", offset(false, Precision::Minutes)),
                (b"07:00", offset(true, Precision::Minutes)),
                (b"07", offset(false, Precision::Hours)),
            ];
            let (text, found) = written.into_iter().find(|(text, _)| tail.starts_with(text))?;
            field(found, text.len() + 1)
        }
        b'.' | b',' => {
            let &digit = rest.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = rest[1..].iter().take_while(|&&byte| byte == digit).count();
            if rest.get(digits + 1).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            // Go keeps the number in twelve bits.
            let kept = digits & 0xFFF;
            let fraction = if digit == b'0' {
                Field::Fraction { separator: first, digits: kept }
            } else {
                Field::TrimmedFraction { separator: first, digits: kept }
            };
            field(fraction, digits + 1)
        }
        _ => None,
    }
}
