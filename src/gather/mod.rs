//! From what was typed to complete answers.
//!
//! ```text
//! Given --name--> --features, groups--> Selection --questions, in order--> Answers
//!                    \________ asks where nothing was given ________/
//! ```
//!
//! Pure but for the [`Ask`] that it is handed: a terminal, a script in tests, or [`Defaults`].

mod ask;

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::name::{self, NameError};
use crate::answers::question::{self, AnswerError};
use crate::answers::{Answers, Value};
use crate::render::select::{self, SelectError, Selection};
use crate::render::text::{Liquid, Variables};
use crate::render::variables;
use crate::template::manifest::{Kind, Preset, Question};
use crate::template::problem::Problems;
use crate::template::{Feature, Template, did_you_mean, similar};

pub use self::ask::{Ask, AskError, Defaults, Prompt};

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

/// Answers, and how they came about.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The complete answers.
    pub answers: Answers,
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
    #[error("{0}")]
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
    let features = select::closure(template, &wanted)?;
    check_without(template, given, &features)?;
    let selection = select::exactly(template, &features)?;
    let values = answer_questions(template, &selection, &name, given, ask)?;
    let pulled_in = pulled_in(&wanted, &selection);
    Ok(Gathered { answers: Answers { name, features, values }, pulled_in })
}

/// Every key that was typed exists; whether its feature is chosen shows later.
fn check_keys(template: &Template, given: &Given) -> Result<(), GatherError> {
    let groups = template.manifest.group.iter().map(|group| group.name.get_ref().as_str());
    let questions = questions_of_template(template).map(|(question, _)| question.key.get_ref().as_str());
    let known: Vec<&str> = groups.chain(questions).collect();
    match given.set.keys().find(|key| !known.contains(&key.as_str())) {
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
    let prompt = Prompt {
        key: "name",
        text: "What is the project called?",
        kind: Kind::String,
        choices: vec![],
        default: None,
        check: &check,
    };
    match ask.ask(&prompt) {
        Ok(name) => Ok(name.to_string()),
        Err(AskError::NoDefault(_)) => Err(GatherError::NoName),
        Err(error) => Err(error.into()),
    }
}

/// The features that were asked for, without what they require.
fn wanted_features(template: &Template, given: &Given, ask: &mut dyn Ask) -> Result<BTreeSet<String>, GatherError> {
    for name in given.with.iter().chain(&given.without).chain(given.features.iter().flatten()) {
        if !template.features.contains_key(name) {
            let similar = similar(name, template.features.keys().map(String::as_str));
            return Err(SelectError::Unknown { name: name.clone(), similar }.into());
        }
    }
    let said =
        given.preset.is_some() || given.features.is_some() || !given.with.is_empty() || !given.without.is_empty();
    let mut wanted = match (&given.preset, &given.features) {
        (Some(name), _) => preset_features(template, find_preset(template, name)?),
        (None, Some(features)) => features.clone(),
        (None, None) if said => {
            default_preset(template).map_or_else(BTreeSet::new, |preset| preset_features(template, preset))
        }
        (None, None) => ask_features(template, ask)?,
    };
    for name in &given.with {
        replace_member(template, &mut wanted, name);
    }
    wanted.retain(|name| !given.without.contains(name));
    for group in &template.manifest.group {
        let name = group.name.get_ref();
        let members: Vec<&str> = template.members(name).map(|member| member.name.as_str()).collect();
        if let Some(member) = given.set.get(name) {
            if !members.contains(&member.as_str()) {
                let choices = members.iter().map(|member| (*member).to_owned()).collect();
                let reason = AnswerError::NotAChoice { value: member.clone(), many: "one of", choices };
                return Err(GatherError::BadAnswer { key: name.clone(), value: member.clone(), reason });
            }
            replace_member(template, &mut wanted, member);
        } else if !members.iter().any(|member| wanted.contains(*member))
            && required_member(template, &wanted, name).is_none()
        {
            let choices = template
                .members(name)
                .map(|member| (member.name.clone(), format!("{}: {}", member.manifest.title, member.manifest.about)))
                .collect();
            let default = Some(Value::Text(group.default.get_ref().clone()));
            let prompt =
                Prompt { key: name, text: &group.prompt, kind: Kind::Choice, choices, default, check: &|_| Ok(()) };
            let member = ask.ask(&prompt)?.to_string();
            if !given.without.contains(&member) {
                wanted.insert(member);
            }
        }
    }
    Ok(wanted)
}

/// The member of `group` that something wanted requires.
fn required_member(template: &Template, wanted: &BTreeSet<String>, group: &str) -> Option<String> {
    let mut open: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(feature) = template.features.get(name).filter(|_| seen.insert(name)) else { continue };
        if feature.group() == Some(group) {
            return Some(name.to_owned());
        }
        open.extend(feature.requires());
    }
    None
}

