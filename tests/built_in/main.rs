//! What the built-in template promises of every project that it writes: nothing is left over, and nothing is there in vain.
//!
//! Every combination of the matrix is looked at, and every preset with each member of each group.

mod branches;
mod contract;
mod dependencies;
mod environment;
mod format;
mod leftovers;
mod links;
mod mentions;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::thread;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::matrix::{Cover, combinations};
use neoforge::render::render;
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree};

static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| load(&embedded::template()).expect("the built-in template loads"));

static PROJECTS: LazyLock<Vec<Project>> = LazyLock::new(projects);

/// A project that nobody has edited.
struct Project {
    name: String,
    record: Record,
    tree: FileTree,
}

impl Project {
    fn new(name: String, given: Given) -> Self {
        let template = &*TEMPLATE;
        let given = Given { name: Some("my-app".into()), ..given };
        let answers = gather(template, &given, &mut Defaults).expect("complete answers").answers;
        let version = template.manifest.version.get_ref().clone();
        let record =
            Record { template: TemplateId { source: BUILT_IN.into(), version, commit: None, content: None }, answers };
        let tree = render(template, &record).expect("a render");
        Self { name, record, tree }
    }

    /// Its texts by their paths.
    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tree.iter().filter_map(|(path, file)| Some((path.as_str(), File::text(file)?)))
    }

    fn text(&self, path: &str) -> &str {
        self.tree.get(path).and_then(File::text).unwrap_or_else(|| panic!("{}: no {path}", self.name))
    }
}

fn projects() -> Vec<Project> {
    let all = combinations(&TEMPLATE, Cover::All);
    let matrix = all.iter().map(|combination| (combination.name.clone(), combination.given()));
    let members = TEMPLATE.features.values().filter_map(|feature| Some((feature.group()?, &feature.name)));
    let presets = members.flat_map(|(group, member)| {
        TEMPLATE.manifest.preset.iter().map(move |preset| {
            let (preset, set) = (preset.name.get_ref(), [(group.to_owned(), member.clone())].into());
            (format!("{preset}/{member}"), Given { preset: Some(preset.clone()), set, ..Given::default() })
        })
    });
    let given: Vec<(String, Given)> = matrix.chain(presets).collect();
    let share = given.len().div_ceil(thread::available_parallelism().map_or(1, Into::into));
    thread::scope(|scope| {
        let render = |part: Vec<(String, Given)>| {
            scope.spawn(|| part.into_iter().map(|(name, given)| Project::new(name, given)).collect::<Vec<_>>())
        };
        let threads: Vec<_> = given.chunks(share).map(|part| render(part.to_vec())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn is_rust(path: &str) -> bool {
    ends(path, "rs")
}

fn ends(path: &str, kind: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, end)| end == kind)
}

/// Whether a text has this word, and not only a longer one with it inside.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[test]
fn the_projects_are_many_and_distinct() {
    let names: BTreeSet<&str> = PROJECTS.iter().map(|project| project.name.as_str()).collect();
    assert!(names.len() > 80 && names.len() == PROJECTS.len(), "{names:?}");
    for expected in ["none/sqlite", "all/postgres", "saas/sqlite", "only-redis/postgres", "without-docker/sqlite"] {
        assert!(names.contains(expected), "{expected} is not in {names:?}");
    }
}
