use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::super::recorded::{number, rows, show};
use super::super::strconv::{FloatSize, format_float};
use super::*;

/// What the tables were recorded with for `Local`.
fn local() -> TimeZone {
    TimeZoneDatabase::bundled().get("America/New_York").unwrap()
}

fn location(name: &[u8]) -> Location {
    Location::load(name, &local()).unwrap_or(Location::Utc)
}

#[test]
fn formats_as_go() {
    for row in rows(include_str!("../../../tests/fixtures/go/time-format.tsv")) {
        let case = format!("{} {} {}", show(&row[0]), show(&row[2]), show(&row[4]));
        let error = Location::load(&row[0], &local()).err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(error.as_bytes(), row[1], "{case}");
        let nanoseconds = u32::try_from(number(&row[3])).unwrap();
        let time = Time::from_unix(number(&row[2]), nanoseconds, location(&row[0]));
        assert_eq!(show(&time.format(&row[4])), show(&row[5]), "{case}");
        assert_eq!(time.to_string().as_bytes(), row[6], "{case}");
        assert_eq!(time.year(), number(&row[7]), "{case}");
        assert_eq!(time.year_day(), number(&row[8]), "{case}");
        assert_eq!(time.weekday(), number(&row[9]), "{case}");
        let (year, week) = time.iso_week();
        assert_eq!(format!("{year} {week}").as_bytes(), row[10], "{case}");
        assert_eq!(time.is_dst().to_string().as_bytes(), row[11], "{case}");
    }
}

#[test]
fn parses_as_go() {
    for row in rows(include_str!("../../../tests/fixtures/go/time-parse.tsv")) {
        let case = format!("{} {} {}", show(&row[0]), show(&row[1]), show(&row[2]));
        match Time::parse(&row[1], &row[2], &location(&row[0])) {
            Err(error) => assert_eq!(show(error.to_string().as_bytes()), show(&row[3]), "{case}"),
            Ok(time) => {
                assert_eq!(show(&row[3]), "\"\"", "{case}");
                assert_eq!(time.unix(), number(&row[4]), "{case}");
                let text = time.format(b"2006-01-02T15:04:05.999999999Z07:00:00 MST");
                assert_eq!(show(&text), show(&row[5]), "{case}");
            }
        }
    }
}

#[test]
fn durations_as_go() {
    for row in rows(include_str!("../../../tests/fixtures/go/duration.tsv")) {
        let parsed = Duration::parse(&row[0]).map_or_else(|error| error.to_string(), |duration| duration.0.to_string());
        assert_eq!(show(parsed.as_bytes()), show(&row[1]), "{}", show(&row[0]));
        let (duration, multiple) = (Duration(number(&row[2])), Duration(number(&row[4])));
        assert_eq!(duration.to_string().as_bytes(), row[3], "{}", duration.0);
        assert_eq!(duration.round(multiple).0, number(&row[5]), "{} {}", duration.0, multiple.0);
        assert_eq!(duration.truncate(multiple).0, number(&row[6]), "{} {}", duration.0, multiple.0);
        let hours = format_float(duration.hours(), b'g', None, FloatSize::Bits64);
        assert_eq!(hours.as_bytes(), row[7], "{}", duration.0);
    }
}

fn utc(text: &str) -> Time {
    Time::parse(RFC3339.as_bytes(), text.as_bytes(), &Location::Utc).unwrap()
}

#[test]
fn calendar_arithmetic() {
    assert_eq!(utc("2024-01-31T10:00:00Z").add_date(0, 1, 0).to_string(), "2024-03-02 10:00:00 +0000 UTC");
    assert_eq!(utc("2024-02-29T00:00:00Z").add_date(-1, 0, 0).to_string(), "2023-03-01 00:00:00 +0000 UTC");
    assert_eq!(utc("2024-03-01T00:00:00Z").add(Duration(-1)).to_string(), "2024-02-29 23:59:59.999999999 +0000 UTC");
    assert_eq!(utc("2024-03-01T12:34:56Z").truncate(Duration::HOUR).to_string(), "2024-03-01 12:00:00 +0000 UTC");
    assert_eq!(utc("2024-03-01T12:34:56Z").round(Duration::HOUR).to_string(), "2024-03-01 13:00:00 +0000 UTC");
    assert_eq!(utc("2024-03-01T00:00:00Z").since(&utc("2024-02-28T00:00:00Z")), Duration(48 * Duration::HOUR.0));
    assert_eq!(utc("9999-01-01T00:00:00Z").since(&Time::default()), Duration(i64::MAX));
}

#[test]
fn the_zero_time() {
    assert!(Time::default().is_zero());
    assert_eq!(Time::default().to_string(), "0001-01-01 00:00:00 +0000 UTC");
    assert_eq!(Time::default().go_string(), "time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)");
}

#[test]
fn timestamps_before_1970() {
    let timestamp = jiff::Timestamp::new(-1, -500_000_000).unwrap();
    assert_eq!(Time::from_timestamp(timestamp, Location::Utc).to_string(), "1969-12-31 23:59:58.5 +0000 UTC");
}

#[test]
fn names_of_months_and_days() {
    assert_eq!(month_name(12), "December");
    assert_eq!(month_name(13), "%!Month(13)");
    assert_eq!(weekday_name(0), "Sunday");
    assert_eq!(weekday_name(-1), "%!Weekday(18446744073709551615)");
}
