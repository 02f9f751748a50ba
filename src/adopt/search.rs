//! The search for the guess that fits best: change one thing, render, keep it when more lines are found.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evidence::{Evidence, Found};
use super::texts::{self, NAME};
use super::{AdoptError, Candidate, Known};
use crate::answers::record::{self, Record};
use crate::answers::{Answers, Value, name, question};
use crate::gather::{self, Defaults, GatherError, Given, questions_of_template};
use crate::render::render;
use crate::template::Feature;
use crate::template::manifest::{Kind, Question};
use crate::tree::{FileTree, TreePath};

/// The name of a project whose files and folder do not tell it.
const NAMELESS: &str = "app";

/// How often everything is tried again after something was found.
const ROUNDS: usize = 8;

/// Up to so many combinations of groups and options are tried with each other; with more of them, each by itself.
const COMBINED: usize = 16;

/// What is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) name: String,
    /// All features, those that others require among them.
    pub(super) features: BTreeSet<String>,
    /// The answers that are not the defaults.
    pub(super) values: BTreeMap<String, Value>,
}

/// A guess, and what comes of it.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    pub(super) state: State,
    pub(super) answers: Answers,
    /// What the template makes of it, without the record.
    pub(super) tree: FileTree,
    /// How much of that the project has.
    pub(super) lines: Found,
}

/// A candidate beside a project.
pub(super) struct Search<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) evidence: Evidence<'a>,
    pub(super) known: &'a Known,
    /// The features that are known to be there, with all that they require.
    needed: BTreeSet<String>,
    /// The answers that are known.
    fixed: BTreeMap<String, Value>,
    name: String,
    /// What was tried before: it can never be better than what is best since then.
    tried: HashSet<State>,
}

impl<'a> Search<'a> {
    /// # Errors
    /// [`AdoptError`], where what is known cannot be.
    pub(super) fn new(
        candidate: &'a Candidate,
        evidence: Evidence<'a>,
        folder: &str,
        known: &'a Known,
    ) -> Result<Self, AdoptError> {
        let template = &candidate.template;
        let mut set = known.set.clone();
        let folder = name::check(folder, &template.manifest.reserved_names).map_or(NAMELESS, |()| folder);
        let name = set.remove(NAME).unwrap_or_else(|| folder.to_owned());
        let mut fixed = BTreeMap::new();
        for (question, _) in questions_of_template(template) {
            let key = question.key.get_ref();
            if let Some(typed) = set.get(key) {
                let bad = |reason| GatherError::BadAnswer { key: key.clone(), value: typed.clone(), reason };
                fixed.insert(key.clone(), question::parse(question, typed).map_err(bad)?);
            }
        }
        let mut given = Given {
            name: Some(name.clone()),
            features: Some(known.with.clone()),
            without: known.without.iter().cloned().collect(),
            set,
            ..Given::default()
        };
        let mut gathered = gather::gather(template, &given, &mut Defaults);
        // Whether a question is asked depends on what is still to be found.
        if let Err(GatherError::NotAsked { .. } | GatherError::NotChosen { .. }) = gathered {
            given.set.retain(|key, _| !fixed.contains_key(key));
            gathered = gather::gather(template, &given, &mut Defaults);
        }
        // The default of a group is there because nothing else is known.
        let open = |name: &String| {
            let group = template.features.get(name).and_then(Feature::group);
            group.is_none_or(|group| known.set.contains_key(group) || known.with.contains(name))
        };
        let needed = gathered?.all.into_iter().filter(open).collect();
        Ok(Self { candidate, evidence, known, needed, fixed, name, tried: HashSet::new() })
    }

    /// The guess that fits best; `start` is one that fitted another version.
    pub(super) fn run(&mut self, start: Option<&State>) -> Result<Guess, AdoptError> {
        let blank = State { name: self.name.clone(), features: self.needed.clone(), values: self.fixed.clone() };
        let mut best = self.made(&blank)?;
        if let Some(started) = start.and_then(|start| self.made(&self.carried(start)).ok()) {
            best = better(best, started);
        }
        best = self.texts(best);
        let whole = self.whole(&best);
        self.evidence.follow_moves(&whole);
        self.tried.clear();
        best = self.made(&best.state)?;
        best = self.combinations(best);
        for _ in 0..ROUNDS {
            let before = best.lines.fit();
            best = self.texts(best);
            best = self.features(best);
            best = self.choices(best);
            if best.lines.fit() == before {
                break;
            }
        }
        Ok(best)
    }

    /// How well a guess for another version fits this one.
    pub(super) fn fit_of(&mut self, state: &State) -> i64 {
        self.made(&self.carried(state)).map_or(i64::MIN, |guess| guess.lines.fit())
    }

    /// What this version knows of a guess for another one.
    fn carried(&self, state: &State) -> State {
        let template = &self.candidate.template;
        let mut state = state.clone();
        state.features.retain(|name| template.features.contains_key(name));
        let known: Vec<&str> =
            questions_of_template(template).map(|(question, _)| question.key.get_ref().as_str()).collect();
        state.values.retain(|key, _| known.contains(&key.as_str()));
        state
    }

