//! The merge of a template's change into a project that people have edited.
//!
//! ```text
//! base, theirs ─► what the template changed ─► where those files are now ─► each file: lines ─► format ─► conflict
//! ours ──────────────────────────────────────────────┘
//! ```
//!
//! `base` is what the template made, `theirs` what it makes now, `ours` the project as it stands. The result says what to
//! write and to remove; what the template did not change is not in it.

pub(crate) mod cargo;
mod check;
mod dependencies;
mod diff3;
mod file;
mod json;
mod lock;
mod members;
mod outline;
mod renames;
mod text;
mod tokens;
mod toml;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

pub use file::{Merged, contradiction, merge as merge_file};
pub(crate) use renames::moved;

use crate::tree::{File, FileTree, TreePath};

/// What stands at the markers of a conflict.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    /// What the template made before.
    pub base: &'a str,
    /// What the project has now.
    pub ours: &'a str,
    /// What the template makes now.
    pub theirs: &'a str,
}

/// What a merge does to a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeMerge {
    /// By path; a path that is missing stays as it is.
    pub changes: BTreeMap<TreePath, Change>,
    /// What the person should know, in the order of the paths.
    pub notes: Vec<Note>,
}

/// What happens at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The file gets this content.
    Write(File),
    /// The file goes.
    Remove,
    /// A person has to choose.
    Conflict(Conflict),
}

/// Three versions of a file that do not go together. A version is missing where the file does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What the template made before.
    pub base: Option<File>,
    /// What the project has now.
    pub ours: Option<File>,
    /// What the template makes now.
    pub theirs: Option<File>,
    /// The text with markers; nothing for a binary file or one that a side has removed.
    pub marked: Option<Bytes>,
}

/// Something that went well and is worth a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The template changed a file that the person has moved: the change went to where it is now.
    Followed {
        /// Where the template has it.
        from: TreePath,
        /// Where the person has it.
        to: TreePath,
    },
    /// The template changed a file that the person has deleted: it stays deleted.
    StaysDeleted(TreePath),
    /// The template changed a file in whose place the person has something that is no file of a template, such as a link: that
    /// stays.
    StaysReplaced(TreePath),
    /// The template changed a text that the person has written anew: it stays as it is.
    StaysRewritten(TreePath),
    /// The template adds a file whose folder the person has moved: it went there.
    AddedBeside {
        /// Where the template has it.
        from: TreePath,
        /// Where its folder is now.
        to: TreePath,
    },
    /// The template needs a dependency no more, and a crate of the person's does: it stays.
    DependencyStays {
        /// Its name.
        name: String,
        /// The manifest of the crate that inherits it from the workspace.
        by: TreePath,
    },
    /// The person has taken a dependency out of the workspace, and a crate that the template adds or changes needs it: it is
    /// there again.
    DependencyReturns {
        /// Its name.
        name: String,
        /// The manifest of the crate that inherits it from the workspace.
        by: TreePath,
    },
    /// The same, of a crate that the person has deleted. It comes with a conflict in the manifest of the workspace.
    CrateMissing {
        /// Its name.
        name: String,
        /// The manifest of the crate that depends on it.
        by: TreePath,
    },
    /// A crate goes, and files of the person's stay in its folder, which the workspace leaves out from now on.
    FolderStays {
        /// The folder.
        folder: String,
        /// The files.
        files: Vec<String>,
    },
}

impl TreeMerge {
    /// The paths where a person has to choose.
    pub fn conflicts(&self) -> impl Iterator<Item = (&TreePath, &Conflict)> {
        self.changes.iter().filter_map(|(path, change)| match change {
            Change::Conflict(conflict) => Some((path, conflict)),
            Change::Write(_) | Change::Remove => None,
        })
    }

    /// The project after the merge, without the files in conflict.
    pub fn outcome<'a>(&'a self, ours: &'a FileTree) -> impl Iterator<Item = (&'a TreePath, &'a File)> {
        let kept = ours.iter().filter(|(path, _)| !self.changes.contains_key(*path));
        kept.chain(self.changes.iter().filter_map(|(path, change)| match change {
            Change::Write(file) => Some((path, file)),
            Change::Remove | Change::Conflict(_) => None,
        }))
    }
}

/// Merges the change from `base` to `theirs` into `ours`.
#[must_use]
pub fn merge(base: &FileTree, ours: &FileTree, theirs: &FileTree, labels: &Labels<'_>) -> TreeMerge {
    if base == theirs {
        return TreeMerge::default();
    }
    let mut moved_by_us = moved(base, ours);
    // What the template says of a crate that the person has renamed is read as if it had always had the new name.
    let renamed = cargo::renamed(base, ours, &moved_by_us);
    let [base, theirs] = [base, theirs].map(|tree| cargo::with_names(tree, ours, &renamed));
    let (base, theirs) = (&*base, &*theirs);
    if !renamed.is_empty() {
        moved_by_us = moved(base, ours);
    }
    let mut merge = Merge {
        base,
        ours,
        theirs,
        labels,
        moved_by_us,
        moved_by_them: moved(base, theirs),
        result: TreeMerge::default(),
    };
    let arrived: BTreeSet<TreePath> = merge.moved_by_them.values().cloned().collect();
    for (path, before) in base {
        let now = theirs.get(path.as_str());
        if now != Some(before) {
            merge.changed(path, before, now);
        }
    }
    for (path, file) in theirs {
        if base.get(path.as_str()).is_none() && !arrived.contains(path) {
            merge.added(path, file);
        }
    }
    merge.keep_dependencies();
    merge.restore_dependencies();
    merge.settle_members();
    merge.result
}