/// Adds a feature; a member of a group takes the place of the other members.
fn replace_member(template: &Template, wanted: &mut BTreeSet<String>, name: &str) {
    if let Some(group) = template.features.get(name).and_then(Feature::group) {
        for member in template.members(group) {
            wanted.remove(&member.name);
        }
    }
    wanted.insert(name.to_owned());
}

fn find_preset<'a>(template: &'a Template, name: &str) -> Result<&'a Preset, GatherError> {
    let presets = &template.manifest.preset;
    presets.iter().find(|preset| preset.name.get_ref() == name).ok_or_else(|| GatherError::UnknownPreset {
        name: name.to_owned(),
        similar: similar(name, presets.iter().map(|preset| preset.name.get_ref().as_str())),
    })
}

/// The preset that is taken where nobody says otherwise.
#[must_use]
pub fn default_preset(template: &Template) -> Option<&Preset> {
    template.manifest.preset.iter().find(|preset| preset.default)
}

/// The features of a preset, without what they require and without the defaults of groups.
#[must_use]
pub fn preset_features(template: &Template, preset: &Preset) -> BTreeSet<String> {
    if preset.all {
        return template
            .features
            .values()
            .filter(|feature| feature.group().is_none())
            .map(|feature| feature.name.clone())
            .collect();
    }
    preset.features.iter().map(|name| name.get_ref().clone()).collect()
}

/// Asks for a preset, or for the features one by one.
fn ask_features(template: &Template, ask: &mut dyn Ask) -> Result<BTreeSet<String>, GatherError> {
    const CUSTOM: &str = "custom";
    let mut choices: Vec<(String, String)> = template
        .manifest
        .preset
        .iter()
        .map(|preset| (preset.name.get_ref().clone(), format!("{}: {}", preset.name.get_ref(), preset.about)))
        .collect();
    let Some(default) = default_preset(template) else { return Ok(BTreeSet::new()) };
    let optional: Vec<&Feature> = template.features.values().filter(|feature| feature.group().is_none()).collect();
    if optional.is_empty() {
        return Ok(preset_features(template, default));
    }
    choices.push((CUSTOM.to_owned(), format!("{CUSTOM}: choose the features one by one")));
    let prompt = Prompt {
        key: "preset",
        text: "Which set of features?",
        kind: Kind::Choice,
        choices,
        default: Some(Value::Text(default.name.get_ref().clone())),
        check: &|_| Ok(()),
    };
    let preset = ask.ask(&prompt)?.to_string();
    if preset != CUSTOM {
        return Ok(preset_features(template, find_preset(template, &preset)?));
    }
    let chosen = preset_features(template, default)
        .into_iter()
        .filter(|name| optional.iter().any(|feature| &feature.name == name))
        .collect();
    let prompt = Prompt {
        key: "features",
        text: "Which features?",
        kind: Kind::Choices,
        choices: optional
            .iter()
            .map(|feature| (feature.name.clone(), format!("{}: {}", feature.name, feature.manifest.about)))
            .collect(),
        default: Some(Value::List(chosen)),
        check: &|value| match value {
            Value::List(names) => {
                select::closure(template, &names.iter().cloned().collect()).map(drop).map_err(|error| error.to_string())
            }
            _ => Ok(()),
        },
    };
    match ask.ask(&prompt)? {
        Value::List(names) => Ok(names.into_iter().collect()),
        other => Ok([other.to_string()].into()),
    }
}

/// Nothing that was to be left out came back.
fn check_without(template: &Template, given: &Given, features: &BTreeSet<String>) -> Result<(), GatherError> {
    let Some(name) = given.without.iter().find(|name| features.contains(*name)) else { return Ok(()) };
    let requires = |feature: &&String| {
        template.features.get(*feature).is_some_and(|feature| feature.requires().any(|required| required == name))
    };
    if let Some(by) = features.iter().find(requires) {
        return Err(GatherError::StillRequired { name: name.clone(), by: by.clone() });
    }
    let group = template.features.get(name).and_then(Feature::group).unwrap_or_default();
    let members = template.members(group).map(|member| member.name.clone()).filter(|member| member != name).collect();
    Err(GatherError::StillDefault { name: name.clone(), group: group.to_owned(), members })
}

