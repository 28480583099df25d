//! The rows of `docs/hostile-input.md` on templates: each in a process of its own, within the default limits.
use std::sync::atomic::{AtomicUsize, Ordering};

use aktus_gotmpl::{Context, FrozenHost, Host, Limits, Profile, Templates, Value, helm_functions};
use aktus_hostile::{Case, Expected, Row, Suite, answers, refused};
use jiff::{Timestamp, tz::TimeZone};

/// Renders with what an attacker would like to know.
fn render_with(text: String, host: &dyn Host) -> Result<String, String> {
    let mut templates = Templates::new(helm_functions(Profile::Helm4)).named("t");
    templates.parse("c/templates/x.yaml", text).map_err(|error| error.to_string())?;
    let values = Value::map([("secret", Value::from(CANARY)), ("number", Value::Int(5))]);
    // Unoptimized code takes ten times as long for each step.
    let steps = Limits::default().steps / if cfg!(debug_assertions) { 10 } else { 1 };
    let mut context = Context::new(host, Profile::Helm4).with_limits(Limits { steps, ..Limits::default() });
    let output = templates.execute("c/templates/x.yaml", Value::map([("Values", values)]), &mut context);
    output.map(|output| String::from_utf8_lossy(&output).into_owned()).map_err(|error| {
        // Both forms must come to an end.
        drop(error.helm4());
        error.to_string()
    })
}

fn case(text: impl Into<String>, expected: Expected) -> Case {
    let text = text.into();
    let name: String = text.chars().take(100).collect();
    Case::new(name, move || render_with(text, &FrozenHost::default()), expected)
}

fn cases<T: Into<String>>(list: impl IntoIterator<Item = (T, Expected)>) -> Vec<Case> {
    list.into_iter().map(|(text, expected)| case(text, expected)).collect()
}

const CANARY: &str = "canary-5e2c";
const STEPS: &str =
    if cfg!(debug_assertions) { "took more than 5000000 steps" } else { "took more than 50000000 steps" };
const VALUE: &str = "more than the 33554432 allowed";
const NESTED: &str = "rendering template has a nested reference name: a";

/// A host whose dice count what is asked of them.
#[derive(Default)]
struct Counting {
    dice: FrozenHost,
    asked: AtomicUsize,
}

impl Host for Counting {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }

    fn random(&self, buffer: &mut [u8]) {
        self.asked.fetch_add(buffer.len(), Ordering::Relaxed);
        self.dice.random(buffer);
    }
}

/// Whether a million characters are evenly spread, and made of at least as many random bits.
fn evenness() -> Result<String, String> {
    const COUNT: usize = 1_000_000;
    let host = Counting::default();
    let text = render_with(format!("{{{{ randAlphaNum {COUNT} }}}}"), &host)?;
    let mut counts = [0_usize; 128];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let seen: Vec<usize> = counts.into_iter().filter(|&count| count > 0).collect();
    let expected = COUNT / 62;
    // 61 degrees of freedom: above 120 in one run of 100,000.
    let chi_squared = seen.iter().map(|count| count.abs_diff(expected).pow(2)).sum::<usize>() / expected;
    let bits = host.asked.load(Ordering::Relaxed) * 8;
    match (text.len(), seen.len(), chi_squared, bits / COUNT) {
        (COUNT, 62, 20..120, 6..) => Ok("even".to_owned()),
        other => Err(format!("{other:?}")),
    }
}

fn entropy() -> Vec<Case> {
    vec![Case::new("a million characters", evenness, answers("even"))]
}

fn environment() -> Vec<Case> {
    cases([
        ("{{ env \"AWS_SECRET_ACCESS_KEY\" }}", refused("function \"env\" not defined")),
        ("{{ expandenv \"$HOME\" }}", refused("function \"expandenv\" not defined")),
        ("{{ getHostByName (printf \"%s.x.invalid\" .Values.secret) | quote }}", answers("\"\"")),
    ])
}

