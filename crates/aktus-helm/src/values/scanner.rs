//! Reading a `--set` expression rune by rune.

/// The runes of an expression.
pub(super) struct Scanner<'a> {
    text: &'a str,
}

/// What ended a run of runes.
pub(super) enum End {
    Stop(char),
    EndOfInput,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.text = self.text.get(bytes..).unwrap_or("");
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let rune = self.peek()?;
        self.text = &self.text[rune.len_utf8()..];
        Some(rune)
    }

    /// The runes up to one of `stop`, which is consumed. With `escapes`, a backslash takes the next
    /// rune as it is.
    pub(super) fn until(&mut self, stop: &[char], escapes: bool) -> (String, End) {
        let mut found = String::new();
        while let Some(rune) = self.next() {
            if stop.contains(&rune) {
                return (found, End::Stop(rune));
            }
            if escapes && rune == '\\' {
                match self.next() {
                    Some(rune) => found.push(rune),
                    None => break,
                }
            } else {
                found.push(rune);
            }
        }
        (found, End::EndOfInput)
    }
}
