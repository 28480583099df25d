//! Values after evaluation.

use indexmap::IndexMap;

/// A value whose intrinsic functions are resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `AWS::NoValue`: left out.
    NoValue,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map; the order is kept.
    Map(IndexMap<String, Value>),
    /// What only AWS can tell, such as `EKSCluster.Arn`; text around it is kept as `${…}`.
    Unknown(String),
}

impl Value {
    /// The value as `CloudFormation` compares it and hands it to a custom resource: scalars are text.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Unknown(what) => Some(format!("${{{what}}}")),
            Self::NoValue | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Whether some of it, or some text in it, only AWS can tell.
    pub(crate) fn is_partly_unknown(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            Self::Text(text) => text.contains("${"),
            Self::List(items) => items.iter().any(Self::is_partly_unknown),
            Self::Map(entries) => entries.values().any(Self::is_partly_unknown),
            Self::NoValue | Self::Bool(_) | Self::Integer(_) | Self::Float(_) => false,
        }
    }

    /// Whether no part of it, list items and map entries included, is one that only AWS can tell.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(items) => items.iter().all(Self::is_known),
            Self::Map(entries) => entries.values().all(Self::is_known),
            _ => true,
        }
    }

    /// The value as a JSON text, with the keys in the order of the template.
    pub(crate) fn to_json_text(&self) -> String {
        match self {
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::to_json_text).collect();
                format!("[{}]", items.join(","))
            }
            Self::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| format!("{}:{}", serde_json::Value::from(key.as_str()), value.to_json_text()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
            scalar => scalar.to_json(false).to_string(),
        }
    }

    /// The value as JSON; scalars of a custom resource arrive as text, so `stringly` makes all scalars text.
    pub fn to_json(&self, stringly: bool) -> serde_json::Value {
        match self {
            Self::NoValue => serde_json::Value::Null,
            Self::List(items) => items.iter().map(|item| item.to_json(stringly)).collect(),
            Self::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, value)| (key.clone(), value.to_json(stringly))).collect(),
            ),
            Self::Bool(value) if !stringly => (*value).into(),
            Self::Integer(value) if !stringly => (*value).into(),
            Self::Float(value) if !stringly => (*value).into(),
            scalar => scalar.as_text().unwrap_or_default().into(),
        }
    }
}
