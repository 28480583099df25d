//! The date functions of sprig 3.3.0, and how Go's times appear to templates.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::function::{CallError, Context, Function, Int64, Method, Operand, Parameter, Typed};
use crate::go::strconv;
use crate::go::time::{Duration, Location, RFC3339_NANO, Time, month_name, quote, weekday_name};
use crate::value::{JsonForm, Kind, List, NamedType, Object, ObjectRef, Str, Type, Underlying, Value};
use crate::{functions, methods};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "ago" => context (Value) ago;
    "date" => context (Str, Value) date;
    "dateInZone" => context (Str, Value, Str) date_in_zone;
    "dateModify" => (Str, Time) date_modify;
    "date_in_zone" => context (Str, Value, Str) date_in_zone;
    "date_modify" => (Str, Time) date_modify;
    "duration" => (Value) duration;
    "durationRound" => context (Value) duration_round;
    "htmlDate" => context (Value) html_date;
    "htmlDateInZone" => context (Value, Str) html_date_in_zone;
    "mustDateModify" => (Str, Time) must_date_modify;
    "mustToDate" => context (Str, Str) must_to_date;
    "must_date_modify" => (Str, Time) must_date_modify;
    "now" => context () now;
    "toDate" => context (Str, Str) to_date;
    "unixEpoch" => (Time) unix_epoch;
};

const HTML_DATE: &[u8] = b"2006-01-02";

fn local(context: &Context<'_>) -> Location {
    Location::Local(context.host().time_zone())
}

/// The present, in the local zone.
pub(crate) fn now_of(context: &Context<'_>) -> Time {
    Time::from_timestamp(context.host().now(), local(context))
}

fn now(context: &mut Context<'_>) -> ObjectRef {
    ObjectRef::new(now_of(context))
}

/// The moment a value stands for: a time, or seconds since 1970 in one of the types that the
/// original looks for; for anything else, the present.
fn moment(context: &Context<'_>, value: &Value, with_int32: bool) -> Time {
    let seconds = match value {
        Value::Int(seconds) | Value::Int64(seconds) => *seconds,
        Value::Int32(seconds) if with_int32 => i64::from(*seconds),
        _ => return value.downcast::<Time>().cloned().unwrap_or_else(|| now_of(context)),
    };
    Time::from_unix(seconds, 0, local(context))
}

fn format(context: &Context<'_>, layout: &[u8], value: &Value, zone: &[u8]) -> Vec<u8> {
    let time = moment(context, value, true);
    let location = Location::load(zone, &context.host().time_zone()).unwrap_or(Location::Utc);
    time.in_location(location).format(layout)
}

fn date(context: &mut Context<'_>, layout: &Str, value: &Value) -> Vec<u8> {
    format(context, layout, value, b"Local")
}

fn date_in_zone(context: &mut Context<'_>, layout: &Str, value: &Value, zone: &Str) -> Vec<u8> {
    format(context, layout, value, zone)
}

fn html_date(context: &mut Context<'_>, value: &Value) -> Vec<u8> {
    format(context, HTML_DATE, value, b"Local")
}

fn html_date_in_zone(context: &mut Context<'_>, value: &Value, zone: &Str) -> Vec<u8> {
    format(context, HTML_DATE, value, zone)
}

fn date_modify(change: &Str, time: &Time) -> ObjectRef {
    ObjectRef::new(Duration::parse(change).map_or_else(|_| time.clone(), |change| time.add(change)))
}

fn must_date_modify(change: &Str, time: &Time) -> Result<ObjectRef, CallError> {
    let change = Duration::parse(change).map_err(|error| CallError::Message(error.to_string()))?;
    Ok(ObjectRef::new(time.add(change)))
}

fn to_date(context: &mut Context<'_>, layout: &Str, text: &Str) -> ObjectRef {
    ObjectRef::new(Time::parse(layout, text, &local(context)).unwrap_or_default())
}

fn must_to_date(context: &mut Context<'_>, layout: &Str, text: &Str) -> Result<ObjectRef, CallError> {
    match Time::parse(layout, text, &local(context)) {
        Ok(time) => Ok(ObjectRef::new(time)),
        Err(error) => Err(CallError::Message(error.to_string())),
    }
}

fn ago(context: &mut Context<'_>, value: &Value) -> String {
    let time = moment(context, value, false);
    now_of(context).since(&time).round(Duration::SECOND).to_string()
}

fn duration(value: &Value) -> String {
    let seconds = match value {
        Value::Int64(seconds) => *seconds,
        Value::String(text) => seconds_of(text),
        _ => 0,
    };
    Duration(seconds.wrapping_mul(Duration::SECOND.0)).to_string()
}

