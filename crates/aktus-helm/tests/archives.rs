//! Packed charts, well-meant and hostile.

mod support;

use aktus_helm::{Chart, Limits, LoadError, LoadOptions, pack};

use support::tar::{BLOCK, CHART, archive, entry, file, gzip, header, pax};

fn load(archive: &[u8]) -> Result<Chart, LoadError> {
    Chart::from_archive(archive, &LoadOptions::default())
}

#[track_caller]
fn refused(archive: &[u8], expected: &str) {
    let error = load(archive).expect_err("the archive is refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

#[track_caller]
fn refused_within(archive: &[u8], limits: Limits, expected: &str) {
    let options = LoadOptions::default().with_limits(limits);
    let error = Chart::from_archive(archive, &options).expect_err("the archive is refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

#[test]
fn files_are_filed() {
    let chart = load(&archive(&[
        file("c/values.yaml", b"\xEF\xBB\xBFa: 1"),
        file("c/templates/x.yaml", b"x"),
        file("c/README.md", b"hi"),
        file("c/charts/s/Chart.yaml", b"name: s\nversion: 1.0.0"),
        entry("c/charts/", b"", b'5'),
        file("c/charts/_skipped/x", b""),
    ]))
    .expect("a chart");
    assert_eq!(chart.values().to_json(), serde_json::json!({"a": 1}));
    assert_eq!(chart.templates()[0].name(), "templates/x.yaml");
    assert_eq!(chart.files()[0].name(), "README.md");
    assert_eq!(chart.raw().len(), 6);
    assert_eq!(chart.dependencies()[0].name(), "s");
    assert_eq!(chart.dependencies()[0].metadata().api_version, "v1");
}

#[test]
fn a_packed_chart_loads_and_packs_to_the_same_bytes() {
    let files = [("Chart.yaml", CHART), ("templates/x.yaml", &b"x: 1\n"[..])];
    let packed = pack("c", files).expect("packed");
    assert_eq!(packed, pack("c", files).expect("packed again"));
    let chart = load(&packed).expect("a chart");
    assert_eq!(chart.templates()[0].data(), b"x: 1\n");
}

#[test]
fn a_sub_chart_may_be_packed() {
    let packed = pack("s", [("Chart.yaml", &b"name: s\nversion: 1.0.0"[..])]).expect("packed");
    let chart = load(&archive(&[file("c/charts/s-1.0.0.tgz", &packed)])).expect("a chart");
    assert_eq!(chart.dependencies()[0].name(), "s");
    refused(
        &archive(&[file("c/charts/x.tgz/y", b"")]),
        "error unpacking subchart tar in c: expected x.tgz, got x.tgz/y",
    );
    refused(&archive(&[file("c/charts/x.tgz", b"no")]), "error unpacking subchart x.tgz in c: gzip: invalid header");
    refused(
        &archive(&[file("c/charts/README.md", b"")]),
        "error unpacking subchart README.md in c: Chart.yaml file is missing",
    );
}

#[test]
fn long_names_come_in_extension_headers() {
    let long = format!("c/files/{}.txt", "n".repeat(150));
    let gnu = entry("././@LongLink", format!("{long}\0").as_bytes(), b'L');
    let chart = load(&archive(&[gnu, file("c/short", b"1")])).expect("a chart");
    assert_eq!(chart.files()[0].name(), &long[2..]);
    let chart = load(&archive(&[pax(&[("path", &long)]), file("c/short", b"1")])).expect("a chart");
    assert_eq!(chart.files()[0].name(), &long[2..]);
}

#[test]
fn paths_do_not_leave_the_chart() {
    for (name, expected) in [
        ("c/../../../tmp/pwn", "chart illegally references parent directory"),
        ("c/..foo", "chart illegally references parent directory"),
        ("c//etc/x", "chart illegally contains absolute paths"),
        ("c\\..\\..\\x", "chart illegally references parent directory"),
        ("c/C:/x", "chart contains illegally named files"),
        ("\\\\?\\Some\\magic", "chart illegally contains absolute paths"),
        ("x", "chart illegally contains content outside the base directory: \"x\""),
        ("./.", "chart illegally contains content outside the base directory"),
        ("Chart.yaml/x", "chart yaml not in base directory"),
    ] {
        refused(&archive(&[file(name, b"")]), expected);
    }
    let deep = format!("c/{}x", "d/".repeat(40));
    refused_within(
        &archive(&[pax(&[("path", &deep)]), file("c/y", b"")]),
        limits(|limits| limits.path_components = 40),
        "is too long: at most 1024 bytes and 40 elements",
    );
    let long = format!("c/{}", "x".repeat(1025));
    refused(&archive(&[pax(&[("path", &long)]), file("c/y", b"")]), "is too long");
    refused(&archive(&[pax(&[("path", "c/a\0b")]), file("c/y", b"")]), "name is not text");
    let mut latin = header(b"c/\xe9", "00000000000", b'0').to_vec();
    latin.truncate(BLOCK);
    refused(&archive(&[latin]), "name is not text");
}

#[test]
fn only_files_and_directories() {
    for (kind, expected) in [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'6', "a pipe"),
        (b'7', "an entry of type '7'"),
        (b'S', "a sparse file"),
        (b'V', "an entry of type 'V'"),
    ] {
        refused(&archive(&[entry("c/x", b"", kind)]), expected);
    }
    refused(&archive(&[pax(&[("GNU.sparse.major", "1")]), file("c/x", b"")]), "a sparse file");
}

#[test]
fn headers_agree() {
    refused(&archive(&[pax(&[("size", "5")]), file("c/x", b"")]), "disagree about \"c/x\": its size");
    refused(&archive(&[pax(&[("size", "0")]), file("c/x", b"abc")]), "its size");
    refused(&archive(&[pax(&[("path", "c/a"), ("path", "c/b")]), file("c/x", b"")]), "its name, given twice");
    let gnu = || entry("././@LongLink", b"c/a\0", b'L');
    refused(&archive(&[pax(&[("path", "c/b")]), gnu(), file("c/x", b"")]), "its name, given twice");
    refused(&archive(&[gnu(), gnu(), file("c/x", b"")]), "its name, given twice");
    refused(&archive(&[gnu()]), "describes no entry");
    refused(&archive(&[entry("c/d", b"abc", b'5')]), "a directory with content");
    refused(&archive(&[entry("pax", b"99 path=x\n", b'x'), file("c/x", b"")]), "a PAX header is malformed");
    refused(&archive(&[entry("pax", b"12 path=c/x\n", b'g'), file("c/x", b"")]), "a global header");
    refused(&archive(&[file("c/x", b"1"), file("c/x", b"2")]), "holds \"x\" twice");
    load(&archive(&[entry("pax", b"19 comment=abcdefg\n", b'g')])).expect("a comment changes nothing");
}

#[test]
fn bounds_on_sizes() {
    let five = 5 * 1024 * 1024;
    load(&archive(&[file("c/x", &vec![0; five])])).expect("a file of exactly the bound");
    refused(
        &archive(&[file("c/x", &vec![0; five + 1])]),
        "decompressed chart file \"c/x\" is larger than the maximum file size 5242880",
    );
    let many: Vec<_> = (0..21).map(|index| file(&format!("c/{index}"), &vec![0; five])).collect();
    refused(&archive(&many), "decompressed chart is larger than the maximum size 104857600");
    refused_within(&archive(&[]), limits(|limits| limits.compressed_bytes = 10), "more than the maximum of 10");
    let long = entry("././@LongLink", &vec![b'x'; 1024 * 1024 + 1], b'L');
    refused(&archive(&[long, file("c/x", b"")]), "extension header of 1048577 bytes, more than the maximum of 1048576");
    let entries: Vec<_> = (0..4).map(|index| file(&format!("c/{index}"), b"")).collect();
    let four = limits(|limits| limits.entries = 4);
    refused_within(&archive(&entries), four.clone(), "more than the maximum of 4 entries");
    Chart::from_archive(&archive(&entries[..3]), &LoadOptions::default().with_limits(four)).expect("four entries");
}

#[test]
fn a_stream_of_exactly_the_bound_is_read() {
    let mut tar = file("c/Chart.yaml", CHART);
    tar.resize(tar.len() + 2 * BLOCK, 0);
    let size = u64::try_from(tar.len()).expect("a size");
    let exact = limits(|limits| limits.decompressed_bytes = size);
    Chart::from_archive(&gzip(&tar), &LoadOptions::default().with_limits(exact)).expect("exactly the bound");
    refused_within(&gzip(&tar), limits(|limits| limits.decompressed_bytes = size - 1), "decompressed chart is larger");
}

#[test]
fn a_header_that_lies_about_the_size() {
    let mut tar = file("c/Chart.yaml", CHART);
    tar.extend(header(b"c/x", "00000002000", b'0'));
    tar.extend(vec![0; 100]);
    refused(&gzip(&tar), "is cut short");
    let mut tar = file("c/Chart.yaml", CHART);
    tar.extend(header(b"c/x", "77777777777", b'0'));
    refused(&gzip(&tar), "is larger than the maximum size");
}

#[test]
fn gzip_is_read_to_its_end() {
    let good = archive(&[]);
    load(&good).expect("a chart");
    refused(b"PK\x03\x04", "gzip: invalid header");
    refused(b"", "gzip: invalid header");
    refused(&good[..good.len() - 4], "the archive is damaged");
    let mut bad_sum = good.clone();
    let at = bad_sum.len() - 8;
    bad_sum[at] ^= 1;
    refused(&bad_sum, "the archive is damaged");
    refused(&[good.clone(), b"garbage".to_vec()].concat(), "goes on after its end");
    let mut two = good.clone();
    two.extend(gzip(&[0; 512]));
    load(&two).expect("zeros in a second member");
    let mut smuggled = good.clone();
    smuggled.extend(gzip(&file("c/y", b"")));
    refused(&smuggled, "goes on after its end");
    let empty = gzip(b"");
    let members = |count: usize| [empty.repeat(count), good.clone()].concat();
    load(&members(63)).expect("64 members");
    refused(&members(64), "more than the maximum of 64 gzip members");
    refused(&members(100_000), "gzip members");
}

#[test]
fn archives_inside_archives_share_one_budget() {
    let mut inner = pack("s", [("Chart.yaml", &b"name: s\nversion: 1.0.0"[..])]).expect("packed");
    for _ in 0..11 {
        let yaml = &b"name: s\nversion: 1.0.0"[..];
        inner = pack("s", [("Chart.yaml", yaml), ("charts/s.tgz", &inner)]).expect("packed");
    }
    refused(&inner, "charts are packed inside charts more than 10 deep");
    let heavy = pack("s", [("Chart.yaml", &b"name: s\nversion: 1.0.0"[..]), ("x", &vec![0; 200_000])]);
    let heavy = heavy.expect("packed");
    let several: Vec<_> = (0..3).map(|index| file(&format!("c/charts/{index}.tgz"), &heavy)).collect();
    let bound = limits(|limits| limits.decompressed_bytes = 500_000);
    refused_within(&archive(&several), bound.clone(), "decompressed chart is larger than the maximum size 500000");
    Chart::from_archive(&archive(&several[..1]), &LoadOptions::default().with_limits(bound)).expect("one is fine");
}

#[test]
fn metadata_is_checked() {
    for (yaml, expected) in [
        ("", "validation: chart.metadata.name is required"),
        ("null", "validation: chart.metadata.name is required"),
        ("- a", "cannot unmarshal array into Go value of type v2.Metadata"),
        ("name: null\nversion: 1.0.0", "validation: chart.metadata.name is required"),
        ("name: ../x\nversion: 1.0.0", "validation: chart.metadata.name \"../x\" is invalid"),
        ("name: ..\nversion: 1.0.0", "validation: chart.metadata.name \"..\" is not allowed"),
        ("name: .\nversion: 1.0.0", "validation: chart.metadata.name \".\" is not allowed"),
        ("name: c\nversion: 1.0.0\nmaintainers: [null]", "maintainers must not contain empty or null nodes"),
        ("name: c\nversion: 1.0.0\ndependencies: [null]", "dependencies must not contain empty or null nodes"),
        ("name: c\nversion: 1.0.0\nannotations: 3", "cannot unmarshal number into Go struct field .annotations"),
        ("name: c\nversion: 1.0.0\nmaintainers: [{name: {}}]", "field .maintainers.0.name of type string"),
        ("name: c\nversion: 1.0.0\ntype: x", "chart.metadata.type must be application or library"),
        ("name: c\nversion: \"1.0.0\\x1b[2J\"", "is invalid"),
        (
            "name: c\nversion: 1.0.0\ndependencies: [{name: a, alias: ../x}]",
            "validation: dependency \"a\" has disallowed characters in the alias",
        ),
        (
            "name: c\nversion: 1.0.0\ndependencies: [{name: a}, {name: b, alias: a}]",
            "validation: more than one dependency with name or alias \"a\"",
        ),
        ("apiVersion: v9\nname: c\nversion: 1.0.0", "unsupported chart version"),
    ] {
        let error = Chart::from_files([("Chart.yaml", yaml)], &LoadOptions::default())
            .expect_err("the metadata is refused")
            .to_string();
        assert!(error.contains(expected), "{yaml:?}: {error:?} does not say {expected:?}");
    }
}

#[test]
fn a_chart_without_chart_yaml() {
    let mut tar = file("c/x", b"");
    tar.resize(tar.len() + 2 * BLOCK, 0);
    refused(&gzip(&tar), "unable to detect chart version, no Chart.yaml found");
    refused(&gzip(&[0; 1024]), "no files in chart archive");
    let error = Chart::from_files([("values.yaml", "")], &LoadOptions::default()).expect_err("no chart");
    assert_eq!(error.to_string(), "Chart.yaml file is missing");
}
