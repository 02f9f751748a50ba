//! The lines of a project, and how many of a pristine tree's are among them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;

use crate::merge::moved;
use crate::tree::{File, FileTree, TreePath};

/// How many of how many were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// How many were found.
    pub found: usize,
    /// How many there are.
    pub total: usize,
}

impl Found {
    /// The share in percent, rounded down; all of nothing is 100.
    #[must_use]
    pub fn percent(self) -> usize {
        (self.found * 100).checked_div(self.total).unwrap_or(100)
    }

    /// What was found, less what was missed.
    pub(super) fn fit(self) -> i64 {
        let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
        signed(self.found).saturating_mul(2).saturating_sub(signed(self.total))
    }

    fn add(&mut self, other: Self) {
        self.found += other.found;
        self.total += other.total;
    }
}

/// The lines that one of two trees has and the other one has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Telling {
    /// Those of the first tree.
    pub(super) ours: Found,
    /// Those of the second tree.
    pub(super) theirs: Found,
}

impl Telling {
    /// How many lines speak for the first tree: those of its own that are there, and those of the other that are not.
    pub(super) fn for_ours(self) -> Found {
        let Self { ours, theirs } = self;
        Found { found: ours.found + theirs.total - theirs.found, total: ours.total + theirs.total }
    }
}

/// Each line that says something, with how often it occurs.
type Lines<'a> = HashMap<&'a [u8], usize>;

/// The files of a project, ready to be compared with many trees.
pub(super) struct Evidence<'a> {
    files: &'a FileTree,
    lines: HashMap<&'a str, Lines<'a>>,
    /// Where files are that the person has moved, by the path that the template gives them.
    moved: BTreeMap<TreePath, TreePath>,
    /// What was found of a file before: most files are the same in most guesses.
    seen: HashMap<String, Vec<(Bytes, Found)>>,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(files: &'a FileTree) -> Self {
        let lines = files.iter().map(|(path, file)| (path.as_str(), lines(file))).collect();
        Self { files, lines, moved: BTreeMap::new(), seen: HashMap::new() }
    }

    /// Finds out which files of `pristine` the person has moved.
    pub(super) fn follow_moves(&mut self, pristine: &FileTree) {
        self.moved = moved(pristine, self.files);
        self.seen.clear();
    }

    /// The paths of the project.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'a str> {
        self.files.iter().map(|(path, _)| path.as_str())
    }

    /// The text of a file of the project, by the path that the template gives it.
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.files.get(self.now(path))?.text()
    }

    /// How many lines of a tree the project has. Each counts in its own file.
    pub(super) fn of(&mut self, tree: &FileTree) -> Found {
        let mut all = Found::default();
        for (path, file) in tree {
            let seen = self.seen.get(path.as_str()).into_iter().flatten().find(|(bytes, _)| *bytes == file.bytes);
            if let Some((_, found)) = seen {
                all.add(*found);
                continue;
            }
            let mut found = Found::default();
            for (line, count) in lines(file) {
                found.add(Found { found: count.min(self.count(path.as_str(), line)), total: count });
            }
            self.seen.entry(path.to_string()).or_default().push((file.bytes.clone(), found));
            all.add(found);
        }
        all
    }

    /// The lines that tell two trees apart.
    pub(super) fn telling(&self, ours: &FileTree, theirs: &FileTree) -> Telling {
        let mut telling = Telling::default();
        let paths: BTreeSet<&str> = ours.iter().chain(theirs).map(|(path, _)| path.as_str()).collect();
        for path in paths {
            let (our, their) = (ours.get(path), theirs.get(path));
            if our.map(|file| &file.bytes) == their.map(|file| &file.bytes) {
                continue;
            }
            let [our, their] = [our, their].map(|file| file.map(lines).unwrap_or_default());
            for line in our.keys().chain(their.keys().filter(|line| !our.contains_key(*line))) {
                let count = |lines: &Lines<'_>| lines.get(line).copied().unwrap_or(0);
                let (our, their, here) = (count(&our), count(&their), self.count(path, line));
                // Where both have it, the ones that only one of them has are the last of them to be found.
                let more = |many: usize, few: usize| Found {
                    found: many.min(here).saturating_sub(few.min(here)),
                    total: many.saturating_sub(few),
                };
                telling.ours.add(more(our, their));
                telling.theirs.add(more(their, our));
            }
        }
        telling
    }

    /// How many files of a tree stand in the project as they were made, whatever their line ends.
    pub(super) fn unchanged(&self, tree: &FileTree) -> Found {
        let same = |ours: &File, theirs: &File| match (ours.text(), theirs.text()) {
            (Some(ours), Some(theirs)) => ours.lines().eq(theirs.lines()),
            _ => ours.bytes == theirs.bytes,
        };
        let is =
            |path: &TreePath, file: &File| self.files.get(self.now(path.as_str())).is_some_and(|now| same(now, file));
        Found { found: tree.iter().filter(|(path, file)| is(path, file)).count(), total: tree.len() }
    }

    fn now<'b>(&'b self, path: &'b str) -> &'b str {
        self.moved.get(path).map_or(path, TreePath::as_str)
    }

    fn count(&self, path: &str, line: &[u8]) -> usize {
        self.lines.get(self.now(path)).and_then(|lines| lines.get(line)).copied().unwrap_or(0)
    }
}

/// The lines of a file without their indentation. Those without a letter or digit are in every file and say nothing. A file
/// that has no other ones, or is no text, is one line.
fn lines(file: &File) -> Lines<'_> {
    let mut lines = Lines::new();
    for line in file.text().unwrap_or_default().lines().map(str::trim) {
        if line.contains(char::is_alphanumeric) {
            *lines.entry(line.as_bytes()).or_default() += 1;
        }
    }
    if lines.is_empty() {
        lines.insert(&file.bytes, 1);
    }
    lines
}
