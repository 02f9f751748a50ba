//! Why a command failed, as people are told it: the kind, which the exit code tells; what happened, and why; what to do next.

use std::fmt;

use super::Exit;
use crate::adopt::AdoptError;
use crate::foreign::ForeignError;
use crate::gather::{AskError, GatherError};
use crate::interrupt::Interrupted;
use crate::matrix::{ShardError, UnknownCombination};
use crate::plan::DraftError;
use crate::project::clone::FetchError;
use crate::project::git::GitError;
use crate::project::read::ReadError;
use crate::project::{SourceError, WorkspaceError, WriteError};
use crate::render::select::SelectError;
use crate::snapshot::SnapshotError;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It could not be done.
    Failed,
    /// Something was typed that is not there, or makes no sense.
    Usage,
    /// Somebody stopped the program.
    Interrupted,
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Failed => Self::Failed,
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Interrupted => Self::Interrupted,
        }
    }
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
    /// Why, the nearest cause first; none says what is said before.
    pub causes: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// How advice begins. An error says what is wrong and, behind a semicolon, what to do about it.
const ADVICE: [&str; 45] = [
    "add", "begin", "bring", "check", "choose", "commit", "compare", "copy", "create", "did", "docs", "empty", "end",
    "finish", "free", "give", "go", "if", "install", "keep", "leave", "list", "look", "make", "mark", "move", "name",
    "neoforge", "push", "put", "remove", "rename", "restore", "run", "save", "say", "see", "separate", "set",
    "shorten", "take", "try", "use", "wait", "write",
];

/// What is wrong, and what to do about it, where the text says both. That of many lines is a list of several mistakes.
pub(super) fn apart(text: &str) -> Option<(String, String)> {
    let is_advice = |rest: &str| {
        rest.starts_with('`') || ADVICE.contains(&rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default())
    };
    let mut parts = text.match_indices("; ").map(|(at, mark)| (&text[..at], &text[at + mark.len()..]));
    let (what, advice) = parts.find(|(_, rest)| is_advice(rest)).filter(|_| !text.contains('\n'))?;
    Some((what.to_owned(), advice.to_owned()))
}

/// The advice that is no part of the text: that of what failed, and that of what it was for.
fn hint(error: &anyhow::Error) -> Option<String> {
    let advice = error.downcast_ref().map(|advice: &Advice| advice.hint.clone());
    let hints: Vec<String> = hint_of_git(error).into_iter().chain(advice).collect();
    (!hints.is_empty()).then(|| hints.join("; "))
}

fn hint_of_git(error: &anyhow::Error) -> Option<String> {
    if let Some(GitError::Git { .. } | GitError::Io { .. } | GitError::Said { .. }) = error.downcast_ref() {
        return Some("fix that, or leave git out with --no-git".to_owned());
    }
    match error.downcast_ref()? {
        FetchError::Failed { url, .. } => {
            Some(format!("check the address, the network and your access; `git ls-remote {url}` tries the same"))
        }
        FetchError::Submodules { .. } => {
            Some("put their files into the template itself, or see that you may read them".to_owned())
        }
        _ => None,
    }
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        let mut said: Vec<String> = Vec::new();
        for part in error.chain().map(ToString::to_string) {
            if !said.iter().any(|before| before.contains(&part)) {
                said.push(part);
            }
        }
        let mut hint = hint(&error);
        if hint.is_none()
            && let Some((at, (what, advice))) = said.iter().enumerate().find_map(|(at, part)| Some((at, apart(part)?)))
        {
            said[at] = what;
            hint = Some(advice);
        }
        let causes = said.split_off(1);
        Self { kind: kind_of(&error), message: said.swap_remove(0), causes, hint }
    }
}

/// A message and what to do about it: an error of its own, or the context of another one.
#[derive(Debug)]
pub(super) struct Advice {
    kind: ErrorKind,
    message: String,
    hint: String,
}

impl Advice {
    /// About something that cannot be done.
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failed, message: message.into(), hint: hint.into() }
    }

    /// About what was typed.
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, ..Self::new(message, hint) }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Advice {}

/// What kind of failure an error is, in the words of each part of the program.
fn kind_of(error: &anyhow::Error) -> ErrorKind {
    if is_interruption(error) {
        return ErrorKind::Interrupted;
    }
    if let Some(advice) = error.downcast_ref::<Advice>() {
        return advice.kind;
    }
    let usage = error.is::<ShardError>()
        || error.is::<UnknownCombination>()
        || error.is::<SourceError>()
        || error.is::<SelectError>()
        || error.downcast_ref().is_some_and(ForeignError::is_usage)
        || matches!(error.downcast_ref(), Some(WorkspaceError::NoProject(_) | WorkspaceError::NoFolder(_)))
        || matches!(error.downcast_ref(), Some(ReadError::Missing { .. } | ReadError::NotAFolder { .. }))
        || matches!(error.downcast_ref(), Some(FetchError::UnknownRev { .. } | FetchError::NoFolder { .. }))
        || gather_error(error).is_some_and(|error| !matches!(error, GatherError::Template(_) | GatherError::Ask(_)));
    if usage { ErrorKind::Usage } else { ErrorKind::Failed }
}

/// What is wrong with what was typed or answered, wherever that came to light.
fn gather_error(error: &anyhow::Error) -> Option<&GatherError> {
    let adopt =
        || error.downcast_ref().and_then(|error| if let AdoptError::Gather(it) = error { Some(it) } else { None });
    let draft =
        || error.downcast_ref().and_then(|error| if let DraftError::Gather(it) = error { Some(it) } else { None });
    let snapshot =
        || error.downcast_ref().and_then(|error| if let SnapshotError::Gather(it) = error { Some(it) } else { None });
    error.downcast_ref().or_else(adopt).or_else(draft).or_else(snapshot)
}

