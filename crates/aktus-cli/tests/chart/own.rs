//! What Helm has no counterpart for: `eval`, `values --explain`, `create`, and the options that it lacks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{AKTUS, files, read};

/// A directory with the shared charts, and commands run there.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        for (path, text) in files(&read("cases.json")["files"]) {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        Self(place)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(AKTUS);
        command.arg("chart").args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().expect("aktus starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (status.code().expect("an exit code"), text(stdout), text(stderr))
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> (String, String) {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }

    #[track_caller]
    fn prints(&self, arguments: &[&str], expected: &str) {
        assert_eq!(self.done(arguments).0, expected, "{arguments:?}");
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, expected: &str) {
        let (found, stdout, stderr) = self.run(arguments);
        assert_eq!((found, stdout.as_str()), (code, ""), "{arguments:?}\n{stderr}");
        assert_eq!(stderr, expected, "{arguments:?}");
    }
}

#[test]
fn eval_prints_what_a_template_gives() {
    let place = Place::new();
    place.prints(&["eval", "web", r#"{{ include "web.labels" . }}"#], "app: web\nrelease: release-name");
    place.prints(&["eval", "web", "{{ .Values.image.tag }}-{{ .Chart.Version }}", "--set", "image.tag=7"], "7-1.2.3");
    place.prints(&["eval", "web", r#"{{ .Files.Get "data/app.conf" }}"#], "listen 80\n");
    place.prints(&["eval", "web", "{{ .Release.Namespace }}", "-n", "ns"], "ns");
    place.prints(&["eval", "web", "{{ .Capabilities.KubeVersion.Minor }}", "--kube-version", "1.30"], "30");
    place.prints(&["eval", "web", r#"{{ tpl "{{ .Values.name }}{{ include \"web.labels\" . | len }}" . }}"#], "web30");
    // Neither one document nor YAML.
    place.prints(&["eval", "web", "a: b: c\n---\n\t{{ .Values.nope }}"], "a: b: c\n---\n\t");
    place.prints(&["eval", "--", "--- {{ .Chart.Name }}"], "--- empty");
    place.prints(&["eval", r#"{{ "a-b" | camelcase }} {{ .Chart.Name }} {{ .Values }}"#], "AB empty map[]");
    place.prints(&["eval", "{{ .Values.a }}", "--set", "a=1"], "1");
    place.prints(&["eval", "web", "{{ .Chart.Type }}{{ .Chart.IsRoot }}", "--profile", "helm3"], "true");
    place.write("t.tpl", "{{ define \"x\" }}X{{ end }}{{ include \"x\" . }} {{ .Chart.Name }}\n");
    place.prints(&["eval", "web", "--file", "t.tpl"], "X web\n");
    place.prints(&["eval", "--file", "t.tpl"], "X empty\n");
}

#[test]
fn eval_says_where_a_template_failed_and_how_one_got_there() {
    let place = Place::new();
    place.write("web/templates/_deep.tpl", "{{ define \"deep\" }}\n  {{ .Values.a.b.c }}\n{{ end }}");
    place.refused(
        &["eval", "web", "1\n{{ include \"deep\" . }}"],
        5,
        "error: web/templates/_deep.tpl:2:6: nil pointer evaluating interface {}.b\n  including `deep`, at <argument>:2:4\nhint: `a` is not set; give it a value or guard it with `if` or `with`\nhint: no values file and no flag sets `a`\n",
    );
    place.refused(
        &["eval", "{{ nope }}"],
        5,
        "error: <argument>:1:4: function \"nope\" not defined\nhint: did you mean `now`?\n",
    );
    place.write("t.tpl", "\n{{ fail \"stop\" }}");
    place.refused(&["eval", "--file", "t.tpl"], 5, "error: t.tpl:2:4: stop\n");
    place.refused(
        &["eval"],
        2,
        "error: there is no template\nhint: give one: `aktus chart eval [CHART] 'TEMPLATE'` or `aktus chart eval [CHART] --file F`\n",
    );
}

#[test]
fn values_are_those_that_templates_see() {
    let place = Place::new();
    place.done(&["dependency", "update", "umbrella"]);
    let flags = ["--set", "dep.size=null,x.y=1", "--set-string", "z=2"];
    let values = place.done(&[&["values", "umbrella"][..], &flags].concat()).0;
    place.prints(&[&["eval", "umbrella", "{{ toYaml .Values }}\n"][..], &flags].concat(), &values);
    assert_eq!(values, "dep:\n  global: {}\nx:\n  \"y\": 1\nz: \"2\"\n");
}

#[test]
fn values_are_explained() {
    let place = Place::new();
    place.done(&["dependency", "update", "umbrella"]);
    place.write("prod.yaml", "dep:\n  size: 5\nextra:\n  a: 1\n");
    place.prints(
        &["values", "umbrella", "--explain", "-f", "prod.yaml", "--set", "extra.a=2"],
        "dep.global: {}  # helm\n\
         dep.size: 5  # prod.yaml:2, before umbrella/values.yaml:2, umbrella/charts/dep/values.yaml:1\n\
         extra.a: 2  # --set extra.a, before prod.yaml:4\n",
    );
    place.prints(
        &["values", "web", "--explain", "-f", "null.yaml", "--set", "image.tag=3,big=null"],
        "big  # deleted by --set big, before web/values.yaml:6\n\
         image.repository: \"nginx\"  # web/values.yaml:4\n\
         image.tag: 3  # --set image.tag, before web/values.yaml:4\n\
         list  # deleted by null.yaml:2, before web/values.yaml:5\n\
         name: \"web\"  # web/values.yaml:3\n\
         replicas: 1  # web/values.yaml:2\n\
         secret  # deleted by null.yaml:1, before web/values.yaml:8\n",
    );
    let json = place.done(&["values", "web", "--explain", "--output", "json", "--set", "replicas=2"]).0;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let replicas = json.as_array().expect("a list").iter().find(|one| one["path"] == "replicas").expect("replicas");
    assert_eq!(replicas["origin"], "--set replicas");
    assert_eq!(replicas["overrides"], serde_json::json!(["web/values.yaml:2"]));
}

#[test]
fn globals_are_explained_by_the_chart_that_sets_them() {
    let place = Place::new();
    place.write("p/Chart.yaml", "apiVersion: v2\nname: p\nversion: 1.0.0\n");
    place.write("p/values.yaml", "global:\n  zone: here\n");
    place.write("p/charts/q/Chart.yaml", "apiVersion: v2\nname: q\nversion: 1.0.0\n");
    place.write("p/charts/q/values.yaml", "global:\n  zone: there\n  own: 1\n");
    place.prints(
        &["values", "p", "--explain"],
        "global.zone: \"here\"  # p/values.yaml:2\n\
         q.global.own: 1  # p/charts/q/values.yaml:3\n\
         q.global.zone: \"here\"  # p/values.yaml:2\n",
    );
}

#[test]
fn numbers_that_lose_their_form_are_told_only_when_asked() {
    let place = Place::new();
    place.write("n.yaml", "port: 8080\nversion: 1.10\nlist: [0123]\n");
    let (plain, quiet) = place.done(&["template", "r", "web", "-f", "n.yaml"]);
    let (same, told) = place.done(&["template", "r", "web", "-f", "n.yaml", "--strict-numbers"]);
    assert_eq!((plain, quiet), (same, String::new()));
    assert_eq!(
        told,
        "warning: web/values.yaml:6:6: `big` is written 1000000, but prints as 1e+06; quote it, or print it with `int64`\n\
         warning: n.yaml:2:10: `version` is written 1.10, but prints as 1.1; quote it\n\
         warning: n.yaml:3:8: `list[0]` is written 0123, but prints as 83; quote it\n"
    );
}

#[test]
fn a_seed_makes_output_repeat() {
    let place = Place::new();
    let text = r#"{{ randAlphaNum 20 }} {{ uuidv4 }} {{ now | date "2006-01-02" }} {{ randBytes 8 }} {{ shuffle "abcdefgh" }} {{ randInt 0 100000 }} {{ htpasswd "a" "b" }}"#;
    let one = place.done(&["eval", text, "--seed", "1"]).0;
    assert_eq!(place.done(&["eval", text, "--seed", "1"]).0, one);
    assert_ne!(place.done(&["eval", text, "--seed", "2"]).0, one);
    assert_ne!(place.done(&["eval", text]).0, place.done(&["eval", text]).0);
    assert!(one.contains(" 2000-01-01 "), "{one}");
    let (_, said) = place.done(&["eval", "{{ genPrivateKey \"ed25519\" }}", "--seed", "1"]);
    assert!(said.contains("--seed does not cover them"), "{said}");
    assert_eq!(place.done(&["eval", "{{ genPrivateKey \"ed25519\" }}"]).1, "");
}

#[test]
fn a_trace_names_the_template_line_of_each_line() {
    let place = Place::new();
    let (plain, _) = place.done(&["template", "r", "web", "-s", "templates/deployment.yaml"]);
    let (output, trace) = place.done(&["template", "r", "web", "-s", "templates/deployment.yaml", "--trace"]);
    assert_eq!(plain, output);
    let origins: Vec<&str> = trace.lines().map(|line| line.split_once('\t').expect("a tab").1).collect();
    let found: BTreeMap<&str, &str> = output.lines().zip(origins.iter().copied()).collect();
    assert_eq!(output.lines().count(), origins.len());
    for (line, origin) in [
        ("---", "-"),
        ("# Source: web/templates/deployment.yaml", "-"),
        ("kind: Deployment", "web/templates/deployment.yaml:2"),
        ("    app: web", "web/templates/_helpers.tpl:2"),
        ("    release: r", "web/templates/_helpers.tpl:3"),
        ("  replicas: 1", "web/templates/deployment.yaml:9"),
        ("        image: \"nginx:9.9\"", "web/templates/deployment.yaml:17"),
    ] {
        assert_eq!(found.get(line), Some(&origin), "{line}\n{trace}");
    }
    let (whole, trace) = place.done(&["template", "r", "web", "--trace"]);
    assert_eq!(whole.lines().count(), trace.lines().count());
    let unknown = whole.lines().zip(trace.lines()).filter(|(line, trace)| {
        trace.ends_with("\t-") && *line != "---" && !line.starts_with("# Source: ") && !line.is_empty()
    });
    assert_eq!(unknown.collect::<Vec<_>>(), []);
}

#[test]
fn an_error_in_rendered_text_names_the_template_line() {
    let place = Place::new();
    place.write("web/templates/_bad.tpl", "{{ define \"bad\" }}\nx: y\nkey: a: b\n{{ end }}");
    place.write("web/templates/bad.yaml", "kind: A\n---\nkind: B\ndata:\n  {{- include \"bad\" . | nindent 2 }}\n");
    let (code, _, stderr) = place.run(&["template", "r", "web"]);
    assert_eq!(code, 5);
    assert!(stderr.ends_with("hint: that line was made by web/templates/_bad.tpl:3\n"), "{stderr}");
}

#[test]
fn errors_say_where_the_values_were_set() {
    let place = Place::new();
    place.write("prod.yaml", "name: x\nreplicas: two\n");
    place.write("web/templates/z.yaml", "z: {{ .Values.image.pull.policy }}\n");
    let advice = "\nUse --debug flag to render out invalid YAML\n";
    place.refused(
        &["template", "r", "web", "-f", "prod.yaml", "--skip-schema-validation", "--profile", "helm3"],
        5,
        &format!("Error: template: web/templates/z.yaml:1:13: executing \"web/templates/z.yaml\" at <.Values.image.pull.policy>: nil pointer evaluating interface {{}}.policy\n{advice}hint: nothing sets `image.pull`; `image` is set at web/values.yaml:4:8\n"),
    );
    place.write("web/values.schema.json", r#"{"properties":{"replicas":{"type":"integer"},"name":{"maxLength":3}}}"#);
    let expected = "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n- at '/name': maxLength: got 4, want 3\n- at '/replicas': got string, want integer\n\n\
        hint: `name` is set by --set name\nhint: `replicas` is set at prod.yaml:2:11\n";
    for command in [&["template", "r", "web"][..], &["values", "web"], &["values", "web", "--explain"]] {
        place.refused(&[command, &["-f", "prod.yaml", "--set", "name=long"]].concat(), 5, expected);
    }
}

#[test]
fn schemas_refer_only_to_what_is_allowed() {
    let place = Place::new();
    let folder = place.0.path().join("schemas").display().to_string();
    place.write("schemas/port.json", r#"{"type": "integer"}"#);
    let schema = format!(r#"{{"properties": {{"replicas": {{"$ref": "file://{folder}/port.json"}}}}}}"#);
    place.write("web/values.schema.json", &schema);
    let head = "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nweb:\n";
    let refused = format!(
        "{head}external $ref not allowed: file://{folder}/port.json\n\
         hint: let the schema refer to it with `--allow-schema-ref file://{folder}`, or check nothing with --skip-schema-validation\n"
    );
    let allowed = format!("file://{folder}");
    for command in [&["template", "r", "web"][..], &["values", "web"], &["eval", "web", "{{ .Values.replicas }}"]] {
        place.refused(command, 5, &refused);
        place.done(&[command, &["--allow-schema-ref", &allowed]].concat());
        let wrong = &["--set", "replicas=two", "--allow-schema-ref", &allowed];
        let (code, _, stderr) = place.run(&[command, wrong].concat());
        assert!(code == 5 && stderr.contains("- at '/replicas': got string, want integer\n"), "{stderr}");
    }
    place.done(&["lint", "web", "--allow-schema-ref", &allowed]);
    let (code, stdout, _) = place.run(&["lint", "web"]);
    assert!(code == 1 && stdout.contains("[ERROR] values.yaml: external $ref not allowed: "), "{stdout}");
    let (code, _, stderr) = place.run(&["template", "r", "web", "--allow-schema-ref", "ftp://a.example/"]);
    assert!(code == 2 && stderr.contains("it begins with none of https://, http:// and file:///"), "{stderr}");
}

#[test]
fn every_command_takes_a_profile() {
    let place = Place::new();
    for command in [
        "create",
        "dependency build",
        "dependency list",
        "dependency update",
        "eval",
        "lint",
        "package",
        "pull",
        "show all",
        "show chart",
        "show crds",
        "show readme",
        "show values",
        "template",
        "values",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let (help, _) = place.done(&words);
        assert!(help.contains("--profile <PROFILE>"), "{command}: {help}");
    }
}

#[test]
fn links_lead_only_where_they_may() {
    let place = Place::new();
    place.write("shared/LICENSE", "free\n");
    std::os::unix::fs::symlink("../shared/LICENSE", place.0.path().join("web/LICENSE")).expect("a link");
    let real = fs::canonicalize(place.0.path()).expect("it is there");
    let refused = format!(
        "error: chart web: {0}/web/LICENSE links to {0}/shared/LICENSE, outside the chart\n\
         hint: if it may, say so with `--links-within {0}/shared`, or name a folder further up\n",
        real.display()
    );
    place.refused(&["template", "r", "web"], 5, &refused);
    place.prints(&["eval", "web", r#"{{ .Files.Get "LICENSE" }}"#, "--links-within", "shared"], "free\n");
    for command in
        [&["template", "r", "web"][..], &["lint", "web"], &["package", "web"], &["dependency", "list", "web"]]
    {
        place.done(&[command, &["--links-within", "."]].concat());
    }
}

#[test]
fn a_key_twice_in_chart_yaml_is_told_with_both_lines() {
    let place = Place::new();
    place.write(
        "twice/Chart.yaml",
        "apiVersion: v2\nname: a\nicon: https://a.example/a.png\nversion: 1.0.0\nname: twice\n",
    );
    place.write("twice/values.yaml", "a: 1\n");
    place.write("twice/templates/a.yaml", "kind: A\nmetadata: {name: a}\n");
    let told =
        "warning: twice/Chart.yaml:5:1: `name` stands in line 2 already; the later one counts, take one of them away\n";
    let head = "==> Linting twice\n";
    let tail = "\n1 chart(s) linted, 0 chart(s) failed\n";
    // Helm 4 names the second line only, Helm 3 neither.
    let strict = "[WARNING] Chart.yaml: failed to strictly parse chart metadata file\n\terror converting YAML to JSON: yaml: unmarshal errors:\n  line 5: key \"name\" already set in map\n";
    for (profile, lines) in [("helm4", strict), ("helm3", "")] {
        let (stdout, stderr) = place.done(&["lint", "twice", "--profile", profile]);
        assert_eq!((stdout, stderr.as_str()), (format!("{head}{lines}{tail}"), told), "{profile}");
    }
    place.prints(&["eval", "twice", "{{ .Chart.Name }}"], "twice");
    assert_eq!(place.done(&["lint", "web", "--profile", "helm3"]).1, "");
}

#[test]
fn a_new_chart_lints_and_renders() {
    let place = Place::new();
    place.prints(&["create", "my-app"], "Creating my-app\n");
    for profile in ["--profile=helm4", "--profile=helm3"] {
        place.prints(
            &["lint", "my-app", "--strict", profile],
            "==> Linting my-app\n[INFO] Chart.yaml: icon is recommended\n\n1 chart(s) linted, 0 chart(s) failed\n",
        );
        let everything = "ingress.enabled=true,httpRoute.enabled=true,autoscaling.enabled=true";
        let (rendered, _) = place.done(&["template", "r", "my-app", "--set", everything, profile]);
        for kind in
            ["Deployment", "Service", "ServiceAccount", "Ingress", "HTTPRoute", "HorizontalPodAutoscaler", "Pod"]
        {
            assert!(rendered.contains(&format!("\nkind: {kind}\n")), "{kind}\n{rendered}");
        }
    }
    assert!(Path::new(&place.0.path().join("my-app/charts")).is_dir());
    place.refused(
        &["create", "my-app"],
        2,
        "error: my-app/Chart.yaml is there already\nhint: choose another name, or take the old chart away\n",
    );
    place.refused(
        &["create", "my app"],
        2,
        "error: chart name must match the regular expression \"^[a-zA-Z0-9._-]+$\"\n",
    );
    place.prints(&["create", "sub/dir/other"], "Creating sub/dir/other\n");
    place.prints(&["eval", "sub/dir/other", r#"{{ include "other.fullname" . }}"#], "release-name-other");
}

#[test]
fn packages_are_the_same_every_time() {
    let place = Place::new();
    place.done(&["package", "web", "-d", "one"]);
    place.done(&["package", "web", "-d", "two"]);
    let read = |folder: &str| fs::read(place.0.path().join(folder).join("web-1.2.3.tgz")).expect("an archive");
    assert_eq!(read("one"), read("two"));
}

#[test]
fn dependencies_are_fetched_before_rendering_when_asked() {
    let place = Place::new();
    let (rendered, _) = place.done(&["template", "r", "umbrella", "--dependency-update"]);
    assert!(rendered.contains("# Source: umbrella/charts/dep/templates/cm.yaml"), "{rendered}");
    assert!(place.0.path().join("umbrella/Chart.lock").exists());
}

#[test]
fn validation_is_refused_since_no_cluster_is_asked() {
    Place::new().refused(
        &["template", "r", "web", "--validate"],
        2,
        "error: --validate has a cluster check the manifests, and this command asks no cluster\nhint: leave it out to render, or see what a cluster would do with `aktus plan --chart CHART`\n",
    );
}

#[test]
fn repositories_need_an_address() {
    let place = Place::new();
    place.write(
        "u/Chart.yaml",
        "apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies: [{name: x, version: \"1\", repository: \"@stable\"}]\n",
    );
    place.refused(
        &["dependency", "update", "u"],
        2,
        "error: no repository definition for @stable of dependency x\nhint: write the address of the repository; names of `helm repo` are not read\n",
    );
}

#[cfg(unix)]
#[test]
fn a_post_renderer_gets_hooks_and_objects_in_helm_4() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    for script in ["cat.sh", "sed.sh"] {
        let path = place.0.path().join(script);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the mode can be set");
    }
    let (plain, _) = place.done(&["template", "r", "web"]);
    let (same, _) = place.done(&["template", "r", "web", "--post-renderer", "./cat.sh"]);
    // Empty lines between documents do not survive being one stream.
    let solid = |text: &str| text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(solid(&plain), solid(&same));
    let (changed, _) =
        place.done(&["template", "r", "web", "--post-renderer", "./sed.sh", "--post-renderer-args", "apache"]);
    assert!(changed.contains("image: \"apache:9.9\"") && changed.contains("helm.sh/hook: pre-install"), "{changed}");
    let (code, _, stderr) = place.run(&["template", "r", "web", "--post-renderer", "./none.sh"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("the post-renderer ./none.sh does not start"), "{stderr}");
}
