//! Which time does a text mean that is written by a layout?

use std::fmt;

use super::calendar::{days_before, days_in, is_leap};
use super::duration::leading_int;
use super::layout::{Field, Offset, Precision, next_field};
use super::{Duration, Location, MONTHS, RFC3339, RFC3339_NANO, Time, WEEKDAYS, quote};

/// A text that does not follow its layout (`time.ParseError`). Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The layout.
    pub layout: Vec<u8>,
    /// The text.
    pub value: Vec<u8>,
    /// The part of the layout that did not fit.
    pub layout_element: Vec<u8>,
    /// What the text has there.
    pub value_element: Vec<u8>,
    /// What is wrong, if it is not simply that it does not fit.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.message.is_empty() {
            return write!(f, "parsing time {}{}", quote(&self.value), self.message);
        }
        write!(
            f,
            "parsing time {} as {}: cannot parse {} as {}",
            quote(&self.value),
            quote(&self.layout),
            quote(&self.value_element),
            quote(&self.layout_element)
        )
    }
}

impl std::error::Error for ParseError {}

/// Why a field could not be read.
enum Failure {
    /// It does not fit.
    Bad,
    /// It fits but means nothing; the name of the quantity, and the text left after it.
    Range(&'static str),
}

type Read<T> = Result<T, Failure>;

/// What the fields said.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    am: bool,
    pm: bool,
    utc: bool,
    offset: Option<i64>,
    zone: Option<Vec<u8>>,
}

impl Time {
    /// Reads a time written by a layout. Without a zone in the text it is the time in
    /// `location` (`time.ParseInLocation`).
    pub fn parse(layout: &[u8], value: &[u8], location: &Location) -> Result<Self, ParseError> {
        if (layout == RFC3339.as_bytes() || layout == RFC3339_NANO.as_bytes())
            && let Some(time) = rfc3339(value, location)
        {
            return Ok(time);
        }
        let mut fields = Fields::default();
        let mut rest = value;
        let mut layout_rest = layout;
        let error = |layout_element: &[u8], value_element: &[u8], message: String| ParseError {
            layout: layout.to_vec(),
            value: value.to_vec(),
            layout_element: layout_element.to_vec(),
            value_element: value_element.to_vec(),
            message,
        };
        loop {
            let (text, field, layout_tail) = next_field(layout_rest);
            let element = &layout_rest[text.len()..layout_rest.len() - layout_tail.len()];
            rest = skip(rest, text).map_err(|rest| error(text, rest, String::new()))?;
            let Some(field) = field else {
                if !rest.is_empty() {
                    return Err(error(b"", rest, format!(": extra text: {}", quote(rest))));
                }
                break;
            };
            layout_rest = layout_tail;
            let before = rest;
            fields.read(field, &mut rest, layout_rest).map_err(|failure| match failure {
                Failure::Bad => error(element, before, String::new()),
                Failure::Range(quantity) => error(element, rest, format!(": {quantity} out of range")),
            })?;
        }
        fields.finish(location).map_err(|message| error(b"", rest, format!(": {message}")))
    }
}

