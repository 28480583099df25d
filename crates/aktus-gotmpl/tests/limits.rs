//! Hostile templates end in an error, on a thread with a small stack and in reasonable time: no nesting, recursion or
//! amplification may end the process.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use aktus_gotmpl::{
    CallError, Cause, Context, ExecError, FrozenHost, Function, FunctionTable, LimitError, Limits, List, Map, Profile,
    Rest, Str, Templates, Value, functions, helm_functions,
};

static TEST_FUNCTIONS: &[Function] = functions! {
    "dict" => (..Value) dict;
    "list" => (..Value) list;
    "put" => (Map, Str, Value) put;
    "tail" => (List) tail;
};

fn dict(pairs: Rest<'_, Value>) -> Map {
    let pairs: Vec<&Value> = pairs.iter().collect();
    pairs.chunks(2).map(|pair| (pair[0].as_str().unwrap().clone(), pair[1].clone())).collect()
}

fn list(items: Rest<'_, Value>) -> List {
    List::new(items.to_vec())
}

fn put(map: &Map, key: &Str, value: &Value) -> Result<Map, CallError> {
    map.insert(key.clone(), value.clone())?;
    Ok(map.clone())
}

fn tail(items: &List) -> List {
    List::new(items.to_vec().split_off(1))
}

/// Runs on the stack that a thread of tokio has.
fn on_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap()
}

fn render_within(text: String, limits: Limits) -> Result<usize, String> {
    on_small_stack(move || {
        let mut table = helm_functions(Profile::Helm4);
        table.add(TEST_FUNCTIONS);
        let mut templates = Templates::new(table).with_limits(limits);
        templates.parse("t", text).map_err(|error| error.to_string())?;
        let host = FrozenHost::default();
        let mut context = Context::new(&host, Profile::Helm4).with_limits(limits);
        let result = templates.execute("t", Value::map([("a", Value::Int(1))]), &mut context);
        // Errors of deep chains must print and drop without recursion, too.
        result.map(|output| output.len()).map_err(|error| {
            drop(error.helm4());
            error.to_string()
        })
    })
}

fn render(text: impl Into<String>) -> Result<usize, String> {
    render_within(text.into(), Limits::default())
}

#[track_caller]
fn refused(text: impl Into<String>, reason: &str) {
    refused_within(text, Limits::default(), reason);
}