/// `strconv.ParseInt` without a look at its error, which leaves the nearest number there is
/// of one too large.
fn seconds_of(text: &[u8]) -> i64 {
    match strconv::parse_int(text, 10, 64) {
        Ok(seconds) => seconds,
        Err(error) if error.cause == strconv::NumberErrorCause::Range && text.starts_with(b"-") => i64::MIN,
        Err(error) if error.cause == strconv::NumberErrorCause::Range => i64::MAX,
        Err(_) => 0,
    }
}

fn duration_round(context: &mut Context<'_>, value: &Value) -> String {
    let duration = match value {
        Value::String(text) => Duration::parse(text).unwrap_or_default(),
        Value::Int64(nanoseconds) => Duration(*nanoseconds),
        _ => match value.downcast::<Time>() {
            Some(time) => now_of(context).since(time),
            None => Duration::default(),
        },
    };
    let nanoseconds = duration.0.unsigned_abs();
    let day = 24 * Duration::HOUR.0;
    let units = [
        (365 * day, "y"),
        (30 * day, "mo"),
        (day, "d"),
        (Duration::HOUR.0, "h"),
        (Duration::MINUTE.0, "m"),
        (Duration::SECOND.0, "s"),
    ];
    // A unit counts only if there is more than one of it.
    units
        .iter()
        .find(|(unit, _)| nanoseconds > unit.unsigned_abs())
        .map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", nanoseconds / unit.unsigned_abs()))
}

fn unix_epoch(time: &Time) -> String {
    time.unix().to_string()
}

static TIME: NamedType = NamedType { name: "time.Time", kind: Kind::Struct, underlying: None };
static DURATION: NamedType = NamedType { name: "time.Duration", kind: Kind::Int64, underlying: Some(Type::Int64) };
static MONTH: NamedType = NamedType { name: "time.Month", kind: Kind::Int, underlying: Some(Type::Int) };
static WEEKDAY: NamedType = NamedType { name: "time.Weekday", kind: Kind::Int, underlying: Some(Type::Int) };
static LOCATION: NamedType = NamedType { name: "*time.Location", kind: Kind::Pointer, underlying: None };
static ZONE: NamedType = NamedType { name: "*time.zone", kind: Kind::Pointer, underlying: None };

static TIME_METHODS: &[Method] = methods! { Time;
    "Add" => (Duration) add;
    "AddDate" => (i64, i64, i64) add_date;
    "After" => (Time) after;
    "Before" => (Time) before;
    "Clock" => () clock;
    "Compare" => (Time) compare;
    "Date" => () date_parts;
    "Day" => () Time::day;
    "Equal" => (Time) equal;
    "Format" => (Str) format_time;
    "GoString" => () Time::go_string;
    "Hour" => () Time::hour;
    "ISOWeek" => () iso_week;
    "In" => (Location) in_location;
    "IsDST" => () Time::is_dst;
    "IsZero" => () Time::is_zero;
    "Local" => context () to_local;
    "Location" => () location;
    "Minute" => () Time::minute;
    "Month" => () month;
    "Nanosecond" => () Time::nanosecond;
    "Round" => (Duration) round;
    "Second" => () Time::second;
    "String" => () string;
    "Sub" => (Time) sub;
    "Truncate" => (Duration) truncate;
    "UTC" => () to_utc;
    "Unix" => () unix;
    "UnixMicro" => () unix_micro;
    "UnixMilli" => () unix_milli;
    "UnixNano" => () unix_nano;
    "Weekday" => () weekday;
    "Year" => () Time::year;
    "YearDay" => () Time::year_day;
    "Zone" => () zone;
    "ZoneBounds" => () zone_bounds;
};

/// What Go says of a method with three results.
fn three_results(name: &str) -> CallError {
    CallError::Results(format!("function {name} has 3 return values; should be 1 or 2"))
}

/// What Go says of a method whose second result is no error.
fn second_result(name: &str, found: &str) -> CallError {
    let wanted = "second return value should be error";
    CallError::Results(format!("invalid function signature for {name}: {wanted}; is {found}"))
}

fn clock(_: &Time) -> Result<Value, CallError> {
    Err(three_results("Clock"))
}

fn date_parts(_: &Time) -> Result<Value, CallError> {
    Err(three_results("Date"))
}

fn iso_week(_: &Time) -> Result<Value, CallError> {
    Err(second_result("ISOWeek", "int"))
}

fn zone(_: &Time) -> Result<Value, CallError> {
    Err(second_result("Zone", "int"))
}

fn zone_bounds(_: &Time) -> Result<Value, CallError> {
    Err(second_result("ZoneBounds", "time.Time"))
}

