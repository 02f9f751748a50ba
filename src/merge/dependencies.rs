//! Dependencies that crates inherit from the workspace, and that one of the sides has taken out of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Merge, Note, cargo, text};
use crate::tree::{File, TreePath};

impl Merge<'_> {
    /// Lets the workspace keep the dependencies that crates of the person's inherit, though the template needs them no more.
    pub(super) fn keep_dependencies(&mut self) {
        let [base, ours, theirs] = [self.base, self.ours, self.theirs].map(|tree| tree.get(cargo::WORKSPACE));
        let (Some(base), Some(ours), Some(theirs)) = (base, ours, theirs) else { return };
        let (Some(before), Some(now)) = (base.text(), theirs.text()) else { return };
        let stays = cargo::offered(now);
        let from_elsewhere = cargo::offered(before).into_iter().filter(|(_, folder)| folder.is_none());
        let going = from_elsewhere.map(|(name, _)| name).filter(|name| !stays.contains_key(name)).collect();
        let needed = self.inheriting(&going, |_| true);
        let Ok(path) = TreePath::parse(cargo::WORKSPACE) else { return };
        let Some(kept) = cargo::keep(before, now, needed.keys()) else { return };
        self.result.changes.remove(&path);
        self.merge_file(&path, Some(base), ours, &File { bytes: kept.into(), ..theirs.clone() });
        self.result.notes.extend(needed.into_iter().map(|(name, by)| Note::DependencyStays { name, by }));
    }

    /// Puts back the dependencies that the person has taken out of the workspace, and that a crate which the template adds or
    /// changes inherits. A crate beside it that the person has deleted is for them to decide on.
    pub(super) fn restore_dependencies(&mut self) {
        let [base, ours, theirs] = [self.base, self.ours, self.theirs].map(|tree| tree.get(cargo::WORKSPACE));
        let (Some(ours), Some(theirs), Ok(path)) = (ours, theirs, TreePath::parse(cargo::WORKSPACE)) else { return };
        let merged = match self.result.changes.get(&path) {
            None => ours,
            Some(Change::Write(file)) => file,
            Some(Change::Remove | Change::Conflict(_)) => return,
        };
        let (Some(before), Some(now)) = (merged.text(), theirs.text()) else { return };
        let (stays, offered) = (cargo::offered(before), cargo::offered(now));
        let lost = offered.keys().filter(|name| !stays.contains_key(*name)).cloned().collect();
        let needed = self.inheriting(&lost, |path| self.result.changes.contains_key(path));
        let Some(restored) = cargo::keep(now, before, needed.keys()) else { return };

        let crates: Vec<&str> =
            self.manifests().filter_map(|(path, _)| path.as_str().strip_suffix(cargo::MANIFEST)).collect();
        let deleted =
            |name: &String| matches!(offered.get(name), Some(Some(folder)) if !crates.contains(&folder.as_str()));
        let missing: BTreeSet<String> = needed.keys().filter(|name| deleted(name)).cloned().collect();
        if missing.is_empty() {
            self.result.changes.insert(path, Change::Write(File { bytes: restored.into(), ..merged.clone() }));
        } else {
            let marked = text::side_by_side(before, &restored, self.labels);
            self.conflict(&path, base, Some(ours), Some(theirs), Some(marked.into()));
        }
        self.result.notes.extend(needed.into_iter().map(|(name, by)| {
            if missing.contains(&name) { Note::CrateMissing { name, by } } else { Note::DependencyReturns { name, by } }
        }));
    }

    /// Those of the dependencies that a crate of the merged project inherits, each with the last manifest that does; only
    /// manifests that are `seen` count.
    fn inheriting(&self, names: &BTreeSet<String>, seen: impl Fn(&TreePath) -> bool) -> BTreeMap<String, TreePath> {
        let mut found = BTreeMap::new();
        if names.is_empty() {
            return found;
        }
        for (path, file) in self.manifests().filter(|(path, _)| seen(path)) {
            let inherited = cargo::dependencies(file.text().unwrap_or_default(), "workspace");
            found.extend(inherited.into_iter().filter(|name| names.contains(name)).map(|name| (name, path.clone())));
        }
        found
    }

    /// The manifests of the merged project, without the workspace's.
    fn manifests(&self) -> impl Iterator<Item = (&TreePath, &File)> {
        self.result.outcome(self.ours).filter(|(path, _)| path.as_str().ends_with(cargo::MANIFEST))
    }
}
