//! Chart directories: order, links, and what `.helmignore` leaves out.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use aktus_helm::{Chart, Limits, LoadError, LoadOptions};
use tempfile::TempDir;

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    write(directory.path(), "Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    for (name, content) in files {
        write(directory.path(), name, content);
    }
    directory
}

fn write(directory: &Path, name: &str, content: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, content).expect("a file");
}

fn load(directory: &TempDir) -> Result<Chart, LoadError> {
    Chart::from_directory(directory.path(), &LoadOptions::default())
}

#[track_caller]
fn refused(directory: &TempDir, expected: &str) {
    let error = load(directory).expect_err("the directory is refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

fn names(chart: &Chart) -> Vec<&str> {
    chart.raw().iter().map(aktus_helm::File::name).collect()
}

#[test]
fn files_come_in_lexical_order() {
    let directory = directory(&[("b/z", ""), ("b/a", ""), ("b.txt", ""), ("a", "")]);
    let chart = load(&directory).expect("a chart");
    assert_eq!(names(&chart), ["Chart.yaml", "a", "b/a", "b/z", "b.txt"]);
}

#[test]
fn links_inside_the_chart_are_followed() {
    let directory = directory(&[("real/x.txt", "x"), ("a.txt", "a")]);
    symlink("a.txt", directory.path().join("link.txt")).expect("a link");
    symlink("real", directory.path().join("also")).expect("a link");
    let chart = load(&directory).expect("a chart");
    assert_eq!(names(&chart), ["Chart.yaml", "a.txt", "also/x.txt", "link.txt", "real/x.txt"]);
    assert_eq!(chart.files()[2].data(), b"a");
}

#[test]
fn links_into_a_folder_that_is_allowed_are_followed() {
    let repository = tempfile::tempdir().expect("a temporary directory");
    write(repository.path(), "library/Chart.yaml", "apiVersion: v2\nname: library\nversion: 0.1.0\ntype: library\n");
    write(repository.path(), "c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");
    fs::create_dir(repository.path().join("c/charts")).expect("a directory");
    symlink("../../library", repository.path().join("c/charts/library")).expect("a link");
    let options = LoadOptions::default().with_links_within(repository.path());
    let chart = Chart::from_directory(&repository.path().join("c"), &options).expect("a chart");
    assert_eq!(chart.dependencies()[0].name(), "library");
    symlink("/etc", repository.path().join("c/etc")).expect("a link");
    let error = Chart::from_directory(&repository.path().join("c"), &options).expect_err("that is outside");
    assert!(error.to_string().contains("outside the chart"), "{error}");
}

#[test]
fn links_to_nothing_are_named_as_helm_names_them() {
    let directory = directory(&[]);
    symlink("../nothing/here", directory.path().join("x")).expect("a link");
    let root = fs::canonicalize(directory.path()).expect("a path").display().to_string();
    let above = Path::new(&root).parent().expect("a parent").display().to_string();
    refused(
        &directory,
        &format!("error evaluating symlink {root}/x: lstat {above}/nothing: no such file or directory"),
    );
}

#[test]
fn links_out_of_the_chart_are_refused() {
    let outside = tempfile::tempdir().expect("a temporary directory");
    write(outside.path(), "secret", "s");
    for target in [outside.path().join("secret"), outside.path().to_owned()] {
        let directory = directory(&[]);
        symlink(&target, directory.path().join("x")).expect("a link");
        refused(&directory, "outside the chart");
    }
    let directory = directory(&[(".helmignore", "x\n")]);
    symlink(outside.path().join("secret"), directory.path().join("x")).expect("a link");
    load(&directory).expect("what is ignored does not matter");
}

#[test]
fn devices_are_refused() {
    let directory = directory(&[]);
    symlink("/dev/zero", directory.path().join("zero")).expect("a link");
    let root = fs::canonicalize(directory.path()).expect("a path").display().to_string();
    refused(&directory, &format!("cannot load irregular file {root}/zero as it has file mode type bits set"));
}

#[test]
fn circles_are_refused() {
    let first = directory(&[]);
    symlink("b", first.path().join("a")).expect("a link");
    symlink("a", first.path().join("b")).expect("a link");
    refused(&first, "reading");
    let second = directory(&[("d/x", "")]);
    symlink("..", second.path().join("d/up")).expect("a link");
    refused(&second, "links back to a directory that it lies in");
}

#[test]
fn bounds() {
    let directory = directory(&[("a", "12345"), ("b", "12345")]);
    let refused = |change: fn(&mut Limits), expected: &str| {
        let mut limits = Limits::default();
        change(&mut limits);
        let options = LoadOptions::default().with_limits(limits);
        let error = Chart::from_directory(directory.path(), &options).expect_err("too much").to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    refused(|limits| limits.file_bytes = 4, "is larger than the maximum file size 4");
    refused(|limits| limits.decompressed_bytes = 45, "more than the maximum of 45 bytes");
    refused(|limits| limits.entries = 2, "more than the maximum of 2 files and directories");
    refused(|limits| limits.path_bytes = 9, "is too long");
}

#[test]
fn a_sub_charts_own_ignore_file_is_not_looked_at() {
    let directory = directory(&[
        ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0"),
        ("charts/s/.helmignore", "x.txt\n"),
        ("charts/s/x.txt", "x"),
    ]);
    let chart = load(&directory).expect("a chart");
    assert!(chart.dependencies()[0].files().iter().any(|file| file.name() == "x.txt"));
}

#[test]
fn a_path_that_is_no_chart() {
    let directory = directory(&[("values.yaml", "a: 1")]);
    let yaml = directory.path().join("values.yaml");
    let error = Chart::from_path(&yaml, &LoadOptions::default()).expect_err("no chart").to_string();
    assert!(error.ends_with("seems to be a YAML file, but expected a gzipped archive"), "{error}");
    let missing = directory.path().join("nothing");
    let error = Chart::from_path(&missing, &LoadOptions::default()).expect_err("no chart").to_string();
    assert!(error.starts_with("reading the chart"), "{error}");
}
