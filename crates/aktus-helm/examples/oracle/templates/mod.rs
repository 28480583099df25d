//! Whole templates: most are meant to succeed, some have a mistake planted or a letter gone wrong.

mod typed;
mod values;
mod wild;

use std::rc::Rc;

use fastrand::Rng;

use crate::expressions::values;
use crate::process::{Agreement, Question};

thread_local! {
    static VALUES: Rc<serde_json::Value> = Rc::new(values());
}

pub(crate) fn question(dice: &mut Rng) -> Question {
    let (name, text) = match dice.u8(..100) {
        0..12 => ("template with a planted mistake", typed::text(dice, true)),
        12..22 => {
            let text = typed::text(dice, false);
            ("template with letters gone wrong", mutated(dice, &text))
        }
        22..32 => ("template without types", wild::text(dice)),
        _ => ("template", typed::text(dice, false)),
    };
    Question {
        name,
        fitting: name == "template",
        operation: "render",
        text: text.into_bytes(),
        values: VALUES.with(Rc::clone),
        agreement: Agreement::Exact,
    }
}

/// The text with one to three letters removed, doubled or put in.
fn mutated(dice: &mut Rng, text: &str) -> String {
    const LETTERS: &[char] = &[
        '{', '}', '(', ')', '|', '.', '$', '"', '`', '\'', '-', ' ', '\n', ':', '=', ',', '1', 'x', '/', '*', '\\',
        '%', '_', '\u{0}', 'é', '+',
    ];
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.usize(..3) {
        if letters.is_empty() {
            break;
        }
        let place = dice.usize(..letters.len());
        match dice.u8(..3) {
            0 => drop(letters.remove(place)),
            1 => letters.insert(place, letters[place]),
            _ => letters.insert(place, LETTERS[dice.usize(..LETTERS.len())]),
        }
    }
    letters.into_iter().collect()
}
