//! What can be said of output that is random or tells the time: length, alphabet, structure, nearness.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::der;

/// What both outputs are reduced to before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// How many letters and digits, letters, digits, or printable characters.
    Letters(&'static [u8]),
    /// How many bytes the base64 stands for.
    Base64,
    /// The letters in order of the alphabet.
    Shuffled,
    /// A number from the first up to and without the second, which stand before it.
    Within,
    /// A random UUID.
    Uuid,
    /// A hash of the password, after `user:` or alone, which must verify; the password stands before it.
    Bcrypt,
    /// Keys and certificates: everything but keys, signatures, serial numbers and the time of day.
    Pem,
    /// Seconds, or a duration, at most some minutes apart.
    Near,
}

impl Shape {
    /// How the table of functions calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Letters(_) => "length and alphabet",
            Self::Base64 => "length",
            Self::Shuffled => "letters",
            Self::Within => "range",
            Self::Uuid => "form",
            Self::Bcrypt => "form, hash verified",
            Self::Pem => "structure",
            Self::Near => "within minutes",
        }
    }

    /// Whether two outputs have the same shape.
    pub(crate) fn same(self, ours: &[u8], theirs: &[u8]) -> bool {
        if self == Self::Near {
            return match (seconds(ours), seconds(theirs)) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() < 900.0,
                _ => ours == theirs,
            };
        }
        self.of(ours) == self.of(theirs)
    }

    fn of(self, output: &[u8]) -> Result<String, Vec<u8>> {
        let text = String::from_utf8_lossy(output);
        let shape = match self {
            Self::Letters(alphabet) => {
                output.iter().all(|byte| alphabet.contains(byte)).then(|| output.len().to_string())
            }
            Self::Base64 => STANDARD.decode(output).ok().map(|bytes| bytes.len().to_string()),
            Self::Shuffled => {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                Some(letters.into_iter().collect())
            }
            Self::Within => within(&text),
            Self::Uuid => uuid(output),
            Self::Bcrypt => bcrypt(&text),
            Self::Pem => pem(&text),
            Self::Near => None,
        };
        // Output of no such shape, a text about an error perhaps, is compared as it is.
        shape.ok_or_else(|| output.to_owned())
    }
}

fn within(text: &str) -> Option<String> {
    let mut numbers = text.split(' ').map(|number| number.parse::<i64>().ok());
    let (low, high, found) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (low <= found && found < high).then(|| format!("{low} {high}"))
}

fn uuid(output: &[u8]) -> Option<String> {
    const FORM: &[u8] = b"xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
    let fits = |(byte, form): (&u8, &u8)| match form {
        b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        b'v' => b"89ab".contains(byte),
        other => byte == other,
    };
    (output.len() == FORM.len() && output.iter().zip(FORM).all(fits)).then(|| "uuid".to_owned())
}

/// `PASSWORD` TAB `[USER:]HASH`
fn bcrypt(text: &str) -> Option<String> {
    const HASH: usize = 60;
    // Each check takes as long as a hash does.
    const SHARE: usize = 8;
    let (password, found) = text.rsplit_once('\t')?;
    let (before, hash) = found.split_at_checked(found.len().checked_sub(HASH)?)?;
    if !hash.starts_with("$2a$10$") {
        return None;
    }
    let sampled = hash.bytes().map(usize::from).sum::<usize>() % SHARE == 0;
    let right = !sampled || ::bcrypt::verify(password.as_bytes(), hash).unwrap_or(false);
    right.then(|| format!("{password} {before}"))
}

/// The blocks' names and structures, and the text between them.
fn pem(text: &str) -> Option<String> {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut shape = String::new();
    let mut body: Option<String> = None;
    for line in text.lines() {
        if line.starts_with(BEGIN) {
            shape.push_str(line);
            body = Some(String::new());
        } else if let Some(base64) = body.as_mut() {
            if line.starts_with(END) {
                let bytes = STANDARD.decode(base64.as_bytes()).ok()?;
                shape.push_str(&der::shape(&bytes)?);
                body = None;
            } else {
                // Lines of 64 letters, as Go writes them; the last is shorter.
                if line.len() > 64 {
                    return None;
                }
                base64.push_str(line);
                continue;
            }
        }
        shape.push_str(line);
        shape.push('\n');
    }
    (body.is_none() && shape.contains(BEGIN)).then_some(shape)
}

/// Seconds since 1970, or the seconds of a duration in Go's form.
fn seconds(output: &[u8]) -> Option<f64> {
    let text = str::from_utf8(output).ok()?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (sign, mut rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let factor = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    Some(sign * sum)
}
