//! Which properties only a replacement can change.

use std::sync::LazyLock;

/// One line for each type: its name, its create-only properties, and with `?` those that are so under conditions.
const TABLE: &str = include_str!("create-only.txt");

/// What is known of a change of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is made in place.
    Changeable,
    /// It needs a replacement.
    Fixed,
    /// It may need one.
    Conditional,
    /// Nothing is known of the type.
    Nothing,
}

static TYPES: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let types = lines.filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.collect()))
    });
    types.collect()
});

/// What a change at `path` in a resource of a type needs.
pub(super) fn known(kind: &str, path: &str) -> Known {
    let Some((_, properties)) = TYPES.iter().find(|(known, _)| *known == kind) else { return Known::Nothing };
    let hit = |property: &str| super::within(path, property) || super::within(property, path);
    let mut known = Known::Changeable;
    for property in properties {
        match property.strip_prefix('?') {
            None if hit(property) => return Known::Fixed,
            Some(property) if hit(property) => known = Known::Conditional,
            _ => {}
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::platform;

    #[test]
    fn every_type_of_the_platform_is_known() {
        for (id, resource) in platform().resources {
            if !resource.kind.starts_with("Custom::") {
                assert!(TYPES.iter().any(|(kind, _)| *kind == resource.kind), "{id}: {}", resource.kind);
            }
        }
        assert!(TYPES.is_sorted_by_key(|(kind, _)| *kind));
    }

    #[test]
    fn paths_inside_and_around() {
        assert_eq!(known("AWS::EKS::Cluster", "Name"), Known::Fixed);
        assert_eq!(known("AWS::EKS::Cluster", "Version"), Known::Changeable);
        assert_eq!(known("AWS::EKS::Cluster", "EncryptionConfig.0.Provider"), Known::Fixed);
        assert_eq!(known("AWS::EKS::Cluster", "AccessConfig"), Known::Fixed);
        assert_eq!(known("AWS::EKS::Cluster", "AccessConfig.AuthenticationMode"), Known::Changeable);
        assert_eq!(known("AWS::EC2::VPC", "InstanceTenancy"), Known::Conditional);
        assert_eq!(known("AWS::Nobody::Knows", "Name"), Known::Nothing);
    }
}
