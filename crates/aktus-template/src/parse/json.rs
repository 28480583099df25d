//! What JSON can say and YAML 1.1 cannot.

use std::borrow::Cow;

/// A JSON text as YAML that means the same; any other text as it is. `\/` and pairs of surrogates (`\ud83d\ude00`)
/// become the letters they are, and letters that YAML takes for the end of a line become escapes.
///
/// Every line and every string keeps its place: what a string loses in length is made up by spaces behind it.
///
/// ```
/// assert_eq!(aktus_template::as_yaml(r#"{"a": "x\/y"}"#), r#"{"a": "x/y" }"#);
/// ```
pub fn as_yaml(text: &str) -> Cow<'_, str> {
    let is_json = text.trim_start().starts_with('{');
    let odd = [r"\/", r"\ud", r"\uD", "\u{85}", "\u{2028}", "\u{2029}"];
    if !is_json || !odd.iter().any(|odd| text.contains(odd)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut inside, mut lost) = (false, 0);
    while let Some(letter) = rest.chars().next() {
        let mut length = letter.len_utf8();
        if inside && rest.starts_with(r"\/") {
            out.push('/');
            (length, lost) = (2, lost + 1);
        } else if inside && let Some(wide) = pair(rest) {
            out.push(wide);
            (length, lost) = (12, lost + 12 - wide.len_utf8());
        } else if inside && let Some(escape) = line_end(letter) {
            out.push_str(escape);
            lost += length - escape.len();
        } else if inside && letter == '\\' {
            length += rest.chars().nth(1).map_or(0, char::len_utf8);
            out.push_str(rest.get(..length).unwrap_or_default());
        } else {
            out.push(letter);
            if letter == '"' {
                inside = !inside;
                if !inside {
                    out.extend(std::iter::repeat_n(' ', std::mem::take(&mut lost)));
                }
            }
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(out)
}

/// The escape for a letter that ends a line in YAML, no longer than the letter itself.
fn line_end(letter: char) -> Option<&'static str> {
    match letter {
        '\u{85}' => Some(r"\N"),
        '\u{2028}' => Some(r"\L"),
        '\u{2029}' => Some(r"\P"),
        _ => None,
    }
}

/// The letter that a text begins with as two escapes.
fn pair(text: &str) -> Option<char> {
    let unit = |start: usize| {
        let escape = text.get(start..start + 6)?.strip_prefix(r"\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    char::decode_utf16([unit(0)?, unit(6)?]).next()?.ok().filter(|letter| letter.len_utf8() == 4)
}

#[cfg(test)]
mod tests {
    use super::as_yaml;

    #[track_caller]
    fn check(json: &str, expected: &str) {
        let yaml = as_yaml(json);
        assert_eq!(yaml, expected);
        assert_eq!(yaml.len(), json.len());
    }

    #[test]
    fn texts_keep_their_places() {
        check(r#"{"a\/b": "c", "d": 1}"#, r#"{"a/b" : "c", "d": 1}"#);
        check(r#"{"smile": "\ud83d\ude00!"}"#, &format!("{{\"smile\": \"\u{1f600}!\"{}}}", " ".repeat(8)));
        check(r#"{"a": "\\/", "b": "\""}"#, r#"{"a": "\\/", "b": "\""}"#);
        check(r#"{"lone": "\ud83d"}"#, r#"{"lone": "\ud83d"}"#);
        check(r"a: \/", r"a: \/");
        check("{\"a\": \"\u{2028}\u{85}\"}", r#"{"a": "\L\N" }"#);
    }
}
