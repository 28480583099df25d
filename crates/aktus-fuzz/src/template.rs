//! Texts as templates.

use aktus_gotmpl::{Context, FrozenHost, Limits, Profile, Templates, Value, helm_functions};

/// Small enough that an input takes milliseconds.
const LIMITS: Limits = Limits {
    source_bytes: 1 << 20,
    tokens: 100_000,
    nesting: 1_000,
    expression_depth: 1_000,
    include_depth: 100,
    template_depth: 100,
    call_depth: 500,
    steps: 100_000,
    value_bytes: 1 << 18,
    live_bytes: 16 << 20,
    file_bytes: 1 << 18,
    total_bytes: 1 << 20,
};

fn parsed(text: &[u8], profile: Profile) -> Option<Templates> {
    let mut templates = Templates::new(helm_functions(profile)).with_limits(LIMITS);
    match templates.parse("t", text) {
        Ok(()) => Some(templates),
        Err(error) => {
            assert!(error.to_string().contains("template: t:"), "{error}");
            None
        }
    }
}

/// Parsing ends in a template or in an error that names the place.
pub(crate) fn parse(text: &[u8]) {
    let _either = parsed(text, Profile::Helm4);
}

/// Values of every kind that YAML has.
fn data() -> Value {
    let values = Value::map([
        ("name", Value::from("web")),
        ("text", Value::from("a: 1\nb: [x, {y: z}]\n")),
        ("number", Value::Float(3.0)),
        ("count", Value::Int(3)),
        ("yes", Value::Bool(true)),
        ("none", Value::Nil),
        ("list", Value::list(vec![Value::from("a"), Value::Float(1.5), Value::Nil])),
        ("image", Value::map([("repository", Value::from("a/b")), ("tag", Value::from("1.0"))])),
    ]);
    Value::map([("Values", values), ("Name", Value::from("c"))])
}

fn run(templates: &Templates, profile: Profile) -> Result<Vec<u8>, String> {
    let host = FrozenHost::default();
    let mut context = Context::new(&host, profile).with_limits(LIMITS);
    let output = templates.execute("t", data(), &mut context);
    output.map_err(|error| {
        // Every form of an error must come to an end.
        let texts = [error.to_string(), error.helm4()];
        assert!(texts.iter().all(|text| !text.is_empty()));
        texts.concat()
    })
}

/// Rendering ends within the limits, and twice in the same.
pub(crate) fn render(text: &[u8]) {
    // The first byte chooses the profile, so that both are reached.
    let profile = if text.first().is_some_and(|byte| byte % 2 == 1) { Profile::Helm3 } else { Profile::Helm4 };
    let Some(templates) = parsed(text, profile) else { return };
    let first = run(&templates, profile);
    if let Ok(output) = &first {
        assert!(output.len() <= LIMITS.file_bytes, "{} bytes", output.len());
    }
    assert_eq!(first, run(&templates, profile), "a render is repeatable");
}
