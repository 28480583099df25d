//! Pictures: what is drawn of small templates, word for word, and of the platform's in both modes.
//!
//! After a wanted change of the small ones: `AKTUS_WRITE_GOLDEN=1 cargo test -p aktus-template --test graph`; of the
//! platform's: `aktus template graph --mode auto -o docs/platform-auto.svg`, and the same for `traditional`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use aktus_template::graph::{Chapters, Detail, Picture};
use aktus_template::{Expr, LogicalId, Pseudo, Resource, ResourceGraph, Template, evaluate, platform};

fn graph(template: &Template, given: &[(&str, &str)]) -> ResourceGraph {
    let code = [("BootstrapCodeBucket", "code"), ("BootstrapCodeKey", "bootstrap.zip")];
    let code = code.iter().filter(|(name, _)| template.parameters.contains_key(*name));
    let given: BTreeMap<_, _> =
        code.chain(given).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    evaluate(template, &given, &Pseudo::new("aktus", "us-east-1", "111122223333")).expect("a graph")
}

/// Resources: logical id, type, what they refer to.
fn template(resources: &[(&str, &str, &[&str])]) -> Template {
    let mut template = Template::default();
    for (name, kind, needs) in resources {
        let id = |name: &str| LogicalId::try_from(name).expect("a name");
        let needs: Vec<_> = needs.iter().map(|other| Expr::reference(id(other))).collect();
        template.add_resource(id(name), Resource::new(kind).set("Needs", Expr::List(needs)));
    }
    template
}

/// Names that no resource can have, but a card: what a picture says is escaped wherever it comes from.
fn hostile(name: &str) -> Option<String> {
    match name {
        "Script" => Some("<script>alert(1)</script>".to_owned()),
        "Arrow" => Some("]\"]; x --> y".to_owned()),
        "Controls" => Some("\u{1b}[2J\u{202e}\nend\nsubgraph".to_owned()),
        "Wide" => Some("W".repeat(300)),
        _ => None,
    }
}

fn picture(template: &Template, detail: Detail) -> Picture {
    let mut picture = Picture::of(&graph(template, &[]), &Chapters::by_service(), detail, "Small");
    for card in picture.chapters.iter_mut().flat_map(|chapter| &mut chapter.cards) {
        for id in card.ids.iter_mut().chain(card.small.iter_mut().map(|(id, _)| id)) {
            *id = hostile(id).unwrap_or_else(|| id.clone());
        }
    }
    picture
}

/// The small templates by name.
fn small() -> Vec<(&'static str, Template)> {
    vec![
        ("empty", Template::default()),
        ("one", template(&[("Files", "AWS::EFS::FileSystem", &[])])),
        (
            "network",
            template(&[
                ("Vpc", "AWS::EC2::VPC", &[]),
                ("SubnetA", "AWS::EC2::Subnet", &["Vpc"]),
                ("SubnetB", "AWS::EC2::Subnet", &["Vpc"]),
                ("Gateway", "AWS::EC2::InternetGateway", &[]),
                ("Attachment", "AWS::EC2::VPCGatewayAttachment", &["Vpc", "Gateway"]),
                ("Table", "AWS::EC2::RouteTable", &["Vpc"]),
                ("Route", "AWS::EC2::Route", &["Table", "Gateway", "Attachment"]),
                ("AssociationA", "AWS::EC2::SubnetRouteTableAssociation", &["SubnetA", "Table"]),
                ("AssociationB", "AWS::EC2::SubnetRouteTableAssociation", &["SubnetB", "Table"]),
                ("Cluster", "AWS::EKS::Cluster", &["SubnetA", "SubnetB", "Route", "AssociationA", "AssociationB"]),
                ("Status", "Custom::Thing", &["Cluster", "Vpc"]),
            ]),
        ),
        (
            "hostile",
            template(&[
                ("Script", "AWS::EC2::VPC", &[]),
                ("Arrow", "A\"B::<b>&amp;'::\\n", &["Script"]),
                ("Controls", "AWS::-->::`#;\\", &["Arrow"]),
                ("Wide", "AWS::EC2::VPC", &[]),
            ]),
        ),
    ]
}

