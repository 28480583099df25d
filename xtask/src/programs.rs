//! Our own programs, built in the same way for everything that starts them.

use std::env;
use std::path::PathBuf;

use anyhow::Result;

use crate::command::{cargo, root, run};

/// The feature that makes the real sandbox a part of `xtask`.
pub(crate) const SANDBOX: &str = "--features=xtask/sandbox";

/// Builds `aktus`, the function, `xtask` with its sandbox, and below `examples` what asks real programs; says in which
/// folder they are. After the tests of the workspace all of them are there already.
pub(crate) fn build() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bins", "--examples", SANDBOX, "--locked"]))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("debug"))
}
