//! The rows of `docs/hostile-input.md` on charts, archives, schemas and values: each in a process of its own, within
//! the default limits.

mod support;

use std::fs;
use std::path::Path;

use aktus_helm::{
    Chart, FrozenHost, LoadOptions, OutputOptions, Profile, RenderOptions, ValueOptions, Values, pack, render,
};
use aktus_hostile::{Case, Expected, Row, Suite, Tests, answers, refused};
use support::tar::{BLOCK, CHART, archive, archive_of, entry, file, gzip, header, pax};

/// The name of what was loaded, or why it was not.
fn load(archive: &[u8]) -> Result<String, String> {
    let chart = Chart::from_archive(archive, &LoadOptions::default()).map_err(|error| error.to_string())?;
    Ok(format!("{} with {} files", chart.name(), chart.raw().len()))
}

fn packed(name: impl Into<String>, bytes: Vec<u8>, expected: Expected) -> Case {
    Case::new(name, move || load(&bytes), expected)
}

/// A chart in memory, all its manifests on one line.
fn rendered(files: &[(String, Vec<u8>)], values: &Values) -> Result<String, String> {
    let chart =
        Chart::from_files(files.iter().map(|(name, data)| (name.as_str(), data.as_slice())), &LoadOptions::default());
    all(&chart.map_err(|error| error.to_string())?, values)
}

/// All manifests of a chart.
fn all(chart: &Chart, values: &Values) -> Result<String, String> {
    let mut options = RenderOptions::default();
    if cfg!(debug_assertions) {
        // Unoptimized code takes ten times as long for each step.
        options.limits.template.steps /= 10;
    }
    let rendered = render(chart, values, &options, &FrozenHost::default()).map_err(|error| error.to_string())?;
    let manifests = rendered.into_manifests().map_err(|error| error.to_string())?;
    manifests.template_output(&OutputOptions::default()).map_err(|error| error.to_string())
}

fn files<T: AsRef<[u8]>>(list: impl IntoIterator<Item = (&'static str, T)>) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![("Chart.yaml".to_owned(), CHART.to_vec())];
    for (name, data) in list {
        files.retain(|(known, _)| known != name);
        files.push((name.to_owned(), data.as_ref().to_vec()));
    }
    files
}

fn chart<T: AsRef<[u8]>>(list: impl IntoIterator<Item = (&'static str, T)>, expected: Expected) -> Case {
    let files = files(list);
    let name = files.last().map_or_else(String::new, |(name, data)| {
        format!("{name}: {}", String::from_utf8_lossy(data.get(..100.min(data.len())).unwrap_or_default()))
    });
    Case::new(name, move || rendered(&files, &Values::empty()), expected)
}

/// A packed chart, loaded and rendered: how long all its manifests are.
fn large(name: &'static str, archive: Vec<u8>, expected: Expected) -> Case {
    let run = move || {
        let chart = Chart::from_archive(&archive, &LoadOptions::default()).map_err(|error| error.to_string())?;
        all(&chart, &Values::empty()).map(|text| text.len())
    };
    Case::new(name, run, expected)
}

fn metadata<T: AsRef<[u8]>>(list: impl IntoIterator<Item = (T, Expected)>) -> Vec<Case> {
    list.into_iter().map(|(yaml, expected)| chart([("Chart.yaml", yaml)], expected)).collect()
}

/// What of a chart loads.
fn nothing() -> Expected {
    answers("\n")
}

fn traversal() -> Vec<Case> {
    let parent = "chart illegally references parent directory";
    let absolute = "chart illegally contains absolute paths";
    [
        ("c/../../../tmp/pwn", parent),
        ("c/..foo", parent),
        ("c\\..\\..\\x", parent),
        ("c//etc/x", absolute),
        ("\\\\?\\Some\\magic", absolute),
        ("c/C:/x", "chart contains illegally named files"),
        ("x", "chart illegally contains content outside the base directory"),
    ]
    .into_iter()
    .map(|(name, expected)| packed(name, archive(&[file(name, b"pwned")]), refused(expected)))
    // The first folder is the chart's, whatever its name, as in Helm.
    .chain([packed("../x", archive(&[file("../x", b"pwned")]), answers("c with 2 files"))])
    .collect()
}

/// Puts a chart into a folder of its own, changes it, and loads it.
fn directory(name: &'static str, change: fn(&Path), expected: Expected) -> Case {
    let run = move || {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let place = folder.path().join("c");
        fs::create_dir(&place).map_err(|error| error.to_string())?;
        fs::write(place.join("Chart.yaml"), CHART).map_err(|error| error.to_string())?;
        change(&place);
        let chart = Chart::from_directory(&place, &LoadOptions::default()).map_err(|error| error.to_string())?;
        let names: Vec<&str> = chart.raw().iter().map(aktus_helm::File::name).collect();
        Ok::<_, String>(names.join(" "))
    };
    Case::new(name, run, expected)
}

#[cfg(unix)]
fn link(place: &Path, name: &str, target: &str) {
    let path = place.join(name);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).expect("a folder");
    }
    std::os::unix::fs::symlink(target, path).expect("a link");
}

