//! No function turns a short template into text, lists or work without bounds, and none opens what a template must
//! not see.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use aktus_gotmpl::{Context, FrozenHost, Limits, Profile, Templates, Value, helm_functions};

/// Smaller than the defaults, so that the tests are quick.
fn limits() -> Limits {
    Limits { value_bytes: 1 << 20, steps: 400_000, ..Limits::default() }
}

/// Runs on the stack that a thread of tokio has.
fn render(text: &str) -> Result<String, String> {
    let text = text.to_owned();
    let run = move || {
        let mut templates = Templates::new(helm_functions(Profile::Helm4)).named("t");
        templates.parse("t", text).map_err(|error| error.to_string())?;
        let host = FrozenHost::default();
        let output = templates.execute(
            "t",
            Value::map([("a", Value::Int(1))]),
            &mut Context::new(&host, Profile::Helm4).with_limits(limits()),
        );
        output.map(|output| String::from_utf8_lossy(&output).into_owned()).map_err(|error| error.to_string())
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap()
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    match render(text) {
        Ok(output) => panic!("{text} rendered {} bytes", output.len()),
        Err(error) => assert!(error.contains(reason), "{error} lacks {reason:?}"),
    }
}

const TOO_LONG: &str = "more than the 1048576 allowed";

#[test]
fn long_text() {
    refused("{{ repeat 1000000000 \"x\" }}", TOO_LONG);
    refused("{{ repeat 9223372036854775807 \"xy\" }}", TOO_LONG);
    refused("{{ indent 1000000000 \"x\" }}", TOO_LONG);
    refused("{{ nindent 9223372036854775807 \"x\\ny\" }}", TOO_LONG);
    refused("{{ randAlphaNum 1000000000 }}", TOO_LONG);
    refused("{{ randAlpha 1000000000 }}{{ randNumeric 1 }}", TOO_LONG);
    refused("{{ randAscii 1000000000 }}", TOO_LONG);
    refused("{{ randBytes 1000000000 }}", TOO_LONG);
    let long = "{{ $x := repeat 100000 \"xy\" }}";
    refused(&format!("{long}{{{{ replace \"x\" $x $x }}}}"), TOO_LONG);
    refused(&format!("{long}{{{{ regexReplaceAll \"x\" $x $x }}}}"), TOO_LONG);
    refused(&format!("{long}{{{{ regexReplaceAll \"x\" $x (repeat 1000 \"$0\") }}}}"), TOO_LONG);
    refused(&format!("{long}{{{{ regexReplaceAllLiteral \"x\" $x $x }}}}"), TOO_LONG);
    refused(&format!("{long}{{{{ wrapWith 1 $x $x }}}}"), TOO_LONG);
    refused(&format!("{long}{{{{ join $x (splitList \"\" (trunc 100 $x)) }}}}"), TOO_LONG);
    refused("{{ $x := repeat 100000 \"xy\" }}{{ range 100 }}{{ $x = cat $x $x }}{{ end }}", TOO_LONG);
    refused("{{ $x := \"\\\\\\\\\" }}{{ range 100 }}{{ $x = quote $x $x }}{{ end }}", TOO_LONG);
    refused("{{ $x := \"x\" }}{{ range 100 }}{{ $x = squote $x $x }}{{ end }}", TOO_LONG);
}

#[test]
fn long_lists() {
    let long = "{{ $x := repeat 100000 \",\" }}";
    for call in [
        "splitList \",\" $x",
        "split \",\" $x",
        "splitn \",\" -1 $x",
        "regexSplit \",\" $x -1",
        "regexFindAll \",\" $x -1",
    ] {
        refused(&format!("{long}{{{{ $y := {call} }}}}"), TOO_LONG);
    }
}

#[test]
fn slow_functions() {
    // Each costs more than all the steps there are here.
    for call in ["bcrypt \"x\"", "htpasswd \"u\" \"p\"", "derivePassword 1 \"long\" \"p\" \"u\" \"s\""] {
        refused(&format!("{{{{ {call} }}}}"), "more than 400000 steps");
    }
    refused("{{ range 100000 }}{{ $x := regexMatch \"a\" (repeat 1000 \"x\") }}{{ end }}", "more than 400000 steps");
}

#[test]
fn shared_branches_and_cycles() {
    let shared = "{{ $l := list 1 }}{{ range 60 }}{{ $l = list $l $l }}{{ end }}";
    for call in ["toString $l", "quote $l", "cat $l", "join \",\" $l", "toStrings $l", "squote $l", "dict $l 1"] {
        refused(&format!("{shared}{{{{ $x := {call} }}}}"), "a value would take");
    }
    refused(&format!("{shared}{{{{ toToml (dict \"a\" $l) }}}}"), TOO_LONG);
    let cycle = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}";
    refused(&format!("{cycle}{{{{ toString $d }}}}"), "nested more than 200 levels");
    refused(&format!("{cycle}{{{{ toToml $d }}}}"), "nested more than 200 levels");
}

