//! Branches that each add a feature meet in git.

use neoforge::merge::{Labels, Merged, merge, merge_file};
use neoforge::tree::FileTree;

use super::{PROJECTS, TEMPLATE};

const LABELS: Labels<'static> = Labels { base: "base", ours: "ours", theirs: "theirs" };
const LOCK: &str = "Cargo.lock";

/// What the merge of lock files knows: only the packages of both sides, not what the merged manifests ask for.
#[test]
fn the_lock_files_of_every_two_features_merge_to_what_their_manifests_ask_for() {
    let superset = TEMPLATE.lock.as_ref().expect("the built-in template has a lock file");
    let of_sqlite = PROJECTS.iter().filter(|project| project.name.ends_with("/sqlite"));
    let (bases, others): (Vec<_>, Vec<_>) = of_sqlite
        .filter(|project| project.name == "none/sqlite" || project.name.starts_with("only-"))
        .map(|project| (project.name.as_str(), manifests(&project.tree)))
        .partition(|(name, _)| *name == "none/sqlite");
    let [(_, base)] = &bases[..] else { panic!("there is one base") };
    let mut pairs = 0;
    for (place, (one, ours)) in others.iter().enumerate() {
        for (other, theirs) in &others[place + 1..] {
            let merged = merge(base, ours, theirs, &LABELS);
            assert_eq!(merged.conflicts().count(), 0, "{one} and {other}");
            let merged: FileTree = merged.outcome(ours).map(|(path, file)| (path.clone(), file.clone())).collect();
            let expected = superset.derive(&merged).expect("the superset has every feature");
            let lock = |tree: &FileTree| tree.get(LOCK).expect("every project has a lock file").clone();
            let Merged::Clean(lock) = merge_file(LOCK, Some(&lock(base)), &lock(ours), &lock(theirs), &LABELS) else {
                panic!("{one} and {other} are in conflict")
            };
            assert!(lock.text() == expected.as_deref(), "{one} and {other}");
            pairs += 1;
        }
    }
    assert!(pairs > 200, "{pairs} pairs are not every two features");
}

/// The manifests of a tree, and its lock file.
fn manifests(tree: &FileTree) -> FileTree {
    let wanted = tree.iter().filter(|(path, _)| path.as_str().ends_with("Cargo.toml") || path.as_str() == LOCK);
    wanted.map(|(path, file)| (path.clone(), file.clone())).collect()
}
