//! Random changes without a fuzzer: few tricks, but on any machine.

use fastrand::Rng;

/// Words that decide something in one of the languages.
const WORDS: [&str; 48] = [
    "{{",
    "}}",
    "{{-",
    "-}}",
    "{{ end }}",
    "{{ else }}",
    "{{ if . }}",
    "{{ range . }}",
    "{{ define \"a\" }}",
    "include",
    "tpl",
    "toYaml",
    "|",
    ":=",
    "$x",
    ".Values",
    "(",
    ")",
    "\"",
    "`",
    "'",
    "\\",
    "\n",
    "\t",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!str ",
    "<<: ",
    "---\n",
    "%YAML 1.1",
    "#",
    "|-\n",
    ">+\n",
    "\u{85}",
    "\u{feff}",
    "\0",
    "(?:",
    "{1000}",
    "*?",
    "[[:alpha:]",
    "\\pL",
];

/// Makes inputs by changing and mixing good ones; the same from the same seed.
#[derive(Clone, Debug)]
pub struct Mutator {
    rng: Rng,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// A mutator that begins with these inputs; with none it begins with nothing.
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self { rng: Rng::with_seed(seed), seeds }
    }

    fn seed(&mut self) -> Vec<u8> {
        if self.seeds.is_empty() {
            return Vec::new();
        }
        let index = self.rng.usize(..self.seeds.len());
        self.seeds[index].clone()
    }

    /// A random piece of a text.
    fn piece(&mut self, text: &[u8]) -> Vec<u8> {
        let start = self.rng.usize(..=text.len());
        let end = self.rng.usize(start..=text.len().min(start + 200));
        text[start..end].to_vec()
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut text = self.seed();
        for _ in 0..self.rng.usize(1..8) {
            let at = self.rng.usize(..=text.len());
            match self.rng.u8(..7) {
                0 => {
                    let other = self.seed();
                    let piece = self.piece(&other);
                    text.splice(at..at, piece);
                }
                1 => {
                    let piece = self.piece(&text);
                    let times = if self.rng.bool() { 1 } else { self.rng.usize(1..50) };
                    text.splice(at..at, piece.repeat(times));
                }
                2 => {
                    let end = self.rng.usize(at..=text.len().min(at + 40));
                    text.drain(at..end);
                }
                3 if at < text.len() => text[at] = self.rng.u8(..),
                4 if at < text.len() => text[at] ^= 1 << self.rng.u8(..8),
                _ => {
                    let word = WORDS[self.rng.usize(..WORDS.len())];
                    text.splice(at..at, word.bytes());
                }
            }
        }
        text
    }
}