impl Fields {
    fn read(&mut self, field: Field, rest: &mut &[u8], layout: &[u8]) -> Read<()> {
        match field {
            Field::Year => {
                let digits = take(rest, 2)?;
                let year = atoi(digits)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Field::LongYear => {
                if !rest.first().is_some_and(u8::is_ascii_digit) {
                    return Err(Failure::Bad);
                }
                self.year = atoi(take(rest, 4)?)?;
            }
            Field::Month => self.month = Some(name(rest, &MONTHS, 3)? + 1),
            Field::LongMonth => self.month = Some(name(rest, &MONTHS, usize::MAX)? + 1),
            Field::NumberMonth | Field::ZeroMonth => {
                let month = number(rest, field == Field::ZeroMonth)?;
                self.month = Some(in_range(month, 1..=12, "month")?);
            }
            Field::Weekday => _ = name(rest, &WEEKDAYS, 3)?,
            Field::LongWeekday => _ = name(rest, &WEEKDAYS, usize::MAX)?,
            Field::Day | Field::UnderDay | Field::ZeroDay => {
                if field == Field::UnderDay {
                    *rest = rest.strip_prefix(b" ").unwrap_or(rest);
                }
                self.day = Some(number(rest, field == Field::ZeroDay)?);
            }
            Field::UnderYearDay | Field::ZeroYearDay => {
                if field == Field::UnderYearDay {
                    for _ in 0..2 {
                        *rest = rest.strip_prefix(b" ").unwrap_or(rest);
                    }
                }
                let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
                if digits == 0 || field == Field::ZeroYearDay && digits != 3 {
                    return Err(Failure::Bad);
                }
                self.year_day = Some(atoi(take(rest, digits)?)?);
            }
            Field::Hour => self.hour = in_range(number(rest, false)?, 0..=23, "hour")?,
            Field::Hour12 | Field::ZeroHour12 => {
                self.hour = in_range(number(rest, field == Field::ZeroHour12)?, 0..=12, "hour")?;
            }
            Field::Minute | Field::ZeroMinute => {
                self.minute = in_range(number(rest, field == Field::ZeroMinute)?, 0..=59, "minute")?;
            }
            Field::Second | Field::ZeroSecond => {
                self.second = in_range(number(rest, field == Field::ZeroSecond)?, 0..=59, "second")?;
                // A fraction may follow although the layout has none.
                if let [b'.' | b',', digit, ..] = rest
                    && digit.is_ascii_digit()
                    && !matches!(next_field(layout).1, Some(Field::Fraction { .. } | Field::TrimmedFraction { .. }))
                {
                    self.nanosecond = fraction(rest, None)?;
                }
            }
            Field::UpperPm | Field::LowerPm => {
                let (pm, am) = if field == Field::UpperPm { (b"PM", b"AM") } else { (b"pm", b"am") };
                let half = take(rest, 2)?;
                if half != pm && half != am {
                    return Err(Failure::Bad);
                }
                self.pm |= half == pm;
                self.am |= half == am;
            }
            Field::Offset(form) => {
                if form.z
                    && let [b'Z', tail @ ..] = *rest
                {
                    *rest = tail;
                    self.utc = true;
                } else {
                    self.offset = Some(offset(rest, form)?);
                }
            }
            Field::ZoneName => {
                if let Some(tail) = rest.strip_prefix(b"UTC") {
                    *rest = tail;
                    self.utc = true;
                } else {
                    let length = zone_name(rest).ok_or(Failure::Bad)?;
                    self.zone = Some(take(rest, length)?.to_vec());
                }
            }
            Field::Fraction { digits, .. } => self.nanosecond = fraction(rest, Some(digits))?,
            Field::TrimmedFraction { .. } => {
                if matches!(rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
                    self.nanosecond = fraction(rest, None)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, location: &Location) -> Result<Time, &'static str> {
        if self.pm && self.hour < 12 {
            self.hour += 12;
        } else if self.am && self.hour == 12 {
            self.hour = 0;
        }
        let (month, day) = match self.year_day {
            Some(year_day) => self.date_of(year_day)?,
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
        };
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let date = |location: Location| {
            Time::date(self.year, month, day, self.hour, self.minute, self.second, self.nanosecond, location)
        };
        if self.utc {
            return Ok(date(Location::Utc));
        }
        let utc = date(Location::Utc);
        let name = String::from_utf8_lossy(self.zone.as_deref().unwrap_or_default()).into_owned();
        // An offset of -1 second counts as none in Go.
        if let Some(offset) = self.offset.filter(|&offset| offset != -1) {
            let time = utc.add(Duration(-offset * Duration::SECOND.0));
            let zone = location.zone(time.unix());
            if i64::from(zone.offset) == offset && (name.is_empty() || zone.name == name) {
                return Ok(time.in_location(location.clone()));
            }
            let offset = i32::try_from(offset).unwrap_or(0);
            return Ok(time.in_location(Location::Fixed { name: name.into(), offset }));
        }
        if self.zone.is_none() {
            return Ok(date(location.clone()));
        }
        if let Some(offset) = location.offset_of(&name, utc.unix()) {
            let time = utc.add(Duration(-i64::from(offset) * Duration::SECOND.0));
            return Ok(time.in_location(location.clone()));
        }
        let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok()).unwrap_or(0);
        Ok(utc.in_location(Location::Fixed { name: name.into(), offset: hours * 3600 }))
    }

    /// The month and day of a day of the year.
    fn date_of(&self, year_day: i64) -> Result<(i64, i64), &'static str> {
        let days = if is_leap(self.year) { 366 } else { 365 };
        if year_day < 1 || year_day > days {
            return Err("day-of-year out of range");
        }
        let month = (2..=12).rev().find(|&month| days_before(month, self.year) < year_day).unwrap_or(1);
        let day = year_day - days_before(month, self.year);
        if self.month.is_some_and(|given| given != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|given| given != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

/// The text behind `prefix`, in which a space stands for any number of them; else where
/// the text stopped to fit.
fn skip<'v>(mut value: &'v [u8], mut prefix: &[u8]) -> Result<&'v [u8], &'v [u8]> {
    let cut = |text: &mut &[u8]| {
        while let [b' ', tail @ ..] = *text {
            *text = tail;
        }
    };
    while let Some(&first) = prefix.first() {
        if first == b' ' {
            if !value.is_empty() && value[0] != b' ' {
                return Err(value);
            }
            cut(&mut prefix);
            while let [b' ', tail @ ..] = value {
                value = tail;
            }
            continue;
        }
        value = match value {
            [byte, tail @ ..] if *byte == first => tail,
            _ => return Err(value),
        };
        prefix = &prefix[1..];
    }
    Ok(value)
}

fn take<'v>(rest: &mut &'v [u8], length: usize) -> Read<&'v [u8]> {
    let (head, tail) = rest.split_at_checked(length).ok_or(Failure::Bad)?;
    *rest = tail;
    Ok(head)
}

/// A whole number that may have a sign.
fn atoi(text: &[u8]) -> Read<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    let value =
        leading_int(digits).filter(|(_, rest)| rest.is_empty()).and_then(|(value, _)| i64::try_from(value).ok());
    let value = value.ok_or(Failure::Bad)?;
    Ok(if negative { -value } else { value })
}

