//! Reading templates: what comes out is what went in, and what is wrong is told with line and column.

use aktus_diagnostics::Sources;
use aktus_template::{
    Condition, Expr, Limits, ParameterType, Place, Retention, Template, as_yaml, logical_id, parse, parse_within,
    platform,
};

/// What is wrong with a text: `line:column: message` for each.
fn problems(text: &str, limits: &Limits) -> Vec<String> {
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    let Err(problems) = parse_within(text.as_bytes(), source, limits) else { return Vec::new() };
    let place = |problem: &aktus_diagnostics::Diagnostic| {
        sources.position(problem.span).map_or("nowhere".to_owned(), |at| format!("{}:{}", at.line, at.column))
    };
    problems.iter().map(|problem| format!("{}: {}", place(problem), problem.message)).collect()
}

#[track_caller]
fn read(text: &str) -> Template {
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    let text = as_yaml(text);
    parse(text.as_bytes(), source).expect("a template").template
}

#[test]
fn our_own_template_comes_back_as_it_was() {
    let mut template = platform();
    // What CloudFormation has no word for is not written.
    for parameter in template.parameters.values_mut() {
        parameter.max_items = None;
    }
    assert_eq!(read(&template.to_yaml()), template);
    assert_eq!(read(&template.to_json().to_string()), template);
    assert_eq!(read(&template.to_yaml()).to_yaml(), template.to_yaml());
}

/// Everything the model knows, in one template.
const EVERYTHING: &str = r#"
AWSTemplateFormatVersion: 2010-09-09
Description: "two lines:\nand a tab\t."
Transform: [AWS::LanguageExtensions, {Name: Macro, Parameters: {A: !Ref P}}]
Metadata:
  AWS::CloudFormation::Interface: {ParameterGroups: [{Label: {default: G}, Parameters: [P]}], ParameterLabels: {P: {default: L}}}
  Other: {Nested: [1, 1.5, ~, yes, 012, 1e3, 22:22]}
Parameters:
  P: {Type: 'List<AWS::EC2::Subnet::Id>', Default: 1.10, AllowedValues: [true, 2], NoEcho: 'TRUE', MinLength: 1, MaxLength: '9'}
  N: {Type: Number, MinValue: 0.5, MaxValue: 10, ConstraintDescription: "a, 'b'"}
Rules:
  R:
    RuleCondition: !Equals [!Ref P, x]
    Assertions:
      - Assert: {'Fn::Contains': [[a, b], !Ref P]}
        AssertDescription: words
      - Assert: {'Fn::EachMemberIn': [{'Fn::ValueOfAll': ['AWS::EC2::VPC::Id', Tags.X]}, {'Fn::RefAll': 'AWS::EC2::VPC::Id'}]}
Mappings:
  M: {us-east-1: {Ami: ami-1, List: [a, b]}}
Conditions:
  C: !And [!Not [!Equals ['', !Ref P]], {'Fn::Or': [Condition: D, !Condition E]}]
  D: {'Fn::Equals': [{Ref: P}, {'Fn::FindInMap': [M, {Ref: 'AWS::Region'}, Ami]}]}
  E: !Equals [1, '1']
Resources:
  Fn::ForEach::Loop: [X, [a, b], {'R${X}': {Type: 'AWS::SNS::Topic'}}]
  All:
    Type: Some::Unknown::Type
    Condition: C
    DependsOn: Other
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: RetainExceptOnCreate
    CreationPolicy: {ResourceSignal: {Timeout: PT5M}}
    UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: true}}
    Metadata: {Key: !Sub '${AWS::StackName}'}
    Properties:
      A: !GetAtt Other.Nested.Attribute
      B: !GetAtt [Other, !Ref P]
      C: !Sub ['${X} ${!Y}', {X: !Base64 text}]
      D: !Join [',', !Split ['|', !ImportValue {'Fn::Sub': '${P}-x'}]]
      E: !Select [0, !GetAZs '']
      F: !Cidr [!GetAtt Other.Cidr, 2]
      G: !Cidr [10.0.0.0/16, '2', 8]
      H: !FindInMap [M, !Ref AWS::Region, Ami, {DefaultValue: none}]
      I: !If [C, !Ref AWS::NoValue, {Fn::ToJsonString: {a: [1]}}]
      J: {'Fn::Length': !Ref P}
      K: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: s3://x}}, Other: 1}
      L: {Ref: x, Two: y}
      M: {Condition: {StringEquals: {a: b}}}
      N: "\u00e9\u2028\u0085  \\ \" ' # : "
      O: |
        first
          second

        fourth
      P: "  starts with spaces\nand goes on \n"
      Q: "ends with many\n\n\n"
      R: [[], {}, '', [[a]], {a: {b: {c: {}}}}]
      S: !GetStackOutput {StackName: s, OutputName: o}
      "odd key: yes": -1
      T: !Base64
        Fn::Sub: |
          #!/bin/bash
          echo ${AWS::Region}
  Other: {Type: Custom::Thing, Properties: !If [C, {A: b}, !Ref 'AWS::NoValue']}
