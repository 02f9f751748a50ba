//! Whether the `Cargo.lock` of an edited project still fits after a change, without asking cargo.
//!
//! Where the project has no other packages than the template, and its manifests ask only for what the template knows, the lock
//! file is what follows from the merged manifests. Else the merge has done what it can, and cargo has the last word.

use super::change::Side;
use crate::lock::PATH;
use crate::merge::{Change, TreeMerge};
use crate::tree::{File, FileTree, TreePath};

const MANIFEST: &str = "Cargo.toml";

/// Puts the lock file into the merge that fits the merged manifests.
///
/// Gives `false` where that cannot be known, so that the merged one is as near as it gets.
pub(super) fn settle(merge: &mut TreeMerge, before: &Side, after: &Side, ours: &FileTree) -> bool {
    let Some(our_lock) = ours.get(PATH) else { return true };
    if before.tree.get(PATH) == after.tree.get(PATH) || merge.conflicts().any(|(path, _)| is_manifest(path.as_str())) {
        return true;
    }
    if before.tree.get(PATH) == Some(our_lock) && has_pristine_manifests(&before.tree, ours) {
        return true;
    }
    let (Some(old), Some(new)) = (before.lock.as_ref().or(after.lock.as_ref()), &after.lock) else { return false };
    let Some(our_text) = our_lock.text().filter(|text| old.covers(text)) else { return false };
    let (Ok(Some(text)), Ok(path)) = (new.derive(&merged(merge, ours, is_manifest)), TreePath::parse(PATH)) else {
        return false;
    };
    let text = if our_text.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    put(merge, ours, path, text);
    true
}

/// Lets the project have this text as its lock file.
pub(super) fn put(merge: &mut TreeMerge, ours: &FileTree, path: TreePath, text: String) {
    let file = File::plain(text);
    if ours.get(path.as_str()).is_some_and(|our| our.bytes == file.bytes) {
        merge.changes.remove(&path);
    } else {
        merge.changes.insert(path, Change::Write(file));
    }
}

/// The project after the merge, as far as `wanted` goes. A file in conflict is as the project has it.
pub(super) fn merged(merge: &TreeMerge, ours: &FileTree, wanted: impl Fn(&str) -> bool) -> FileTree {
    let mut tree: FileTree = ours
        .iter()
        .filter(|(path, _)| wanted(path.as_str()) && !matches!(merge.changes.get(*path), Some(Change::Remove)))
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect();
    for (path, change) in &merge.changes {
        if let Change::Write(file) = change
            && wanted(path.as_str())
        {
            tree.insert(path.clone(), file.clone());
        }
    }
    tree
}

/// Whether nobody has touched a manifest, or added one.
fn has_pristine_manifests(pristine: &FileTree, ours: &FileTree) -> bool {
    let manifests = |tree: &FileTree| -> FileTree {
        let manifests = tree.iter().filter(|(path, _)| is_manifest(path.as_str()));
        manifests.map(|(path, file)| (path.clone(), file.clone())).collect()
    };
    manifests(pristine) == manifests(ours)
}

/// Whether it is the path of a `Cargo.toml`.
pub(super) fn is_manifest(path: &str) -> bool {
    path.rsplit('/').next() == Some(MANIFEST)
}
