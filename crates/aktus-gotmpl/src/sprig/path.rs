//! What are the parts of a path? Go's `path`, and its `path/filepath` under the names that begin with `os`, which on
//! Unix is the same.

use crate::function::Function;
use crate::functions;
use crate::go::path;
use crate::value::Str;

pub(super) static FUNCTIONS: &[Function] = functions! {
    "base" => (Str) base;
    "clean" => (Str) clean;
    "dir" => (Str) dir;
    "ext" => (Str) ext;
    "isAbs" => (Str) is_abs;
    "osBase" => (Str) base;
    "osClean" => (Str) clean;
    "osDir" => (Str) dir;
    "osExt" => (Str) ext;
    "osIsAbs" => (Str) is_abs;
};

fn base(path: &Str) -> &[u8] {
    path::base(path)
}

fn clean(path: &Str) -> Vec<u8> {
    path::clean(path)
}

fn dir(path: &Str) -> Vec<u8> {
    path::dir(path)
}

fn ext(path: &Str) -> &[u8] {
    path::ext(path)
}

fn is_abs(path: &Str) -> bool {
    path::is_abs(path)
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/path.tsv"));
    }
}
