//! Templates that are checked when they are made: the platform's is sound, and every dangling name of others is told.

use std::collections::BTreeSet;

use aktus_diagnostics::Sources;
use aktus_template::stack::{Architecture, Code};
use aktus_template::{Day, Template, check, parse, platform, platform_with};

fn read(text: &str) -> Template {
    let source = Sources::new().add("template", text);
    parse(text.as_bytes(), source).unwrap_or_else(|problems| panic!("{problems:#?}")).template
}

#[track_caller]
fn faults(template: &str, expected: &[&str]) {
    let template = read(template);
    let faults = match template.clone().checked() {
        Ok(checked) => {
            assert_eq!(checked.into_template(), template);
            Vec::new()
        }
        Err(faults) => faults,
    };
    assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    // The rule of `check` finds them in the same places, the first of each.
    let dangling = faults.into_iter().map(|reference| reference.place);
    let findings = check(&template, Day::new(2026, 11, 22), None);
    let found = findings.into_iter().filter(|finding| finding.rule == "dangling-reference");
    assert_eq!(found.map(|finding| finding.place).collect::<BTreeSet<_>>(), dangling.collect());
}

#[test]
fn every_kind_of_reference_is_checked() {
    faults(
        "Parameters: {Size: {Type: String}}
Mappings: {Sizes: {a: {b: c}}}
Conditions:
  Large: !Equals [!Ref Sise, !FindInMap [Size, a, b]]
  Small: !Not [{Condition: Lage}]
Rules: {R: {Assertions: [{Assert: !Equals [!Ref Seize, x]}]}}
Resources:
  Role:
    Type: T
    Condition: Larg
    DependsOn: [Roles, Size]
    Properties:
      Both: !Sub '${Rle.Arn} ${Size} ${Region} ${AWS::Regio}'
      Chosen: !If [Smal, !GetAtt Rol.Arn, !Ref Role]
      Looked: !FindInMap [Size, a, b]
Outputs:
  Name: {Value: !Ref Nothing, Condition: Nowhere}
",
        &[
            "Resources.Role.Properties.Both: `Rle` is neither a parameter nor a resource; did you mean `Role`?",
            "Resources.Role.Properties.Both: `Region` is neither a parameter nor a resource; add it, or take the \
             reference out",
            "Resources.Role.Properties.Both: `AWS::Regio` is neither a parameter nor a resource; did you mean \
             `AWS::Region`?",
            "Resources.Role.Properties.Chosen: there is no condition `Smal`; did you mean `Small`?",
            "Resources.Role.Properties.Chosen.Fn::If.1: there is no resource `Rol`; did you mean `Role`?",
            "Resources.Role.Properties.Looked: there is no mapping `Size`; did you mean `Sizes`?",
            "Outputs.Name.Value: `Nothing` is neither a parameter nor a resource; add it, or take the reference out",
            "Resources.Role.DependsOn: there is no resource `Roles`; did you mean `Role`?",
            "Resources.Role.DependsOn: there is no resource `Size`; add it, or take the reference out",
            "Resources.Role.Condition: there is no condition `Larg`; did you mean `Large`?",
            "Outputs.Name.Condition: there is no condition `Nowhere`; add it to the section `Conditions`",
            "Conditions.Large: `Sise` is no parameter, and a condition can look at nothing else; did you mean `Size`?",
            "Conditions.Large: there is no mapping `Size`; did you mean `Sizes`?",
            "Conditions.Small: there is no condition `Lage`; did you mean `Large`?",
            "Rules.R: `Seize` is no parameter, and a condition can look at nothing else; did you mean `Size`?",
        ],
    );
}

#[test]
fn a_name_that_nothing_can_have_is_a_reference_to_nothing() {
    faults(
        "Conditions:
  C: !Equals [!Ref a-b, !Ref AWS::Regoin]
Resources:
  A:
    Type: T
    DependsOn: [A.B, '']
    Properties:
      R: !Ref my-role
      G: !GetAtt my-role.Arn
      L: !GetAtt [my-role, !Ref AWS::Region]
      I: !If ['', !Ref B_C, x]
",
        &[
            "Resources.A.Properties.R: `my-role` is neither a parameter nor a resource; add it, or take the reference out",
            "Resources.A.Properties.G: there is no resource `my-role`; add it, or take the reference out",
            "Resources.A.Properties.L: there is no resource `my-role`; add it, or take the reference out",
            "Resources.A.Properties.I: there is no condition ``; add it to the section `Conditions`",
            "Resources.A.Properties.I.Fn::If.1: `B_C` is neither a parameter nor a resource; add it, or take the \
             reference out",
            "Resources.A.DependsOn: there is no resource `A.B`; add it, or take the reference out",
            "Resources.A.DependsOn: there is no resource ``; add it, or take the reference out",
            "Conditions.C: `a-b` is no parameter, and a condition can look at nothing else; compare a parameter or an \
             entry of a mapping",
            "Conditions.C: `AWS::Regoin` is no parameter, and a condition can look at nothing else; did you mean \
             `AWS::Region`?",
        ],
    );
}

#[test]
fn what_a_macro_brings_is_not_known() {
    faults("Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: T, DependsOn: B}}", &[]);
}

#[test]
fn the_template_of_the_platform_is_sound() {
    assert_eq!(platform().checked().map(|checked| checked.resources.len()), Ok(platform().resources.len()));
    let code = Code { architecture: Architecture::X86_64, ..Code::default() };
    assert!(platform_with(&code).checked().is_ok());
}

#[test]
fn a_resource_gone_from_the_platform_is_missed() {
    for id in ["VPC", "EKSCluster", "EFSFileSystem", "EKSConnectorLambda", "PrivateRoute"] {
        let mut template = platform();
        template.resources.shift_remove(id);
        assert!(template.checked().is_err_and(|faults| !faults.is_empty()), "{id}");
    }
}
