//! A project that has lost its record gets the same one again, whatever was chosen, answered and edited.
//!
//! `NEOFORGE_CASES=1000 cargo test --release --test adopt` tries more cases than every day.

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use neoforge::adopt::{Candidate, Known, Match, Nearness, nearest};
use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::project::read_tree;
use neoforge::render::render;
use neoforge::template::{Feature, Template, load};
use neoforge::tree::{File, FileTree, TreePath};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use support::Sandbox;

static REAL: LazyLock<Candidate> =
    LazyLock::new(|| candidate(load(&embedded::template()).expect("the built-in template loads")));

static TINY: LazyLock<Candidate> = LazyLock::new(|| {
    let sandbox = Sandbox::new();
    sandbox.template();
    let files = read_tree(&sandbox.path("template")).expect("the small template");
    candidate(load(&files).expect("the small template loads"))
});

fn candidate(template: Template) -> Candidate {
    let version = template.manifest.version.get_ref().clone();
    Candidate { id: TemplateId { source: BUILT_IN.into(), version, commit: None, content: None }, template }
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("NEOFORGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A project as it is made: its record and its files.
fn made(candidate: &Candidate, given: &Given) -> (Record, FileTree) {
    let answers = gather(&candidate.template, given, &mut Defaults).expect("complete answers").answers;
    let record = Record { template: candidate.id.clone(), answers };
    let tree = render(&candidate.template, &record).expect("a render");
    (record, tree)
}

fn given(name: &str, features: BTreeSet<String>, set: &[(&str, &str)]) -> Given {
    Given {
        name: Some(name.into()),
        features: Some(features),
        set: set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Given::default()
    }
}

/// The features that nothing else in the set requires: the only ones of which the files tell that they were chosen.
fn roots(template: &Template, features: &BTreeSet<String>) -> BTreeSet<String> {
    let mut required = BTreeSet::new();
    let mut open: Vec<&Feature> = features.iter().map(|name| &template.features[name]).collect();
    while let Some(feature) = open.pop() {
        open.extend(
            feature.requires().filter(|name| required.insert((*name).to_owned())).map(|name| &template.features[name]),
        );
    }
    features.difference(&required).cloned().collect()
}

/// Some features that go into no group, without those that others of them require.
fn some_features(candidate: &'static Candidate) -> impl Strategy<Value = BTreeSet<String>> {
    let features = candidate.template.features.values().filter(|feature| feature.group().is_none());
    let names: Vec<String> = features.map(|feature| feature.name.clone()).collect();
    let count = names.len();
    subsequence(names, 0..=count).prop_map(|names| roots(&candidate.template, &names.into_iter().collect()))
}

/// Whether the record would list these features if they came from a preset.
fn is_preset(candidate: &Candidate, features: &BTreeSet<String>) -> bool {
    let closure =
        |wanted: &BTreeSet<String>| neoforge::render::select::closure(&candidate.template, wanted).expect("a closure");
    candidate.template.manifest.preset.iter().any(|preset| {
        let preset = neoforge::gather::preset_features(&candidate.template, preset);
        closure(&preset) == closure(features) && roots(&candidate.template, &preset) != preset
    })
}

fn adopted(candidate: &Candidate, files: &FileTree, folder: &str) -> Match {
    nearest(std::slice::from_ref(candidate), &without_record(files), folder, &Known::default()).expect("a guess")
}

fn without_record(files: &FileTree) -> FileTree {
    let files = files.iter().filter(|(path, _)| path.as_str() != "neoforge.toml");
    files.map(|(path, file)| (path.clone(), file.clone())).collect()
}

fn lost_nothing(found: &Match, record: &Record) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.record.render(), record.render());
    prop_assert_eq!(found.nearness(), Nearness::Near, "{:?}", found.unclear);
    Ok(())
}

/// What a person does to some files: new lines, lines that go, another indentation, a file of their own, a move.
fn edited(tree: &FileTree, edits: &[(Index, Index, u8)]) -> FileTree {
    let mut files: BTreeMap<TreePath, File> = tree.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
    for (number, (file, line, kind)) in edits.iter().enumerate() {
        let paths: Vec<TreePath> =
            files.iter().filter(|(_, file)| file.text().is_some()).map(|(path, _)| path.clone()).collect();
        let path = file.get(&paths).clone();
        let file = files[&path].clone();
        let mut lines: Vec<String> = file.text().expect("a text").lines().map(|line| format!("{line}\n")).collect();
        let at = line.index(lines.len().max(1));
        match kind {
            0..=3 => lines.insert(at.min(lines.len()), format!("a person's line {number}\n")),
            4..=5 if !lines.is_empty() => _ = lines.remove(at),
            6 => lines.iter_mut().for_each(|line| line.insert(0, '\t')),
            7 => lines.iter_mut().for_each(|line| line.insert(line.len() - 1, '\r')),
            _ => {
                files.remove(&path);
                files.insert(TreePath::parse(format!("moved/{path}")).expect("a path"), file);
                continue;
            }
        }
        files.insert(path, File { bytes: lines.concat().into(), executable: file.executable });
    }
    files.into_iter().collect()
}

fn edits(most: usize) -> impl Strategy<Value = Vec<(Index, Index, u8)>> {
    prop::collection::vec((any::<Index>(), any::<Index>(), 0..9_u8), 0..most)
}

