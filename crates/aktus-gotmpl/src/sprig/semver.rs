//! The version functions of sprig 3.3.0, and the methods of the versions they return.

use std::borrow::Cow;
use std::fmt;

use crate::function::{CallError, Function, Method, Operand, Parameter, Typed};
use crate::go::semver::{Constraints, Version, VersionError};
use crate::value::{JsonForm, Kind, NamedType, Object, ObjectRef, Str, Type, Underlying, Value};
use crate::{functions, methods};

pub(super) static FUNCTIONS: &[Function] = functions! {
    "semver" => (Str) semver;
    "semverCompare" => (Str, Str) semver_compare;
};

fn semver(text: &Str) -> Result<ObjectRef, CallError> {
    Ok(ObjectRef::new(VersionPointer(parse(text)?)))
}

fn semver_compare(constraint: &Str, version: &Str) -> Result<bool, CallError> {
    let constraints = Constraints::parse(constraint).map_err(|error| CallError::Message(error.to_string()))?;
    Ok(constraints.check(&parse(version)?))
}

fn parse(text: &[u8]) -> Result<Version, CallError> {
    Version::parse(text).map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn failed(error: VersionError) -> CallError {
    CallError::Message(error.to_string())
}

static POINTER: NamedType = NamedType { name: "*semver.Version", kind: Kind::Pointer, underlying: None };
static VALUE: NamedType = NamedType { name: "semver.Version", kind: Kind::Struct, underlying: None };

/// What `semver` returns, a `*semver.Version`.
#[derive(Debug)]
struct VersionPointer(Version);

/// What methods such as `IncMajor` return, a `semver.Version`, which does not have the
/// methods of a pointer.
#[derive(Debug)]
struct VersionValue(Version);

/// Either of the two.
trait AsVersion {
    fn version(&self) -> &Version;
}

impl AsVersion for VersionPointer {
    fn version(&self) -> &Version {
        &self.0
    }
}

impl AsVersion for VersionValue {
    fn version(&self) -> &Version {
        &self.0
    }
}

static POINTER_METHODS: &[Method] = methods! { VersionPointer;
    "Compare" => (VersionPointer) compare;
    "Equal" => (VersionPointer) equal;
    "GreaterThan" => (VersionPointer) greater;
    "GreaterThanEqual" => (VersionPointer) greater_or_equal;
    "IncMajor" => () next_major;
    "IncMinor" => () next_minor;
    "IncPatch" => () next_patch;
    "LessThan" => (VersionPointer) less;
    "LessThanEqual" => (VersionPointer) less_or_equal;
    "Major" => () major;
    "Metadata" => () metadata;
    "Minor" => () minor;
    "Original" => () original;
    "Patch" => () patch;
    "Prerelease" => () prerelease;
    "SetMetadata" => (Str) with_metadata;
    "SetPrerelease" => (Str) with_prerelease;
    "String" => () string;
};

static VALUE_METHODS: &[Method] = methods! { VersionValue;
    "IncMajor" => () next_major;
    "IncMinor" => () next_minor;
    "IncPatch" => () next_patch;
    "Major" => () major;
    "Metadata" => () metadata;
    "Minor" => () minor;
    "Patch" => () patch;
    "Prerelease" => () prerelease;
    "SetMetadata" => (Str) with_metadata;
    "SetPrerelease" => (Str) with_prerelease;
    "String" => () string;
};

/// None of them is exported; verbs that are not for text print them.
fn fields(version: &Version) -> Vec<(&'static str, Value)> {
    vec![
        ("major", Value::Uint64(version.major())),
        ("minor", Value::Uint64(version.minor())),
        ("patch", Value::Uint64(version.patch())),
        ("pre", Value::from(version.prerelease())),
        ("metadata", Value::from(version.metadata())),
        ("original", Value::from(version.original())),
    ]
}

fn major(receiver: &impl AsVersion) -> Typed {
    Typed(Value::Uint64(receiver.version().major()))
}

fn minor(receiver: &impl AsVersion) -> Typed {
    Typed(Value::Uint64(receiver.version().minor()))
}

fn patch(receiver: &impl AsVersion) -> Typed {
    Typed(Value::Uint64(receiver.version().patch()))
}

fn prerelease(receiver: &impl AsVersion) -> String {
    receiver.version().prerelease().to_owned()
}

fn metadata(receiver: &impl AsVersion) -> String {
    receiver.version().metadata().to_owned()
}

fn string(receiver: &impl AsVersion) -> String {
    receiver.version().to_string()
}

fn original(receiver: &VersionPointer) -> String {
    receiver.0.original().to_owned()
}

fn changed(version: Result<Version, VersionError>) -> Result<Box<VersionValue>, CallError> {
    version.map(|version| Box::new(VersionValue(version))).map_err(failed)
}

fn next_major(receiver: &impl AsVersion) -> Result<Box<VersionValue>, CallError> {
    changed(receiver.version().next_major())
}

fn next_minor(receiver: &impl AsVersion) -> Result<Box<VersionValue>, CallError> {
    changed(receiver.version().next_minor())
}

fn next_patch(receiver: &impl AsVersion) -> Result<Box<VersionValue>, CallError> {
    changed(receiver.version().next_patch())
}

fn with_prerelease(receiver: &impl AsVersion, prerelease: &Str) -> Result<Box<VersionValue>, CallError> {
    changed(receiver.version().with_prerelease(&prerelease.to_text()))
}

fn with_metadata(receiver: &impl AsVersion, metadata: &Str) -> Result<Box<VersionValue>, CallError> {
    changed(receiver.version().with_metadata(&metadata.to_text()))
}

fn compare(receiver: &VersionPointer, other: &VersionPointer) -> i64 {
    receiver.0.compare(&other.0) as i64
}

fn equal(receiver: &VersionPointer, other: &VersionPointer) -> bool {
    receiver.0 == other.0
}

fn greater(receiver: &VersionPointer, other: &VersionPointer) -> bool {
    receiver.0 > other.0
}

fn greater_or_equal(receiver: &VersionPointer, other: &VersionPointer) -> bool {
    receiver.0 >= other.0
}

fn less(receiver: &VersionPointer, other: &VersionPointer) -> bool {
    receiver.0 < other.0
}

fn less_or_equal(receiver: &VersionPointer, other: &VersionPointer) -> bool {
    receiver.0 <= other.0
}

impl Parameter for VersionPointer {
    type Argument<'a> = &'a Self;
    const TYPE: Type = Type::Named(&POINTER);

    fn take(operand: &Operand) -> Option<&Self> {
        operand.value.downcast()
    }
}

impl fmt::Display for VersionPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Object for VersionPointer {
    fn named_type(&self) -> &'static NamedType {
        &POINTER
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        fields(&self.0)
    }

    fn yaml(&self) -> Option<Cow<'_, str>> {
        self.text()
    }

    fn copied(&self, _: Underlying) -> Option<Value> {
        Some(Value::object(Self(Version::default())))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(POINTER_METHODS, name)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.0.to_string().into())
    }

    fn json(&self) -> JsonForm {
        JsonForm::Value(Value::from(self.0.to_string()))
    }
}

impl Object for VersionValue {
    fn named_type(&self) -> &'static NamedType {
        &VALUE
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        fields(&self.0)
    }

    fn yaml(&self) -> Option<Cow<'_, str>> {
        self.text()
    }

    fn copied(&self, _: Underlying) -> Option<Value> {
        Some(Value::object(Self(Version::default())))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(VALUE_METHODS, name)
    }

    fn text(&self) -> Option<Cow<'_, str>> {
        Some(self.0.to_string().into())
    }

    fn json(&self) -> JsonForm {
        JsonForm::Value(Value::from(self.0.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded::check_table;

    #[test]
    fn as_recorded_from_sprig() {
        check_table(include_str!("../../tests/fixtures/sprig/semver.tsv"));
    }
}
