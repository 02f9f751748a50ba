//! How answers are asked for.

use crate::answers::Value;
use crate::template::manifest::Kind;

/// A question as it is put to somebody.
pub struct Prompt<'a> {
    /// The key of the answer, for messages.
    pub key: &'a str,
    /// The question.
    pub text: &'a str,
    /// What kind of answer it takes.
    pub kind: Kind,
    /// The options of a choice: value and title.
    pub choices: Vec<(String, String)>,
    /// The answer that is proposed.
    pub default: Option<Value>,
    /// Why a value is no answer, in words.
    pub check: &'a dyn Fn(&Value) -> Result<(), String>,
}

impl<'a> Prompt<'a> {
    /// For the name of a project.
    #[must_use]
    pub fn for_name(check: &'a dyn Fn(&Value) -> Result<(), String>) -> Self {
        let text = "What is the project called?";
        Self { key: "name", text, kind: Kind::String, choices: vec![], default: None, check }
    }
}

/// Somebody who answers.
pub trait Ask {
    /// Puts a question, until a valid answer comes.
    ///
    /// # Errors
    /// Where no answer comes.
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError>;
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The person pressed Ctrl-C or Escape.
    #[error("cancelled; nothing was written")]
    Cancelled,
    /// Nobody can be asked, and there is no default.
    #[error("`{0}` has no default and there is no terminal to ask; give it on the command line")]
    NoDefault(String),
    /// The terminal failed.
    #[error("failed to read from the terminal: {0}")]
    Terminal(String),
}

/// Takes every default; what `--yes` does, and what happens without a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Defaults;

impl Ask for Defaults {
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        prompt.default.clone().ok_or_else(|| AskError::NoDefault(prompt.key.to_owned()))
    }
}
