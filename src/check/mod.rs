//! What must be true of a template: first the static invariants between its manifests and files, then, where these hold,
//! that every part of it renders.

mod features;
mod migrations;
mod prove;
mod questions;

use std::collections::{BTreeMap, BTreeSet};

pub use self::prove::rendered;
use crate::answers::name;
use crate::gather::preset_features;
use crate::template::problem::{Problem, ProblemKind, Problems};
use crate::template::{Feature, Template, load_what_there_is, similar};
use crate::tree::FileTree;

/// Everything that is wrong with the files of a template, sorted by place. What is wrong in one of them does not hide what is
/// wrong in the others.
///
/// # Errors
/// All the problems.
pub fn examine(tree: &FileTree) -> Result<(), Problems> {
    let (template, mut problems) = load_what_there_is(tree);
    // What was left out of a manifest may be what is missed elsewhere.
    let whole = problems.is_empty();
    let is_missed = |problem: &Problem| {
        matches!(
            problem.kind,
            ProblemKind::UnusedDependency { .. }
                | ProblemKind::NoCatalogue
                | ProblemKind::EmptyGroup { .. }
                | ProblemKind::UnequalVariables { .. }
                | ProblemKind::NoDefaultPreset
                | ProblemKind::NoEnvTargets
                | ProblemKind::UnstableSlot { .. }
        )
    };
    problems.extend(template.iter().flat_map(check).filter(|problem| whole || !is_missed(problem)));
    Problems::none_or(problems)
}

/// Everything that is wrong with a template.
#[must_use]
pub fn check(template: &Template) -> Vec<Problem> {
    let mut problems = invariants(template);
    let rendered = prove::prove(template);
    if problems.is_empty() {
        return rendered;
    }
    // What inserts and listings do not find was told better, and the rest once.
    let is_told = |problem: &Problem| {
        matches!(
            problem.kind,
            ProblemKind::UnknownTarget { .. }
                | ProblemKind::ForeignTarget { .. }
                | ProblemKind::UnknownSlot { .. }
                | ProblemKind::UnstableSlot { .. }
                | ProblemKind::BadDefault { .. }
                | ProblemKind::Lock(_)
        )
    };
    let new: Vec<_> = rendered.into_iter().filter(|problem| !is_told(problem) && !problems.contains(problem)).collect();
    problems.extend(new);
    problems
}

/// What the manifests and the names of the files can tell.
fn invariants(template: &Template) -> Vec<Problem> {
    let mut problems = Vec::new();
    identity(template, &mut problems);
    groups(template, &mut problems);
    presets(template, &mut problems);
    catalogue(template, &mut problems);
    environment(template, &mut problems);
    smoke(template, &mut problems);
    features::check(template, &mut problems);
    migrations::check(template, &mut problems);
    questions::check(template, &mut problems);
    problems
}

fn identity(template: &Template, problems: &mut Vec<Problem>) {
    let version = &template.manifest.version;
    if !is_semantic(version.get_ref()) {
        let kind = ProblemKind::BadVersion { version: version.get_ref().clone() };
        problems.push(template.problem(version.span(), kind));
    }
    if name::check(&template.manifest.name, &[]).is_err() {
        let kind = ProblemKind::BadName { name: template.manifest.name.clone() };
        problems.push(template.problem_at("name", kind));
    }
}

/// `major.minor.patch`, each a number, and a pre-release after a hyphen.
fn is_semantic(version: &str) -> bool {
    let (numbers, pre_release) = version.split_once('-').map_or((version, None), |(left, right)| (left, Some(right)));
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_number = |part: &&str| part.parse::<u64>().is_ok() && (part.len() == 1 || !part.starts_with('0'));
    parts.len() == 3
        && parts.iter().all(is_number)
        && pre_release.is_none_or(|text| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
        })
}

fn groups(template: &Template, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for group in &template.manifest.group {
        let name = group.name.get_ref();
        if !seen.insert(name) {
            problems.push(template.problem(group.name.span(), ProblemKind::DoubledName { name: name.clone() }));
        }
        let members: Vec<&Feature> = template.members(name).collect();
        if members.is_empty() {
            problems.push(template.problem(group.name.span(), ProblemKind::EmptyGroup { name: name.clone() }));
            continue;
        }
        let default = group.default.get_ref();
        if !members.iter().any(|member| &member.name == default) {
            let members = members.iter().map(|member| member.name.clone()).collect();
            let kind = ProblemKind::NotAMember { feature: default.clone(), group: name.clone(), members };
            problems.push(template.problem(group.default.span(), kind));
        }
        let defined: BTreeSet<&String> = members.iter().flat_map(|member| member.manifest.variables.keys()).collect();
        for member in members {
            let missing: Vec<String> = defined
                .iter()
                .filter(|key| !member.manifest.variables.contains_key(**key))
                .map(|key| (*key).clone())
                .collect();
            if !missing.is_empty() {
                let kind = ProblemKind::UnequalVariables { group: name.clone(), feature: member.name.clone(), missing };
                problems.push(member.problem_at("variables", kind));
            }
        }
    }
}

