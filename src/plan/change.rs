//! A change of a project that people have edited: features that come or go, other answers, another template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::dependents::Dependent;
use super::migrations::{self, Data, DropError, DropMigration, Removed};
use super::uses::{self, Missed};
use super::{list, lock};
use crate::answers::record::{self, Record};
use crate::gather::Gathered;
use crate::lock::{PATH as LOCK, Superset};
use crate::merge::{self, Change, Labels, Note, TreeMerge, cargo};
use crate::render::{self, EnvEntry, EnvValue, RenderError};
use crate::template::Template;
use crate::tree::{File, FileTree, TreePath};
use crate::unified;

/// What the template makes of a record, before or after the change.
#[derive(Debug, Clone)]
pub struct Side {
    /// The answers.
    pub record: Record,
    /// All features.
    pub features: BTreeSet<String>,
    /// The pristine tree.
    pub tree: FileTree,
    /// What its lock file is taken from.
    pub(super) lock: Option<Arc<Superset>>,
    /// A migration that is no part of the template, which drops what its features have made.
    pub(super) drop: Option<DropMigration>,
    environment: Vec<EnvEntry>,
}

impl Side {
    /// Renders a record.
    ///
    /// # Errors
    /// As [`render::render`].
    pub fn new(template: &Template, record: Record) -> Result<Self, RenderError> {
        let features = render::select::closure(template, &record.answers.features)?;
        let tree = render::render(template, &record)?;
        let environment = render::environment(template, &record)?;
        Ok(Self { record, features, tree, lock: template.lock.clone(), drop: None, environment })
    }

    /// Has a migration besides.
    #[must_use]
    pub fn dropping(mut self, migration: DropMigration) -> Self {
        self.tree.insert(migration.path.clone(), migration.file());
        self.drop = Some(migration);
        self
    }
}

/// What happens with the variables of the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    /// New ones, which `.env` gets.
    pub new: Vec<EnvEntry>,
    /// Those with another default: the name, and the new default. The value in `.env` stays.
    pub changed: Vec<(String, String)>,
}

/// What is known of the lock file of the changed project.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LockState {
    /// It fits.
    Settled,
    /// Cargo has not been asked.
    Open,
    /// Cargo could not tell, for this reason.
    Unknown(String),
}

/// A change that is going to be merged into a project.
#[derive(Debug, Clone)]
pub struct ChangePlan {
    /// What it does, as the subject of a commit.
    pub subject: String,
    /// What the project was made from.
    pub before: Side,
    /// What it will have been made from.
    pub after: Side,
    /// Features that come along because others require them, each with one that does.
    pub pulled_in: Vec<(String, String)>,
    /// Features that stay because files of the person's depend on them, each with one that does.
    pub kept: BTreeMap<String, Dependent>,
    /// What files of the person's use and what goes nevertheless.
    pub missed: Vec<Missed>,
    /// What the record says and the later template knows no more, one sentence each.
    pub lost: Vec<String>,
    /// What happens to the files.
    pub merge: TreeMerge,
    /// What happens with the environment.
    pub env: Env,
    /// What it means for databases.
    pub data: Data,
    /// Whether the project's lock file is known to fit what the project will ask for.
    lock: LockState,
    /// The packages that cargo's settings for the project put others in the place of.
    patched: BTreeSet<String>,
    /// The project's files, to show how they change.
    ours: FileTree,
}

impl ChangePlan {
    /// Merges the change from `before` to `after`, both made by `template`, the latter at least, into the files of a project.
    #[must_use]
    pub fn new(
        subject: String,
        template: &Template,
        before: Side,
        after: Side,
        gathered: &Gathered,
        ours: FileTree,
    ) -> Self {
        let (old, new) = (&before.record.template.version, &after.record.template.version);
        let base = if old == new { "as NeoForge made it".to_owned() } else { format!("as version {old} made it") };
        let labels = Labels { base: &base, ours: "your project", theirs: &subject };
        let mut merge = merge::merge(&before.tree, &ours, &after.tree, &labels);
        keep_record(&mut merge, &ours, &after);
        let settled = lock::settle(&mut merge, &before, &after, &ours);
        let lock = if settled { LockState::Settled } else { LockState::Open };
        let env = environment(&before.environment, &after.environment);
        let new_in = |(name, _): &&(String, String)| !before.features.contains(name);
        let pulled_in = gathered.pulled_in.iter().filter(new_in).cloned().collect();
        let data = migrations::data(template, &before, &after, &ours, &merge);
        let missed = uses::missed(&merge, &ours, &after.tree);
        Self {
            subject,
            before,
            after,
            pulled_in,
            kept: BTreeMap::new(),
            missed,
            lost: Vec::new(),
            merge,
            env,
            data,
            lock,
            patched: BTreeSet::new(),
            ours,
        }
    }

