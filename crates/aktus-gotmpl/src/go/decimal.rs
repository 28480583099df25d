//! shopspring/decimal, behind sprig's `addf`, `subf`, `mulf` and `divf`: sums without binary noise.

use aktus_yaml::Shortest;
use num_bigint::{BigInt, Sign};

use super::strconv::{FloatSize, format_float};

/// How many digits after the point a quotient has.
const DIVISION_PRECISION: i64 = 16;

/// A decimal number: an integer times a power of ten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    value: BigInt,
    exponent: i64,
}

/// Why there is no result. Displays the original's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// An infinity or NaN, as Go prints it.
    #[error("Cannot create a Decimal from {0}")]
    NotFinite(String),
    /// A divisor of zero.
    #[error("decimal division by 0")]
    DivisionByZero,
}

impl Decimal {
    /// The shortest decimal number that reads as this float (`decimal.NewFromFloat`).
    pub fn from_float(value: f64) -> Result<Self, DecimalError> {
        if !value.is_finite() {
            return Err(DecimalError::NotFinite(format_float(value, b'g', None, FloatSize::Bits64)));
        }
        let Shortest { digits, point } = Shortest::of(value);
        let size: BigInt = digits.parse().unwrap_or_default();
        let exponent = i64::from(point) - i64::try_from(digits.len()).unwrap_or(0);
        Ok(Self { value: if value < 0.0 { -size } else { size }, exponent })
    }

    /// The nearest float (`Float64`).
    pub fn to_float(&self) -> f64 {
        // Digits and an exponent are always a number to Rust, and it rounds correctly.
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(0.0)
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { value: self.scaled_to(exponent) + other.scaled_to(exponent), exponent }
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { value: self.scaled_to(exponent) - other.scaled_to(exponent), exponent }
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        Self { value: &self.value * &other.value, exponent: self.exponent + other.exponent }
    }

    /// The quotient with sixteen digits after the point, halves away from zero.
    pub fn div(&self, other: &Self) -> Result<Self, DecimalError> {
        if other.value.sign() == Sign::NoSign {
            return Err(DecimalError::DivisionByZero);
        }
        let shift = self.exponent - other.exponent + DIVISION_PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (self.value.clone(), &other.value * power_of_ten(-shift))
        } else {
            (&self.value * power_of_ten(shift), other.value.clone())
        };
        let mut value = &dividend / &divisor;
        let twice_the_rest = (&dividend % &divisor).magnitude() << 1;
        if &twice_the_rest >= divisor.magnitude() {
            let negative = dividend.sign() != divisor.sign();
            value += if negative { -1 } else { 1 };
        }
        Ok(Self { value, exponent: -DIVISION_PRECISION })
    }

    /// The integer if the power of ten were a smaller one.
    fn scaled_to(&self, exponent: i64) -> BigInt {
        &self.value * power_of_ten(self.exponent - exponent)
    }
}

fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::super::strconv::parse_float;
    use super::*;

    type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, DecimalError>;

    #[test]
    fn as_the_original() {
        for row in recorded::rows(include_str!("../../tests/fixtures/go/decimal.tsv")) {
            let left = Decimal::from_float(parse_float(&row[0]).unwrap());
            let right = Decimal::from_float(parse_float(&row[1]).unwrap());
            let shown = |result: Result<Decimal, DecimalError>| match result {
                Ok(decimal) => format_float(decimal.to_float(), b'g', None, FloatSize::Bits64),
                Err(error) => error.to_string(),
            };
            let calculate = |operation: Operation| {
                let result = left.clone().and_then(|left| operation(&left, &right.clone()?));
                shown(result)
            };
            let case = format!("{} {}", recorded::show(&row[0]), recorded::show(&row[1]));
            let operations: [Operation; 4] = [
                |left, right| Ok(left.add(right)),
                |left, right| Ok(left.sub(right)),
                |left, right| Ok(left.mul(right)),
                Decimal::div,
            ];
            for (operation, expected) in operations.into_iter().zip(&row[2..]) {
                let actual = calculate(operation);
                assert_eq!(actual.as_bytes(), expected, "{case}");
            }
        }
    }
}
