//! The invariants of questions and variables.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::answers::{Value, question};
use crate::template::manifest::{Kind, Question};
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{BASE, Feature, MANIFEST, Template};

/// Where a question or a variable stands.
struct Site<'a> {
    template: &'a Template,
    /// `None` for `template.toml`.
    part: Option<&'a Feature>,
}

impl Site<'_> {
    fn problem(&self, span: Range<usize>, kind: ProblemKind) -> Problem {
        match self.part {
            None => self.template.problem(span, kind),
            Some(part) => part.problem(span, kind),
        }
    }

    fn path(&self) -> &str {
        self.part.map_or(MANIFEST, |part| &part.manifest_path)
    }
}

pub(super) fn check(template: &Template, problems: &mut Vec<Problem>) {
    let mut taken: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
    taken.insert("name".to_owned(), ("NeoForge".to_owned(), None));
    let site = Site { template, part: None };
    for group in &template.manifest.group {
        define(&site, group.name.get_ref(), group.name.span(), &mut taken, problems);
    }
    for question in &template.manifest.question {
        define(&site, question.key.get_ref(), question.key.span(), &mut taken, problems);
        self::question(&site, question, problems);
    }
    for part in template.all().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values())) {
        let site = Site { template, part: Some(part) };
        for (key, text) in &part.manifest.variables {
            define(&site, key, text.span(), &mut taken, problems);
        }
        if part.name == BASE {
            continue;
        }
        for question in &part.manifest.question {
            define(&site, question.key.get_ref(), question.key.span(), &mut taken, problems);
            self::question(&site, question, problems);
        }
    }
}

/// A variable has a proper name, and one definition; members of one group, which never meet, may define the same.
fn define(
    site: &Site<'_>,
    key: &str,
    at: Range<usize>,
    taken: &mut BTreeMap<String, (String, Option<String>)>,
    problems: &mut Vec<Problem>,
) {
    if !is_key(key) {
        problems.push(site.problem(at.clone(), ProblemKind::BadKey { key: key.to_owned() }));
    }
    let group = site.part.and_then(Feature::group).map(str::to_owned);
    match taken.get(key) {
        Some((by, other)) if other.is_none() || *other != group || by == site.path() => {
            let kind = ProblemKind::DoubledVariable { key: key.to_owned(), by: by.clone() };
            problems.push(site.problem(at, kind));
        }
        _ => {
            taken.insert(key.to_owned(), (site.path().to_owned(), group));
        }
    }
}

fn is_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .split('_')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

fn question(site: &Site<'_>, question: &Question, problems: &mut Vec<Problem>) {
    let kind = question.kind;
    let mut add = |span, kind| problems.push(site.problem(span, kind));
    let key = || question.key.span();
    let chooses = matches!(kind, Kind::Choice | Kind::Choices);
    for (constraint, given, useful) in [
        ("pattern", question.pattern.is_some(), kind == Kind::String),
        ("message", question.message.is_some(), kind == Kind::String),
        ("min", question.min.is_some(), kind == Kind::Integer),
        ("max", question.max.is_some(), kind == Kind::Integer),
        ("choices", !question.choices.is_empty(), chooses),
    ] {
        if given && !useful {
            add(key(), ProblemKind::UselessConstraint { key: constraint, kind: kind.as_str() });
        }
    }
    if chooses && question.choices.len() < 2 {
        add(key(), ProblemKind::NoChoices { kind: kind.as_str() });
    }
    if let (Some(min), Some(max)) = (question.min, question.max)
        && min > max
    {
        add(key(), ProblemKind::EmptyRange);
    }
    if let Some(pattern) = &question.pattern {
        if let Err(error) = question::whole(pattern.get_ref()) {
            // The last line says why; those before it draw the pattern.
            let reason = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            add(pattern.span(), ProblemKind::BadPattern { reason });
            return;
        }
        if question.message.is_none() {
            add(pattern.span(), ProblemKind::PatternWithoutMessage);
        }
    }
    let default = question.default.get_ref();
    let reason = match Value::from_toml(default) {
        None => Some("this takes a text, a bool, an integer or a list of texts".to_owned()),
        // A default with variables is checked where it is rendered.
        Some(Value::Text(text)) if text.contains("{{") || text.contains("{%") => None,
        Some(value) => question::check(question, &value).err().map(|error| error.to_string()),
    };
    if let Some(reason) = reason {
        add(question.default.span(), ProblemKind::BadDefault { reason });
    }
}
