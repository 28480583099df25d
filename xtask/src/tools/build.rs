//! Building what is missing: each tool in a folder of its own that is moved into place when it is
//! whole, so that an interrupted build leaves nothing behind that looks like a tool.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::recipe::{self, KWOK_STAGES, Recipe};
use super::{SUMS, Tool, Tools, sum_of};
use crate::command::{output, root, show};

/// Builds those of `wanted` that are missing, one at a time; errs when one cannot be had, after
/// the others have been tried.
pub(crate) fn ensure(tools: &Tools, wanted: &[Tool]) -> Result<()> {
    if tools.missing(wanted).is_empty() {
        return Ok(());
    }
    fs::create_dir_all(&tools.cache).with_context(|| format!("{} cannot be made", tools.cache.display()))?;
    let guard = File::create(tools.cache.join(".lock"))?;
    if guard.try_lock().is_err() {
        eprintln!("another `cargo xtask tools` is at work; waiting for it");
        guard.lock()?;
    }
    remove_leftovers(&tools.cache)?;
    let missing = tools.missing(wanted);
    let mut failed = Vec::new();
    for (number, tool) in missing.iter().enumerate() {
        let title = format!("{} {}", tool.name(), tools.version(*tool)?);
        eprintln!("[{}/{}] {title}: building", number + 1, missing.len());
        let begin = Instant::now();
        match build(tools, *tool) {
            Ok(()) => eprintln!("[{}/{}] {title}: built in {} s", number + 1, missing.len(), begin.elapsed().as_secs()),
            Err(error) => {
                eprintln!("[{}/{}] {title}: {error:#}", number + 1, missing.len());
                failed.push(tool.name());
            }
        }
    }
    if !failed.is_empty() {
        bail!("{} of {} tools could not be built: {}", failed.len(), missing.len(), failed.join(", "));
    }
    Ok(())
}

/// Where a build works; nobody else does while we hold the lock.
const WORK: &str = ".building-";

/// Removes what builds left that were killed.
fn remove_leftovers(cache: &Path) -> Result<()> {
    for entry in fs::read_dir(cache)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(WORK) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn build(tools: &Tools, tool: Tool) -> Result<()> {
    let place = tools.place(tool)?;
    let work = tempfile::Builder::new().prefix(WORK).tempdir_in(&tools.cache)?;
    let folder = work.path().join(tool.name());
    fs::create_dir(&folder)?;
    let maker = Maker { tool, version: tools.version(tool)?, folder: &folder, log: work.path().join("log") };
    let summed = maker.make()?;
    let mut sums = String::new();
    for file in summed {
        writeln!(sums, "{}  {}", sum_of(&folder.join(&file))?, file.display())?;
    }
    fs::write(folder.join(SUMS), sums)?;
    fs::rename(&folder, &place).with_context(|| format!("{} could not be moved into place", place.display()))
}

/// One tool in the making.
struct Maker<'a> {
    tool: Tool,
    version: &'a str,
    folder: &'a Path,
    log: PathBuf,
}

