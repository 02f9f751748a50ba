//! What a change means for databases: files come and go, and the tables that their SQL has made stay.
//!
//! ```text
//! migrations of modules that go ─► their schema ─► what stays in the database, or a migration that drops it
//! ```

mod schema;
mod sql;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use self::schema::Schema;
use self::sql::{Kind, Name, Object, Step};
use super::{Side, list};
use crate::merge::{Change, TreeMerge};
use crate::template::manifest::Migrations;
use crate::template::{Feature, Template};
use crate::tree::{File, FileTree, TreePath};

/// What a change means for a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Data {
    /// The tables that stay in the database although their modules go.
    pub stays: Vec<String>,
    /// What a migration drops.
    pub drops: Vec<String>,
    /// The tables whose rows stay in another database.
    pub left_behind: Vec<String>,
    /// Migrations of the person's own, which may be written for another database.
    pub to_check: Vec<String>,
    /// What the person should know of it, one sentence each.
    pub notes: Vec<String>,
}

/// A migration that drops what modules have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropMigration {
    /// Where it goes.
    pub path: TreePath,
    /// What it drops, as SQL names it.
    pub names: Vec<String>,
    /// The feature that runs it.
    pub feature: String,
    text: String,
}

impl DropMigration {
    /// The file.
    #[must_use]
    pub fn file(&self) -> File {
        File::plain(self.text.clone())
    }
}

/// Why a migration that drops tables cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DropError {
    #[error(
        "the template does not say where a migration that drops tables goes; leave out `--drop-tables`, and drop them yourself"
    )]
    NowhereToWrite,
    #[error("`{name}` cannot be dropped: {path} uses it; end that first, or leave out `--drop-tables`")]
    InUse { name: String, path: String },
    #[error(
        "{} refer to each other in a circle, so none of them can be dropped first; leave out `--drop-tables`, and drop them \
         yourself",
        .0.join(" and ")
    )]
    Circle(Vec<String>),
}

/// What the change from `before` to `after` means for databases.
pub(super) fn data(template: &Template, before: &Side, after: &Side, ours: &FileTree, merge: &TreeMerge) -> Data {
    let mut data = left_behind(template, before, after, ours);
    if let Some(keys) = &template.manifest.migrations {
        let removed = Removed::new(keys, before, after, ours, merge);
        if let Some(migration) = &after.drop {
            removed.drop(migration, &mut data);
        } else {
            // Another version of the template is no reason to drop anything.
            removed.stay(keys.drops.is_some() && before.record.template == after.record.template, &mut data);
            removed.find_home(&before.tree, &mut data);
        }
        if let Some(migration) = &after.drop
            && !before.features.contains(&migration.feature)
        {
            data.notes.push(format!("`{}` comes along: it runs the migration that drops tables", migration.feature));
        }
    }
    data
}

/// The migrations of the modules that a change removes.
pub(super) struct Removed<'a> {
    keys: &'a Migrations,
    ours: &'a FileTree,
    /// The names of the modules.
    modules: BTreeSet<String>,
    /// The files that stand in the project and belong to them.
    paths: BTreeSet<&'a str>,
    schema: Schema,
}

impl<'a> Removed<'a> {
    /// Reads them as they stand in the project: edited, moved, and with those that the person has added.
    pub(super) fn new(
        keys: &'a Migrations,
        before: &'a Side,
        after: &Side,
        ours: &'a FileTree,
        merge: &'a TreeMerge,
    ) -> Self {
        let modules_of = |tree| by_module(keys, tree).into_keys().map(str::to_owned).collect::<BTreeSet<_>>();
        let modules: BTreeSet<String> = &modules_of(&before.tree) - &modules_of(&after.tree);
        let goes = |change: &Change| match change {
            Change::Write(_) => false,
            Change::Remove => true,
            Change::Conflict(conflict) => conflict.theirs.is_none(),
        };
        // Where the person has moved a module, its folder has another name.
        let going = merge.changes.iter().filter(|(_, change)| !modules.is_empty() && goes(change));
        let moved = going.filter_map(|(path, _)| keys.module_of(path.as_str()));
        let folders: BTreeSet<&str> = moved.chain(modules.iter().map(String::as_str)).collect();
        let mut schema = Schema::default();
        // Whoever has deleted such a file has not dropped its tables.
        let made = by_module(keys, &before.tree).into_iter().filter(|(name, _)| modules.contains(*name));
        for (_, text) in made.flat_map(|(_, files)| files).filter(|(path, _)| ours.get(path).is_none()) {
            schema.run(text);
        }
        let mut paths = BTreeSet::new();
        let stand = by_module(keys, ours).into_iter().filter(|(name, _)| folders.contains(name));
        for (path, text) in stand.flat_map(|(_, files)| files) {
            schema.run(text);
            paths.insert(path);
        }
        Self { keys, ours, modules, paths, schema }
    }

