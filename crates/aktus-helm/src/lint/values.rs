//! The rules about values.yaml.

use aktus_gotmpl::{Frozen, Map, Profile, Value};

use super::target::Kind;
use super::{Linter, Severity};
use crate::values::{Values, coalesce_plain, documents, schema};

const FILE: &str = "values.yaml";

pub(super) fn check(linter: &mut Linter<'_>, user: &Values) {
    let there = match linter.target.kind(FILE) {
        Kind::Missing => Err("file does not exist".to_owned()),
        Kind::File | Kind::Directory => Ok(()),
    };
    if linter.rule(Severity::Info, FILE, there) {
        let found = content(linter, user);
        linter.rule(Severity::Error, FILE, found);
    }
}

/// Readable, and as the schema wants it, together with the user's values; sub-charts are left out.
fn content(linter: &Linter<'_>, user: &Values) -> Result<(), String> {
    let options = linter.options;
    let unreadable = |error: String| format!("unable to parse YAML: {error}");
    let text = linter.target.read(FILE).map_err(unreadable)?;
    // The linter reads one document in either Helm.
    let defaults = documents::read(&text, Profile::Helm3, &options.limits.yaml)
        // Go names the type that it reads into.
        .map_err(|error| unreadable(error.to_string().replace("map[string]interface {}", go_type(options.profile))))?;
    let schema = linter.target.read("values.schema.json").unwrap_or_default();
    if schema.is_empty() || options.skip_schema_validation && options.profile == Profile::Helm4 {
        return Ok(());
    }
    let values = user.to_map();
    if let Value::Map(defaults) = defaults.thaw() {
        coalesce_plain(&values, &defaults);
    }
    let values = frozen(values)?;
    let rules = schema::Rules { limits: &options.limits, external: &options.external_schemas };
    schema::validate_one(&schema, &values, rules)
}

fn go_type(profile: Profile) -> &'static str {
    match profile {
        Profile::Helm3 => "chartutil.Values",
        Profile::Helm4 => "common.Values",
    }
}

fn frozen(values: Map) -> Result<Frozen, String> {
    Value::Map(values).freeze().map_err(|error| error.to_string())
}