struct Merge<'a> {
    base: &'a FileTree,
    ours: &'a FileTree,
    theirs: &'a FileTree,
    labels: &'a Labels<'a>,
    moved_by_us: BTreeMap<TreePath, TreePath>,
    moved_by_them: BTreeMap<TreePath, TreePath>,
    result: TreeMerge,
}

impl Merge<'_> {
    /// A file of the base that they changed, moved or removed.
    fn changed(&mut self, path: &TreePath, before: &File, now: Option<&File>) {
        let (here, our) = match (self.ours.get(path.as_str()), self.moved_by_us.get(path)) {
            (Some(file), _) => (path.clone(), file),
            (None, Some(to)) => match self.ours.get(to.as_str()) {
                Some(file) => (to.clone(), file),
                None => return,
            },
            (None, None) => {
                if now.is_some() || self.moved_by_them.contains_key(path) {
                    self.result.notes.push(Note::StaysDeleted(path.clone()));
                }
                return;
            }
        };
        if here != *path && now.is_some() {
            self.result.notes.push(Note::Followed { from: path.clone(), to: here.clone() });
        }
        let target = self.moved_by_them.get(path).cloned();
        match (now, target) {
            (Some(now), _) => self.merge_file(&here, Some(before), our, now),
            // Both have moved it: it stays where the person has put it, unless all of its folder is there.
            (None, Some(to)) if here != *path => {
                let Some(now) = self.theirs.get(to.as_str()) else { return };
                match self.folder_moved(&to).filter(|beside| *beside != here) {
                    Some(beside) => {
                        self.move_file(&here, &beside, before, our, now);
                        self.result.notes.push(Note::AddedBeside { from: to, to: beside });
                    }
                    None => self.merge_file(&here, Some(before), our, now),
                }
            }
            (None, Some(to)) => {
                let Some(now) = self.theirs.get(to.as_str()) else { return };
                self.move_file(path, &to, before, our, now);
            }
            (None, None) if file::says_no_more(path.as_str(), before, our) => {
                self.result.changes.insert(here, Change::Remove);
            }
            (None, None) => self.conflict(&here, Some(before), Some(our), None, None),
        }
    }

    /// They have moved a file within a folder that the person has left as it was, or has moved as a whole.
    fn move_file(&mut self, from: &TreePath, to: &TreePath, before: &File, our: &File, now: &File) {
        if let Some(other) = self.ours.get(to.as_str()) {
            self.conflict(to, None, Some(other), Some(now), None);
            return;
        }
        match file::merge(to.as_str(), Some(before), our, now, self.labels) {
            Merged::Clean(file) => {
                self.result.changes.insert(from.clone(), Change::Remove);
                self.result.changes.insert(to.clone(), Change::Write(file));
            }
            Merged::Conflict(marked) => {
                self.result.changes.insert(from.clone(), Change::Remove);
                self.conflict(to, Some(before), Some(our), Some(now), marked);
            }
        }
    }

    /// A file that they add.
    fn added(&mut self, path: &TreePath, file: &File) {
        if let Some(our) = self.ours.get(path.as_str()) {
            self.merge_file(path, None, our, file);
            return;
        }
        let path = match self.folder_moved(path) {
            Some(to) => {
                self.result.notes.push(Note::AddedBeside { from: path.clone(), to: to.clone() });
                to
            }
            None => path.clone(),
        };
        match self.ours.get(path.as_str()) {
            Some(our) => self.merge_file(&path, None, our, file),
            None => _ = self.result.changes.insert(path, Change::Write(file.clone())),
        }
    }

    /// Where a new file belongs when the person has moved all of its folder.
    fn folder_moved(&self, path: &TreePath) -> Option<TreePath> {
        let (folder, name) = path.as_str().rsplit_once('/')?;
        if self.ours.below(folder).next().is_some() {
            return None;
        }
        let mut folders = self.base.below(folder).filter(|(rest, _)| !rest.contains('/')).map(|(rest, _)| {
            let from = TreePath::parse(format!("{folder}/{rest}")).ok()?;
            let (to, _) = self.moved_by_us.get(&from)?.as_str().rsplit_once('/')?;
            Some(to.to_owned())
        });
        let first = folders.next()??;
        folders.all(|folder| folder.as_ref() == Some(&first)).then_some(())?;
        TreePath::parse(format!("{first}/{name}")).ok()
    }

    fn merge_file(&mut self, path: &TreePath, base: Option<&File>, ours: &File, theirs: &File) {
        match file::merge(path.as_str(), base, ours, theirs, self.labels) {
            Merged::Clean(file) if file == *ours => {}
            Merged::Clean(file) => _ = self.result.changes.insert(path.clone(), Change::Write(file)),
            Merged::Conflict(_)
                if base.is_some_and(|base| is_for_people(path) && renames::kept(base, ours) < REWRITTEN) =>
            {
                self.result.notes.push(Note::StaysRewritten(path.clone()));
            }
            Merged::Conflict(marked) => self.conflict(path, base, Some(ours), Some(theirs), marked),
        }
    }

    fn conflict(
        &mut self,
        path: &TreePath,
        base: Option<&File>,
        ours: Option<&File>,
        theirs: Option<&File>,
        marked: Option<Bytes>,
    ) {
        let conflict = Conflict { base: base.cloned(), ours: ours.cloned(), theirs: theirs.cloned(), marked };
        self.result.changes.insert(path.clone(), Change::Conflict(conflict));
    }
}

/// A text of which less than this share is left was written anew.
const REWRITTEN: f64 = 0.25;

/// Whether a file is for people to read or to look at, so that no code breaks when it lacks what the template changes.
fn is_for_people(path: &TreePath) -> bool {
    [".md", ".html", ".css"].iter().any(|kind| path.as_str().ends_with(kind))
}

#[cfg(test)]
mod tests;
