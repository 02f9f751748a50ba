//! Features as an algebra: what add, remove, set and update promise, on the built-in template and on random ones.
//!
//! `NEOFORGE_CASES=100000 cargo test --release --test algebra` runs more cases of each of the four
//! properties than the 2,000 of every day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::merge::{Change, Labels, TreeMerge, merge};
use neoforge::render::render;
use neoforge::render::select::closure;
use neoforge::snapshot::compare;
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree, TreePath};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

static BUILT_IN_TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| load(&embedded::template()).expect("the built-in template loads"));

fn cases() -> ProptestConfig {
    let cases = std::env::var("NEOFORGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A project as it is made, with features and answers.
fn made(template: &Template, features: &BTreeSet<String>, set: &[(&str, &str)]) -> FileTree {
    let given = Given {
        name: Some("my-app".into()),
        features: Some(features.clone()),
        set: set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Given::default()
    };
    let answers = gather(template, &given, &mut Defaults).expect("complete answers").answers;
    let version = template.manifest.version.get_ref().clone();
    render(
        template,
        &Record { template: TemplateId { source: BUILT_IN.into(), version, commit: None, content: None }, answers },
    )
    .expect("a render")
}

/// A project after a change that has no conflicts.
fn changed(base: &FileTree, ours: &FileTree, theirs: &FileTree) -> Result<FileTree, TestCaseError> {
    let merge = merge(base, ours, theirs, &LABELS);
    applied(&merge, ours).ok_or_else(|| {
        let conflicts: Vec<String> = merge
            .conflicts()
            .map(|(path, conflict)| {
                let marked = conflict.marked.as_ref().map(|text| String::from_utf8_lossy(text).into_owned());
                format!("{path}:\n{}", marked.unwrap_or_default())
            })
            .collect();
        TestCaseError::fail(format!("conflicts in {}", conflicts.join("\n")))
    })
}

fn applied(merge: &TreeMerge, ours: &FileTree) -> Option<FileTree> {
    let mut files: BTreeMap<TreePath, File> = ours.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
    for (path, change) in &merge.changes {
        match change {
            Change::Write(file) => _ = files.insert(path.clone(), file.clone()),
            Change::Remove => _ = files.remove(path),
            Change::Conflict(_) => return None,
        }
    }
    Some(files.into_iter().collect())
}

/// Fails with the differences, where a whole tree would fill the screen.
fn same(left: &FileTree, right: &FileTree) -> Result<(), TestCaseError> {
    let differences = compare(left, right);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(TestCaseError::fail(format!("{differences:#?}").replace("\\n", "\n")))
    }
}

/// Lines that a person writes: where, and at which line, in parts of all files and lines.
fn edits() -> impl Strategy<Value = Vec<(Index, Index)>> {
    prop::collection::vec((any::<Index>(), any::<Index>()), 0..6)
}

/// Inserts a line of its own for each edit, written as a comment so that every format stays readable.
fn edited(tree: &FileTree, edits: &[(Index, Index)]) -> FileTree {
    let mut files: BTreeMap<TreePath, File> = tree.iter().map(|(path, file)| (path.clone(), file.clone())).collect();
    let open: Vec<TreePath> = files
        .iter()
        .filter(|(path, file)| file.text().is_some() && kind(path) != "json")
        .map(|(path, _)| path.clone())
        // Cargo drops what a person writes into its file.
        .filter(|path| !["Cargo.lock", "neoforge.toml"].contains(&path.as_str()))
        .collect();
    for (number, (file, line)) in edits.iter().enumerate() {
        let path = file.get(&open);
        let Some(file) = files.get_mut(path) else { continue };
        let text = file.text().expect("a text").to_owned();
        let mut lines: Vec<String> = text.split_inclusive('\n').map(ToOwned::to_owned).collect();
        // Inside of a text over several lines, such as the one of a manifest, a comment is a part of the text.
        let (begin, end) = match kind(path) {
            "rs" => ("//", ""),
            // What begins with # is a heading there, which takes all below it to another place.
            "md" | "html" => ("<!--", " -->"),
            _ => ("#", ""),
        };
        let at = line.index(lines.len() + 1);
        // Text over several lines must stay indented.
        let next = lines.get(at).filter(|_| kind(path).ends_with("ml")).map_or("", String::as_str);
        let indentation = &next[..next.len() - next.trim_start_matches(' ').len()];
        let text = format!("{indentation}{begin} a person's line {number}{end}\n");
        lines.insert(at, text);
        *file = File { bytes: lines.concat().into(), executable: file.executable };
    }
    files.into_iter().collect()
}

fn kind(path: &TreePath) -> &str {
    path.as_str().rsplit('.').next().unwrap_or_default()
}

/// The lines that [`edited`] has written, by file.
fn own_lines(tree: &FileTree) -> BTreeSet<(String, String)> {
    let lines = tree.iter().flat_map(|(path, file)| {
        let text = file.text().unwrap_or_default();
        text.lines().filter(|line| line.contains("a person's line")).map(|line| (path.to_string(), line.to_owned()))
    });
    lines.collect()
}

fn some_features() -> impl Strategy<Value = BTreeSet<String>> {
    let names: Vec<String> = BUILT_IN_TEMPLATE
        .features
        .values()
        .filter(|feature| feature.group().is_none())
        .map(|feature| feature.name.clone())
        .collect();
    let count = names.len();
    subsequence(names, 0..=count).prop_map(|names| names.into_iter().collect())
}

proptest! {
    #![proptest_config(cases())]

    /// new(A∪B) = add(new(A), B) = add(new(B), A), and remove(add(P, B), B) = P, on a project that was edited.
    #[test]
    fn adding_commutes_and_removing_is_its_inverse(a in some_features(), b in some_features(), edits in edits()) {
        let template = &*BUILT_IN_TEMPLATE;
        let both: BTreeSet<String> = a.union(&b).cloned().collect();
        let [new_a, new_b, new_both] = [&a, &b, &both].map(|features| made(template, features, &[]));
        same(&changed(&new_a, &new_a, &new_both)?, &new_both)?;
        same(&changed(&new_b, &new_b, &new_both)?, &new_both)?;

        let project = edited(&new_a, &edits);
        let added = changed(&new_a, &project, &new_both)?;
        prop_assert_eq!(own_lines(&added), own_lines(&project));
        same(&changed(&new_both, &added, &new_a)?, &project)?;
    }

    /// Features come off in any order.
    #[test]
    fn the_order_of_removals_does_not_matter(all in some_features(), edits in edits(), order in any::<u64>()) {
        let template = &*BUILT_IN_TEMPLATE;
        let none = made(template, &BTreeSet::new(), &[]);
        let project = edited(&none, &edits);
        let whole = made(template, &all, &[]);
        let mut now = (all.clone(), whole.clone(), changed(&none, &project, &whole)?);
        let mut order = order;
        while !now.0.is_empty() {
            // What others require has to stay until they have gone.
            let free: Vec<&String> = now.0.iter().filter(|name| {
                now.0.iter().all(|other| !template.features[other.as_str()].requires().any(|required| required == name.as_str()))
            }).collect();
            let index = usize::try_from(order % free.len() as u64).expect("small");
            order = order.rotate_right(7) ^ 0x9e37_79b9;
            let gone = free[index].clone();
            let rest: BTreeSet<String> = now.0.iter().filter(|name| **name != gone).cloned().collect();
            let tree = made(template, &rest, &[]);
            let files = changed(&now.1, &now.2, &tree)?;
            now = (rest, tree, files);
        }
        same(&now.2, &project)?;
    }

    /// Set there and back changes nothing.
    #[test]
    fn setting_there_and_back_is_the_identity(features in some_features(), edits in edits()) {
        let template = &*BUILT_IN_TEMPLATE;
        let [one, other] = ["sqlite", "postgres"].map(|database| made(template, &features, &[("database", database)]));
        let project = edited(&one, &edits);
        let there = merge(&one, &project, &other, &LABELS);
        let differs = |path: &TreePath| one.get(path.as_str()) != other.get(path.as_str());
        // A person decides about a line of theirs in a file that is another one for each database, and only there.
        prop_assert!(there.conflicts().all(|(path, _)| differs(path)));
        if let Some(moved) = applied(&there, &project) {
            let back = merge(&other, &moved, &one, &LABELS);
            prop_assert!(back.conflicts().all(|(path, _)| differs(path)));
            if let Some(back) = applied(&back, &moved) {
                // In such a file, a line in the middle of what was replaced survives, but may stand elsewhere.
                let rest = |tree: &FileTree| -> FileTree {
                    tree.iter().filter(|(path, _)| !differs(path)).map(|(path, file)| (path.clone(), file.clone())).collect()
                };
                same(&rest(&back), &rest(&project))?;
                prop_assert_eq!(own_lines(&back), own_lines(&project));
            }
        }
    }

    /// The same on templates that nobody has thought of: files, slots, inserts, requirements, and a later version.
    #[test]
    fn random_templates_keep_the_promises(
        shape in random_shape(), wild in any::<u16>(), edits in edits(), update in random_update()
    ) {
        let one = shape.template("1.0.0", &Update::default());
        let names: Vec<String> = one.features.keys().cloned().collect();
        let chosen = |bits: u16| -> BTreeSet<String> {
            names.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| name.clone()).collect()
        };
        let (a, b) = (chosen(wild & 0xff), chosen(wild >> 8));
        let both: BTreeSet<String> = a.union(&b).cloned().collect();
        prop_assert!(closure(&one, &both).is_ok());
        let [new_a, new_both] = [&a, &both].map(|features| made(&one, features, &[]));
        let project = edited(&new_a, &edits);
        let added = changed(&new_a, &project, &new_both)?;
        prop_assert_eq!(own_lines(&added), own_lines(&project));
        same(&changed(&new_both, &added, &new_a)?, &project)?;

        // An update is idempotent, and commutes with adding.
        let two = shape.template("2.0.0", &update);
        let [newer_a, newer_both] = [&a, &both].map(|features| made(&two, features, &[]));
        let updated = merge(&new_a, &new_a, &newer_a, &LABELS);
        let updated = applied(&updated, &new_a).expect("nothing was edited");
        same(&updated, &newer_a)?;
        prop_assert!(merge(&newer_a, &updated, &newer_a, &LABELS).changes.is_empty());
        let add_then_update = changed(&new_both, &changed(&new_a, &new_a, &new_both)?, &newer_both)?;
        let update_then_add = changed(&newer_a, &updated, &newer_both)?;
        same(&add_then_update, &update_then_add)?;
    }
}