fn amplification() -> Vec<Case> {
    let wanted = |bytes: u64| refused(format!("a value would take {bytes} bytes, {VALUE}"));
    let mut list = cases([
        ("{{ repeat 1000000000 \"x\" }}", wanted(1_000_000_000)),
        ("{{ range $i := until 1000000000 }}{{ end }}", refused(VALUE)),
        ("{{ untilStep 0 1 0 }}", answers("[]")),
        ("{{ untilStep 0 1000000000 1 }}", refused(VALUE)),
        ("{{ seq 1 1000000000 }}", refused(VALUE)),
        ("{{ nindent 1000000000 \"x\" }}", refused(VALUE)),
        ("{{ printf \"%1000000000d\" 1 }}", answers("%!(NOVERB)%!(EXTRA int=1)")),
        ("{{ printf \"%*d\" 1000000000 1 }}", answers("%!(BADWIDTH)1")),
        ("{{ randAlphaNum 1000000000 }}", wanted(1_000_000_000)),
        ("{{ randBytes 1000000000 }}", refused(VALUE)),
        ("{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}", refused(STEPS)),
        ("{{ $l := list }}{{ range 1000000 }}{{ $l = append $l . }}{{ end }}", refused(STEPS)),
        ("{{ $x := \"x\" }}{{ range 100 }}{{ $x = cat $x $x }}{{ end }}", refused("more than the")),
        ("{{ range 10000 }}{{ $x := derivePassword 1 \"long\" \"p\" \"u\" \"s\" }}{{ end }}", refused(STEPS)),
        ("{{ range 10000 }}{{ $x := bcrypt \"x\" }}{{ end }}", refused(STEPS)),
        ("{{ range 10000 }}{{ $x := htpasswd \"u\" \"p\" }}{{ end }}", refused(STEPS)),
        (
            "{{ range 100000 }}{{ range 100000 }}xxxxxxxxxxxxxxxxxxxxxxxx{{ end }}{{ end }}",
            refused("longer than 16777216 bytes"),
        ),
        (
            "{{ $x := repeat 1000000 \"xy\" }}{{ range 1000 }}{{ $y := replace \"x\" \"xx\" $x }}{{ end }}",
            refused(STEPS),
        ),
        ("{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}", refused(VALUE)),
    ]);
    for line in ["\n{{ repeat 1000000000 \"x\" }}", "\n{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}"]
    {
        list.push(case(line, refused("c/templates/x.yaml:2")));
    }
    list
}

