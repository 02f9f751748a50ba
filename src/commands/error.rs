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
    /// What to do next, where the message does not say it.
    pub hint: Option<String>,
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        let mut said: Vec<String> = Vec::new();
        for part in error.chain().map(ToString::to_string) {
            if !said.iter().any(|before| before.contains(&part)) {
                said.push(part);
            }
        }
        let hint = match (error.downcast_ref::<Advice>(), error.downcast_ref()) {
            (Some(advice), _) => Some(advice.hint.clone()),
            (None, Some(GitError::Git { .. } | GitError::Io { .. } | GitError::Said { .. })) => {
                Some("fix that, or leave git out with --no-git".to_owned())
            }
            (None, _) => None,
        };
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

    use super::*;

    #[test]
    fn no_cause_is_told_twice() {
        let error = anyhow::anyhow!("no such file").context("failed to read x: no such file").context("failed");
        let told = CommandError::from(error);
        assert_eq!((told.message.as_str(), told.causes), ("failed", vec!["failed to read x: no such file".to_owned()]));
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
