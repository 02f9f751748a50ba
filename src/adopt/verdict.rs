//! What the best guess stands on, and what the files leave open.

use std::collections::{BTreeMap, BTreeSet};

use super::search::{Guess, Search, State, Turn};
use super::texts::{self, NAME};
use super::{AdoptError, Candidate, Match, Unclear};
use crate::gather::{self, Defaults, GatherError, Gathered, Given};
use crate::render::render;
use crate::template::Feature;
use crate::tree::FileTree;

/// A decision is clear when so many of the lines that tell, in percent, speak for it: two of three. A person who has edited
/// half of a feature's lines leaves open whether it is meant to be there.
const CLEAR_FROM: usize = 66;

impl Search<'_> {
    /// The record of a guess, and what it stands on. `others` are the guesses for other versions.
    pub(super) fn verdict(mut self, best: &Guess, others: &[(&Candidate, FileTree)]) -> Result<Match, AdoptError> {
        let gathered = self.chosen(best)?;
        let record = self.record(gathered.answers);
        let tree = render(&self.candidate.template, &record)?;
        let (mut unclear, mut assumed) = (Vec::new(), self.unseen_texts(best));
        self.judge_features(best, &mut unclear);
        self.judge_choices(best, &mut unclear, &mut assumed);
        for (candidate, other) in others {
            let (this, that) = (&self.candidate.id.version, &candidate.id.version);
            unclear.extend(
                self.judge(best, other, "the version", this, || format!("--version {this} or --version {that}")),
            );
        }
        let files = self.evidence.unchanged(&best.tree);
        Ok(Match { record, features: gathered.all, tree, lines: best.lines, files, unclear, assumed })
    }

    /// The answers as somebody gives them who wants these features: by a preset, or without those that others require.
    fn chosen(&self, best: &Guess) -> Result<Gathered, GatherError> {
        let template = &self.candidate.template;
        let members = best.state.features.iter().filter_map(|name| template.features.get(name));
        let members = members.filter_map(|member| Some((member.group()?.to_owned(), member.name.clone())));
        let mut set: BTreeMap<String, String> = self.known.set.clone().into_iter().chain(members).collect();
        set.remove(NAME);
        let mut answers = best.state.values.clone();
        answers.retain(|key, _| !set.contains_key(key));
        let base = Given { name: Some(best.state.name.clone()), set, answers, ..Given::default() };
        if self.known.with.is_empty() {
            for preset in &template.manifest.preset {
                let given = Given { preset: Some(preset.name.get_ref().clone()), ..base.clone() };
                // Not every preset goes with every member of a group.
                if let Ok(gathered) = gather::gather(template, &given, &mut Defaults)
                    && gathered.all == best.state.features
                {
                    return Ok(gathered);
                }
            }
        }
        let required: BTreeSet<&str> = best
            .state
            .features
            .iter()
            .filter_map(|name| template.features.get(name))
            .flat_map(Feature::requires)
            .collect();
        let chosen = best.state.features.iter().filter(|name| {
            !required.contains(name.as_str()) || self.known.with.contains(*name) || template.is_member(name)
        });
        let given = Given { features: Some(chosen.cloned().collect()), ..base };
        gather::gather(template, &given, &mut Defaults)
    }

    /// The keys of the texts and numbers of which the project has no line.
    fn unseen_texts(&self, best: &Guess) -> Vec<String> {
        let mut unseen = Vec::new();
        for (key, kind) in self.open_texts(best) {
            if !self.is_asked(best, &key) {
                continue;
            }
            let (answers, _) = texts::disguised(&best.answers, &[(key.clone(), kind)].into());
            let Ok(tree) = render(&self.candidate.template, &self.record(answers)) else { continue };
            if self.evidence.telling(&best.tree, &super::search::without_record(&tree)).ours.found == 0 {
                unseen.push(key);
            }
        }
        unseen
    }

    /// Whether a question is asked with these answers.
    fn is_asked(&self, best: &Guess, key: &str) -> bool {
        let Some(value) = best.answers.values.get(key) else { return key == NAME };
        let given = Given {
            name: Some(best.state.name.clone()),
            features: Some(best.state.features.clone()),
            set: [(key.to_owned(), value.to_string())].into(),
            answers: best.state.values.clone(),
            ..Given::default()
        };
        !matches!(gather::gather(&self.candidate.template, &given, &mut Defaults), Err(GatherError::NotAsked { .. }))
    }

    fn judge_features(&mut self, best: &Guess, unclear: &mut Vec<Unclear>) {
        let template = &self.candidate.template;
        let required = |name: &str| {
            best.state.features.iter().any(|other| {
                template.features.get(other).is_some_and(|other| other.requires().any(|required| required == name))
            })
        };
        for name in template.features.keys() {
            let known = self.known.with.contains(name) || self.known.without.contains(name);
            if known || required(name) || template.is_member(name) {
                continue;
            }
            let state = State { features: self.toggled(&best.state.features, name), ..best.state.clone() };
            let Ok(other) = self.made(&state) else { continue };
            let taken = if best.state.features.contains(name) { "there" } else { "not there" };
            let flags = || format!("--with {name} or --without {name}");
            unclear.extend(self.judge(best, &other.tree, &format!("the feature `{name}`"), taken, flags));
        }
    }

    fn judge_choices(&mut self, best: &Guess, unclear: &mut Vec<Unclear>, assumed: &mut Vec<String>) {
        for turns in self.open_choices(best) {
            let mut tells = false;
            let mut worst: Option<Unclear> = None;
            let mut judged = String::new();
            for turn in turns {
                let (key, taken) = match &turn {
                    Turn::Member { group, .. } => {
                        let member = self.candidate.template.members(group);
                        let mut member = member.filter(|member| best.state.features.contains(&member.name));
                        (group.clone(), member.next().map_or_else(String::new, |member| member.name.clone()))
                    }
                    Turn::Answer { key, .. } if !self.is_asked(best, key) => break,
                    Turn::Answer { key, .. } => {
                        (key.clone(), best.answers.values.get(key).map_or_else(String::new, ToString::to_string))
                    }
                };
                judged.clone_from(&key);
                let state = self.turned(&best.state, &turn);
                let Ok(other) = self.made(&state) else { continue };
                tells |= other.tree != best.tree;
                let flags = || format!("--set {key}=…");
                let found = self.judge(best, &other.tree, &format!("`{key}`"), &taken, flags);
                let percent = |unclear: &Unclear| unclear.lines.percent();
                if found
                    .as_ref()
                    .is_some_and(|found| worst.as_ref().is_none_or(|worst| percent(found) < percent(worst)))
                {
                    worst = found;
                }
            }
            unclear.extend(worst);
            if !tells && !judged.is_empty() {
                assumed.push(judged);
            }
        }
    }

    /// Whether the project tells two trees apart.
    fn judge(
        &self,
        best: &Guess,
        other: &FileTree,
        what: &str,
        taken: &str,
        flags: impl FnOnce() -> String,
    ) -> Option<Unclear> {
        let lines = self.evidence.telling(&best.tree, other).for_ours();
        (lines.percent() < CLEAR_FROM).then(|| Unclear {
            what: what.to_owned(),
            taken: taken.to_owned(),
            lines,
            flags: flags(),
        })
    }
}