    /// Renders a guess, and looks for its lines.
    pub(super) fn made(&mut self, state: &State) -> Result<Guess, AdoptError> {
        let template = &self.candidate.template;
        let given = Given {
            name: Some(state.name.clone()),
            features: Some(state.features.clone()),
            without: self.known.without.iter().cloned().collect(),
            answers: state.values.clone(),
            ..Given::default()
        };
        let gathered = gather::gather(template, &given, &mut Defaults)?;
        let tree = render(template, &self.record(gathered.answers.clone()))?;
        let tree = without_record(&tree);
        let lines = self.evidence.of(&tree);
        let state = State { features: gathered.all, ..state.clone() };
        Ok(Guess { state, answers: gathered.answers, tree, lines })
    }

    pub(super) fn record(&self, answers: Answers) -> Record {
        Record { template: self.candidate.id.clone(), answers }
    }

    /// `best`, or the guess that `state` makes where that fits better.
    fn try_out(&mut self, best: Guess, state: &State) -> Guess {
        if !self.needed.is_subset(&state.features) || !self.tried.insert(state.clone()) {
            return best;
        }
        match self.made(state) {
            Ok(guess) => better(best, guess),
            // Not every change goes together with the rest.
            Err(_) => best,
        }
    }

    /// The texts and numbers that the project shows.
    fn texts(&mut self, mut best: Guess) -> Guess {
        let kinds = self.open_texts(&best);
        let record = self.record(best.answers.clone());
        let possible = texts::possible(&self.candidate.template, &record, &kinds, &self.evidence);
        for together in &possible.together {
            let state = with_texts(&best.state, together, &kinds);
            best = self.try_out(best, &state);
        }
        for (key, values) in possible.alone {
            for value in values {
                let state = with_texts(&best.state, &[(key.clone(), value)].into(), &kinds);
                best = self.try_out(best, &state);
            }
        }
        best
    }

    /// The name and the questions that take a text or a number, where they are asked and not known.
    pub(super) fn open_texts(&self, guess: &Guess) -> BTreeMap<String, Kind> {
        let mut kinds: BTreeMap<String, Kind> = self
            .open_questions(guess)
            .filter(|question| matches!(question.kind, Kind::String | Kind::Integer))
            .map(|question| (question.key.get_ref().clone(), question.kind))
            .collect();
        if !self.known.set.contains_key(NAME) {
            kinds.insert(NAME.to_owned(), Kind::String);
        }
        kinds
    }

    /// The questions of a guess whose answers are not known.
    pub(super) fn open_questions(&self, guess: &Guess) -> impl Iterator<Item = &'a Question> {
        let (template, fixed) = (&self.candidate.template, &self.fixed);
        questions_of_template(template)
            .filter(|(question, feature)| {
                let present = feature.is_none_or(|feature| guess.state.features.contains(&feature.name));
                present && !fixed.contains_key(question.key.get_ref())
            })
            .map(|(question, _)| question)
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Features come and go, each with what it requires and what requires it.
    fn features(&mut self, mut best: Guess) -> Guess {
        let names: Vec<&str> = self
            .candidate
            .template
            .features
            .values()
            .filter(|feature| feature.group().is_none())
            .map(|feature| feature.name.as_str())
            .collect();
        for name in names {
            let features = self.toggled(&best.state.features, name);
            let state = State { features, ..best.state.clone() };
            best = self.try_out(best, &state);
        }
        best
    }

    /// Everything that is one of a few, each by itself.
    fn choices(&mut self, mut best: Guess) -> Guess {
        for choice in self.open_choices(&best) {
            for turn in choice {
                let state = self.turned(&best.state, &turn);
                if let Ok(guess) = self.made(&state) {
                    let guess = self.texts(guess);
                    best = better(best, guess);
                }
            }
        }
        best
    }

    /// Everything that is one of a few, in all combinations: one line may hold several of them.
    fn combinations(&mut self, best: Guess) -> Guess {
        let choices = self.open_choices(&best);
        if choices.iter().map(|choice| choice.len() + 1).product::<usize>() > COMBINED {
            return best;
        }
        let mut states = vec![best.state.clone()];
        for choice in &choices {
            let turned: Vec<State> = choice
                .iter()
                .flat_map(|turn| states.iter().map(|state| self.turned(state, turn)).collect::<Vec<_>>())
                .collect();
            states.extend(turned);
        }
        states.iter().skip(1).fold(best, |best, state| match self.made(state) {
            Ok(guess) => {
                let guess = self.texts(guess);
                better(best, guess)
            }
            Err(_) => best,
        })
    }