/// A template with up to eight features; each requires some of those before it, and inserts into shared files.
#[derive(Debug, Clone)]
struct Shape {
    features: Vec<FeatureShape>,
}

#[derive(Debug, Clone)]
struct FeatureShape {
    /// A bit for each feature before it.
    requires: u8,
    /// Into which shared file, into which slot, what.
    inserts: Vec<(usize, usize, String)>,
    /// Whether it has a file of its own.
    own: bool,
}

fn random_shape() -> impl Strategy<Value = Shape> {
    let inserts = prop::collection::vec((0..3_usize, 0..3_usize, "[a-z]{1,4}"), 0..4);
    let feature = (any::<u8>(), inserts, any::<bool>());
    let feature = feature.prop_map(|(requires, inserts, own)| FeatureShape { requires, inserts, own });
    prop::collection::vec(feature, 1..8).prop_map(|features| Shape { features })
}

/// What a later version changes.
#[derive(Debug, Clone, Default)]
struct Update {
    /// Goes to the end of the first line of each shared file.
    first: String,
    /// Whether the files of the features move.
    moved: bool,
    /// Whether there is a new file.
    added: bool,
}

fn random_update() -> impl Strategy<Value = Update> {
    ("[a-z]{0,6}", any::<bool>(), any::<bool>()).prop_map(|(first, moved, added)| Update { first, moved, added })
}

