//! What a change says before it is made: to people as the dry run, and to machines.

use std::fmt;

use serde_json::{Value, json};

use super::change::{ChangePlan, LockState};
use super::dependents::Dependent;
use super::list;
use super::uses::Missed;
use crate::lock::PATH as LOCK;
use crate::merge::{Change, Note, cargo};
use crate::tree::{File, TreePath};
use crate::unified;

impl ChangePlan {
    /// How many files change, as a sentence has it.
    #[must_use]
    pub fn counted(&self) -> String {
        let count = |kind: fn(&Step<'_>) -> bool| self.steps().filter(kind).count();
        let counts = [
            (count(|step| step.action == Action::Create), "new"),
            (count(|step| step.action == Action::Change), "changed"),
            (count(|step| step.action == Action::Remove), "removed"),
            (count(|step| step.action == Action::Conflict), "in conflict"),
        ];
        let told: Vec<String> =
            counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if told.is_empty() { "no file changes".to_owned() } else { told.join(", ") }
    }

    fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.merge.changes.iter().map(|(path, change)| {
            let old = self.ours.get(path.as_str());
            let (action, new) = match change {
                Change::Write(file) if old.is_none() => (Action::Create, Some(file)),
                Change::Write(file) => (Action::Change, Some(file)),
                Change::Remove => (Action::Remove, None),
                Change::Conflict(_) => (Action::Conflict, None),
            };
            Step { path, action, old, new, change }
        })
    }

    /// The plan for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let files: Vec<Value> = self
            .steps()
            .map(|step| json!({ "path": step.path.as_str(), "action": step.action.word(), "diff": step.diff() }))
            .collect();
        json!({
            "subject": self.subject,
            "template": {
                "source": self.after.record.template.source,
                "from": self.before.record.template.version,
                "to": self.after.record.template.version,
                "commit": self.after.record.template.commit,
            },
            "features": { "added": self.added(), "removed": self.removed(), "all": self.after.features },
            "answers": self.after.record.answers.values,
            "environment": self.env.new.iter().map(|entry| &entry.key).collect::<Vec<_>>(),
            "database": {
                "stays": self.data.stays,
                "drops": self.data.drops,
                "left_behind": self.data.left_behind,
                "to_check": self.data.to_check,
            },
            "notes": self.notes(),
            "conflicts": self.merge.conflicts().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            "files": files,
        })
    }

    /// What the person should know, one sentence each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let along = self.pulled_in.iter().map(|(name, by)| format!("`{name}` comes along: `{by}` requires it"));
        let orphaned = self.removed().into_iter().filter(|name| !self.before.record.answers.features.contains(*name));
        let goes = orphaned.map(|name| format!("`{name}` goes, too: nothing requires it any more"));
        let stays = self
            .kept
            .iter()
            .map(|(name, Dependent { by, what })| format!("`{name}` stays, as if you had chosen it: {by} {what}"));
        let missed = self.missed.iter().map(|Missed { by, what, .. }| {
            format!("{by} uses `{what}`, which goes: it does not build until you have changed that")
        });
        let files = self.merge.notes.iter().map(|note| match note {
            Note::Followed { from, to } => format!("you have moved {from} to {to}: the change went there"),
            Note::StaysDeleted(path) => format!("you have deleted {path}: it stays deleted"),
            Note::StaysReplaced(path) => {
                format!("you have put something else in the place of {path}: it stays as it is, without what the template changes")
            }
            Note::StaysRewritten(path) => {
                format!("you have written {path} anew: it stays as it is, without what the template changes in it")
            }
            Note::AddedBeside { from, to } => format!("you have moved the folder of {from}: the file is {to}"),
            Note::DependencyStays { name, by } => format!("the dependency `{name}` stays: {by} inherits it"),
            Note::DependencyReturns { name, by } => format!("the dependency `{name}` comes back: {by} inherits it"),
            Note::FolderStays { folder, files } => format!(
                "{folder} is no crate any more, and yours stay there: {}; {} leaves the folder out (`exclude`) until you have moved or \
                 deleted them",
                list(files),
                cargo::WORKSPACE
            ),
            Note::CrateMissing { name, by } => format!(
                "you have deleted the crate `{name}`, which {by} depends on: take it back from an earlier commit, or take out what \
                 needs it"
            ),
        });
        let env = self
            .env
            .changed
            .iter()
            .map(|(key, value)| format!("`{key}` in your .env stays as it is; for new projects it is now {value}"));
        let lock = match &self.lock {
            LockState::Unknown(reason) => Some(format!(
                "{LOCK} is merged, but cargo could not see offline whether it fits your own dependencies ({reason}); run \
                 `cargo build`, and commit what it changes in {LOCK}"
            )),
            LockState::Settled | LockState::Open => None,
        };
        let data = self.data.notes.iter().cloned();
        let lost = self.lost.iter().cloned();
        lost.chain(along)
            .chain(goes)
            .chain(stays)
            .chain(missed)
            .chain(files)
            .chain(lock)
            .chain(env)
            .chain(data)
            .collect()
    }
}

/// The dry run: the files, the notes, then how each file changes.
impl fmt::Display for ChangePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.subject, self.counted())?;
        for step in self.steps() {
            writeln!(f, "  {} {}", step.action.mark(), step.path)?;
        }
        for entry in &self.env.new {
            writeln!(f, "  + .env: {}", entry.key)?;
        }
        for note in self.notes() {
            writeln!(f, "  note: {note}")?;
        }
        for step in self.steps() {
            write!(f, "\n{}", step.diff())?;
        }
        Ok(())
    }
}

/// What happens to one file.
struct Step<'a> {
    path: &'a TreePath,
    action: Action,
    old: Option<&'a File>,
    new: Option<&'a File>,
    change: &'a Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Change,
    Remove,
    Conflict,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Conflict => "conflict",
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Create => '+',
            Self::Change => '~',
            Self::Remove => '-',
            Self::Conflict => '!',
        }
    }
}

impl Step<'_> {
    /// The change as a unified diff.
    fn diff(&self) -> String {
        let marked = match self.change {
            Change::Conflict(conflict) => match &conflict.marked {
                Some(text) => Some(File::plain(text.clone())),
                None if conflict.theirs.is_none() && conflict.ours == conflict.base => {
                    return self.told("part of a crate that you have edited, removed by the template");
                }
                None if conflict.theirs.is_none() => return self.told("edited by you, removed by the template"),
                None => return self.told("changed by you and by the template"),
            },
            Change::Write(_) | Change::Remove => None,
        };
        unified::file(self.path.as_str(), self.old, marked.as_ref().or(self.new))
    }

    fn told(&self, what: &str) -> String {
        format!("--- a/{0}\n+++ b/{0}\n{what}\n", self.path)
    }
}
