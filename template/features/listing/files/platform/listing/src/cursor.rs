use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value as Json;

use crate::{Row, order::Order, value::Value};

/// A row where a page begins or ends: its values in the columns of the order.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub backwards: bool,
    pub values: Vec<Value>,
}

impl Cursor {
    pub fn at(row: &Row, order: &Order, backwards: bool) -> Result<Self, sqlx::Error> {
        let values = order.keys().iter().map(|key| Value::of(row, key.column)).collect::<Result<_, _>>()?;
        Ok(Self { backwards, values })
    }

    /// Clients pass it on without looking inside. It names its order, because it means nothing in another one.
    pub fn encode(&self, order: &Order) -> String {
        let values: Vec<_> = self.values.iter().map(Value::to_json).collect();
        let content = serde_json::json!([order.text(), self.backwards, values]);
        URL_SAFE_NO_PAD.encode(content.to_string())
    }

    /// A client may send anything: what comes out has the right number of values, of the right types.
    pub fn decode(text: &str, order: &Order) -> Option<Self> {
        let content = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (sort, backwards, values): (String, bool, Vec<Json>) = serde_json::from_slice(&content).ok()?;
        if sort != order.text() || values.len() != order.keys().len() {
            return None;
        }
        let values = order.keys().iter().zip(&values).map(|(key, value)| Value::from_json(key.column, value));
        Some(Self { backwards, values: values.collect::<Option<_>>()? })
    }
}
