//! The variables that the texts of a project see.

use super::RenderError;
use super::select::Selection;
use super::text::Variables;
use crate::answers::{Answers, Value};
use crate::template::{Feature, Template};

/// The name, the groups, the answers, and the texts that features define.
pub(super) fn of(template: &Template, selection: &Selection<'_>, answers: &Answers) -> Result<Variables, RenderError> {
    let mut variables = of_selection(template, selection, &answers.name);
    let questions = template.manifest.question.iter();
    for question in questions.chain(selection.features().flat_map(|feature| &feature.manifest.question)) {
        let key = question.key.get_ref();
        let Some(value) = answers.values.get(key) else { return Err(RenderError::Unanswered { key: key.clone() }) };
        variables.set(key, value);
    }
    Ok(variables)
}

/// The variables that stand before any question is answered.
pub(crate) fn of_selection(template: &Template, selection: &Selection<'_>, name: &str) -> Variables {
    let mut variables = Variables::default();
    variables.set("name", &Value::Text(name.to_owned()));
    for group in &template.manifest.group {
        let group = group.name.get_ref();
        let chosen = template.members(group).find(|member: &&Feature| selection.names.contains(&member.name));
        if let Some(member) = chosen {
            variables.set(group, &Value::Text(member.name.clone()));
        }
    }
    for part in &selection.parts {
        for (key, text) in &part.manifest.variables {
            variables.set(key, &Value::Text(text.get_ref().clone()));
        }
    }
    variables
}
