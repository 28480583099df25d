//! Pages of hostile plans: sound, the same twice, harmless, and complete.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aktus_bootstrap::{
    Failure, FailureKind, ObjectReport, Origin, Outcome, Preview, Report, Request, SecretSource, Step, StepReport,
};
use aktus_template::Pseudo;
use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use secrecy::SecretString;

use super::page;
use crate::plan::{WholePlan, stack};

/// Everything that could end an element, an attribute or a text.
const HOSTILE: &str = "</style><script>alert('1')</script>\" onload=\"x\" <b>&amp;\u{1b}[2J\u{202e}";
const CANARY: &str = "canary-93e1aa";

fn object(step: Step, kind: &str, name: &str, change: &'static str) -> ObjectReport {
    ObjectReport {
        step,
        api_version: "v1".to_owned(),
        kind: kind.to_owned(),
        namespace: Some("ai".to_owned()),
        name: name.to_owned(),
        change,
        detail: if change == "update" { HOSTILE.to_owned() } else { String::new() },
        ready: None,
    }
}

fn report(name: &str, outcome: Outcome) -> Report {
    let step = |step, outcome| StepReport { step, outcome, took: Duration::from_millis(1) };
    Report {
        planned: true,
        steps: vec![step(Step::Request, Outcome::Done(name.to_owned())), step(Step::Cluster, outcome)],
        objects: vec![
            object(Step::StorageClass, "StorageClass", "efs-sc", "create"),
            object(Step::Release, "Deployment", name, "update"),
        ],
        warnings: vec![name.to_owned()],
        ..Report::default()
    }
}

fn plan(name: &str, outcome: Outcome, with_stack: bool) -> WholePlan {
    let origin = Origin {
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
        template: Some(format!("platform/charts/{name}/templates/deployment.yaml")),
        images: BTreeSet::from([format!("registry.example.com/{name}:1")]),
        hook: Vec::new(),
    };
    let mut request = Request::new("fs-0123456789abcdef0");
    request.hugging_face_token = SecretSource::Value(SecretString::from(CANARY));
    request.openai_api_key = SecretSource::Value(SecretString::from(CANARY));
    let given = [("OpenAIAPIKey".to_owned(), CANARY.to_owned()), ("ConfigRevision".to_owned(), name.to_owned())];
    let pseudo = Pseudo::new("aktus", "us-east-1", "111122223333");
    let stack = with_stack.then(|| stack(request, &given, &pseudo, "create").expect("a stack").0);
    let preview = Preview { report: report(name, outcome), origins: vec![origin] };
    WholePlan { facts: vec![("Chart", name.to_owned())], stack, preview }
}

/// One element of a parsed page.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    /// The text inside, at any depth.
    words: String,
    /// The ids of the elements around it, and its own.
    inside: Vec<String>,
}

impl Element {
    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }
}

/// The elements of a page in order.
struct Html(Vec<Element>);

impl Html {
    fn named(&self, name: &str) -> Vec<&Element> {
        self.0.iter().filter(|element| element.name == name).collect()
    }

    fn with<'h>(&'h self, attribute: &'h str) -> impl Iterator<Item = &'h Element> {
        self.0.iter().filter(move |element| element.attributes.contains_key(attribute))
    }

    /// What the main part says.
    fn told(&self) -> &str {
        &self.named("main")[0].words
    }

    fn parts(&self) -> Vec<&str> {
        self.named("section").iter().map(|section| section.attribute("id")).collect()
    }
}

fn collect(node: &Handle, inside: &[String], into: &mut Vec<Element>) -> String {
    let mut inside = inside.to_vec();
    let place = into.len();
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes: BTreeMap<_, _> = attrs
            .borrow()
            .iter()
            .map(|attribute| (attribute.name.local.to_string(), attribute.value.to_string()))
            .collect();
        inside.extend(attributes.get("id").cloned());
        into.push(Element { name: name.local.to_string(), attributes, words: String::new(), inside: inside.clone() });
    }
    let mut words = match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => String::new(),
    };
    for child in node.children.borrow().iter() {
        words += &collect(child, &inside, into);
    }
    if matches!(node.data, NodeData::Element { .. }) {
        into[place].words.clone_from(&words);
    }
    words
}

/// Parses a page as a browser does, and checks what holds of every one.
#[track_caller]
fn sound(text: &str) -> Html {
    let document = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(text);
    let faults = document.errors.borrow();
    assert!(faults.is_empty(), "{faults:?}");
    let mut elements = Vec::new();
    collect(&document.document, &[], &mut elements);
    let html = Html(elements);
    for element in &html.0 {
        let name = element.name.as_str();
        assert!(!matches!(name, "script" | "link" | "iframe" | "object" | "embed" | "form" | "base"), "{name}");
        for (attribute, value) in &element.attributes {
            assert!(!attribute.starts_with("on") && attribute != "style", "{attribute} of {name}");
            if matches!(attribute.as_str(), "src" | "href") {
                assert!(value.starts_with('#') || value.starts_with("data:image/svg+xml;base64,"), "{value}");
            }
        }
    }
    let ids: Vec<_> = html.with("id").map(|element| element.attribute("id")).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "ids are unique");
    for link in html.named("a") {
        let target = link.attribute("href");
        assert!(ids.contains(&target.trim_start_matches('#')), "{target} is nowhere");
    }
    for landmark in ["html", "main", "header", "nav", "footer", "h1", "title"] {
        assert_eq!(html.named(landmark).len(), 1, "{landmark}");
    }
    assert_eq!(
        (html.named("html")[0].attribute("lang"), html.named("nav")[0].attribute("aria-label").is_empty()),
        ("en", false)
    );
    for section in html.named("section") {
        let title = html.with("id").find(|element| element.attribute("id") == section.attribute("aria-labelledby"));
        assert_eq!(title.map(|title| title.name.as_str()), Some("h2"), "{}", section.attribute("id"));
    }
    // No heading leaves a level out.
    let mut level = 0;
    for heading in html.0.iter().filter(|element| matches!(element.name.as_str(), "h1" | "h2" | "h3" | "h4")) {
        let here = heading.name.as_bytes()[1] - b'0';
        assert!(here <= level + 1, "{}", heading.words);
        level = here;
    }
    for image in html.named("img") {
        assert!(image.attribute("alt").contains("EKSCluster"));
    }
    for header in html.named("th") {
        assert!(matches!(header.attribute("scope"), "row" | "col"), "{}", header.words);
    }
    html
}

