//! What is this moment in Go: how is it printed, read and reckoned with?
//!
//! Follows Go's `time` package: instants with a location, layouts written as the
//! reference time `Mon Jan 2 15:04:05 MST 2006`, durations in nanoseconds.
//! Monotonic clock readings do not exist here.

mod calendar;
mod duration;
mod format;
mod layout;
mod location;
mod parse;

use calendar::{Civil, DAY};
pub use duration::{Duration, DurationError};
pub use location::{Location, LocationError};
pub use parse::ParseError;

/// Go's layout `time.RFC3339`.
pub const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
/// Go's layout `time.RFC3339Nano`.
pub const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

const NANOS: u32 = 1_000_000_000;

/// From the first of January of year 1, where Go's zero time is, to 1970, in seconds.
const ZERO_TIME: i64 = -62_135_596_800;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// An instant and the location in which it is looked at (`time.Time`).
///
/// Arithmetic wraps at the ends of 64-bit seconds, as Go's does.
#[derive(Debug, Clone)]
pub struct Time {
    /// Seconds since 1970, UTC.
    seconds: i64,
    nanoseconds: u32,
    location: Location,
}

impl Default for Time {
    /// Go's zero time, the first of January of year 1, UTC.
    fn default() -> Self {
        Self::from_unix(ZERO_TIME, 0, Location::Utc)
    }
}

impl Time {
    /// So many seconds and nanoseconds (at most 999,999,999) after 1970 (`time.Unix`).
    pub fn from_unix(seconds: i64, nanoseconds: u32, location: Location) -> Self {
        Self { seconds, nanoseconds: nanoseconds.min(NANOS - 1), location }
    }

    /// The instant of a timestamp.
    pub fn from_timestamp(timestamp: jiff::Timestamp, location: Location) -> Self {
        // A timestamp before 1970 has both parts negative.
        let nanoseconds = timestamp.subsec_nanosecond();
        let (seconds, nanoseconds) = if nanoseconds < 0 {
            (timestamp.as_second() - 1, nanoseconds + 1_000_000_000)
        } else {
            (timestamp.as_second(), nanoseconds)
        };
        Self::from_unix(seconds, u32::try_from(nanoseconds).unwrap_or(0), location)
    }

    /// The instant of a date and a time of day in a location; what exceeds its
    /// range carries over (`time.Date`).
    #[expect(clippy::too_many_arguments, reason = "the parts of a date")]
    pub fn date(
        year: i64,
        month: i64,
        day: i64,
        hour: i64,
        minute: i64,
        second: i64,
        nanosecond: i64,
        location: Location,
    ) -> Self {
        let second = i128::from(second) + i128::from(nanosecond.div_euclid(i64::from(NANOS)));
        let nanoseconds = u32::try_from(nanosecond.rem_euclid(i64::from(NANOS))).unwrap_or(0);
        let days = calendar::days_from_civil(i128::from(year), i128::from(month), 1) + i128::from(day) - 1;
        let local = ((days * 24 + i128::from(hour)) * 60 + i128::from(minute)) * 60 + second;
        #[expect(clippy::cast_possible_truncation, reason = "Go's seconds wrap")]
        let local = local as i64;
        let seconds = match location.zone(local).offset {
            0 => local,
            offset => {
                let near = local.wrapping_sub(i64::from(offset));
                local.wrapping_sub(i64::from(location.zone(near).offset))
            }
        };
        Self { seconds, nanoseconds, location }
    }

    /// Seconds since 1970 (`Unix`).
    pub fn unix(&self) -> i64 {
        self.seconds
    }

    /// Milliseconds since 1970 (`UnixMilli`).
    pub fn unix_milli(&self) -> i64 {
        self.seconds.wrapping_mul(1000).wrapping_add(i64::from(self.nanoseconds / 1_000_000))
    }

    /// Microseconds since 1970 (`UnixMicro`).
    pub fn unix_micro(&self) -> i64 {
        self.seconds.wrapping_mul(1_000_000).wrapping_add(i64::from(self.nanoseconds / 1000))
    }

    /// Nanoseconds since 1970 (`UnixNano`).
    pub fn unix_nano(&self) -> i64 {
        self.seconds.wrapping_mul(i64::from(NANOS)).wrapping_add(i64::from(self.nanoseconds))
    }

    /// Nanoseconds within the second (`Nanosecond`).
    pub fn nanosecond(&self) -> i64 {
        i64::from(self.nanoseconds)
    }

    /// The location (`Location`).
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The same instant elsewhere (`In`, `UTC`, `Local`).
    #[must_use]
    pub fn in_location(&self, location: Location) -> Self {
        Self { location, ..*self }
    }

    /// Whether this is the zero time (`IsZero`).
    pub fn is_zero(&self) -> bool {
        self.seconds == ZERO_TIME && self.nanoseconds == 0
    }

    /// Whether daylight saving time is in effect (`IsDST`).
    pub fn is_dst(&self) -> bool {
        self.location.zone(self.seconds).daylight_saving
    }

    /// The name and the offset in seconds of the zone in effect (`Zone`).
    pub fn zone(&self) -> (String, i64) {
        let zone = self.location.zone(self.seconds);
        (zone.name, i64::from(zone.offset))
    }

