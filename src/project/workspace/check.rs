//! What stands in the way of a change: things that git tracks and a template would not make, and files that git does not know.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::snapshot::{Other, Tracked};
use super::{Workspace, WorkspaceError};
use crate::merge::{Change, Note, TreeMerge};
use crate::tree::{FileTree, TreePath};

impl Tracked {
    /// Refuses a change from `base` to `theirs` that would put a file where the project has something that is none, or the
    /// other way round.
    ///
    /// # Errors
    /// [`WorkspaceError::Clash`] and [`WorkspaceError::CaseClash`]
    pub fn check(&self, base: &FileTree, theirs: &FileTree, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let clash = |new: &str, ours: &str, what| {
            Err(WorkspaceError::Clash { new: new.to_owned(), ours: ours.to_owned(), what })
        };
        for (path, other) in &self.others {
            if *other == Other::Large && base.get(path) != theirs.get(path) {
                return clash(path, path, other.what());
            }
        }
        let goes = |path: &str| {
            TreePath::parse(path).is_ok_and(|path| matches!(merge.changes.get(&path), Some(Change::Remove)))
        };
        let stays: BTreeSet<&str> = self.paths().filter(|path| !goes(path)).collect();
        let written: Vec<&TreePath> = written(merge).collect();
        for path in &written {
            if let Some((ours, other)) = self.other(path) {
                return clash(path.as_str(), ours, other.what());
            }
            if let Some(ours) = path.ancestors().find(|folder| stays.contains(folder)) {
                return clash(path.as_str(), ours, "a file");
            }
            let below = format!("{path}/");
            if let Some(ours) = stays.range(below.as_str()..).next().filter(|ours| ours.starts_with(&below)) {
                return clash(path.as_str(), ours, self.others.get(*ours).map_or("a file", |other| other.what()));
            }
        }
        let new = written.into_iter().map(TreePath::as_str).filter(|path| !stays.contains(path));
        check_case(&stays, new)
    }

    /// Tells what was replaced from what was deleted, which a merge that knows the files alone cannot.
    pub fn correct(&self, notes: &mut [Note]) {
        for note in notes {
            if let Note::StaysDeleted(path) = note
                && self.other(path).is_some()
            {
                *note = Note::StaysReplaced(path.clone());
            }
        }
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(path, _)| path.as_str()).chain(self.others.keys().map(String::as_str))
    }

    /// Whether git tracks something at a path.
    #[must_use]
    pub fn knows(&self, path: &str) -> bool {
        self.files.get(path).is_some() || self.others.contains_key(path)
    }
}

/// The paths at which a change leaves a file.
fn written(merge: &TreeMerge) -> impl Iterator<Item = &TreePath> {
    merge.changes.iter().filter(|(_, change)| !matches!(change, Change::Remove)).map(|(path, _)| path)
}

/// A new file or folder whose name differs from a tracked one by case alone would be the same one on other systems, and
/// perhaps on this one.
fn check_case<'a>(tracked: &BTreeSet<&str>, new: impl Iterator<Item = &'a str>) -> Result<(), WorkspaceError> {
    let spelled: HashMap<_, _> =
        tracked.iter().flat_map(|path| parts(path)).map(|part| (part.to_lowercase(), part)).collect();
    for part in new.flat_map(parts) {
        match spelled.get(&part.to_lowercase()) {
            Some(ours) if *ours != part => {
                return Err(WorkspaceError::CaseClash { new: part.to_owned(), ours: (*ours).to_owned() });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A path and the folders above it, from the outermost to the path itself.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

impl Workspace {
    /// Files that git does not know are nobody's but the person's. Git itself protects them, but for those that it ignores.
    pub(super) fn check_nothing_in_the_way(&self, tracked: &Tracked, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let (root, mut in_the_way) = (self.root(), BTreeSet::new());
        for path in written(merge) {
            let is_there = |path: &str| fs::symlink_metadata(root.join(path)).ok();
            in_the_way.extend(
                path.ancestors()
                    .filter(|folder| is_there(folder).is_some_and(|found| !found.is_dir()) && !tracked.knows(folder))
                    .map(str::to_owned),
            );
            match is_there(path.as_str()) {
                Some(found) if found.is_dir() => in_the_way.extend(unknown(&root, path, tracked)),
                Some(_) if !tracked.knows(path.as_str()) => _ = in_the_way.insert(path.as_str().to_owned()),
                _ => {}
            }
        }
        let in_the_way: Vec<_> = in_the_way.iter().map(|path| format!("{}{path}", self.prefix)).collect();
        if in_the_way.is_empty() { Ok(()) } else { Err(WorkspaceError::InTheWay(in_the_way)) }
    }

    /// Tells, before anything is changed, that a folder cannot be written to: nothing else knows whether it is permitted.
    pub(super) fn check_writable(&self, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let root = self.root();
        let folder = |path: &TreePath| {
            root.join(path.as_str()).ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf)
        };
        let folders: BTreeSet<_> = merge.changes.keys().filter_map(folder).collect();
        for folder in folders {
            tempfile::tempfile_in(&folder).map_err(WorkspaceError::io("write to", &folder))?;
        }
        Ok(())
    }
}

/// A file that git does not know, in a folder that stands where a file should be.
fn unknown(root: &Path, folder: &TreePath, tracked: &Tracked) -> Option<String> {
    let files = WalkDir::new(root.join(folder.as_str())).sort_by_file_name().into_iter().flatten();
    let mut files = files.filter(|entry| !entry.file_type().is_dir()).filter_map(|entry| {
        let names: Vec<_> = entry.path().strip_prefix(root).ok()?.iter().map(|name| name.to_string_lossy()).collect();
        Some(names.join("/"))
    });
    files.find(|path| !tracked.knows(path))
}
