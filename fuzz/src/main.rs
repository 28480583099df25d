//! One target of `aktus-fuzz` under libFuzzer. `AKTUS_FUZZ_TARGET` names it, `AKTUS_FUZZ_SEEDS` a folder that gets its
//! seeds.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use aktus_fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("AKTUS_FUZZ_TARGET").expect("AKTUS_FUZZ_TARGET names a target");
    aktus_fuzz::target(&name).expect("a target of that name")
});

fn write_seeds() {
    let Some(folder) = std::env::var_os("AKTUS_FUZZ_SEEDS").map(PathBuf::from) else { return };
    for (number, seed) in (TARGET.seeds)().into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).expect("a seed is written");
    }
}

fuzz_target!(init: write_seeds(), |data: &[u8]| (TARGET.run)(data));
