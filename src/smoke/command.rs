//! From the words of a manifest to a command that can be started.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::Reason;
use crate::process;

/// What `cargo run` and rustup tell a program about its own build. The project's cargo must not take it for its own: it
/// would build with our toolchain instead of the project's.
const OF_OUR_BUILD: [&str; 10] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
];

/// The values of `{port}` and `{scratch}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) scratch: &'a Path,
    pub(super) port: Option<u16>,
}

impl Values<'_> {
    pub(super) fn fill(&self, text: &str) -> String {
        let text = text.replace("{scratch}", &self.scratch.to_string_lossy());
        match self.port {
            Some(port) => text.replace("{port}", &port.to_string()),
            None => text,
        }
    }

    pub(super) fn fill_all(&self, texts: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        texts.iter().map(|(key, text)| (key.clone(), self.fill(text))).collect()
    }
}

/// A command in the project's folder. A program with a `/` in it is looked for there and not on the PATH, unless `programs`
/// says which file it is.
pub(super) fn command(
    root: &Path,
    programs: &BTreeMap<String, PathBuf>,
    words: &[String],
    env: &BTreeMap<String, String>,
) -> Result<Command, Reason> {
    let (program, arguments) = words.split_first().ok_or(Reason::Empty)?;
    let mut command = match programs.get(program) {
        Some(path) => process::command(path),
        None if program.contains('/') => process::command(root.join(program)),
        None => process::command(program),
    };
    if env::var_os("CARGO_MANIFEST_DIR").is_some() {
        for key in OF_OUR_BUILD {
            command.env_remove(key);
        }
        for (key, _) in env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("CARGO_PKG_")) {
            command.env_remove(key);
        }
    }
    command.args(arguments).envs(env).current_dir(root);
    Ok(command)
}

/// The words as one would type them.
pub(super) fn title(words: &[String]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let plain = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./=:,@+%".contains(c));
            if plain { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
        })
        .collect();
    quoted.join(" ")
}

/// What to tell about a program that did not start.
pub(super) fn spawn_failure(words: &[String], error: &io::Error) -> Reason {
    let program = words.first().cloned().unwrap_or_default();
    if error.kind() != io::ErrorKind::NotFound {
        let cause = match error.kind() {
            io::ErrorKind::PermissionDenied => format!("{error}; make it executable with `chmod +x`"),
            _ => error.to_string(),
        };
        return Reason::Unstartable { program, cause };
    }
    let hint = match program.as_str() {
        "cargo" | "rustc" | "rustup" => "install Rust from https://rustup.rs".to_owned(),
        "just" => "install it with `cargo install just`".to_owned(),
        path if path.starts_with("target/") => "a step before this one must build it".to_owned(),
        path if path.contains('/') => "look whether the file and the interpreter in its first line exist".to_owned(),
        _ => "install it and see that it is on the PATH".to_owned(),
    };
    Reason::Missing { program, hint }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Values, command, spawn_failure, title};
    use crate::smoke::report::Reason;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn values_are_filled_in() {
        let values = Values { scratch: Path::new("/s"), port: Some(80) };
        assert_eq!(values.fill("sqlite://{scratch}/x.db?{port}{other}"), "sqlite:///s/x.db?80{other}");
        let values = Values { scratch: Path::new("/s"), port: None };
        assert_eq!(values.fill("{port}"), "{port}");
    }

    #[test]
    fn programs_are_looked_for_where_the_format_says() {
        let program = |text: &str| {
            let programs = [("target/debug/app".to_owned(), PathBuf::from("/t/debug/app"))].into();
            let built = command(Path::new("/p"), &programs, &words(text), &BTreeMap::new());
            PathBuf::from(built.expect("a command").get_program())
        };
        assert_eq!(program("cargo build"), Path::new("cargo"));
        assert_eq!(program("scripts/postgres --temporary"), Path::new("/p/scripts/postgres"));
        assert_eq!(program("target/debug/app serve"), Path::new("/t/debug/app"));
        assert_eq!(program("/bin/sh"), Path::new("/bin/sh"));
        assert!(matches!(command(Path::new("/p"), &BTreeMap::new(), &[], &BTreeMap::new()), Err(Reason::Empty)));
    }

    #[test]
    fn titles_can_be_pasted_into_a_shell() {
        assert_eq!(title(&words("cargo build --workspace")), "cargo build --workspace");
        assert_eq!(title(&["sh".into(), "-c".into(), "it's $X".into(), String::new()]), r"sh -c 'it'\''s $X' ''");
    }

    #[test]
    fn a_missing_program_says_what_to_install() {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        let say = |text: &str| spawn_failure(&words(text), &missing).to_string();
        assert_eq!(say("cargo build"), "`cargo` was not found; install Rust from https://rustup.rs");
        assert_eq!(say("target/debug/app"), "`target/debug/app` was not found; a step before this one must build it");
        assert_eq!(say("node"), "`node` was not found; install it and see that it is on the PATH");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(
            spawn_failure(&words("scripts/x"), &denied).to_string().ends_with("make it executable with `chmod +x`")
        );
    }
}
