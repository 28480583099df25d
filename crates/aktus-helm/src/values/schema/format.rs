//! Which texts have a format, and why not, in the words of santhosh-tekuri/jsonschema v6 (`format.go`).
//!
//! Formats count in drafts 4, 6 and 7 only; the later drafts take them for comments.

use aktus_gotmpl::go::netip;
use aktus_gotmpl::go::regexp::Regexp;
use aktus_gotmpl::go::strconv::{atoi, quote_rune_into};
use aktus_gotmpl::go::time::{Location, Time};
use aktus_gotmpl::go::url::Url;

/// Why a text does not have a format.
pub(super) type Verdict = Result<(), String>;

/// A check of a text.
pub(super) type Check = fn(&str) -> Verdict;

/// The formats that Go's validator knows.
pub(super) const FORMATS: [(&str, Check); 19] = [
    ("regex", regex),
    ("json-pointer", json_pointer),
    ("relative-json-pointer", relative_json_pointer),
    ("uuid", uuid),
    ("duration", duration),
    ("period", period),
    ("ipv4", ipv4),
    ("ipv6", ipv6),
    ("hostname", hostname),
    ("email", email),
    ("date", date),
    ("time", time),
    ("date-time", date_time),
    ("uri", uri),
    ("iri", uri),
    ("uri-reference", uri_reference),
    ("iri-reference", uri_reference),
    ("uri-template", uri_template),
    ("semver", semver),
];

/// Whether `text` has the format of this name; every text has a format that is not known.
pub(super) fn check(format: &str, text: &str) -> Verdict {
    let known = FORMATS.iter().find(|(name, _)| *name == format);
    known.map_or(Ok(()), |(_, check)| check(text))
}

fn no<T>(why: impl Into<String>) -> Result<T, String> {
    Err(why.into())
}

fn invalid_character<T>(rune: char) -> Result<T, String> {
    no(format!("invalid character {}", quoted(rune)))
}