#[test]
fn small_pictures_are_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graph");
    let write = std::env::var_os("AKTUS_WRITE_GOLDEN").is_some();
    let mut expected_files = BTreeSet::new();
    for (name, template) in small() {
        let picture = picture(&template, Detail::Overview);
        for (ending, text) in [("svg", picture.to_svg()), ("dot", picture.to_dot()), ("mermaid", picture.to_mermaid())]
        {
            let file = format!("{name}.{ending}");
            if write {
                fs::write(folder.join(&file), &text).expect("written");
            }
            let golden = fs::read_to_string(folder.join(&file)).expect("a recorded picture");
            assert!(golden == text, "{file} has changed:\n{text}");
            expected_files.insert(file);
        }
    }
    let files: BTreeSet<_> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(files, expected_files, "files that no test reads");
}

#[test]
fn cards_and_arrows_of_the_network() {
    let (_, template) = small().into_iter().find(|(name, _)| *name == "network").expect("it");
    let overview = picture(&template, Detail::Overview);
    let cards: Vec<_> = overview
        .chapters
        .iter()
        .flat_map(|chapter| &chapter.cards)
        .map(|card| (card.ids.join("+"), card.small.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>()))
        .collect();
    let expected: [(&str, &[&str]); 6] = [
        ("Vpc", &[]),
        ("SubnetA+SubnetB", &[]),
        ("Gateway", &["Attachment"]),
        ("Table", &["Route", "AssociationA", "AssociationB"]),
        ("Cluster", &[]),
        ("Status", &[]),
    ];
    assert_eq!(cards.len(), expected.len(), "{cards:?}");
    for ((ids, small), (expected_ids, expected_small)) in cards.iter().zip(expected) {
        assert_eq!((ids.as_str(), small.as_slice()), (expected_ids, expected_small));
    }
    assert_eq!(overview.arrows, [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 5)]);
    let everything = picture(&template, Detail::Everything);
    assert_eq!(everything.chapters.iter().map(|chapter| chapter.cards.len()).sum::<usize>(), 11);
}

#[test]
fn a_small_resource_that_would_close_a_circle_stays_alone() {
    // The policy needs the bucket and something that needs the bucket.
    let resources: [(&str, &str, &[&str]); 4] = [
        ("Bucket", "AWS::S3::Bucket", &[]),
        ("Trail", "AWS::CloudTrail::Trail", &["Bucket"]),
        ("Policy", "AWS::S3::BucketPolicy", &["Bucket", "Trail"]),
        ("Other", "AWS::S3::BucketPolicy", &["Bucket"]),
    ];
    let picture = picture(&template(&resources), Detail::Overview);
    let cards: Vec<_> = picture.chapters.iter().flat_map(|chapter| &chapter.cards).collect();
    let ids: Vec<_> = cards.iter().map(|card| card.ids.join("+")).collect();
    assert_eq!(ids, ["Bucket", "Policy", "Trail"]);
}

/// Parses an SVG and checks that no two cards lie on each other, each lies in its chapter, and all text is legible.
#[track_caller]
fn legible(svg: &str, most_width: f64) {
    let document = roxmltree::Document::parse(svg).expect("well-formed XML");
    let number = |node: &roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).unwrap_or_default().parse().expect("a number")
    };
    let root = document.root_element();
    let (width, height) = (number(&root, "width"), number(&root, "height"));
    assert!(width <= most_width, "{width} px wide");
    let frames = |class: &str| -> Vec<[f64; 4]> {
        let found = document.descendants().filter(|node| node.attribute("class") == Some(class));
        found
            .map(|node| {
                let (x, y) = (number(&node, "x"), number(&node, "y"));
                [x, y, x + number(&node, "width"), y + number(&node, "height")]
            })
            .collect()
    };
    let apart = |a: &[f64; 4], b: &[f64; 4]| a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
    let inside = |a: &[f64; 4], b: &[f64; 4]| a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3];
    let (cards, chapters) = (frames("card"), frames("chapter"));
    for frames in [&cards, &chapters] {
        for (index, frame) in frames.iter().enumerate() {
            assert!(inside(frame, &[0.0, 0.0, width, height]), "{frame:?} is outside of the picture");
            for other in frames.iter().skip(index + 1) {
                assert!(apart(frame, other), "{frame:?} lies on {other:?}");
            }
        }
    }
    for card in &cards {
        assert!(chapters.iter().any(|chapter| inside(card, chapter)), "{card:?} is in no chapter");
    }
    for text in document.descendants().filter(|node| node.has_tag_name("text")) {
        assert!(number(&text, "font-size") >= 11.0, "{text:?}");
        assert!(number(&text, "x") >= 0.0 && number(&text, "x") < width && number(&text, "y") < height, "{text:?}");
    }
    assert!(!svg.contains("<script") && !svg.contains("href="), "it loads and runs nothing");
}

