//! Small templates for tests.

use super::{Template, load};
use crate::tree::{File, FileTree, TreePath};

/// The least that a template needs.
const MANIFEST: &str = "format = 1\nname = 't'\nversion = '0.1.0'\nabout = 'a test'\n";
const PRESET: &str = "\n[[preset]]\nname = 'minimal'\nabout = 'the base'\ndefault = true\n";

/// The files of a template: the given ones, and what a template cannot do without. The text of a `template.toml` or
/// `feature.toml` is added to a head that makes it complete.
pub(crate) fn tree(files: &[(&str, &str)]) -> FileTree {
    let mut tree = FileTree::new();
    let mut put = |path: &str, text: String| {
        tree.insert(TreePath::parse(path).expect(path), File::plain(text));
    };
    put("template.toml", format!("{MANIFEST}{PRESET}"));
    put("base/feature.toml", String::new());
    for (path, text) in files {
        match *path {
            "template.toml" if text.contains("[[preset]]") => put(path, format!("{MANIFEST}{text}\n")),
            "template.toml" => put(path, format!("{MANIFEST}{text}\n{PRESET}")),
            _ if path.starts_with("features/") && path.ends_with("feature.toml") && !path.contains("/with/") => {
                put(path, format!("title = 'T'\nabout = 'a'\n{text}\n"));
            }
            _ => put(path, (*text).to_owned()),
        }
    }
    tree
}

/// The same, loaded.
pub(crate) fn template(files: &[(&str, &str)]) -> Template {
    load(&tree(files)).expect("a template that loads")
}
