//! Which date is it so many seconds after 1970, and the other way round?

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Days from the first of March of year 0 to 1970.
const MARCH_ZERO: i64 = 719_468;

/// Days of 400 years, after which the calendar repeats itself, weekdays included.
const CYCLE: i64 = 146_097;

/// The epoch that Go counts seconds from, unsigned: the first of March of the
/// year -292277022400, in days before the first of March of year 0.
const ABSOLUTE: i64 = 292_277_022_400 / 400 * CYCLE;

/// A date and time of day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    /// 0 is Sunday.
    pub(super) weekday: i64,
    /// From 1.
    pub(super) year_day: i64,
}

impl Civil {
    /// The date of so many seconds since 1970 on the clock of the place.
    pub(super) fn new(local: i64) -> Self {
        // Go adds its epoch in 64 bits without looking whether they suffice.
        let absolute = local.cast_unsigned().wrapping_add((ABSOLUTE + MARCH_ZERO).unsigned_abs() * DAY.unsigned_abs());
        let days = i64::try_from(absolute / DAY.unsigned_abs()).unwrap_or(0);
        let clock = i64::try_from(absolute % DAY.unsigned_abs()).unwrap_or(0);
        let shifted = days - ABSOLUTE;
        let cycle = shifted.div_euclid(CYCLE);
        let day_of_cycle = shifted.rem_euclid(CYCLE);
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        // Months counted from March.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = cycle * 400 + year_of_cycle + next_year;
        Self {
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
            // The first of March of year 0 was a Wednesday.
            weekday: (shifted + 3).rem_euclid(7),
            year_day: days_before(month, year) + day,
        }
    }
}

/// Days from 1970 to a date; months may be out of range.
pub(super) fn days_from_civil(year: i128, month: i128, day: i128) -> i128 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let year_of_cycle = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * i128::from(CYCLE) + day_of_cycle - i128::from(MARCH_ZERO)
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the year before a month.
pub(super) fn days_before(month: i64, year: i64) -> i64 {
    (1..month).map(|month| days_in(month, year)).sum()
}
