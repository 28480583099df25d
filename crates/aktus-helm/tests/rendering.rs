//! What a render asks for, refuses and hands on.

use aktus_helm::{
    Chart, File, FrozenHost, Host, Limits, LoadOptions, Lookup, Manifests, OutputOptions, Profile, Release,
    RenderError, RenderOptions, Rendered, SystemHost, Values, render,
};

const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n");

fn chart(files: &[(&str, &str)]) -> Chart {
    let has_metadata = files.iter().any(|(name, _)| *name == "Chart.yaml");
    let metadata = (!has_metadata).then_some(CHART);
    let files: Vec<_> = metadata.iter().chain(files).map(|(name, text)| (*name, *text)).collect();
    Chart::from_files(files, &LoadOptions::default()).expect("a chart")
}

fn run_with(files: &[(&str, &str)], options: &RenderOptions, host: &dyn Host) -> Result<Rendered, RenderError> {
    render(&chart(files), &Values::empty(), options, host)
}

fn run(files: &[(&str, &str)]) -> Result<Rendered, RenderError> {
    run_with(files, &RenderOptions::default(), &FrozenHost::default())
}

fn manifests(files: &[(&str, &str)]) -> Manifests {
    run(files).expect("rendered").into_manifests().expect("manifests")
}

#[track_caller]
fn refused(files: &[(&str, &str)], expected: &str) {
    let error = run(files).expect_err("the render is refused").to_string();
    assert!(error.contains(expected), "{error:?} does not say {expected:?}");
}

#[test]
fn library_charts_are_not_rendered() {
    refused(
        &[("Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\ntype: library")],
        "library charts are not installable",
    );
}

/// Helm 4.2.4 counts the loaded sub-charts, and then finds fewer in Chart.yaml.
#[test]
fn charts_of_the_third_kind_are_loaded_and_not_installed() {
    let load = |listed: &str, profile| {
        let metadata = format!("apiVersion: v3\nname: c\nversion: 0.1.0\n{listed}");
        let sub = "apiVersion: v3\nname: s\nversion: 0.1.0\n";
        let files = [("Chart.yaml", metadata.as_str()), ("charts/s/Chart.yaml", sub)];
        Chart::from_files(files, &LoadOptions::new(profile)).map(|_| ()).map_err(|error| error.to_string())
    };
    let listed = "dependencies: [{name: s, version: 0.1.0}]";
    assert_eq!(load(listed, Profile::Helm4), Err("invalid chart apiVersion".to_owned()));
    let error = load("", Profile::Helm4).expect_err("no installable chart");
    assert!(error.ends_with("to fetch missing dependencies: unsupported chart dependency type"), "{error}");
    assert_eq!(load("", Profile::Helm3), Ok(()));
}

#[test]
fn only_partials_of_a_library_chart_take_part() {
    let made = manifests(&[
        ("templates/x.yaml", "a: {{ include \"l\" . }}"),
        ("charts/l/Chart.yaml", "apiVersion: v2\nname: l\nversion: 1.0.0\ntype: library"),
        ("charts/l/templates/_l.tpl", "{{ define \"l\" }}1{{ end }}"),
        ("charts/l/templates/y.yaml", "{{ this is not even a template"),
    ]);
    assert_eq!(made.text(), "---\n# Source: c/templates/x.yaml\na: 1\n");
}

#[test]
fn names_of_releases_are_checked() {
    let options = RenderOptions::new(Profile::Helm4, Release::install("Not A Name", "default"));
    let error = run_with(&[], &options, &FrozenHost::default()).expect_err("no name").to_string();
    assert!(error.starts_with("release name check failed: release name \"Not A Name\": invalid"), "{error}");
}

#[test]
fn definitions_come_from_charts_that_are_switched_on() {
    let made = manifests(&[
        (
            "Chart.yaml",
            "apiVersion: v2\nname: c\nversion: 0.1.0\ndependencies:\n- {name: used, version: 1.0.0}\n\
             - {name: unused, version: 1.0.0, condition: unused.enabled}\n",
        ),
        ("values.yaml", "unused: {enabled: false}"),
        ("crds/b.yaml", "kind: B"),
        ("crds/notes.txt", "no"),
        ("charts/used/Chart.yaml", "name: used\nversion: 1.0.0"),
        ("charts/used/crds/a.JSON", "{}"),
        ("charts/unused/Chart.yaml", "name: unused\nversion: 1.0.0"),
        ("charts/unused/crds/c.yaml", "kind: C"),
    ]);
    let sources: Vec<_> = made.crds.iter().map(|crd| crd.source.as_str()).collect();
    assert_eq!(sources, ["c/crds/b.yaml", "c/charts/used/crds/a.JSON"]);
    assert_eq!(made.text(), "", "definitions are no part of what a release stores");
    let shown = made.template_output(&OutputOptions { include_crds: true, ..OutputOptions::default() });
    assert!(shown.expect("output").starts_with("---\n# Source: c/crds/b.yaml\nkind: B\n---\n"));
}