Outputs:
  O: {Description: d, Condition: C, Value: !Ref All, Export: {Name: !Sub '${AWS::StackName}-o'}}
  Fn::ForEach::Outs: [X, [a], {'O${X}': {Value: !Ref X}}]
Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen'}}
"#;

#[test]
fn everything_comes_back_from_yaml_and_json() {
    let template = read(EVERYTHING);
    let yaml = template.to_yaml();
    assert_eq!(read(&yaml), template, "{yaml}");
    assert_eq!(read(&template.to_json().to_string()), template);
    assert_eq!(read(&yaml).to_yaml(), yaml);
}

/// What has a name that nothing can have, where only a macro could make it right, or where it only refers.
#[test]
fn names_that_are_none_are_carried_along() {
    let template = read(
        "Transform: [AWS::LanguageExtensions, Macro]
Parameters: {a-b: {Type: String}, P: {Type: String}}
Metadata:
  AWS::CloudFormation::Interface: {ParameterGroups: [{Label: {default: G}, Parameters: [a-b]}], ParameterLabels: {a-b: {default: L}}}
Mappings: {M_N: {a: {b: c}}}
Conditions: {With_Any-Letter & more: !Equals [!Ref a-b, x]}
Resources:
  A.B: {Type: T}
  C:
    Type: T
    Condition: With_Any-Letter & more
    DependsOn: A.B
    Properties:
      R: !Ref A.B
      S: !Ref AWS::Nothing
      G: !GetAtt A_B.Arn.X
      H: {'Fn::GetAtt': [A_B, Arn]}
      I: !If ['', !If [With_Any-Letter & more, 1, 2], 3]
      J: !GetAtt [P.Q, Arn]
Outputs: {'${Name}': {Value: !Ref A.B}}
",
    );
    let sections = ["Parameters", "Mappings", "Resources", "Outputs"];
    assert_eq!(template.opaque.keys().collect::<Vec<_>>(), sections);
    let opaque: Vec<_> = template.opaque.values().flat_map(|entries| entries.keys()).collect();
    assert_eq!(opaque, ["a-b", "M_N", "A.B", "${Name}"]);
    let resource = &template.resources["C"];
    assert_eq!(resource.attributes["DependsOn"], Expr::list(["A.B"]));
    let named: Vec<_> = resource.properties.values().map(Expr::named_as_text).collect();
    let attribute = |name| Some(("GetAtt", name));
    let reference = |name| Some(("Ref", name));
    assert_eq!(
        named,
        [
            reference("A.B"),
            reference("AWS::Nothing"),
            attribute("A_B"),
            attribute("A_B"),
            Some(("If", "")),
            // The attribute begins behind the first full stop only where both are one text.
            attribute("P.Q"),
        ]
    );
    let yaml = template.to_yaml();
    assert_eq!(read(&yaml), template, "{yaml}");
    assert_eq!(read(&template.to_json().to_string()), template);
}

#[test]
fn letters_that_have_to_be_escaped_are() {
    for letter in [
        '\u{0}',
        '\u{7}',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9f}',
        '\u{2028}',
        '\u{feff}',
        '\u{ffff}',
        '\u{1f600}',
    ] {
        for text in [format!("{letter}"), format!("a{letter}b"), format!("one\ntwo{letter}\nthree\n")] {
            let mut template = Template { description: text.clone(), ..Template::default() };
            template.metadata.insert(text.clone(), text.as_str().into());
            let read = read(&template.to_yaml());
            assert_eq!((&read.description, &read.metadata), (&text, &template.metadata), "{text:?}");
        }
    }
}

