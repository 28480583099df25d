//! How long, in nanoseconds?

use std::fmt;

use super::quote;

/// A length of time in nanoseconds (`time.Duration`). Displays as Go: `1h15m30.918s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration(pub i64);

/// A text that is no duration. Displays Go's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurationError {
    unit: Option<Vec<u8>>,
    missing_unit: bool,
    input: Vec<u8>,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let input = quote(&self.input);
        match &self.unit {
            Some(unit) => write!(f, "time: unknown unit {} in duration {input}", quote(unit)),
            None if self.missing_unit => write!(f, "time: missing unit in duration {input}"),
            None => write!(f, "time: invalid duration {input}"),
        }
    }
}

impl std::error::Error for DurationError {}

impl Duration {
    /// One nanosecond.
    pub const NANOSECOND: Self = Self(1);
    /// One microsecond.
    pub const MICROSECOND: Self = Self(1000);
    /// One millisecond.
    pub const MILLISECOND: Self = Self(1_000_000);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60 * Self::SECOND.0);
    /// One hour.
    pub const HOUR: Self = Self(60 * Self::MINUTE.0);

    /// Reads `300ms`, `-1.5h` or `2h45m` (`time.ParseDuration`).
    pub fn parse(text: &[u8]) -> Result<Self, DurationError> {
        const TOO_LARGE: u64 = 1 << 63;
        let invalid = || DurationError { unit: None, missing_unit: false, input: text.to_vec() };
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if rest == b"0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (whole, tail) = leading_int(rest).ok_or_else(invalid)?;
            let mut digits = tail.len() != rest.len();
            rest = tail;
            let mut fraction = (0, 1.0);
            if let [b'.', tail @ ..] = rest {
                let (value, scale, after) = leading_fraction(tail);
                digits |= after.len() != tail.len();
                fraction = (value, scale);
                rest = after;
            }
            if !digits {
                return Err(invalid());
            }
            let length = rest.iter().take_while(|&&byte| byte != b'.' && !byte.is_ascii_digit()).count();
            let (unit, tail) = rest.split_at(length);
            rest = tail;
            let nanoseconds = match unit {
                b"" => return Err(DurationError { missing_unit: true, ..invalid() }),
                b"ns" => Self::NANOSECOND,
                // Both the micro sign and the Greek letter.
                b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" => Self::MICROSECOND,
                b"ms" => Self::MILLISECOND,
                b"s" => Self::SECOND,
                b"m" => Self::MINUTE,
                b"h" => Self::HOUR,
                _ => return Err(DurationError { unit: Some(unit.to_vec()), ..invalid() }),
            };
            let unit = nanoseconds.0.unsigned_abs();
            let mut value = whole.checked_mul(unit).filter(|&value| value <= TOO_LARGE).ok_or_else(invalid)?;
            if fraction.0 > 0 {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "Go's own arithmetic"
                )]
                let part = (fraction.0 as f64 * (unit as f64 / fraction.1)) as u64;
                value = value.checked_add(part).filter(|&value| value <= TOO_LARGE).ok_or_else(invalid)?;
            }
            total = total.checked_add(value).filter(|&total| total <= TOO_LARGE).ok_or_else(invalid)?;
        }
        if negative {
            return Ok(Self(0_i64.wrapping_sub_unsigned(total)));
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }

    /// In hours (`Hours`).
    pub fn hours(self) -> f64 {
        self.in_units(Self::HOUR)
    }

    /// In minutes (`Minutes`).
    pub fn minutes(self) -> f64 {
        self.in_units(Self::MINUTE)
    }

    /// In seconds (`Seconds`).
    pub fn seconds(self) -> f64 {
        self.in_units(Self::SECOND)
    }

    #[expect(clippy::cast_precision_loss, reason = "as Go converts")]
    fn in_units(self, unit: Self) -> f64 {
        (self.0 / unit.0) as f64 + (self.0 % unit.0) as f64 / unit.0 as f64
    }

    /// Towards zero to a multiple of `multiple` (`Truncate`).
    #[must_use]
    pub fn truncate(self, multiple: Self) -> Self {
        if multiple.0 <= 0 { self } else { Self(self.0 - self.0 % multiple.0) }
    }

    /// To the nearest multiple of `multiple`, halves away from zero (`Round`).
    #[must_use]
    pub fn round(self, multiple: Self) -> Self {
        if multiple.0 <= 0 {
            return self;
        }
        let remainder = (self.0 % multiple.0).unsigned_abs();
        let down = self.0 - self.0 % multiple.0;
        if remainder.saturating_mul(2) < multiple.0.unsigned_abs() {
            Self(down)
        } else if self.0 < 0 {
            Self(down.saturating_sub(multiple.0))
        } else {
            Self(down.saturating_add(multiple.0))
        }
    }

    /// Without its sign (`Abs`).
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.unsigned_abs();
        if nanoseconds == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        // Below a second: the unit that leaves a digit before the point.
        let small = match nanoseconds {
            0..1_000 => Some((0, "ns")),
            1_000..1_000_000 => Some((3, "\u{b5}s")),
            1_000_000..1_000_000_000 => Some((6, "ms")),
            _ => None,
        };
        if let Some((digits, unit)) = small {
            return write!(f, "{}{unit}", with_fraction(nanoseconds, digits));
        }
        let seconds = nanoseconds / 1_000_000_000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if seconds >= 60 {
            write!(f, "{minutes}m")?;
        }
        write!(f, "{}s", with_fraction(nanoseconds % 60_000_000_000, 9))
    }
}

/// `value / 10^digits` without trailing zeros.
fn with_fraction(value: u64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:0width$}", width = digits as usize);
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// The digits at the start as a number of at most 2^63; none read as 0.
pub(super) fn leading_int(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let mut value = 0_u64;
    for digit in digits {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|&value| value <= 1 << 63)?;
    }
    Some((value, rest))
}

/// The digits behind a decimal point: as many as fit, and their unit.
fn leading_fraction(text: &[u8]) -> (u64, f64, &[u8]) {
    const MAXIMUM: u64 = 1 << 63;
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let mut value = 0_u64;
    let mut scale = 1.0;
    for digit in digits {
        if value > (MAXIMUM - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > MAXIMUM {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale, rest)
}
