//! `.Values` and `.Files` as the recordings had them.

use std::collections::BTreeMap;

use aktus_gotmpl::go::glob::Glob;
use aktus_gotmpl::{Kind, List, Map, Method, NamedType, Object, ObjectRef, Str, Type, Underlying, Value, methods};

/// `type Values map[string]interface{}`
#[derive(Debug)]
pub(crate) struct Values(pub(crate) Map);

impl Object for Values {
    fn named_type(&self) -> &'static NamedType {
        static VALUES: NamedType = NamedType { name: "main.Values", kind: Kind::Map, underlying: Some(Type::ANY_MAP) };
        &VALUES
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.0.clone())
    }
}

/// `type files map[string][]byte`
#[derive(Debug)]
pub(crate) struct Files(BTreeMap<Str, Str>);

static FILES: &[Method] = methods! { Files;
    "AsConfig" => () Files::as_config;
    "AsSecrets" => () Files::as_secrets;
    "Get" => (Str) Files::get;
    "GetBytes" => (Str) Files::get_bytes;
    "Glob" => (Str) Files::glob;
    "Lines" => (Str) Files::lines;
};

impl Files {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| (Str::from(*path), Str::from(*text))).collect())
    }

    fn get(&self, path: &Str) -> Str {
        self.0.get(path).cloned().unwrap_or_default()
    }

    fn get_bytes(&self, path: &Str) -> List {
        List::bytes(self.get(path))
    }

    fn lines(&self, path: &Str) -> List {
        let Some(text) = self.0.get(path) else { return List::strings::<Str>([]) };
        let text = text.to_string();
        List::strings(text.strip_suffix('\n').unwrap_or(&text).split('\n'))
    }

    fn glob(&self, pattern: &Str) -> ObjectRef {
        let glob = Glob::compile(pattern, &['/']).or_else(|_| Glob::compile(b"**", &[])).expect("** is a pattern");
        ObjectRef::new(Self(
            self.0
                .iter()
                .filter(|(path, _)| glob.is_match(path))
                .map(|(path, text)| (path.clone(), text.clone()))
                .collect(),
        ))
    }

    fn yaml(&self, convert: impl Fn(&Str) -> String) -> String {
        let files: BTreeMap<String, aktus_yaml::Json> = self
            .0
            .iter()
            .map(|(path, text)| {
                let path = path.to_string();
                let base = path.rsplit('/').next().unwrap_or_default().to_owned();
                (base, aktus_yaml::Json::String(convert(text)))
            })
            .collect();
        aktus_yaml::write_v2(&aktus_yaml::Json::Map(files))
            .expect("texts can be written")
            .trim_end_matches('\n')
            .to_owned()
    }

    fn as_config(&self) -> String {
        self.yaml(ToString::to_string)
    }

    fn as_secrets(&self) -> String {
        self.yaml(|text| data_encoding::BASE64.encode(text))
    }
}

impl Object for Files {
    fn named_type(&self) -> &'static NamedType {
        static NAMED: NamedType =
            NamedType { name: "main.files", kind: Kind::Map, underlying: Some(Type::Map(&Type::BYTES)) };
        &NAMED
    }

    fn underlying(&self) -> Underlying {
        let entries = self.0.iter().map(|(path, text)| (path.clone(), Value::List(List::bytes(text.clone()))));
        Underlying::Map(Map::collect(&Type::BYTES, entries))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(FILES, name)
    }
}
