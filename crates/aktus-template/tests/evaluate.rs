//! Evaluating any template: every function, unknowns that flow, parameters and their rules, edges.

use std::collections::BTreeMap;

use aktus_diagnostics::Sources;
use aktus_template::{EdgeKind, EvaluateError, Pseudo, ResourceGraph, Template, Value, evaluate, parse};
use serde_json::json;

#[track_caller]
fn read(text: &str) -> Template {
    let mut sources = Sources::new();
    let source = sources.add("template", text);
    parse(text.as_bytes(), source).unwrap_or_else(|problems| panic!("{problems:#?}")).template
}

fn run(text: &str, given: &[(&str, &str)], region: &str) -> Result<ResourceGraph, EvaluateError> {
    let given: BTreeMap<_, _> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    evaluate(&read(text), &given, &Pseudo::new("stack", region, "111122223333"))
}

/// What the property `X` of a resource is, in a template with a parameter, a mapping and another resource.
#[track_caller]
fn value(expression: &str) -> serde_json::Value {
    let text = format!(
        "Parameters: {{P: {{Type: CommaDelimitedList, Default: 'a, b,c'}}, N: {{Type: Number, Default: 2}}, S: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}}}}\n\
         Mappings: {{M: {{us-east-1: {{Ami: ami-1, Zones: [x, y]}}}}}}\n\
         Conditions: {{Holds: !Equals [2, !Ref N], Fails: !Not [!Condition Holds], Maybe: !Equals [!Ref S, x]}}\n\
         Resources:\n  B: {{Type: T}}\n  A: {{Type: T, Properties: {{X: {expression}}}}}\n"
    );
    let graph = run(&text, &[], "us-east-1").unwrap_or_else(|error| panic!("{expression}: {error}"));
    graph.resources["A"].properties.get("X").map_or(serde_json::Value::Null, |value| value.to_json(false))
}