    /// For each group and each question with a few answers what else it could be.
    pub(super) fn open_choices(&self, guess: &Guess) -> Vec<Vec<Turn>> {
        let template = &self.candidate.template;
        let groups = template.manifest.group.iter().map(|group| group.name.get_ref()).filter(|group| {
            !self.known.set.contains_key(*group)
                && template.members(group).all(|member| !self.known.with.contains(&member.name))
        });
        let groups = groups.map(|group| {
            let others = template.members(group).filter(|member| !guess.state.features.contains(&member.name));
            others.map(|member| Turn::Member { group: group.clone(), name: member.name.clone() }).collect()
        });
        let questions = self.open_questions(guess).map(|question| {
            let key = question.key.get_ref();
            let now = guess.answers.values.get(key);
            let values = other_values(question, now).into_iter();
            values.map(|value| Turn::Answer { key: key.clone(), value }).collect()
        });
        groups.chain(questions).filter(|turns: &Vec<Turn>| !turns.is_empty()).collect()
    }

    pub(super) fn turned(&self, state: &State, turn: &Turn) -> State {
        let mut state = state.clone();
        match turn {
            Turn::Member { name, .. } => state.features = self.on(&state.features, name),
            Turn::Answer { key, value } => _ = state.values.insert(key.clone(), value.clone()),
        }
        state
    }

    /// The features with one more, or with one less.
    pub(super) fn toggled(&self, features: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
        if features.contains(name) { self.off(features, name) } else { self.on(features, name) }
    }

    /// Adds a feature and what it requires; what cannot be there beside them goes.
    fn on(&self, features: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
        let all = &self.candidate.template.features;
        let mut features = features.clone();
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            let Some(feature) = all.get(name).filter(|feature| !features.contains(&feature.name)) else { continue };
            let rivals: Vec<&Feature> = all
                .values()
                .filter(|other| {
                    features.contains(&other.name)
                        && (feature.conflicts().any(|name| name == other.name)
                            || other.conflicts().any(|other| other == name)
                            || feature.group().is_some_and(|group| other.group() == Some(group)))
                })
                .collect();
            for rival in rivals {
                features = self.off(&features, &rival.name);
            }
            features.insert(name.to_owned());
            open.extend(feature.requires());
        }
        features
    }

    /// Removes a feature and what requires it.
    fn off(&self, features: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
        let all = &self.candidate.template.features;
        let mut features = features.clone();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            if features.remove(&name) {
                let requiring = all.values().filter(|other| other.requires().any(|required| required == name));
                open.extend(requiring.map(|other| other.name.clone()));
            }
        }
        features
    }

    /// What a guess makes, and the files that other features would bring, as they stand in the template.
    fn whole(&self, guess: &Guess) -> FileTree {
        let mut whole = guess.tree.clone();
        let features = self.candidate.template.features.values();
        for source in
            features.flat_map(|feature| feature.files.iter().chain(feature.glue.values().flat_map(|glue| &glue.files)))
        {
            if let (None, Ok(path)) = (whole.get(&source.target), TreePath::parse(source.target.clone())) {
                whole.insert(path, source.file.clone());
            }
        }
        whole
    }
}

/// Something that is one of a few, and another of them.
#[derive(Debug, Clone)]
pub(super) enum Turn {
    Member { group: String, name: String },
    Answer { key: String, value: Value },
}

/// The other answers of a question that has only a few.
fn other_values(question: &Question, now: Option<&Value>) -> Vec<Value> {
    match (question.kind, now) {
        (Kind::Bool, Some(Value::Bool(now))) => vec![Value::Bool(!now)],
        (Kind::Choice, Some(now)) => {
            let values = question.choices.iter().map(|choice| Value::Text(choice.value.clone()));
            values.filter(|value| value != now).collect()
        }
        (Kind::Choices, Some(Value::List(now))) => {
            let toggled = question.choices.iter().map(|toggled| {
                let chosen = question.choices.iter().map(|choice| &choice.value);
                let chosen = chosen.filter(|value| now.contains(value) != (**value == toggled.value));
                Value::List(chosen.cloned().collect())
            });
            toggled.collect()
        }
        _ => vec![],
    }
}

/// A guess with other texts and numbers.
fn with_texts(state: &State, texts: &BTreeMap<String, String>, kinds: &BTreeMap<String, Kind>) -> State {
    let mut state = state.clone();
    for (key, text) in texts {
        if key == NAME {
            state.name.clone_from(text);
            continue;
        }
        let value = match kinds.get(key) {
            Some(Kind::Integer) => text.parse().ok().map(Value::Integer),
            _ => Some(Value::Text(text.clone())),
        };
        state.values.extend(value.map(|value| (key.clone(), value)));
    }
    state
}

/// The one that fits better; the first of two that fit equally well.
fn better(one: Guess, other: Guess) -> Guess {
    if other.lines.fit() > one.lines.fit() { other } else { one }
}

pub(super) fn without_record(tree: &FileTree) -> FileTree {
    let files = tree.iter().filter(|(path, _)| path.as_str() != record::PATH);
    files.map(|(path, file)| (path.clone(), file.clone())).collect()
}
