//! Who the user is, as cargo-generate's own program knows it from git. The library was built without git and looks at
//! variables alone.

use std::env;

use crate::process;

/// The variables that name the user in the other process.
pub(super) fn variables() -> Vec<(&'static str, String)> {
    let is_set = |names: &[&str]| names.iter().any(|name| env::var(name).is_ok());
    let mut variables = Vec::new();
    if !is_set(&["CARGO_NAME", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"]) {
        let fallback = || (!is_set(&["USER", "USERNAME", "NAME"])).then(login);
        variables.extend(git(&["config", "user.name"]).or_else(fallback).map(|name| ("CARGO_NAME", name)));
    }
    if !is_set(&["CARGO_EMAIL", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"]) {
        variables.extend(git(&["config", "user.email"]).map(|email| ("CARGO_EMAIL", email)));
    }
    variables
}

/// The name that git knows somebody by who has not told it theirs: that of the account.
fn login() -> String {
    let identity =
        git(&["-c", "user.useConfigOnly=false", "-c", "user.email=nobody@localhost", "var", "GIT_AUTHOR_IDENT"]);
    let name = identity.and_then(|identity| Some(identity.split_once(" <")?.0.to_owned()));
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// What git prints in the current folder, if it succeeds.
fn git(arguments: &[&str]) -> Option<String> {
    let output = process::command("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}
