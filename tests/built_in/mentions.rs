//! No project speaks of a feature that it does not have.
//!
//! What gives a feature away derives from its folder: its name and title, the folders and files, environment variables,
//! crates and recipes that only it brings. The same holds for the glue of two features.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use neoforge::render::select::complete;
use neoforge::template::Feature;
use regex::Regex;

use super::{PROJECTS, Project, TEMPLATE, has_word};

/// Words that name a feature or a crate, and are ordinary language or somebody else's name, too. These say nothing; the
/// other marks of their features do.
const ORDINARY: [&str; 18] = [
    ".cargo/",
    "accounts",
    "auth",
    "backups",
    "clients",
    "components",
    "cookie",
    "email",
    "example",
    "headers",
    "lists",
    "mailer",
    "notify",
    "rest",
    "rustls",
    "schedules",
    "tempfile",
    "time",
];

/// Mentions that are meant: file, word, and why.
const MEANT: [(&str, &str, &str); 19] = [
    (".devcontainer/compose.yaml", "POSTGRES_PASSWORD", "what the image of PostgreSQL reads"),
    (".devcontainer/devcontainer.json", "vscode", "a key of the format"),
    (".github/workflows/ci.yml", "POSTGRES_PASSWORD", "what the image of PostgreSQL reads"),
    (".github/workflows/ci.yml", "docker", "a program of the machine that runs it"),
    ("Cargo.toml", "cors", "a part of tower-http that must not be compiled twice"),
    ("app/tests/doctor.rs", "postgres", "a database that the application is not built for"),
    ("app/tests/doctor.rs", "sqlite", "a database that the application is not built for"),
    ("platform/kernel/src/config.rs", "postgres", "a database that the application is not built for"),
    ("platform/kernel/src/config.rs", "sqlite", "a database that the application is not built for"),
    ("platform/kernel/src/database.rs", "postgresql", "what holds for the other one, too, where SQL runs on both"),
    ("platform/kernel/src/database.rs", "sqlite", "what holds for the other one, too, where SQL runs on both"),
    ("docs/decisions/0003-sql-with-sqlx.md", "postgresql", "a decision weighs the alternatives"),
    ("docs/decisions/0003-sql-with-sqlx.md", "sqlite", "a decision weighs the alternatives"),
    ("docs/decisions/0004-jobs-in-the-database.md", "postgresql", "a decision weighs the alternatives"),
    ("docs/decisions/0004-jobs-in-the-database.md", "sqlite", "a decision weighs the alternatives"),
    ("docs/decisions/0008-connections.md", "postgresql", "a decision weighs the alternatives"),
    ("docs/decisions/0008-connections.md", "sqlite", "a decision weighs the alternatives"),
    ("docs/features/devcontainer.md", "vs code", "an editor, whether its settings are there or not"),
    ("docs/features/sqlite.md", "postgresql", "what can be chosen instead"),
];

/// Files that are not told by anybody: the record names what was chosen, and the lock file whatever crates need.
const WRITTEN: [&str; 2] = ["Cargo.lock", "neoforge.toml"];

/// What gives a part of the template away.
#[derive(Default)]
struct Marks {
    /// Without regard to upper and lower case.
    names: BTreeSet<String>,
    /// Variables, crates and recipes.
    exact: BTreeSet<String>,
    /// Files, and folders with a slash at the end.
    paths: BTreeSet<String>,
}

impl Marks {
    fn of(part: &Feature) -> Self {
        let mut marks = Self::default();
        if !part.name.contains('/') {
            let name = &part.name;
            marks.names.extend([name.clone(), name.replace('-', "_"), part.manifest.title.to_lowercase()]);
        }
        let variables = part.manifest.env.iter().map(|env| env.key.get_ref().clone());
        let crates = part.manifest.dependencies.iter().map(|dependency| dependency.get_ref().clone());
        let justfile = part.manifest.insert.iter().filter(|insert| insert.into.get_ref() == "justfile");
        let recipes = justfile.flat_map(|insert| recipes(insert.text.get_ref()));
        marks.exact.extend(variables.chain(crates).chain(recipes));
        for target in part.files.iter().map(|file| file.target.as_str()).filter(|target| !target.contains("{{")) {
            marks.paths.insert(target.to_owned());
            marks.paths.extend(target.match_indices('/').map(|(at, _)| target[..=at].to_owned()));
        }
        marks
    }
}

