//! What follows from the manifests alone: the dependency list, the environment variables, the index of the docs.

use std::ops::Range;

use super::select::Selection;
use super::text::{Liquid, Variables};
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{Feature, Template};
use crate::tree::{FileTree, TreePath};

/// An environment variable of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvEntry {
    /// The variable's name.
    pub key: String,
    /// What it is for, in one line.
    pub about: String,
    /// Its value in development.
    pub value: EnvValue,
}

/// The value of an environment variable in development.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// This text.
    Plain(String),
    /// A secret, made anew for each project.
    Secret,
    /// None, because the program has this value as its own default.
    Off(String),
}

/// Lines that nobody wrote by hand, and the slot that they go into.
pub(super) struct Listing {
    pub(super) into: String,
    pub(super) slot: String,
    pub(super) text: String,
    /// Where `template.toml` names the file.
    pub(super) at: Range<usize>,
}

/// The listings of a project.
pub(super) fn listings(
    template: &Template,
    selection: &Selection<'_>,
    variables: &Variables,
    liquid: &Liquid,
    problems: &mut Vec<Problem>,
) -> Vec<Listing> {
    let mut listings = Vec::new();
    if let Some(catalogue) = &template.manifest.dependencies {
        listings.push(Listing {
            into: catalogue.into.get_ref().clone(),
            slot: catalogue.slot.get_ref().clone(),
            text: dependencies(template, selection),
            at: catalogue.into.span(),
        });
    }
    if let Some(env) = &template.manifest.env {
        let entries = environment(selection, variables, liquid, problems);
        let mut list = |into: &toml::Spanned<String>, text| {
            let (into, at) = (into.get_ref().clone(), into.span());
            listings.push(Listing { into, slot: "env".into(), text, at });
        };
        list(&env.example, example(&entries));
        if let Some(docs) = &env.docs {
            list(docs, table(&entries));
        }
    }
    if let Some(index) = template.manifest.docs.as_ref().and_then(|docs| docs.index.as_ref()) {
        let pages = template.manifest.docs.as_ref().map_or("", |docs| docs.pages.get_ref());
        listings.push(Listing {
            into: index.get_ref().clone(),
            slot: "features".into(),
            text: page_index(selection, index.get_ref(), pages),
            at: index.span(),
        });
    }
    listings
}

/// One line for each dependency that a part names.
fn dependencies(template: &Template, selection: &Selection<'_>) -> String {
    let Some(catalogue) = &template.manifest.dependencies else { return String::new() };
    let mut names: Vec<&str> = selection
        .parts
        .iter()
        .flat_map(|part| &part.manifest.dependencies)
        .map(|name| name.get_ref().as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| Some(format!("{name} = {}", catalogue.crates.get(name)?)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The environment variables of the parts, in their order.
pub(super) fn environment(
    selection: &Selection<'_>,
    variables: &Variables,
    liquid: &Liquid,
    problems: &mut Vec<Problem>,
) -> Vec<EnvEntry> {
    let mut entries = Vec::new();
    for part in &selection.parts {
        for env in &part.manifest.env {
            let text = match &env.default {
                None => String::new(),
                Some(default) => liquid.render(default.get_ref(), variables).unwrap_or_else(|error| {
                    problems.push(part.problem(default.span(), error.kind));
                    String::new()
                }),
            };
            let value = match (env.secret, env.commented) {
                (true, _) => EnvValue::Secret,
                (false, true) => EnvValue::Off(text),
                (false, false) => EnvValue::Plain(text),
            };
            entries.push(EnvEntry { key: env.key.get_ref().clone(), about: env.about.clone(), value });
        }
    }
    entries
}

/// The lines of `.env.example`.
fn example(entries: &[EnvEntry]) -> String {
    let blocks: Vec<String> = entries
        .iter()
        .map(|EnvEntry { key, about, value }| match value {
            EnvValue::Plain(text) => format!("# {about}\n{key}={text}"),
            EnvValue::Secret => format!("# {about}\n{key}="),
            EnvValue::Off(text) => format!("# {about}\n# {key}={text}"),
        })
        .collect();
    blocks.join("\n\n")
}

/// The rows of a Markdown table: variable, default in development, meaning.
fn table(entries: &[EnvEntry]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let rows: Vec<String> = entries
        .iter()
        .map(|EnvEntry { key, about, value }| {
            let default = match value {
                EnvValue::Plain(text) | EnvValue::Off(text) if text.is_empty() => "not set".to_owned(),
                EnvValue::Plain(text) | EnvValue::Off(text) => format!("`{}`", cell(text)),
                EnvValue::Secret => "a random secret".to_owned(),
            };
            format!("| `{key}` | {default} | {} |", cell(about))
        })
        .collect();
    rows.join("\n")
}

/// The lines of the index: a link to the page of each feature that has one.
fn page_index(selection: &Selection<'_>, index: &str, pages: &str) -> String {
    let folder = index.rsplit_once('/').map_or("", |(folder, _)| folder);
    let up = pages.strip_prefix(folder).map(|rest| rest.trim_start_matches('/'));
    // A page in another branch of the tree is reached from the top.
    let pages = up.map_or_else(|| format!("{}{pages}", "../".repeat(folder.split('/').count())), str::to_owned);
    let lines: Vec<String> = documented(selection)
        .map(|feature| {
            let Feature { name, manifest, .. } = feature;
            format!("- [{}]({pages}/{name}.md): {}", manifest.title, manifest.about)
        })
        .collect();
    lines.join("\n")
}

/// The chosen features that have a page.
pub(super) fn documented<'a>(selection: &Selection<'a>) -> impl Iterator<Item = &'a Feature> {
    selection.features().filter(|feature| feature.readme.is_some())
}

/// A problem of a listing: its file or its slot is not there.
pub(super) fn missing(template: &Template, listing: &Listing, kind: ProblemKind) -> Problem {
    template.problem(listing.at.clone(), kind)
}

/// Names that differ by case alone, and files where folders must be.
pub(super) fn clashes(tree: &FileTree, origin: impl Fn(&TreePath) -> String, problems: &mut Vec<Problem>) {
    let mut folded: std::collections::HashMap<String, &str> = std::collections::HashMap::new();
    for (path, _) in tree {
        for name in path.ancestors().chain([path.as_str()]) {
            let other = *folded.entry(name.to_lowercase()).or_insert(name);
            if other != name {
                let kind = ProblemKind::CaseCollision { path: name.to_owned(), other: other.to_owned() };
                problems.push(Problem::of_file(origin(path), kind));
            }
        }
        if let Some(file) = path.ancestors().find(|folder| tree.get(folder).is_some()) {
            let kind = ProblemKind::FileIsFolder { path: file.to_owned(), other: path.to_string() };
            problems.push(Problem::of_file(origin(path), kind));
        }
    }
}