fn add(time: &Time, duration: Duration) -> ObjectRef {
    ObjectRef::new(time.add(duration))
}

fn add_date(time: &Time, years: i64, months: i64, days: i64) -> ObjectRef {
    ObjectRef::new(time.add_date(years, months, days))
}

fn after(time: &Time, other: &Time) -> bool {
    time.compare(other) == Ordering::Greater
}

fn before(time: &Time, other: &Time) -> bool {
    time.compare(other) == Ordering::Less
}

fn compare(time: &Time, other: &Time) -> i64 {
    time.compare(other) as i64
}

fn equal(time: &Time, other: &Time) -> bool {
    time.compare(other) == Ordering::Equal
}

fn format_time(time: &Time, layout: &Str) -> Vec<u8> {
    time.format(layout)
}

fn in_location(time: &Time, location: &Location) -> ObjectRef {
    ObjectRef::new(time.in_location(location.clone()))
}

fn location(time: &Time) -> ObjectRef {
    ObjectRef::new(time.location().clone())
}

fn month(time: &Time) -> ObjectRef {
    ObjectRef::new(Month(time.month()))
}

fn round(time: &Time, multiple: Duration) -> ObjectRef {
    ObjectRef::new(time.round(multiple))
}

fn string(time: &Time) -> String {
    time.to_string()
}

fn sub(time: &Time, earlier: &Time) -> ObjectRef {
    ObjectRef::new(time.since(earlier))
}

fn to_local(time: &Time, context: &mut Context<'_>) -> ObjectRef {
    ObjectRef::new(time.in_location(local(context)))
}

fn to_utc(time: &Time) -> ObjectRef {
    ObjectRef::new(time.in_location(Location::Utc))
}

fn truncate(time: &Time, multiple: Duration) -> ObjectRef {
    ObjectRef::new(time.truncate(multiple))
}

fn unix(time: &Time) -> Int64 {
    Int64(time.unix())
}

fn unix_micro(time: &Time) -> Int64 {
    Int64(time.unix_micro())
}

fn unix_milli(time: &Time) -> Int64 {
    Int64(time.unix_milli())
}

fn unix_nano(time: &Time) -> Int64 {
    Int64(time.unix_nano())
}

fn weekday(time: &Time) -> ObjectRef {
    ObjectRef::new(Weekday(time.weekday()))
}

impl Parameter for Time {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Named(&TIME);

    fn take(operand: &Operand) -> Option<&Self> {
        operand.value.downcast()
    }
}

impl Object for Time {
    fn named_type(&self) -> &'static NamedType {
        &TIME
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(TIME_METHODS, name)
    }

    /// None of them is exported; verbs that are not for text print them.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        /// From the beginning of year 1 to that of 1970.
        const TO_1970: i64 = 62_135_596_800;
        let nanosecond = u64::try_from(self.nanosecond()).unwrap_or_default();
        let location = match self.location() {
            Location::Utc => Value::object(NilPointer(&LOCATION)),
            other => Value::object(other.clone()),
        };
        let seconds = Value::Int64(self.unix().wrapping_add(TO_1970));
        vec![("wall", Value::Uint64(nanosecond)), ("ext", seconds), ("loc", location)]
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.to_string().into())
    }

    fn go_text(&self) -> Option<String> {
        let location = match self.location() {
            Location::Utc => "time.UTC".to_owned(),
            Location::Local(_) => "time.Local".to_owned(),
            other => format!("time.Location({})", quote(other.name().as_bytes())),
        };
        let (year, month, day) = (self.year(), month_name(self.month()), self.day());
        let (hour, minute, second, nanosecond) = (self.hour(), self.minute(), self.second(), self.nanosecond());
        Some(format!("time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanosecond}, {location})"))
    }

    fn yaml(&self) -> Option<Cow<'_, str>> {
        Some(String::from_utf8_lossy(&self.format(RFC3339_NANO.as_bytes())).into_owned().into())
    }

    fn json(&self) -> JsonForm {
        // RFC 3339 has room for neither of these.
        let problem = if !(0..=9999).contains(&self.year()) {
            "year outside of range [0,9999]"
        } else if self.zone().1.abs() >= 24 * 3600 {
            "timezone hour outside of range [0,23]"
        } else {
            return JsonForm::Value(Value::string(self.format(RFC3339_NANO.as_bytes())));
        };
        JsonForm::Error(format!("json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: {problem}"))
    }
}

