//! What somebody wants to change, and what the answers are then.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::super::Advice;
use super::super::new::pairs;
use super::super::source::{self, Clones, Opened};
use crate::answers::question;
use crate::answers::record::{Record, TemplateId};
use crate::gather::{GatherError, Given, questions_of_template};
use crate::plan::list;
use crate::render::select;
use crate::template::{Template, similar};

/// What somebody wants to change.
#[derive(Debug)]
pub(in crate::commands) enum Intent {
    /// Features to add, with answers to their questions.
    Add { names: Vec<String>, set: Vec<String> },
    /// Features to remove, and whether what they have made in the database goes, too.
    Remove { names: Vec<String>, drop_tables: bool },
    /// Answers, as `key=value`.
    Set(Vec<String>),
    /// Another version of the template, the newest when none is named, with answers to its questions.
    Update { to: Option<String>, set: Vec<String> },
}

/// The answers of a project after a change, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Goal {
    pub(super) given: Given,
    /// What the record says and the template knows no more, one sentence each.
    pub(super) lost: Vec<String>,
}

impl Intent {
    /// The template after the change, where it is another one.
    pub(super) fn template(&self, record: &Record, clones: &mut Clones<'_>) -> Result<Option<Opened>> {
        let Self::Update { to, .. } = self else { return Ok(None) };
        source::open_newer(&record.template, to.as_deref(), clones).map(Some)
    }

    /// The answers of the project, with what changes. Answers that a later version does not take are asked for again, where
    /// somebody `asks`.
    pub(super) fn goal(&self, record: &Record, before: &Template, after: &Template, asks: bool) -> Result<Goal> {
        let answers = &record.answers;
        let mut given = Given::again(answers);
        let mut lost = Vec::new();
        match self {
            Self::Add { names, set } => {
                for name in names {
                    check_addable(name, &answers.features, before)?;
                }
                given.with.clone_from(names);
                given.set = pairs(set)?;
            }
            Self::Remove { names, .. } => {
                let present = select::closure(before, &answers.features)?;
                for name in names {
                    check_removable(name, &present, before)?;
                }
                given.without.clone_from(names);
            }
            Self::Set(set) => {
                given.set = pairs(set)?;
                if let Some(name) = given.set.remove("name") {
                    given.name = Some(name);
                }
            }
            Self::Update { set, .. } => {
                given.set = pairs(set)?;
                lost = carry_over(&mut given, before, after, asks)?;
            }
        }
        // What was typed wins over what was recorded.
        given.answers.retain(|key, _| !given.set.contains_key(key));
        Ok(Goal { given, lost })
    }

    /// Whether what features have made in the database goes with them.
    pub(super) fn drops_tables(&self) -> bool {
        matches!(self, Self::Remove { drop_tables: true, .. })
    }

    /// What the change does, as the subject of a commit.
    pub(super) fn subject(&self, record: &Record, after: &Opened) -> String {
        match self {
            Self::Add { names, .. } => format!("Add {}", list(names)),
            Self::Remove { names, .. } => format!("Remove {}", list(names)),
            Self::Set(set) => format!("Set {}", list(set)),
            Self::Update { .. } => match (pin(&record.template), pin(&after.id)) {
                (Some(old), Some(new)) if record.template.version == after.id.version => {
                    format!("Update the template from {} to {}", short(old), short(new))
                }
                _ => format!("Update the template from {} to {}", record.template.version, after.id.version),
            },
        }
    }
}

fn pin(id: &TemplateId) -> Option<&str> {
    id.commit.as_deref().or(id.content.as_deref())
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(10)]
}

fn check_addable(name: &str, chosen: &BTreeSet<String>, template: &Template) -> Result<()> {
    let group = template.features.get(name).and_then(|feature| feature.group());
    if let Some(group) = group {
        bail!(Advice::usage(
            format!("`{name}` is one choice of {group}, and a project has exactly one"),
            format!("run `neoforge set {group}={name}`")
        ));
    }
    if chosen.contains(name) {
        bail!(Advice::usage(format!("the project has `{name}` already"), "`neoforge status` shows what it has"));
    }
    Ok(())
}

fn check_removable(name: &str, present: &BTreeSet<String>, template: &Template) -> Result<()> {
    if !present.contains(name) {
        let similar = similar(name, present.iter().map(String::as_str));
        let meant = similar.map_or_else(String::new, |similar| format!("did you mean `{similar}`? "));
        bail!(Advice::usage(
            format!("the project has no `{name}`"),
            format!("{meant}`neoforge status` shows what it has")
        ));
    }
    let feature = template.features.get(name);
    if let Some(group) = feature.and_then(|feature| feature.group()) {
        bail!(Advice::usage(
            format!("`{name}` is the project's {group}, and a project has exactly one"),
            format!("run `neoforge set {group}=…`")
        ));
    }
    let requiring: Vec<_> = present
        .iter()
        .filter(|other| {
            template.features.get(*other).is_some_and(|feature| feature.requires().any(|required| required == name))
        })
        .map(String::as_str)
        .collect();
    if !requiring.is_empty() {
        let them = if requiring.len() == 1 { "it" } else { "them" };
        bail!(Advice::usage(
            format!("`{name}` is required by {}", requiring.join(" and ")),
            format!("remove {them} first: `neoforge remove feature {} {name}`", requiring.join(" "))
        ));
    }
    Ok(())
}

/// Takes what the new template still knows, under its new name where it has one, and tells what it does not know.
fn carry_over(given: &mut Given, before: &Template, after: &Template, asks: bool) -> Result<Vec<String>> {
    let version = after.manifest.version.get_ref();
    let mut lost = Vec::new();
    let mut gone = BTreeSet::new();
    if let Some(features) = &mut given.features {
        for name in std::mem::take(features) {
            let renamed = after.features.values().find(|feature| feature.manifest.formerly.contains(&name));
            let known = renamed.or_else(|| after.features.get(&name));
            if let Some(feature) = known {
                features.insert(feature.name.clone());
            } else {
                lost.push(format!("`{name}` goes: version {version} of the template no longer has it"));
                gone.insert(name);
            }
        }
    }
    let mut answers = std::mem::take(&mut given.answers);
    for (question, _) in questions_of_template(after) {
        let key = question.key.get_ref();
        let mut keys = std::iter::once(key).chain(&question.formerly);
        let Some(value) = keys.find_map(|key| answers.remove(key)) else { continue };
        match question::check(question, &value) {
            Ok(()) => _ = given.answers.insert(key.clone(), value),
            Err(_) if asks || given.set.contains_key(key) => {}
            Err(reason) => {
                let error = GatherError::BadAnswer { key: key.clone(), value: value.to_string(), reason };
                return Err(anyhow::Error::from(error).context(format!(
                    "version {version} of the template does not take an answer of the project; give another with `--set {key}=…`"
                )));
            }
        }
    }
    // What was asked for a feature that goes needs no word of its own.
    let told = |key: &str| {
        questions_of_template(before).any(|(question, feature)| {
            question.key.get_ref() == key && feature.is_none_or(|feature| !gone.contains(&feature.name))
        })
    };
    lost.extend(answers.iter().filter(|(key, _)| told(key)).map(|(key, value)| {
        format!("the answer `{key} = {value}` goes: version {version} of the template no longer asks for it")
    }));
    Ok(lost)
}