/// One or two digits; two if `fixed`.
fn number(rest: &mut &[u8], fixed: bool) -> Read<i64> {
    let digits = rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || fixed && digits == 1 {
        return Err(Failure::Bad);
    }
    atoi(take(rest, digits)?)
}

fn in_range(value: i64, range: std::ops::RangeInclusive<i64>, quantity: &'static str) -> Read<i64> {
    if range.contains(&value) { Ok(value) } else { Err(Failure::Range(quantity)) }
}

/// Which of the names, cut to `length`, the text starts with, in any case.
fn name(rest: &mut &[u8], names: &[&str], length: usize) -> Read<i64> {
    for (index, name) in (0..).zip(names) {
        let name = &name.as_bytes()[..length.min(name.len())];
        if rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
            *rest = &rest[name.len()..];
            return Ok(index);
        }
    }
    Err(Failure::Bad)
}

/// A point or comma and `digits` digits, or as many as there are; in nanoseconds.
fn fraction(rest: &mut &[u8], digits: Option<usize>) -> Read<i64> {
    let length = 1 + match digits {
        Some(digits) => digits,
        None => rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
    };
    let text = rest.get(..length).ok_or(Failure::Bad)?;
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Err(Failure::Bad);
    }
    // Digits beyond nanoseconds are not looked at.
    let digits = &text[1..length.min(10)];
    let value = atoi(digits)?;
    *rest = &rest[length..];
    if value < 0 {
        return Err(Failure::Range("fractional second"));
    }
    let scale = u32::try_from(9 - digits.len()).unwrap_or(0);
    Ok(value * 10_i64.pow(scale))
}