#[test]
fn the_chart_of_a_release_has_its_dependencies_processed() {
    let rendered = run(&[
        (
            "Chart.yaml",
            "apiVersion: v2\nname: c\nversion: 0.1.0\ndependencies:\n\
             - {name: s, version: 1.0.0, alias: t, import-values: [data]}\n- {name: u, version: 1.0.0, tags: [x]}\n",
        ),
        ("values.yaml", "tags: {x: false}"),
        ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0"),
        ("charts/s/values.yaml", "exports: {data: {k: 1}}"),
        ("charts/u/Chart.yaml", "name: u\nversion: 1.0.0"),
    ])
    .expect("rendered");
    let names: Vec<_> = rendered.chart.dependencies().iter().map(Chart::name).collect();
    assert_eq!(names, ["t"]);
    let listed = rendered.chart.metadata().dependencies.as_deref().expect("dependencies");
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].enabled), (1, "t", true));
    assert_eq!(rendered.chart.values().to_json()["k"], 1);
}

struct Recorded(std::sync::Mutex<Vec<String>>);

impl Lookup for Recorded {
    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<serde_json::Value, String> {
        self.0.lock().expect("no panic").push(format!("{api_version} {kind} {namespace} {name}"));
        match kind {
            "StorageClass" => Ok(serde_json::json!({"items": [{"metadata": {"name": "gp3"}}]})),
            "Secret" => Err("secrets is forbidden".to_owned()),
            _ => Ok(serde_json::Value::Null),
        }
    }
}

#[test]
fn lookups_go_through_the_one_door() {
    let asked = std::sync::Arc::new(Recorded(std::sync::Mutex::new(Vec::new())));
    let host = SystemHost::new(|| jiff::Timestamp::UNIX_EPOCH, |buffer| buffer.fill(0)).with_lookup(asked.clone());
    let template = "{{ range (lookup \"storage.k8s.io/v1\" \"StorageClass\" \"\" \"\").items }}a: {{ .metadata.name }}{{ end }}\n\
                    b: {{ lookup \"v1\" \"ConfigMap\" \"ns\" \"n\" }}\n";
    let files = [("templates/x.yaml", template)];
    let rendered = run_with(&files, &RenderOptions::default(), &host).expect("rendered");
    assert_eq!(rendered.files["c/templates/x.yaml"], b"a: gp3\nb: map[]\n");
    assert_eq!(*asked.0.lock().expect("no panic"), ["storage.k8s.io/v1 StorageClass  ", "v1 ConfigMap ns n"]);
    let files = [("templates/x.yaml", "{{ lookup \"v1\" \"Secret\" \"ns\" \"n\" }}")];
    let error = run_with(&files, &RenderOptions::default(), &host).expect_err("forbidden").to_string();
    assert!(error.ends_with("error calling lookup: secrets is forbidden"), "{error}");
}

#[test]
fn without_a_cluster_lookups_find_nothing_and_names_do_not_resolve() {
    let made = manifests(&[(
        "templates/x.yaml",
        "a: {{ lookup \"v1\" \"Secret\" \"\" \"\" | len }}\nb: {{ getHostByName \"localhost\" | quote }}\n",
    )]);
    assert_eq!(made.documents[0].content, "a: 0\nb: \"\"\n");
}

#[test]
fn an_error_points_into_its_template() {
    let error = run(&[
        ("templates/_h.tpl", "{{ define \"n\" }}\n{{ .Values.x.y }}{{ end }}"),
        ("templates/x.yaml", "a: {{ include \"n\" . }}\n"),
    ])
    .expect_err("nil pointer");
    let (sources, diagnostic) = error.diagnostic().expect("it lies in a template");
    let place = sources.position(diagnostic.span).expect("a place");
    assert_eq!((place.name, place.line), ("c/templates/_h.tpl", 2));
    let through = sources.position(diagnostic.trace[0].span).expect("a place");
    assert_eq!((through.name, through.line), ("c/templates/x.yaml", 1));
    let error = run(&[("templates/x.yaml", "a: 1\nb: {{ nindnet 2 \"x\" }}")]).expect_err("no such function");
    assert_eq!(error.to_string(), "parse error at (c/templates/x.yaml:2): function \"nindnet\" not defined");
    let (sources, diagnostic) = error.diagnostic().expect("it lies in a template");
    assert_eq!(sources.position(diagnostic.span).expect("a place").line, 2);
}

#[test]
fn notes() {
    let files = [
        ("templates/NOTES.txt", "root\n"),
        ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0"),
        ("charts/s/templates/NOTES.txt", "sub\n"),
    ];
    let made = manifests(&files);
    assert_eq!(made.notes.as_deref(), Some("root\n"));
    assert_eq!(made.text(), "");
    let options = RenderOptions { subchart_notes: true, ..RenderOptions::default() };
    let rendered = run_with(&files, &options, &FrozenHost::default()).expect("rendered");
    assert_eq!(rendered.notes.as_deref(), Some(&b"sub\n\nroot\n"[..]));
    assert_eq!(manifests(&[]).notes, None);
}

