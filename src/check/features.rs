//! The invariants of features: what they require, where they insert, what they probe.

use std::collections::{BTreeMap, BTreeSet};

use super::unknown_feature;
use crate::template::manifest::Probe;
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{BASE, Feature, Source, Template, similar, slot};

pub(super) fn check(template: &Template, problems: &mut Vec<Problem>) {
    for feature in template.all() {
        if feature.name == BASE {
            base(feature, problems);
        } else {
            relations(template, feature, problems);
        }
        let mut reachable = BTreeSet::from([feature.name.as_str()]);
        reach(template, feature, &mut reachable);
        part(template, feature, &reachable, problems);
        for (partner, glue) in &feature.glue {
            self::glue(template, feature, partner, glue, problems);
            let mut reachable = reachable.clone();
            if let Some(partner) = template.features.get(partner) {
                reachable.insert(&partner.name);
                reach(template, partner, &mut reachable);
            }
            part(template, glue, &reachable, problems);
        }
    }
    cycles(template, problems);
}

fn base(base: &Feature, problems: &mut Vec<Problem>) {
    let manifest = &base.manifest;
    let instead = "the base is a part of every project";
    for (key, given) in [
        ("group", manifest.group.is_some()),
        ("requires", !manifest.requires.is_empty()),
        ("conflicts", !manifest.conflicts.is_empty()),
    ] {
        if given {
            problems.push(base.problem_at(key, ProblemKind::Misplaced { key, instead }));
        }
    }
    if !manifest.question.is_empty() {
        let instead = "ask it in template.toml, which is about every project";
        let kind = ProblemKind::Misplaced { key: "question", instead };
        problems.push(base.problem_at("question", kind));
    }
}

fn relations(template: &Template, feature: &Feature, problems: &mut Vec<Problem>) {
    let manifest = &feature.manifest;
    for (key, text) in [("title", &manifest.title), ("about", &manifest.about)] {
        if text.trim().is_empty() {
            problems.push(feature.problem_at(key, ProblemKind::MissingText { key }));
        }
    }
    if let Some(group) = &manifest.group
        && !template.manifest.group.iter().any(|known| known.name.get_ref() == group.get_ref())
    {
        let names = template.manifest.group.iter().map(|group| group.name.get_ref().as_str());
        let similar = similar(group.get_ref(), names);
        let kind = ProblemKind::UnknownGroup { name: group.get_ref().clone(), similar };
        problems.push(feature.problem(group.span(), kind));
    }
    for name in manifest.requires.iter().chain(&manifest.conflicts) {
        if !template.features.contains_key(name.get_ref()) {
            problems.push(feature.problem(name.span(), unknown_feature(template, name.get_ref())));
        }
    }
    let mut together = BTreeSet::from([feature.name.as_str()]);
    reach(template, feature, &mut together);
    for part in together.iter().filter_map(|name| template.features.get(*name)) {
        for name in part.manifest.conflicts.iter().filter(|name| together.contains(name.get_ref().as_str())) {
            let kind = ProblemKind::ImpossibleFeature { name: name.get_ref().clone() };
            problems.push(part.problem(name.span(), kind));
        }
    }
}

fn glue(template: &Template, feature: &Feature, partner: &str, glue: &Feature, problems: &mut Vec<Problem>) {
    if !template.features.contains_key(partner) || partner == feature.name {
        problems.push(Problem::of_file(&glue.manifest_path, unknown_feature(template, partner)));
    }
    let mirrored = template.features.get(partner).is_some_and(|partner| partner.glue.contains_key(&feature.name));
    if mirrored && feature.name.as_str() < partner {
        let kind = ProblemKind::DoubledGlue { one: feature.name.clone(), other: partner.to_owned() };
        problems.push(Problem::of_file(&glue.manifest_path, kind));
    }
    if partner != feature.name && refusal(template, [feature.name.as_str(), partner]).is_some() {
        let kind = ProblemKind::DeadGlue { one: feature.name.clone(), other: partner.to_owned() };
        problems.push(Problem::of_file(&glue.manifest_path, kind));
    }
    let manifest = &glue.manifest;
    let instead = "glue has only what depends on both features; say it in the feature itself";
    for (key, given) in [
        ("title", !manifest.title.is_empty()),
        ("about", !manifest.about.is_empty()),
        ("group", manifest.group.is_some()),
        ("requires", !manifest.requires.is_empty()),
        ("conflicts", !manifest.conflicts.is_empty()),
        ("question", !manifest.question.is_empty()),
    ] {
        if given {
            problems.push(glue.problem_at(key, ProblemKind::Misplaced { key, instead }));
        }
    }
}

/// Two features that cannot be chosen together, of those that are named and what these require.
pub(super) fn refusal<'a>(
    template: &'a Template,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<(&'a str, &'a str)> {
    let mut together = BTreeSet::new();
    for feature in names.into_iter().filter_map(|name| template.features.get(name)) {
        together.insert(feature.name.as_str());
        reach(template, feature, &mut together);
    }
    let features: Vec<&Feature> = together.iter().filter_map(|name| template.features.get(*name)).collect();
    features.iter().enumerate().find_map(|(at, one)| {
        let refuses = |other: &&&Feature| {
            one.conflicts().any(|name| name == other.name)
                || other.conflicts().any(|name| name == one.name)
                || (one.group().is_some() && one.group() == other.group())
        };
        features[at + 1..].iter().find(refuses).map(|other| (one.name.as_str(), other.name.as_str()))
    })
}

