//! The messages of santhosh-tekuri/jsonschema v6, with the numbers of golang.org/x/text in English.

use aktus_gotmpl::go::strconv::{FloatSize, format_float, quote};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::format;
use super::report::{TYPES, type_name};

/// The message of an error that has no errors below it.
pub(super) fn message(error: &ValidationError<'_>) -> String {
    let value = error.instance();
    match error.kind() {
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Type { kind } => {
            let wanted: Vec<String> = match kind {
                TypeKind::Single(wanted) => vec![wanted.to_string()],
                TypeKind::Multiple(wanted) => {
                    let wanted = TYPES.iter().filter(|candidate| wanted.contains(**candidate));
                    wanted.map(ToString::to_string).collect()
                }
            };
            format!("got {}, want {}", type_name(value), wanted.join(" or "))
        }
        Kind::Constant { expected_value } => match &**expected_value {
            Value::Array(_) | Value::Object(_) => "'const' failed".to_owned(),
            wanted => format!("value must be {}", display(wanted)),
        },
        Kind::Enum { options } => one_of(options.as_array().map_or(&[], Vec::as_slice)),
        Kind::MinProperties { limit } => sized("minProperties", length(value), *limit),
        Kind::MaxProperties { limit } => sized("maxProperties", length(value), *limit),
        Kind::MinItems { limit } => sized("minItems", length(value), *limit),
        Kind::MaxItems { limit } => sized("maxItems", length(value), *limit),
        Kind::MinLength { limit } => sized("minLength", length(value), *limit),
        Kind::MaxLength { limit } => sized("maxLength", length(value), *limit),
        Kind::AdditionalProperties { unexpected } => {
            let mut names = unexpected.clone();
            names.sort_unstable();
            format!("additional properties {} not allowed", quoted_list(&names))
        }
        Kind::AdditionalItems { limit } => {
            let surplus = length(value).saturating_sub(u64::try_from(*limit).unwrap_or(0));
            format!("last {} additionalItem(s) not allowed", whole(surplus))
        }
        Kind::UniqueItems => {
            let (first, second) = duplicates(value);
            format!("items at {} and {} are equal", whole(first), whole(second))
        }
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::Pattern { pattern } => {
            let text = value.as_str().unwrap_or_default();
            format!("{} does not match pattern {}", quoted(text), quoted(pattern))
        }
        Kind::Format { format } => {
            let why = format::check(format, value.as_str().unwrap_or_default()).err().unwrap_or_default();
            format!("{} is not valid {format}: {why}", display(value))
        }
        Kind::ContentEncoding { content_encoding } => {
            format!("value is not {} encoded", quoted(content_encoding))
        }
        Kind::ContentMediaType { content_media_type } => {
            format!("value if not of mediatype {}", quoted(content_media_type))
        }
        Kind::Minimum { limit } => compared("minimum", value, limit),
        Kind::Maximum { limit } => compared("maximum", value, limit),
        Kind::ExclusiveMinimum { limit } => compared("exclusiveMinimum", value, limit),
        Kind::ExclusiveMaximum { limit } => compared("exclusiveMaximum", value, limit),
        Kind::MultipleOf { multiple_of } => {
            format!("multipleOf: got {}, want {}", number(value), fraction(*multiple_of))
        }
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::OneOfMultipleValid { context } => {
            let valid = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
            let valid: Vec<String> = valid.take(2).map(|(index, _)| whole(u64::try_from(index).unwrap_or(0))).collect();
            format!("'oneOf' failed, subschemas {} matched", valid.join(", "))
        }
        _ => error.to_string(),
    }
}

pub(super) fn missing(names: &[String]) -> String {
    match names {
        [name] => format!("missing property {}", quoted(name)),
        names => format!("missing properties {}", quoted_list(names)),
    }
}

pub(super) fn dependent(property: &str, missing: &[&str]) -> String {
    format!("properties {} required, if {} exists", quoted_list(missing), quoted(property))
}

/// Go's `%q` in single quotes.
pub(super) fn quoted(text: &str) -> String {
    let quoted = quote(text.as_bytes()).replace("\\\"", "\"").replace('\'', "\\'");
    // The double quotes at both ends are still those of `%q`.
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    format!("'{inner}'")
}

fn quoted_list<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", ")
}

fn one_of(options: &[Value]) -> String {
    if options.iter().any(|option| option.is_array() || option.is_object()) {
        return "'enum' failed".to_owned();
    }
    let shown: Vec<String> = options.iter().map(display).collect();
    match shown.as_slice() {
        [only] => format!("value must be {only}"),
        several => format!("value must be one of {}", several.join(", ")),
    }
}

/// A scalar as Go prints it.
fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

fn sized(keyword: &str, found: u64, wanted: u64) -> String {
    format!("{keyword}: got {}, want {}", whole(found), whole(wanted))
}

fn compared(keyword: &str, found: &Value, wanted: &Value) -> String {
    format!("{keyword}: got {}, want {}", number(found), number(wanted))
}

/// Entries, items or characters.
fn length(value: &Value) -> u64 {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        Value::String(text) => text.chars().count(),
        _ => 0,
    };
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The first pair of equal items.
fn duplicates(value: &Value) -> (u64, u64) {
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    for (first, item) in items.iter().enumerate() {
        if let Some(offset) = items[first + 1..].iter().position(|other| other == item) {
            let index = |index: usize| u64::try_from(index).unwrap_or(0);
            return (index(first), index(first + 1 + offset));
        }
    }
    (0, 0)
}

/// A whole number with commas between thousands.
fn whole(number: u64) -> String {
    group(&number.to_string())
}

fn number(value: &Value) -> String {
    fraction(value.as_f64().unwrap_or_default())
}

/// A `float64` as x/text prints `%v` in English: `12,345.5`, `1×10²¹`.
fn fraction(number: f64) -> String {
    let scientific = format_float(number, b'e', None, FloatSize::Bits64);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        return format!("{digits}×10{}", superscript(exponent));
    }
    let plain = format_float(number, b'f', None, FloatSize::Bits64);
    let (whole, fraction) = match plain.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (plain.as_str(), None),
    };
    let (sign, whole) = match whole.strip_prefix('-') {
        Some(whole) => ("-", whole),
        None => ("", whole),
    };
    let grouped = group(whole);
    fraction.map_or_else(|| format!("{sign}{grouped}"), |fraction| format!("{sign}{grouped}.{fraction}"))
}

fn group(digits: &str) -> String {
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn superscript(exponent: i32) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    };
    exponent.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(whole(12_345), "12,345");
        assert_eq!(whole(999), "999");
        assert_eq!(fraction(1000.25), "1,000.25");
        assert_eq!(fraction(1e21), "1×10²¹");
        assert_eq!(fraction(1_234_567.0), "1.234567×10⁶");
        assert_eq!(fraction(123_456.5), "123,456.5");
        assert_eq!(fraction(-1.5e-7), "-1.5×10⁻⁷");
        assert_eq!(fraction(0.0), "0");
    }

    #[test]
    fn quotes() {
        assert_eq!(quoted("it's \"q\""), r#"'it\'s "q"'"#);
        assert_eq!(quoted("a\nb"), r"'a\nb'");
    }
}
