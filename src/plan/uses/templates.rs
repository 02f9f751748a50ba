//! What templates of askama use: other templates, their macros, and paths of Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::tree::{File, FileTree};

/// What a template uses.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// The templates that it extends, includes or imports.
    pub(super) templates: BTreeSet<String>,
    /// Those that it imports, by the names that it gives to them.
    pub(super) imports: BTreeMap<String, String>,
    /// Paths of Rust, and of macros.
    pub(super) paths: BTreeSet<Vec<String>>,
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is valid")
}

impl Used {
    pub(super) fn by(text: &str) -> Self {
        static BLOCK: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)\{\{.*?\}\}|\{%.*?%\}"));
        static FILE: LazyLock<Regex> =
            LazyLock::new(|| regex(r#"^\{%[-+~]?\s*(?:extends|include|import)\s+"([^"]+)"(?:\s+as\s+(\w+))?"#));
        static PATH: LazyLock<Regex> = LazyLock::new(|| regex(r"\w+(?:::\w+)+"));
        let mut used = Self::default();
        for block in BLOCK.find_iter(text).map(|block| block.as_str()) {
            if let Some(file) = FILE.captures(block) {
                used.templates.insert(file[1].to_owned());
                used.imports.extend(file.get(2).map(|alias| (alias.as_str().to_owned(), file[1].to_owned())));
            }
            used.paths.extend(PATH.find_iter(block).map(|path| path.as_str().split("::").map(str::to_owned).collect()));
        }
        used
    }
}

/// The names of the macros that a template has.
pub(super) fn macros(text: &str) -> BTreeSet<String> {
    static MACRO: LazyLock<Regex> = LazyLock::new(|| regex(r"\{%[-+~]?\s*macro\s+(\w+)"));
    MACRO.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The folders in which a crate looks for its templates.
pub(super) fn folders(of_crate: &str, files: &FileTree) -> Vec<String> {
    let settings = files.get(&format!("{of_crate}askama.toml")).and_then(File::text).unwrap_or_default();
    let settings: toml::Table = settings.parse().unwrap_or_default();
    let dirs = settings.get("general").and_then(|general| general.get("dirs")?.as_array().cloned());
    let dirs: Vec<String> = match dirs {
        Some(dirs) => dirs.iter().filter_map(|dir| dir.as_str().map(str::to_owned)).collect(),
        None => vec!["templates".to_owned()],
    };
    dirs.iter().map(|dir| resolve(of_crate, dir)).collect()
}

/// Where a path that is relative to a folder leads.
pub(super) fn resolve(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_each_other_and_paths_of_rust() {
        let used = Used::by(
            "{% extends \"layout.html\" %}\n{%- import \"parts.html\" as parts -%}\nnot::this \"x.html\"\n\
             {{ parts::notice(\"a\", ui::assets::url()) }}",
        );
        assert_eq!(used.templates, ["layout.html", "parts.html"].map(str::to_owned).into());
        assert_eq!(used.imports, [("parts".to_owned(), "parts.html".to_owned())].into());
        let paths: Vec<String> = used.paths.iter().map(|path| path.join("::")).collect();
        assert_eq!(paths, ["parts::notice", "ui::assets::url"]);
        assert_eq!(macros("{% macro a(x) %}{% endmacro %}{%- macro b() %}"), ["a", "b"].map(str::to_owned).into());
    }

    #[test]
    fn paths_lead_out_of_folders() {
        assert_eq!(resolve("crates/shop/", "../ui/templates"), "crates/ui/templates");
    }
}
