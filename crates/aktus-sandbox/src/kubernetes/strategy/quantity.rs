//! What is the canonical form of a quantity such as `1000m` or `1024Mi`?
//!
//! The rules are those of `k8s.io/apimachinery/pkg/api/resource`: the largest suffix of the same
//! kind that leaves no fraction.

/// The parts of a quantity: a whole number of `10^exponent`, or of `2^(10·n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// `m`, none, `k`, `M`, … as an exponent of ten.
    Decimal(i32),
    /// `Ki`, `Mi`, … as an exponent of 1024.
    Binary(u32),
    /// `e3` and alike.
    Exponent(i32),
}

const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, u32); 6] = [("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4), ("Pi", 5), ("Ei", 6)];

/// Reads a quantity as a number of nano-units with its scale; `None` where it is none, or too
/// large for us.
fn parse(text: &str) -> Option<(i128, Scale)> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let scale = if let Some((_, exponent)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        Scale::Binary(*exponent)
    } else if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        Scale::Decimal(*exponent)
    } else {
        let exponent = suffix.strip_prefix(['e', 'E'])?;
        Scale::Exponent(exponent.parse().ok().filter(|value| (-9..=18).contains(value))?)
    };
    // Nano-units, rounded up beyond them as Kubernetes does.
    let mut value: i128 = 0;
    for digit in whole.bytes() {
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let mut places = 0_u32;
    for digit in fraction.bytes().take(18) {
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        places += 1;
    }
    let factor = match scale {
        Scale::Binary(exponent) => 1024_i128.checked_pow(exponent)?.checked_mul(1_000_000_000)?,
        Scale::Decimal(exponent) | Scale::Exponent(exponent) => {
            10_i128.checked_pow(u32::try_from(exponent + 9).ok()?)?
        }
    };
    let product = value.checked_mul(factor)?;
    let divisor = 10_i128.checked_pow(places)?;
    let mut nano = product / divisor;
    if product % divisor != 0 {
        nano += 1;
    }
    Some((if negative { -nano } else { nano }, scale))
}

/// The canonical text of a quantity; `None` where it is none.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let (nano, scale) = parse(text)?;
    if nano == 0 {
        return Some("0".to_owned());
    }
    let unit = 1_000_000_000_i128;
    match scale {
        Scale::Binary(_) if nano % unit == 0 && (nano / unit).abs() >= 1024 => {
            let mut value = nano / unit;
            let mut suffix = "";
            for (name, _) in BINARY {
                if value % 1024 != 0 {
                    break;
                }
                value /= 1024;
                suffix = name;
            }
            Some(format!("{value}{suffix}"))
        }
        Scale::Exponent(_) => {
            let (value, exponent) = decimal(nano);
            Some(if exponent == 0 { value.to_string() } else { format!("{value}e{exponent}") })
        }
        Scale::Binary(_) | Scale::Decimal(_) => {
            let (value, exponent) = decimal(nano);
            let (suffix, _) = DECIMAL.iter().find(|(_, found)| *found == exponent)?;
            Some(format!("{value}{suffix}"))
        }
    }
}

/// The value with the largest exponent, a multiple of three, that leaves no fraction.
fn decimal(nano: i128) -> (i128, i32) {
    let (mut value, mut exponent) = (nano, -9);
    while exponent < 18 && value % 1000 == 0 {
        value /= 1000;
        exponent += 3;
    }
    (value, exponent)
}

/// Whether a text is a quantity.
pub(crate) fn is_quantity(text: &str) -> bool {
    parse(text).is_some()
}

/// A quantity in thousandths, for sums and comparisons; 0 where it is none.
pub(crate) fn milli(text: &str) -> i128 {
    parse(text).map_or(0, |(nano, _)| nano / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(canonical(text).as_deref(), Some(expected));
    }

    #[test]
    fn quantities_have_one_form() {
        check("1000m", "1");
        check("0.5", "500m");
        check("1024Mi", "1Gi");
        check("1536Mi", "1536Mi");
        check("1.5Gi", "1536Mi");
        check("1000Ki", "1000Ki");
        check("100", "100");
        check("1000", "1k");
        check("0Gi", "0");
        check("1e3", "1e3");
        check("0.5Ki", "512");
        check("-1", "-1");
        assert_eq!(canonical("ten"), None);
        assert_eq!(canonical(""), None);
    }
}