#[test]
fn hostile_patterns_and_texts() {
    refused("{{ mustRegexMatch \"a{1001}\" \"a\" }}", "invalid repeat count: `{1001}`");
    refused(
        "{{ mustRegexMatch (cat (repeat 100000 \"(\") (repeat 100000 \")\")) \"a\" }}",
        "expression nests too deeply",
    );
    refused("{{ mustRegexMatch \"(\\\\pL{10}\\\\PN){90}\" \"a\" }}", "expression too large");
    assert_eq!(render("{{ regexMatch \"(a+)+$\" (cat (repeat 100000 \"a\") \"b\") }}").as_deref(), Ok("false"));
    assert_eq!(render("{{ hasKey (fromToml (cat \"a =\" (repeat 100000 \"[\"))) \"Error\" }}").as_deref(), Ok("true"));
    assert_eq!(render("{{ semver (repeat 300 \"1\") }}").unwrap_err().matches("too long").count(), 1);
    assert_eq!(render("{{ semverCompare (repeat 300 \"1 \") \"1\" }}").unwrap_err().matches("too long").count(), 1);
}

#[test]
fn hostile_durations() {
    assert_eq!(
        render("{{ dateModify \"999999999999h\" (toDate \"2006\" \"2020\") | unixEpoch }}").as_deref(),
        Ok("1577836800")
    );
    refused(
        "{{ mustDateModify \"999999999999h\" (toDate \"2006\" \"2020\") }}",
        "time: invalid duration \"999999999999h\"",
    );
    assert_eq!(render("{{ durationRound \"-9223372036854775808ns\" }}").as_deref(), Ok("292y"));
    assert_eq!(render("{{ (toDate \"2006\" \"9999\").AddDate 999999999 0 0 | unixEpoch | len }}").as_deref(), Ok("17"));
    assert_eq!(render("{{ date \"2006\" 9223372036854775807 }}").as_deref(), Ok("292277026596"));
}

#[test]
fn the_environment_is_out_of_reach() {
    refused("{{ env \"PATH\" }}", "function \"env\" not defined");
    refused("{{ expandenv \"$HOME\" }}", "function \"expandenv\" not defined");
    assert_eq!(render("{{ getHostByName \"localhost\" }}").as_deref(), Ok(""));
}

/// The characters of random text are equally likely.
#[test]
fn random_text_is_even() {
    const COUNT: usize = 186_000;
    let text = render(&format!("{{{{ randAlphaNum {COUNT} }}}}")).unwrap();
    let mut counts = [0_usize; 128];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    assert_eq!(text.len(), COUNT);
    assert_eq!(counts.iter().filter(|&&count| count > 0).count(), 62);
    let expected = COUNT / 62;
    let deviations = counts.iter().filter(|&&count| count > 0).map(|&count| count.abs_diff(expected).pow(2));
    // 61 degrees of freedom: above 120 in one run of 100,000.
    let chi_squared = deviations.sum::<usize>() / expected;
    assert!((20..120).contains(&chi_squared), "{chi_squared}");
}
