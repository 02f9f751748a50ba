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
    /// The features that were chosen, the members of groups among them. What they require comes along and is not listed, so
    /// that it goes again with the last one that requires it.
    pub features: BTreeSet<String>,
    /// The answers by the key of the question.
    pub values: BTreeMap<String, Value>,
}