/// How somebody calls the recipes of a justfile.
fn recipes(text: &str) -> Vec<String> {
    static RECIPE: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?m)^([a-z-]+)[^:\n]*:").expect("a pattern"));
    RECIPE.captures_iter(text).map(|found| format!("just {}", &found[1])).collect()
}

/// All parts but the base: features, and glue.
fn parts() -> impl Iterator<Item = &'static Feature> {
    TEMPLATE.features.values().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values()))
}

#[test]
fn no_project_mentions_what_it_does_not_have() {
    let all: BTreeMap<&str, Marks> =
        parts().chain([&TEMPLATE.base]).map(|part| (part.name.as_str(), Marks::of(part))).collect();
    let (mut wrong, mut meant) = (BTreeMap::new(), BTreeSet::new());
    for project in &*PROJECTS {
        let selection = complete(&TEMPLATE, &project.record.answers.features).expect("features that go together");
        let chosen: BTreeSet<&str> = selection.parts.iter().map(|part| part.name.as_str()).collect();
        let own: BTreeSet<&String> = chosen.iter().flat_map(|name| &all[name].exact).collect();
        for (path, text) in project.texts().filter(|(path, _)| !WRITTEN.contains(path)) {
            let lower = text.to_lowercase();
            for part in parts().filter(|part| !chosen.contains(part.name.as_str())) {
                let marks = &all[part.name.as_str()];
                let names = marks.names.iter().filter(|name| has_word(&lower, name));
                let exact = marks.exact.iter().filter(|mark| !own.contains(mark) && has_word(text, mark));
                let paths = marks.paths.iter().filter(|mark| mentions_path(project, path, text, mark));
                for mark in names.chain(exact).chain(paths).filter(|mark| !ORDINARY.contains(&mark.as_str())) {
                    if let Some(known) = MEANT.iter().find(|(file, word, _)| *file == path && *word == mark) {
                        meant.insert(known);
                    } else {
                        let mention = format!("{path} mentions `{mark}` of {}", part.name);
                        wrong.entry(mention).or_insert_with(|| format!("for instance in {}", project.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(meant, MEANT.iter().collect(), "nothing needs the other exceptions any more");
}

/// Whether a text names a file or folder that the project does not have, neither seen from its root nor from the file.
fn mentions_path(project: &Project, file: &str, text: &str, mark: &str) -> bool {
    let is_file_or_folder = |known: &str, path: &str| known == path || path.ends_with('/') && known.starts_with(path);
    let is_there = |path: &str| project.tree.iter().any(|(known, _)| is_file_or_folder(known.as_str(), path));
    if !text.contains(mark) || is_there(mark) {
        return false;
    }
    let beside = file.rsplit_once('/').map_or_else(|| mark.to_owned(), |(folder, _)| format!("{folder}/{mark}"));
    if is_there(&beside) {
        return false;
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(mark).any(|(at, _)| {
        let ends = mark.ends_with('/') || !text[at + mark.len()..].starts_with(is_part);
        ends && !text[..at].ends_with(is_part)
    })
}

#[test]
fn what_gives_a_feature_away_derives_from_its_folder() {
    let marks = Marks::of(&TEMPLATE.features["rate-limits"]);
    for name in ["rate-limits", "rate_limits", "rate limits"] {
        assert!(marks.names.contains(name), "{name}");
    }
    assert!(marks.exact.contains("RATE_LIMIT_API"));
    assert!(marks.paths.contains("platform/rate-limits/") && marks.paths.contains("platform/rate-limits/src/lib.rs"));
    assert!(Marks::of(&TEMPLATE.features["doctor"]).exact.contains("just doctor"));
    assert!(Marks::of(&TEMPLATE.features["docker"].glue["postgres"]).exact.contains("POSTGRES_PASSWORD"));
}
