//! Which names and texts has a source used before? Each is kept once and known by its number.

use super::tree::Name;
use crate::value::Str;

/// Names by number, and numbers by name.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Str>,
    /// An open hash table of numbers plus one; 0 is free. Its length is a power of two.
    table: Vec<u32>,
}

impl Names {
    /// Without names yet, with room for those that a source of so many bytes usually has.
    pub(super) fn for_source(bytes: usize) -> Self {
        let names = (bytes / 64).min(1_000) + 4;
        Self { names: Vec::with_capacity(names), table: vec![0; (2 * names).next_power_of_two()] }
    }

    /// The number of a name, which is noted if it is new.
    pub(super) fn intern(&mut self, text: &[u8]) -> Name {
        if self.table.len() < 2 * (self.names.len() + 1) {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(text) & mask;
        loop {
            match self.table[slot].checked_sub(1) {
                None => {
                    let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX - 1);
                    self.table[slot] = number + 1;
                    self.names.push(Str::new(text));
                    return Name(number);
                }
                Some(number) if self.names[number as usize].as_bytes() == text => return Name(number),
                Some(_) => slot = (slot + 1) & mask,
            }
        }
    }

    /// The names by number.
    pub(super) fn into_names(self) -> Vec<Str> {
        self.names
    }

    /// A name.
    pub(super) fn get(&self, name: Name) -> &Str {
        &self.names[name.0 as usize]
    }

    fn grow(&mut self) {
        let length = 2 * self.table.len();
        let mask = length - 1;
        self.table = vec![0; length];
        for (number, name) in (1_u32..).zip(&self.names) {
            let mut slot = hash(name) & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number;
        }
    }
}

/// Multiplied and folded, eight bytes at a time. Collisions only cost time, and no source is long enough for them to
/// cost much.
fn hash(text: &[u8]) -> usize {
    let mix = |hash: u64, part: u64| {
        let hash = (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ (hash >> 29)
    };
    let (parts, rest) = text.as_chunks::<8>();
    let start = parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| mix(hash, u64::from_le_bytes(*part)));
    let rest = rest.iter().fold(1, |rest, byte| rest << 8 | u64::from(*byte));
    let hash = mix(start, rest);
    usize::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_number() {
        let mut names = Names::for_source(0);
        let texts: Vec<String> = (0..1_000).map(|number| format!("name{number}")).collect();
        let first: Vec<Name> = texts.iter().map(|text| names.intern(text.as_bytes())).collect();
        let again: Vec<Name> = texts.iter().map(|text| names.intern(text.as_bytes())).collect();
        assert_eq!(first, again);
        assert_eq!(names.into_names().len(), 1_000);
    }
}
