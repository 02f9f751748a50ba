//! The name of a project: refused at once where it would break something later.

use crate::tree::is_device;

/// The greatest length in bytes. A PostgreSQL identifier has 63, from which test databases take a suffix.
pub const LONGEST: usize = 48;

/// Why a name is refused, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NameError {
    #[error("a name is needed; try `my-app`")]
    Empty,
    #[error("{0:?} is a path; give the name alone, and the folder with `--into {0}`")]
    Path(String),
    #[error("{name:?} holds {found:?}; use lower-case letters a to z, digits, `-` and `_`{}", suggestion(.name))]
    Character { name: String, found: char },
    #[error("{name:?} begins with {found:?}; begin with a letter, as in {:?}", format!("app-{}", .name.trim_start_matches(['-', '_'])))]
    Start { name: String, found: char },
    #[error(
        "{0:?} has two separators side by side or one at its end, which image registries refuse; use single ones between words"
    )]
    Separators(String),
    #[error("{name:?} has {} bytes; use at most {LONGEST}", .name.len())]
    TooLong { name: String },
    #[error("{name:?} is {what}; try `{name}-app`")]
    Taken { name: String, what: &'static str },
}

/// Strict, reserved and weak keywords of Rust 2024 that cannot name a crate, by the Rust Reference, "Keywords".
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

/// Crates that every Rust program sees already.
const SYSROOT: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// Folders that cargo makes in its target directory.
const CARGO_FOLDERS: [&str; 4] = ["build", "deps", "examples", "incremental"];

/// Checks the name of a project.
///
/// `reserved` are names that the template keeps for itself.
///
/// # Errors
/// What would break later, and a better name.
pub fn check(name: &str, reserved: &[String]) -> Result<(), NameError> {
    let owned = || name.to_owned();
    let Some(first) = name.chars().next() else { return Err(NameError::Empty) };
    if name.contains(['/', '\\']) {
        return Err(NameError::Path(owned()));
    }
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-' || *c == '_';
    if let Some(found) = name.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character { name: owned(), found });
    }
    if !first.is_ascii_lowercase() {
        return Err(NameError::Start { name: owned(), found: first });
    }
    if name.split(['-', '_']).any(str::is_empty) {
        return Err(NameError::Separators(owned()));
    }
    if name.len() > LONGEST {
        return Err(NameError::TooLong { name: owned() });
    }
    let krate = name.replace('-', "_");
    let is = |names: &[&str]| names.contains(&krate.as_str());
    let what = if is(&KEYWORDS) {
        "a keyword of Rust"
    } else if is(&SYSROOT) {
        "a crate that comes with Rust"
    } else if is(&CARGO_FOLDERS) {
        "a folder of cargo's own"
    } else if is_device(name) {
        "a device on Windows"
    } else if reserved.iter().any(|reserved| reserved.replace('-', "_") == krate) {
        "used inside the generated project"
    } else {
        return Ok(());
    };
    Err(NameError::Taken { name: owned(), what })
}

/// The nearest valid spelling, where there is one.
fn suggestion(name: &str) -> String {
    use heck::ToKebabCase;
    let plain: String = name.to_kebab_case().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let plain = plain.trim_matches('-');
    if check(plain, &[]).is_ok() { format!(", as in {plain:?}") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> String {
        check(name, &["kernel".to_owned(), "test-kit".to_owned()]).expect_err(name).to_string()
    }

    #[test]
    fn good_names_pass() {
        for name in ["a", "myapp", "my-app", "my_app", "app2", "a1-b2", "unions", &"x".repeat(LONGEST)] {
            assert_eq!(check(name, &["kernel".to_owned()]), Ok(()), "{name}");
        }
    }

    #[test]
    fn bad_names_are_refused_with_the_way_out() {
        for (name, expected) in [
            ("", "a name is needed; try `my-app`"),
            ("x/y", r#""x/y" is a path; give the name alone, and the folder with `--into x/y`"#),
            ("..", r#"".." holds '.'; use lower-case letters a to z, digits, `-` and `_`"#),
            ("MyApp", r#""MyApp" holds 'M'; use lower-case letters a to z, digits, `-` and `_`, as in "my-app""#),
            ("my app", r#""my app" holds ' '; use lower-case letters a to z, digits, `-` and `_`, as in "my-app""#),
            ("größe", r#""größe" holds 'ö'; use lower-case letters a to z, digits, `-` and `_`, as in "gre""#),
            ("2fast", r#""2fast" begins with '2'; begin with a letter, as in "app-2fast""#),
            ("-x", r#""-x" begins with '-'; begin with a letter, as in "app-x""#),
            (
                "a--b",
                r#""a--b" has two separators side by side or one at its end, which image registries refuse; use single ones between words"#,
            ),
            ("fn", r#""fn" is a keyword of Rust; try `fn-app`"#),
            ("proc-macro", r#""proc-macro" is a crate that comes with Rust; try `proc-macro-app`"#),
            ("test", r#""test" is a crate that comes with Rust; try `test-app`"#),
            ("build", r#""build" is a folder of cargo's own; try `build-app`"#),
            ("com1", r#""com1" is a device on Windows; try `com1-app`"#),
            ("kernel", r#""kernel" is used inside the generated project; try `kernel-app`"#),
            ("test_kit", r#""test_kit" is used inside the generated project; try `test_kit-app`"#),
        ] {
            assert_eq!(message(name), expected, "{name}");
        }
        assert_eq!(message(&"x".repeat(49)), format!("{:?} has 49 bytes; use at most 48", "x".repeat(49)));
    }
}
