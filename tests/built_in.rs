//! What the built-in template promises of every project that it writes: nothing is left over, and nothing is there in vain.

use std::collections::BTreeSet;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::render::render;
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree};
use toml::{Table, Value};

/// Every preset with each database, and each feature by itself.
fn projects() -> Vec<(String, FileTree)> {
    let template = load(&embedded::template()).expect("the built-in template loads");
    let mut projects = Vec::new();
    for database in ["sqlite", "postgres"] {
        let set = [("database".to_owned(), database.to_owned())];
        for preset in &template.manifest.preset {
            let preset = preset.name.get_ref();
            let given = Given { preset: Some(preset.clone()), set: set.clone().into(), ..Given::default() };
            projects.push((format!("{preset}/{database}"), project(&template, given)));
        }
        for feature in template.features.values().filter(|feature| feature.group().is_none()) {
            let with = vec![feature.name.clone()];
            let given = Given { with, set: set.clone().into(), ..Given::default() };
            projects.push((format!("{}/{database}", feature.name), project(&template, given)));
        }
    }
    projects
}

fn project(template: &Template, given: Given) -> FileTree {
    let given = Given { name: Some("my-app".into()), ..given };
    let answers = gather(template, &given, &mut Defaults).expect("complete answers").answers;
    let version = template.manifest.version.get_ref().clone();
    let id = TemplateId { source: BUILT_IN.into(), version, commit: None };
    render(template, &Record { template: id, answers }).expect("a render")
}

/// The texts of a project by their paths.
fn texts(tree: &FileTree) -> impl Iterator<Item = (&str, &str)> {
    tree.iter().filter_map(|(path, file)| Some((path.as_str(), File::text(file)?)))
}

/// Whether a text has this word, and not only a longer one with it inside.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[test]
fn nothing_of_the_template_is_left_over() {
    for (project, tree) in projects() {
        for (path, text) in texts(&tree) {
            let at = format!("{project}: {path}");
            assert!(!text.contains("@slot"), "{at}: a marker");
            // askama's templates look like liquid, and so does what is said about them. Rust files are never rendered.
            let may_show_askama = path.contains("/templates/")
                || path.starts_with("docs/features/")
                || path.strip_suffix(".rs").is_some();
            assert!(may_show_askama || !text.contains("{% "), "{at}: liquid");
            assert!(text.is_empty() || text.ends_with('\n'), "{at}: no line end at the end");
            assert!(!text.ends_with("\n\n"), "{at}: a blank line at the end");
            assert!(!text.contains("\n\n\n"), "{at}: two blank lines");
            for (number, line) in text.lines().enumerate() {
                assert!(line.trim_end() == line, "{at}:{}: trailing blanks", number + 1);
            }
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let mut wrong = BTreeSet::new();
    for (project, tree) in projects() {
        let mut used = BTreeSet::new();
        for folder in texts(&tree).filter_map(|(path, _)| path.strip_suffix("/Cargo.toml")) {
            let manifest = manifest(&tree, &format!("{folder}/Cargo.toml"));
            let (normal, development) = (names(&manifest, "dependencies"), names(&manifest, "dev-dependencies"));
            let is_used = |part: &str, name: &str| {
                let own = texts(&tree).filter(|(path, _)| path.starts_with(&format!("{folder}/{part}")));
                own.filter(|(path, _)| path.ends_with(".rs")).any(|(_, text)| has_word(text, &library(name)))
            };
            let unused = normal.iter().filter(|name| !is_used("src/", name));
            let unused = unused.chain(development.iter().filter(|name| !is_used("", name)));
            wrong.extend(unused.map(|name| format!("{project}: {folder} does not use {name}")));
            let twice = normal.intersection(&development);
            wrong.extend(twice.map(|name| format!("{project}: {folder} names {name} twice")));
            used.extend(normal.into_iter().chain(development));
        }
        let workspace = &manifest(&tree, "Cargo.toml")["workspace"]["dependencies"];
        let shared = workspace.as_table().expect("a table").iter().filter(|(_, value)| value.get("path").is_none());
        let unused = shared.filter(|(name, _)| !used.contains(*name));
        wrong.extend(unused.map(|(name, _)| format!("{project}: no crate depends on {name}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn manifest(tree: &FileTree, path: &str) -> Table {
    let (_, text) = texts(tree).find(|(known, _)| *known == path).expect(path);
    text.parse().expect(path)
}

/// What a manifest lists under `kind`, for every platform and for some.
fn names(manifest: &Table, kind: &str) -> BTreeSet<String> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|targets| targets.values());
    let tables =
        platforms.filter_map(Value::as_table).chain([manifest]).filter_map(|table| table.get(kind)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

/// The name by which code calls a crate.
fn library(name: &str) -> String {
    match name {
        "astral-tl" => "tl".to_owned(),
        _ => name.replace('-', "_"),
    }
}

#[test]
fn every_environment_variable_is_read() {
    for (project, tree) in projects() {
        let example = texts(&tree).find(|(path, _)| *path == ".env.example").expect("an .env.example").1;
        let keys = example.lines().filter_map(|line| Some(line.trim_start_matches("# ").split_once('=')?.0));
        let keys: Vec<&str> = keys.filter(|key| !key.contains(' ')).collect();
        assert!(keys.len() > 5, "{project}: {keys:?}");
        for key in keys {
            let quoted = format!("\"{key}\"");
            let reads = |path: &str, text: &str| match path {
                "compose.yaml" => text.contains(&format!("${{{key}")),
                _ => path.ends_with(".rs") && text.contains(&quoted),
            };
            let is_read = texts(&tree).any(|(path, text)| reads(path, text));
            assert!(is_read, "{project}: nothing reads {key}");
        }
    }
}
