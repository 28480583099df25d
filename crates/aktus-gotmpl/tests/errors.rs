//! Errors of executions as Helm 3.21.4 and Helm 4.2.4 print them, and as diagnostics.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use aktus_diagnostics::{SourceId, Sources};
use aktus_gotmpl::{Context, ExecError, FrozenHost, MissingKey, Profile, Templates, Value, helm_functions};

const X: &str = "c/templates/x.yaml";

fn templates(files: &[(&str, &str)]) -> Templates {
    let mut templates = Templates::new(helm_functions(Profile::Helm4)).with_missing_key(MissingKey::Zero);
    for (name, text) in files {
        templates.parse(*name, text).unwrap();
    }
    templates
}

fn error_of(files: &[(&str, &str)]) -> ExecError {
    let values = Value::map([("image", Value::map([("tag", Value::from("1"))])), ("s", Value::from("s"))]);
    let data = Value::map([("Values", values)]);
    let host = FrozenHost::default();
    templates(files).execute(X, data, &mut Context::new(&host, Profile::Helm4)).unwrap_err()
}

#[track_caller]
fn check(files: &[(&str, &str)], helm3: &str, helm4: &str) {
    let error = error_of(files);
    assert_eq!(error.helm3(), helm3);
    assert_eq!(error.helm4(), helm4);
}

/// A case whose text is the same line in both.
#[track_caller]
fn check_line(text: &str, line: &str) {
    check(&[(X, text)], line, line);
}

#[test]
fn one_level() {
    check(
        &[(X, "a: 1\nb: {{ .Values.x.y }}\n")],
        r#"template: c/templates/x.yaml:2:13: executing "c/templates/x.yaml" at <.Values.x.y>: nil pointer evaluating interface {}.y"#,
        "c/templates/x.yaml:2:13\n  executing \"c/templates/x.yaml\" at <.Values.x.y>:\n    nil pointer evaluating interface {}.y",
    );
    check(
        &[(X, "a: {{ template \"zz\" . }}\n")],
        r#"template: c/templates/x.yaml:1:15: executing "c/templates/x.yaml" at <{{template "zz" .}}>: template "zz" not defined"#,
        "c/templates/x.yaml:1:15\n  executing \"c/templates/x.yaml\" at <{{template \"zz\" .}}>:\n    template \"zz\" not defined",
    );
    check(
        &[(X, "a: {{ include 5 . }}\n")],
        r#"template: c/templates/x.yaml:1:14: executing "c/templates/x.yaml" at <5>: expected string; found 5"#,
        "c/templates/x.yaml:1:14\n  executing \"c/templates/x.yaml\" at <5>:\n    expected string; found 5",
    );
    check(
        &[(X, "a: {{ include \"a\" }}\n")],
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <include>: wrong number of args for include: want 2 got 1"#,
        "c/templates/x.yaml:1:6\n  executing \"c/templates/x.yaml\" at <include>:\n    wrong number of args for include: want 2 got 1",
    );
    check(
        &[(X, "{{ $x := \"s\" }}{{ $x.y }}\n")],
        r#"template: c/templates/x.yaml:1:20: executing "c/templates/x.yaml" at <$x.y>: can't evaluate field y in type string"#,
        "c/templates/x.yaml:1:20\n  executing \"c/templates/x.yaml\" at <$x.y>:\n    can't evaluate field y in type string",
    );
}

#[test]
fn a_function_that_fails_keeps_one_line() {
    check_line(
        "a: {{ eq 1 \"a\" }}\n",
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <eq 1 "a">: error calling eq: incompatible types for comparison: int and string"#,
    );
}

#[test]
fn levels_of_include() {
    check(
        &[
            ("c/templates/_h.tpl", "{{ define \"n\" }}\n\n  {{ .Values.x.y }}{{ end }}"),
            (X, "a: {{ include \"n\" . }}\n"),
        ],
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <include "n" .>: error calling include: template: c/templates/_h.tpl:3:12: executing "n" at <.Values.x.y>: nil pointer evaluating interface {}.y"#,
        "c/templates/x.yaml:1:6\n  executing \"c/templates/x.yaml\" at <include \"n\" .>:\n    error calling include:\nc/templates/_h.tpl:3:12\n  executing \"n\" at <.Values.x.y>:\n    nil pointer evaluating interface {}.y",
    );
    check(
        &[(X, "a: {{ include \"zz\" . }}\n")],
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <include "zz" .>: error calling include: template: no template "zz" associated with template "gotpl""#,
        "c/templates/x.yaml:1:6\n  executing \"c/templates/x.yaml\" at <include \"zz\" .>:\n    error calling include:\ntemplate: no template \"zz\" associated with template \"gotpl\"",
    );
}

#[test]
fn a_template_action_is_no_level() {
    check(
        &[(X, "{{ define \"n\" }}{{ .Values.x.y }}{{ end }}a: {{ template \"n\" . }}\n")],
        r#"template: c/templates/x.yaml:1:26: executing "n" at <.Values.x.y>: nil pointer evaluating interface {}.y"#,
        "c/templates/x.yaml:1:26\n  executing \"n\" at <.Values.x.y>:\n    nil pointer evaluating interface {}.y",
    );
}

#[test]
fn tpl_keeps_one_line() {
    check_line(
        "a: {{ tpl \"{{ .Values.x.y }}\" . }}\n",
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <tpl "{{ .Values.x.y }}" .>: error calling tpl: error during tpl function execution for "{{ .Values.x.y }}": template: gotpl:1:10: executing "gotpl" at <.Values.x.y>: nil pointer evaluating interface {}.y"#,
    );
    check_line(
        "a: {{ tpl \"{{ nope }}\" . }}\n",
        r#"template: c/templates/x.yaml:1:6: executing "c/templates/x.yaml" at <tpl "{{ nope }}" .>: error calling tpl: cannot parse template "{{ nope }}": template: gotpl:1: function "nope" not defined"#,
    );
}