#[test]
fn what_is_read_is_what_is_written() {
    let template = read(EVERYTHING);
    assert_eq!(template.description, "two lines:\nand a tab\t.");
    assert_eq!(template.parameters["P"].kind, ParameterType::Other("List<AWS::EC2::Subnet::Id>".to_owned()));
    assert_eq!(template.parameters["P"].default.as_deref(), Some("1.1"));
    assert!(template.parameters["P"].no_echo);
    assert_eq!(template.interface[0].parameters, [(logical_id!("P"), "L".to_owned())]);
    assert_eq!(template.conditions["E"], Condition::Equals(Expr::Integer(1), "1".into()));
    let all = &template.resources["All"];
    assert_eq!((all.deletion_policy, all.depends_on.len()), (Some(Retention::Snapshot), 1));
    assert_eq!(all.properties["A"], Expr::attribute(logical_id!("Other"), "Nested.Attribute"));
    assert_eq!(all.properties["E"], Expr::select(0, Expr::GetAzs(Box::new("".into()))));
    assert!(
        template.opaque["Resources"].contains_key("Fn::ForEach::Loop") && template.opaque[""].contains_key("Hooks")
    );
    let Expr::Map(other) = &template.metadata["Other"] else { panic!("{template:#?}") };
    let expected = [1.into(), Expr::Float(1.5), Expr::Null, true.into(), 10.into(), "1e3".into(), "22:22".into()];
    assert_eq!(other["Nested"], Expr::List(expected.to_vec()));
}

#[test]
fn aliases_and_merge_keys_are_written_out() {
    let text = "Resources:\n  A: &a\n    Type: T\n    Properties: &p {X: 1, Y: 2}\n  B: *a\n  C:\n    Type: T\n    Properties: {Y: 3, <<: *p, Z: 4}\n";
    let template = read(text);
    assert_eq!(template.resources["A"], template.resources["B"]);
    let merged = Expr::map([("Y", 3), ("X", 1), ("Z", 4)]);
    assert_eq!(Expr::Map(template.resources["C"].properties.clone()), merged);
}

#[test]
fn places_are_found_in_short_and_long_forms() {
    let text = "Resources:\n  A:\n    Type: T\n    Properties:\n      L: !If [C, !Join ['', [a, b]], x]\n      M: {'Fn::If': [C, y, {K: z}]}\n";
    let mut sources = Sources::new();
    let source = sources.add("t", text);
    let parsed = parse(text.as_bytes(), source).expect("a template");
    let check = |tail: &[&str], expected: (u32, u32)| {
        let mut place = Place::of(&["Resources", "A", "Properties"]);
        place.0.extend(tail.iter().map(|step| match step.parse() {
            Ok(index) => aktus_template::Step::Index(index),
            Err(_) => aktus_template::Step::Key((*step).to_owned()),
        }));
        let at = sources.position(parsed.span(&place)).expect("a place");
        assert_eq!((at.line, at.column), expected, "{place}");
    };
    check(&["L", "Fn::If", "1", "Fn::Join", "1", "1"], (5, 33));
    check(&["L", "Fn::If", "2"], (5, 38));
    check(&["M", "Fn::If", "2", "K"], (6, 32));
    check(&["N", "Unwritten"], (4, 5));
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    assert_eq!(problems(text, &Limits::default()), expected);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    refused("", &["1:1: the template is empty"]);
    refused("a: b: c\n", &["1:5: mapping values are not allowed in this context"]);
    refused("[]", &["1:1: a template must be a map, and is a list"]);
    refused("Description: x\n", &["1:1: the template has no `Resources`"]);
    refused("Resorces: {}\n", &["1:1: `Resorces` is no section of a template", "1:1: the template has no `Resources`"]);
    refused(
        "Resources:\n  A:\n    Type: T\n    Properties: {X: !Reff y}\n  B: {Properties: []}\n  A: {Type: T}\n",
        &[
            "6:3: `A` is in `Resources` twice",
            "4:21: CloudFormation has no function `!Reff`",
            "5:19: `Properties` must be a map, and is a list",
            "5:6: the resource has no `Type`",
        ],
    );
    let long = "x".repeat(256);
    refused(
        &format!(
            "Transform: AWS::LanguageExtensions\nParameters: {{P-Q: {{Type: String}}}}\nRules: {{R.R: {{Assertions: [{{Assert: !Condition ''}}]}}}}\n\
             Mappings: {{M_M: {{a: {{b: c}}}}}}\nConditions: {{'': !Not [!Condition {long}]}}\n\
             Resources:\n  my-role: {{Type: T}}\n  {long}: {{Type: T, Condition: ''}}\nOutputs: {{Größe: {{Value: x, Condition: {long}}}}}\n"
        ),
        &[
            "2:14: a parameter cannot be called `P-Q`: `-` is neither a letter nor a digit of ASCII",
            "3:9: a rule cannot be called `R.R`: `.` is neither a letter nor a digit of ASCII",
            "3:37: a condition cannot be called ``: a name has at least one character",
            "4:12: a mapping cannot be called `M_M`: `_` is neither a letter nor a digit of ASCII",
            "5:14: a condition cannot be called ``: a name has at least one character",
            &format!("5:24: a condition cannot be called `{}…`: 256 bytes, and 255 are possible", &long[..60]),
            "7:3: a resource cannot be called `my-role`: `-` is neither a letter nor a digit of ASCII",
            &format!("8:3: a resource cannot be called `{}…`: 256 bytes, and 255 are possible", &long[..60]),
            "8:282: a condition cannot be called ``: a name has at least one character",
            "9:11: an output cannot be called `Größe`: `ö` is neither a letter nor a digit of ASCII",
            &format!("9:42: a condition cannot be called `{}…`: 256 bytes, and 255 are possible", &long[..60]),
        ],
    );
    // Nor can a macro make a name of what is too long.
    refused(
        &format!("Transform: Macro\nResources: {{my-role: {{Type: T}}, {long}: {{Type: T}}}}\n"),
        &[&format!("2:33: a resource cannot be called `{}…`: 256 bytes, and 255 are possible", &long[..60])],
    );
    refused("AWSTemplateFormatVersion: 2011\nResources: {}\n", &["1:27: the only version of the format is 2010-09-09"]);
    refused(
        "Parameters:\n  P: {Default: x, Typ: String, NoEcho: perhaps, MinLength: many}\nResources: {}\n",
        &[
            "2:19: a parameter has no `Typ`",
            "2:40: `NoEcho` is true or false, and this is `perhaps`",
            "2:60: `MinLength` must be a number, and is `many`",
            "2:6: the parameter has no `Type`",
        ],
    );
    refused(
        "Conditions: {A: yes, B: !Not [x], C: !And [!Condition A], D: !Equals [1], E: !If [A, 1, 2]}\nResources: {}\n",
        &[
            "1:17: a condition must be a function, and this is text",
            "1:31: a condition must be a function, and this is text",
            "1:38: the list has 1 conditions, and 2 to 10 are possible",
            "1:62: `Fn::Equals` wants a list of two values",
            "1:78: `If` is no function of conditions",
        ],
    );
    refused(
        "Resources: {A: {Type: T, DeletionPolicy: Keep, Properties: {S: !Sub [a], J: {'Fn::Join': x}, R: {Ref: [1]}}}}\n",
        &[
            "1:42: `DeletionPolicy` cannot be `Keep`",
            "1:64: `Fn::Sub` wants text, or a list of text and a map of variables",
            "1:90: `Fn::Join` wants a delimiter and a list",
            "1:103: `Ref` wants a name",
        ],
    );
    refused(
        "Resources: {}\nOutputs: {O: {Export: {Nam: x}}}\nRules: {R: {Assertions: [{AssertDescription: x}]}}\n",
        &[
            "2:24: `Export` has no `Nam`",
            "2:14: the output has no `Value`",
            "3:26: the assertion has no `Assert`",
            "3:12: the rule has no `Assertions`",
        ],
    );
}