fn presets(template: &Template, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    let mut default: Option<&str> = None;
    for preset in &template.manifest.preset {
        let name = preset.name.get_ref();
        let mut add = |kind| problems.push(template.problem(preset.name.span(), kind));
        if !seen.insert(name) {
            add(ProblemKind::DoubledName { name: name.clone() });
        }
        if preset.all && !preset.features.is_empty() {
            add(ProblemKind::AllAndSome);
        }
        if !preset.all && !preset.except.is_empty() {
            add(ProblemKind::ExceptOfSome);
        }
        if preset.default {
            match default {
                Some(one) => {
                    add(ProblemKind::TwoDefaultPresets { one: one.to_owned(), other: name.clone() });
                }
                None => default = Some(name),
            }
        }
        for feature in &preset.except {
            if !template.features.contains_key(feature.get_ref()) {
                problems.push(template.problem(feature.span(), unknown_feature(template, feature.get_ref())));
            }
        }
        let mut members: BTreeMap<&str, &str> = BTreeMap::new();
        let mut told = false;
        for feature in &preset.features {
            let Some(known) = template.features.get(feature.get_ref()) else {
                problems.push(template.problem(feature.span(), unknown_feature(template, feature.get_ref())));
                continue;
            };
            if let Some(group) = known.group()
                && let Some(one) = members.insert(group, &known.name)
            {
                let (one, other) = (one.to_owned(), known.name.clone());
                let kind = ProblemKind::TwoMembers { group: group.to_owned(), one, other };
                problems.push(template.problem(feature.span(), kind));
                told = true;
            }
        }
        let chosen = preset_features(template, preset);
        if let Some((one, other)) = features::refusal(template, chosen.iter().map(String::as_str))
            && !told
        {
            let kind = ProblemKind::ImpossiblePreset { one: one.to_owned(), other: other.to_owned() };
            problems.push(template.problem(preset.name.span(), kind));
        }
    }
    if default.is_none() {
        problems.push(template.problem_at("preset", ProblemKind::NoDefaultPreset));
    }
}

pub(super) fn unknown_feature(template: &Template, name: &str) -> ProblemKind {
    let similar = similar(name, template.features.keys().map(String::as_str));
    ProblemKind::UnknownFeature { name: name.to_owned(), similar }
}

/// Every dependency that a part names is in the catalogue, and every one in the catalogue is named.
fn catalogue(template: &Template, problems: &mut Vec<Problem>) {
    let crates = template.manifest.dependencies.as_ref().map(|catalogue| &catalogue.crates);
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for part in template.all().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values())) {
        for dependency in &part.manifest.dependencies {
            let name = dependency.get_ref();
            used.insert(name);
            let kind = match crates {
                None => ProblemKind::NoCatalogue,
                Some(crates) if !crates.contains_key(name) => {
                    let similar = similar(name, crates.keys().map(String::as_str));
                    ProblemKind::UnknownDependency { name: name.clone(), similar }
                }
                Some(_) => continue,
            };
            problems.push(part.problem(dependency.span(), kind));
        }
    }
    for (name, spec) in crates.into_iter().flatten() {
        let at = template.manifest_text.find(&format!("\n{name} =")).map_or(0, |newline| newline + 1);
        if !spec.is_str() && !spec.is_table() {
            problems.push(template.problem(at..at, ProblemKind::BadDependency));
        }
        if !used.contains(name.as_str()) {
            problems.push(template.problem(at..at, ProblemKind::UnusedDependency { name: name.clone() }));
        }
    }
}

fn environment(template: &Template, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<&str, &Feature> = BTreeMap::new();
    let ignores_env = ignores_env(&template.base);
    for part in template.all().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values())) {
        for env in &part.manifest.env {
            let key = env.key.get_ref();
            let mut add = |kind| problems.push(part.problem(env.key.span(), kind));
            if template.manifest.env.is_none() {
                add(ProblemKind::NoEnvTargets);
            }
            if !is_env_key(key) {
                add(ProblemKind::BadEnvKey { key: key.clone() });
            }
            if env.secret && !ignores_env {
                add(ProblemKind::SecretNotIgnored);
            }
            if env.default.is_some() == env.secret {
                add(ProblemKind::DefaultOrSecret);
            }
            if env.default.as_ref().is_some_and(|value| value.get_ref().contains(['\n', '\r', '"', '\''])) {
                add(ProblemKind::BadEnvValue);
            }
            // Members of one group never meet, so each may list the variable with a default of its own.
            match seen.get(key.as_str()) {
                Some(other) if other.group().is_none() || other.group() != part.group() => {
                    add(ProblemKind::DoubledEnv { key: key.clone(), by: other.manifest_path.clone() });
                }
                _ => {
                    seen.insert(key, part);
                }
            }
        }
    }
}

/// Whether the base has git leave `.env` alone.
fn ignores_env(base: &Feature) -> bool {
    let ignore =
        base.files.iter().filter(|source| source.target == ".gitignore").filter_map(|source| source.file.text());
    ignore.flat_map(str::lines).any(|line| matches!(line.trim().trim_start_matches('/'), ".env" | ".env*" | "*.env"))
}

fn is_env_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn smoke(template: &Template, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    let smoke = &template.manifest.smoke;
    for step in &smoke.step {
        if !seen.insert(&step.name) {
            problems.push(template.problem_at("smoke.step", ProblemKind::DoubledStep { name: step.name.clone() }));
        }
        if step.run.is_empty() {
            problems.push(template.problem_at("smoke.step", ProblemKind::EmptyRun));
        }
    }
    if let Some(app) = &smoke.app {
        if app.run.is_empty() {
            problems.push(template.problem_at("smoke.app", ProblemKind::EmptyRun));
        }
        if !app.ready.starts_with('/') {
            problems.push(template.problem_at("ready", ProblemKind::BadProbePath));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantic_versions_are_told_from_others() {
        for version in ["0.1.0", "10.20.30", "1.0.0-rc.1"] {
            assert!(is_semantic(version), "{version}");
        }
        for version in ["", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.x"] {
            assert!(!is_semantic(version), "{version}");
        }
    }
}
