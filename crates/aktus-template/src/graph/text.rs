//! Text in pictures: what may be written, and how wide it is.

/// Widths of the printable ASCII characters in Helvetica, in thousandths of the size; Arial and Liberation Sans
/// have the same.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];
/// What bold letters need more, at most.
const BOLD: f64 = 1.11;

/// How wide a line is, in the unit of `size`.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let of = |letter: char| {
        let index = u32::from(letter).checked_sub(32).and_then(|index| usize::try_from(index).ok());
        f64::from(index.and_then(|index| WIDTHS.get(index)).copied().unwrap_or(1000))
    };
    text.chars().map(of).sum::<f64>() / 1000.0 * size * if bold { BOLD } else { 1.0 }
}

/// A line that is at most so wide, cut with `…` where it must be.
pub(super) fn fit(text: &str, size: f64, bold: bool, most: f64) -> String {
    if width(text, size, bold) <= most {
        return text.to_owned();
    }
    let mut kept: String = text.to_owned();
    while !kept.is_empty() && width(&kept, size, bold) + size > most {
        kept.pop();
    }
    kept + "…"
}

/// Text without what XML forbids and terminals obey; line breaks are spaces.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\n' | '\r' | '\t' => ' ',
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {
                '\u{fffd}'
            }
            letter if letter.is_control() => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// Text in XML, in content or in a quoted attribute.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_measured_and_cut() {
        assert!((width("Aktus", 10.0, false) - 25.01).abs() < 0.1, "{}", width("Aktus", 10.0, false));
        assert_eq!(fit("short", 11.0, false, 100.0), "short");
        let cut = fit(&"W".repeat(100), 11.0, true, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 11.0, true) <= 111.0, "{cut}");
        assert_eq!(fit("", 11.0, false, 0.0), "");
    }

    #[test]
    fn hostile_text_is_data() {
        assert_eq!(xml("<script>&\"'\u{1b}\u{202e}\n"), "&lt;script&gt;&amp;&quot;&#39;\u{fffd}\u{fffd} ");
    }
}
