//! Go's `%v` and `%t` of values that come from YAML and `--set`.

use aktus_gotmpl::go::strconv::{FloatSize, format_float};
use aktus_gotmpl::{Frozen, Value};

/// `%v`.
pub(crate) fn plain(value: &Frozen) -> String {
    match value {
        Frozen::Nil => "<nil>".to_owned(),
        Frozen::Bool(value) => value.to_string(),
        Frozen::Int(value) | Frozen::Int64(value) => value.to_string(),
        Frozen::Uint64(value) => value.to_string(),
        Frozen::Float(value) => format_float(*value, b'g', None, FloatSize::Bits64),
        Frozen::String(text) => text.to_text().into_owned(),
        Frozen::List(list) => {
            let items: Vec<_> = list.items().iter().map(plain).collect();
            format!("[{}]", items.join(" "))
        }
        Frozen::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}:{}", key.to_text(), plain(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
    }
}

/// `%t`, which is meant for truth values only.
pub(crate) fn truth(value: &Value) -> String {
    match value.freeze() {
        Ok(Frozen::Nil) => "%!t(<nil>)".to_owned(),
        Ok(frozen) => truth_of(&frozen),
        Err(_) => format!("%!t({})", value.type_name()),
    }
}

fn truth_of(value: &Frozen) -> String {
    let bad = |go_type: &str| format!("%!t({go_type}={})", plain(value));
    match value {
        // Only at the top does Go complain about nil.
        Frozen::Nil => "<nil>".to_owned(),
        Frozen::Bool(value) => value.to_string(),
        Frozen::Int(_) => bad("int"),
        Frozen::Int64(_) => bad("int64"),
        Frozen::Uint64(_) => bad("uint64"),
        Frozen::Float(_) => bad("float64"),
        Frozen::String(_) => bad("string"),
        Frozen::List(list) => {
            let items: Vec<_> = list.items().iter().map(truth_of).collect();
            format!("[{}]", items.join(" "))
        }
        Frozen::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("%!t(string={}):{}", key.to_text(), truth_of(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs() {
        let list = Frozen::list([Frozen::Float(1e6), Frozen::Nil, Frozen::String("a".into())]);
        let map = Frozen::map([("k".into(), list.clone())]);
        assert_eq!(plain(&map), "map[k:[1e+06 <nil> a]]");
        assert_eq!(truth(&list.thaw()), "[%!t(float64=1e+06) <nil> %!t(string=a)]");
        assert_eq!(truth(&Value::Nil), "%!t(<nil>)");
        assert_eq!(truth(&Value::Bool(true)), "true");
        assert_eq!(truth(&Value::Int64(5)), "%!t(int64=5)");
    }
}
