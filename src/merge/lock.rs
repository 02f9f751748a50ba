//! Three-way merge of `Cargo.lock`: by packages and by what each of them needs.
//!
//! A package keeps its place in the merge whatever compatible version it has, as it does for cargo. What no package of the project
//! needs any more is left out.

use std::cmp::max;
use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::lock::{LockFile, Package};

/// The merged file; nothing when one of the texts is not as cargo writes it. `base` may be empty.
pub(super) fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let base = if base.is_empty() { LockFile::of(Vec::new()) } else { LockFile::parse(base).ok()? };
    let (ours, theirs) = (LockFile::parse(ours).ok()?, LockFile::parse(theirs).ok()?);
    let packages = merge_graphs(&graph(&base)?, &graph(&ours)?, &graph(&theirs)?);
    let format = max(ours.format, theirs.format);
    let merged = LockFile { comments: ours.comments.clone(), format, packages: place(packages), rest: ours.rest };
    Some(merged.render())
}

/// Which package it is, whatever its compatible version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    name: &'a str,
    /// Without the commit of a repository.
    source: Option<&'a str>,
    compatible: [u64; 3],
}

impl<'a> Key<'a> {
    fn of(package: &'a Package) -> Self {
        let Version { major, minor, patch, .. } = package.version;
        let source = package.source.as_deref().map(|source| source.split('#').next().unwrap_or(source));
        let compatible = match (source, major, minor) {
            (None, ..) => [0, 0, 0],
            (_, 0, 0) => [0, 0, patch],
            (_, 0, _) => [0, minor, 0],
            _ => [major, 0, 0],
        };
        Self { name: &package.name, source, compatible }
    }

    /// Whether it is a folder of the project.
    fn is_own(&self) -> bool {
        self.source.is_none()
    }
}

#[derive(Debug, Clone)]
struct Entry<'a> {
    package: &'a Package,
    needs: BTreeSet<Key<'a>>,
}

impl Entry<'_> {
    fn is_same_version(&self, other: &Self) -> bool {
        self.package.version == other.package.version && self.package.source == other.package.source
    }
}

type Graph<'a> = BTreeMap<Key<'a>, Entry<'a>>;

/// The packages by key; nothing when two of them share one.
fn graph(lock: &LockFile) -> Option<Graph<'_>> {
    let keys: Vec<Key<'_>> = lock.packages.iter().map(Key::of).collect();
    let mut graph = Graph::new();
    for (key, package) in keys.iter().zip(&lock.packages) {
        let needs = package.dependencies.iter().map(|place| keys[*place]).collect();
        graph.insert(*key, Entry { package, needs });
    }
    (graph.len() == keys.len()).then_some(graph)
}

fn merge_graphs<'a>(base: &Graph<'a>, ours: &Graph<'a>, theirs: &Graph<'a>) -> Graph<'a> {
    let mut merged = Graph::new();
    let keys: BTreeSet<&Key<'a>> = ours.keys().chain(theirs.keys()).collect();
    for key in keys {
        let before = base.get(key);
        let entry = match (ours.get(key), theirs.get(key)) {
            (Some(our), Some(their)) => merge_entries(before, our, their),
            // A folder that one of the sides has removed is gone.
            (Some(_), None) | (None, Some(_)) if before.is_some() && key.is_own() => continue,
            // Whether anybody still needs it will be seen.
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => continue,
        };
        merged.insert(*key, entry);
    }
    prune(&merged)
}

fn merge_entries<'a>(before: Option<&Entry<'a>>, our: &Entry<'a>, their: &Entry<'a>) -> Entry<'a> {
    let package = match before {
        Some(before) if before.is_same_version(our) => their.package,
        Some(before) if before.is_same_version(their) => our.package,
        _ if their.package.version > our.package.version => their.package,
        _ => our.package,
    };
    let nothing = BTreeSet::new();
    let needed = before.map_or(&nothing, |before| &before.needs);
    let goes = |key: &&Key<'a>| needed.contains(key) && !their.needs.contains(key);
    let kept = our.needs.iter().filter(|key| !goes(key));
    let comes = their.needs.difference(needed);
    Entry { package, needs: kept.chain(comes).copied().collect() }
}

/// What the folders of the project need, directly or not.
fn prune<'a>(graph: &Graph<'a>) -> Graph<'a> {
    let mut open: Vec<Key<'a>> = graph.keys().copied().filter(Key::is_own).collect();
    let mut kept = Graph::new();
    while let Some(key) = open.pop() {
        if kept.contains_key(&key) {
            continue;
        }
        if let Some(entry) = graph.get(&key) {
            open.extend(&entry.needs);
            kept.insert(key, entry.clone());
        }
    }
    kept
}

