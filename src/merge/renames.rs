//! Finds out where files have gone that are no longer at their path.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::tree::{File, FileTree, TreePath};

/// How alike two files must be to be taken for one that was moved: the same share as git's.
const ALIKE: f64 = 0.5;

/// For each file of `before` that is missing in `after`: where it is now, if a file that was not there before is enough
/// like it. Each file is the successor of at most one.
pub(crate) fn moved(before: &FileTree, after: &FileTree) -> BTreeMap<TreePath, TreePath> {
    let missing: Vec<_> = before.iter().filter(|(path, _)| after.get(path.as_str()).is_none()).collect();
    if missing.is_empty() {
        return BTreeMap::new();
    }
    let new: Vec<_> = after.iter().filter(|(path, _)| before.get(path.as_str()).is_none()).collect();
    let lines: Vec<_> = new.iter().map(|(_, file)| Lines::of(file)).collect();
    let mut pairs = Vec::new();
    for (path, file) in &missing {
        let old = Lines::of(file);
        for ((candidate, _), lines) in new.iter().zip(&lines) {
            let likeness = old.likeness(lines);
            if likeness >= ALIKE {
                pairs.push((likeness, same_name(path, candidate), *path, *candidate));
            }
        }
    }
    // The best pairs first; of equal ones, those that kept their name.
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(b.2)).then(a.3.cmp(b.3)));
    let (mut found, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for (_, _, from, to) in pairs {
        if !found.contains_key(from) && taken.insert(to) {
            found.insert(from.clone(), to.clone());
        }
    }
    found
}

/// The share of a text that still stands in a later one, from 0 to 1.
pub(super) fn kept(before: &File, now: &File) -> f64 {
    let before = Lines::of(before);
    share(before.shared_with(&Lines::of(now)), before.total)
}

fn same_name(a: &TreePath, b: &TreePath) -> bool {
    a.as_str().rsplit('/').next() == b.as_str().rsplit('/').next()
}

/// The lines of a file, each with how many bytes of the file it makes up. A binary file is one line.
struct Lines<'a> {
    bytes: HashMap<&'a [u8], usize>,
    total: usize,
}

impl<'a> Lines<'a> {
    fn of(file: &'a File) -> Self {
        let mut bytes = HashMap::new();
        let is_text = file.text().is_some();
        for line in file.bytes.split_inclusive(|byte| *byte == b'\n' && is_text) {
            let text = line.trim_ascii();
            // Blanks and lone brackets are in every file.
            if text.len() > 1 {
                *bytes.entry(text).or_default() += text.len();
            }
        }
        let total = bytes.values().sum();
        Self { bytes, total }
    }

    /// From 0 for nothing in common to 1 for the same lines.
    fn likeness(&self, other: &Self) -> f64 {
        let largest = self.total.max(other.total);
        // Sizes that are far apart cannot be alike.
        if share(self.total.min(other.total), largest) < ALIKE {
            return 0.0;
        }
        share(self.shared_with(other), largest)
    }

    /// How many bytes both have.
    fn shared_with(&self, other: &Self) -> usize {
        self.bytes.iter().filter_map(|(line, bytes)| other.bytes.get(line).map(|others| others.min(bytes))).sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of sizes of files")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::tree;

    fn found(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<(String, String)> {
        let moved = moved(&tree(before), &tree(after));
        moved.into_iter().map(|(from, to)| (from.to_string(), to.to_string())).collect()
    }

    const TEXT: &str = "first line\nsecond line\nthird line\n";

    #[test]
    fn a_moved_file_is_found_also_when_it_was_edited() {
        let edited = "first line\nsecond line\nanother line\n";
        assert_eq!(found(&[("a.rs", TEXT)], &[("b/c.rs", edited)]), [("a.rs".to_owned(), "b/c.rs".to_owned())]);
    }

    #[test]
    fn something_else_is_no_move() {
        assert!(found(&[("a.rs", TEXT)], &[("b.rs", "first line\nnothing\nof\nthe rest is the same\n")]).is_empty());
        assert!(found(&[("a.rs", TEXT)], &[("a.rs", "x\n"), ("b.rs", TEXT)]).is_empty());
        assert!(found(&[("a", "")], &[("b", "")]).is_empty());
    }

    #[test]
    fn of_equal_files_the_one_that_kept_its_name_wins() {
        let moved = found(&[("x/a.rs", TEXT), ("x/b.rs", TEXT)], &[("y/b.rs", TEXT), ("y/a.rs", TEXT)]);
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(moved, [pair("x/a.rs", "y/a.rs"), pair("x/b.rs", "y/b.rs")]);
    }
}
