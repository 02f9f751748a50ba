//! Whether a record fits the files of its project. Git may have merged the two in different ways: as lines, or on a server that
//! knows no driver.

use std::collections::BTreeSet;

use super::Side;
use crate::merge::moved;
use crate::template::{Feature, Template};
use crate::tree::{FileTree, TreePath};

/// What of a record does not fit the files, one sentence each.
#[must_use]
pub fn misfits(template: &Template, side: &Side, ours: &FileTree) -> Vec<String> {
    let moved = moved(&side.tree, ours);
    let stays: BTreeSet<&str> = moved.keys().map(TreePath::as_str).collect();
    let is_there = |path: &&str| ours.get(path).is_some() || stays.contains(path);
    let gone = |part: &Feature| {
        let mut made = targets(part).filter(|path| side.tree.get(path).is_some()).peekable();
        made.peek().is_some() && !made.any(|path| is_there(&path))
    };
    let mut found = Vec::new();
    for feature in template.features.values() {
        let name = &feature.name;
        if !side.features.contains(name) {
            let mut files = targets(feature).peekable();
            if files.peek().is_some() && files.all(|path| ours.get(path).is_some() && side.tree.get(path).is_none()) {
                found.push(format!(
                    "the project has the files of `{name}`, which neoforge.toml does not list: list it there, or delete them"
                ));
            }
        } else if gone(feature) {
            found.push(format!(
                "neoforge.toml has `{name}`, but none of its files is there: `neoforge remove feature {name}` takes out the rest, or \
                 bring them back from an earlier commit"
            ));
        } else {
            let glue = feature.glue.iter().filter(|(with, glue)| side.features.contains(*with) && gone(glue));
            found.extend(glue.map(|(with, _)| {
                format!(
                    "what `{name}` and `{with}` bring together is not there: take one of them out and add it again, each with \
                     `neoforge`"
                )
            }));
        }
    }
    found
}

/// The paths of the files that a part brings, as far as they do not depend on answers.
fn targets(part: &Feature) -> impl Iterator<Item = &str> {
    part.files.iter().map(|source| source.target.as_str()).filter(|path| !path.contains('{'))
}
