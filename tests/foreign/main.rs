//! Templates of other tools. `scripts/check-conformance` renders those in `templates` with cargo-generate itself, too.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "cargo-generate-templates")]
mod changes;
#[cfg(feature = "cargo-generate-templates")]
mod errors;
#[cfg(feature = "cargo-generate-templates")]
mod interruptions;
#[cfg(feature = "cargo-generate-templates")]
mod renders;
mod tools;

use std::path::Path;

use support::{Ran, Sandbox};

/// A template in `templates`.
fn template(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/templates").join(name).display().to_string()
}

/// Makes a project of a template with these words behind its name.
fn new(sandbox: &Sandbox, name: &str, words: &str) -> Ran {
    run(sandbox, &format!("new my-app --yes --template {} {words}", template(name)))
}

/// Runs the program with the formatter of the machine, which rustup looks for in a home.
fn run(sandbox: &Sandbox, line: &str) -> Ran {
    let mut command = sandbox.neoforge(line.split_whitespace());
    if let (None, Some(home)) = (std::env::var_os("RUSTUP_HOME"), std::env::home_dir()) {
        command.env("RUSTUP_HOME", home.join(".rustup"));
    }
    sandbox.finish(&mut command)
}

/// All files of a folder and what they hold, but for its repository.
#[cfg(feature = "cargo-generate-templates")]
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let entries = entries.filter_entry(|entry| entry.file_name() != ".git").map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(folder).expect("inside").display().to_string();
            (path, std::fs::read_to_string(entry.path()).expect("a text"))
        })
        .collect()
}