/// A sign, hours and what the form has behind them; in seconds.
fn offset(rest: &mut &[u8], form: Offset) -> Read<i64> {
    let text = *rest;
    let separator = usize::from(form.colons);
    let minutes = 3 + separator;
    let seconds = minutes + 2 + separator;
    let length = match form.precision {
        Precision::Hours => 3,
        Precision::Minutes => minutes + 2,
        Precision::Seconds => seconds + 2,
    };
    let text = text.get(..length).ok_or(Failure::Bad)?;
    let colon = |at: usize| !form.colons || at >= length || text[at] == b':';
    if !colon(3) || !colon(6) {
        return Err(Failure::Bad);
    }
    *rest = &rest[length..];
    let part = |at: usize| if at < length { number(&mut &text[at..at + 2], true) } else { Ok(0) };
    // Go checks the ranges of what it could read before it gives up.
    let hours = part(1);
    let minutes = if hours.is_ok() { part(minutes) } else { Ok(0) };
    let seconds = if hours.is_ok() && minutes.is_ok() { part(seconds) } else { Ok(0) };
    for (value, maximum, quantity) in [
        (&seconds, 60, "time zone offset second"),
        (&minutes, 60, "time zone offset minute"),
        (&hours, 24, "time zone offset hour"),
    ] {
        if let Ok(value) = value
            && *value > maximum
        {
            return Err(Failure::Range(quantity));
        }
    }
    let total = (hours? * 60 + minutes?) * 60 + seconds?;
    match text[0] {
        b'+' => Ok(total),
        b'-' => Ok(-total),
        _ => Err(Failure::Bad),
    }
}

/// How long the abbreviation of a zone at the start of the text is.
fn zone_name(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(tail) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset(tail));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset(text)).filter(|&length| length > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// How long a sign and at most 23 hours are, if the text starts with them.
fn signed_offset(text: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = text else {
        return 0;
    };
    match leading_int(digits) {
        Some((hours, rest)) if rest.len() < digits.len() && hours <= 23 => text.len() - rest.len(),
        _ => 0,
    }
}

/// Go's way for this layout, which is stricter and comes first.
fn rfc3339(text: &[u8], location: &Location) -> Option<Time> {
    let field = |range: std::ops::Range<usize>, allowed: std::ops::RangeInclusive<i64>| {
        let digits = text.get(range)?;
        let value = digits.iter().all(u8::is_ascii_digit).then(|| atoi(digits).ok())??;
        allowed.contains(&value).then_some(value)
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if text.len() < 19 || separators.iter().any(|&(at, separator)| text[at] != separator) {
        return None;
    }
    let year = field(0..4, 0..=9999)?;
    let month = field(5..7, 1..=12)?;
    let day = field(8..10, 1..=days_in(month, year))?;
    let hour = field(11..13, 0..=23)?;
    let minute = field(14..16, 0..=59)?;
    let second = field(17..19, 0..=59)?;
    let mut rest = &text[19..];
    let mut nanosecond = 0;
    if matches!(rest, [b'.', digit, ..] if digit.is_ascii_digit()) {
        nanosecond = fraction(&mut rest, None).ok()?;
    }
    let time = Time::date(year, month, day, hour, minute, second, nanosecond, Location::Utc);
    if rest == b"Z" {
        return Some(time);
    }
    let [sign @ (b'+' | b'-'), _, _, b':', _, _] = rest else {
        return None;
    };
    let start = text.len() - 6;
    let seconds = (field(start + 1..start + 3, 0..=23)? * 60 + field(start + 4..start + 6, 0..=59)?) * 60;
    let offset = if *sign == b'-' { -seconds } else { seconds };
    let time = time.add(Duration(-offset * Duration::SECOND.0));
    if i64::from(location.zone(time.unix()).offset) == offset {
        return Some(time.in_location(location.clone()));
    }
    let offset = i32::try_from(offset).unwrap_or(0);
    Some(time.in_location(Location::Fixed { name: "".into(), offset }))
}
