//! Which fields does a kind have, of which type, and how do its lists merge?
//!
//! The built-in kinds come from `types.txt`, a table made from the API description of Kubernetes
//! v1.36.3; custom resources bring their own schema ([`crd`]).

pub(crate) mod crd;
mod parse;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// A type's place in a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeId(u32);

/// What a scalar may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    String,
    Bytes,
    Time,
    MicroTime,
    Bool,
    Int32,
    Int64,
    Float,
    IntOrString,
    Quantity,
}

impl Scalar {
    /// The Go type that Kubernetes' decoder names in its messages.
    pub(crate) fn go_type(self) -> &'static str {
        match self {
            Self::String | Self::Time | Self::MicroTime | Self::IntOrString | Self::Quantity => "string",
            Self::Bytes => "[]uint8",
            Self::Bool => "bool",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float => "float64",
        }
    }
}

/// How the items of a list are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    /// The list is one value.
    Atomic,
    /// Each scalar is its own key.
    Set,
    /// The named fields are the key.
    Map(Vec<String>),
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatchStrategy {
    /// Lists merge (by `key`, or as sets without one) instead of being replaced.
    pub(crate) merge: bool,
    /// The field that identifies an item.
    pub(crate) key: Option<String>,
    /// Fields absent from the patch are dropped.
    pub(crate) retain_keys: bool,
}

/// What becomes of a field's zero value when Go writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It is written if it was set.
    #[default]
    WhenSet,
    /// It is left out.
    OmittedWhenZero,
    /// It is written even if it was not set.
    Always,
    /// It is written as null if it was not set.
    NullWhenUnset,
}

/// A named field of a [`Type::Struct`].
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) type_id: TypeId,
    pub(crate) required: bool,
    /// The value a missing field has when it is part of a list key.
    pub(crate) default: Option<Value>,
    pub(crate) patch: PatchStrategy,
    pub(crate) presence: Presence,
}

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Type {
    Scalar(Scalar),
    List {
        item: TypeId,
        items: Items,
    },
    Map {
        item: TypeId,
        atomic: bool,
    },
    Struct {
        name: String,
        fields: BTreeMap<String, Field>,
        atomic: bool,
        /// The type of fields that are not named, where they are allowed.
        unknown: Option<TypeId>,
    },
    /// Any JSON, owned as a whole.
    Any,
    /// Any JSON whose maps are owned field by field and whose lists are owned as a whole.
    Deduced,
}

/// A set of types that refer to each other.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    types: Vec<Type>,
    names: BTreeMap<String, TypeId>,
}

static BUILT_IN: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(parse::schema(include_str!("types.txt"))));

impl Schema {
    /// The types of the built-in kinds.
    pub(crate) fn built_in() -> &'static Arc<Self> {
        &BUILT_IN
    }

    /// The type with an id.
    pub(crate) fn get(&self, id: TypeId) -> &Type {
        // Ids are only made by this module, for types that exist.
        self.types.get(id.0 as usize).unwrap_or(&Type::Any)
    }

    /// The type with a name such as `core.v1.PodSpec`.
    pub(crate) fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }

    fn add(&mut self, value: Type) -> TypeId {
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(value);
        id
    }

    fn set(&mut self, id: TypeId, value: Type) {
        if let Some(slot) = self.types.get_mut(id.0 as usize) {
            *slot = value;
        }
    }

    /// The type of a field of a struct or of a map's items; `None` where the schema has no such
    /// field.
    pub(crate) fn field(&self, id: TypeId, name: &str) -> Option<TypeId> {
        match self.get(id) {
            Type::Struct { fields, unknown, .. } => fields.get(name).map(|field| field.type_id).or(*unknown),
            Type::Map { item, .. } => Some(*item),
            Type::Deduced => Some(id),
            Type::Any | Type::Scalar(_) | Type::List { .. } => None,
        }
    }

    /// Whether the schema names the field (rather than allowing any).
    pub(crate) fn names_field(&self, id: TypeId, name: &str) -> bool {
        matches!(self.get(id), Type::Struct { fields, .. } if fields.contains_key(name))
    }
}

/// A type together with the schema that holds it.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) schema: Arc<Schema>,
    pub(crate) root: TypeId,
}

#[cfg(test)]
impl Typed {
    /// A built-in type by name.
    pub(crate) fn built_in(name: &str) -> Self {
        let schema = Arc::clone(Schema::built_in());
        let root = schema.named(name).unwrap();
        Self { schema, root }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_has_a_type() {
        let schema = Schema::built_in();
        assert!(schema.types.len() > 600);
        let pod = schema.named("core.v1.Pod").unwrap();
        let spec = schema.field(pod, "spec").unwrap();
        let containers = schema.field(spec, "containers").unwrap();
        let Type::List { items, item } = schema.get(containers) else { panic!("containers are a list") };
        assert_eq!(*items, Items::Map(vec!["name".to_owned()]));
        assert!(schema.names_field(*item, "image"));
        assert!(!schema.names_field(*item, "imagine"));
    }
}
