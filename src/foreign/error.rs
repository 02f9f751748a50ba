//! Why a template of another tool is not rendered.

use std::io;
use std::path::{Path, PathBuf};

use crate::template::did_you_mean;

/// Why a template of another tool is not rendered.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ForeignError {
    #[error(
        "{template} is a template of cargo-generate, which this program was built without; install it with its default \
         features, as `cargo install` does, or with `--features cargo-generate-templates`"
    )]
    NotBuilt { template: String },
    #[error("{} is broken: {reason}", .path.display())]
    Config { path: PathBuf, reason: String },
    #[error("{} names the sub-template {name:?}, which is not there", .config.display())]
    NoSubTemplate { config: PathBuf, name: String },
    #[error("{} names no sub-template that is a template itself", .config.display())]
    EndlessSubTemplates { config: PathBuf },
    #[error(
        "the template has no placeholder `{key}`{} it has {}", did_you_mean(.similar.as_ref()),
        if .known.is_empty() { "none".to_owned() } else { .known.join(", ") }
    )]
    UnknownKey { key: String, similar: Option<String>, known: Vec<String> },
    /// What cargo-generate says, in our words.
    #[error("{0}")]
    Refused(String),
    #[error("the template was not rendered, for the reason above{hint}")]
    Told { hint: &'static str },
    #[error("interrupted; nothing was left behind")]
    Interrupted,
    #[error("failed to {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl ForeignError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// Whether it is about what was typed.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownKey { .. })
    }
}
