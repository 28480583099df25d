//! The C compiler for musl: zig brings headers and a compiler for every target.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::target::Target;

/// A zig on this machine.
pub(super) struct Zig {
    program: PathBuf,
    pub(super) version: String,
}

/// What makes a Python with the package ziglang say where its zig is.
const WHERE: &str = "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";

impl Zig {
    /// `$ZIG`, else `zig` of the path, else that of Python's package ziglang.
    pub(super) fn locate() -> Result<Self> {
        if let Some(given) = std::env::var_os("ZIG") {
            let program = PathBuf::from(&given);
            let version = version(&program).with_context(|| format!("ZIG={} is no zig", program.display()))?;
            return Ok(Self { program, version });
        }
        let packaged = ["python3", "python"].into_iter().filter_map(|python| {
            let output = Command::new(python).args(["-c", WHERE]).stderr(Stdio::null()).output().ok()?;
            let path = String::from_utf8(output.stdout).ok()?;
            (!path.trim().is_empty()).then(|| PathBuf::from(path.trim()))
        });
        for program in std::iter::once(PathBuf::from("zig")).chain(packaged) {
            if let Some(version) = version(&program) {
                return Ok(Self { program, version });
            }
        }
        bail!(
            "no zig was found, and the C parts (aws-lc) need a compiler for musl: install it with \
             `pip install ziglang`, or from https://ziglang.org/download, and put it in the path or name it in ZIG"
        )
    }

    /// Writes the compiler and the archiver for a target into a folder, as cargo's build scripts call them.
    pub(super) fn write_tools(&self, target: Target, folder: &Path) -> Result<Tools> {
        fs::create_dir_all(folder)?;
        let zig = quote(self.program.as_os_str())?;
        // Build scripts name the target in Rust's words, which zig does not know, and it is fixed here anyway.
        // Without optimisation zig would check for undefined behaviour, with a run-time library that is not linked.
        let compiler = format!(
            "#!/bin/sh\nfor argument do\n  shift\n  case $argument in\n    --target=*) ;;\n    \
             *) set -- \"$@\" \"$argument\" ;;\n  esac\ndone\n\
             exec {zig} cc -target {} -fno-sanitize=undefined -g0 \"$@\"\n",
            target.zig
        );
        let tools = Tools {
            compiler: folder.join(format!("cc-{}", target.triple)),
            archiver: folder.join(format!("ar-{}", target.triple)),
        };
        write_executable(&tools.compiler, &compiler)?;
        write_executable(&tools.archiver, &format!("#!/bin/sh\nexec {zig} ar \"$@\"\n"))?;
        Ok(tools)
    }
}

/// What build scripts of C parts call.
pub(super) struct Tools {
    pub(super) compiler: PathBuf,
    pub(super) archiver: PathBuf,
}

fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("version").stderr(Stdio::null()).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !version.trim().is_empty()).then(|| version.trim().to_owned())
}

/// A word of a shell script.
fn quote(word: &OsStr) -> Result<String> {
    let word = OsString::from(word);
    let word = word.into_string().map_err(|word| anyhow::anyhow!("{} is not UTF-8", word.display()))?;
    Ok(format!("'{}'", word.replace('\'', r"'\''")))
}

fn write_executable(path: &Path, script: &str) -> Result<()> {
    // A build that waits for nothing may be using it.
    if fs::read_to_string(path).is_ok_and(|known| known == script) {
        return Ok(());
    }
    fs::write(path, script)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::target::TARGETS;

    #[test]
    fn the_compiler_gets_zigs_name_of_the_target_and_every_other_argument() {
        let folder = tempfile::tempdir().unwrap();
        // Stands in for zig: says what it was called with.
        let program = folder.path().join("zig's own");
        write_executable(&program, "#!/bin/sh\nprintf '<%s>' \"$@\"\n").unwrap();
        let zig = Zig { program, version: "1".to_owned() };
        let tools = zig.write_tools(TARGETS[0], &folder.path().join("tools")).unwrap();
        let said = |program: &Path, arguments: &[&str]| {
            String::from_utf8(Command::new(program).args(arguments).output().unwrap().stdout).unwrap()
        };
        assert_eq!(
            said(&tools.compiler, &["-O2", "--target=aarch64-unknown-linux-musl", "-o", "a b", "*"]),
            "<cc><-target><aarch64-linux-musl><-fno-sanitize=undefined><-g0><-O2><-o><a b><*>"
        );
        assert_eq!(said(&tools.archiver, &["crs", "lib.a"]), "<ar><crs><lib.a>");
    }
}
