//! What somebody may have meant who typed a command that there is not.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::template::similar;

/// Adds what may have been meant to clap's error about an unknown command. Clap compares the names of one level, and not for
/// swapped letters: `neoforge nwe` and `neoforge add docker` get nothing from it.
#[must_use]
pub fn with_suggestion(mut error: clap::Error, typed: impl Iterator<Item = String>) -> clap::Error {
    if error.kind() == ErrorKind::InvalidSubcommand
        && error.get(ContextKind::SuggestedSubcommand).is_none()
        && let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand)
        && let Some(meant) = meant(wrong, typed)
    {
        let tip = format!("did you mean `{meant}`?").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

fn meant(wrong: &str, typed: impl Iterator<Item = String>) -> Option<String> {
    let root = Cli::command();
    let (mut command, mut words) = (&root, vec![root.get_name()]);
    for word in typed.take_while(|word| word != wrong) {
        if let Some(next) = command.find_subcommand(&word) {
            command = next;
            words.push(next.get_name());
        }
    }
    match similar(wrong, command.get_subcommands().map(clap::Command::get_name)) {
        Some(name) => Some(format!("{} {name}", words.join(" "))),
        None if command.find_subcommand("feature").is_some() => Some(format!("{} feature {wrong}", words.join(" "))),
        None => None,
    }
}
