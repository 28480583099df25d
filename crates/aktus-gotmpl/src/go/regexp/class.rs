//! Which characters are in `\d`, `[:alpha:]` or `\p{Greek}`?

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// A class of the given inclusive ranges.
pub(super) fn ranges(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|&(start, end)| ClassUnicodeRange::new(start, end)))
}

/// Adds every other case of the class's characters, as `(?i)` does.
pub(super) fn fold(class: &mut ClassUnicode) {
    // The tables are part of this build.
    let _folded = class.try_case_fold_simple();
}

/// The class of `\d`, `\s`, `\w` or their negation, which Go limits to ASCII.
pub(super) fn perl(letter: u8, fold_case: bool) -> Option<ClassUnicode> {
    let class = match letter.to_ascii_lowercase() {
        b'd' => ranges(&[('0', '9')]),
        b's' => ranges(&[('\t', '\n'), ('\u{C}', '\r'), (' ', ' ')]),
        b'w' => ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        _ => return None,
    };
    Some(signed(class, letter.is_ascii_uppercase(), fold_case))
}

/// The class `[:name:]` or `[:^name:]`; `name` is what stands between the colons.
pub(super) fn posix(name: &[u8], fold_case: bool) -> Option<ClassUnicode> {
    let (negated, name) = match name {
        [b'^', name @ ..] => (true, name),
        _ => (false, name),
    };
    let class: &[(char, char)] = match name {
        b"alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        b"alpha" => &[('A', 'Z'), ('a', 'z')],
        b"ascii" => &[('\0', '\u{7F}')],
        b"blank" => &[('\t', '\t'), (' ', ' ')],
        b"cntrl" => &[('\0', '\u{1F}'), ('\u{7F}', '\u{7F}')],
        b"digit" => &[('0', '9')],
        b"graph" => &[('!', '~')],
        b"lower" => &[('a', 'z')],
        b"print" => &[(' ', '~')],
        b"punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        b"space" => &[('\t', '\r'), (' ', ' ')],
        b"upper" => &[('A', 'Z')],
        b"word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        b"xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(signed(ranges(class), negated, fold_case))
}

/// The class `\p{name}`; the caller has taken a leading `^` off.
pub(super) fn unicode(name: &str, negated: bool, fold_case: bool) -> Option<ClassUnicode> {
    let name = canonical_name(name);
    let assigned = || property(r"\p{Age=15.0}");
    let class = match name.as_str() {
        "Any" => Some(ranges(&[('\0', char::MAX)])),
        "Ascii" => Some(ranges(&[('\0', '\u{7F}')])),
        "Assigned" | "Cn" | "Unassigned" | "C" | "Other" => {
            // Characters that Unicode assigned after Go's tables were made are unassigned.
            let mut unassigned = property(r"\p{gc=Cn}")?;
            let mut later = assigned()?;
            later.negate();
            unassigned.union(&later);
            if name == "Assigned" {
                unassigned.negate();
            } else if name == "C" || name == "Other" {
                unassigned.union(&property(r"\p{gc=C}")?);
            }
            Some(unassigned)
        }
        "Lc" | "Casedletter" => property(r"[\p{Lu}\p{Ll}\p{Lt}]"),
        _ if CATEGORIES.contains(&name.as_str()) => property(&format!(r"\p{{gc={name}}}")),
        _ if SCRIPTS.contains(&name.as_str()) => property(&format!(r"\p{{sc={name}}}")),
        _ => None,
    };
    let mut class = class?;
    if !matches!(name.as_str(), "Any" | "Cn" | "Unassigned" | "C" | "Other") {
        class.intersect(&assigned()?);
    }
    Some(signed(class, negated, fold_case))
}

fn signed(mut class: ClassUnicode, negated: bool, fold_case: bool) -> ClassUnicode {
    if fold_case {
        fold(&mut class);
    }
    if negated {
        class.negate();
    }
    class
}

fn property(pattern: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(pattern).map(Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => Some(class),
        // A single character or nothing at all, such as the surrogates.
        Ok(HirKind::Literal(literal)) => {
            let rune = str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(ranges(&[(rune, rune)]))
        }
        Ok(_) => Some(ClassUnicode::empty()),
        Err(_) => None,
    }
}

/// A leading capital, lower case after it, without underscores, hyphens and spaces.
fn canonical_name(name: &str) -> String {
    let mut canonical = String::with_capacity(name.len());
    for byte in name.chars().filter(|byte| !matches!(byte, '_' | '-' | ' ')) {
        canonical.push(if canonical.is_empty() { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() });
    }
    canonical
}

/// General categories by the canonical form of the names and aliases Go knows.
const CATEGORIES: &[&str] = &[
    "Cc",
    "Cf",
    "Closepunctuation",
    "Cntrl",
    "Co",
    "Combiningmark",
    "Connectorpunctuation",
    "Control",
    "Cs",
    "Currencysymbol",
    "Dashpunctuation",
    "Decimalnumber",
    "Digit",
    "Enclosingmark",
    "Finalpunctuation",
    "Format",
    "Initialpunctuation",
    "L",
    "Letter",
    "Letternumber",
    "Lineseparator",
    "Ll",
    "Lm",
    "Lo",
    "Lowercaseletter",
    "Lt",
    "Lu",
    "M",
    "Mark",
    "Mathsymbol",
    "Mc",
    "Me",
    "Mn",
    "Modifierletter",
    "Modifiersymbol",
    "N",
    "Nd",
    "Nl",
    "No",
    "Nonspacingmark",
    "Number",
    "Openpunctuation",
    "Otherletter",
    "Othernumber",
    "Otherpunctuation",
    "Othersymbol",
    "P",
    "Paragraphseparator",
    "Pc",
    "Pd",
    "Pe",
    "Pf",
    "Pi",
    "Po",
    "Privateuse",
    "Ps",
    "Punct",
    "Punctuation",
    "S",
    "Sc",
    "Separator",
    "Sk",
    "Sm",
    "So",
    "Spaceseparator",
    "Spacingmark",
    "Surrogate",
    "Symbol",
    "Titlecaseletter",
    "Uppercaseletter",
    "Z",
    "Zl",
    "Zp",
    "Zs",
];

/// Scripts that Go finds. Its lookup drops underscores from the name asked for but
/// not from its table, so the scripts of several words are out of its reach.
const SCRIPTS: &[&str] = &[
    "Adlam",
    "Ahom",
    "Arabic",
    "Armenian",
    "Avestan",
    "Balinese",
    "Bamum",
    "Batak",
    "Bengali",
    "Bhaiksuki",
    "Bopomofo",
    "Brahmi",
    "Braille",
    "Buginese",
    "Buhid",
    "Carian",
    "Chakma",
    "Cham",
    "Cherokee",
    "Chorasmian",
    "Common",
    "Coptic",
    "Cuneiform",
    "Cypriot",
    "Cyrillic",
    "Deseret",
    "Devanagari",
    "Dogra",
    "Duployan",
    "Elbasan",
    "Elymaic",
    "Ethiopic",
    "Georgian",
    "Glagolitic",
    "Gothic",
    "Grantha",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hanunoo",
    "Hatran",
    "Hebrew",
    "Hiragana",
    "Inherited",
    "Javanese",
    "Kaithi",
    "Kannada",
    "Katakana",
    "Kawi",
    "Kharoshthi",
    "Khmer",
    "Khojki",
    "Khudawadi",
    "Lao",
    "Latin",
    "Lepcha",
    "Limbu",
    "Lisu",
    "Lycian",
    "Lydian",
    "Mahajani",
    "Makasar",
    "Malayalam",
    "Mandaic",
    "Manichaean",
    "Marchen",
    "Medefaidrin",
    "Miao",
    "Modi",
    "Mongolian",
    "Mro",
    "Multani",
    "Myanmar",
    "Nabataean",
    "Nandinagari",
    "Newa",
    "Nko",
    "Nushu",
    "Ogham",
    "Oriya",
    "Osage",
    "Osmanya",
    "Palmyrene",
    "Phoenician",
    "Rejang",
    "Runic",
    "Samaritan",
    "Saurashtra",
    "Sharada",
    "Shavian",
    "Siddham",
    "Sinhala",
    "Sogdian",
    "Soyombo",
    "Sundanese",
    "Syriac",
    "Tagalog",
    "Tagbanwa",
    "Takri",
    "Tamil",
    "Tangsa",
    "Tangut",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
    "Tifinagh",
    "Tirhuta",
    "Toto",
    "Ugaritic",
    "Vai",
    "Vithkuqi",
    "Wancho",
    "Yezidi",
    "Yi",
];
