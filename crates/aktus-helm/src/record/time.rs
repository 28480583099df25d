//! How does Go write a time into JSON? (RFC 3339 with as many digits of a second as it has.)

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Go's zero time, the first moment of the year 1. Helm means "never" by it.
pub const ZERO_TIME: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Go's zero time in JSON.
pub(super) const ZERO_TEXT: &str = "0001-01-01T00:00:00Z";

/// `time.Time.MarshalJSON` of a time in UTC.
pub(crate) fn text_of(time: Timestamp) -> String {
    let zoned = time.to_zoned(TimeZone::UTC);
    let whole = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        zoned.year(),
        zoned.month(),
        zoned.day(),
        zoned.hour(),
        zoned.minute(),
        zoned.second()
    );
    let nanoseconds = zoned.subsec_nanosecond();
    if nanoseconds == 0 {
        return format!("{whole}Z");
    }
    let digits = format!("{nanoseconds:09}");
    format!("{whole}.{}Z", digits.trim_end_matches('0'))
}

/// The time a text says, in any zone; the empty text says the zero time, as in Helm 3's records.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    if text.is_empty() { Some(ZERO_TIME) } else { text.parse().ok() }
}

/// What Go makes of a time that it reads and writes again without looking: the zone stays, zeros at the end of the
/// fraction go. Text that is no time is the zero time.
pub(super) fn rewritten(text: &str) -> String {
    if text.is_empty() || text.parse::<Timestamp>().is_err() {
        return ZERO_TEXT.to_owned();
    }
    let (clock, zone) = match text.rfind(['Z', 'z', '+']).or_else(|| text.rfind('-').filter(|at| *at > 10)) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let zone = if matches!(zone, "z" | "+00:00" | "-00:00") { "Z" } else { zone };
    let clock = match clock.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            digits => format!("{whole}.{digits}"),
        },
        None => clock.to_owned(),
    };
    format!("{clock}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_times() {
        for (seconds, nanoseconds, expected) in [
            (-62_135_596_800, 0, ZERO_TEXT),
            (0, 0, "1970-01-01T00:00:00Z"),
            (1_795_305_600, 0, "2026-11-22T00:00:00Z"),
            (1_795_305_600, 500_000_000, "2026-11-22T00:00:00.5Z"),
            (1_795_305_600, 1, "2026-11-22T00:00:00.000000001Z"),
            (1_795_305_600, 120_000, "2026-11-22T00:00:00.00012Z"),
        ] {
            let time = Timestamp::new(seconds, nanoseconds).unwrap();
            assert_eq!(text_of(time), expected);
            assert_eq!(read(expected), Some(time));
        }
        assert_eq!(read(""), Some(ZERO_TIME));
        assert_eq!(text_of(ZERO_TIME), ZERO_TEXT);
        assert_eq!(read("2026-11-22T01:00:00+01:00"), read("2026-11-22T00:00:00Z"));
        assert_eq!(read("yesterday"), None);
    }

    #[test]
    fn times_go_only_passes_on() {
        for (text, expected) in [
            ("2026-11-22T01:00:00+01:00", "2026-11-22T01:00:00+01:00"),
            ("2026-11-22T01:00:00.120-05:00", "2026-11-22T01:00:00.12-05:00"),
            ("2026-11-22T01:00:00.000Z", "2026-11-22T01:00:00Z"),
            ("2026-11-22T01:00:00+00:00", "2026-11-22T01:00:00Z"),
            ("", ZERO_TEXT),
            ("today", ZERO_TEXT),
        ] {
            assert_eq!(rewritten(text), expected, "{text}");
        }
    }
}