static DURATION_METHODS: &[Method] = methods! { Duration;
    "Abs" => () by_reference::abs;
    "Hours" => () by_reference::hours;
    "Microseconds" => () by_reference::microseconds;
    "Milliseconds" => () by_reference::milliseconds;
    "Minutes" => () by_reference::minutes;
    "Nanoseconds" => () by_reference::nanoseconds;
    "Round" => (Duration) by_reference::to_multiple;
    "Seconds" => () by_reference::seconds;
    "String" => () by_reference::string;
    "Truncate" => (Duration) by_reference::truncate;
};

/// Methods get their receiver by reference, however small it is.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the table of methods wants it so")]
mod by_reference {
    use super::super::date::{Duration, Int64, ObjectRef};

    pub(super) fn abs(duration: &Duration) -> ObjectRef {
        ObjectRef::new(duration.abs())
    }

    pub(super) fn hours(duration: &Duration) -> f64 {
        duration.hours()
    }

    pub(super) fn microseconds(duration: &Duration) -> Int64 {
        Int64(duration.0 / Duration::MICROSECOND.0)
    }

    pub(super) fn milliseconds(duration: &Duration) -> Int64 {
        Int64(duration.0 / Duration::MILLISECOND.0)
    }

    pub(super) fn minutes(duration: &Duration) -> f64 {
        duration.minutes()
    }

    pub(super) fn nanoseconds(duration: &Duration) -> Int64 {
        Int64(duration.0)
    }

    pub(super) fn to_multiple(duration: &Duration, multiple: Duration) -> ObjectRef {
        ObjectRef::new(duration.round(multiple))
    }

    pub(super) fn seconds(duration: &Duration) -> f64 {
        duration.seconds()
    }

    pub(super) fn string(duration: &Duration) -> String {
        duration.to_string()
    }

    pub(super) fn truncate(duration: &Duration, multiple: Duration) -> ObjectRef {
        ObjectRef::new(duration.truncate(multiple))
    }
}

impl Parameter for Duration {
    type Argument<'a> = Self;
    const TYPE: Type = Type::Named(&DURATION);

    fn take(operand: &Operand) -> Option<Self> {
        // A literal comes as a plain number.
        operand.value.as_int().map(Duration)
    }
}

impl Object for Duration {
    fn named_type(&self) -> &'static NamedType {
        &DURATION
    }

    fn underlying(&self) -> Underlying {
        Underlying::Scalar(Value::Int64(self.0))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(DURATION_METHODS, name)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.to_string().into())
    }
}

/// A `time.Month`.
#[derive(Debug)]
struct Month(i64);

static MONTH_METHODS: &[Method] = methods! { Month;
    "String" => () month_string;
};

fn month_string(month: &Month) -> String {
    month_name(month.0)
}

impl Object for Month {
    fn named_type(&self) -> &'static NamedType {
        &MONTH
    }

    fn underlying(&self) -> Underlying {
        Underlying::Scalar(Value::Int(self.0))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(MONTH_METHODS, name)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(month_name(self.0).into())
    }
}

/// A `time.Weekday`.
#[derive(Debug)]
struct Weekday(i64);

static WEEKDAY_METHODS: &[Method] = methods! { Weekday;
    "String" => () weekday_string;
};

fn weekday_string(weekday: &Weekday) -> String {
    weekday_name(weekday.0)
}

impl Object for Weekday {
    fn named_type(&self) -> &'static NamedType {
        &WEEKDAY
    }

    fn underlying(&self) -> Underlying {
        Underlying::Scalar(Value::Int(self.0))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(WEEKDAY_METHODS, name)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(weekday_name(self.0).into())
    }
}

static LOCATION_METHODS: &[Method] = methods! { Location;
    "String" => () location_string;
};

fn location_string(location: &Location) -> Typed {
    Typed(Value::from(location.name()))
}

impl Parameter for Location {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Named(&LOCATION);

    fn take(operand: &Operand) -> Option<&Self> {
        operand.value.downcast()
    }
}

impl Object for Location {
    fn named_type(&self) -> &'static NamedType {
        &LOCATION
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(LOCATION_METHODS, name)
    }

    /// As Go has them for a zone without transitions.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let none = || Value::List(List::nil(&Type::Any));
        vec![
            ("name", Value::from(self.name())),
            ("zone", none()),
            ("tx", none()),
            ("extend", Value::from("")),
            ("cacheStart", Value::Int64(0)),
            ("cacheEnd", Value::Int64(0)),
            ("cacheZone", Value::object(NilPointer(&ZONE))),
        ]
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.name().into())
    }
}

/// A field that points to nothing, as the `*time.Location` of times in UTC.
#[derive(Debug)]
struct NilPointer(&'static NamedType);

impl Object for NilPointer {
    fn named_type(&self) -> &'static NamedType {
        self.0
    }

    fn is_nil(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/date.tsv"));
    }
}
