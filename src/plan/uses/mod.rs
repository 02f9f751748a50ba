//! What a person's code uses and a change takes away: items, members, macros, templates and files of crates that stay.
//!
//! ```text
//! files before and after ─► what goes ─┐
//! files of the person's ─► what they use ┴─► Missed
//! ```
//!
//! It is read from names alone, as far as names tell: what only types tell, the compiler says.

mod names;
mod rust;
mod templates;

use std::collections::{BTreeMap, BTreeSet};

use self::names::{Crates, Names};
use self::rust::{Members, Used};
use crate::merge::{Change, TreeMerge};
use crate::tree::{File, FileTree, TreePath};

/// Something that a change takes away although a file that stays uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The file that uses it.
    pub by: TreePath,
    /// What it is, as code calls it.
    pub what: String,
    /// The file that has it.
    pub(super) file: TreePath,
    /// Its name there; empty for the file itself.
    pub(super) name: String,
}

/// What the files that are not as the template makes them miss after a merge.
pub(super) fn missed(merge: &TreeMerge, ours: &FileTree, made: &FileTree) -> Vec<Missed> {
    let outcome: BTreeMap<&str, &File> = merge.outcome(ours).map(|(path, file)| (path.as_str(), file)).collect();
    let going = Going::new(merge, ours, &outcome);
    if going.is_empty() {
        return Vec::new();
    }
    let own = merge.outcome(ours).filter(|(path, file)| made.get(path.as_str()) != Some(*file));
    own.flat_map(|(path, file)| going.missed_by(path, file.text().unwrap_or_default(), &outcome)).collect()
}

/// Where something stands that goes: the file, and the name that it has there.
type Place = (TreePath, String);

/// What goes.
struct Going<'a> {
    ours: &'a FileTree,
    /// The crates that stay.
    crates: Crates,
    paths: BTreeMap<String, Place>,
    members: BTreeMap<String, Place>,
    /// All members of crates that lose some.
    known: BTreeSet<String>,
    files: BTreeSet<&'a TreePath>,
}

impl<'a> Going<'a> {
    fn new(merge: &'a TreeMerge, ours: &'a FileTree, outcome: &BTreeMap<&str, &File>) -> Self {
        let crates = Crates::of(merge.outcome(ours));
        let goes = |change: &Change| match change {
            Change::Write(_) => false,
            Change::Remove => true,
            Change::Conflict(conflict) => conflict.theirs.is_none(),
        };
        let files = merge.changes.iter().filter(|(_, change)| goes(change)).map(|(path, _)| path).collect();
        let (paths, members) = (BTreeMap::new(), BTreeMap::new());
        let mut going = Self { ours, crates, paths, members, known: BTreeSet::new(), files };
        let mut stay = Names::default();
        for (path, change) in &merge.changes {
            let Some(module) = going.crates.module(path.as_str()) else { continue };
            if let Change::Write(file) = change {
                let names = Names::of(&module, file.text().unwrap_or_default());
                stay.paths.extend(names.paths);
                stay.members.extend(names.members);
            }
            // What becomes of a file in conflict, a person decides.
            if matches!(change, Change::Conflict(conflict) if conflict.theirs.is_some()) {
                continue;
            }
            let names = Names::of(&module, ours.get(path.as_str()).and_then(File::text).unwrap_or_default());
            let placed = |(full, name)| (full, (path.clone(), name));
            going.paths.extend(names.paths.into_iter().map(placed));
            going.members.extend(names.members.into_iter().map(placed));
        }
        going.paths.retain(|path, _| !stay.paths.contains_key(path));
        going.members.retain(|name, _| !stay.members.contains_key(name));
        if !going.members.is_empty() {
            let of = |files: &mut dyn Iterator<Item = (&str, &File)>| -> BTreeSet<String> {
                let loses = |krate: &str| going.members.keys().any(|name| name.split("::").next() == Some(krate));
                let mut members = BTreeSet::new();
                for (path, file) in files {
                    let module =
                        going.crates.module(path).filter(|module| loses(module.split("::").next().unwrap_or_default()));
                    members.extend(
                        module
                            .into_iter()
                            .flat_map(|module| Names::of(&module, file.text().unwrap_or_default()).members.into_keys()),
                    );
                }
                members
            };
            let left = of(&mut outcome.iter().map(|(path, file)| (*path, *file)));
            let known = of(&mut ours.iter().map(|(path, file)| (path.as_str(), file)));
            going.members.retain(|name, _| !left.contains(name));
            going.known = known;
        }
        going
    }

    fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.members.is_empty() && self.files.is_empty()
    }

    /// What a file misses. What belongs to no crate that stays is not built.
    fn missed_by(&self, path: &TreePath, text: &str, outcome: &BTreeMap<&str, &File>) -> Vec<Missed> {
        let Some((folder, krate)) = self.crates.around(path.as_str()) else { return Vec::new() };
        let mut places: BTreeMap<String, Place> = BTreeMap::new();
        let mut file = |target: &str, told: &str| {
            if let Some(gone) = self.files.iter().find(|gone| gone.as_str() == target) {
                places.insert(told.to_owned(), ((*gone).clone(), String::new()));
            }
        };
        let (mut paths, mut members) = (BTreeSet::new(), BTreeSet::new());
        let dirs = || templates::folders(folder, self.ours);
        let gone_template = |name: &str| {
            let full = |dir: String| templates::resolve(&dir, name);
            let found = dirs().into_iter().map(full).find(|path| self.ours.get(path).is_some());
            found.filter(|_| {
                !dirs().into_iter().any(|dir| outcome.contains_key(templates::resolve(&dir, name).as_str()))
            })
        };
        if is_rust(path) {
            let used = Used::by(text, self);
            let beside = path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            for name in &used.files {
                let target = templates::resolve(beside, name);
                file(&target, &target);
            }
            for name in &used.templates {
                if let Some(target) = gone_template(name) {
                    file(&target, name);
                }
            }
            (paths, members) = (used.paths, used.members);
        } else if dirs().iter().any(|dir| path.as_str().starts_with(dir.as_str())) {
            let used = templates::Used::by(text);
            for name in &used.templates {
                if let Some(target) = gone_template(name) {
                    file(&target, name);
                }
            }
            places.extend(self.missed_macros(&used, &dirs(), outcome));
            paths = used.paths;
        }
        let module = self.crates.module(path.as_str());
        for used in paths {
            let used = if used[0] == "crate" { [&[krate.to_owned()], &used[1..]].concat() } else { used };
            let relative = module.as_ref().map(|module| format!("{module}::{}", used.join("::")));
            let prefixes = (1..=used.len()).map(|length| used[..length].join("::")).chain(relative);
            let gone = prefixes.into_iter().find_map(|path| self.paths.get_key_value(&path));
            places.extend(gone.map(|(path, place)| (path.clone(), place.clone())));
            if let ([krate, _, .., name], None) = (&used[..], gone) {
                members.insert(format!("{krate}::{name}"));
            }
        }
        let gone = members.iter().filter_map(|name| self.members.get_key_value(name));
        places.extend(gone.map(|(name, place)| (name.clone(), place.clone())));
        let missed = |(what, (file, name))| Missed { by: path.clone(), what, file, name };
        places.into_iter().map(missed).collect()
    }

    /// The macros that a template calls and that the file which has had them has no more.
    fn missed_macros(
        &self,
        used: &templates::Used,
        dirs: &[String],
        outcome: &BTreeMap<&str, &File>,
    ) -> Vec<(String, Place)> {
        let mut missed = Vec::new();
        for (alias, template) in &used.imports {
            let found =
                dirs.iter().map(|dir| templates::resolve(dir, template)).find(|path| self.ours.get(path).is_some());
            let Some((path, now)) =
                found.and_then(|path| Some((TreePath::parse(&path).ok()?, *outcome.get(path.as_str())?)))
            else {
                continue;
            };
            let before = self.ours.get(path.as_str()).and_then(File::text).map(templates::macros).unwrap_or_default();
            let now = now.text().map(templates::macros).unwrap_or_default();
            let called = used.paths.iter().filter(|called| called.len() == 2 && called[0] == *alias);
            let gone = called.filter(|called| before.contains(&called[1]) && !now.contains(&called[1]));
            missed.extend(gone.map(|called| (format!("{template}: {}", called[1]), (path.clone(), called[1].clone()))));
        }
        missed
    }
}

fn is_rust(path: &TreePath) -> bool {
    path.as_str().strip_suffix(".rs").is_some()
}

impl Members for Going<'_> {
    fn is_crate(&self, name: &str) -> bool {
        self.crates.has(name)
    }

    fn has(&self, krate: &str, name: &str) -> bool {
        self.known.contains(&format!("{krate}::{name}"))
    }
}
