//! Folders of crates that go, in which something stays: a workspace whose members are `crates/*` would not load with them.

use std::collections::BTreeMap;

use toml_edit::{Array, DocumentMut, Item, Value};

use super::{Change, Merge, Note, TreeMerge, cargo};
use crate::tree::{File, FileTree, TreePath};

impl Merge<'_> {
    /// Lets a crate go as a whole, or not: where a person has to choose about one of its files, so they have about its manifest.
    /// Files of their own that are left are no crate, and the workspace leaves their folder out.
    pub(super) fn settle_members(&mut self) {
        let goes = |(path, change): (&TreePath, &Change)| {
            (*change == Change::Remove && path.as_str().ends_with(cargo::MANIFEST)).then(|| path.clone())
        };
        let manifests: Vec<TreePath> = self.result.changes.iter().filter_map(goes).collect();
        let mut left = BTreeMap::new();
        for path in manifests {
            let folder = path.as_str().trim_end_matches("Cargo.toml").to_owned();
            let is_inside = |path: &TreePath| path.as_str().starts_with(&folder);
            if self.result.conflicts().any(|(path, _)| is_inside(path)) {
                let made = self.moved_by_us.iter().find(|(_, now)| **now == path).map_or(&path, |(made, _)| made);
                let (base, ours) = (self.base.get(made.as_str()), self.ours.get(path.as_str()));
                self.conflict(&path, base, ours, None, None);
                continue;
            }
            let stays: Vec<String> = self
                .result
                .outcome(self.ours)
                .map(|(path, _)| path)
                .filter(|path| is_inside(path))
                .map(ToString::to_string)
                .collect();
            if !stays.is_empty() {
                left.insert(folder.trim_end_matches('/').to_owned(), stays);
            }
        }
        self.result.leave_out(self.ours, left);
    }
}

impl TreeMerge {
    /// The folders of the crates that go.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let goes = self.changes.iter().filter(|(_, change)| **change == Change::Remove);
        goes.filter_map(|(path, _)| path.as_str().strip_suffix(cargo::MANIFEST))
    }

    /// Has the workspace leave out the folders of crates that go, each with the files that are left there, and take in again those
    /// of crates that come.
    pub fn leave_out(&mut self, ours: &FileTree, left: BTreeMap<String, Vec<String>>) {
        let comes = |(path, change): (&TreePath, &Change)| {
            let folder = path.as_str().strip_suffix(cargo::MANIFEST)?;
            (matches!(change, Change::Write(_)) && ours.get(path.as_str()).is_none()).then(|| folder.to_owned())
        };
        let come: Vec<String> = self.changes.iter().filter_map(comes).collect();
        let Ok(path) = TreePath::parse(cargo::WORKSPACE) else { return };
        let file = match self.changes.get(&path) {
            None => ours.get(cargo::WORKSPACE),
            Some(Change::Write(file)) => Some(file),
            Some(Change::Remove | Change::Conflict(_)) => None,
        };
        if let Some(file) = file
            && let Some(text) = file.text().and_then(|text| excluding(text, left.keys(), &come))
        {
            self.changes.insert(path, Change::Write(File { bytes: text.into(), ..file.clone() }));
        }
        self.notes.extend(left.into_iter().map(|(folder, files)| Note::FolderStays { folder, files }));
    }
}

/// The manifest of a workspace that leaves out folders which its members would have, and others no more; nothing where that is
/// so already.
fn excluding<'a>(manifest: &str, more: impl Iterator<Item = &'a String>, fewer: &[String]) -> Option<String> {
    let mut manifest: DocumentMut = manifest.parse().ok()?;
    let workspace = manifest.get_mut("workspace")?.as_table_like_mut()?;
    let members = workspace.get("members").and_then(Item::as_array);
    let takes_all =
        members.is_some_and(|members| members.iter().any(|member| member.as_str().is_some_and(|it| it.contains('*'))));
    let before = workspace.get("exclude").and_then(Item::as_array).cloned().unwrap_or_default();
    let mut exclude = before.clone();
    let names = |array: &Array| array.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    exclude.retain(|value| !value.as_str().is_some_and(|folder| fewer.iter().any(|it| it == folder)));
    for folder in more.filter(|_| takes_all) {
        if !names(&exclude).contains(folder) {
            exclude.push(folder.as_str());
        }
    }
    if names(&before) == names(&exclude) {
        return None;
    }
    if exclude.is_empty() {
        workspace.remove("exclude");
    } else {
        workspace.insert("exclude", exclude.into());
    }
    Some(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_crate_is_left_out_until_it_comes_back() {
        let before = "[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\n";
        let folder = "crates/notes".to_owned();
        let without = excluding(before, [&folder].into_iter(), &[]).expect("a change");
        assert_eq!(
            without,
            "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/notes\"]\n\n[workspace.dependencies]\n"
        );
        assert_eq!(excluding(&without, [&folder].into_iter(), &[]), None);
        assert_eq!(excluding(&without, [].into_iter(), std::slice::from_ref(&folder)).as_deref(), Some(before));
        assert_eq!(excluding("[workspace]\nmembers = [\"a\"]\n", [&folder].into_iter(), &[]), None);
    }
}
