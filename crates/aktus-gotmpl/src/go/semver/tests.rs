use super::super::recorded::{rows, show};
use super::*;

/// Two versions and a constraint; then what Go makes of them.
#[test]
fn as_the_original() {
    for row in rows(include_str!("../../../tests/fixtures/go/semver.tsv")) {
        let case = format!("{} {} {}", show(&row[0]), show(&row[1]), show(&row[2]));
        let left = Version::parse(&row[0]);
        let right = Version::parse(&row[1]);
        match &left {
            Err(error) => assert_eq!(error.to_string().as_bytes(), row[3], "{case}"),
            Ok(version) => {
                assert_eq!(version.to_string().as_bytes(), row[3], "{case}");
                assert_eq!(version.next_major().unwrap().original().as_bytes(), row[4], "{case}");
                assert_eq!(version.next_patch().unwrap().original().as_bytes(), row[5], "{case}");
            }
        }
        let strict = Version::parse_strict(&row[0]).map_or_else(|error| error.to_string(), |_| "strict".to_owned());
        assert_eq!(strict.as_bytes(), row[6], "{case}");
        if let (Ok(left), Ok(right)) = (&left, &right) {
            assert_eq!((left.compare(right) as i8).to_string().as_bytes(), row[7], "{case}");
        }
        let constraints = match Constraints::parse(&row[2]) {
            Err(error) => {
                assert_eq!(error.to_string().as_bytes(), row[8], "{case}");
                continue;
            }
            Ok(constraints) => constraints,
        };
        assert_eq!(constraints.to_string().as_bytes(), row[8], "{case}");
        if let Ok(left) = &left {
            let mut lines = vec![constraints.check(left).to_string()];
            lines.extend(constraints.validate(left).iter().map(ToString::to_string));
            assert_eq!(show(lines.join("\n").as_bytes()), show(&row[9]), "{case}");
        }
    }
}

#[track_caller]
fn meets(constraint: &str, version: &str, expected: bool) {
    let constraints = Constraints::parse(constraint.as_bytes()).unwrap();
    let version = Version::parse(version.as_bytes()).unwrap();
    assert_eq!(constraints.check(&version), expected, "{constraint} {version}");
}

#[test]
fn pre_releases_only_where_they_are_asked_for() {
    meets(">=1.19", "v1.20.4-gke.100", false);
    meets(">=1.19-0", "v1.20.4-gke.100", true);
    meets(">=1.4-0, <1.7-0", "1.6.0-rc.1", true);
    meets("<9.9.9-9", "9.9.9-10", false);
    meets(">1", "1.5.0", false);
    meets("<=1.2", "1.2.9", true);
    meets("!=1.2", "1.2.3", false);
    meets("1.2 - 1.4", "1.4.9", true);
}

#[test]
fn limits_of_the_original() {
    let long = |length: usize| Version::parse(format!("1.0.0-{}", "a".repeat(length - 6)).as_bytes()).err();
    assert_eq!(long(256), None);
    assert_eq!(long(257).unwrap().to_string(), "version string is too long (max 256 bytes)");
    let constraint = |text: String| Constraints::parse(text.as_bytes()).err().map(|error| error.to_string());
    assert_eq!(constraint("1 ".repeat(257)).unwrap(), "constraint string is too long (max 512 bytes)");
    assert_eq!(constraint(vec!["1"; 33].join("||")).unwrap(), "too many constraint groups (max 32)");
    assert_eq!(constraint(vec!["1"; 32].join("||")), None);
}

#[test]
fn changed_parts() {
    let version = Version::parse(b"v1.2.3-rc.1+b1").unwrap();
    assert_eq!(version.next_minor().unwrap().original(), "v1.3.0");
    assert_eq!(version.with_prerelease("beta").unwrap().original(), "v1.2.3-beta+b1");
    assert_eq!(version.with_metadata("").unwrap().original(), "v1.2.3-rc.1");
    assert_eq!(version.with_prerelease("a..b").unwrap_err().to_string(), "invalid prerelease string");
    assert_eq!(version.with_metadata("ä").unwrap_err().to_string(), "invalid metadata string");
    let last = Version::parse(b"18446744073709551615.0.0").unwrap();
    assert_eq!(last.next_major().unwrap_err().to_string(), "major version increment would overflow uint64");
}
