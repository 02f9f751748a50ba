//! The questions of a template, and their answers.

use std::collections::BTreeMap;

use super::ask::{Ask, Prompt};
use super::{GatherError, Given, questions_of_template};
use crate::answers::{Value, question};
use crate::render::select::Selection;
use crate::render::text::{Liquid, Variables};
use crate::render::variables;
use crate::template::manifest::Question;
use crate::template::problem::ProblemKind;
use crate::template::{Feature, Template};

/// The answers to the questions of the template and of the chosen features, in their order.
pub(super) fn answer_questions(
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
    fn problem(&self, span: std::ops::Range<usize>, kind: ProblemKind) -> GatherError {
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