impl Shape {
    fn template(&self, version: &str, update: &Update) -> Template {
        let manifest = format!(
            "format = 1\nname = \"t\"\nversion = \"{version}\"\nabout = \"a test\"\n[[preset]]\nname = \"minimal\"\nabout = \
             \"the base\"\ndefault = true\n"
        );
        let mut files = vec![("template.toml".to_owned(), manifest), ("base/feature.toml".to_owned(), String::new())];
        for file in 0..3 {
            let text = format!("first{}\n# @slot s0 sort\nsecond\n# @slot s1\n# @slot s2\nlast\n", update.first);
            files.push((format!("base/files/shared{file}.txt"), text));
        }
        if update.added {
            files.push(("base/files/new.txt".to_owned(), "something new\n".to_owned()));
        }
        let folder = if update.moved { "moved" } else { "own" };
        for (number, feature) in self.features.iter().enumerate() {
            files.push((format!("features/f{number}/feature.toml"), feature.manifest(number)));
            if feature.own {
                let text = format!("one\nof f{number}\nthree\n");
                files.push((format!("features/f{number}/files/{folder}/f{number}.txt"), text));
            }
        }
        let tree: FileTree =
            files.into_iter().map(|(path, text)| (TreePath::parse(path).expect("a path"), File::plain(text))).collect();
        load(&tree).expect("a template that loads")
    }
}

impl FeatureShape {
    fn manifest(&self, number: usize) -> String {
        let required = (0..number).filter(|before| self.requires >> before & 1 == 1);
        let required: Vec<String> = required.map(|before| format!("\"f{before}\"")).collect();
        let mut manifest = format!("title = \"F\"\nabout = \"a\"\nrequires = [{}]\n", required.join(", "));
        for (file, slot, text) in &self.inserts {
            manifest.extend([
                "[[insert]]\n",
                &format!("into = \"shared{file}.txt\"\nslot = \"s{slot}\"\ntext = \"{text} of f{number}\"\n"),
            ]);
        }
        manifest
    }
}
