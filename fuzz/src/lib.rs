//! What the fuzz targets share: how a text is read as the files of a case, and what must be true of every merge.
//!
//! A case is a text, so that a person can read it and the fuzzer can change any part of it:
//!
//! ```text
//! == base/feature.toml
//! the content of this file, until the next line that begins like this
//! ```

#![forbid(unsafe_code)]

#[path = "../../tests/judge/mod.rs"]
mod judge;

use std::panic;

use neoforge::merge::{Change, Labels, TreeMerge, merge};
use neoforge::render::text::is_parsing;
use neoforge::tree::{File, FileTree, TreePath};

const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

/// Lets the fuzzer take no notice of the panics of liquid's parser, which are caught and become errors of the template.
pub fn pass_over_caught_panics() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_parsing() {
            hook(info);
        }
    }));
}

/// The titles and contents of a case.
pub fn sections(case: &str) -> impl Iterator<Item = (&str, &str)> {
    let case = case.strip_prefix("== ").unwrap_or(case);
    case.split("\n== ").map(|section| section.split_once('\n').unwrap_or((section, "")))
}

/// The files of a case; those whose paths cannot be are left out. A text loses its last line end to the next title, and gets
/// it back here.
#[must_use]
pub fn tree(case: &str) -> FileTree {
    files(sections(case))
}

/// The same, from sections that were chosen.
pub fn files<'a>(sections: impl Iterator<Item = (&'a str, &'a str)>) -> FileTree {
    let file = |(path, text): (&str, &str)| Some((TreePath::parse(path).ok()?, File::plain(ended(text))));
    sections.filter_map(file).collect()
}

/// A text with an end of its last line.
#[must_use]
pub fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Merges, twice: both results are the same.
///
/// # Panics
/// Where a merge depends on anything but its trees.
#[must_use]
pub fn merged(base: &FileTree, ours: &FileTree, theirs: &FileTree) -> TreeMerge {
    let result = merge(base, ours, theirs, &LABELS);
    assert_eq!(result, merge(base, ours, theirs, &LABELS), "a merge is the same every time");
    result
}

/// Holds a merge to the laws of both sides: it is clean exactly where the one with the sides swapped is, and then nothing of either
/// side is lost.
///
/// # Panics
/// Where it is not.
pub fn assert_fair(base: &FileTree, ours: &FileTree, theirs: &FileTree, merge: &TreeMerge) {
    let swapped = merged(base, theirs, ours);
    for (path, _) in base {
        let [before, yours, other] = [base, ours, theirs].map(|tree| tree.get(path.as_str()).and_then(File::text));
        let (Some(before), Some(yours), Some(other)) = (before, yours, other) else { continue };
        let is_clean = |merge: &TreeMerge| merge.conflicts().all(|(conflict, _)| conflict != path);
        assert_eq!(is_clean(merge), is_clean(&swapped), "{path}: only one of the two ways is clean");
        let result = match merge.changes.get(path) {
            Some(Change::Write(file)) => file.text(),
            None => Some(yours),
            Some(_) => None,
        };
        if let Some(result) = result.filter(|_| is_clean(merge)) {
            let violations = judge::presence(path.as_str(), before, yours, other, result);
            assert!(violations.is_empty(), "{path}: {violations:#?}\n{result}");
        }
    }
}

/// Whether a text can be read as what its path says that it is.
#[must_use]
pub fn reads(path: &str, text: &str) -> bool {
    judge::unreadable(path, text).is_none()
}

/// A project after a merge, or nothing where a person has to choose.
#[must_use]
pub fn applied(merge: &TreeMerge, ours: &FileTree) -> Option<FileTree> {
    let removed = |path: &TreePath| matches!(merge.changes.get(path), Some(Change::Remove));
    let kept = ours.iter().filter(|(path, _)| !removed(path)).map(|(path, file)| (path.clone(), file.clone()));
    let mut result: FileTree = kept.collect();
    for (path, change) in &merge.changes {
        match change {
            Change::Write(file) => _ = result.insert(path.clone(), file.clone()),
            Change::Remove => assert!(ours.get(path.as_str()).is_some(), "{path} is removed, and was not there"),
            Change::Conflict(_) => return None,
        }
    }
    Some(result)
}

/// What is true of every merge, whatever the trees are.
///
/// # Panics
/// Where it is not.
pub fn assert_laws(base: &FileTree, side: &FileTree) {
    assert_eq!(merged(base, side, base), TreeMerge::default(), "what the template did not change is left alone");
    let taken = applied(&merged(base, base, side), base);
    assert_eq!(taken.as_ref(), Some(side), "who has changed nothing gets what the template makes");
}