#[test]
fn hostile_names_stay_names() {
    let plan = plan(HOSTILE, Outcome::Done(HOSTILE.to_owned()), true);
    let text = page(&plan);
    let html = sound(&text);
    assert_eq!(text, page(&plan), "the same plan gives the same bytes");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "nothing that terminals obey");
    assert!(!text.contains(CANARY), "no secret is told");
    assert!(html.told().contains("alert('1')"), "but told it is");
}

#[test]
fn everything_is_told() {
    let plan = plan("research", Outcome::Done("active".to_owned()), true);
    let html = sound(&page(&plan));
    for item in plan.order() {
        assert!(html.told().contains(item.name), "{}", item.name);
    }
    let in_order =
        |element: &&Element| element.attribute("class") == "number" && element.inside.iter().any(|id| id == "order");
    let numbers: Vec<_> = html.0.iter().filter(in_order).map(|element| element.words.clone()).collect();
    assert_eq!(numbers, (1..=plan.order().len()).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!(
        html.parts(),
        ["warnings", "picture", "resources", "objects", "images", "permissions", "order", "steps", "parameters"]
    );
    for word in ["registry.example.com/research:1", "given (secret)", "secretsmanager:GetSecretValue", "create"] {
        assert!(html.told().contains(word), "{word}");
    }
    let services = html.named("h3").into_iter().filter(|heading| heading.inside.iter().any(|id| id == "objects"));
    assert_eq!(
        services.map(|heading| heading.words.as_str()).collect::<Vec<_>>(),
        ["platform1 object", "research1 object"]
    );
}

#[test]
fn a_failure_comes_first() {
    let failure = Failure::new(FailureKind::Unreachable, "no answer").about("cluster c").next("try again");
    let html = sound(&page(&plan("research", Outcome::Failed(failure), true)));
    let alerts: Vec<_> = html.with("role").filter(|element| element.attribute("role") == "alert").collect();
    assert_eq!(alerts[0].words, "The plan ends at step clustercluster c: no answerNext: try again");
}

#[test]
fn without_a_stack_only_the_cluster_is_told() {
    let html = sound(&page(&plan("research", Outcome::Done(String::new()), false)));
    assert_eq!(html.parts(), ["warnings", "objects", "images", "order", "steps"]);
}

/// How much lighter one colour `#rrggbb` or `#rgb` is than another, as WCAG 2 counts it.
fn contrast(one: &str, other: &str) -> f64 {
    let light = |colour: &str| -> f64 {
        let digits: Vec<char> = colour.trim_start_matches('#').chars().collect();
        let double = if digits.len() == 3 { 2 } else { 1 };
        let digits: Vec<char> = digits.into_iter().flat_map(|digit| std::iter::repeat_n(digit, double)).collect();
        let part = |index: usize| {
            let pair: String = digits[index * 2..index * 2 + 2].iter().collect();
            let value = f64::from(u8::from_str_radix(&pair, 16).expect("a colour")) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
    };
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The colours that a style sheet gives after `name`, in their order: light, then dark.
fn colours<'s>(style: &'s str, name: &str) -> Vec<&'s str> {
    let after = style.match_indices(name).map(|(index, _)| &style[index + name.len()..]);
    after
        .map(|rest| &rest[..rest.find([';', '}', '\n']).expect("an end")])
        .filter(|value| value.starts_with('#'))
        .collect()
}

#[test]
fn letters_stand_out_from_their_ground() {
    let mut pairs = Vec::new();
    for (letters, ground) in [
        ("ink", "page"),
        ("ink", "paper"),
        ("soft", "page"),
        ("soft", "paper"),
        ("accent", "page"),
        ("accent", "paper"),
        ("create", "create-ground"),
        ("update", "update-ground"),
        ("delete", "delete-ground"),
        ("rest", "rest-ground"),
        ("ink", "warn-ground"),
        ("ink", "delete-ground"),
    ] {
        let of = |name: &str| colours(super::STYLE, &format!("--{name}:"));
        pairs.extend(of(letters).into_iter().zip(of(ground)).take(2).map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
    assert_eq!(pairs.len(), 24);
    let plan = plan("research", Outcome::Done(String::new()), true);
    let svg = &plan.stack.as_ref().expect("a stack").picture.svg;
    for chapter in 0..8 {
        let names = colours(svg, &format!(".k{chapter} .name{{fill:"));
        for ground in [colours(svg, &format!(".k{chapter} .halo{{stroke:")), colours(svg, ".card{fill:")] {
            pairs.extend(names.iter().zip(ground).map(|(a, b)| ((*a).to_owned(), b.to_owned())));
        }
    }
    assert_eq!(pairs.len(), 24 + 8 * 2 * 2);
    for (letters, ground) in pairs {
        let found = contrast(&letters, &ground);
        assert!(found >= 4.5, "{letters} on {ground}: {found:.2}");
    }
    assert!((contrast("#000", "#ffffff") - 21.0).abs() < 0.01);
}
