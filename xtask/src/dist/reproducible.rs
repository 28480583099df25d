//! The same sources in two folders: are the packages the same bytes?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::build::Place;
use crate::command::{output, root};

/// Two folders below `work` whose paths differ in length, each with a copy of the sources.
pub(super) fn places(work: &Path) -> Result<[(Place, PathBuf); 2]> {
    let folders = ["first", "second/with-a-longer-name"].map(|name| work.join(name));
    for folder in &folders {
        copy_sources(&root(), &folder.join("source"))?;
    }
    Ok(folders.map(|folder| {
        let place = Place { source: folder.join("source"), target: folder.join("target") };
        (place, folder.join("dist"))
    }))
}

/// Copies what git knows or would take in, as it lies in the folder now.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("could not empty {}", to.display()))?;
    }
    let mut list = Command::new("git");
    list.current_dir(from).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = output(&mut list)?;
    if !listed.status.success() {
        bail!("`git ls-files` ended with {}: the comparison copies what git knows", listed.status);
    }
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let (source, target) = (from.join(name), to.join(name));
        // A file that is deleted but not yet committed.
        if !source.exists() {
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(&source, &target).with_context(|| format!("could not copy {}", source.display()))?;
    }
    Ok(())
}

/// Errs unless two folders hold the same files with the same bytes; says how many there are.
pub(super) fn compare(first: &Path, second: &Path) -> Result<usize> {
    let [left, right] = [files(first)?, files(second)?];
    if left.keys().ne(right.keys()) {
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>().join(" ");
        bail!(
            "the packages differ already in their names, which hold digests:\n  {}\n  {}\nFind what differs in {} and {}",
            names(&left),
            names(&right),
            first.display(),
            second.display(),
        );
    }
    for (name, bytes) in &left {
        let other = right.get(name).map(Vec::as_slice).unwrap_or_default();
        if bytes != other {
            let at = bytes.iter().zip(other).take_while(|(left, right)| left == right).count();
            bail!("{name} differs from byte {at} on, in {} and {}", first.display(), second.display());
        }
    }
    Ok(left.len())
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    entries
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named() {
        let work = tempfile::tempdir().unwrap();
        let [first, second] = ["a", "b"].map(|name| work.path().join(name));
        for folder in [&first, &second] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("x.zip"), "12345").unwrap();
        }
        assert_eq!(compare(&first, &second).unwrap(), 1);
        fs::write(second.join("x.zip"), "12x45").unwrap();
        assert!(compare(&first, &second).unwrap_err().to_string().starts_with("x.zip differs from byte 2 on"));
        fs::write(second.join("x.zip"), "123456").unwrap();
        assert!(compare(&first, &second).unwrap_err().to_string().starts_with("x.zip differs from byte 5 on"));
        fs::rename(second.join("x.zip"), second.join("y.zip")).unwrap();
        assert!(compare(&first, &second).unwrap_err().to_string().contains("in their names"));
    }

    #[test]
    fn sources_are_copied_as_they_lie() {
        let work = tempfile::tempdir().unwrap();
        let copy = work.path().join("source");
        copy_sources(&root(), &copy).unwrap();
        for name in ["Cargo.lock", ".cargo/config.toml", "xtask/src/dist/reproducible.rs"] {
            assert_eq!(fs::read(copy.join(name)).unwrap(), fs::read(root().join(name)).unwrap(), "{name}");
        }
        assert!(!copy.join("target").exists());
    }
}
