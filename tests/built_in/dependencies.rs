//! No dependency is there in vain.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{PROJECTS, Project, TEMPLATE, has_word, is_rust};

#[test]
fn every_dependency_is_used() {
    let mut wrong = BTreeSet::new();
    for project in &*PROJECTS {
        let name = &project.name;
        let mut used = BTreeSet::new();
        for folder in project.texts().filter_map(|(path, _)| path.strip_suffix("/Cargo.toml")) {
            let manifest = manifest(project, &format!("{folder}/Cargo.toml"));
            let [normal, build, development] =
                ["dependencies", "build-dependencies", "dev-dependencies"].map(|kind| names(&manifest, kind));
            let is_used = |part: &str, name: &str| {
                let own = project.texts().filter(|(path, _)| path.starts_with(&format!("{folder}/{part}")));
                own.filter(|(path, _)| is_rust(path)).any(|(_, text)| has_word(text, &library(name)))
            };
            let unused = normal.iter().filter(|name| !is_used("src/", name));
            let unused = unused.chain(build.iter().filter(|name| !is_used("build.rs", name)));
            let unused = unused.chain(development.iter().filter(|name| !is_used("", name)));
            wrong.extend(unused.map(|unused| format!("{name}: {folder} does not use {unused}")));
            let twice = normal.intersection(&development);
            wrong.extend(twice.map(|twice| format!("{name}: {folder} names {twice} twice")));
            used.extend(normal.into_iter().chain(build).chain(development));
        }
        let workspace = &manifest(project, "Cargo.toml")["workspace"]["dependencies"];
        let shared = workspace.as_table().expect("a table").iter().filter(|(_, value)| value.get("path").is_none());
        let unused = shared.filter(|(name, _)| !used.contains(*name));
        wrong.extend(unused.map(|(unused, _)| format!("{name}: no crate depends on {unused}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn manifest(project: &Project, path: &str) -> Table {
    project.text(path).parse().expect(path)
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
    name.replace('-', "_")
}

/// A project of the same name as one of its crates would not build.
#[test]
fn the_name_of_every_crate_is_reserved() {
    let manifests = PROJECTS.iter().flat_map(|project| project.texts().map(move |(path, _)| (project, path)));
    let crates = manifests.filter(|(_, path)| path.ends_with("/Cargo.toml"));
    let names: BTreeSet<String> = crates
        .filter_map(|(project, path)| Some(manifest(project, path)["package"]["name"].as_str()?.to_owned()))
        .collect();
    assert_eq!(names, TEMPLATE.manifest.reserved_names.iter().cloned().collect());
}