fn hoarding() -> Vec<Case> {
    let big = format!("{{{{ define \"big\" }}}}{}{{{{ end }}}}", "x".repeat(5 << 20));
    let live = refused("bytes in use at once");
    cases([
        (
            "{{ $l := list }}{{ range 40 }}{{ $l = append $l (repeat 30000000 (toString (mod . 9))) }}{{ end }}".to_owned(),
            live.clone(),
        ),
        (
            format!("{big}{{{{ $l := list }}}}{{{{ range 10000 }}}}{{{{ $l = append $l (include \"big\" .) }}}}{{{{ end }}}}"),
            live.clone(),
        ),
        (format!("{big}{{{{ range 1000000 }}}}{{{{ $x := include \"big\" . }}}}{{{{ end }}}}"), refused(STEPS)),
        (
            "{{ $d := dict }}{{ range $i := 100000000 }}{{ $_ := set $d (toString $i) (list $i $i) }}{{ end }}".to_owned(),
            refused("more than"),
        ),
        (
            "{{ $l := list }}{{ range 100000000 }}{{ $l = list $l (dict \"a\" $l) }}{{ end }}".to_owned(),
            refused("more than"),
        ),
        (
            "{{ define \"a\" }}{{ repeat 10000000 \"x\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}".to_owned(),
            live.clone(),
        ),
        (
            "{{ range $i := 100000000 }}{{ $_ := tpl (printf \"{{ %d }}\" $i) $ }}{{ end }}".to_owned(),
            refused(STEPS),
        ),
        (
            "{{ range $i := 100000000 }}{{ $_ := regexMatch (printf \"a%d\" $i) \"a\" }}{{ end }}".to_owned(),
            refused(STEPS),
        ),
        ("{{.}}".repeat(1_000_000), refused("more tokens than are allowed")),
        ("{{ tpl (repeat 3300000 \"{{1}}\") . | len }}".to_owned(), refused("more tokens than are allowed")),
        ("{{ range $i := 1000 }}{{ $x := tpl (cat $i (repeat 80000 \"{{1}}\")) $ }}{{ end }}".to_owned(), refused(STEPS)),
        (
            "{{ range $i := 1000 }}{{ $x := regexMatch (printf \"(\\\\pL{10}\\\\PN){20}%d\" $i) \"a\" }}{{ end }}".to_owned(),
            refused(STEPS),
        ),
        (
            "{{ define \"a\" }}{{ tpl (print \"{{ include \\\"a\\\" . }}\" (len .) (repeat 80000 \"{{1}}\")) (print . 1) }}{{ end }}\
             {{ include \"a\" \"\" }}".to_owned(),
            live.clone(),
        ),
        (
            "{{ $l := list 1 }}{{ range 24 }}{{ $l = concat $l $l }}{{ end }}".to_owned(),
            refused(VALUE),
        ),
        (
            "{{ $d := dict }}{{ range $i := 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ $e := deepCopy $d }}".to_owned(),
            refused("more than"),
        ),
    ])
}

fn recursion() -> Vec<Case> {
    let parentheses = |depth: usize| format!("{{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth));
    let blocks = |open: &str| format!("{}x{}", open.repeat(100_000), "{{ end }}".repeat(100_000));
    let cycle = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}";
    let deep = refused("nested more than 10000 deep");
    let around = |call: &str| (format!("{cycle}{{{{ {call} }}}}"), refused("levels deep"));
    let mut list = cases([
        ("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", refused(NESTED)),
        (
            "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
            refused(NESTED),
        ),
        (
            "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}",
            refused("nested reference name"),
        ),
        (
            "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
            refused("exceeded maximum template depth (1000)"),
        ),
        (
            "{{ $t := dict \"t\" \"{{ tpl .t . }}\" }}{{ tpl $t.t $t }}",
            refused("more than 10000 templates are under way inside each other"),
        ),
    ]);
    list.extend(cases([
        (parentheses(100_000), refused("max expression depth exceeded")),
        (blocks("{{ if 1 }}"), deep.clone()),
        (blocks("{{ with 1 }}"), deep.clone()),
        (blocks("{{ range 1 }}"), deep.clone()),
        (format!("{{{{ if 0 }}}}{}{{{{ end }}}}", "{{ else if 0 }}".repeat(100_000)), deep),
        (format!("{{{{ 1{} }}}}", " | print".repeat(50_000)), answers("1")),
        (format!("{{{{ $x := . }}}}{{{{ $x{} }}}}", ".a".repeat(100_000)), answers("<no value>")),
        around("toYaml $d"),
        around("toJson $d"),
        around("toToml $d"),
        around("toString $d"),
        around("printf \"%v\" $d"),
        around("$d"),
        around("deepCopy $d"),
        around("merge (dict) $d $d"),
        (
            "{{ $l := list }}{{ range 10000 }}{{ $l = list $l }}{{ end }}{{ toYaml $l }}".to_owned(),
            refused("levels deep"),
        ),
        ("{{ $l := list }}{{ range 100000 }}{{ $l = list $l }}{{ end }}{{ len $l }}".to_owned(), answers("1")),
        (
            format!("{{{{ fromYaml \"{}\" }}}}", "- ".repeat(100_000)),
            answers("map[Error:error converting YAML to JSON: yaml: document has more than 64 levels of nesting]"),
        ),
        ("{{ fromJson (repeat 100000 \"[\") | len }}".to_owned(), answers("1")),
        ("{{ fromToml (cat \"a =\" (repeat 100000 \"[\")) | len }}".to_owned(), answers("1")),
    ]));
    list
}

