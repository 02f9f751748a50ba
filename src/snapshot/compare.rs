//! How a folder differs from what it should hold.

use crate::tree::{File, FileTree};
use crate::unified;

/// A file that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The file's path.
    pub path: String,
    /// How it differs.
    pub change: Change,
}

/// How a file differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
    /// The text differs; the unified diff leads from what stands there to what should.
    Text(String),
    /// The bytes differ, and it is not a text.
    Binary,
    /// Only the executable bit differs; it should be as here.
    Mode(bool),
}

/// The differences between what stands somewhere and what should, by path.
#[must_use]
pub fn compare(stands: &FileTree, should: &FileTree) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut add = |path: &str, change| differences.push(Difference { path: path.to_owned(), change });
    for (path, file) in should {
        match stands.get(path.as_str()) {
            None => add(path.as_str(), Change::Missing),
            Some(found) if found.bytes != file.bytes => add(path.as_str(), content(path.as_str(), found, file)),
            Some(found) if found.executable != file.executable => add(path.as_str(), Change::Mode(file.executable)),
            Some(_) => {}
        }
    }
    for (path, _) in stands {
        if should.get(path.as_str()).is_none() {
            add(path.as_str(), Change::Extra);
        }
    }
    differences.sort_by(|a, b| a.path.cmp(&b.path));
    differences
}

fn content(path: &str, found: &File, file: &File) -> Change {
    match (found.text(), file.text()) {
        (Some(old), Some(new)) => Change::Text(unified::diff(&format!("a/{path}"), &format!("b/{path}"), old, new)),
        _ => Change::Binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TreePath;

    fn tree(files: &[(&str, &[u8])]) -> FileTree {
        files.iter().map(|(path, bytes)| (TreePath::parse(*path).expect(path), File::plain(bytes.to_vec()))).collect()
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let stands = tree(&[("bin", &[0, 1]), ("extra", b"x"), ("mode", b"m"), ("same", b"s"), ("text", b"a\nb\n")]);
        let mut should = tree(&[("bin", &[0, 2]), ("missing", b"x"), ("same", b"s"), ("text", b"a\nc\n")]);
        should.insert(TreePath::parse("mode").expect("a path"), File { executable: true, ..File::plain("m") });
        let found = compare(&stands, &should);
        let paths: Vec<_> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["bin", "extra", "missing", "mode", "text"]);
        assert_eq!(found[0].change, Change::Binary);
        assert_eq!(found[1].change, Change::Extra);
        assert_eq!(found[2].change, Change::Missing);
        assert_eq!(found[3].change, Change::Mode(true));
        let diff = "--- a/text\n+++ b/text\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n";
        assert_eq!(found[4].change, Change::Text(diff.to_owned()));
    }

    #[test]
    fn equal_trees_do_not_differ() {
        let tree = tree(&[("a", b"a")]);
        assert_eq!(compare(&tree, &tree), []);
    }
}