    /// Says what stays in the database.
    fn stay(&self, can_drop: bool, data: &mut Data) {
        data.stays = self.schema.tables().collect();
        let (tables, it) = match data.stays.as_slice() {
            [] => return,
            [table] => (format!("the table {table}"), "it"),
            tables => (format!("the tables {}", list(tables)), "them"),
        };
        let hint =
            if can_drop { format!("; `--drop-tables` writes a migration that drops {it}") } else { String::new() };
        data.notes.push(format!("the database keeps {tables}, with all rows{hint}"));
    }

    /// Says where migrations that the person has added to a module can go on.
    fn find_home(&self, made: &FileTree, data: &mut Data) {
        let own: Vec<String> =
            self.paths.iter().filter(|path| made.get(path).is_none()).map(|path| (*path).to_owned()).collect();
        if let (false, Some(drops)) = (own.is_empty(), &self.keys.drops) {
            let (files, folder) = (list(&own), &drops.folder);
            data.notes.push(format!(
                "migrations of your own lose their module: {files}; what databases need of them beyond it belongs into {folder} \
                 (`neoforge add feature {}`), written so that it does nothing where it has been done",
                drops.feature.get_ref()
            ));
        }
    }

    /// Says what a migration drops.
    fn drop(&self, migration: &DropMigration, data: &mut Data) {
        data.drops.clone_from(&migration.names);
        let tables: Vec<String> = self.schema.tables().collect();
        let dropped = if tables.is_empty() { list(&migration.names) } else { list(&tables) };
        data.notes.push(format!(
            "{} drops {dropped} for good, with all rows, as soon as the migrations run; make a backup of the database first",
            migration.path
        ));
        if !self.schema.altered.is_empty() {
            let altered: Vec<String> = self.schema.altered.iter().cloned().collect();
            data.notes.push(format!("what the migrations have changed in {} stays", list(&altered)));
        }
    }

    /// Writes a migration that drops everything they have made.
    ///
    /// # Errors
    /// Where somebody else uses it, or no order of dropping is allowed.
    pub(super) fn migration(&self) -> Result<Option<DropMigration>, DropError> {
        if self.schema.objects.is_empty() {
            return Ok(None);
        }
        let drops = self.keys.drops.as_ref().ok_or(DropError::NowhereToWrite)?;
        self.check_unused()?;
        let mut statements = Vec::new();
        let mut names = Vec::new();
        for object in in_order(&self.schema.objects)? {
            statements.push(statement(object));
            names.push(object.name.to_string());
        }
        for module in &self.modules {
            let history = self.keys.history_of(module);
            statements.push(format!("DROP TABLE IF EXISTS {history};"));
            names.push(history);
        }
        let modules: Vec<&str> = self.modules.iter().map(String::as_str).collect();
        let modules = modules.join("_and_");
        let folder = &drops.folder;
        let number = self.ours.below(folder).filter_map(|(name, _)| number(name)).max().map_or(1, |last| last + 1);
        let mut text =
            format!("-- Drops for good what `{modules}` has made. Where that is not there, this does nothing.\n");
        for statement in statements {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{statement}");
        }
        let path = TreePath::parse(format!("{folder}/{number:04}_drop_{modules}.sql"));
        let path = path.map_err(|_| DropError::NowhereToWrite)?;
        Ok(Some(DropMigration { path, names, feature: drops.feature.get_ref().clone(), text }))
    }

    /// Makes sure that no migration of another module makes, changes or uses what would be dropped.
    fn check_unused(&self) -> Result<(), DropError> {
        let made: BTreeMap<String, &Name> =
            self.schema.objects.iter().map(|object| (object.name.key(), &object.name)).collect();
        for (path, text) in by_module(self.keys, self.ours).into_values().flatten() {
            if self.paths.contains(path) {
                continue;
            }
            let used = sql::steps(text).into_iter().flat_map(touched).find_map(|key| made.get(&key));
            if let Some(name) = used {
                return Err(DropError::InUse { name: name.to_string(), path: path.to_owned() });
            }
        }
        Ok(())
    }
}

