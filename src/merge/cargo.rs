//! What manifests of crates say about each other.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use toml_edit::{DocumentMut, Item, TableLike};

use super::file::Format;
use super::{tokens, toml};
use crate::tree::{File, FileTree, TreePath};

/// The manifest of the workspace.
pub(crate) const WORKSPACE: &str = "Cargo.toml";

/// The name of the manifest of a crate.
pub(crate) const MANIFEST: &str = "/Cargo.toml";

/// The tables of a crate's manifest that list what it depends on.
const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The names of the dependencies of a crate for which its manifest has `key`: `workspace` for those that it inherits, `path`
/// for those beside it.
pub(crate) fn dependencies(manifest: &str, key: &str) -> BTreeSet<String> {
    let Ok(manifest) = manifest.parse::<DocumentMut>() else { return BTreeSet::new() };
    let targets = manifest.get("target").and_then(Item::as_table_like);
    let targets = targets.into_iter().flat_map(TableLike::iter).filter_map(|(_, target)| target.as_table_like());
    let everywhere: &dyn TableLike = manifest.as_table();
    let tables = targets.chain([everywhere]).flat_map(|table| KINDS.map(|kind| table.get(kind)));
    let listed = tables.flatten().filter_map(Item::as_table_like).flat_map(TableLike::iter);
    let has_key = |item: &Item| item.as_table_like().is_some_and(|table| table.contains_key(key));
    listed.filter(|(_, item)| has_key(item)).map(|(name, _)| name.to_owned()).collect()
}

/// The name of the crate that a manifest is of.
pub(crate) fn package(manifest: &str) -> Option<String> {
    let manifest: DocumentMut = manifest.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// A crate to which the person has given another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Renamed {
    /// The folder where the template has it, with the slash at its end.
    folder: String,
    old: String,
    new: String,
    /// Whether its binary has the new name, too, since the manifest does not say another one.
    with_binary: bool,
}

/// How a recipe or a page calls the binary of this name.
fn call(binary: &str) -> String {
    format!("--bin {binary} ")
}

/// The crates that have another name than the template has given them, wherever they are now.
pub(super) fn renamed(base: &FileTree, ours: &FileTree, moved: &BTreeMap<TreePath, TreePath>) -> Vec<Renamed> {
    let manifests = base.iter().filter(|(path, _)| path.as_str().ends_with(MANIFEST));
    let renamed = manifests.filter_map(|(path, before)| {
        let now = ours.get(moved.get(path).unwrap_or(path).as_str()).filter(|now| *now != before)?;
        let (old, new) = (package(before.text()?)?, package(now.text()?)?);
        let folder = path.as_str().trim_end_matches("Cargo.toml").to_owned();
        let with_binary = !now.text()?.contains("[[bin]]");
        (old != new).then_some(Renamed { folder, old, new, with_binary })
    });
    renamed.collect()
}

/// The template's files with the names that the person has given to crates. A file of theirs that still calls a binary by the
/// old name says that it is no other one there.
pub(super) fn with_names<'a>(tree: &'a FileTree, ours: &FileTree, renamed: &[Renamed]) -> Cow<'a, FileTree> {
    if renamed.is_empty() {
        return Cow::Borrowed(tree);
    }
    let files = tree.iter().map(|(path, file)| {
        let mut named = file.clone();
        for of in renamed {
            let Some(text) = named.text() else { break };
            let text = if path.as_str().starts_with(&of.folder) && Format::of(path.as_str()) == Format::Rust {
                tokens::rename_crate(text, &of.old, &of.new, of.with_binary)
            } else {
                let calls = |file: &File| file.text().is_some_and(|text| text.contains(&call(&of.old)));
                if !of.with_binary || !calls(&named) || ours.get(path.as_str()).is_some_and(calls) {
                    continue;
                }
                text.replace(&call(&of.old), &call(&of.new))
            };
            named.bytes = Bytes::from(text);
        }
        (path.clone(), named)
    });
    Cow::Owned(files.collect())
}

/// The dependencies that crates can inherit from a workspace, each with its folder if it is a crate beside them. However the folder
/// is written there, it is told as paths in a tree begin.
pub(super) fn offered(workspace: &str) -> BTreeMap<String, Option<String>> {
    let Ok(workspace) = workspace.parse::<DocumentMut>() else { return BTreeMap::new() };
    let dependencies = offer(workspace.as_item()).and_then(Item::as_table_like);
    let listed = dependencies.into_iter().flat_map(TableLike::iter);
    let folder = |item: &Item| {
        let path = item.as_table_like()?.get("path")?.as_str()?;
        Some(path.trim_start_matches("./").trim_end_matches('/').to_owned())
    };
    listed.map(|(name, item)| (name.to_owned(), folder(item))).collect()
}

/// The workspace as it is `after`, with the dependencies of these names as they were `before`; nothing when there are no names, or
/// one of the texts has no such dependencies.
pub(super) fn keep<'a>(before: &str, after: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        return None;
    }
    let before: DocumentMut = before.parse().ok()?;
    let mut kept: DocumentMut = after.parse().ok()?;
    let old = offer(before.as_item())?.as_table_like()?;
    let new = kept.get_mut("workspace")?.get_mut("dependencies")?.as_table_like_mut()?;
    for name in &names {
        new.entry_format(old.key(name)?).or_insert(old.get(name)?.clone());
    }
    toml::put_in_order(new, old, &names)?;
    Some(kept.to_string())
}

fn offer(workspace: &Item) -> Option<&Item> {
    workspace.get("workspace")?.get("dependencies")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn dependencies_are_found_in_all_tables() {
        let manifest = "[dependencies]\na.workspace = true\nb = { path = \"../b\" }\nc = \"1\"\n\n[dev-dependencies.d]\n\
            workspace = true\n\n[target.'cfg(unix)'.build-dependencies]\ne = { workspace = true, features = [] }\n";
        assert_eq!(dependencies(manifest, "workspace"), names(&["a", "d", "e"]));
        assert_eq!(dependencies(manifest, "path"), names(&["b"]));
        assert_eq!(dependencies("not toml", "path"), names(&[]));
    }

    #[test]
    fn a_workspace_offers_what_is_beside_it_and_what_comes_from_elsewhere() {
        let beside = Some("crates/mine".to_owned());
        let expected = [("a", None), ("b", None), ("mine", beside)].map(|(name, folder)| (name.to_owned(), folder));
        for folder in ["crates/mine", "./crates/mine/"] {
            let lines = format!("mine = {{ path = \"{folder}\" }}\na = \"1\"\nb = {{ version = \"2\" }}\n");
            assert_eq!(offered(&format!("[workspace.dependencies]\n{lines}")), BTreeMap::from(expected.clone()));
        }
        assert_eq!(offered("[workspace]\n"), BTreeMap::new());
    }

    #[test]
    fn what_is_kept_stays_in_its_place() {
        let dependencies =
            |lines: &str| format!("[workspace.dependencies]\nz = {{ path = \"z\" }}\n\n{lines}\n[profile.dev]\n");
        let (before, after) =
            (dependencies("a = \"1\"\nb = \"2\" # two\nc = \"3\"\n"), dependencies("a = \"1\"\nc = \"4\"\n"));
        let kept = keep(&before, &after, names(&["b"]).iter());
        assert_eq!(kept, Some(dependencies("a = \"1\"\nb = \"2\" # two\nc = \"4\"\n")));
    }
}
