//! Which features somebody wants.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::{Ask, Prompt};
use super::{GatherError, Given};
use crate::answers::Value;
use crate::answers::question::AnswerError;
use crate::render::select::{self, SelectError, Selection};
use crate::template::manifest::{Kind, Preset};
use crate::template::{Feature, Template, similar};

/// The features that were asked for, without what they require.
pub(super) fn wanted_features(
    template: &Template,
    given: &Given,
    ask: &mut dyn Ask,
) -> Result<BTreeSet<String>, GatherError> {
    for name in given.with.iter().chain(&given.without).chain(given.features.iter().flatten()) {
        if !template.features.contains_key(name) {
            let similar = similar(name, template.features.keys().map(String::as_str));
            return Err(SelectError::Unknown { name: name.clone(), similar }.into());
        }
    }
    check_members(template, given)?;
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
        let typed = given.set.get(name).cloned();
        let said = typed.or_else(|| given.answers.get(name).map(ToString::to_string));
        if let Some(member) = &said {
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

/// Of what was typed, no two things are members of one group, and nothing is both in and out.
fn check_members(template: &Template, given: &Given) -> Result<(), GatherError> {
    if let Some(name) = given.with.iter().find(|name| given.without.contains(name)) {
        return Err(GatherError::InAndOut { name: name.clone() });
    }
    for group in &template.manifest.group {
        let group = group.name.get_ref();
        let typed =
            given.with.iter().filter(|name| template.features.get(*name).and_then(Feature::group) == Some(group));
        let mut typed = typed.chain(given.set.get(group));
        let one = typed.next();
        if let (Some(one), Some(other)) = (one, typed.find(|other| Some(*other) != one)) {
            return Err(SelectError::TwoMembers { group: group.clone(), one: one.clone(), other: other.clone() }.into());
        }
    }
    Ok(())
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
            .filter(|feature| preset.except.iter().all(|name| *name.get_ref() != feature.name))
            .map(|feature| feature.name.clone())
            .collect();
    }
    preset.features.iter().map(|name| name.get_ref().clone()).collect()
}

/// Asks for a preset, or for the features one by one.
fn ask_features(template: &Template, ask: &mut dyn Ask) -> Result<BTreeSet<String>, GatherError> {
    const CUSTOM: &str = "custom";
    let presets = &template.manifest.preset;
    let mut choices: Vec<(String, String)> = presets
        .iter()
        .map(|preset| (preset.name.get_ref().clone(), format!("{}: {}", preset.name.get_ref(), preset.about)))
        .collect();
    let Some(default) = default_preset(template) else { return Ok(BTreeSet::new()) };
    let optional: Vec<&Feature> = template.features.values().filter(|feature| feature.group().is_none()).collect();
    if optional.is_empty() {
        return Ok(preset_features(template, default));
    }
    let plain = choices.clone();
    choices.push((CUSTOM.to_owned(), format!("{CUSTOM}: a preset, and then its features one by one")));
    let mut which = |text, choices| {
        let default = Some(Value::Text(default.name.get_ref().clone()));
        let prompt = Prompt { key: "preset", text, kind: Kind::Choice, choices, default, check: &|_| Ok(()) };
        ask.ask(&prompt).map(|preset| preset.to_string())
    };
    let preset = which("Which set of features?", choices)?;
    if preset != CUSTOM {
        return Ok(preset_features(template, find_preset(template, &preset)?));
    }
    let start = if presets.len() > 1 { which("Which preset to start from?", plain)? } else { plain[0].0.clone() };
    let start = preset_features(template, find_preset(template, &start)?);
    adjust(template, start, ask)
}

/// Asks for the features of one section after the other; those of a preset are marked.
fn adjust(template: &Template, start: BTreeSet<String>, ask: &mut dyn Ask) -> Result<BTreeSet<String>, GatherError> {
    // A member of a group has a question of its own.
    let (mut wanted, mut proposed): (BTreeSet<_>, BTreeSet<_>) =
        start.into_iter().partition(|name| template.is_member(name));
    for (section, features) in sections(template) {
        let features: Vec<&Feature> = features.into_iter().filter(|feature| feature.group().is_none()).collect();
        if features.is_empty() {
            continue;
        }
        let marked = features.iter().filter(|feature| proposed.remove(&feature.name));
        let marked = marked.map(|feature| feature.name.clone()).collect();
        let text = section.map_or_else(|| "Which features?".to_owned(), |section| format!("Which features? {section}"));
        let prompt = Prompt {
            key: "features",
            text: &text,
            kind: Kind::Choices,
            choices: features
                .iter()
                .map(|feature| (feature.name.clone(), format!("{}: {}", feature.name, feature.manifest.about)))
                .collect(),
            default: Some(Value::List(marked)),
            check: &|value| match value {
                Value::List(names) => {
                    let all = wanted.iter().chain(names).cloned().collect();
                    select::closure(template, &all).map(drop).map_err(|error| error.to_string())
                }
                _ => Ok(()),
            },
        };
        match ask.ask(&prompt)? {
            Value::List(names) => wanted.extend(names),
            other => _ = wanted.insert(other.to_string()),
        }
    }
    Ok(wanted)
}

/// The features under their headings, both by name; those without a heading come last.
#[must_use]
pub fn sections(template: &Template) -> Vec<(Option<&str>, Vec<&Feature>)> {
    let mut sections: BTreeMap<(bool, Option<&str>), Vec<&Feature>> = BTreeMap::new();
    for feature in template.features.values() {
        let section = feature.manifest.section.as_deref();
        sections.entry((section.is_none(), section)).or_default().push(feature);
    }
    sections.into_iter().map(|((_, section), features)| (section, features)).collect()
}

/// Nothing that was to be left out came back.
pub(super) fn check_without(
    template: &Template,
    given: &Given,
    features: &BTreeSet<String>,
) -> Result<(), GatherError> {
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
pub(super) fn pulled_in(wanted: &BTreeSet<String>, selection: &Selection<'_>) -> Vec<(String, String)> {
    let by = |name: &str| selection.features().find(|feature| feature.requires().any(|required| required == name));
    let extra = selection.names.iter().filter(|name| !wanted.contains(*name));
    extra.filter_map(|name| Some((name.clone(), by(name)?.name.clone()))).collect()
}