#[cfg(unix)]
fn links() -> Vec<Case> {
    vec![
        directory("a file of the machine", |c| link(c, "templates/x", "/etc/passwd"), refused("outside the chart")),
        directory("an endless device", |c| link(c, "files/z", "/dev/zero"), refused("cannot load irregular file")),
        directory("a parent", |c| link(c, "files/up", "../.."), refused("outside the chart")),
        directory("itself", |c| link(c, "files/up", ".."), refused("links back to a directory that it lies in")),
        directory(
            "a circle",
            |c| {
                link(c, "a", "b");
                link(c, "b", "a");
            },
            refused("reading"),
        ),
        directory(
            "a pipe",
            |c| {
                let made = std::process::Command::new("mkfifo").arg(c.join("pipe")).status().expect("mkfifo");
                assert!(made.success());
            },
            refused("pipe"),
        ),
        directory("a good link", |c| link(c, "also.yaml", "Chart.yaml"), answers("Chart.yaml also.yaml")),
    ]
}

#[cfg(unix)]
fn lock() -> Vec<Case> {
    let outside = |c: &Path| link(c, "Chart.lock", "/etc/hostname");
    vec![directory("a lock that is a link", outside, refused("outside the chart"))]
}

#[cfg(not(unix))]
fn links() -> Vec<Case> {
    Vec::new()
}

#[cfg(not(unix))]
fn lock() -> Vec<Case> {
    Vec::new()
}

fn aliases() -> Vec<Case> {
    let with = |alias: &str| {
        let alias = serde_json::Value::from(alias);
        format!("apiVersion: v2\nname: c\nversion: 0.1.0\ndependencies: [{{name: a, version: 1.0.0, alias: {alias}}}]")
    };
    let bad = refused("dependency \"a\" has disallowed characters in the alias");
    metadata([
        (with("../../x"), bad.clone()),
        (with("a\nb"), bad.clone()),
        (with("a/b"), bad.clone()),
        (with(&"ä".repeat(1 << 19)), bad),
    ])
}

fn terminals() -> Vec<Case> {
    metadata([
        ("apiVersion: v2\nname: c\nversion: \"1.0.0\\x1b[2J\"".to_owned(), refused("is invalid")),
        ("apiVersion: v2\nname: \"c\\x1b[2J\"\nversion: 1.0.0".to_owned(), nothing()),
        (
            "apiVersion: v2\nname: c\nversion: 1.0.0\ndescription: \"a\\x1b]0;x\\x07\\r\\0\\u202e\"\n\
             maintainers: [{name: \"\\x1b[2J\"}]"
                .to_owned(),
            nothing(),
        ),
    ])
}

fn set(expression: impl Into<String>, expected: Expected) -> Case {
    let expression = expression.into();
    let name = expression.chars().take(60).collect::<String>();
    let run = move || {
        let options = ValueOptions { set: vec![expression], ..ValueOptions::default() };
        let values = options.merge(Profile::Helm4).map_err(|error| error.to_string())?;
        Ok::<_, String>(values.to_json().to_string().len())
    };
    Case::new(name, run, expected)
}

fn set_indices() -> Vec<Case> {
    vec![
        // 65,536 times `null,` before it.
        set("a[65536]=1", answers(format!("{}", "{\"a\":[1]}".len() + 65_536 * "null,".len()))),
        set("a[65537]=1", refused("index of 65537 is greater than maximum supported index of 65536")),
        set("a[9999999999]=1", refused("greater than maximum supported index")),
        set("a[99999999999999999999]=1", refused("error parsing index")),
        set("a[-1]=1", refused("negative -1 index not allowed")),
        set(
            "a[65536]=1,b[65536]=1,c[65536]=1,d[65536]=1",
            answers((4 * ("\"a\":[1],".len() + 65_536 * "null,".len()) + 1).to_string()),
        ),
    ]
}

fn set_depth() -> Vec<Case> {
    let dots = |count: usize| format!("{}a=1", "a.".repeat(count));
    vec![
        set(dots(29), answers((30 * 6 + 1).to_string())),
        set(dots(31), refused("value name nested level is greater than maximum supported nested level of 30")),
        set(dots(1_000_000), refused("nested level is greater than maximum supported nested level of 30")),
        set(format!("a{}=1", "[0]".repeat(100_000)), refused("more than 16 indices in one key")),
        set(format!("a={}", "{".repeat(100_000)), refused("list must terminate with '}'")),
        set(format!("a=[{}", "{".repeat(100_000)), answers((100_001 + 8).to_string())),
    ]
}