impl Maker<'_> {
    /// Makes the tool and says which of its files are to be summed, relative to its folder.
    fn make(&self) -> Result<Vec<PathBuf>> {
        let recipe = recipe::of(self.tool);
        let program = PathBuf::from(self.tool.file());
        match recipe {
            Recipe::Go { module, package, .. } => {
                self.go_build(module, package, &recipe.linker_flags(self.version))?;
                Ok(vec![program])
            }
            Recipe::Kwok => {
                self.go_build("kwok", "sigs.k8s.io/kwok/cmd/kwok", &recipe.linker_flags(self.version))?;
                let module = go_module("kwok", "sigs.k8s.io/kwok")?;
                let mut stages = Vec::new();
                for part in KWOK_STAGES {
                    let file = module.join(part);
                    let text = fs::read_to_string(&file).with_context(|| format!("{} is missing", file.display()))?;
                    stages.push(text.trim_end().to_owned());
                }
                fs::write(self.folder.join("stages.yaml"), stages.join("\n---\n") + "\n")?;
                Ok(vec![program, PathBuf::from("stages.yaml")])
            }
            Recipe::GoSource(source) => {
                let found = output(go(self.folder)?.args(["env", "GOROOT"]))?;
                let source = Path::new(String::from_utf8_lossy(&found.stdout).trim()).join(source);
                let mut command = go(self.folder)?;
                command.args(["build", "-trimpath", "-o"]).arg(self.folder.join(&program)).arg(source);
                self.run(&mut command)?;
                Ok(vec![program])
            }
            Recipe::GoFiles { module, dependency, folder } => {
                let source = go_module(module, dependency)?.join(folder);
                let target = self.folder.join(&program);
                fs::create_dir(&target)?;
                let mut files = Vec::new();
                for entry in fs::read_dir(&source).with_context(|| format!("{} is missing", source.display()))? {
                    let entry = entry?;
                    // The files of the module cache are read-only; a copy of the bytes is not.
                    fs::write(target.join(entry.file_name()), fs::read(entry.path())?)?;
                    files.push(program.join(entry.file_name()));
                }
                files.sort();
                Ok(files)
            }
            Recipe::Python { requirements, module, function } => {
                let program = format!(
                    "import sys; sys.argv[0] = \"{name}\"; from {module} import {function}; sys.exit({function}())",
                    name = self.tool.file()
                );
                self.virtual_environment(requirements, &program)
            }
        }
    }

    fn go_build(&self, module: &str, package: &str, linker_flags: &str) -> Result<()> {
        let mut command = go(&root().join("xtask/tools").join(module))?;
        command.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", linker_flags, "-o"]);
        command.arg(self.folder.join(self.tool.file())).arg(package);
        self.run(&mut command)
    }

    /// Makes a virtual environment and a script beside it that runs a program of one line. A
    /// script of the environment itself would name the folder it was made in.
    fn virtual_environment(&self, requirements: &str, program: &str) -> Result<Vec<PathBuf>> {
        let environment = self.folder.join("venv");
        self.run(python()?.args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
        install.arg("--requirement").arg(root().join("xtask/tools").join(requirements).join("requirements.txt"));
        self.run(&mut install)?;
        let script = self.folder.join(self.tool.file());
        fs::write(&script, format!("#!/bin/sh\nexec \"${{0%/*}}/venv/bin/python\" -c '{program}' \"$@\"\n"))?;
        make_executable(&script)?;
        // What pip installed is listed with checksums in a RECORD of each package.
        let mut summed = vec![PathBuf::from(self.tool.file())];
        for library in fs::read_dir(environment.join("lib"))? {
            for entry in fs::read_dir(library?.path().join("site-packages"))? {
                let record = entry?.path().join("RECORD");
                if record.is_file() {
                    summed.push(record.strip_prefix(self.folder)?.to_owned());
                }
            }
        }
        summed.sort();
        Ok(summed)
    }

    /// Runs one command of the recipe, its output in a log that is shown when it fails.
    fn run(&self, command: &mut Command) -> Result<()> {
        let shown = show(command);
        let log = File::options().create(true).append(true).open(&self.log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut child = command.spawn().with_context(|| format!("`{shown}` did not start"))?;
        let begin = Instant::now();
        let mut told = 0;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            let minutes = begin.elapsed().as_secs() / 60;
            if minutes > told {
                told = minutes;
                eprintln!("      {}: still building after {minutes} min", self.tool.name());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        if !status.success() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n");
            bail!("`{shown}` ended with {status}\n{tail}");
        }
        Ok(())
    }
}

/// Go in a folder, with settings of its own instead of the user's.
fn go(folder: &Path) -> Result<Command> {
    let mut command = Command::new("go");
    command.current_dir(folder);
    // A Go that is too old fetches the version that the module asks for; none changes the module.
    command.env("GOTOOLCHAIN", "auto").env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
    // One recipe on every machine, and no C compiler.
    command.env("CGO_ENABLED", "0").env_remove("GOOS").env_remove("GOARCH").env_remove("GOBIN");
    let version = Command::new("go").args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output();
    let version = version.map(|found| String::from_utf8_lossy(&found.stdout).trim().to_owned()).unwrap_or_default();
    let how = "take it from https://go.dev/dl or a package manager; any version from 1.21 on fetches the one needed";
    match minor_of(&version) {
        None => Err(anyhow!("Go is not installed: {how}")),
        Some(minor) if minor < 21 => Err(anyhow!("{version} is too old: {how}")),
        Some(_) => Ok(command),
    }
}

/// 26 of `go1.26.8`.
fn minor_of(version: &str) -> Option<u32> {
    version.strip_prefix("go1.")?.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// The folder of a dependency of one of our modules in Go's own cache.
fn go_module(module: &str, dependency: &str) -> Result<PathBuf> {
    let folder = root().join("xtask/tools").join(module);
    let found = output(go(&folder)?.args(["mod", "download", "-json", dependency]))?;
    let answer: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap_or_default();
    match (answer.get("Error"), answer.get("Dir").and_then(serde_json::Value::as_str)) {
        (None, Some(folder)) => Ok(PathBuf::from(folder)),
        (Some(error), _) => bail!("{dependency} could not be downloaded: {error}"),
        (None, None) => {
            bail!("{dependency} could not be downloaded: {}", String::from_utf8_lossy(&found.stderr).trim())
        }
    }
}

fn python() -> Result<Command> {
    let test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    match Command::new("python3").args(["-c", test]).stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(Command::new("python3")),
        _ => Err(anyhow!(
            "Python 3.10 or newer with the module `venv` is not installed: take it from https://python.org \
             or with `apt-get install python3-venv`"
        )),
    }
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_executable(file: &Path) -> Result<()> {
    bail!("{} is a shell script, and this system runs none", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_of_go_is_read() {
        for (version, expected) in [
            ("go1.26.8", Some(26)),
            ("go1.21", Some(21)),
            ("go1.27rc1", Some(27)),
            ("", None),
            ("devel go1.27-abc", None),
        ] {
            assert_eq!(minor_of(version), expected, "{version}");
        }
    }
}
