//! What two branches that have each changed their features or answers make together.

use std::collections::BTreeSet;

use crate::answers::record::{self, Record};
use crate::merge::{Labels, Merged, merge_file};
use crate::render::render;
use crate::template::Template;
use crate::tree::{File, FileTree};

/// The record of a merge of two branches; nothing where they contradict each other, or where the files that git merges are not
/// those of the record: parts of the project may come only with two features, or be written for an answer that has changed.
#[must_use]
pub fn merge_records(template: &Template, base: &Record, ours: &Record, theirs: &Record) -> Option<Record> {
    let merged = Record::merge(base, ours, theirs)?;
    if [ours, theirs].contains(&&merged) {
        return Some(merged);
    }
    let made = |record: &Record| render(template, record).ok();
    let [base, ours, theirs] = [made(base)?, made(ours)?, made(theirs)?];
    let is_same = merges_to(&base, &ours, &theirs, &made(&merged)?);
    is_same.then_some(merged)
}

/// Whether git, which has each file merged by itself, makes `expected` of two branches, whatever the order of their lines.
fn merges_to(base: &FileTree, ours: &FileTree, theirs: &FileTree, expected: &FileTree) -> bool {
    let trees = [base, ours, theirs, expected];
    let paths: BTreeSet<&str> = trees.into_iter().flat_map(|tree| tree.iter().map(|(path, _)| path.as_str())).collect();
    paths.into_iter().filter(|path| *path != record::PATH).all(|path| {
        let [base, ours, theirs, expected] = trees.map(|tree| tree.get(path));
        let merged = match (ours, theirs) {
            _ if ours == theirs || theirs == base => ours.cloned(),
            _ if ours == base => theirs.cloned(),
            (Some(ours), Some(theirs)) => {
                let labels = Labels { base: "base", ours: "ours", theirs: "theirs" };
                match merge_file(path, base, ours, theirs, &labels) {
                    Merged::Clean(file) => Some(file),
                    Merged::Conflict(_) => return true,
                }
            }
            // One has changed what the other has removed.
            _ => return true,
        };
        merged.as_ref().map(lines) == expected.map(lines)
    })
}

fn lines(file: &File) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = file.bytes.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines
}