/// Go's `%q` of a rune.
fn quoted(rune: char) -> String {
    let mut text = String::new();
    quote_rune_into(&mut text, u32::from(rune), false);
    text
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// An error with words before it.
fn within(words: &'static str) -> impl Fn(String) -> String {
    move |why| format!("{words}: {why}")
}

pub(super) fn regex(text: &str) -> Verdict {
    Regexp::compile(text.as_bytes()).map(drop).map_err(|error| error.to_string())
}

fn json_pointer(text: &str) -> Verdict {
    if text.is_empty() {
        return Ok(());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return no("not starting with /");
    };
    for token in rest.split('/') {
        let mut parts = token.split('~').skip(1);
        if !parts.all(|part| part.starts_with(['0', '1'])) {
            return no("~ must be followed by 0 or 1");
        }
    }
    Ok(())
}

fn relative_json_pointer(text: &str) -> Verdict {
    let count = digits(text);
    if count == 0 {
        return no("must start with non-negative integer");
    }
    if count > 1 && text.starts_with('0') {
        return no("starts with zero");
    }
    match &text[count..] {
        "#" => Ok(()),
        pointer => json_pointer(pointer),
    }
}

fn uuid(text: &str) -> Verdict {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != LENGTHS.len() {
        return no("must have 5 elements");
    }
    for (index, (group, length)) in groups.iter().zip(LENGTHS).enumerate() {
        if group.len() != length {
            return no(format!("element {} must be {length} characters long", index + 1));
        }
        if let Some(rune) = group.chars().find(|rune| !rune.is_ascii_hexdigit()) {
            return no(format!("non-hex character {}", quoted(rune)));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Verdict {
    const UNITS: [&str; 2] = ["YMD", "HMS"];
    let Some(text) = text.strip_prefix('P') else {
        return no("must start with P");
    };
    if text.is_empty() {
        return no("nothing after P");
    }
    if let Some(weeks) = text.strip_suffix('W') {
        return match weeks.len() {
            0 => no("no number in week"),
            length if digits(weeks) == length => Ok(()),
            _ => no("invalid week"),
        };
    }
    for (index, part) in text.split('T').enumerate() {
        if index != 0 && part.is_empty() {
            return no("no time elements");
        }
        let Some(all) = UNITS.get(index) else {
            return no("more than one T");
        };
        let mut units = *all;
        let mut part = part;
        while !part.is_empty() {
            let count = digits(part);
            if count == 0 {
                return no("missing number");
            }
            let Some(unit) = part[count..].chars().next() else {
                return no("missing unit");
            };
            let Some((_, later)) = units.split_once(unit) else {
                let problem = if all.contains(unit) { "out of order" } else { "" };
                return no(match problem {
                    "" => format!("invalid unit {}", quoted(unit)),
                    problem => format!("unit {} {problem}", quoted(unit)),
                });
            };
            units = later;
            part = &part[count + unit.len_utf8()..];
        }
    }
    Ok(())
}

fn period(text: &str) -> Verdict {
    let Some((start, end)) = text.split_once('/') else {
        return no("missing slash");
    };
    if start.starts_with('P') {
        duration(start).map_err(within("invalid start duration"))?;
        return date_time(end).map_err(within("invalid end date-time"));
    }
    date_time(start).map_err(within("invalid start date-time"))?;
    if end.starts_with('P') {
        return duration(end).map_err(within("invalid end duration"));
    }
    date_time(end).map_err(within("invalid end date-time"))
}

fn ipv4(text: &str) -> Verdict {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return no("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return no("leading zeros");
        }
        let number = atoi(group.as_bytes()).map_err(|error| error.to_string())?;
        if !(0..=255).contains(&number) {
            return no("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Verdict {
    if !text.contains(':') {
        return no("missing colon");
    }
    let address = netip::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    if address.zone.is_empty() { Ok(()) } else { no("zone id is not a part of ipv6 address") }
}

fn hostname(text: &str) -> Verdict {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return no("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return no("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return no("label starts with hyphen");
        }
        if label.ends_with('-') {
            return no("label ends with hyphen");
        }
        if let Some(rune) = label.chars().find(|rune| !rune.is_ascii_alphanumeric() && *rune != '-') {
            return invalid_character(rune);
        }
    }
    Ok(())
}

fn email(text: &str) -> Verdict {
    if text.len() > 254 {
        return no("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return no("missing @");
    };
    if local.len() > 64 {
        return no("local part more than 64 characters long");
    }
    if local.len() > 1 && local.starts_with('"') {
        let mut inner = local.chars();
        inner.next();
        inner.next_back();
        if inner.as_str().contains(['\\', '"']) {
            return no("backslash and quote are not allowed within quoted local part");
        }
    } else {
        local_part(local)?;
    }
    if let Some(address) = domain.strip_prefix('[').and_then(|domain| domain.strip_suffix(']')) {
        return match address.strip_prefix("IPv6:") {
            Some(address) => ipv6(address).map_err(within("invalid ipv6 address")),
            None => ipv4(address).map_err(within("invalid ipv4 address")),
        };
    }
    hostname(domain).map_err(within("invalid domain"))
}

fn local_part(local: &str) -> Verdict {
    if local.starts_with('.') {
        return no("starts with dot");
    }
    if local.ends_with('.') {
        return no("ends with dot");
    }
    if local.contains("..") {
        return no("consecutive dots");
    }
    let allowed = |rune: char| rune.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(rune);
    match local.chars().find(|rune| !allowed(*rune)) {
        Some(rune) => invalid_character(rune),
        None => Ok(()),
    }
}

fn date(text: &str) -> Verdict {
    let parsed = Time::parse(b"2006-01-02", text.as_bytes(), &Location::Utc);
    parsed.map(drop).map_err(|error| error.to_string())
}

fn time(text: &str) -> Verdict {
    let bytes = text.as_bytes();
    if bytes.len() < 9 {
        return no("less than 9 characters long");
    }
    if bytes[2] != b':' || bytes[5] != b':' {
        return no("missing colon in correct place");
    }
    let numbers = [&bytes[..2], &bytes[3..5], &bytes[6..8]].map(atoi);
    let [Ok(mut hour), Ok(mut minute), Ok(second)] = numbers else {
        return no("invalid hour/min/sec");
    };
    if hour < 0 || minute < 0 || second < 0 {
        return no("non-positive hour/min/sec");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return no("hour/min/sec out of range");
    }
    let mut rest = &bytes[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return no("no digits in second fraction");
        }
        rest = &fraction[count..];
    }
    if !matches!(rest, b"z" | b"Z") {
        let offset = offset(rest)?;
        let mut minutes = hour * 60 + minute - offset;
        if minutes < 0 {
            minutes += 24 * 60;
        }
        (hour, minute) = (minutes / 60, minutes % 60);
    }
    if second >= 60 && (hour != 23 || minute != 59) {
        return no("invalid leap second");
    }
    Ok(())
}

/// The minutes of an offset such as `+01:30`.
fn offset(text: &[u8]) -> Result<i64, String> {
    let &[sign, _, _, colon, _, _] = text else {
        return no("offset must be 6 characters long");
    };
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return no("offset must begin with plus/minus"),
    };
    if colon != b':' {
        return no("missing colon in offset in correct place");
    }
    let [Ok(hour), Ok(minute)] = [&text[1..3], &text[4..6]].map(atoi) else {
        return no("invalid hour/min in offset");
    };
    if hour < 0 || minute < 0 {
        return no("non-positive hour/min in offset");
    }
    if hour > 23 || minute > 59 {
        return no("hour/min in offset out of range");
    }
    Ok(sign * (hour * 60 + minute))
}

fn date_time(text: &str) -> Verdict {
    if text.len() < 20 {
        return no("less than 20 characters long");
    }
    let (Some(day), Some(b't' | b'T'), Some(rest)) = (text.get(..10), text.as_bytes().get(10), text.get(11..)) else {
        return no("11th character must be t or T");
    };
    date(day).map_err(within("invalid date element"))?;
    time(rest).map_err(within("invalid time element"))
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let host = String::from_utf8_lossy(url.hostname()).into_owned();
    if host.contains(':') {
        if !url.host.contains(&b'[') || !url.host.contains(&b']') {
            return no("ipv6 address not enclosed in brackets");
        }
        ipv6(&host).map_err(within("invalid ipv6 address"))?;
    }
    Ok(url)
}

fn uri(text: &str) -> Verdict {
    if parse_url(text)?.scheme.is_empty() { no("relative url") } else { Ok(()) }
}

fn uri_reference(text: &str) -> Verdict {
    if text.contains('\\') {
        return no("contains \\");
    }
    parse_url(text).map(drop)
}

fn uri_template(text: &str) -> Verdict {
    let scheme = parse_url(text)?.scheme.len();
    // Go looks at the path as it was written.
    let path = text.split(['#', '?']).next().unwrap_or_default();
    let path = if scheme == 0 { path } else { path.get(scheme + 1..).unwrap_or_default() };
    let path = match path.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |slash| &rest[slash..]),
        None => path,
    };
    for element in path.split('/') {
        let mut open = false;
        for byte in element.bytes() {
            match byte {
                b'{' if open => return no("nested curly braces"),
                b'}' if !open => return no("nested curly braces"),
                b'{' => open = true,
                b'}' => open = false,
                _ => {}
            }
        }
        if open {
            return no("no matching closing brace");
        }
    }
    Ok(())
}

fn semver(text: &str) -> Verdict {
    let is_part = |rune: char| rune.is_ascii_alphanumeric() || rune == '-';
    let mut text = text;
    if let Some((rest, build)) = text.split_once('+') {
        if build.is_empty() {
            return no("build is empty");
        }
        for identifier in build.split('.') {
            if identifier.is_empty() {
                return no("build identifier is empty");
            }
            if let Some(rune) = identifier.chars().find(|rune| !is_part(*rune)) {
                return no(format!("invalid character {} in build identifier", quoted(rune)));
            }
        }
        text = rest;
    }
    if let Some((rest, pre_release)) = text.split_once('-') {
        for identifier in pre_release.split('.') {
            if identifier.is_empty() {
                return no("pre-release identifier is empty");
            }
            if let Some(rune) = identifier.chars().find(|rune| !is_part(*rune)) {
                return no(format!("invalid character {} in pre-release identifier", quoted(rune)));
            }
            if identifier.len() > 1 && identifier.starts_with('0') && digits(identifier) == identifier.len() {
                return no("pre-release numeric identifier starts with zero");
            }
        }
        text = rest;
    }
    let numbers: Vec<&str> = text.split('.').collect();
    if numbers.len() != 3 {
        return no("versionCore must have 3 numbers separated by dot");
    }
    for (name, number) in ["major", "minor", "patch"].iter().zip(numbers) {
        if number.is_empty() {
            return no(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return no(format!("{name} starts with zero"));
        }
        if digits(number) != number.len() {
            return no(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[track_caller]
    fn has(format: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(check(format, text), Ok(()), "{text} is a {format}");
        }
    }

    #[track_caller]
    fn lacks(format: &str, text: &str, why: &str) {
        assert_eq!(check(format, text), Err(why.to_owned()), "{text} is no {format}");
    }

    #[test]
    fn formats() {
        has("json-pointer", &["", "/a~0b/~1"]);
        lacks("json-pointer", "a", "not starting with /");
        lacks("json-pointer", "/a~", "~ must be followed by 0 or 1");
        has("relative-json-pointer", &["0#", "1/a"]);
        lacks("relative-json-pointer", "01#", "starts with zero");
        has("uuid", &["2eb8aa08-aa98-11ea-b4aa-73b441d16380"]);
        lacks("uuid", "2eb8aa08", "must have 5 elements");
        lacks("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", "non-hex character 'g'");
        has("duration", &["P4DT12H30M5S", "P4Y", "PT36H", "P2W"]);
        lacks("duration", "PT", "no time elements");
        lacks("duration", "P2D1Y", "unit 'Y' out of order");
        lacks("duration", "P1X", "invalid unit 'X'");
        lacks("duration", "P1D2H", "invalid unit 'H'");
        has("ipv4", &["127.0.0.1"]);
        lacks("ipv4", "127.0.0.256", "decimal must be between 0 and 255");
        lacks("ipv4", "1.2.3.x", "strconv.Atoi: parsing \"x\": invalid syntax");
        has("ipv6", &["::1"]);
        lacks("ipv6", "fe80::1%eth0", "zone id is not a part of ipv6 address");
        has("hostname", &["example.com.", "a-1"]);
        lacks("hostname", "a_b", "invalid character '_'");
        lacks("hostname", "-a", "label starts with hyphen");
        has("email", &["a.b@example.com", "\"a b\"@c", "a@[127.0.0.1]", "a@[IPv6:::1]"]);
        lacks("email", "a..b@c", "consecutive dots");
        lacks("email", "a@b_c", "invalid domain: invalid character '_'");
        has("date", &["2020-02-29"]);
        lacks("date", "2021-02-29", "parsing time \"2021-02-29\": day out of range");
        has("time", &["08:30:06.283185Z", "23:59:60Z", "15:59:60-08:00"]);
        lacks("time", "22:59:60Z", "invalid leap second");
        has("date-time", &["1963-06-19t08:30:06.283185Z"]);
        lacks("date-time", "1963-06-19 08:30:06Z", "11th character must be t or T");
        has("uri", &["http://example.com/a?b#c", "urn:x"]);
        lacks("uri", "/a", "relative url");
        lacks("uri", "http://[::1%25x]/", "invalid ipv6 address: zone id is not a part of ipv6 address");
        has("uri-reference", &["", "a/b", "#c"]);
        lacks("uri-reference", "\\\\a", "contains \\");
        has("uri-template", &["http://a/{b}/c{d}"]);
        lacks("uri-template", "/a/{b", "no matching closing brace");
        has("period", &["P1D/1963-06-19T08:30:06Z"]);
        lacks("period", "P1D", "missing slash");
        has("semver", &["1.2.3-a.1+b"]);
        lacks("semver", "1.2.3-01", "pre-release numeric identifier starts with zero");
        lacks("semver", "1.02.3", "minor starts with zero");
        lacks("regex", "(?=x)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`");
        has("bogus", &["anything"]);
    }
}