/// The features that nobody asked for, each with one that requires it; the defaults of groups are not among them.
fn pulled_in(wanted: &BTreeSet<String>, selection: &Selection<'_>) -> Vec<(String, String)> {
    let by = |name: &str| selection.features().find(|feature| feature.requires().any(|required| required == name));
    let extra = selection.names.iter().filter(|name| !wanted.contains(*name));
    extra.filter_map(|name| Some((name.clone(), by(name)?.name.clone()))).collect()
}

fn answer_questions(
    template: &Template,
    selection: &Selection<'_>,
    name: &str,
    given: &Given,
    ask: &mut dyn Ask,
) -> Result<BTreeMap<String, Value>, GatherError> {
    let liquid = Liquid::new();
    let mut variables = variables::of_selection(template, selection, name);
    let mut values = BTreeMap::new();
    let asked = |key: &str| {
        selection
            .features()
            .any(|feature| feature.manifest.question.iter().any(|question| question.key.get_ref() == key))
    };
    for (question, feature) in questions_of_template(template) {
        if let (Some(feature), false) = (feature, asked(question.key.get_ref()))
            && given.set.contains_key(question.key.get_ref())
        {
            return Err(GatherError::NotChosen { key: question.key.get_ref().clone(), feature: feature.name.clone() });
        }
    }
    let own = template.manifest.question.iter().map(|question| (question, None));
    let features = selection.features();
    for (question, feature) in own.chain(
        features.flat_map(|feature| feature.manifest.question.iter().map(move |question| (question, Some(feature)))),
    ) {
        let site = Site { template, feature };
        let value = answer(question, &site, &liquid, &variables, given, ask)?;
        variables.set(question.key.get_ref(), &value);
        values.insert(question.key.get_ref().clone(), value);
    }
    Ok(values)
}

/// Where a question stands, to name the line of what is wrong with it.
struct Site<'a> {
    template: &'a Template,
    feature: Option<&'a Feature>,
}

impl Site<'_> {
    fn problem(&self, span: std::ops::Range<usize>, kind: crate::template::problem::ProblemKind) -> GatherError {
        let problem = match self.feature {
            None => self.template.problem(span, kind),
            Some(feature) => feature.problem(span, kind),
        };
        GatherError::Template(problem.into())
    }
}

fn answer(
    question: &Question,
    site: &Site<'_>,
    liquid: &Liquid,
    variables: &Variables,
    given: &Given,
    ask: &mut dyn Ask,
) -> Result<Value, GatherError> {
    let key = question.key.get_ref();
    let applies = match &question.when {
        None => true,
        Some(when) => {
            liquid.condition(when.get_ref(), variables).map_err(|error| site.problem(when.span(), error.kind))?
        }
    };
    let default = default_of(question, site, liquid, variables)?;
    if let (false, Some(when)) = (applies, &question.when) {
        if given.set.contains_key(key) {
            return Err(GatherError::NotAsked { key: key.clone(), when: when.get_ref().clone() });
        }
        return Ok(default);
    }
    if let Some(typed) = given.set.get(key) {
        let bad = |reason| GatherError::BadAnswer { key: key.clone(), value: typed.clone(), reason };
        return question::parse(question, typed).map_err(bad);
    }
    if let Some(value) = given.answers.get(key) {
        let bad = |reason| GatherError::BadAnswer { key: key.clone(), value: value.to_string(), reason };
        return question::check(question, value).map_err(bad).map(|()| value.clone());
    }
    let choices = question
        .choices
        .iter()
        .map(|choice| (choice.value.clone(), choice.title.clone().unwrap_or_else(|| choice.value.clone())))
        .collect();
    let check = |value: &Value| question::check(question, value).map_err(|error| error.to_string());
    let prompt =
        Prompt { key, text: &question.prompt, kind: question.kind, choices, default: Some(default), check: &check };
    Ok(ask.ask(&prompt)?)
}

/// The default of a question, rendered.
fn default_of(
    question: &Question,
    site: &Site<'_>,
    liquid: &Liquid,
    variables: &Variables,
) -> Result<Value, GatherError> {
    use crate::template::problem::ProblemKind;
    let span = question.default.span();
    let bad = |reason: String| site.problem(span.clone(), ProblemKind::BadDefault { reason });
    let value = match Value::from_toml(question.default.get_ref()) {
        None => return Err(bad("this takes a text, a bool, an integer or a list of texts".to_owned())),
        Some(Value::Text(text)) => {
            Value::Text(liquid.render(&text, variables).map_err(|error| site.problem(span.clone(), error.kind))?)
        }
        Some(value) => value,
    };
    question::check(question, &value).map_err(|error| bad(error.to_string()))?;
    Ok(value)
}
