//! From what was typed to complete answers.
//!
//! ```text
//! Given --name--> --features, groups--> Selection --questions, in order--> Answers
//!                    \________ asks where nothing was given ________/
//! ```
//!
//! Pure but for the [`Ask`] that it is handed: a terminal, a script in tests, or [`Defaults`].

mod ask;
mod features;
mod questions;

use std::collections::{BTreeMap, BTreeSet};

use self::features::{check_without, pulled_in, wanted_features};
use self::questions::answer_questions;
use crate::answers::name::{self, NameError};
use crate::answers::question::AnswerError;
use crate::answers::{Answers, Value};
use crate::render::select::{self, SelectError};
use crate::template::manifest::Question;
use crate::template::problem::Problems;
use crate::template::{Feature, Template, did_you_mean, similar};

pub use self::ask::{Ask, AskError, Defaults, Prompt};
pub use self::features::{default_preset, preset_features, sections};

/// What the command line and a file of answers say. Everything else is asked.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The project's name.
    pub name: Option<String>,
    /// A preset's name.
    pub preset: Option<String>,
    /// A whole set of features, instead of a preset.
    pub features: Option<BTreeSet<String>>,
    /// Features to add to the set.
    pub with: Vec<String>,
    /// Features to take out of the set.
    pub without: Vec<String>,
    /// Answers as they were typed, by key; a group's name is a key too.
    pub set: BTreeMap<String, String>,
    /// Answers of a file; those that the chosen features do not ask for are passed over.
    pub answers: BTreeMap<String, Value>,
}

impl Given {
    /// What makes the same project once more.
    #[must_use]
    pub fn again(answers: &Answers) -> Self {
        Self {
            name: Some(answers.name.clone()),
            features: Some(answers.features.clone()),
            answers: answers.values.clone(),
            ..Self::default()
        }
    }
}

/// Answers, and how they came about.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The complete answers.
    pub answers: Answers,
    /// All features: those that were chosen, and those that they require.
    pub all: BTreeSet<String>,
    /// Features that were chosen because others require them, each with one that does.
    pub pulled_in: Vec<(String, String)>,
}

/// Why there are no answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum GatherError {
    #[error("no name was given; write it after the command, as in `neoforge new my-app`")]
    NoName,
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("there is no preset `{name}`{} `neoforge list presets` shows them all", did_you_mean(.similar.as_ref()))]
    UnknownPreset { name: String, similar: Option<String> },
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error("`{name}` is both to be added and to be left out; say one of them")]
    InAndOut { name: String },
    #[error("`{name}` is required by `{by}`; leave out both, or none")]
    StillRequired { name: String, by: String },
    #[error("`{name}` is the default {group}; choose another one with `--set {group}=…`: {}", .members.join(", "))]
    StillDefault { name: String, group: String, members: Vec<String> },
    #[error("there is no question `{key}`{} `neoforge list questions` shows them all", did_you_mean(.similar.as_ref()))]
    UnknownKey { key: String, similar: Option<String> },
    #[error("`{key}` belongs to the feature `{feature}`, which is not chosen; add `--with {feature}`, or leave it out")]
    NotChosen { key: String, feature: String },
    #[error("`{key}` is asked only when {when}, which is not so here; leave it out")]
    NotAsked { key: String, when: String },
    #[error("`{0}` is no pair; write `--set key=value`")]
    NotAPair(String),
    #[error("`{value}` does not answer `{key}`: {reason}")]
    BadAnswer { key: String, value: String, reason: AnswerError },
    #[error(transparent)]
    Template(#[from] Problems),
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Completes what was given.
///
/// # Errors
/// Where something that was given is not known or not valid, where features do not go together, or where the person who
/// is asked cancels.
pub fn gather(template: &Template, given: &Given, ask: &mut dyn Ask) -> Result<Gathered, GatherError> {
    check_keys(template, given)?;
    let name = project_name(template, given, ask)?;
    let wanted = wanted_features(template, given, ask)?;
    let selection = select::complete(template, &wanted)?;
    check_without(template, given, &selection.names)?;
    let values = answer_questions(template, &selection, &name, given, ask)?;
    let pulled_in = pulled_in(&wanted, &selection);
    let all = selection.names;
    let features = all.iter().filter(|name| wanted.contains(*name) || template.is_member(name)).cloned().collect();
    Ok(Gathered { answers: Answers { name, features, values }, all, pulled_in })
}

/// Every key that was typed exists; whether its feature is chosen shows later.
fn check_keys(template: &Template, given: &Given) -> Result<(), GatherError> {
    let groups = template.manifest.group.iter().map(|group| group.name.get_ref().as_str());
    let questions = questions_of_template(template).map(|(question, _)| question.key.get_ref().as_str());
    let known: Vec<&str> = groups.chain(questions).collect();
    match given.set.keys().chain(given.answers.keys()).find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let similar = similar(key, known);
            Err(GatherError::UnknownKey { key: key.clone(), similar })
        }
    }
}

/// All questions that a template can ask, each with its feature; `None` for those about every project.
pub fn questions_of_template(template: &Template) -> impl Iterator<Item = (&Question, Option<&Feature>)> {
    let own = template.manifest.question.iter().map(|question| (question, None));
    let features = template.features.values();
    own.chain(
        features.flat_map(|feature| feature.manifest.question.iter().map(move |question| (question, Some(feature)))),
    )
}

fn project_name(template: &Template, given: &Given, ask: &mut dyn Ask) -> Result<String, GatherError> {
    let reserved = &template.manifest.reserved_names;
    if let Some(name) = &given.name {
        name::check(name, reserved)?;
        return Ok(name.clone());
    }
    let check = |value: &Value| name::check(&value.to_string(), reserved).map_err(|error| error.to_string());
    match ask.ask(&Prompt::for_name(&check)) {
        Ok(name) => Ok(name.to_string()),
        Err(AskError::NoDefault(_)) => Err(GatherError::NoName),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
