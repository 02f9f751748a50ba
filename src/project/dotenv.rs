//! The `.env` of a project: development values and freshly generated secrets.

mod pending;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

pub use self::pending::{Appended, Pending};
use super::hex;
use super::write_error::WriteError;

/// Random bytes of a generated secret.
const SECRET_BYTES: usize = 32;

/// One line of a `.env`, with the comment above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of the variable.
    pub key: String,
    /// What it is for, in words; empty for no comment.
    pub about: String,
    /// What stands to the right of the `=`.
    pub value: Value,
}

/// The value of an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A value.
    Plain(String),
    /// 64 hexadecimal characters that are drawn anew for every file.
    Secret,
    /// A value that is off: the whole line is a comment.
    Commented(String),
}

/// An entry that no `.env` can hold.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// The name would not be read back.
    #[error("{key:?} is not the name of an environment variable: use letters, digits and `_`, and no digit first")]
    Key {
        /// The name.
        key: String,
    },
    /// The value would not be read back by every reader of `.env` files.
    #[error("the value of {key} holds a line break or another control character; a `.env` has one line for a value")]
    Value {
        /// The name of the variable.
        key: String,
    },
    /// The system has no randomness to give.
    #[error("failed to generate a secret for {key}")]
    Random {
        /// The name of the variable.
        key: String,
        /// What the system says.
        source: getrandom::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The text of a `.env` with these entries, in their order. Secrets are drawn on every call.
///
/// A value is written bare where every reader takes it so, else quoted such that dotenvy, a shell and Docker read it back
/// the same.
///
/// # Errors
/// [`DotenvError`]: a key or a value that would not be read back the same, or no randomness.
pub fn render(entries: &[Entry]) -> Result<String, DotenvError> {
    let mut text = String::new();
    for (at, entry) in entries.iter().enumerate() {
        let Entry { key, about, value } = entry;
        if !is_key(key) {
            return Err(DotenvError::Key { key: key.clone() });
        }
        if at > 0 && !about.is_empty() {
            text.push('\n');
        }
        for line in about.lines() {
            text.push_str(format!("# {line}").trim_end());
            text.push('\n');
        }
        let (mark, value) = match value {
            Value::Plain(value) => ("", quote(key, value)?),
            Value::Secret => ("", secret(key)?),
            Value::Commented(value) => ("# ", quote(key, value)?),
        };
        text.extend([mark, key, "=", &value, "\n"]);
    }
    Ok(text)
}

/// Writes a new `.env` that nobody but its owner may read, from its first byte on (mode 0600).
///
/// # Errors
/// [`DotenvError`]: as [`render`], or the file cannot be written, or exists: it is never overwritten.
pub fn write(path: &Path, entries: &[Entry]) -> Result<(), DotenvError> {
    let text = render(entries)?;
    let needed = text.len();
    let failed = |action| move |error| WriteError::io(action, path, error, needed);
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = match open.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(WriteError::Exists { path: path.to_path_buf() }.into());
        }
        file => file.map_err(failed("create"))?,
    };
    file.write_all(text.as_bytes()).map_err(failed("write"))?;
    Ok(())
}

fn is_key(key: &str) -> bool {
    !key.starts_with(|first: char| first.is_ascii_digit())
        && !key.is_empty()
        && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn quote(key: &str, value: &str) -> Result<String, DotenvError> {
    if value.chars().any(char::is_control) {
        return Err(DotenvError::Value { key: key.to_owned() });
    }
    let bare = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+=,?&".contains(letter);
    if value.chars().all(bare) {
        return Ok(value.to_owned());
    }
    // dotenvy takes a backslash in single quotes for an escape when it looks for the end of the line, and for itself
    // when it reads the value.
    if !value.contains(['\'', '\\']) {
        return Ok(format!("'{value}'"));
    }
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        if matches!(letter, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    Ok(quoted)
}

fn secret(key: &str) -> Result<String, DotenvError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|source| DotenvError::Random { key: key.to_owned(), source })?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(key: &str, about: &str, value: Value) -> Entry {
        Entry { key: key.to_owned(), about: about.to_owned(), value }
    }

    fn read_back(text: &str) -> Vec<(String, String)> {
        dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().expect(text)
    }

    #[test]
    fn entries_keep_their_order_and_their_comments() {
        let text = render(&[
            entry("DATABASE_URL", "where the data is", Value::Plain("sqlite://data.db?mode=rwc".to_owned())),
            entry("PLAIN", "", Value::Plain(String::new())),
            entry(
                "SMTP_URL",
                "where mail goes\n\nnot needed at first",
                Value::Commented("smtp://127.0.0.1:1025".to_owned()),
            ),
        ]);
        assert_eq!(
            text.expect("valid entries"),
            "# where the data is\nDATABASE_URL=sqlite://data.db?mode=rwc\nPLAIN=\n\n# where mail goes\n#\n# not needed at \
             first\n# SMTP_URL=smtp://127.0.0.1:1025\n"
        );
    }

    #[test]
    fn a_secret_is_64_hexadecimal_characters_and_new_every_time() {
        let draw = || {
            let text = render(&[entry("KEY", "", Value::Secret)]).expect("a valid entry");
            read_back(&text).remove(0).1
        };
        let (one, other) = (draw(), draw());
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert!(one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{one}");
    }

    #[test]
    fn what_cannot_be_read_back_is_refused() {
        for key in ["", "1A", "A B", "A=B", "Ä", "A-B"] {
            let error = render(&[entry(key, "", Value::Secret)]);
            assert!(matches!(error, Err(DotenvError::Key { .. })), "{key:?}");
        }
        for value in ["a\nb", "a\rb", "\0", "a\tb"] {
            let error = render(&[entry("KEY", "", Value::Plain(value.to_owned()))]);
            assert!(matches!(error, Err(DotenvError::Value { .. })), "{value:?}");
        }
    }

    #[test]
    fn awkward_values_are_read_back() {
        for value in [
            "a b", "a # b", "#", "it's", "\"", "'\"", "$HOME", "'$HOME'", "\\", "a\\", "'\\", "\\n", " ", "ü", "`", "!",
        ] {
            let text = render(&[
                entry("KEY", "", Value::Plain(value.to_owned())),
                entry("NEXT", "", Value::Plain("x".to_owned())),
            ]);
            let expected = [("KEY", value), ("NEXT", "x")].map(|(key, value)| (key.to_owned(), value.to_owned()));
            assert_eq!(read_back(&text.expect(value)), expected);
        }
    }

    proptest! {
        #[test]
        fn every_value_is_read_back(value in "\\PC*") {
            let text = render(&[entry("KEY", "", Value::Plain(value.clone()))]).expect("one line");
            prop_assert_eq!(read_back(&text), [("KEY".to_owned(), value)]);
        }
    }
}