fn schema_bytes() -> Vec<Case> {
    let none = refused("is not valid against metaschema");
    let list: [(&[u8], Expected); 14] = [
        (b"1E1111111", refused("cannot unmarshal number 1E1111111")),
        (b"", refused("EOF")),
        (b"null", none.clone()),
        (b"[]", none.clone()),
        (b"\"x\"", none.clone()),
        (b"1", none),
        (b"true", nothing()),
        (b"false", refused("false schema")),
        (b"\xef\xbb\xbf{}", nothing()),
        (b"\xff\xfe{\0}\0", refused("invalid character")),
        (b"{\"type\":\"\xff\"}", refused("value must be one of")),
        (b"{", refused("unexpected EOF")),
        (b"{} x", refused("invalid character after top-level value")),
        (b"{\"multipleOf\":0}", refused("is not valid against metaschema")),
    ];
    list.map(|(schema, expected)| chart([("values.schema.json", schema)], expected)).into()
}

fn resolving() -> Vec<Case> {
    let text = "a: {{ getHostByName (printf \"%s.x.invalid\" .Values.secret) | quote }}\n\
                b: {{ lookup \"v1\" \"Secret\" \"\" \"\" | toJson }}\n";
    vec![chart(
        [("values.yaml", "secret: canary"), ("templates/x.yaml", text)],
        answers("---\n# Source: c/templates/x.yaml\na: \"\"\nb: {}\n"),
    )]
}

fn hidden() -> Vec<Case> {
    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: canary}\n";
    let run = || {
        let chart = Chart::from_files(
            [("Chart.yaml", CHART), ("templates/x.yaml", SECRET.as_bytes())],
            &LoadOptions::default(),
        );
        let chart = chart.map_err(|error| error.to_string())?;
        let rendered = render(&chart, &Values::empty(), &RenderOptions::default(), &FrozenHost::default());
        let manifests =
            rendered.map_err(|error| error.to_string())?.into_manifests().map_err(|error| error.to_string())?;
        let options = OutputOptions { hide_secret: true, ..OutputOptions::default() };
        manifests.template_output(&options).map_err(|error| error.to_string())
    };
    let shown = "---\n# Source: c/templates/x.yaml\n# HIDDEN: The Secret output has been suppressed\n";
    vec![Case::new("--hide-secret", run, answers(shown))]
}

fn names() -> Vec<Case> {
    let named = |name: &str| format!("apiVersion: v2\nname: {}\nversion: 1.0.0", serde_json::Value::from(name));
    metadata([
        (named("../x"), refused("chart.metadata.name \"../x\" is invalid")),
        (named("a/b"), refused("chart.metadata.name \"a/b\" is invalid")),
        (named(""), refused("chart.metadata.name is required")),
        (named("a\\b"), nothing()),
        (named(&"x".repeat(300)), nothing()),
    ])
}

fn dots() -> Vec<Case> {
    let named = |name: &str| format!("apiVersion: v2\nname: \"{name}\"\nversion: 1.0.0");
    metadata([
        (named("."), refused("chart.metadata.name \".\" is not allowed")),
        (named(".."), refused("chart.metadata.name \"..\" is not allowed")),
        (named("./"), refused("chart.metadata.name \"./\" is invalid")),
    ])
}

fn missing_metadata() -> Vec<Case> {
    metadata([
        ("", refused("validation: chart.metadata")),
        ("null", refused("validation: chart.metadata")),
        ("- a", refused("cannot unmarshal array into Go value of type v2.Metadata")),
        ("apiVersion: v2\nname: null\nversion: 1.0.0", refused("validation: chart.metadata.name is required")),
    ])
}

fn bombs() -> Vec<Case> {
    const FIVE: usize = 5 << 20;
    let large = refused("decompressed chart file \"c/x\" is larger than the maximum file size 5242880");
    let many = |count: usize| archive_of((0..count).map(|index| format!("c/{index}")), &vec![0; FIVE]);
    let mut short = file("c/Chart.yaml", CHART);
    short.extend(header(b"c/x", "00000002000", b'0'));
    let mut long = file("c/Chart.yaml", CHART);
    long.extend(header(b"c/x", "77777777777", b'0'));
    vec![
        packed("5 MiB and a byte", archive(&[file("c/x", &vec![0; FIVE + 1])]), large),
        packed("21 files of 5 MiB", many(21), refused("decompressed chart is larger than the maximum size 104857600")),
        packed("a size that is too large", gzip(&short), refused("is cut short")),
        packed("a size of 8 GiB", gzip(&long), refused("is larger than the maximum size")),
        packed("18 files of 5 MiB", many(18), answers("c with 19 files")),
    ]
}

fn schema(text: impl Into<Vec<u8>>, expected: Expected) -> Case {
    chart([("values.yaml", b"a: 1\n".to_vec()), ("values.schema.json", text.into())], expected)
}