    /// What cargo has to see to settle the lock file: the manifests, the lock file, and the sources, which are empty, because
    /// their names alone tell it something. Nothing where the lock file is known to fit.
    #[must_use]
    pub fn open_lock(&self) -> Option<FileTree> {
        if self.lock != LockState::Open {
            return None;
        }
        let is_source = |path: &str| path.strip_suffix(".rs").is_some();
        let wanted = |path: &str| path == LOCK || lock::is_manifest(path) || is_source(path);
        let mut merged = lock::merged(&self.merge, &self.ours, wanted);
        let patched: BTreeSet<String> = self.patched.union(&lock::patched_in(&merged)).cloned().collect();
        if !patched.is_empty()
            && let (Some(text), Some(ours)) =
                (merged.get(LOCK).and_then(File::text), self.our_lock().and_then(File::text))
            && let (Some(text), Ok(path)) = (lock::unlocked(text, &patched, ours), TreePath::parse(LOCK))
        {
            merged.insert(path, File::plain(text));
        }
        let emptied = |(path, file): (&TreePath, &File)| {
            let file = if is_source(path.as_str()) { File::plain("") } else { file.clone() };
            (path.clone(), file)
        };
        Some(merged.iter().map(emptied).collect())
    }

    /// Has cargo asked about a lock file that changes, because its settings for the project, as these tables, lead to other
    /// packages than those of the registry.
    pub fn doubt_lock(&mut self, settings: &[toml::Table]) {
        self.patched = settings.iter().flat_map(lock::patched).collect();
        if self.lock == LockState::Settled && self.merge.changes.contains_key(LOCK) {
            self.lock = LockState::Open;
        }
    }

    /// The lock file of the project before the change.
    #[must_use]
    pub fn our_lock(&self) -> Option<&File> {
        self.ours.get(LOCK)
    }

    /// Takes the lock file that cargo has settled, or the reason why it could not.
    pub fn close_lock(&mut self, settled: Result<String, String>) {
        match (settled, TreePath::parse(LOCK)) {
            (Ok(text), Ok(path)) => {
                lock::put(&mut self.merge, &self.ours, path, text);
                self.lock = LockState::Settled;
            }
            (Err(reason), _) => self.lock = LockState::Unknown(reason),
            (Ok(_), Err(_)) => {}
        }
    }

    /// Tells of files that git does not know, in folders of crates that go: the workspace has to load with them, too.
    pub fn leave_out(&mut self, left: BTreeMap<String, Vec<String>>) {
        self.merge.leave_out(&self.ours, left);
    }

    /// A migration that drops what the features that go have made; nothing where they have made nothing.
    ///
    /// # Errors
    /// [`DropError`]: it would do harm, or there is no place for it.
    pub fn drop_migration(&self, template: &Template) -> Result<Option<DropMigration>, DropError> {
        let Some(keys) = &template.manifest.migrations else { return Ok(None) };
        Removed::new(keys, &self.before, &self.after, &self.ours, &self.merge).migration()
    }

    /// The features that come.
    #[must_use]
    pub fn added(&self) -> Vec<&str> {
        self.after.features.difference(&self.before.features).map(String::as_str).collect()
    }

    /// The features that go.
    #[must_use]
    pub fn removed(&self) -> Vec<&str> {
        self.before.features.difference(&self.after.features).map(String::as_str).collect()
    }

    /// Whether the project stays as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.merge.changes.is_empty() && self.env.new.is_empty()
    }

    /// The project after the change, without the files in conflict.
    pub fn outcome(&self) -> impl Iterator<Item = (&TreePath, &File)> {
        self.merge.outcome(&self.ours)
    }

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

/// Lets the record say what is true after the change, however it was written before: git may have merged two branches' lists
/// in any order. A person's comments stay where that is so.
fn keep_record(merge: &mut TreeMerge, ours: &FileTree, after: &Side) {
    let merged = match merge.changes.get(record::PATH) {
        Some(Change::Write(file)) => file.text(),
        None => ours.get(record::PATH).and_then(File::text),
        Some(Change::Remove | Change::Conflict(_)) => None,
    };
    let is_true = merged.is_some_and(|text| Record::parse(text).is_ok_and(|record| record == after.record));
    if let (false, Ok(path), Some(record)) = (is_true, TreePath::parse(record::PATH), after.tree.get(record::PATH)) {
        merge.changes.insert(path, Change::Write(record.clone()));
    }
}

fn environment(before: &[EnvEntry], after: &[EnvEntry]) -> Env {
    let old: BTreeMap<&str, &EnvValue> = before.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect();
    let mut env = Env::default();
    for entry in after {
        match (old.get(entry.key.as_str()), &entry.value) {
            (None, _) => env.new.push(entry.clone()),
            (Some(EnvValue::Plain(old)), EnvValue::Plain(new)) if old != new => {
                env.changed.push((entry.key.clone(), new.clone()));
            }
            (Some(_), _) => {}
        }
    }
    env
}
