//! Which Go type does a value have, and how does Go write that type?

use std::fmt;

/// Go's `reflect.Kind`, as `kindOf` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the Go kind of the same name")]
pub enum Kind {
    Invalid,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
    Complex128,
    Func,
    Interface,
    Map,
    Pointer,
    Slice,
    String,
    Struct,
}

impl Kind {
    /// The name Go prints: `int`, `slice`, `ptr`, `invalid` …
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::Func => "func",
            Self::Interface => "interface",
            Self::Map => "map",
            Self::Pointer => "ptr",
            Self::Slice => "slice",
            Self::String => "string",
            Self::Struct => "struct",
        }
    }

    /// One of the signed integer kinds.
    pub fn is_signed(self) -> bool {
        matches!(self, Self::Int | Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64)
    }

    /// One of the unsigned integer kinds.
    pub fn is_unsigned(self) -> bool {
        matches!(self, Self::Uint | Self::Uint8 | Self::Uint16 | Self::Uint32 | Self::Uint64)
    }

    /// One of the floating-point kinds.
    pub fn is_float(self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A type with a name of its own, such as `time.Time` or `*semver.Version`. Equal when the names are.
#[derive(Debug)]
pub struct NamedType {
    /// The name with its package, as `%T` prints it; a leading `*` for pointers.
    pub name: &'static str,
    /// What it is underneath.
    pub kind: Kind,
    /// The types of literals and nil aside, the unnamed type that a value of this type may be assigned to:
    /// `map[string]interface {}` for a named map such as `common.Values`.
    pub underlying: Option<Type>,
}

/// A Go type. Displays as Go writes it, for example `map[string]interface {}`.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `interface {}`
    Any,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint`
    Uint,
    /// `uint8`
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float32`
    Float32,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// `[]T`
    List(&'static Type),
    /// `map[string]T`
    Map(&'static Type),
    /// A named type.
    Named(&'static NamedType),
    /// `reflect.Value`: the parameter type of Go's own `index`, `len`, `eq` …, which take anything as it is.
    Reflect,
}

impl Type {
    /// `[]interface {}`
    pub const ANY_LIST: Self = Self::List(&Self::Any);
    /// `[]string`
    pub const STRING_LIST: Self = Self::List(&Self::String);
    /// `[]uint8`
    pub const BYTES: Self = Self::List(&Self::Uint8);
    /// `map[string]interface {}`
    pub const ANY_MAP: Self = Self::Map(&Self::Any);
    /// `map[string]string`
    pub const STRING_MAP: Self = Self::Map(&Self::String);

    /// The kind of values of this type.
    pub fn kind(self) -> Kind {
        match self {
            Self::Any => Kind::Interface,
            Self::Bool => Kind::Bool,
            Self::Int => Kind::Int,
            Self::Int8 => Kind::Int8,
            Self::Int16 => Kind::Int16,
            Self::Int32 => Kind::Int32,
            Self::Int64 => Kind::Int64,
            Self::Uint => Kind::Uint,
            Self::Uint8 => Kind::Uint8,
            Self::Uint16 => Kind::Uint16,
            Self::Uint32 => Kind::Uint32,
            Self::Uint64 => Kind::Uint64,
            Self::Float32 => Kind::Float32,
            Self::Float64 => Kind::Float64,
            Self::Complex128 => Kind::Complex128,
            Self::String => Kind::String,
            Self::List(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Named(named) => named.kind,
            Self::Reflect => Kind::Struct,
        }
    }

    /// Whether Go's nil can be given where this type is wanted.
    pub fn can_be_nil(self) -> bool {
        matches!(self, Self::Reflect)
            || matches!(self.kind(), Kind::Interface | Kind::Map | Kind::Slice | Kind::Pointer | Kind::Func)
    }

    /// Go's `AssignableTo`: identical, or to the empty interface, or between a named type and its unnamed form.
    pub fn assignable_to(self, target: Self) -> bool {
        if matches!(target, Self::Any) || self == target {
            return true;
        }
        match (self, target) {
            (Self::Named(named), Self::List(_) | Self::Map(_)) => named.underlying == Some(target),
            (Self::List(_) | Self::Map(_), Self::Named(named)) => named.underlying == Some(self),
            _ => false,
        }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(left), Self::List(right)) | (Self::Map(left), Self::Map(right)) => left == right,
            (Self::Named(left), Self::Named(right)) => left.name == right.name,
            (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
        }
    }
}

impl Eq for Type {}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("interface {}"),
            Self::List(element) => write!(formatter, "[]{element}"),
            Self::Map(element) => write!(formatter, "map[string]{element}"),
            Self::Named(named) => formatter.write_str(named.name),
            Self::Reflect => formatter.write_str("reflect.Value"),
            other => formatter.write_str(other.kind().name()),
        }
    }
}
