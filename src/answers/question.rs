//! When a value answers a question.

use regex::Regex;

use super::Value;
use crate::template::manifest::{Kind, Question};

/// Why a value does not answer a question. Each message says what the question takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum AnswerError {
    #[error("this takes {0}")]
    WrongKind(&'static str),
    #[error("this takes one line of text without control characters")]
    NotOneLine,
    #[error("this takes {0}")]
    Pattern(String),
    #[error("this takes a whole number of at least {0}")]
    TooSmall(i64),
    #[error("this takes a whole number of at most {0}")]
    TooGreat(i64),
    #[error("{value:?} is not a choice; this takes {many} {}", .choices.join(", "))]
    NotAChoice { value: String, many: &'static str, choices: Vec<String> },
    #[error("the pattern of the question is not a regular expression: {0}")]
    BrokenPattern(String),
}

impl Kind {
    /// The kind as it is written in the manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Choice => "choice",
            Self::Choices => "choices",
        }
    }
}

/// The value that `typed` stands for, as given on a command line.
///
/// # Errors
/// What the question takes.
pub fn parse(question: &Question, typed: &str) -> Result<Value, AnswerError> {
    let value = match question.kind {
        Kind::String | Kind::Choice => Value::Text(typed.to_owned()),
        Kind::Bool => match typed.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" => Value::Bool(true),
            "false" | "no" | "n" | "0" => Value::Bool(false),
            _ => return Err(AnswerError::WrongKind("true or false")),
        },
        Kind::Integer => Value::Integer(typed.trim().parse().map_err(|_| AnswerError::WrongKind("a whole number"))?),
        Kind::Choices => {
            Value::List(typed.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect())
        }
    };
    check(question, &value)?;
    Ok(value)
}

/// Checks that a value answers a question.
///
/// # Errors
/// What the question takes.
pub fn check(question: &Question, value: &Value) -> Result<(), AnswerError> {
    let choices = || question.choices.iter().map(|choice| choice.value.clone()).collect::<Vec<_>>();
    match (question.kind, value) {
        (Kind::Bool, Value::Bool(_)) => Ok(()),
        (Kind::Bool, _) => Err(AnswerError::WrongKind("true or false")),
        (Kind::Integer, Value::Integer(number)) => check_range(question, *number),
        (Kind::Integer, _) => Err(AnswerError::WrongKind("a whole number")),
        (Kind::String, Value::Text(text)) => check_text(question, text),
        (Kind::String, _) => Err(AnswerError::WrongKind("a text")),
        (Kind::Choice, Value::Text(value)) if choices().contains(value) => Ok(()),
        (Kind::Choice, Value::Text(value)) => {
            Err(AnswerError::NotAChoice { value: value.clone(), many: "one of", choices: choices() })
        }
        (Kind::Choice, _) => Err(AnswerError::WrongKind("one of its choices")),
        (Kind::Choices, Value::List(values)) => match values.iter().find(|value| !choices().contains(value)) {
            None => Ok(()),
            Some(value) => Err(AnswerError::NotAChoice { value: value.clone(), many: "any of", choices: choices() }),
        },
        (Kind::Choices, _) => Err(AnswerError::WrongKind("a list of its choices")),
    }
}

fn check_range(question: &Question, number: i64) -> Result<(), AnswerError> {
    if let Some(min) = question.min.filter(|min| number < *min) {
        return Err(AnswerError::TooSmall(min));
    }
    if let Some(max) = question.max.filter(|max| number > *max) {
        return Err(AnswerError::TooGreat(max));
    }
    Ok(())
}

fn check_text(question: &Question, text: &str) -> Result<(), AnswerError> {
    if text.chars().any(char::is_control) {
        return Err(AnswerError::NotOneLine);
    }
    let Some(pattern) = &question.pattern else { return Ok(()) };
    if whole(pattern.get_ref()).map_err(|error| AnswerError::BrokenPattern(error.to_string()))?.is_match(text) {
        return Ok(());
    }
    let message = question.message.clone();
    Err(AnswerError::Pattern(message.unwrap_or_else(|| format!("a text that matches {}", pattern.get_ref()))))
}

/// The regular expression for the whole of a value.
///
/// # Errors
/// Where the pattern is none.
pub fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    Regex::new(pattern)?;
    Regex::new(&format!("^(?:{pattern})$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(toml: &str) -> Question {
        toml::from_str(&format!("key = 'k'\nprompt = 'p'\n{toml}")).expect(toml)
    }

    #[test]
    fn typed_values_are_taken_by_kind() {
        let list = |values: &[&str]| Value::List(values.iter().map(|value| (*value).to_owned()).collect());
        for (toml, typed, value) in [
            ("default = ''", "a b", Value::Text("a b".into())),
            ("kind = 'bool'\ndefault = false", "Yes", Value::Bool(true)),
            ("kind = 'bool'\ndefault = false", "0", Value::Bool(false)),
            ("kind = 'integer'\ndefault = 1\nmin = -1\nmax = 5", " -1 ", Value::Integer(-1)),
            ("kind = 'choice'\ndefault = 'a'\nchoices = [{value = 'a'}, {value = 'b'}]", "b", Value::Text("b".into())),
            ("kind = 'choices'\ndefault = []\nchoices = [{value = 'a'}, {value = 'b'}]", "b, a,", list(&["b", "a"])),
            ("kind = 'choices'\ndefault = []\nchoices = [{value = 'a'}, {value = 'b'}]", "", list(&[])),
        ] {
            assert_eq!(parse(&question(toml), typed), Ok(value), "{toml}");
        }
    }

    #[test]
    fn wrong_values_are_told_what_the_question_takes() {
        for (toml, typed, message) in [
            ("kind = 'bool'\ndefault = false", "maybe", "this takes true or false"),
            ("kind = 'integer'\ndefault = 1", "1.5", "this takes a whole number"),
            ("kind = 'integer'\ndefault = 1\nmin = 1", "0", "this takes a whole number of at least 1"),
            ("kind = 'integer'\ndefault = 1\nmax = 9", "10", "this takes a whole number of at most 9"),
            ("default = ''", "a\nb", "this takes one line of text without control characters"),
            ("default = 'ab'\npattern = 'a|ab'\nmessage = 'a or ab'", "abc", "this takes a or ab"),
            (
                "kind = 'choice'\ndefault = 'a'\nchoices = [{value = 'a'}, {value = 'b'}]",
                "c",
                "\"c\" is not a choice; this takes one of a, b",
            ),
            (
                "kind = 'choices'\ndefault = []\nchoices = [{value = 'a'}, {value = 'b'}]",
                "a,c",
                "\"c\" is not a choice; this takes any of a, b",
            ),
        ] {
            assert_eq!(parse(&question(toml), typed).expect_err(toml).to_string(), message, "{toml}");
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_value_also_with_alternatives() {
        let question = question("default = 'ab'\npattern = 'a|ab'\nmessage = 'a or ab'");
        assert_eq!(parse(&question, "ab"), Ok(Value::Text("ab".into())));
    }
}
