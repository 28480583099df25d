//! Versions that AWS no longer offers, or offers only at a higher price.

use super::{Day, Findings, Subject};
use crate::eval::{ResourceGraph, Value};
use crate::model::{Expr, Place, Reference, Step};

/// Versions of Kubernetes on EKS: the end of standard support, and of extended support.
///
/// From AWS's calendar of EKS versions; a version that is not here is newer or older than those.
const KUBERNETES: [(&str, Day, Day); 8] = [
    ("1.29", Day::new(2025, 3, 23), Day::new(2026, 3, 23)),
    ("1.30", Day::new(2025, 7, 23), Day::new(2026, 7, 23)),
    ("1.31", Day::new(2025, 11, 26), Day::new(2026, 11, 26)),
    ("1.32", Day::new(2026, 3, 23), Day::new(2027, 3, 23)),
    ("1.33", Day::new(2026, 7, 29), Day::new(2027, 7, 29)),
    ("1.34", Day::new(2026, 12, 2), Day::new(2027, 12, 2)),
    ("1.35", Day::new(2027, 3, 27), Day::new(2028, 3, 27)),
    ("1.36", Day::new(2027, 8, 2), Day::new(2028, 8, 2)),
];

/// The day on which EKS stopped publishing images of Amazon Linux 2.
const AMAZON_LINUX_2: Day = Day::new(2025, 11, 26);

/// Runtimes of Lambda, and the day on which they are deprecated: from then on AWS mends nothing in them.
///
/// From AWS's table of runtimes.
const RUNTIMES: [(&str, Day); 32] = [
    ("dotnet6", Day::new(2024, 12, 20)),
    ("dotnet8", Day::new(2026, 11, 10)),
    ("dotnetcore2.1", Day::new(2022, 1, 5)),
    ("dotnetcore3.1", Day::new(2023, 4, 3)),
    ("go1.x", Day::new(2024, 1, 8)),
    ("java11", Day::new(2027, 6, 30)),
    ("java17", Day::new(2027, 6, 30)),
    ("java8", Day::new(2024, 1, 8)),
    ("java8.al2", Day::new(2027, 6, 30)),
    ("nodejs10.x", Day::new(2021, 7, 30)),
    ("nodejs12.x", Day::new(2023, 3, 31)),
    ("nodejs14.x", Day::new(2023, 12, 4)),
    ("nodejs16.x", Day::new(2024, 6, 12)),
    ("nodejs18.x", Day::new(2025, 9, 1)),
    ("nodejs20.x", Day::new(2026, 4, 30)),
    ("nodejs22.x", Day::new(2027, 4, 30)),
    ("nodejs8.10", Day::new(2020, 3, 6)),
    ("provided", Day::new(2024, 1, 8)),
    ("provided.al2", Day::new(2026, 7, 31)),
    ("provided.al2023", Day::new(2029, 6, 30)),
    ("python2.7", Day::new(2021, 7, 15)),
    ("python3.6", Day::new(2022, 7, 18)),
    ("python3.7", Day::new(2023, 12, 4)),
    ("python3.8", Day::new(2024, 10, 14)),
    ("python3.9", Day::new(2025, 12, 15)),
    ("python3.10", Day::new(2026, 10, 31)),
    ("python3.11", Day::new(2027, 6, 30)),
    ("python3.12", Day::new(2028, 10, 31)),
    ("ruby2.5", Day::new(2021, 7, 30)),
    ("ruby2.7", Day::new(2023, 12, 7)),
    ("ruby3.2", Day::new(2026, 3, 31)),
    ("ruby3.3", Day::new(2027, 3, 31)),
];

/// What is wrong with a version of Kubernetes on a day, and what to do.
fn kubernetes(version: &str, today: Day) -> Option<(String, &'static str)> {
    let number = |version: &str| version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    let fix = "take a version in standard support";
    match KUBERNETES.iter().find(|(known, ..)| *known == version) {
        Some((_, _, extended)) if *extended <= today => {
            Some((format!("EKS no longer offers Kubernetes {version}: its extended support ended on {extended}"), fix))
        }
        Some((_, standard, extended)) if *standard <= today => Some((
            format!(
                "Kubernetes {version} is in extended support, at a higher price, since {standard} and until {extended}"
            ),
            fix,
        )),
        None if number(version).is_some_and(|minor| minor < 29) => {
            Some((format!("EKS no longer offers Kubernetes {version}"), fix))
        }
        _ => None,
    }
}

fn image(kind: &str, today: Day) -> Option<(String, &'static str)> {
    (kind.starts_with("AL2_") && AMAZON_LINUX_2 <= today).then(|| {
        let message =
            format!("`{kind}` is Amazon Linux 2, of which EKS has published no images since {AMAZON_LINUX_2}");
        (message, "take `AL2023_x86_64_STANDARD`, or `AL2023_x86_64_NVIDIA` for types with a GPU")
    })
}

fn runtime(name: &str, today: Day) -> Option<(String, &'static str)> {
    let (_, end) = RUNTIMES.iter().find(|(known, end)| *known == name && *end <= today)?;
    Some((format!("the runtime `{name}` is deprecated since {end}"), "take the newest runtime of that language"))
}

pub(super) fn versions(subject: &Subject<'_>, graph: &ResourceGraph, findings: &mut Findings) {
    for (id, resource) in &graph.resources {
        type Judge = fn(&str, Day) -> Option<(String, &'static str)>;
        let (property, judge): (_, Judge) = match resource.kind.as_str() {
            "AWS::EKS::Cluster" => ("Version", kubernetes),
            "AWS::EKS::Nodegroup" => ("AmiType", image),
            "AWS::Lambda::Function" => ("Runtime", runtime),
            _ => continue,
        };
        if let Some(Value::Text(version)) = resource.properties.get(property)
            && let Some((message, fix)) = judge(version, subject.today)
        {
            findings.add(Place::of(&["Resources", id.as_str(), "Properties", property]), message, fix);
        }
        // What a parameter offers is offered, whatever is chosen now.
        let written = subject.template.resources.get(id).and_then(|resource| resource.properties.get(property));
        let Some(Expr::Ref(Reference::Id(name))) = written else { continue };
        let Some(parameter) = subject.template.parameters.get(name) else { continue };
        for (index, offered) in parameter.allowed_values.iter().enumerate() {
            if let Some((message, fix)) = judge(offered, subject.today) {
                let mut place = Place::of(&["Parameters", name.as_str(), "AllowedValues"]);
                place.0.push(Step::Index(index));
                findings.add(place, message, fix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let today = Day::new(2026, 11, 22);
        let said = |version: &str, today| kubernetes(version, today).map(|(message, _)| message).unwrap_or_default();
        assert!(said("1.28", today).contains("no longer offers"));
        assert!(said("1.30", today).contains("ended on 2026-07-23"));
        assert!(said("1.31", today).contains("until 2026-11-26"));
        assert!(said("1.31", Day::new(2026, 11, 26)).contains("no longer offers"));
        assert_eq!(said("1.34", today), "");
        assert!(said("1.34", Day::new(2026, 12, 2)).contains("extended support"));
        assert_eq!(said("1.99", today), "");
        assert!(image("AL2_x86_64", Day::new(2025, 11, 25)).is_none() && image("AL2_x86_64", today).is_some());
        assert!(image("AL2023_x86_64_STANDARD", today).is_none());
        assert!(runtime("python3.9", today).is_some() && runtime("provided.al2023", today).is_none());
    }
}