fn reference_chains() -> Vec<Case> {
    let chain = |links: usize| {
        let links: Vec<String> =
            (0..links).map(|index| format!(r##""d{index}":{{"$ref":"#/$defs/d{}"}}"##, index + 1)).collect();
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{}}}}}"##, links.join(","))
    };
    vec![
        // The whole of it is larger than a schema may be.
        schema(chain(100_000), refused("more than the maximum of")),
        schema(chain(20_000), refused("the schema has 20001 references, more than the maximum of 10000")),
        schema(chain(9_999), refused("not found")),
        schema(
            format!("{}true{}", r#"{"properties":{"a":"#.repeat(10_000), "}}".repeat(10_000)),
            refused("more than 128 levels of nesting"),
        ),
        schema(r##"{"$ref":"#"}"##, nothing()),
        schema(r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##, nothing()),
    ]
}

fn wrong_types() -> Vec<Case> {
    let with = |rest: &str| format!("apiVersion: v2\nname: c\nversion: 1.0.0\n{rest}");
    let mut list = metadata([
        (with("maintainers: [null]"), refused("maintainers must not contain empty or null nodes")),
        (with("dependencies: [null]"), refused("dependencies must not contain empty or null nodes")),
        (with("annotations: 3"), refused("cannot unmarshal number")),
        (with("maintainers: [{name: {}}]"), refused("field .maintainers.0.name of type string")),
        (with("dependencies: {a: b}"), refused("cannot unmarshal object")),
        (with("keywords: [1, null]"), nothing()),
    ]);
    for import in ["{child: 1, parent: null}", "null", "[]", "{child: null}", "3"] {
        let yaml =
            with(&format!("dependencies: [{{name: s, version: 1.0.0, repository: \"\", import-values: [{import}]}}]"));
        let sub = ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0".to_owned());
        list.push(chart([sub, ("Chart.yaml", yaml)], nothing()));
    }
    list
}

fn external_references() -> Vec<Case> {
    let mut list: Vec<Case> = [
        "file:///dev/zero",
        "file:///dev/stdin",
        "file:///proc/self/environ",
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/s.json",
        "ftp://example.com/s.json",
    ]
    .into_iter()
    .map(|uri| {
        let text = format!(r#"{{"properties":{{"a":{{"$ref":"{uri}"}}}}}}"#);
        schema(text, refused(format!("external $ref not allowed: {uri}")))
    })
    .collect();
    list.push(schema(r#"{"properties":{"a":{"$ref":"urn:x"}}}"#, nothing()));
    list
}

fn long_headers() -> Vec<Case> {
    // Two gibibytes of zeros cannot be in memory here: the header says so, and the stream goes on for a while.
    let bomb = |kind: u8| {
        let mut tar = file("c/Chart.yaml", CHART);
        tar.extend(header(b"././@LongLink", "20000000000", kind));
        tar.extend(vec![0; 8 << 20]);
        gzip(&tar)
    };
    let mut list: Vec<Case> = [(b'L', "L"), (b'K', "K"), (b'x', "x"), (b'g', "g")]
        .into_iter()
        .map(|(kind, name)| packed(name, bomb(kind), refused("more than the maximum of 1048576")))
        .collect();
    let within = entry("././@LongLink", &[b"c/".to_vec(), vec![b'x'; 2000], vec![0; 1 << 19]].concat(), b'L');
    list.push(packed("a name of 2,000 bytes", archive(&[within, file("c/x", b"")]), refused("is too long")));
    list
}

fn sparse() -> Vec<Case> {
    vec![
        packed("old", archive(&[entry("c/x", b"", b'S')]), refused("a sparse file")),
        packed(
            "1.0",
            archive(&[pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")]), file("c/x", b"")]),
            refused("a sparse file"),
        ),
        packed(
            "map",
            archive(&[pax(&[("GNU.sparse.map", "0,9999999999")]), file("c/x", b"")]),
            refused("a sparse file"),
        ),
    ]
}

fn members() -> Vec<Case> {
    let empty = gzip(b"");
    let with = |count: usize| [empty.repeat(count), archive(&[])].concat();
    vec![
        packed("64", with(63), answers("c with 1 files")),
        packed("65", with(64), refused("more than the maximum of 64 gzip members")),
        packed("a million", with(1_000_000), refused("more than the maximum of")),
    ]
}

fn link_entries() -> Vec<Case> {
    [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'6', "a pipe"),
        (b'7', "an entry of type '7'"),
    ]
    .into_iter()
    .map(|(kind, expected)| packed(expected, archive(&[entry("c/x", b"", kind)]), refused(expected)))
    .collect()
}

fn disagreeing_headers() -> Vec<Case> {
    let gnu = || entry("././@LongLink", b"c/a\0", b'L');
    let with = |records: &[(&str, &str)], content: &[u8]| archive(&[pax(records), file("c/x", content)]);
    vec![
        packed("PAX 5, header 0", with(&[("size", "5")], b""), refused("its size")),
        packed("PAX 0, header 3", with(&[("size", "0")], b"abc"), refused("its size")),
        packed(
            "PAX before L",
            archive(&[pax(&[("path", "c/b")]), gnu(), file("c/x", b"")]),
            refused("its name, given twice"),
        ),
        packed("two paths", with(&[("path", "c/a"), ("path", "c/b")], b""), refused("its name, given twice")),
        packed(
            "a malformed length",
            archive(&[entry("pax", b"99 path=x\n", b'x'), file("c/x", b"")]),
            refused("a PAX header is malformed"),
        ),
        packed(
            "no length",
            archive(&[entry("pax", b"path=x\n", b'x'), file("c/x", b"")]),
            refused("a PAX header is malformed"),
        ),
        packed(
            "a long length",
            archive(&[entry("pax", &[b'9'; 1000], b'x'), file("c/x", b"")]),
            refused("a PAX header is malformed"),
        ),
        packed("a negative size", with(&[("size", "-1")], b""), refused("a PAX header is malformed")),
        packed("a huge size", with(&[("size", "99999999999999999999")], b""), refused("a PAX header is malformed")),
        packed("a directory with content", archive(&[entry("c/d", b"abc", b'5')]), refused("a directory with content")),
    ]
}

fn hostile_names() -> Vec<Case> {
    let mut latin = header(b"c/\xe9", "00000000000", b'0').to_vec();
    latin.truncate(BLOCK);
    let mut split = header(b"x", "00000000000", b'0');
    split[345..349].copy_from_slice(b"c/..");
    split[148..156].copy_from_slice(b"        ");
    let sum: u32 = split.iter().map(|byte| u32::from(*byte)).sum();
    split[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    vec![
        packed("NUL", archive(&[pax(&[("path", "c/a\0b")]), file("c/y", b"")]), refused("name is not text")),
        packed("not UTF-8", archive(&[latin]), refused("name is not text")),
        packed("by prefix", archive(&[split.to_vec()]), refused("chart illegally")),
        packed("the same twice", archive(&[file("c/x", b"1"), file("c/x", b"2")]), refused("holds \"x\" twice")),
        packed("case-folded", archive(&[file("c/x", b"1"), file("c/X", b"2")]), answers("c with 3 files")),
        packed("a trailing dot", archive(&[file("c/x. ", b"1")]), answers("c with 2 files")),
        packed(
            "many",
            archive(&(0..10_001).map(|index| file(&format!("c/{index}"), b"")).collect::<Vec<_>>()),
            refused("more than the maximum of 10000 entries"),
        ),
    ]
}

fn gzip_trouble() -> Vec<Case> {
    let good = archive(&[]);
    let flip = |at: usize| {
        let mut bytes = good.clone();
        let at = bytes.len() - at;
        bytes[at] ^= 1;
        bytes
    };
    // FLG.FNAME and a name of 50 MB.
    let named = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3][..], &vec![b'x'; 15_000_000], &good[9..]].concat();
    vec![
        packed("bad CRC", flip(8), refused("the archive is damaged")),
        packed("bad ISIZE", flip(4), refused("the archive is damaged")),
        packed("a truncated trailer", good[..good.len() - 4].to_vec(), refused("the archive is damaged")),
        packed("trailing bytes", [good.clone(), b"garbage".to_vec()].concat(), refused("goes on after its end")),
        packed("trailing zeros", [good.clone(), vec![0; 1 << 20]].concat(), refused("goes on after its end")),
        packed("zeros in a second member", [good.clone(), gzip(&[0; 512])].concat(), answers("c with 1 files")),
        packed(
            "files in a second member",
            [good.clone(), gzip(&file("c/y", b""))].concat(),
            refused("goes on after its end"),
        ),
        packed("a name of 15 MB", named, refused("gzip: invalid header")),
        packed("not gzip", b"PK\x03\x04".to_vec(), refused("gzip: invalid header")),
        packed("nothing", Vec::new(), refused("gzip: invalid header")),
        packed(
            "more than 20 MiB",
            [good.clone(), vec![0; 20 << 20]].concat(),
            refused("more than the maximum of 20971520"),
        ),
    ]
}

fn nested_archives() -> Vec<Case> {
    let yaml = &b"apiVersion: v2\nname: s\nversion: 1.0.0"[..];
    let packed_chart = |files: &[(&str, &[u8])]| {
        let files = [&[("Chart.yaml", yaml)], files].concat();
        pack("s", files.iter().copied()).expect("packed")
    };
    let mut deep = packed_chart(&[]);
    for _ in 0..11 {
        deep = packed_chart(&[("charts/s.tgz", &deep)]);
    }
    let zeros = vec![0; 5 << 20];
    let heavy = packed_chart(&[("a", &zeros), ("b", &zeros), ("c", &zeros), ("d", &zeros), ("e", &zeros)]);
    let several: Vec<_> = (0..5).map(|index| file(&format!("c/charts/{index}.tgz"), &heavy)).collect();
    let wide: Vec<_> = (0..200).map(|index| file(&format!("c/charts/{index}.tgz"), &heavy)).collect();
    let refusal = refused("decompressed chart is larger than the maximum size 104857600");
    vec![
        packed("eleven deep", deep, refused("charts are packed inside charts more than 10 deep")),
        packed("five of 25 MiB", archive(&several), refusal.clone()),
        packed("two hundred of 25 MiB", archive(&wide), refusal),
    ]
}

fn tar_ends() -> Vec<Case> {
    let whole = file("c/Chart.yaml", CHART);
    let zeros = |count: usize| vec![0; count];
    vec![
        packed("no end", gzip(&whole), answers("c with 1 files")),
        packed("one zero block", gzip(&[whole.clone(), zeros(BLOCK)].concat()), answers("c with 1 files")),
        packed("an end inside a file", gzip(&whole[..BLOCK + 10]), refused("is cut short")),
        packed(
            "an end inside a header",
            gzip(&[whole.clone(), vec![b'x'; 100]].concat()),
            refused("the archive is damaged"),
        ),
        packed(
            "another archive behind it",
            gzip(&[whole.clone(), zeros(2 * BLOCK), file("c/y", b"")].concat()),
            refused("goes on after its end"),
        ),
    ]
}

fn patterns() -> Vec<Case> {
    let against = |pattern: &str, expected: Expected| {
        let schema = format!(r#"{{"properties":{{"a":{{"pattern":"{pattern}"}}}}}}"#);
        let values = format!("a: {}\n", "a".repeat(40));
        chart([("values.yaml", values), ("values.schema.json", schema)], expected)
    };
    vec![
        against("^(a+)+$", nothing()),
        against("^(a+)+b$", refused("does not match pattern")),
        against("^(?=(a+)+b)", refused("is not valid")),
        against("(a{1000}){1000}", refused("is not valid against metaschema")),
    ]
}

fn numbers() -> Vec<Case> {
    vec![
        schema(r#"{"properties":{"a":{"multipleOf":1e-300}}}"#, nothing()),
        schema(r#"{"properties":{"a":{"maximum":1e999}}}"#, refused("cannot unmarshal number 1e999")),
        schema(
            format!(r#"{{"properties":{{"a":{{"maximum":{}}}}}}}"#, "9".repeat(1_000_000)),
            refused("cannot unmarshal number"),
        ),
        schema(format!(r#"{{"properties":{{"a":{{"maximum":{}}}}}}}"#, "9".repeat(300)), nothing()),
        chart(
            [
                ("values.yaml", format!("a: {}\n", "9".repeat(1_000_000))),
                ("values.schema.json", r#"{"properties":{"a":{"type":"string"}}}"#.to_owned()),
            ],
            nothing(),
        ),
    ]
}

fn doubling() -> Vec<Case> {
    let definitions: Vec<String> = (0..25)
        .map(|index| {
            let next = format!(r##"{{"$ref":"#/$defs/d{}"}}"##, index + 1);
            format!(r#""d{index}":{{"allOf":[{next},{next}]}}"#)
        })
        .collect();
    let text = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d25":true}}}}"##, definitions.join(","));
    vec![schema(text, nothing())]
}

fn dialects() -> Vec<Case> {
    vec![
        schema(r#"{"$schema":"http://127.0.0.1:1/s"}"#, refused("external $ref not allowed: http://127.0.0.1:1/s")),
        schema(r#"{"$schema":"file:///dev/zero"}"#, refused("external $ref not allowed: file:///dev/zero")),
    ]
}

fn unevaluated() -> Vec<Case> {
    let values: String = (0..100_000).fold(String::new(), |text, index| text + &format!("k{index}: 1\n"));
    vec![
        chart(
            [("values.yaml", values.clone()), ("values.schema.json", r#"{"unevaluatedProperties":true}"#.to_owned())],
            nothing(),
        ),
        chart(
            [("values.yaml", values), ("values.schema.json", r#"{"unevaluatedProperties":false}"#.to_owned())],
            refused("false schema"),
        ),
    ]
}

fn manifests() -> Vec<Case> {
    let laughs = "{{ range $i := until 9 }}{{ if $i }}{{ $n := sub $i 1 }}a{{ $i }}: &a{{ $i }} [{{ range 9 }}*a{{ $n }},{{ end }}]\n\
                  {{ else }}a0: &a0 [x,x,x]\n{{ end }}{{ end }}";
    let kinds = "{{ range until 100000 }}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a{{ . }}}\n{{ end }}";
    let many = |count: usize, template: &str| {
        archive_of((0..count).map(|index| format!("c/templates/{index}.yaml")), template.as_bytes())
    };
    vec![
        chart([("templates/x.yaml", laughs)], refused("YAML parse error on c/templates/x.yaml")),
        chart([("templates/x.yaml", "{{ repeat 100000 \"[\" }}")], refused("YAML parse error on c/templates/x.yaml")),
        chart([("templates/x.yaml", "{{ repeat 100000 \"- \" }}")], refused("YAML parse error on c/templates/x.yaml")),
        chart([("templates/x.yaml", "a: {{ repeat 17000000 \"x\" }}")], refused("longer than 16777216 bytes")),
        large("64 MB of output", many(4, "a: {{ repeat 16000000 \"x\" }}\n"), answers("64000151")),
        large("80 MB of output", many(5, "a: {{ repeat 16000000 \"x\" }}\n"), refused("longer than 67108864 bytes")),
        large(
            "90 MiB of text",
            many(18, &"# a line of text in a template\n".repeat(169_000)),
            refused("longer than 67108864 bytes"),
        ),
        large("100,000 manifests", many(1, kinds), answers("8988889")),
    ]
}

fn actions() -> Vec<Case> {
    let files = |count: usize, actions: usize| {
        archive_of((0..count).map(|index| format!("c/templates/_{index}")), "{{.}}".repeat(actions).as_bytes())
    };
    let refusal = refused("the templates have more tokens than are allowed");
    vec![
        large("300,000 in one file", files(1, 300_000), answers("1")),
        large("a million in one file", files(1, 1 << 20), refusal.clone()),
        large("400,000 in 40 files", files(40, 10_000), refusal.clone()),
        large("90 MiB in 18 files", files(18, 1 << 20), refusal),
    ]
}

fn broken_trees() -> Vec<Case> {
    let with = |rest: &str| format!("apiVersion: v2\nname: c\nversion: 1.0.0\n{rest}");
    vec![
        chart([("charts/s/values.yaml", "a: 1")], refused("Chart.yaml file is missing")),
        chart([("charts/README.md", "")], refused("Chart.yaml file is missing")),
        chart(
            [
                (
                    "charts/s/Chart.yaml",
                    "apiVersion: v2\nname: s\nversion: 1.0.0\ndependencies: [{name: c, version: 1.0.0, alias: s}]"
                        .to_owned(),
                ),
                ("Chart.yaml", with("dependencies: [{name: s, version: 1.0.0, alias: c}]")),
            ],
            nothing(),
        ),
    ]
}

const COMMAND: &str = "crates/aktus-cli/tests/command.rs";
const NO_PLUGINS: Tests = &[(COMMAND, "there_are_no_plugins_and_no_verification")];

fn advisories() -> Vec<Row> {
    const PLUGINS: &str = "there are no plugins: the command line refuses the word";
    vec![
        Row::elsewhere(
            "H1",
            "a certificate of the API server that its authority did not sign",
            "refused; there is no switch to accept it",
            &[("crates/aktus-k8s/tests/tls.rs", "the_authorities_given_decide")],
        ),
        Row::run("H2", "archive paths that leave the chart, in eight ways", "refused in Helm's words; nothing is ever unpacked to disk", traversal),
        Row::run(
            "H3",
            "links in a chart directory to files of the machine, devices, parents, circles / a pipe",
            "refused; links within the chart are followed as in Helm",
            links,
        ),
        Row::elsewhere("H4", "traversal in plugin archives", PLUGINS, NO_PLUGINS),
        Row::elsewhere(
            "H5",
            "`lookup` in `chart template`, with a kubeconfig at hand",
            "`{}`, and the server is not asked",
            &[(COMMAND, "rendering_asks_no_cluster")],
        ),
        Row::run("H6", "aliases of `../../x`, with line ends, of 1 MiB", "refused in Helm's words", aliases),
        Row::elsewhere("H7", "an entry twice in `index.yaml`", "there are no classic repositories", &[]),
        Row::elsewhere("H8", "plugin names that are paths", PLUGINS, NO_PLUGINS),
        Row::elsewhere(
            "H9",
            "a key twice in `plugin.yaml`, and in `Chart.yaml`",
            "no plugins; in `Chart.yaml` the later counts, as in Helm, and `chart lint` warns with both lines",
            &[
                (COMMAND, "there_are_no_plugins_and_no_verification"),
                ("crates/aktus-cli/tests/chart/own.rs", "a_key_twice_in_chart_yaml_is_told_with_both_lines"),
            ],
        ),
        Row::run(
            "H10",
            "escape sequences in version, name, description, maintainers",
            "the version is refused, the other texts lose them as in Helm; what the command prints as an error is escaped",
            terminals,
        )
        .and(&[("crates/aktus-cli/src/ui/mod.rs", "terminals_are_not_given_orders")]),
        Row::elsewhere(
            "H11",
            "a registry that sends its login on to another host",
            "the other host sees no credentials",
            &[
                ("crates/aktus-helm/tests/oci/redirects.rs", "blobs_in_another_place_are_fetched_without_credentials"),
                ("crates/aktus-helm/tests/oci/login.rs", "realms_of_others_are_refused_and_see_nothing"),
            ],
        ),
        Row::run("H12", "`--set a[9999999999]=1` and its relatives", "refused above index 65,536, as in Helm", set_indices),
        Row::run("H13", "`--set` with a million dots / 100,000 indices / 100,000 braces", "refused above 30 levels, as in Helm", set_depth),
        Row::elsewhere("H14", "an entry of null in `index.yaml`", "there are no classic repositories", &[]),
        Row::run("H15", "`values.schema.json` that is no schema, in 14 ways", "Helm's error texts; `true` and a byte order mark are fine", schema_bytes),
        Row::run("H16", "`getHostByName` with a secret in the name / `lookup` without a cluster", "no name is resolved, no object found", resolving),
        Row::run("H17", "Secrets in what is printed", "left out with `--hide-secret`, as in Helm; differences in plans are masked", hidden)
            .and(&[("crates/aktus-k8s/tests/decide.rs", "secrets_are_compared_by_content_and_shown_masked")]),
        Row::run("H18", "chart names that are paths / empty / 300 characters", "paths are refused; nothing is written under a chart's name", names),
        Row::run("H19", "`Chart.yaml` empty / null / a list / with a null name", "refused in Helm's words", missing_metadata),
        Row::run("H20", "a file above 5 MiB / 105 MiB in all / sizes that lie", "refused at the limit", bombs),
        Row::run("H21", "chains of 100,000 `$ref`s / 10,000 nested `properties` / circles", "refused at the limits; circles end", reference_chains),
        Row::run("H22", "`Chart.lock` that links elsewhere", "refused; nothing is ever written into a chart directory", lock),
        Row::run("H23", "nulls and wrong types in `Chart.yaml` and `import-values`", "refused in Helm's words, or ignored as in Helm", wrong_types),
        Row::run("H24", "`$ref` to files, devices, services, metadata", "refused: `external $ref not allowed`; an unknown `urn:` accepts everything, as in Helm", external_references),
        Row::elsewhere("H25", "plugin versions that are paths", PLUGINS, NO_PLUGINS),
        Row::elsewhere("H26", "`--verify` without a signature", "there is no verification, and the flag is refused", NO_PLUGINS),
        Row::run("H27", "chart names `.`, `..`, `./`", "refused in Helm's words", dots),
        Row::run("H28", "sub-charts without `Chart.yaml` / files in `charts/` / circles of aliases (fuzz audit)", "refused in Helm's words", broken_trees),
    ]
}

fn archives() -> Vec<Row> {
    vec![
        Row::run("A1", "headers `L`, `K`, `x`, `g` of 2 GiB", "refused at 1 MiB", long_headers),
        Row::run("A2", "sparse files, old and PAX", "refused", sparse),
        Row::run("A3", "a million empty gzip members", "refused at 64", members),
        Row::run("A4", "hard and symbolic links, devices, pipes", "refused by name", link_entries),
        Row::run(
            "A5",
            "headers that disagree about size or name, malformed PAX records",
            "refused",
            disagreeing_headers,
        ),
        Row::run(
            "A6",
            "names with NUL, not UTF-8, leaving by their prefix, given twice / 10,001 entries",
            "refused; names that differ in case or end in a dot are different files",
            hostile_names,
        ),
        Row::run(
            "A7",
            "gzip: wrong sums, truncation, bytes or files behind the end, a name of 15 MB",
            "refused; the stream is read to its end",
            gzip_trouble,
        ),
        Row::run(
            "A8",
            "archives in archives: eleven deep / 125 MiB and 5 GiB together",
            "refused: all share one budget",
            nested_archives,
        ),
        Row::run(
            "A9",
            "archives without an end, ending in the middle, with another behind",
            "refused, except a missing end, as in Helm",
            tar_ends,
        ),
    ]
}

fn schemas() -> Vec<Row> {
    vec![
        Row::run("J1", "`$ref` to files and URLs (H24)", "refused", external_references),
        Row::run("J2", "chains and circles of `$ref` (H21)", "refused at the limits; circles end", reference_chains),
        Row::run(
            "J3",
            "patterns that backtrack / look ahead / repeat a million times",
            "linear time; look-ahead and large patterns are refused",
            patterns,
        ),
        Row::run("J4", "a tiny `multipleOf` / `1e999` / numbers of a million digits", "Go's error, or exact", numbers),
        Row::run("J5", "`allOf` doubling 25 times", "ends", doubling),
        Row::run("J6", "`$schema` elsewhere", "refused", dialects),
        Row::run("J7", "`unevaluatedProperties` over 100,000 values", "ends", unevaluated),
        Row::elsewhere(
            "J8",
            "JSON nested 100,000 deep from the API server",
            "refused",
            &[("crates/aktus-k8s/tests/cluster/faults.rs", "deeply_nested_answers_are_refused")],
        ),
        Row::run(
            "R1",
            "rendered text made like Y1, Y4, Y5 / 17 MB in one file, 64 and 80 MB in all / 90 MiB of plain templates / 100,000 \
             manifests",
            "refused by the limits of YAML and of output; within them it is rendered",
            manifests,
        ),
        Row::run(
            "R2",
            "templates of nothing but actions: a million / 400,000 in 40 files / 90 MiB",
            "refused by the limit of tokens",
            actions,
        ),
    ]
}

#[track_caller]
fn check(section: &'static str, test: &'static str, rows: &[Row], letter: char, count: usize, more: &[&str]) {
    let numbered: Vec<String> = (1..=count).map(|number| format!("{letter}{number}")).collect();
    let ids: Vec<&str> = numbered.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Suite { section, test, file: file!() }.check(rows, &ids);
}

#[test]
fn hostile_advisories() {
    check("Helm's advisories", "hostile_advisories", &advisories(), 'H', 28, &[]);
}

#[test]
fn hostile_archives() {
    check("Archives", "hostile_archives", &archives(), 'A', 9, &[]);
}

#[test]
fn hostile_schemas() {
    check("JSON and schemas", "hostile_schemas", &schemas(), 'J', 8, &["R1", "R2"]);
}
