//! Every change of one feature or one group, on every preset, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather, preset_features};
use neoforge::lock;
use neoforge::render::render;
use neoforge::template::{Template, load};
use neoforge::tree::{File, FileTree};

static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| load(&embedded::template()).expect("the built-in template loads"));

/// What one file is before and after a change.
pub(crate) struct Edit {
    pub(crate) path: String,
    /// The first change that does this to the file.
    pub(crate) change: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// A change of a project, as trees.
struct Change {
    name: String,
    before: FileTree,
    after: FileTree,
}

/// What all changes do to the files that they leave in place, each only once.
pub(crate) fn edits() -> Vec<Edit> {
    let mut edits: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for change in changes() {
        for (path, before) in texts(&change.before) {
            let Some(after) = change.after.get(path).and_then(File::text).filter(|after| *after != before) else {
                continue;
            };
            edits.entry((path.to_owned(), before.to_owned(), after.to_owned())).or_insert_with(|| change.name.clone());
        }
    }
    let edit = |((path, before, after), change)| Edit { path, change, before, after };
    edits.into_iter().map(edit).collect()
}

/// Two features that come on two branches, by the files that both touch.
pub(crate) struct Branches {
    pub(crate) edit: Edit,
    pub(crate) ours: String,
}

/// Every two features that are added to the smallest preset, each on a branch of its own.
pub(crate) fn branches() -> Vec<Branches> {
    let template = &*TEMPLATE;
    let none = BTreeSet::new();
    let base = made(&none, None).expect("the base");
    let names = template.features.values().filter(|feature| feature.group().is_none()).map(|feature| &feature.name);
    let trees: Vec<(&String, FileTree)> =
        names.filter_map(|name| Some((name, made(&BTreeSet::from([name.clone()]), None)?))).collect();
    let mut branches = Vec::new();
    for (one, ours) in &trees {
        for (two, theirs) in trees.iter().filter(|(two, _)| one < two) {
            for (path, before) in texts(&base) {
                let [ours, theirs] =
                    [ours, theirs].map(|tree| tree.get(path).and_then(File::text).unwrap_or(before).to_owned());
                if ours != before && theirs != before {
                    let change = format!("add {one} beside add {two}");
                    let edit = Edit { path: path.to_owned(), change, before: before.to_owned(), after: theirs };
                    branches.push(Branches { edit, ours });
                }
            }
        }
    }
    branches
}

fn changes() -> Vec<Change> {
    let template = &*TEMPLATE;
    let mut changes = Vec::new();
    for preset in &template.manifest.preset {
        let features = preset_features(template, preset);
        let Some(before) = made(&features, None) else { continue };
        let preset = preset.name.get_ref();
        let mut push = |name: String, before: &FileTree, after: &FileTree| {
            changes.push(Change { name: format!("{preset}: {name}"), before: before.clone(), after: after.clone() });
        };
        for feature in template.features.values().filter(|feature| feature.group().is_none()) {
            let name = &feature.name;
            if features.contains(name) {
                if let Some(rest) = made(&without(&features, name), None) {
                    push(format!("remove {name}"), &before, &rest);
                }
            } else {
                let with = features.iter().chain([name]).cloned().collect();
                if let Some(more) = made(&with, None) {
                    push(format!("add {name}"), &before, &more);
                    push(format!("remove {name} again"), &more, &before);
                }
            }
        }
        for group in &template.manifest.group {
            for member in
                template.members(group.name.get_ref()).filter(|member| member.name != *group.default.get_ref())
            {
                let set = (group.name.get_ref().as_str(), member.name.as_str());
                if let Some(other) = made(&features, Some(set)) {
                    push(format!("set {}={}", set.0, set.1), &before, &other);
                    push(format!("set {} back from {}", set.0, set.1), &other, &before);
                }
            }
        }
    }
    changes
}

/// A set of features without one, and without those that require it.
fn without(features: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
    let mut gone = BTreeSet::from([name.to_owned()]);
    loop {
        let requires =
            |feature: &String| TEMPLATE.features[feature.as_str()].requires().any(|required| gone.contains(required));
        let more: Vec<String> =
            features.iter().filter(|feature| !gone.contains(*feature) && requires(feature)).cloned().collect();
        if more.is_empty() {
            return features.difference(&gone).cloned().collect();
        }
        gone.extend(more);
    }
}

/// A project with these features, if they go together.
fn made(features: &BTreeSet<String>, set: Option<(&str, &str)>) -> Option<FileTree> {
    let template = &*TEMPLATE;
    let given = Given {
        name: Some("my-app".into()),
        features: Some(features.clone()),
        set: set.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..Given::default()
    };
    let answers = gather(template, &given, &mut Defaults).ok()?.answers;
    let version = template.manifest.version.get_ref().clone();
    render(
        template,
        &Record { template: TemplateId { source: BUILT_IN.into(), version, commit: None, content: None }, answers },
    )
    .ok()
}

/// The texts of a tree. What stands in a lock file follows from the manifests.
fn texts(tree: &FileTree) -> impl Iterator<Item = (&str, &str)> {
    let texts = tree.iter().filter_map(|(path, file)| Some((path.as_str(), file.text()?)));
    texts.filter(|(path, _)| *path != lock::PATH)
}