/// What a change of the database itself leaves behind; nothing where it stays the same.
fn left_behind(template: &Template, before: &Side, after: &Side, ours: &FileTree) -> Data {
    let mut data = Data::default();
    for group in &template.manifest.group {
        let name = group.name.get_ref();
        let member = |side: &Side| {
            template.members(name).map(|member| member.name.clone()).find(|member| side.features.contains(member))
        };
        let (Some(old), Some(new)) = (member(before), member(after)) else { continue };
        if old == new {
            continue;
        }
        if let Some(keys) = &template.manifest.migrations
            && keys.group.as_ref().is_some_and(|group| group.get_ref() == name)
        {
            data.carry_nothing(keys, before, ours, &old, &new);
        }
        data.notes.extend(group.notices.iter().cloned());
    }
    if before.record.answers.name != after.record.answers.name {
        let parts = std::iter::once(&template.base).chain(features_of(template, after));
        data.notes.extend(parts.flat_map(|part| part.manifest.rename_notices.iter().cloned()));
    }
    data
}

fn features_of<'a>(template: &'a Template, side: &'a Side) -> impl Iterator<Item = &'a Feature> {
    side.features.iter().filter_map(|name| template.features.get(name))
}

impl Data {
    fn carry_nothing(&mut self, keys: &Migrations, before: &Side, ours: &FileTree, old: &str, new: &str) {
        for files in by_module(keys, ours).into_values() {
            let mut schema = Schema::default();
            for (path, text) in files {
                schema.run(text);
                if before.tree.get(path).is_none() {
                    self.to_check.push(path.to_owned());
                }
            }
            self.left_behind.extend(schema.tables());
        }
        if !self.left_behind.is_empty() {
            let tables = list(&self.left_behind);
            self.notes.push(format!("no rows are carried over from {old} to {new}: {tables} will be empty there"));
        }
        if !self.to_check.is_empty() {
            let files = list(&self.to_check);
            self.notes.push(format!("migrations of your own, written for {old}: see that {new} understands {files}"));
        }
    }
}

/// What a step needs to be there.
fn touched(step: Step) -> BTreeSet<String> {
    let with = |mut uses: BTreeSet<String>, name: Name| {
        uses.insert(name.key());
        uses
    };
    match step {
        Step::Create(Object { name, uses, .. }) | Step::Alter { table: name, uses } => with(uses, name),
        Step::Rename { from, to } => BTreeSet::from([from.key(), to.key()]),
        Step::Use(uses) => uses,
        // What is gone already, nobody needs.
        Step::Drop { .. } => BTreeSet::new(),
    }
}

/// In an order in which nothing is dropped that another one refers to; without what goes with its table.
fn in_order(objects: &[Object]) -> Result<Vec<&Object>, DropError> {
    let tables: BTreeSet<String> =
        objects.iter().filter(|object| object.kind == Kind::Table).map(|object| object.name.key()).collect();
    let goes_along = |object: &Object| object.on.as_ref().is_some_and(|on| tables.contains(&on.key()));
    let mut waiting: Vec<&Object> = objects.iter().filter(|object| !goes_along(object)).collect();
    // What was made last goes first, among equals.
    waiting.reverse();
    waiting.sort_by_key(|object| match object.kind {
        // A view may stand on a view of the other kind.
        Kind::MaterializedView => Kind::View,
        kind => kind,
    });
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let is_free = |object: &&&Object| !waiting.iter().any(|other| other.uses.contains(&object.name.key()));
        let Some(next) = waiting.iter().position(|object| is_free(&object)) else {
            return Err(DropError::Circle(waiting.iter().map(|object| object.name.to_string()).collect()));
        };
        order.push(waiting.remove(next));
    }
    Ok(order)
}

fn statement(object: &Object) -> String {
    let on = object.on.as_ref().filter(|_| object.kind == Kind::Trigger && object.calls);
    let on = on.map_or_else(String::new, |on| format!(" ON {on}"));
    format!("DROP {} IF EXISTS {}{on};", object.kind.keyword(), object.name)
}

/// The number that the name of a migration begins with.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".sql")?.split('_').next()?;
    digits.parse().ok()
}

/// The migrations of each module, in their order.
fn by_module<'a>(keys: &Migrations, tree: &'a FileTree) -> BTreeMap<&'a str, Vec<(&'a str, &'a str)>> {
    let mut modules: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, file) in tree {
        if let (Some(module), Some(text)) = (keys.module_of(path.as_str()), file.text()) {
            modules.entry(module).or_default().push((path.as_str(), text));
        }
    }
    modules
}
