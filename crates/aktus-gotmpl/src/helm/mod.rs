//! Which functions does Helm add to sprig's? After `pkg/engine/funcs.go` and `engine.go`.

mod control;
mod convert;
mod json;
mod toml;
mod yaml;

use crate::function::{Body, Function, FunctionTable, Profile};
use crate::functions;
use crate::value::{Str, Type, Value};

pub(crate) use convert::{ValueBuilder, write_json};

/// `include` and `tpl` run templates, which is up to the machine.
const SPECIAL: &[Function] = &[
    Function::special("include", &[Type::String, Type::Any], false, Body::Include),
    Function::special("tpl", &[Type::String, Type::Any], false, Body::Tpl),
];

const PLAIN: &[Function] = functions! {
    "fail" => context (Str) control::fail;
    "fromJson" => (Str) json::from_json;
    "fromJsonArray" => (Str) json::from_json_array;
    "fromToml" => context (Str) toml::from_toml;
    "fromYaml" => (Str) yaml::from_yaml;
    "fromYamlArray" => (Str) yaml::from_yaml_array;
    "lookup" => context (Str, Str, Str, Str) control::lookup;
    "mustToJson" => context (Value) json::must_to_json;
    "required" => context (Str, Value) control::required;
    "toJson" => context (Value) json::to_json;
    "toToml" => context (Value) toml::to_toml;
    "toYaml" => context (Value) yaml::to_yaml;
    "toYamlPretty" => context (Value) yaml::to_yaml_pretty;
};

/// What Helm 4 has beyond Helm 3.
const HELM_4: &[Function] = functions! {
    "mustToToml" => context (Value) toml::must_to_toml;
    "mustToYaml" => context (Value) yaml::must_to_yaml;
};

/// All functions that Helm's templates have besides Go's own: 222 names for Helm 4, 220 for Helm 3.
pub fn helm_functions(profile: Profile) -> FunctionTable {
    let mut table = FunctionTable::new();
    for family in crate::sprig::FAMILIES {
        table.add(family);
    }
    table.add(SPECIAL);
    table.add(PLAIN);
    if profile == Profile::Helm4 {
        table.add(HELM_4);
    }
    table
}