/// Adds the names of all features that `feature` requires, directly or not.
fn reach<'a>(template: &'a Template, feature: &'a Feature, reached: &mut BTreeSet<&'a str>) {
    for name in feature.requires() {
        if let Some(required) = template.features.get(name)
            && reached.insert(&required.name)
        {
            reach(template, required, reached);
        }
    }
}

/// What a feature, the base, or glue adds to the files of others.
fn part(template: &Template, part: &Feature, reachable: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
    for insert in &part.manifest.insert {
        let (into, slot) = (insert.into.get_ref(), insert.slot.get_ref());
        if insert.text.get_ref().trim().is_empty() {
            problems.push(part.problem(insert.text.span(), ProblemKind::EmptyInsert));
        }
        let (slots, broken) = slot::find(insert.text.get_ref());
        if !slots.is_empty() || !broken.is_empty() {
            problems.push(part.problem(insert.text.span(), ProblemKind::MarkerInInsert));
        }
        let candidates = targets(template, part, into);
        let within = |owner: &str| owner == BASE || owner == part.name || reachable.contains(owner_name(owner));
        if candidates.is_empty() {
            let all = template.all().flat_map(|feature| &feature.files).map(|source| source.target.as_str());
            let kind = ProblemKind::UnknownTarget { file: into.clone(), similar: similar(into, all) };
            problems.push(part.problem(insert.into.span(), kind));
        } else if let Some((_, source)) = candidates.iter().find(|(owner, _)| within(owner)) {
            if !source.slots.contains(slot) {
                let similar = similar(slot, source.slots.iter().map(String::as_str));
                let kind = ProblemKind::UnknownSlot { file: into.clone(), slot: slot.clone(), similar };
                problems.push(part.problem(insert.slot.span(), kind));
            }
        } else if let Some((owner, _)) = candidates.first()
            && !brought_by_a_whole_group(template, &candidates)
        {
            let kind = ProblemKind::ForeignTarget { file: into.clone(), owner: owner_name(owner).to_owned() };
            problems.push(part.problem(insert.into.span(), kind));
        }
    }
    for probe in &part.manifest.probe {
        self::probe(part, probe, problems);
    }
    for service in &part.manifest.smoke.service {
        if service.run.is_empty() {
            problems.push(part.problem_at("smoke.service", ProblemKind::EmptyRun));
        }
    }
}

/// The files with this path, each with the part that brings it.
fn targets<'a>(template: &'a Template, part: &'a Feature, into: &str) -> Vec<(&'a str, &'a Source)> {
    let parts = template.all().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values()));
    let mut found: Vec<(&str, &Source)> = parts
        .flat_map(|part| part.files.iter().map(move |source| (part.name.as_str(), source)))
        .filter(|(_, source)| source.target == into)
        .collect();
    found.sort_by_key(|(owner, _)| *owner != part.name);
    found
}

/// Whether every member of some group brings the file, so that one of them always does.
fn brought_by_a_whole_group(template: &Template, candidates: &[(&str, &Source)]) -> bool {
    let brings = |name: &str| candidates.iter().any(|(owner, _)| *owner == name);
    template
        .manifest
        .group
        .iter()
        .any(|group| template.members(group.name.get_ref()).all(|member| brings(&member.name)))
}

/// The feature that glue stands at, or the feature itself.
fn owner_name(part: &str) -> &str {
    part.split('/').next().unwrap_or(part)
}

fn probe(part: &Feature, probe: &Probe, problems: &mut Vec<Problem>) {
    let path = match (&probe.get, &probe.post) {
        (Some(path), None) | (None, Some(path)) => path,
        (Some(path), Some(_)) => {
            problems.push(part.problem(path.span(), ProblemKind::GetOrPost));
            return;
        }
        (None, None) => {
            problems.push(part.problem_at("probe", ProblemKind::GetOrPost));
            return;
        }
    };
    let mut add = |kind| problems.push(part.problem(path.span(), kind));
    if !path.get_ref().starts_with('/') {
        add(ProblemKind::BadProbePath);
    }
    if probe.body.is_some() && probe.post.is_none() {
        add(ProblemKind::BodyWithoutPost);
    }
    if !(100..600).contains(&probe.status) {
        add(ProblemKind::BadStatus { status: probe.status });
    }
}

/// Names each circle of requirements once, at the feature that comes first by name.
fn cycles(template: &Template, problems: &mut Vec<Problem>) {
    let mut told: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for feature in template.features.values() {
        let mut from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = vec![feature.name.as_str()];
        while let Some(name) = open.pop() {
            let Some(current) = template.features.get(name) else { continue };
            for required in current.requires() {
                if required == feature.name {
                    // Backwards: from the requirement that closes it to where the search began.
                    let mut circle = vec![required, name];
                    while let Some(before) = from.get(circle[circle.len() - 1]) {
                        circle.push(before);
                    }
                    circle.reverse();
                    if told.insert(circle.iter().copied().collect()) {
                        let circle = circle.into_iter().map(str::to_owned).collect();
                        problems.push(feature.problem_at("requires", ProblemKind::Cycle { circle }));
                    }
                } else if !from.contains_key(required) {
                    from.insert(required, name);
                    open.push(required);
                }
            }
        }
    }
}
