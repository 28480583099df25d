//! Every target holds for its seeds, for inputs that once broke something, and for some random ones.

use std::fs;
use std::path::Path;

use aktus_fuzz::{Mutator, TARGETS, Target};

/// Random inputs for each target; unoptimized code takes its time.
const ROUNDS: usize = 2_000;

/// Runs on the stack that a thread of tokio has, and tells the input that broke it.
fn hold(target: Target, inputs: Vec<Vec<u8>>) {
    let run = move || {
        for input in inputs {
            let broken = std::panic::catch_unwind(|| (target.run)(&input)).is_err();
            assert!(!broken, "{}: \"{}\"", target.name, input.escape_ascii());
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
    assert!(thread.join().is_ok(), "{} does not hold; the input is above", target.name);
}

#[test]
fn seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= 30, "{} has only {} seeds", target.name, seeds.len());
        let some = seeds.into_iter().filter(|seed| seed.len() < 10_000).step_by(3);
        hold(target, some.collect());
    }
}

#[test]
fn what_once_broke() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for target in TARGETS {
        let files = fs::read_dir(folder.join(target.name)).into_iter().flatten().flatten();
        hold(target, files.map(|file| fs::read(file.path()).expect("a file")).collect());
    }
}

#[test]
fn random_inputs() {
    for target in TARGETS {
        let small = (target.seeds)().into_iter().filter(|seed| seed.len() < 2_000).collect();
        let mut mutator = Mutator::new(1, small);
        hold(target, (0..ROUNDS).map(|_| mutator.next_input()).collect());
    }
}
