//! How is a time written by a layout?

use std::fmt;
use std::io::Write as _;

use super::layout::{Field, Precision, next_field};
use super::{Location, MONTHS, Time, WEEKDAYS, quote};

impl Time {
    /// The time by a layout of Go's reference time (`Format`).
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(layout.len() + 10);
        self.write_layout(&mut out, layout);
        out
    }

    fn write_layout(&self, out: &mut Vec<u8>, mut layout: &[u8]) {
        let civil = self.civil();
        let (zone, offset) = self.zone();
        let named = |names: &[&'static str], index: i64| {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
        };
        let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
        loop {
            let (text, field, rest) = next_field(layout);
            out.extend_from_slice(text);
            let Some(field) = field else { return };
            layout = rest;
            match field {
                Field::LongMonth => out.extend_from_slice(named(&MONTHS, civil.month - 1).as_bytes()),
                Field::Month => out.extend(named(&MONTHS, civil.month - 1).bytes().take(3)),
                Field::NumberMonth => number(out, civil.month, 0),
                Field::ZeroMonth => number(out, civil.month, 2),
                Field::LongWeekday => out.extend_from_slice(named(&WEEKDAYS, civil.weekday).as_bytes()),
                Field::Weekday => out.extend(named(&WEEKDAYS, civil.weekday).bytes().take(3)),
                Field::Day => number(out, civil.day, 0),
                Field::UnderDay => padded(out, civil.day, 2),
                Field::ZeroDay => number(out, civil.day, 2),
                Field::UnderYearDay => padded(out, civil.year_day, 3),
                Field::ZeroYearDay => number(out, civil.year_day, 3),
                Field::Hour => number(out, civil.hour, 2),
                Field::Hour12 => number(out, hour12, 0),
                Field::ZeroHour12 => number(out, hour12, 2),
                Field::Minute => number(out, civil.minute, 0),
                Field::ZeroMinute => number(out, civil.minute, 2),
                Field::Second => number(out, civil.second, 0),
                Field::ZeroSecond => number(out, civil.second, 2),
                Field::LongYear => number(out, civil.year, 4),
                Field::Year => number(out, civil.year.saturating_abs() % 100, 2),
                Field::UpperPm => out.extend_from_slice(if civil.hour >= 12 { b"PM" } else { b"AM" }),
                Field::LowerPm => out.extend_from_slice(if civil.hour >= 12 { b"pm" } else { b"am" }),
                Field::ZoneName if !zone.is_empty() => out.extend_from_slice(zone.as_bytes()),
                Field::ZoneName => {
                    let minutes = signed_minutes(out, offset);
                    number(out, minutes / 60, 2);
                    number(out, minutes % 60, 2);
                }
                Field::Offset(form) if form.z && offset == 0 => out.push(b'Z'),
                Field::Offset(form) => {
                    let minutes = signed_minutes(out, offset);
                    let colon: &[u8] = if form.colons { b":" } else { b"" };
                    number(out, minutes / 60, 2);
                    if form.precision >= Precision::Minutes {
                        out.extend_from_slice(colon);
                        number(out, minutes % 60, 2);
                    }
                    if form.precision == Precision::Seconds {
                        out.extend_from_slice(colon);
                        // Go does not take the sign off an offset of less than a minute.
                        let seconds = if offset / 60 < 0 { -offset } else { offset };
                        number(out, seconds % 60, 2);
                    }
                }
                Field::Fraction { separator, digits } => self.write_fraction(out, separator, digits, false),
                Field::TrimmedFraction { separator, digits } => self.write_fraction(out, separator, digits, true),
            }
        }
    }

    fn write_fraction(&self, out: &mut Vec<u8>, separator: u8, digits: usize, trim: bool) {
        if trim && (digits == 0 || self.nanoseconds == 0) {
            return;
        }
        let start = out.len();
        out.push(separator);
        number(out, i64::from(self.nanoseconds), 9);
        out.truncate(start + 1 + digits.min(9));
        if trim {
            while out.last() == Some(&b'0') {
                out.pop();
            }
            if out.last() == Some(&separator) {
                out.pop();
            }
        }
    }

    /// The Go expression that makes this time (`GoString`).
    pub fn go_string(&self) -> String {
        let civil = self.civil();
        let location = match self.location() {
            Location::Utc => "time.UTC".to_owned(),
            Location::Local(_) => "time.Local".to_owned(),
            Location::Named(name, _) | Location::Fixed { name, .. } => {
                format!("time.Location({})", quote(name.as_bytes()))
            }
        };
        format!(
            "time.Date({}, time.{}, {}, {}, {}, {}, {}, {location})",
            civil.year,
            super::month_name(civil.month),
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            self.nanoseconds
        )
    }
}

impl fmt::Display for Time {
    /// As `Time.String`, but for the reading of the monotonic clock that Go adds to `now`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")))
    }
}

/// The sign of an offset and its whole minutes.
fn signed_minutes(out: &mut Vec<u8>, offset: i64) -> i64 {
    let minutes = offset / 60;
    out.push(if minutes < 0 { b'-' } else { b'+' });
    minutes.abs()
}

/// A number with at least `width` digits.
fn number(out: &mut Vec<u8>, value: i64, width: usize) {
    if value < 0 {
        out.push(b'-');
    }
    // Writing to a vector cannot fail.
    let _written = write!(out, "{:0width$}", value.unsigned_abs());
}

fn padded(out: &mut Vec<u8>, value: i64, width: usize) {
    let _written = write!(out, "{value:width$}");
}