#[track_caller]
fn refused_within(text: impl Into<String>, limits: Limits, reason: &str) {
    match render_within(text.into(), limits) {
        Ok(length) => panic!("rendered {length} bytes instead of refusing: {reason}"),
        Err(error) => {
            let start = error.len().saturating_sub(300);
            assert!(
                error.contains(reason),
                "…{:?} lacks {reason:?}",
                &error.as_bytes()[start..].escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn parentheses_at_the_limit_and_beyond() {
    let nested = |depth: usize| format!("{{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(render(nested(10_000)), Ok(1));
    refused(nested(10_001), "max expression depth exceeded");
    refused(nested(100_000), "max expression depth exceeded");
}

#[test]
fn control_structures_at_the_limit_and_beyond() {
    for (open, close) in [("{{ if 1 }}", "{{ end }}"), ("{{ with 1 }}", "{{ end }}"), ("{{ range 1 }}", "{{ end }}")] {
        let nested = |depth: usize| format!("{}x{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(render(nested(10_000)), Ok(1));
        refused(nested(10_001), "nested more than 10000 deep");
        refused(nested(100_000), "nested more than 10000 deep");
    }
}

#[test]
fn a_long_chain_of_else_ifs() {
    let chain = |count: usize| format!("{{{{ if 0 }}}}{}{{{{ else }}}}x{{{{ end }}}}", "{{ else if 0 }}".repeat(count));
    assert_eq!(render(chain(9_999)), Ok(1));
    refused(chain(10_000), "nested more than 10000 deep");
}

#[test]
fn long_pipelines_and_arguments() {
    assert_eq!(render(format!("{{{{ 1{} }}}}", " | print".repeat(50_000))), Ok(1));
    assert_eq!(render(format!("{{{{ print{} | len }}}}", " \"x\"".repeat(60_000))), Ok(5));
    refused(format!("{{{{ print{} }}}}", " 1".repeat(70_000)), "more than 65535 arguments");
}

#[test]
fn recursion_by_include_stops_where_helm_stops() {
    refused(
        "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "rendering template has a nested reference name: a: unable to execute template",
    );
}

#[test]
fn an_include_may_nest_as_deep_as_in_helm() {
    // Each level passes on a list shorter by one.
    let text = |levels: usize| {
        let items = " 1".repeat(levels - 1);
        format!(
            "{{{{ define \"a\" }}}}{{{{ if . }}}}{{{{ include \"a\" (tail .) }}}}{{{{ end }}}}{{{{ end }}}}{{{{ include \"a\" (list{items}) }}}}"
        )
    };
    assert_eq!(render(text(1_001)), Ok(0));
    refused(text(1_002), "rendering template has a nested reference name: a");
}

#[test]
fn mutual_recursion_by_include() {
    refused(
        "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
        "rendering template has a nested reference name: a",
    );
}

#[test]
fn recursion_by_template() {
    refused(
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        "exceeded maximum template depth (1000)",
    );
}

#[test]
fn recursion_by_tpl() {
    refused(
        "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}",
        "nested reference name",
    );
    refused(
        "{{ $t := dict }}{{ $_ := put $t \"t\" \"{{ tpl .t . }}\" }}{{ tpl $t.t $t }}",
        "more than 10000 templates are under way",
    );
}

#[test]
fn endless_loops_and_text() {
    let few = Limits { steps: 1_000_000, ..Limits::default() };
    refused_within("{{ range 1000000000 }}{{ end }}", few, "more than 1000000 steps");
    refused_within("{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}", few, "more than 1000000 steps");
    let short = Limits { file_bytes: 100_000, ..Limits::default() };
    refused_within("{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}", short, "longer than 100000 bytes");
    refused("{{ $x := \"xxxxxxxxxx\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}", "a value would take");
    refused(
        "{{ printf \"%1000000d\" 1 | printf \"%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s\" | printf \"%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s\" }}",
        "a value would take",
    );
    refused(
        "{{ define \"a\" }}{{ printf \"%1000000d\" 1 }}{{ end }}{{ range 100 }}{{ include \"a\" $ }}{{ end }}",
        "longer than",
    );
}

#[test]
fn values_that_contain_themselves_or_share_their_branches() {
    let cycle = "{{ $d := dict }}{{ $_ := put $d \"self\" $d }}";
    refused(format!("{cycle}{{{{ $d }}}}"), "nested more than 200 levels");
    refused(format!("{cycle}{{{{ printf \"%s\" $d }}}}"), "nested more than 200 levels");
    refused(format!("{cycle}{{{{ toYaml $d }}}}"), "nested more than 200 levels");
    refused(format!("{cycle}{{{{ toJson $d }}}}"), "nested more than 200 levels");
    refused(format!("{cycle}{{{{ toYamlPretty $d }}}}"), "nested more than 200 levels");
    let shared = "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}";
    refused(format!("{shared}{{{{ $l }}}}"), "a value would take");
    refused(format!("{shared}{{{{ toYaml $l }}}}"), "a value would take");
    refused(format!("{shared}{{{{ toJson $l }}}}"), "a value would take");
}

#[test]
fn deep_values_are_dropped_without_recursion() {
    assert_eq!(render("{{ $l := list }}{{ range 200000 }}{{ $l = list $l }}{{ end }}x"), Ok(1));
    assert_eq!(render("{{ $l := dict }}{{ range 200000 }}{{ $l = dict \"a\" $l }}{{ end }}x"), Ok(1));
}

#[test]
fn sources_made_to_be_slow() {
    use std::fmt::Write as _;
    let mut declared = String::new();
    for number in 0..10_000 {
        write!(declared, "{{{{$v{number}:=1}}}}").unwrap();
    }
    let used: String = (0..10_000).fold(String::new(), |mut text, number| {
        write!(text, "{{{{$v{number}}}}}").unwrap();
        text
    });
    assert_eq!(render(format!("{declared}{used}")), Ok(10_000));
    let few = Limits { steps: 1_000_000, ..Limits::default() };
    refused_within(
        format!("{declared}{{{{ range 100000 }}}}{{{{ $v0 }}}}{{{{ end }}}}"),
        few,
        "more than 1000000 steps",
    );
    let mut defines = String::new();
    for number in 0..100_000 {
        write!(defines, "{{{{define \"d{number}\"}}}}x{{{{end}}}}").unwrap();
    }
    assert_eq!(render(format!("{defines}{{{{ include \"d5\" . }}}}{{{{ template \"d99999\" }}}}")), Ok(2));
    let path = ".b".repeat(100_000);
    refused_within(
        format!("{{{{ $x := . }}}}{{{{ range 100000 }}}}{{{{ ($x.b){path} }}}}{{{{ end }}}}"),
        few,
        "more than 1000000 steps",
    );
    refused_within(
        format!("{{{{ range 1000000 }}}}{}{{{{ end }}}}", "{{ if 0 }}{{ end }}".repeat(1000)),
        few,
        "more than 1000000 steps",
    );
}

#[test]
fn comparing_shared_branches() {
    let shared = |name: &str| {
        format!("{{{{ ${name} := list 1 }}}}{{{{ range 60 }}}}{{{{ ${name} = list ${name} ${name} }}}}{{{{ end }}}}")
    };
    let few = Limits { steps: 100_000, ..Limits::default() };
    refused_within(format!("{}{}{{{{ deepEqual $a $b }}}}", shared("a"), shared("b")), few, "more than 100000 steps");
    refused_within(format!("{}{}{{{{ has $a (list $b) }}}}", shared("a"), shared("b")), few, "more than 100000 steps");
}

#[test]
fn sizes_of_sources_and_outputs() {
    let limits = Limits { source_bytes: 10, ..Limits::default() };
    assert_eq!(render_within("0123456789".to_owned(), limits), Ok(10));
    assert!(render_within("01234567890".to_owned(), limits).is_err());
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    assert_eq!(render_within("0123456789".to_owned(), limits), Ok(10));
    assert!(render_within("0123456{{ 1234 }}".to_owned(), limits).is_err());
}

#[test]
fn the_outputs_of_a_render_count_together() {
    let mut templates = Templates::new(FunctionTable::new());
    templates.parse("t", "12345").unwrap();
    let host = FrozenHost::default();
    let limits = Limits { total_bytes: 12, ..Limits::default() };
    let mut context = Context::new(&host, Profile::Helm4).with_limits(limits);
    let mut run = || templates.execute("t", Value::Nil, &mut context);
    assert!(run().is_ok() && run().is_ok());
    let error: ExecError = run().unwrap_err();
    assert_eq!(error.cause(), &Cause::Limit(LimitError::Total(12)));
}