#[test]
fn what_is_shown() {
    let made = manifests(&[
        ("templates/b.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"),
        ("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
        (
            "templates/test.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: \"test,post-install\"}}\n",
        ),
    ]);
    let show = |options: OutputOptions| made.template_output(&options);
    let all = show(OutputOptions::default()).expect("output");
    assert_eq!(all.matches("# Source: ").count(), 3);
    let quiet = OutputOptions { skip_tests: true, hide_secret: true, ..OutputOptions::default() };
    assert_eq!(
        show(quiet).expect("output"),
        "---\n# Source: c/templates/b.yaml\n# HIDDEN: The Secret output has been suppressed\n---\n\
         # Source: c/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    );
    let only = |pattern: &str| OutputOptions { show_only: vec![pattern.to_owned()], ..OutputOptions::default() };
    let shown = show(only("templates/?.yaml")).expect("output");
    assert_eq!(shown.matches("# Source: ").count(), 2);
    assert_eq!(
        show(only("templates/c.yaml")).expect_err("nothing").to_string(),
        "could not find template templates/c.yaml in chart"
    );
    assert!(show(OutputOptions { no_hooks: true, ..only("templates/t*") }).is_err());
}

#[test]
fn the_end_of_what_is_shown_is_trimmed_before_the_hooks() {
    let hook = "kind: Pod\nmetadata: {annotations: {helm.sh/hook: test}}\n\n";
    let files = [("templates/a.yaml", "kind: A\n\n \n"), ("templates/h.yaml", hook), ("crds/b.yaml", " \n")];
    let made = manifests(&files);
    let show = |include_crds| {
        made.template_output(&OutputOptions { include_crds, ..OutputOptions::default() }).expect("output")
    };
    let rest = format!("---\n# Source: c/templates/h.yaml\n{hook}\n");
    assert_eq!(show(false), format!("---\n# Source: c/templates/a.yaml\nkind: A\n{rest}"));
    assert_eq!(
        show(true),
        format!("---\n# Source: c/crds/b.yaml\n \n\n---\n# Source: c/templates/a.yaml\nkind: A\n{rest}")
    );
    let made = manifests(&files[1..]);
    let options = OutputOptions { include_crds: true, ..OutputOptions::default() };
    assert_eq!(made.template_output(&options).expect("output"), format!("---\n# Source: c/crds/b.yaml\n{rest}"));
    assert_eq!(made.template_output(&OutputOptions::default()).expect("output"), format!("\n{rest}"));
}

#[test]
fn a_document_can_be_replaced() {
    let mut made = manifests(&[("templates/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")]);
    let document = &mut made.documents[0];
    let mut object = document.to_json().expect("an object");
    object["spec"] = serde_json::json!({"ports": [{"port": 80}], "type": "LoadBalancer"});
    document.replace(&object).expect("written");
    assert_eq!(
        made.text(),
        "---\n# Source: c/templates/a.yaml\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  ports:\n  \
         - port: 80\n  type: LoadBalancer\n\n"
    );
}

#[test]
fn templates_run_within_bounds() {
    let refused_within = |change: fn(&mut Limits), template: &str, expected: &str| {
        let mut options = RenderOptions::default();
        change(&mut options.limits);
        let error = run_with(&[("templates/x.yaml", template)], &options, &FrozenHost::default());
        let error = error.expect_err("too much").to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    refused_within(
        |limits| limits.template.steps = 1_000,
        "{{ range until 100000 }}x{{ end }}",
        "more than 1000 steps",
    );
    refused_within(|limits| limits.template.file_bytes = 10, "{{ repeat 11 \"x\" }}", "would be longer than 10 bytes");
    refused_within(
        |_| {},
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "nested reference name: a",
    );
    refused_within(
        |limits| limits.template.steps = 100_000,
        "{{ $a := dict }}{{ range until 60 }}{{ $a = dict \"x\" $a \"y\" $a }}{{ end }}{{ $_ := set .Values \"z\" $a }}\
         {{ .Values.YAML }}",
        "more than",
    );
}

#[test]
fn bytes_that_are_no_text_pass_through_files() {
    let files = [
        ("Chart.yaml", CHART.1.as_bytes()),
        ("blob", b"\xff\x00"),
        ("templates/x.yaml", b"a: {{ .Files.Get \"blob\" | b64enc }}\n"),
    ];
    let chart = Chart::from_files(files, &LoadOptions::default()).expect("a chart");
    assert_eq!(chart.files().iter().map(File::name).collect::<Vec<_>>(), ["blob"]);
    let rendered = render(&chart, &Values::empty(), &RenderOptions::default(), &FrozenHost::default());
    assert_eq!(rendered.expect("rendered").files["c/templates/x.yaml"], b"a: /wA=\n");
}

#[test]
fn charts_and_results_travel_between_threads() {
    fn travels<T: Send + Sync>() {}
    travels::<Chart>();
    travels::<Values>();
    travels::<Rendered>();
    travels::<Manifests>();
    travels::<RenderError>();
    travels::<SystemHost>();
}
