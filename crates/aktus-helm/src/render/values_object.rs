//! `.Values` and `.Template`: a map of a named type, with methods.
//!
//! Upstream: `Values` in Helm's `pkg/chart/common/values.go` (4) and `pkg/chartutil/values.go` (3).
//! Methods come before keys: `.Values.YAML` is the method even where there is a key `YAML`.

use aktus_gotmpl::{
    CallError, Context, Kind, LimitError, Map, Method, NamedType, Object, ObjectRef, Profile, Str, Type, Underlying,
    Value, methods,
};

use crate::values::{path_value, table, write_yaml};

static HELM_3: NamedType = NamedType { name: "chartutil.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };
static HELM_4: NamedType = NamedType { name: "common.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };

/// A `Values` around a map, which it shares.
#[derive(Debug)]
pub(super) struct ValuesObject {
    map: Map,
    profile: Profile,
}

impl ValuesObject {
    pub(super) fn value(map: Map, profile: Profile) -> Value {
        Value::object(Self { map, profile })
    }

    fn as_map(&self) -> Map {
        if self.map.is_empty() { Map::new() } else { self.map.clone() }
    }

    fn table(&self, path: &Str) -> Result<ObjectRef, CallError> {
        match table(&self.map, &path.to_text()) {
            Some(map) => Ok(ObjectRef::new(Self { map, profile: self.profile })),
            None => Err(CallError::new(format!("{} is not a table", quoted(&self.missing(path))))),
        }
    }

    /// The first name on the path that is no table.
    fn missing(&self, path: &Str) -> String {
        let mut current = self.map.clone();
        for name in path.to_text().split('.') {
            match current.get(name.as_bytes()).and_then(|value| value.as_map()) {
                Some(map) => current = map,
                None => return name.to_owned(),
            }
        }
        String::new()
    }

    fn path_value(&self, path: &Str) -> Result<Value, CallError> {
        let path = path.to_text();
        if path.is_empty() {
            return Err("YAML path cannot be empty".into());
        }
        path_value(&self.map, &path).ok_or_else(|| {
            let key = path.rsplit('.').next().unwrap_or(&path);
            CallError::new(format!("{} is not a value", quoted(key)))
        })
    }

    fn yaml(&self, context: &mut Context<'_>) -> Result<String, CallError> {
        let map = Value::Map(self.map.clone());
        measure(context, &map, 0)?;
        let frozen = map.freeze().map_err(|error| CallError::new(error.to_string()))?;
        write_yaml(&frozen).map_err(|error| CallError::new(error.to_string()))
    }
}

/// Counts every value in a tree against the limits: a small tree that shares its branches can be a long text.
fn measure(context: &mut Context<'_>, value: &Value, depth: usize) -> Result<(), LimitError> {
    if depth > Value::DEPTH {
        return Err(LimitError::Depth(Value::DEPTH));
    }
    context.step(1)?;
    match value {
        Value::String(text) => context.spend(text.len()),
        Value::List(list) => list.iter().try_for_each(|item| measure(context, &item, depth + 1)),
        Value::Map(map) => map.entries().iter().try_for_each(|(_, value)| measure(context, value, depth + 1)),
        _ => Ok(()),
    }
}

fn quoted(text: &str) -> String {
    aktus_gotmpl::go::strconv::quote(text.as_bytes())
}

static METHODS: &[Method] = methods! { ValuesObject;
    "AsMap" => () ValuesObject::as_map;
    "Table" => (Str) ValuesObject::table;
    "PathValue" => (Str) ValuesObject::path_value;
    "YAML" => context () ValuesObject::yaml;
};

impl Object for ValuesObject {
    fn named_type(&self) -> &'static NamedType {
        match self.profile {
            Profile::Helm3 => &HELM_3,
            Profile::Helm4 => &HELM_4,
        }
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.map.clone())
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(METHODS, name)
    }
}