proptest! {
    #![proptest_config(cases(3))]

    /// Some features of the built-in template, either database, any description, and up to forty edits.
    #[test]
    fn a_project_of_the_built_in_template_is_recognised(
        features in some_features(&REAL),
        database in prop::sample::select(vec!["sqlite", "postgres"]),
        name in "[a-z]{2,8}(-[a-z]{2,8}){0,2}",
        description in "[A-Z][a-z]{1,9}( [a-z&`']{2,9}){0,5}",
        edits in edits(40),
    ) {
        prop_assume!(!is_preset(&REAL, &features));
        let name = format!("{name}-x");
        let (record, tree) = made(&REAL, &given(&name, features, &[("database", database), ("description", &description)]));
        lost_nothing(&adopted(&REAL, &tree, &name), &record)?;
        let mut found = adopted(&REAL, &edited(&tree, &edits), &name);
        // Two lines show the description, and the edits may have met both.
        if found.assumed.contains(&"description".to_owned()) {
            found.record.answers.values.clone_from(&record.answers.values);
        }
        lost_nothing(&found, &record)?;
    }
}

proptest! {
    #![proptest_config(cases(20))]

    /// Everything that some line of the small template shows; a single line shows most of it.
    #[test]
    fn a_project_of_the_small_template_is_recognised(
        jobs in any::<bool>(),
        database in prop::sample::select(vec!["lite", "big"]),
        title in "[A-Z][a-z]{1,8}( [A-Z][a-z]{1,8}){0,2}",
        port in 1_u16..,
        owner in prop::option::of("[A-Z][a-z]{2,8}"),
        name in "[a-z]{3,8}-[a-z]{3,8}",
    ) {
        let features = if jobs { BTreeSet::from(["jobs".to_owned()]) } else { BTreeSet::new() };
        let port = port.to_string();
        let mut set = vec![("database", database), ("title", &title), ("port", &port)];
        match &owner {
            Some(owner) => set.push(("owner", owner)),
            None => set.push(("licence", "none")),
        }
        let (record, tree) = made(&TINY, &given(&name, features, &set));
        lost_nothing(&adopted(&TINY, &tree, &name), &record)?;
        lost_nothing(&adopted(&TINY, &tree, "another-folder"), &record)?;
    }
}

#[test]
fn presets_are_recognised_as_they_were_chosen() {
    for (candidate, presets) in [(&*REAL, &["minimal", "saas", "full"][..]), (&*TINY, &["minimal", "full"])] {
        for preset in presets {
            let given = Given { name: Some("my-app".into()), preset: Some((*preset).to_owned()), ..Given::default() };
            let (record, tree) = made(candidate, &given);
            let found = adopted(candidate, &tree, "my-app");
            assert_eq!(found.record.render(), record.render(), "{preset}");
            assert_eq!((found.nearness(), found.lines.percent()), (Nearness::Near, 100));
        }
    }
}

#[test]
fn a_feature_that_is_half_there_is_left_open() {
    let (_, tree) = made(&REAL, &given("my-app", ["docker".to_owned()].into(), &[]));
    let files: Vec<_> = tree.iter().map(|(path, _)| path.clone()).collect();
    let (_, bare) = made(&REAL, &given("my-app", BTreeSet::new(), &[]));
    let mut halved: BTreeMap<TreePath, File> = tree.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
    for path in files.iter().filter(|path| bare.get(path.as_str()).is_none()) {
        let lines: Vec<&str> = tree.get(path.as_str()).and_then(|file| file.text()).expect("a text").lines().collect();
        let half = lines[..lines.len() * 55 / 100].join("\n");
        halved.insert(path.clone(), File::plain(half));
    }
    let halved: FileTree = halved.into_iter().collect();
    let found = adopted(&REAL, &halved, "my-app");
    assert_eq!(found.nearness(), Nearness::Doubtful);
    assert_eq!(found.unclear[0].flags, "--with docker or --without docker");
    for (with, without) in [(true, false), (false, true)] {
        let set = |on: bool| if on { BTreeSet::from(["docker".to_owned()]) } else { BTreeSet::new() };
        let known = Known { with: set(with), without: set(without), ..Known::default() };
        let found = nearest(std::slice::from_ref(&*REAL), &halved, "my-app", &known).expect("a guess");
        assert_eq!(
            (found.nearness(), found.features.contains("docker")),
            (Nearness::Near, with),
            "{:?}",
            found.unclear
        );
    }
}

/// The small template as it was in another version.
fn version(version: &str, change: impl Fn(&Sandbox)) -> Candidate {
    let sandbox = Sandbox::new();
    sandbox.template();
    let manifest = sandbox.read("template/template.toml").replace("1.2.3", version);
    sandbox.write("template/template.toml", manifest);
    change(&sandbox);
    candidate(load(&read_tree(&sandbox.path("template")).expect("a folder")).expect("a template"))
}

#[test]
fn the_version_is_recognised() {
    let text = |sandbox: &Sandbox, text: &str| {
        sandbox.write("template/base/files/main.txt", format!("{text}\n    # @slot parts\nend of {text}\n"));
    };
    let candidates = [
        version("1.0.0", |sandbox| text(sandbox, "first")),
        version("1.1.0", |sandbox| text(sandbox, "second")),
        version("2.0.0", |sandbox| {
            text(sandbox, "third");
            let mail = sandbox.read("template/features/mail/feature.toml").replace("\"me@", "\"you@");
            sandbox.write("template/features/post/feature.toml", mail.replace("sender", "poster"));
        }),
        // Nothing that a project without mail would show.
        version("2.0.1", |sandbox| text(sandbox, "third")),
    ];
    for (number, recognised) in ["1.0.0", "1.1.0", "2.0.1", "2.0.1"].iter().enumerate() {
        let (record, tree) = made(&candidates[number], &given("my-app", ["jobs".to_owned()].into(), &[("port", "99")]));
        let found = nearest(&candidates, &without_record(&tree), "my-app", &Known::default()).expect("a guess");
        assert_eq!(found.record.template.version, *recognised);
        assert_eq!(found.record.answers, record.answers);
        assert_eq!(found.nearness(), Nearness::Near, "{:?}", found.unclear);
    }
}