const EVERYTHING: [(&str, &str); 8] = [
    ("EnablePrivateSubnets", "true"),
    ("EnableCloudTrail", "true"),
    ("AdditionalAdminUsers", "a,b,c,d,e"),
    ("AdditionalAdminRoles", "a,b,c,d,e"),
    ("HuggingFaceToken", "canary-51c0de"),
    ("OpenAIAPIKey", "canary-51c0de"),
    ("KeyPairName", "key"),
    ("SSHAccessCidr", "192.0.2.0/24"),
];

#[test]
fn the_platform_is_legible_at_page_width() {
    let template = platform();
    let mut drawn = 0;
    for mode in ["true", "false"] {
        for number in 0..=EVERYTHING.len() {
            let asked: Vec<_> = [("EnableAutoMode", mode)].into_iter().chain(EVERYTHING[..number].to_vec()).collect();
            let graph = graph(&template, &asked);
            let picture = Picture::of(&graph, &Chapters::platform(), Detail::Overview, "Aktus AI Platform");
            let svg = picture.to_svg();
            legible(&svg, 1200.0);
            assert!(!svg.contains("canary"));
            let words = picture.to_words();
            for id in graph.resources.keys() {
                assert!(words.contains(id.as_str()) && picture.to_dot().contains(id.as_str()), "{id}");
            }
            drawn += 1;
        }
    }
    assert_eq!(drawn, 18);
}

#[test]
fn pictures_of_small_templates_are_sound() {
    for (_, template) in small() {
        for detail in [Detail::Overview, Detail::Everything] {
            let drawn = picture(&template, detail);
            legible(&drawn.to_svg(), 1200.0);
            let (mermaid, dot) = (drawn.to_mermaid(), drawn.to_dot());
            assert!(!mermaid.contains("<script") && !mermaid.contains('\u{1b}') && !dot.contains('\u{1b}'));
            let again = picture(&template, detail);
            assert_eq!(drawn.to_svg(), again.to_svg());
        }
    }
}

#[test]
fn the_pictures_in_the_documentation_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (mode, title) in [("auto", "Auto"), ("traditional", "Traditional")] {
        let graph = graph(&platform(), &[("EnableAutoMode", if mode == "auto" { "true" } else { "false" })]);
        let title = format!("Aktus AI Platform in {title} Mode");
        let svg = Picture::of(&graph, &Chapters::platform(), Detail::Overview, &title).to_svg();
        let committed = fs::read_to_string(folder.join(format!("platform-{mode}.svg"))).expect("the picture");
        assert!(committed == svg, "write it again: aktus template graph --mode {mode} -o docs/platform-{mode}.svg");
    }
}

#[test]
fn every_resource_has_a_chapter() {
    let chapters = Chapters::platform();
    let names = chapters.names();
    for (id, resource) in &platform().resources {
        let chapter = chapters.chapter_of(id.as_str(), &resource.kind);
        assert!(names.contains(&chapter.as_str()), "{id} is in {chapter}");
    }
    assert_eq!(names, ["Network", "Cluster", "Nodes", "Storage", "Access", "Secrets", "Audit", "Bootstrap"]);
    let by_service = Chapters::by_service();
    for (kind, chapter) in
        [("AWS::EC2::VPC", "EC2"), ("Custom::Thing", "Custom"), ("Alexa::ASK::Skill", "Alexa"), ("", "")]
    {
        assert_eq!(by_service.chapter_of("X", kind), chapter);
    }
}