#[test]
fn fail_and_required_show_the_outermost_place() {
    check_line("a: {{ fail \"boom\" }}\n", "execution error at (c/templates/x.yaml:1:6): boom");
    check_line("a: {{ tpl \"{{ fail \\\"x\\\" }}\" . }}\n", "execution error at (c/templates/x.yaml:1:6): x");
    check_line(
        "{{ define \"n\" }}{{ include \"m\" . }}{{ end }}{{ define \"m\" }}{{ fail \"deep\" }}{{ end }}a: {{ include \"n\" . }}\n",
        "execution error at (c/templates/x.yaml:1:92): deep",
    );
    check_line("a: {{ fail \"line1\\nline2\" }}\n", "execution error at (c/templates/x.yaml:1:6): line1\nline2");
    check_line(
        "{{required \":this: message: has: colons:\" .Values.foo}}",
        "execution error at (c/templates/x.yaml:1:2): :this: message: has: colons:",
    );
}

#[test]
fn texts_that_are_no_templates() {
    for (text, helm) in [
        ("a: {{ .Values.x\n", "parse error at (c/templates/x.yaml:2): unclosed action started at c/templates/x.yaml:1"),
        ("{{ if true }}\na\n", "parse error at (c/templates/x.yaml:3): unexpected EOF"),
        ("{{ $x }}\n", "parse error at (c/templates/x.yaml:1): undefined variable \"$x\""),
        ("a: {{ \"x\".y }}\n", "parse error at (c/templates/x.yaml:1): unexpected . after term \"\\\"x\\\"\""),
        ("a: {{ env \"HOME\" }}\n", "parse error at (c/templates/x.yaml:1): function \"env\" not defined"),
        ("{{ expandenv \"$HOME\" }}", "parse error at (c/templates/x.yaml:1): function \"expandenv\" not defined"),
    ] {
        let mut templates = Templates::new(helm_functions(Profile::Helm4));
        assert_eq!(templates.parse(X, text).unwrap_err().helm(), helm);
    }
}

/// The diagnostic as lines: message, place, the way there, hints.
fn explain(files: &[(&str, &str)]) -> Vec<String> {
    let mut sources = Sources::new();
    let ids: Vec<(&str, SourceId)> = files.iter().map(|(name, text)| (*name, sources.add(*name, text))).collect();
    let diagnostic = error_of(files)
        .diagnostic(|file| ids.iter().find(|(name, _)| *file == *name).map_or(SourceId::DETACHED, |(_, id)| *id));
    let place = |span| sources.position(span).map_or_else(|| "somewhere".to_owned(), |position| position.to_string());
    let mut lines = vec![diagnostic.message.clone(), place(diagnostic.span)];
    lines.extend(diagnostic.trace.iter().map(|step| format!("{}: {}", place(step.span), step.what)));
    lines.extend(diagnostic.hints);
    lines
}

#[test]
fn diagnostics_point_and_suggest() {
    assert_eq!(
        explain(&[
            ("c/templates/_h.tpl", "{{ define \"n\" }}\n{{ .Values.imgae.tag }}{{ end }}"),
            (X, "a: {{ include \"n\" . }}\n"),
        ]),
        [
            "nil pointer evaluating interface {}.tag",
            "c/templates/_h.tpl:2:4",
            "c/templates/x.yaml:1:7: including `n`",
            "there is no `imgae`; did you mean `image`?",
        ]
    );
    assert_eq!(
        explain(&[(X, "{{ define \"labels\" }}{{ end }}{{ include \"lables\" . }}")]),
        [
            "`include`: template: no template \"lables\" associated with template \"gotpl\"",
            "c/templates/x.yaml:1:34",
            "did you mean `labels`?",
        ]
    );
    assert_eq!(
        explain(&[(X, "{{ .Values.persistence.size }}")]),
        [
            "nil pointer evaluating interface {}.size",
            "c/templates/x.yaml:1:4",
            "`persistence` is not set; give it a value or guard it with `if` or `with`",
        ]
    );
}

#[test]
fn diagnostics_show_no_values() {
    let canary = "{{ $secret := \"canary\" }}{{ range $secret }}{{ end }}";
    assert!(error_of(&[(X, canary)]).to_string().ends_with("range can't iterate over canary"));
    assert_eq!(explain(&[(X, canary)]), ["`range` cannot go over a value of type string", "c/templates/x.yaml:1:35"]);
    let canary = "{{ tpl \"canary: {{ nope }}\" . }}";
    assert_eq!(explain(&[(X, canary)])[0], "`tpl`: gotpl:1: function \"nope\" not defined");
    let canary = "{{ tpl \"canary: {{ .Values.x.y }}\" . }}";
    assert_eq!(
        explain(&[(X, canary)]),
        [
            "nil pointer evaluating interface {}.y",
            "somewhere",
            "c/templates/x.yaml:1:4: running a text with `tpl`",
            "`x` is not set; give it a value or guard it with `if` or `with`",
        ]
    );
}

#[test]
fn an_unknown_function_has_a_neighbour() {
    let error = Templates::new(helm_functions(Profile::Helm4)).parse(X, "a\n{{ toYmal . }}").unwrap_err();
    assert_eq!(error.to_string(), "template: c/templates/x.yaml:2: function \"toYmal\" not defined");
    assert_eq!(error.range(), 5..11);
    assert_eq!(error.hints(), ["did you mean `toYaml`?"]);
}