fn patterns() -> Vec<Case> {
    let five = "{{ $x := repeat 5242880 \"a\" }}";
    let mut list = cases([
        ("{{ mustRegexMatch \"a{1001}\" \"a\" }}", refused("invalid repeat count: `{1001}`")),
        ("{{ mustRegexMatch \"((a{100}){100}){100}\" \"a\" }}", refused("invalid repeat count: `{100}`")),
        ("{{ mustRegexMatch \"(\\\\pL{10}\\\\PN){90}\" \"a\" }}", refused("expression too large")),
        (
            "{{ mustRegexMatch (cat (repeat 100000 \"(\") (repeat 100000 \")\")) \"a\" }}",
            refused("expression nests too deeply"),
        ),
        ("{{ mustRegexMatch \"(?=a)\" \"a\" }}", refused("invalid or unsupported Perl syntax: `(?=`")),
        ("{{ regexMatch \"(a+)+$\" (print (repeat 1000000 \"a\") \"b\") }}", answers("false")),
        ("{{ regexMatch \"(a|aa)*b\" (repeat 1000000 \"a\") }}", answers("false")),
        ("{{ regexMatch \"(.*)(.*)(.*)(.*)(.*)[^a]$\" (repeat 1000000 \"a\") }}", answers("false")),
        ("{{ regexFindAll \"(x+x+)+y\" (repeat 1000000 \"x\") -1 }}", answers("[]")),
    ]);
    list.extend(cases([
        (format!("{five}{{{{ regexReplaceAll \"a+\" $x \"b\" }}}}"), answers("b")),
        (format!("{five}{{{{ regexReplaceAll \"a\" $x \"b\" | len }}}}"), answers("5242880")),
        (format!("{five}{{{{ regexReplaceAll \"(a*)*b\" $x \"b\" | len }}}}"), answers("5242880")),
        (format!("{five}{{{{ regexReplaceAllLiteral \"a\" $x $x }}}}"), refused(VALUE)),
    ]));
    list
}

fn times() -> Vec<Case> {
    let day = "(toDate \"2006\" \"2020\")";
    cases([
        (format!("{{{{ dateModify \"999999999999h\" {day} | unixEpoch }}}}"), answers("1577836800")),
        (
            format!("{{{{ mustDateModify \"999999999999h\" {day} }}}}"),
            refused("time: invalid duration \"999999999999h\""),
        ),
        (
            format!("{{{{ mustDateModify \"9e99s\" {day} }}}}"),
            refused("time: unknown unit \"e\" in duration \"9e99s\""),
        ),
        (format!("{{{{ mustDateModify \"{}1s\" {day} }}}}", "9".repeat(100_000)), refused("invalid duration")),
        ("{{ mustToDate \"2006\" \"99999\" }}".to_owned(), refused("extra text: \"9\"")),
        ("{{ durationRound \"-9223372036854775808ns\" }}".to_owned(), answers("292y")),
        (format!("{{{{ ({day}.AddDate 999999999 0 0) | unixEpoch | len }}}}"), answers("17")),
        ("{{ date \"2006\" 9223372036854775807 }}".to_owned(), answers("292277026596")),
        ("{{ date \"2006\" -9223372036854775808 }}".to_owned(), answers("292277026596")),
        (format!("{{{{ date (repeat 1000000 \"2006\") {day} | len }}}}"), answers("4000000")),
    ])
}