#[test]
fn every_function_has_its_value() {
    for (expression, expected) in [
        ("[1, 1.5, true, text, {a: [b]}]", json!([1, 1.5, true, "text", {"a": ["b"]}])),
        ("!Ref P", json!(["a", "b", "c"])),
        ("!Ref N", json!("2")),
        ("!Ref AWS::NoValue", json!(null)),
        ("[1, !Ref AWS::NoValue, 2]", json!([1, 2])),
        ("!Ref B", json!("${B}")),
        ("!GetAtt B.Nested.Arn", json!("${B.Nested.Arn}")),
        ("{Fn::GetAtt: [B, !Ref N]}", json!("${B.2}")),
        ("!Sub '${AWS::StackName} ${N} ${!Left} ${B} ${B.Arn}'", json!("stack 2 ${Left} ${B} ${B.Arn}")),
        ("!Sub ['${V}-${N}', {V: !Select [1, !Ref P]}]", json!("b-2")),
        ("!Join ['-', [x, !Ref N, !GetAtt B.Arn]]", json!("x-2-${B.Arn}")),
        ("!Join ['', !GetAZs '']", json!("${zones of us-east-1 joined}")),
        ("{Fn::Join: [!Ref N, [a, b]]}", json!("a2b")),
        ("!Select ['0', !Ref P]", json!("a")),
        ("!Select [1, !GetAZs eu-west-1]", json!("${zone 2 of eu-west-1}")),
        ("!Select [1, !Split ['//', !GetAtt B.Url]]", json!("${part 1 of B.Url}")),
        ("!Select [1, !Split ['.', !Join ['.', [a, !GetAtt B.Arn, c]]]]", json!("${B.Arn}")),
        ("!Split ['|', 'a|b|']", json!(["a", "b", ""])),
        ("!If [Holds, 1, !Ref Nobody]", json!(1)),
        ("!If [Fails, !GetAtt Nobody.Arn, {a: 1}]", json!({"a": 1})),
        ("!If [Maybe, 1, 2]", json!("${Fn::If Maybe}")),
        ("!FindInMap [M, !Ref AWS::Region, Ami]", json!("ami-1")),
        ("!FindInMap [M, us-east-1, Zones]", json!(["x", "y"])),
        ("!FindInMap [M, nowhere, Ami, {DefaultValue: !Ref N}]", json!("2")),
        ("!FindInMap [M, !Ref S, Ami]", json!("${Fn::FindInMap}")),
        ("!Cidr [10.0.0.0/16, 2, 12]", json!(["10.0.0.0/20", "10.0.16.0/20"])),
        ("!Select [1, !Cidr [!GetAtt B.CidrBlock, !Ref N, 8]]", json!("${block 1 of B.CidrBlock}")),
        ("!Base64 text", json!("dGV4dA==")),
        ("!Base64 {'Fn::Sub': '${B}!'}", json!("${Base64 of ${B}!}")),
        ("!ImportValue {'Fn::Sub': '${AWS::StackName}-x'}", json!("${export stack-x}")),
        ("{Fn::Length: !Ref P}", json!(3)),
        ("{Fn::Length: !GetAZs ''}", json!("${length of zones of us-east-1}")),
        ("{Fn::ToJsonString: {b: [1, !Ref N], a: 'q\"'}}", json!("{\"b\":[1,\"2\"],\"a\":\"q\\\"\"}")),
        ("{Fn::Transform: {Name: Include, Parameters: {a: b}}}", json!("${Fn::Transform Include}")),
        ("!Ref S", json!("${S}")),
        ("!Sub 'x${S}'", json!("x${S}")),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn what_cannot_be_is_an_error_with_its_place() {
    for (expression, expected) in [
        ("!Ref Nobody", "Resources.A.Properties.X: `Nobody` does not exist under these parameters"),
        ("!Select [3, [a, b]]", "Resources.A.Properties.X.Fn::Select: Fn::Select asks for item 3 of a list of 2"),
        ("!Select [x, [a, b]]", "Resources.A.Properties.X.Fn::Select: Fn::Select asks for item x of a list of 2"),
        ("{K: [0, !Join ['', text]]}", "Resources.A.Properties.X.K.1: Fn::Join expected a list"),
        ("!Join ['', [[a]]]", "Resources.A.Properties.X: Fn::Join can only join text"),
        (
            "!Sub '${P}'",
            "Resources.A.Properties.X.Fn::Sub: Fn::Sub cannot put `P` into text: it is a list, a map or nothing",
        ),
        ("!Split ['', a]", "Resources.A.Properties.X: Fn::Split needs a delimiter"),
        (
            "!Cidr [10.0.0.0/30, 4, 8]",
            "Resources.A.Properties.X.Fn::Cidr: Fn::Cidr cannot make 4 blocks with 8 host bits out of `10.0.0.0/30`",
        ),
        (
            "!FindInMap [M, a, b]",
            "Resources.A.Properties.X.Fn::FindInMap: Fn::FindInMap finds no `a`, `b` in the mapping `M`",
        ),
        ("!Ref no-name", "Resources.A.Properties.X: `no-name` does not exist under these parameters"),
        ("!GetAtt no-name.Arn", "Resources.A.Properties.X: `no-name` does not exist under these parameters"),
        ("!If ['', 1, 2]", "Resources.A.Properties.X.Fn::If: `` does not exist under these parameters"),
        ("!If [Never, 1, 2]", "Resources.A.Properties.X.Fn::If: `Never` does not exist under these parameters"),
    ] {
        let text = format!(
            "Parameters: {{P: {{Type: CommaDelimitedList, Default: 'a,b'}}}}\nMappings: {{M: {{x: {{y: z}}}}}}\n\
             Resources: {{A: {{Type: T, Properties: {{X: {expression}}}}}}}\n"
        );
        let error = run(&text, &[], "us-east-1").expect_err(expression);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn partitions_follow_from_regions() {
    let text = "Resources: {A: {Type: T, Properties: {X: !Sub '${AWS::Partition} ${AWS::URLSuffix} ${AWS::Region} ${AWS::AccountId}'}}}";
    for (region, expected) in [
        ("eu-west-1", "aws amazonaws.com eu-west-1 111122223333"),
        ("us-gov-west-1", "aws-us-gov amazonaws.com us-gov-west-1 111122223333"),
        ("cn-north-1", "aws-cn amazonaws.com.cn cn-north-1 111122223333"),
    ] {
        let graph = run(text, &[], region).expect("a graph");
        assert_eq!(graph.resources["A"].properties["X"], Value::Text(expected.to_owned()));
    }
}

#[test]
fn conditions_on_unknowns_are_undecided() {
    let text = "Parameters: {S: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}}\n\
                Conditions: {Maybe: !Equals [!Ref S, x], Never: !And [!Condition Maybe, !Equals [a, b]], Surely: !Or [!Condition Maybe, !Equals [a, a]], Same: !Equals [!Ref S, !Ref S]}\n\
                Resources: {A: {Type: T, Condition: Maybe}, B: {Type: T, Condition: Surely, Properties: {X: !Ref A}}}\n";
    let graph = run(text, &[], "us-east-1").expect("a graph");
    assert_eq!(graph.undecided.iter().collect::<Vec<_>>(), ["Maybe"]);
    let holds: Vec<_> = graph.conditions.iter().map(|(name, holds)| (name.as_str(), *holds)).collect();
    assert_eq!(holds, [("Maybe", false), ("Never", false), ("Surely", true), ("Same", true)]);
    assert_eq!(graph.resources.keys().collect::<Vec<_>>(), ["B"]);
}

#[track_caller]
fn parameter(rules: &str, value: &str, expected: Result<serde_json::Value, &str>) {
    let text = format!("Parameters: {{P: {{{rules}}}}}\nResources: {{A: {{Type: T, Properties: {{X: !Ref P}}}}}}");
    match (run(&text, &[("P", value)], "us-east-1"), expected) {
        (Ok(graph), Ok(expected)) => assert_eq!(graph.resources["A"].properties["X"].to_json(false), expected),
        (Err(error), Err(expected)) => assert_eq!(error.to_string(), format!("parameter `P`: {expected}")),
        (found, expected) => panic!("{found:?} instead of {expected:?}"),
    }
}

#[test]
fn parameters_keep_their_rules() {
    parameter("Type: String, AllowedValues: [a, 1]", "1", Ok(json!("1")));
    parameter("Type: String, AllowedValues: [a, 1]", "2", Err("`2` is not one of a, 1"));
    parameter("Type: String, AllowedPattern: '[a-z]+'", "abc", Ok(json!("abc")));
    parameter("Type: String, AllowedPattern: '[a-z]+'", "abc1", Err("`abc1` does not match [a-z]+"));
    parameter(
        "Type: String, NoEcho: true, MinLength: 3, MaxLength: 4",
        "ab",
        Err("its value has 2 characters, at least 3 are needed"),
    );
    parameter(
        "Type: String, NoEcho: true, MinLength: 3, MaxLength: 4",
        "äöüßé",
        Err("its value has 5 characters, at most 4 are possible"),
    );
    parameter("Type: Number, MinValue: 0.5, MaxValue: 3", "1.5", Ok(json!("1.5")));
    parameter("Type: Number, MinValue: 0.5", "0.4", Err("`0.4` is less than 0.5"));
    parameter("Type: Number", "many", Err("`many` is not a number"));
    parameter("Type: List<Number>, MaxValue: 9", "1, 2", Ok(json!(["1", "2"])));
    parameter("Type: List<Number>, MaxValue: 9", "1,10", Err("`1,10` is more than 9"));
    parameter("Type: 'List<AWS::EC2::Subnet::Id>'", "subnet-1,subnet-2", Ok(json!(["subnet-1", "subnet-2"])));
    parameter("Type: CommaDelimitedList, AllowedValues: [a, b]", "a,c", Err("`a,c` is not one of a, b"));
    parameter("Type: 'AWS::SSM::Parameter::Value<List<String>>'", "/name", Ok(json!("${P}")));
    // A pattern that only Java reads is left to CloudFormation, and named.
    let text = "Parameters: {P: {Type: String, AllowedPattern: '(?!aws)[a-z]+'}}\nResources: {A: {Type: T}}";
    assert_eq!(run(text, &[("P", "x")], "us-east-1").expect("a graph").unchecked, ["P"]);
}

#[test]
fn rules_are_asked() {
    let text = "Parameters: {P: {Type: String}, L: {Type: CommaDelimitedList, Default: 'a,b'}}\n\
                Rules: {R: {RuleCondition: !Equals [!Ref P, x], Assertions: [{Assert: {'Fn::Contains': [[a, b], !Ref P]}, AssertDescription: words}]}, E: {Assertions: [{Assert: {'Fn::EachMemberIn': [!Ref L, [a, b, c]]}}]}}\n\
                Resources: {A: {Type: T}}";
    assert!(run(text, &[("P", "y")], "us-east-1").is_ok());
    assert_eq!(run(text, &[("P", "x")], "us-east-1").expect_err("a rule").to_string(), "rule R: words");
    let error = run(text, &[("P", "y"), ("L", "a,z")], "us-east-1").expect_err("a rule");
    assert_eq!(error.to_string(), "rule E: its assertion does not hold");
}

#[test]
fn edges_say_how_and_where() {
    let text = "Conditions: {C: !Equals [a, b]}\nResources:\n  D: {Type: T, DependsOn: C}\n  A:\n    Type: T\n    DependsOn: [D, Gone]\n    Properties: {R: !Ref B, G: [!GetAtt B.Arn], S: !Sub ['${C} ${V}', {V: !Ref D}], I: !If [C, !Ref Gone, !Ref D]}\n  B: {Type: T}\n  C: {Type: T}\n  Gone: {Type: T, Condition: C}\n";
    let graph = run(text, &[], "us-east-1").expect("a graph");
    let edges: Vec<_> =
        graph.resources["A"].edges.iter().map(|edge| (edge.to.as_str(), edge.kind, edge.place.to_string())).collect();
    let at = |tail: &str| format!("Resources.A.{tail}");
    assert_eq!(
        edges,
        [
            ("D", EdgeKind::DependsOn, at("DependsOn")),
            ("B", EdgeKind::Ref, at("Properties.R")),
            ("B", EdgeKind::GetAtt, at("Properties.G.0")),
            ("C", EdgeKind::Sub, at("Properties.S.Fn::Sub")),
            ("D", EdgeKind::Ref, at("Properties.S.Fn::Sub.1.V")),
            ("D", EdgeKind::Ref, at("Properties.I.Fn::If.2")),
        ]
    );
    assert_eq!(graph.creation_order().collect::<Vec<_>>(), ["B", "C", "D", "A"]);
    assert_eq!(graph.deletion_order().collect::<Vec<_>>(), ["A", "D", "C", "B"]);
    assert_eq!(graph.needed_by("A").into_iter().collect::<Vec<_>>(), ["B", "C", "D"]);
}

#[test]
fn circles_are_named() {
    let text = "Resources:\n  A: {Type: T, Properties: {X: !Ref B}}\n  B: {Type: T, DependsOn: C}\n  C: {Type: T, Properties: {X: !GetAtt A.Arn}}\n  D: {Type: T, DependsOn: A}\n";
    let error = run(text, &[], "us-east-1").expect_err("a circle");
    assert_eq!(error.to_string(), "A, B, C need each other in a circle");
}
