//! `.Files`: a chart's other files, for templates.
//!
//! Upstream: Helm's `pkg/engine/files.go`.

use aktus_gotmpl::go::glob::Glob;
use aktus_gotmpl::{
    CallError, Frozen, Kind, List, Map, Method, NamedType, Object, ObjectRef, Profile, Str, Type, Underlying, Value,
    methods,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chart::File;
use crate::path;
use crate::values::write_yaml;

static FILES: NamedType =
    NamedType { name: "engine.files", kind: Kind::Map, underlying: Some(Type::Map(&Type::BYTES)) };

/// `engine.files`, a map from paths to bytes.
#[derive(Debug)]
pub(super) struct Files {
    files: Map,
    profile: Profile,
}

impl Files {
    /// The files of a chart.
    pub(super) fn new(files: &[File], profile: Profile) -> Self {
        let entries =
            files.iter().map(|file| (Str::from(file.name()), Value::List(List::bytes(Str::new(file.data())))));
        Self { files: Map::collect(&Type::BYTES, entries), profile }
    }

    fn bytes(&self, path: &[u8]) -> Option<Str> {
        match self.files.get(path)? {
            Value::List(list) => list.as_bytes().map(Str::new),
            _ => None,
        }
    }

    fn get(&self, path: &Str) -> Str {
        self.bytes(path).unwrap_or_default()
    }

    fn get_bytes(&self, path: &Str) -> List {
        List::bytes(self.get(path))
    }

    fn glob(&self, pattern: &Str) -> ObjectRef {
        let glob = Glob::compile(pattern, &['/']);
        let entries = self.files.entries().into_iter().filter(|(path, _)| match &glob {
            Ok(glob) => glob.is_match(path),
            // Helm takes a malformed pattern for `**`.
            Err(_) => true,
        });
        ObjectRef::new(Self { files: Map::collect(&Type::BYTES, entries), profile: self.profile })
    }

    fn lines(&self, path: &Str) -> Result<List, CallError> {
        let Some(text) = self.bytes(path) else {
            return Ok(List::strings::<Str>([]));
        };
        if text.is_empty() {
            return match self.profile {
                Profile::Helm3 => Ok(List::strings::<Str>([])),
                Profile::Helm4 => Err("runtime error: index out of range [-1]".into()),
            };
        }
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        Ok(List::strings(text.split(|byte| *byte == b'\n').map(Str::new)))
    }

    /// A map from base names to what `encode` makes of the content, as YAML without the final newline;
    /// nothing when it cannot be written.
    fn yaml(&self, encode: impl Fn(&Str) -> Str) -> String {
        let entries = self.files.entries().into_iter().filter_map(|(path, value)| {
            let content = value.as_list()?.as_bytes().map(Str::new)?;
            Some((Str::from(path::base(&path.to_text())), Frozen::String(encode(&content))))
        });
        let text = write_yaml(&Frozen::map(entries)).unwrap_or_default();
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }

    fn as_config(&self) -> String {
        self.yaml(Str::clone)
    }

    fn as_secrets(&self) -> String {
        self.yaml(|content| STANDARD.encode(content).into())
    }
}

static METHODS: &[Method] = methods! { Files;
    "Get" => (Str) Files::get;
    "GetBytes" => (Str) Files::get_bytes;
    "Glob" => (Str) Files::glob;
    "Lines" => (Str) Files::lines;
    "AsConfig" => () Files::as_config;
    "AsSecrets" => () Files::as_secrets;
};

impl Object for Files {
    fn named_type(&self) -> &'static NamedType {
        &FILES
    }

    fn underlying(&self) -> Underlying {
        Underlying::Map(self.files.clone())
    }

    fn copied(&self, underlying: Underlying) -> Option<Value> {
        match underlying {
            Underlying::Map(files) => Some(Value::object(Self { files, profile: self.profile })),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        Method::find(METHODS, name)
    }
}
