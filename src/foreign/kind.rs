//! Whose template a folder is.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::CONFIG;
use super::find::config_folders;
use crate::template::MANIFEST;

/// How deep a template of ours is looked for.
const DEEPEST: usize = 4;

/// Whose template a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Ours, or one that ought to be.
    Own,
    /// One of cargo-generate that says so.
    CargoGenerate,
    /// Without any mark, which a template of cargo-generate does not need.
    Unmarked,
    /// One of a tool whose templates cannot be read.
    Other(&'static str),
}

/// Whose template the folder is.
#[must_use]
pub fn kind(folder: &Path) -> Kind {
    let there = |name: &str| folder.join(name).exists();
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let is_config = there(CONFIG);
    let manifest = text(MANIFEST);
    if there(MANIFEST) && (!is_config || has_key(&manifest, "format")) {
        return if has_key(&manifest, "kickstart_version") { Kind::Other("kickstart") } else { Kind::Own };
    }
    if is_config {
        return Kind::CargoGenerate;
    }
    if there("cookiecutter.json") {
        return Kind::Other("cookiecutter");
    }
    if there("copier.yml") || there("copier.yaml") {
        return Kind::Other("copier");
    }
    if ["template.yml", "template.yaml"]
        .iter()
        .any(|name| text(name).lines().any(|line| line.starts_with("interview:")))
    {
        return Kind::Other("toha");
    }
    if there("base/feature.toml") || is_empty(folder) {
        return Kind::Own;
    }
    match (config_folders(folder).is_empty(), holds_own(folder)) {
        (false, _) => Kind::CargoGenerate,
        (true, true) => Kind::Own,
        (true, false) => Kind::Unmarked,
    }
}

/// Whether one of our templates stands somewhere below.
fn holds_own(folder: &Path) -> bool {
    let below = WalkDir::new(folder).min_depth(2).max_depth(DEEPEST).into_iter().flatten();
    below
        .filter(|entry| entry.file_name() == MANIFEST)
        .any(|entry| has_key(&fs::read_to_string(entry.path()).unwrap_or_default(), "format"))
}

/// Whether a TOML file has the key at its top; in one that is broken, whether a line begins with it.
fn has_key(text: &str, key: &str) -> bool {
    match text.parse::<toml::Table>() {
        Ok(table) => table.contains_key(key),
        Err(_) => text.lines().any(|line| line.split_once('=').is_some_and(|(name, _)| name.trim() == key)),
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder)
        .is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == ".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_known_by_their_files() {
        let cases: [(&[(&str, &str)], Kind); 15] = [
            (&[("template.toml", "format = 1\n")], Kind::Own),
            (&[("template.toml", "format = = 1\n")], Kind::Own),
            (&[("template.toml", "name = \"x\"\nkickstart_version = 1\n")], Kind::Other("kickstart")),
            (&[("template.toml", "format = 1\n"), ("cargo-generate.toml", "")], Kind::Own),
            (&[("template.toml", "[server]\n"), ("cargo-generate.toml", "")], Kind::CargoGenerate),
            (&[("cargo-generate.toml", "")], Kind::CargoGenerate),
            (&[("cargo-generate.toml", ""), ("copier.yml", "")], Kind::CargoGenerate),
            (&[("a/b/cargo-generate.toml", "")], Kind::CargoGenerate),
            (&[("cookiecutter.json", "{}")], Kind::Other("cookiecutter")),
            (&[("copier.yaml", "")], Kind::Other("copier")),
            (&[("template.yml", "name: x\ninterview:\n"), ("template/x", "")], Kind::Other("toha")),
            (&[("template.yml", "steps:\n")], Kind::Unmarked),
            (&[("base/feature.toml", "")], Kind::Own),
            (&[("README.md", ""), ("web/template.toml", "format = 1\n")], Kind::Own),
            (&[("Cargo.toml", "[package]\n")], Kind::Unmarked),
        ];
        for (files, expected) in cases {
            let folder = tempfile::tempdir().expect("a folder");
            for (path, text) in files {
                let path = folder.path().join(path);
                fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
                fs::write(path, text).expect("a file");
            }
            assert_eq!(kind(folder.path()), expected, "{files:?}");
        }
        let empty = tempfile::tempdir().expect("a folder");
        assert_eq!(kind(empty.path()), Kind::Own);
    }
}