/// Whether an error keeps what it is about to itself.
fn keeps_quiet(text: &'static str) -> Case {
    let run = move || match render_with(text.to_owned(), &FrozenHost::default()) {
        Ok(output) => Ok(output),
        Err(error) if error.contains(CANARY) => Ok(format!("told: {error}")),
        Err(error) => Err(error),
    };
    Case::new(text, run, refused("c/templates/x.yaml:1"))
}

fn secrets() -> Vec<Case> {
    [
        "{{ .Values.secret.x }}",
        "{{ index .Values.secret \"a\" }}",
        "{{ .Values.secret | mustFromJson }}",
        "{{ template .Values.secret }}",
        "{{ add1 .Values.secret | fail }}",
        "{{ required \"it is missing\" nil }}{{ .Values.secret }}",
        "{{ .Values.secret.Method 1 }}",
        "{{ call .Values.secret }}",
        "{{ lt .Values.secret 1 }}",
        "{{ slice .Values.secret 99 }}",
        "{{ len 3 | eq .Values.secret }}",
        "{{ merge .Values.secret (dict) }}",
        "{{ splitList 1 .Values.secret }}",
        "{{ b32dec .Values.secret | fromJson | mustToJson | fail }}",
    ]
    .into_iter()
    .map(keeps_quiet)
    .collect()
}

fn rows() -> Vec<Row> {
    vec![
        Row::run(
            "T1",
            "`randAlphaNum` with too little entropy: a million characters",
            "evenly spread by a χ² test, at least six random bits for each, all from the host's source",
            entropy,
        ),
        Row::run(
            "T2",
            "`env` / `expandenv` / `getHostByName` with a secret in the name",
            "`function \"env\" not defined` as in Helm; no name is resolved",
            environment,
        ),
        Row::run(
            "T3",
            "amplification: `repeat`, `until`, `untilStep`, `seq`, `nindent`, `printf`, `randAlphaNum`, `randBytes` of a \
             billion / loops of 10¹⁸ turns / quadratic `append` / doubling `cat` / 10,000 times `derivePassword`, `bcrypt`, \
             `htpasswd` / shared branches written out",
            "refused by the limit of a value, of steps or of output, with template and line; a `printf` width of a billion \
             is Go's `%!(NOVERB)`",
            amplification,
        ),
        Row::run(
            "T4",
            "recursion: `include` and `template` of itself, mutual, through `tpl` / 100,000 parentheses, `if`, `with`, \
             `range`, `else if` / values that contain themselves in every writer / nesting of 10,000 to 100,000 in `fromYaml`, \
             `fromJson`, `fromToml`, `toYaml`",
            "refused with Helm's nested reference name, or the limit; never a crash",
            recursion,
        ),
        Row::run(
            "T5",
            "regular expressions: repeat counts above 1,000, compiled size, nesting, look-ahead / patterns that backtrack, on \
             a million characters / `regexReplaceAll` on 5 MiB",
            "Go's error texts; every match in linear time",
            patterns,
        ),
        Row::elsewhere(
            "T6",
            "the advisories of html/template",
            "does not concern us: there is only text/template",
            &[],
        ),
        Row::run(
            "T7",
            "durations and dates out of range / of 100,000 digits / a layout of a million years",
            "Go's error texts and numbers",
            times,
        )
        .and(&[("crates/aktus-cli/src/cli.rs", "durations")]),
        Row::run(
            "T8",
            "errors of templates about a secret value",
            "the error names the template, the expression and the type, not the value; functions that parse a value quote it \
             as in Go (`SHORTCOMINGS.md`)",
            secrets,
        ),
        Row::run(
            "T9",
            "hoarding: many long values kept in lists, maps, variables and unfinished `include`s / 5 MiB of text a million \
             times / a hundred million `tpl` texts or patterns / megabytes of nothing but actions",
            "refused by the limit of memory in use or of steps",
            hoarding,
        ),
    ]
}

#[test]
fn hostile_rows() {
    let ids = ["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"];
    Suite { section: "Templates", test: "hostile_rows", file: file!() }.check(&rows(), &ids);
}
