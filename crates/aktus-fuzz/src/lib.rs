//! What must hold for any bytes?
//!
//! Each [`Target`] is a plain function that panics when something does not hold. They are compiled and run for a moment
//! with every test of the workspace; `cargo xtask fuzz` runs them for long under libFuzzer, which watches which code an
//! input reaches (`fuzz/` at the root of the repository).
//!
//! ```
//! let target = aktus_fuzz::target("yaml-read").unwrap();
//! (target.run)(b"a: &x [1, *x]");
//! ```

mod mutate;
mod regexp;
mod seeds;
mod template;
mod yaml;

pub use mutate::Mutator;

/// Something to feed with bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Takes any bytes; panics when something does not hold.
    pub run: fn(&[u8]),
    /// Good inputs to begin with, from the charts, recordings and cases in the repository.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 6] = [
    Target { name: "template-parse", run: template::parse, seeds: seeds::templates },
    Target { name: "template-render", run: template::render, seeds: seeds::templates },
    Target { name: "yaml-read", run: yaml::read, seeds: seeds::documents },
    Target { name: "yaml-round-trip", run: yaml::round_trip, seeds: seeds::documents },
    Target { name: "json-read", run: yaml::json, seeds: seeds::json },
    Target { name: "regexp", run: regexp::search, seeds: seeds::patterns },
];

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
