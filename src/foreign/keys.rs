//! The keys that a template takes values for.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;
use walkdir::WalkDir;

use super::{ForeignError, Found};
use crate::template::similar;

/// What cargo-generate gives to every template, and lets be given.
const BUILT_IN: [&str; 8] =
    ["authors", "crate_name", "crate_type", "is_init", "os-arch", "project-name", "username", "within_cargo_project"];

/// Larger files are data.
const LARGEST: u64 = 1 << 20;

/// What stands between the delimiters of liquid.
static LIQUID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\{\{.*?\}\}|\{%.*?%\}").expect("a regular expression that never changes"));

/// Every key is one that the template knows: as a placeholder, or because a file, a hook or a condition names it.
///
/// # Errors
/// [`ForeignError::UnknownKey`]
pub fn check_keys<'a>(found: &Found, keys: impl Iterator<Item = &'a str>) -> Result<(), ForeignError> {
    let conditional = &found.config.conditional;
    let placeholders = found.config.placeholders.keys();
    let known: BTreeSet<&str> = placeholders
        .chain(conditional.values().flat_map(|conditional| conditional.placeholders.keys()))
        .map(String::as_str)
        .chain(BUILT_IN)
        .collect();
    let unknown: Vec<&str> = keys.filter(|key| !known.contains(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let named = names(found);
    let conditions: String = conditional.keys().flat_map(|condition| [condition.as_str(), "\n"]).collect();
    match unknown.into_iter().find(|key| !mentions(&named, key) && !mentions(&conditions, key)) {
        None => Ok(()),
        Some(key) => Err(ForeignError::UnknownKey {
            key: key.to_owned(),
            similar: similar(key, known.iter().copied()),
            known: known.into_iter().filter(|key| !BUILT_IN.contains(key)).map(str::to_owned).collect(),
        }),
    }
}

/// Whatever in the template may name a variable: liquid in files and their names, and scripts.
fn names(found: &Found) -> String {
    let mut named = String::new();
    for entry in WalkDir::new(&found.folder).into_iter().flatten() {
        let mut add = |text: &str| {
            for liquid in LIQUID.find_iter(text) {
                named.push_str(liquid.as_str());
            }
        };
        add(&entry.file_name().to_string_lossy());
        if !entry.file_type().is_file() || entry.metadata().is_ok_and(|metadata| metadata.len() > LARGEST) {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        add(&text);
        if entry.path().extension().is_some_and(|extension| extension == "rhai") {
            named.push_str(&text);
        }
    }
    named
}

/// Whether a text has the key as a word of its own.
fn mentions(text: &str, key: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    text.match_indices(key).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + key.len()..]);
        // A minus at a delimiter trims the space beside it.
        let ends = !after.starts_with(part) || after.starts_with("-}") || after.starts_with("-%");
        ends && (!before.ends_with(part) || before.ends_with("{-") || before.ends_with("%-"))
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn keys_are_words() {
        assert!(mentions("{{ colour }}", "colour"));
        assert!(mentions("{{-colour|upcase}}", "colour"));
        assert!(mentions("variable::get(\"colour\")", "colour"));
        assert!(mentions("{{colour-}}", "colour"));
        assert!(!mentions("{{ colours }}", "colour"));
        assert!(!mentions("{{ a-colour-b }}", "colour"));
        assert!(!mentions("{{ acolour }}", "colour"));
    }
}