    fn civil(&self) -> Civil {
        Civil::new(self.seconds.wrapping_add(i64::from(self.location.zone(self.seconds).offset)))
    }

    /// The year (`Year`).
    pub fn year(&self) -> i64 {
        self.civil().year
    }

    /// The month, 1 to 12 (`Month`).
    pub fn month(&self) -> i64 {
        self.civil().month
    }

    /// The day of the month (`Day`).
    pub fn day(&self) -> i64 {
        self.civil().day
    }

    /// The hour, 0 to 23 (`Hour`).
    pub fn hour(&self) -> i64 {
        self.civil().hour
    }

    /// The minute (`Minute`).
    pub fn minute(&self) -> i64 {
        self.civil().minute
    }

    /// The second (`Second`).
    pub fn second(&self) -> i64 {
        self.civil().second
    }

    /// The day of the week, 0 for Sunday (`Weekday`).
    pub fn weekday(&self) -> i64 {
        self.civil().weekday
    }

    /// The day of the year, from 1 (`YearDay`).
    pub fn year_day(&self) -> i64 {
        self.civil().year_day
    }

    /// ISO 8601's year and week (`ISOWeek`).
    pub fn iso_week(&self) -> (i64, i64) {
        let civil = self.civil();
        let local = self.seconds.wrapping_add(i64::from(self.location.zone(self.seconds).offset));
        // The week belongs to the year that its Thursday is in.
        let thursday = Civil::new(local.wrapping_add((3 - (civil.weekday + 6) % 7) * DAY));
        (thursday.year, (thursday.year_day - 1) / 7 + 1)
    }

    /// A duration later (`Add`).
    #[must_use]
    pub fn add(&self, duration: Duration) -> Self {
        let nanoseconds = i64::from(self.nanoseconds) + duration.0 % i64::from(NANOS);
        let seconds = (duration.0 / i64::from(NANOS)) + nanoseconds.div_euclid(i64::from(NANOS));
        Self {
            seconds: self.seconds.wrapping_add(seconds),
            nanoseconds: u32::try_from(nanoseconds.rem_euclid(i64::from(NANOS))).unwrap_or(0),
            location: self.location.clone(),
        }
    }

    /// Years, months and days later by the calendar (`AddDate`).
    #[must_use]
    pub fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        Self::date(
            civil.year.wrapping_add(years),
            civil.month.wrapping_add(months),
            civil.day.wrapping_add(days),
            civil.hour,
            civil.minute,
            civil.second,
            self.nanosecond(),
            self.location.clone(),
        )
    }

    /// How much later this is than `earlier`, at most 292 years (`Sub`).
    pub fn since(&self, earlier: &Self) -> Duration {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanoseconds = seconds * i128::from(NANOS) + i128::from(self.nanoseconds) - i128::from(earlier.nanoseconds);
        Duration(i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX }))
    }

    /// Which of two instants is earlier, wherever they are looked at from (`Compare`).
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        (self.seconds, self.nanoseconds).cmp(&(other.seconds, other.nanoseconds))
    }

    /// Down to a multiple of the duration since the zero time (`Truncate`).
    #[must_use]
    pub fn truncate(&self, multiple: Duration) -> Self {
        if multiple.0 <= 0 { self.clone() } else { self.add(Duration(-self.remainder(multiple))) }
    }

    /// To the nearest multiple of the duration since the zero time, halves up (`Round`).
    #[must_use]
    pub fn round(&self, multiple: Duration) -> Self {
        if multiple.0 <= 0 {
            return self.clone();
        }
        let remainder = self.remainder(multiple);
        let half_or_more = i128::from(remainder) * 2 >= i128::from(multiple.0);
        self.add(Duration(if half_or_more { multiple.0 - remainder } else { -remainder }))
    }

    fn remainder(&self, multiple: Duration) -> i64 {
        let since_zero = i128::from(self.seconds) - i128::from(ZERO_TIME);
        let nanoseconds = since_zero * i128::from(NANOS) + i128::from(self.nanoseconds);
        i64::try_from(nanoseconds.rem_euclid(i128::from(multiple.0))).unwrap_or(0)
    }
}

/// The English name of a month from 1 to 12, and Go's `%!Month(13)` for others
/// (`time.Month.String`).
pub fn month_name(month: i64) -> String {
    let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index));
    name.map_or_else(|| format!("%!Month({})", month.cast_unsigned()), |&name| name.to_owned())
}

/// The English name of a weekday from 0 for Sunday (`time.Weekday.String`).
pub fn weekday_name(weekday: i64) -> String {
    let name = usize::try_from(weekday).ok().and_then(|index| WEEKDAYS.get(index));
    name.map_or_else(|| format!("%!Weekday({})", weekday.cast_unsigned()), |&name| name.to_owned())
}

/// Text in double quotes as the messages of Go's `time` have it, with every byte that
/// is not printable ASCII as `\x..`.
pub(crate) fn quote(text: &[u8]) -> String {
    let mut out = String::from('"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7F => out.push(char::from(byte)),
            _ => {
                out.push_str("\\x");
                out.extend([byte >> 4, byte & 15].iter().filter_map(|&digit| char::from_digit(u32::from(digit), 16)));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
