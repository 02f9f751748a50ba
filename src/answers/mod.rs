//! Answers: what they are, when they are valid, and how they stand on disk.

pub mod name;
pub mod question;
pub mod record;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub use self::value::Value;

/// Everything that a template needs to be told in order to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The project's name.
    pub name: String,
    /// The chosen features, the members of groups among them.
    pub features: BTreeSet<String>,
    /// The answers by the key of the question.
    pub values: BTreeMap<String, Value>,
}
