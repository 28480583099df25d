//! Where the values were set that an error is about.

use aktus_helm::values::value_hints;
use aktus_helm::{Chart, FrozenHost, LoadOptions, Profile, RenderOptions, ValueFile, ValueOptions, render};

const VALUES: &str = "replicas: 1\nimage:\n  name: nginx\nlist: [1, {a: 2}]\nnothing: null\n";
const PROD: &str = "name: x\n\nlist:\n- 1\n- a: 5\ndep:\n  size: big\nglobal:\n  zone: z\n";

/// The flags, and then the template or the schema that they fail with.
#[derive(Default)]
struct Case<'a> {
    template: &'a str,
    below: &'a str,
    schema: &'a str,
    schema_below: &'a str,
    user: ValueOptions,
}

#[track_caller]
fn check(case: &Case<'_>, expected: &[&str]) {
    let text = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0".to_owned()),
        ("values.yaml", VALUES.to_owned()),
        ("values.schema.json", text(case.schema, "{}")),
        ("templates/a.yaml", case.template.to_owned()),
        ("templates/_b.tpl", "{{ define \"b\" }}{{ .Values.image.tag.x }}{{ end }}".to_owned()),
        ("charts/dep/Chart.yaml", "apiVersion: v2\nname: dep\nversion: 1.0.0".to_owned()),
        ("charts/dep/values.yaml", "size: 1\nport:\n  number: 80\n".to_owned()),
        ("charts/dep/values.schema.json", text(case.schema_below, "{}")),
        ("charts/dep/templates/a.yaml", case.below.to_owned()),
    ];
    let files = files.iter().map(|(name, text)| (*name, text.as_str()));
    let chart = Chart::from_files(files, &LoadOptions::default()).expect("a chart");
    for profile in [Profile::Helm3, Profile::Helm4] {
        let options = RenderOptions { profile, ..RenderOptions::default() };
        let values = case.user.merge(profile).expect("values");
        let error = render(&chart, &values, &options, &FrozenHost::default()).expect_err("it fails");
        let found = value_hints(&error, &chart, &case.user, &values, &options);
        assert_eq!(found, expected, "{profile:?}: {error}");
    }
}

fn prod() -> ValueOptions {
    let file = ValueFile { name: "prod.yaml".to_owned(), text: PROD.as_bytes().to_vec() };
    ValueOptions { files: vec![file], ..ValueOptions::default() }
}

fn set(flags: &[&str]) -> ValueOptions {
    ValueOptions { set: flags.iter().map(|&flag| flag.to_owned()).collect(), ..prod() }
}

#[test]
fn templates_that_fail_over_a_path() {
    for (template, flags, expected) in [
        ("{{ .Values.image.tag.x }}", &[][..], "nothing sets `image.tag`; `image` is set at web/values.yaml:2:1"),
        ("{{ $.Values.image.tag.x }}", &[], "nothing sets `image.tag`; `image` is set at web/values.yaml:2:1"),
        (
            "{{ .Values.image.tag.x }}",
            &["image.y=1"],
            "nothing sets `image.tag`; `image` is set at web/values.yaml:2:1",
        ),
        ("{{ include \"b\" . }}", &[], "nothing sets `image.tag`; `image` is set at web/values.yaml:2:1"),
        ("{{ .Values.nope.tag }}", &[], "no values file and no flag sets `nope`"),
        ("{{ .Values.a.b.c.d }}", &["a.z=1"], "nothing sets `a.b`; `a` is set by --set a.z"),
        ("{{ .Values.nothing.tag }}", &[], "`nothing` is set to null at web/values.yaml:5:10"),
        ("{{ .Values.image.name.x }}", &["image=null"], "`image` is set to null by --set image"),
        ("{{ .Values.image.name.x }}", &[], "`image.name` is set at web/values.yaml:3:9, and is no map with a `x`"),
        ("{{ .Values.replicas.x }}", &["replicas=2"], "`replicas` is set by --set replicas, and is no map with a `x`"),
        ("{{ upper .Values.list }}", &[], "`list` is set at prod.yaml:3:1"),
        ("{{ upper .Values.nope }}", &[], "no values file and no flag sets `nope`"),
        ("{{ range .Values.name }}{{ end }}", &[], "`name` is set at prod.yaml:1:7"),
    ] {
        check(&Case { template, user: set(flags), ..Case::default() }, &[expected]);
    }
}

