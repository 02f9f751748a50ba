//! From the files of a project to the record that it was made from, where the record is lost.
//!
//! ```text
//! Candidate versions ─┐
//! files ─► Evidence ──┴─► Search: texts ─► features, groups, options ─► … until nothing fits better ─► Match
//! ```
//!
//! Rendering is fast, so nothing is taken apart: a guess is rendered, and its lines are looked for in the project. A guess
//! is the better, the more of its lines are there, less those that are not. So a feature is part of the best guess when the
//! project has more than half of the lines that it brings; lines that only the project has count neither way.

mod evidence;
mod search;
mod texts;
mod verdict;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use self::evidence::Evidence;
pub use self::evidence::Found;
use self::search::{Search, without_record};
use crate::answers::record::{Record, TemplateId};
use crate::gather::GatherError;
use crate::render::RenderError;
use crate::template::Template;
use crate::tree::FileTree;

/// A template that the project may have been made from.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// How a record names it.
    pub id: TemplateId,
    /// The template.
    pub template: Template,
}

/// What is known already, and not guessed.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Features that the project has.
    pub with: BTreeSet<String>,
    /// Features that it does not have.
    pub without: BTreeSet<String>,
    /// Answers as they were typed, by key; a group's name and `name` are keys, too.
    pub set: BTreeMap<String, String>,
}

/// The best guess.
#[derive(Debug, Clone)]
pub struct Match {
    /// The record.
    pub record: Record,
    /// All features that the project has.
    pub features: BTreeSet<String>,
    /// What the template makes of the record.
    pub tree: FileTree,
    /// How many of the lines of the pristine tree the project has.
    pub lines: Found,
    /// How many of its files stand in the project as they were made.
    pub files: Found,
    /// What the files leave open.
    pub unclear: Vec<Unclear>,
    /// The answers that no line of the project shows: they have their defaults.
    pub assumed: Vec<String>,
}

/// A decision for which the project has too little evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// What it is about, such as ``the feature `mail` ``.
    pub what: String,
    /// What the best guess takes it for, such as `not there`.
    pub taken: String,
    /// How many of the lines that would tell speak for that.
    pub lines: Found,
    /// The flags that decide it.
    pub flags: String,
}

/// How near the best guess is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// It can be relied on.
    Near,
    /// It is a project of this template, but something is left open, or too much was edited to be sure.
    Doubtful,
    /// The project was never made from any of the templates.
    Strange,
}

/// A project that has fewer of a template's lines, in percent, was never made from it: what is left is what any two projects
/// share, such as the first lines of a manifest. The Rust project that NeoForge is itself has 1.
const STRANGE_BELOW: usize = 20;

/// With fewer, in percent, most of what the template made is gone, and every smaller decision stands on what is left.
const NEAR_FROM: usize = 50;

impl Match {
    /// Whether the guess can be relied on.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        match self.lines.percent() {
            share if share < STRANGE_BELOW => Nearness::Strange,
            share if share < NEAR_FROM || !self.unclear.is_empty() => Nearness::Doubtful,
            _ => Nearness::Near,
        }
    }
}

/// Why there is no guess.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// What is known cannot be: an unknown feature, an answer that is none.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The template does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// How many versions are searched in full: those that fit best with what fits the newest one.
const SEARCHED: usize = 3;

/// The guess that fits the files of a project best. `candidates` are in the order of their versions; of two that fit
/// equally well, the later one is taken. `folder` is the name of the project's folder.
///
/// # Errors
/// [`AdoptError`], for the last candidate, where no candidate goes with what is known.
///
/// # Panics
/// Without candidates.
pub fn nearest(candidates: &[Candidate], files: &FileTree, folder: &str, known: &Known) -> Result<Match, AdoptError> {
    let files = without_record(files);
    let candidates: Vec<Candidate> = candidates.iter().map(without_lock).collect();
    let mut searches =
        candidates.iter().rev().map(|candidate| Search::new(candidate, Evidence::new(&files), folder, known));
    let mut first = searches.next().expect("there is a candidate");
    // A version that does not know a feature is not the one that the project was made from.
    let mut searches: Vec<_> = searches.filter_map(Result::ok).collect();
    if first.is_err() && !searches.is_empty() {
        first = Ok(searches.remove(0));
    }
    let mut first = first?;
    let guess = first.run(None)?;
    let mut rest: Vec<_> = searches.into_iter().map(|mut search| (search.fit_of(&guess.state), search)).collect();
    rest.sort_by_key(|(fit, _)| Reverse(*fit));
    let mut found = vec![(first, guess)];
    for (_, mut search) in rest.into_iter().take(SEARCHED - 1) {
        let guess = search.run(Some(&found[0].1.state))?;
        found.push((search, guess));
    }
    // The sort is stable, and the later versions come first.
    found.sort_by_key(|(_, guess)| Reverse(guess.lines.fit()));
    let others: Vec<_> = found.split_off(1).into_iter().map(|(search, guess)| (search.candidate, guess.tree)).collect();
    let (search, best) = found.remove(0);
    search.verdict(&best, &others)
}

/// The lock file follows from the manifests: its many lines would outweigh all others, and say nothing new.
fn without_lock(candidate: &Candidate) -> Candidate {
    Candidate { id: candidate.id.clone(), template: Template { lock: None, ..candidate.template.clone() } }
}