#[test]
fn hostile_texts_end_in_one_diagnostic() {
    let limits = Limits::default();
    let around = |inner: &str| format!("Resources:\n  A:\n    Type: T\n    Properties:\n      P: {inner}\n");
    // Itself.
    let own = problems(&around("&a [1, *a]"), &limits);
    assert_eq!(own, ["5:17: the anchor that this alias names contains the alias"]);
    // Too deep.
    let deep = problems(&around(&format!("{}{}", "[".repeat(120), "]".repeat(120))), &limits);
    assert_eq!(deep, ["5:109: nested more than 100 levels deep"]);
    let deeper = problems(&around(&"[".repeat(100_000)), &limits);
    assert_eq!(deeper, ["5:134: the document has more than 128 levels of nesting"]);
    let calls = problems(&around(&"{Fn::Base64: ".repeat(120)), &limits);
    assert_eq!(calls.len(), 1, "{calls:?}");
    // A small text that stands for a huge one.
    let level = |level: usize| {
        let uses = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("  a{level}: &a{level} [{uses}]\n")
    };
    let levels: String = (1..10).map(level).collect();
    let laughs = format!("Metadata:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{levels}Resources: {{}}\n");
    let all = problems(&laughs, &limits);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].ends_with("has more than 500000 nodes, those behind aliases included"), "{all:?}");
    // Ten megabytes of aliases.
    let aliases = format!("Metadata: {{a: &a x, b: [{}]}}\nResources: {{}}\n", "*a, ".repeat(2_600_000));
    let all = problems(&aliases, &limits);
    assert_eq!(all, ["1:40025: the document has more than 10000 aliases"]);
    // More than is read at all.
    let long = problems(&format!("Description: {}\n", "x".repeat(17 << 20)), &limits);
    assert!(long.len() == 1 && long[0].ends_with("more than 16777216 bytes of text"), "{long:?}");
}