/// The packages with their needs as places.
fn place(graph: Graph<'_>) -> Vec<Package> {
    let places: BTreeMap<Key<'_>, usize> = graph.keys().copied().zip(0..).collect();
    let package = |entry: Entry<'_>| Package {
        dependencies: entry.needs.iter().filter_map(|key| places.get(key).copied()).collect(),
        ..entry.package.clone()
    };
    graph.into_values().map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock file of packages such as `app: a b`, of which the one before the colon may have a version: `a@1.2.0: b@2.0.0`.
    /// What begins with `my-` and `app` are folders.
    fn lock(packages: &[&str]) -> String {
        let split = |package: &str| {
            let (name, version) = package.split_once('@').unwrap_or((package, "1.0.0"));
            (name.to_owned(), Version::parse(version).expect("a version"))
        };
        let parts: Vec<(&str, &str)> = packages.iter().map(|line| line.split_once(':').unwrap_or((line, ""))).collect();
        let names: Vec<_> = parts.iter().map(|(package, _)| split(package)).collect();
        let package = |(package, needs): &(&str, &str)| {
            let (name, version) = split(package);
            let own = name == "app" || name.starts_with("my-");
            let find = |need: &str| names.iter().position(|other| *other == split(need)).expect("a known package");
            Package {
                source: (!own).then(|| "registry+https://example.org/index".to_owned()),
                checksum: (!own).then(|| format!("hash of {name} {version}")),
                dependencies: needs.split_whitespace().map(find).collect(),
                name,
                version,
            }
        };
        LockFile::of(parts.iter().map(package).collect()).render()
    }

    fn merged(base: &[&str], ours: &[&str], theirs: &[&str]) -> String {
        merge(&lock(base), &lock(ours), &lock(theirs)).expect("the files can be merged")
    }

    #[test]
    fn packages_of_both_sides_are_kept_and_what_nobody_needs_goes() {
        let merged =
            merged(&["app: a", "a: deep", "deep"], &["app: a mine", "a: deep", "deep", "mine: deep"], &["app: b", "b"]);
        assert_eq!(merged, lock(&["app: b mine", "b", "mine: deep", "deep"]));
    }

    #[test]
    fn own_folders_come_and_go() {
        let merged = merged(&["app: a", "a"], &["app: a", "my-shop: a", "a"], &["app: my-new", "my-new"]);
        assert_eq!(merged, lock(&["app: my-new", "my-new", "my-shop: a", "a"]));
        let gone = self::merged(&["app", "my-old: a", "a"], &["app: b", "my-old: a", "a", "b"], &["app"]);
        assert_eq!(gone, lock(&["app: b", "b"]));
    }

    #[test]
    fn versions_that_a_person_has_raised_stay() {
        let merged = merged(
            &["app: a@1.2.0", "a@1.2.0"],
            &["app: a@1.9.0", "a@1.9.0: more", "more"],
            &["app: a@1.2.0 b", "a@1.2.0: c", "b", "c"],
        );
        assert_eq!(merged, lock(&["app: a@1.9.0 b", "a@1.9.0: more c", "b", "c", "more"]));
    }

    #[test]
    fn of_two_newer_versions_the_newest_is_taken() {
        let merged = merged(&["app: a@1.0.0", "a@1.0.0"], &["app: a@1.2.0", "a@1.2.0"], &["app: a@1.10.0", "a@1.10.0"]);
        assert_eq!(merged, lock(&["app: a@1.10.0", "a@1.10.0"]));
    }

    #[test]
    fn another_major_version_stands_beside_ours() {
        let merged = merged(&["app: a", "a"], &["app: a a@2.0.0", "a", "a@2.0.0"], &["app: a b", "a", "b: a"]);
        assert_eq!(merged, lock(&["app: a@1.0.0 a@2.0.0 b", "a@1.0.0", "a@2.0.0", "b: a@1.0.0"]));
        assert!(merged.contains("\"a 1.0.0\"") && merged.contains("\"a 2.0.0\""));
    }

    #[test]
    fn both_may_have_begun_a_lock_file() {
        let merged = merge("", &lock(&["app: a@1.2.0", "a@1.2.0"]), &lock(&["app: a b", "a", "b"]));
        assert_eq!(merged, Some(lock(&["app: a@1.2.0 b", "a@1.2.0", "b"])));
    }

    #[test]
    fn what_is_no_lock_file_is_not_merged() {
        assert_eq!(merge(&lock(&["app"]), "<<<<<<< ours\n", &lock(&["app: a", "a"])), None);
    }
}
