//! Lists the example chart's files, so that the sandbox needs no checkout and no network; says how to link.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    link();
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let chart = manifest.join("../../charts/aktus-platform").canonicalize()?;
    println!("cargo::rerun-if-changed={}", chart.display());
    let mut files = Vec::new();
    walk(&chart, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&chart).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
            .map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("example_chart.rs"), code)
}

/// Where the system links dynamically, has the command linked for a fixed place in memory, as Go links Helm: else the
/// pointers in all tables are put right at every start, page by page, which is much of what a small chart takes.
fn link() {
    println!("cargo::rerun-if-changed=build.rs");
    let is =
        |part: &str, value: &str| env::var_os(format!("CARGO_CFG_TARGET_{part}")).is_some_and(|found| found == value);
    if is("OS", "linux") && is("ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