/// Whether it says that somebody stopped the work, as each part of the program says it in its own words.
pub(super) fn is_interruption(error: &anyhow::Error) -> bool {
    error.is::<Interrupted>()
        || matches!(error.downcast_ref(), Some(AskError::Cancelled))
        || matches!(gather_error(error), Some(GatherError::Ask(AskError::Cancelled)))
        || matches!(error.downcast_ref(), Some(WriteError::Interrupted))
        || matches!(error.downcast_ref(), Some(ForeignError::Interrupted))
        || matches!(error.downcast_ref(), Some(FetchError::Interrupted))
        || matches!(error.downcast_ref(), Some(crate::smoke::Error::Interrupted(_)))
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use proc_macro2::{TokenStream, TokenTree};

    use super::*;

    #[test]
    fn no_cause_is_told_twice() {
        let error = anyhow::anyhow!("no such file").context("failed to read x: no such file").context("failed");
        let told = CommandError::from(error);
        assert_eq!((told.message.as_str(), told.causes), ("failed", vec!["failed to read x: no such file".to_owned()]));
    }

    #[test]
    fn advice_in_a_text_becomes_the_hint() {
        let told = |text: &str| {
            let told = CommandError::from(anyhow::anyhow!("{text}").context("failed"));
            (told.causes.concat(), told.hint)
        };
        assert_eq!(told("no name; give one; or two"), ("no name".to_owned(), Some("give one; or two".to_owned())));
        assert_eq!(told("no `x`; `list` shows all").1.as_deref(), Some("`list` shows all"));
        for whole in ["interrupted; nothing was left behind", "a; write b\nc; write d"] {
            assert_eq!(told(whole), (whole.to_owned(), None));
        }
    }

    #[test]
    fn what_git_said_stays_apart_from_the_advice() {
        let lines = vec!["  fatal: no".to_owned()];
        let failed = FetchError::Failed { url: "https://x".to_owned(), lines: lines.clone() };
        let told = CommandError::from(anyhow::Error::from(failed).context(Advice::new("failed", "or adopt it")));
        assert_eq!(
            told.hint.as_deref(),
            Some(
                "check the address, the network and your access; `git ls-remote https://x` tries the same; or adopt it"
            )
        );
        let told = CommandError::from(anyhow::Error::from(FetchError::Submodules { url: "u".to_owned(), lines }));
        assert_eq!(told.message, "git cannot fetch the submodules of u:\n  fatal: no");
        assert!(told.hint.is_some_and(|hint| hint.starts_with("put their files into the template itself")));
    }

    /// The literals of what `words` name: `bail!("…")`, `#[error("…")]`, `.context(format!("…"))`.
    fn literals(tokens: TokenStream, words: &[&str], is_inside: bool, found: &mut Vec<String>) {
        let (mut is_named, mut is_module_of_tests) = (false, false);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    is_named = words.iter().any(|word| name == word);
                    is_module_of_tests |= name == "tests";
                }
                TokenTree::Group(_) if is_module_of_tests => is_module_of_tests = false,
                TokenTree::Group(group) => literals(group.stream(), words, is_inside || is_named, found),
                TokenTree::Literal(literal) if is_inside => found.push(literal.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == '!' => {}
                TokenTree::Punct(_) | TokenTree::Literal(_) => is_named = false,
            }
        }
    }

    #[test]
    fn what_errors_say_behind_a_semicolon_is_advice_and_becomes_the_hint() {
        const WORDS: [&str; 7] = ["error", "bail", "anyhow", "context", "with_context", "new", "usage"];
        /// Texts that go on otherwise.
        const FACTS: [&str; 13] = [
            "; nothing was left behind",
            "; nothing was written",
            "; this takes {many}",
            "; a `.env` has one line for a value",
            "; it must end by itself",
            "; what can are templates of NeoForge",
            "; a later NeoForge may have more",
            "; a slot belongs into a file",
            "; its members are {}",
            "; this one lists its features",
            "; a module comes and goes with all of them",
            "; the variables here are {}",
            "; it lies between 100 and 599",
        ];
        let mut texts = Vec::new();
        for file in walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")) {
            let path = file.expect("src can be read").into_path();
            if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).expect("a text");
                literals(text.parse().expect("Rust"), &WORDS, false, &mut texts);
            }
        }
        // A text may go on in the next line.
        let in_one_line = |text: &String| text.split("\\\n").map(str::trim_start).collect::<String>();
        let mut texts: Vec<String> = texts.iter().map(in_one_line).collect();
        texts.retain(|text| text.contains("; "));
        assert!(texts.len() > 100, "{} texts are not all", texts.len());
        // A placeholder is filled with advice.
        let is_told =
            |text: &str| apart(text).is_some() || text.contains("; {") || FACTS.iter().any(|it| text.contains(it));
        let silent: Vec<_> = texts.iter().filter(|text| !is_told(text)).collect();
        assert!(silent.is_empty(), "no advice, or none that is recognised: {silent:#?}");
    }

    #[test]
    fn advice_is_an_error_or_the_context_of_one() {
        let alone = CommandError::from(anyhow::Error::from(Advice::usage("no `x`", "see `list`")));
        assert_eq!((alone.kind, alone.hint.as_deref()), (ErrorKind::Usage, Some("see `list`")));
        let around =
            Err::<(), _>(std::io::Error::other("full")).context(Advice::new("failed to write x", "free some space"));
        let told = CommandError::from(around.expect_err("an error").context("failed to save"));
        assert_eq!((told.kind, told.message.as_str()), (ErrorKind::Failed, "failed to save"));
        assert_eq!(told.causes, ["failed to write x", "full"]);
        assert_eq!(told.hint.as_deref(), Some("free some space"));
    }
}
