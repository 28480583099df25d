//! A day of the calendar.

use std::fmt;
use std::str::FromStr;

/// A day, in the order of the calendar: year, month, day of the month.
///
/// ```
/// use aktus_template::Day;
///
/// assert!(Day::new(2026, 11, 22) < "2026-12-02".parse().expect("a day"));
/// assert_eq!(Day::new(2026, 3, 9).to_string(), "2026-03-09");
/// assert!("2026-13-01".parse::<Day>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// That day; nothing looks at whether the calendar has it.
    pub const fn new(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, of_month: day }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day such as 2026-11-22");
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(wrong()) };
        let digits = [(year, 4), (month, 2), (day, 2)];
        if !digits.iter().all(|(part, length)| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(wrong());
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| wrong());
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        let small = |number: u16, most: u16| u8::try_from(number).ok().filter(|_| (1..=most).contains(&number));
        match (small(month, 12), small(day, 31)) {
            (Some(month), Some(day)) => Ok(Self { year, month, of_month: day }),
            _ => Err(wrong()),
        }
    }
}