#[test]
fn templates_of_sub_charts_see_their_own_values() {
    for (below, expected) in [
        ("{{ .Values.port.x.y }}", "nothing sets `dep.port.x`; `dep.port` is set at web/charts/dep/values.yaml:2:1"),
        ("{{ .Values.size.x }}", "`dep.size` is set at prod.yaml:7:9, and is no map with a `x`"),
        ("{{ .Values.global.zone.x }}", "`dep.global.zone` is set at prod.yaml:9:9, and is no map with a `x`"),
        ("{{ .Values.image.x }}", "nothing sets `dep.image`; `dep` is set at prod.yaml:6:1"),
    ] {
        check(&Case { below, user: prod(), ..Case::default() }, &[expected]);
    }
}

#[test]
fn errors_that_name_no_value_have_no_hint() {
    for template in [
        "{{ fail \"x\" }}",
        "{{ required \"x\" .Values.nope }}",
        "{{ .Chart.nope.x }}",
        "{{ (.Values.image).z.y }}",
        "{{ $x := .Values.image }}{{ $x.z.y }}",
        // Another `.Values` than that of the chart.
        "{{ with dict \"Values\" (dict \"image\" (dict \"name\" nil)) }}{{ .Values.image.name.x }}{{ end }}",
        "{{ nope }}",
    ] {
        check(&Case { template, user: prod(), ..Case::default() }, &[]);
    }
}

#[test]
fn values_that_do_not_fit_a_schema() {
    for (schema, flags, expected) in [
        (r#"{"properties":{"name":{"type":"integer"}}}"#, &[][..], &["`name` is set at prod.yaml:1:7"][..]),
        (r#"{"properties":{"name":{"type":"integer"}}}"#, &["name=y"], &["`name` is set by --set name"]),
        (r#"{"properties":{"replicas":{"minimum":2}}}"#, &[], &["`replicas` is set at web/values.yaml:1:11"]),
        (r#"{"properties":{"image":{"type":"string"}}}"#, &[], &["`image` is set at web/values.yaml:2:1"]),
        (
            r#"{"properties":{"list":{"items":{"type":"string"}}}}"#,
            &[],
            &["`list[0]` is set at prod.yaml:4:3", "`list[1]` is set at prod.yaml:5:3"],
        ),
        (
            r#"{"properties":{"list":{"items":{"properties":{"a":{"type":"string"}}}}}}"#,
            &[],
            &["`list[1].a` is set at prod.yaml:5:6"],
        ),
        (r#"{"properties":{"list":{"items":{"type":"string"}}}}"#, &["list={7}"], &["`list` is set by --set list"]),
        (r#"{"required":["owner"]}"#, &[], &["no values file and no flag sets `owner`"]),
        (
            r#"{"properties":{"image":{"required":["tag"]}}}"#,
            &[],
            &["nothing sets `image.tag`; `image` is set at web/values.yaml:2:1"],
        ),
        (r#"{"required":["replicas"]}"#, &["replicas=null"], &["`replicas` is set to null by --set replicas"]),
        (
            r#"{"properties":{"image":{"additionalProperties":false,"properties":{"name":true}}}}"#,
            &["image.nmae=x"],
            &["`image.nmae` is set by --set image.nmae"],
        ),
        // The schema itself is wrong.
        (r#"{"type":"strng"}"#, &[], &[]),
    ] {
        check(&Case { schema, user: set(flags), ..Case::default() }, expected);
    }
    let schema_below = r#"{"properties":{"size":{"type":"integer"}}}"#;
    check(&Case { schema_below, user: prod(), ..Case::default() }, &["`dep.size` is set at prod.yaml:7:9"]);
    check(&Case { user: set(&["dep=1"]), ..Case::default() }, &[]);
}

#[test]
fn only_the_first_places_are_told() {
    let names: Vec<String> = (0..30).map(|number| format!("\"n{number:02}\"")).collect();
    let schema = format!("{{\"required\":[{}]}}", names.join(","));
    let told = (0..20).map(|number| format!("no values file and no flag sets `n{number:02}`"));
    let expected: Vec<String> = told.chain(["there are more places".to_owned()]).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&Case { schema: &schema, user: prod(), ..Case::default() }, &expected);
}
