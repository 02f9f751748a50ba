//! Rendering: pure, deterministic, and strict.
//!
//! ```text
//! Template + Record --select--> Selection --compose--> FileTree
//!                                             |
//!                                  text (the only user of liquid)
//! ```
//!
//! No clock, no randomness, no environment, no I/O: the same template and answers give the same bytes everywhere.

mod compose;
mod filters;
mod listing;
pub mod select;
mod shorten;
pub mod text;
pub(crate) mod variables;

use crate::answers::record::Record;
use crate::template::Template;
use crate::template::problem::{Problem, Problems};
use crate::tree::FileTree;

pub use self::listing::{EnvEntry, EnvValue};

/// Why a template does not render.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The features do not go together.
    #[error(transparent)]
    Select(#[from] select::SelectError),
    /// A question of the template has no answer.
    #[error("the answers lack `{key}`; give it with `--set {key}=…`")]
    Unanswered {
        /// The key of the question.
        key: String,
    },
    /// Something is wrong with the template.
    #[error(transparent)]
    Template(#[from] Problems),
}

impl From<Problem> for RenderError {
    fn from(problem: Problem) -> Self {
        Self::Template(problem.into())
    }
}

/// The project that a template makes of a record: the pristine tree, with the record in it.
///
/// # Errors
/// Where the features do not go together, an answer is missing, or the template is wrong. All problems of the template
/// that keep these features from rendering are named at once.
pub fn render(template: &Template, record: &Record) -> Result<FileTree, RenderError> {
    let selection = select::complete(template, &record.answers.features)?;
    let variables = variables::of(template, &selection, &record.answers)?;
    compose::compose(template, &selection, &variables, record)
}

/// The environment variables of a project, in the order in which they are listed.
///
/// # Errors
/// As [`render`].
pub fn environment(template: &Template, record: &Record) -> Result<Vec<EnvEntry>, RenderError> {
    let selection = select::complete(template, &record.answers.features)?;
    let variables = variables::of(template, &selection, &record.answers)?;
    let mut problems = Vec::new();
    let entries = listing::environment(&selection, &variables, &text::Liquid::new(), &mut problems);
    Problems::none_or(problems)?;
    Ok(entries)
}

/// The commands that a newcomer types first, in the project's folder.
///
/// # Errors
/// As [`render`].
pub fn next_commands(template: &Template, record: &Record) -> Result<Vec<String>, RenderError> {
    let selection = select::complete(template, &record.answers.features)?;
    let variables = variables::of(template, &selection, &record.answers)?;
    let liquid = text::Liquid::new();
    let render = |command: &toml::Spanned<String>| {
        liquid
            .render(command.get_ref(), &variables)
            .map_err(|error| template.problem(command.span(), error.kind).into())
    };
    template.manifest.next.iter().map(render).collect()
}
