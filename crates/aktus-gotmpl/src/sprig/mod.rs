//! Which functions does sprig 3.3.0 add to Go's own, family by family?

mod crypto;
mod date;
mod defaults;
mod dict;
mod encoding;
mod list;
mod network;
mod numeric;
mod path;
#[cfg(test)]
mod recorded;
mod reflect;
mod regex;
mod semver;
mod strings;
mod text;
mod url;

use crate::function::Function;

pub(crate) use date::now_of;
pub(crate) use regex::Patterns;

/// All families; Helm takes `env` and `expandenv` away, and so they are not here.
pub(crate) static FAMILIES: &[&[Function]] = &[
    crypto::FUNCTIONS,
    date::FUNCTIONS,
    defaults::FUNCTIONS,
    dict::FUNCTIONS,
    encoding::FUNCTIONS,
    list::FUNCTIONS,
    network::FUNCTIONS,
    numeric::FUNCTIONS,
    path::FUNCTIONS,
    reflect::FUNCTIONS,
    regex::FUNCTIONS,
    semver::FUNCTIONS,
    strings::FUNCTIONS,
    url::FUNCTIONS,
];

#[cfg(test)]
mod tests {
    use super::recorded::check_table;

    /// Calls of all families put together at random, with arguments right and wrong.
    #[test]
    fn random_calls_as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/random.tsv"));
    }
}
