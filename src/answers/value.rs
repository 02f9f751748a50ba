//! The value of an answer.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The value of an answer, as it stands in TOML and JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text, or one of the choices.
    Text(String),
    /// Any of the choices.
    List(Vec<String>),
}

impl Value {
    /// The value of a TOML value; `None` for kinds that no question takes.
    #[must_use]
    pub fn from_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Boolean(value) => Some(Self::Bool(*value)),
            toml::Value::Integer(value) => Some(Self::Integer(*value)),
            toml::Value::String(value) => Some(Self::Text(value.clone())),
            toml::Value::Array(values) => {
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect::<Option<_>>().map(Self::List)
            }
            _ => None,
        }
    }

    /// The value in TOML's syntax, on one line.
    #[must_use]
    pub fn to_toml(&self) -> toml::Value {
        match self {
            Self::Bool(value) => toml::Value::Boolean(*value),
            Self::Integer(value) => toml::Value::Integer(*value),
            Self::Text(value) => toml::Value::String(value.clone()),
            Self::List(values) => toml::Value::Array(values.iter().cloned().map(toml::Value::String).collect()),
        }
    }
}

/// As people read it: a list with commas, a bool as yes or no.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(true) => f.write_str("yes"),
            Self::Bool(false) => f.write_str("no"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(", ")),
        }
    }
}
