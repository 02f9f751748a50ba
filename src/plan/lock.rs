//! Whether the `Cargo.lock` of an edited project still fits after a change, without asking cargo.
//!
//! Where the project has no other packages than the template, and its manifests ask only for what the template knows, the lock
//! file is what follows from the merged manifests. Else the merge has done what it can, and cargo has the last word.

use std::collections::BTreeSet;

use toml_edit::DocumentMut;

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
    let manifests = merged(merge, ours, is_manifest);
    if !patched_in(&manifests).is_empty() {
        return false;
    }
    let (Some(old), Some(new)) = (before.lock.as_ref().or(after.lock.as_ref()), &after.lock) else { return false };
    let Some(our_text) = our_lock.text().filter(|text| old.covers(text)) else { return false };
    let (Ok(Some(text)), Ok(path)) = (new.derive(&manifests), TreePath::parse(PATH)) else {
        return false;
    };
    let text = if our_text.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    put(merge, ours, path, text);
    true
}

/// The packages that a manifest, or a file of cargo's settings, puts others in the place of.
pub(super) fn patched(table: &toml::Table) -> BTreeSet<String> {
    let tables = |key: &str| table.get(key).and_then(toml::Value::as_table);
    let patches = tables("patch").into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table).flatten();
    let renamed = |(name, value): (&String, &toml::Value)| {
        value.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
    };
    // These are named with their version.
    let replaced = tables("replace").into_iter().flat_map(toml::Table::keys);
    let replaced = replaced.filter_map(|id| Some(id.rsplit(['#', '/']).next()?.split([':', '@']).next()?.to_owned()));
    patches.map(renamed).chain(replaced).collect()
}

/// The same for the manifest at the top of a tree.
pub(super) fn patched_in(tree: &FileTree) -> BTreeSet<String> {
    let manifest = tree.get(MANIFEST).and_then(File::text).and_then(|text| text.parse::<toml::Table>().ok());
    manifest.as_ref().map(patched).unwrap_or_default()
}

/// A lock file in which cargo has yet to choose these packages, but for those that the project's own lock file has.
pub(super) fn unlocked(text: &str, names: &BTreeSet<String>, ours: &str) -> Option<String> {
    let id = |package: &toml_edit::Table| {
        let part = |key: &str| package.get(key).and_then(toml_edit::Item::as_str).map(str::to_owned);
        (part("name"), part("version"))
    };
    let ours: DocumentMut = ours.parse().ok()?;
    let known: BTreeSet<_> = ours.get("package")?.as_array_of_tables()?.iter().map(id).collect();
    let mut lock: DocumentMut = text.parse().ok()?;
    let packages = lock.get_mut("package")?.as_array_of_tables_mut()?;
    packages.retain(|package| {
        let id = id(package);
        id.0.as_ref().is_none_or(|name| !names.contains(name)) || known.contains(&id)
    });
    Some(lock.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_and_replacements_are_found_by_the_names_of_packages() {
        let manifest = "[patch.crates-io]\na = { path = \"a\" }\nb2 = { package = \"b\", git = \"https://x/b\" }\n\
                        [patch.\"https://x/c\"]\nc.path = \"c\"\n[replace]\n\"d:1.0.0\" = { path = \"d\" }\n\
                        \"https://github.com/rust-lang/crates.io-index#e@1.0.0\" = { path = \"e\" }\n";
        let names = patched(&manifest.parse().expect("TOML"));
        assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
        assert!(patched(&"[dependencies]\na = \"1\"\n".parse().expect("TOML")).is_empty());
    }

    #[test]
    fn only_what_the_project_has_not_is_chosen_anew() {
        let package =
            |name: &str, version: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
        let ours = package("a", "1.0.0");
        let merged =
            format!("version = 4\n\n{}{}{}", package("a", "1.0.0"), package("a", "2.0.0"), package("b", "1.0.0"));
        let left = unlocked(&merged, &BTreeSet::from(["a".to_owned()]), &ours).expect("a lock file");
        assert_eq!(left, format!("version = 4\n\n{}{}", package("a", "1.0.0"), package("b", "1.0.0")));
    }
}
