//! A change of a project that people have edited: features that come or go, other answers, another template.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dependents::Dependent;
use super::lock;
use super::migrations::{self, Data, DropError, DropMigration, Removed};
use super::uses::{self, Missed};
use crate::answers::record::{self, Record};
use crate::gather::Gathered;
use crate::lock::{PATH as LOCK, Superset};
use crate::merge::{self, Change, Labels, TreeMerge};
use crate::render::{self, EnvEntry, EnvValue, RenderError};
use crate::template::Template;
use crate::tree::{File, FileTree, TreePath};

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
pub(super) enum LockState {
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
    pub(super) lock: LockState,
    /// The packages that cargo's settings for the project put others in the place of.
    patched: BTreeSet<String>,
    /// The project's files, to show how they change.
    pub(super) ours: FileTree,
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
