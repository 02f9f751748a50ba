//! Every two changes of a project meet in git, each on a branch: what git merges is what both in a row make, or a conflict.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use neoforge::answers::record::{BUILT_IN, Record, TemplateId};
use neoforge::embedded;
use neoforge::gather::{Defaults, Given, gather};
use neoforge::render::render;
use neoforge::template::{Template, load};

use super::support::Sandbox;

/// How many of the pairs are tried, other than those of two features that come: one of so many. `NEOFORGE_PAIRS=1` tries all.
const SHARE: usize = 12;

/// A change of the features or answers of a project.
#[derive(Clone, Copy)]
enum Change<'a> {
    Add(&'a str),
    Remove(&'a str),
    Set(&'a str, &'a str),
}

impl Change<'_> {
    fn apply(self, template: &Template, record: &Record) -> Record {
        let answers = &record.answers;
        let mut given = Given::again(answers);
        match self {
            Self::Add(name) => given.with.push(name.to_owned()),
            Self::Remove(name) => {
                given.features.iter_mut().for_each(|features| _ = features.remove(name));
            }
            Self::Set(key, value) => _ = given.set.insert(key.to_owned(), value.to_owned()),
        }
        given.answers.retain(|key, _| !given.set.contains_key(key));
        let answers = gather(template, &given, &mut Defaults).expect("the features go together").answers;
        Record { template: record.template.clone(), answers }
    }
}

/// A repository of many branches, none of which but `main` was ever checked out.
struct Branches<'a> {
    sandbox: Sandbox,
    template: &'a Template,
    /// The branch of each record.
    known: BTreeMap<String, String>,
}

impl<'a> Branches<'a> {
    /// With a project of all features in the work tree, so that its attributes hold for all.
    fn new(template: &'a Template) -> Self {
        let sandbox = Sandbox::new();
        sandbox.run("new my-app --yes --smoke none --preset full").expect(0);
        Self { sandbox, template, known: BTreeMap::new() }
    }

    fn git(&self, arguments: &[&str]) -> (bool, String) {
        let mut git = self.sandbox.command("git");
        let run = git.current_dir(self.sandbox.path("work/my-app")).args(arguments).output().expect("git runs");
        (run.status.success(), String::from_utf8(run.stdout).expect("UTF-8"))
    }

    /// The branch with the project of a record, made from another one.
    fn of(&mut self, record: &Record, parent: Option<&str>) -> String {
        let text = format!("{} {}", parent.unwrap_or_default(), record.render());
        if let Some(known) = self.known.get(&text) {
            return known.clone();
        }
        let name = format!("b{}", self.known.len());
        let tree = render(self.template, record).expect("a render");
        let mut input = format!("commit refs/heads/{name}\ncommitter A <a@b.example> 0 +0000\ndata 0\n").into_bytes();
        if let Some(parent) = parent {
            input.extend(format!("from refs/heads/{parent}\n").bytes());
        }
        input.extend(b"deleteall\n");
        for (path, file) in &tree {
            let mode = if file.executable { "100755" } else { "100644" };
            input.extend(format!("M {mode} inline {path}\ndata {}\n", file.bytes.len()).bytes());
            input.extend(file.bytes.iter().chain(b"\n"));
        }
        let mut git = self.sandbox.command("git");
        git.current_dir(self.sandbox.path("work/my-app")).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
        let mut run = git.spawn().expect("git runs");
        run.stdin.take().expect("a pipe").write_all(&input).expect("git reads");
        assert!(run.wait().expect("git ends").success());
        self.known.insert(text, name.clone());
        name
    }

    /// What git makes of two branches, beside what both changes make.
    fn merge(&mut self, base: &Record, one: Change<'_>, other: Change<'_>) -> Outcome {
        let [ours, theirs] = [one, other].map(|change| change.apply(self.template, base));
        let both = other.apply(self.template, &ours);
        let root = self.of(base, None);
        let [ours, theirs, both] = [&ours, &theirs, &both].map(|record| self.of(record, Some(&root)));
        let merge = ["merge-tree", "--write-tree", "--name-only", "--no-messages", &ours, &theirs];
        let (is_clean, said) = self.git(&merge);
        let mut lines = said.lines();
        let tree = lines.next().expect("the name of a tree").to_owned();
        let conflicts: Vec<String> = lines.map(str::to_owned).collect();
        assert_eq!(is_clean, conflicts.is_empty(), "{said}");
        let text = |tree: &str, path: &str| self.git(&["show", &format!("{tree}:{path}")]).1;
        let (mut wrong, mut together) = (String::new(), false);
        for path in self.git(&["diff-tree", "-r", "--name-only", &both, &tree]).1.lines() {
            let (expected, merged) = (text(&both, path), text(&tree, path));
            let [expected, merged] = [&expected, &merged].map(|text| sorted(text));
            if expected == merged || conflicts.iter().any(|conflict| conflict == path) {
                continue;
            }
            let sides = [text(&ours, path), text(&theirs, path)];
            together |= expected.iter().any(|line| !sides.iter().any(|side| side.lines().any(|other| other == *line)));
            let missing: Vec<_> = expected.iter().filter(|line| !merged.contains(line)).collect();
            let more: Vec<_> = merged.iter().filter(|line| !expected.contains(line)).collect();
            let _ = writeln!(wrong, "{path}: {missing:#?} are missing, {more:#?} should not be there");
        }
        Outcome { conflicts, wrong, together }
    }
}

/// What git has made of two branches.
struct Outcome {
    /// The files in conflict.
    conflicts: Vec<String>,
    /// What the other files lack, or have too much.
    wrong: String,
    /// Whether the two features bring something only together: a line that neither branch has.
    together: bool,
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn record(template: &Template, features: BTreeSet<String>) -> Record {
    let given = Given { name: Some("my-app".to_owned()), features: Some(features), ..Given::default() };
    let answers = gather(template, &given, &mut Defaults).expect("the features go together").answers;
    let version = template.manifest.version.get_ref().clone();
    Record { template: TemplateId { source: BUILT_IN.to_owned(), version, commit: None, content: None }, answers }
}

/// A file with a slot is where features meet.
#[test]
fn every_file_in_which_features_meet_asks_for_the_driver() {
    let template = load(&embedded::template()).expect("the built-in template loads");
    let sandbox = Sandbox::new();
    sandbox.run("new my-app --yes --smoke none --preset full --with redis").expect(0);
    let parts = template.all().flat_map(|feature| feature.glue.values().chain([feature]));
    let hosts = parts.flat_map(|part| &part.files).filter(|source| !source.slots.is_empty());
    let hosts: BTreeSet<&str> =
        hosts.map(|source| source.target.as_str()).chain(["Cargo.lock", "neoforge.toml"]).collect();
    let arguments: Vec<&str> = ["check-attr", "merge", "--"].into_iter().chain(hosts.iter().copied()).collect();
    let said = sandbox.git("work/my-app", &arguments);
    let without: Vec<&str> = said.lines().filter(|line| !line.ends_with(": merge: neoforge")).collect();
    assert!(without.is_empty() && hosts.len() > 30, "{without:#?}");
}

#[test]
#[expect(clippy::print_stdout, reason = "how many conflict is what people ask for")]
fn what_git_merges_of_two_branches_is_what_both_changes_make() {
    let template = load(&embedded::template()).expect("the built-in template loads");
    let names: Vec<&str> =
        template.features.values().filter(|feature| feature.group().is_none()).map(|it| it.name.as_str()).collect();
    let none = record(&template, BTreeSet::new());
    let all = record(&template, names.iter().map(|name| (*name).to_owned()).collect());
    let mut pairs: Vec<(&Record, Change<'_>, Change<'_>)> = Vec::new();
    for (place, one) in names.iter().enumerate() {
        for other in &names[place + 1..] {
            pairs.push((&none, Change::Add(one), Change::Add(other)));
        }
    }
    let adds = pairs.len();
    assert!(adds > 200, "{adds} pairs are not every two features");
    let singles: BTreeMap<&str, Record> =
        names.iter().map(|name| (*name, record(&template, [(*name).to_owned()].into()))).collect();
    for (place, one) in names.iter().enumerate() {
        for other in &names[place + 1..] {
            pairs.push((&all, Change::Remove(one), Change::Remove(other)));
        }
        for other in names.iter().filter(|other| *other != one) {
            pairs.push((&singles[one], Change::Remove(one), Change::Add(other)));
        }
        for set in [Change::Set("database", "postgres"), Change::Set("description", "Bookshop")] {
            pairs.push((&none, set, Change::Add(one)));
            pairs.push((&all, set, Change::Remove(one)));
        }
    }
    let share = std::env::var("NEOFORGE_PAIRS").ok().and_then(|share| share.parse().ok()).unwrap_or(SHARE);
    let (mut branches, mut tried, mut conflicts, mut of_adds) = (Branches::new(&template), 0, 0, 0);
    let mut wrong = Vec::new();
    for (place, (base, one, other)) in pairs.into_iter().enumerate() {
        if place >= adds && place % share != 0 {
            continue;
        }
        tried += 1;
        let told = |change: Change<'_>| match change {
            Change::Add(name) => format!("add {name}"),
            Change::Remove(name) => format!("remove {name}"),
            Change::Set(key, value) => format!("set {key}={value}"),
        };
        let pair = format!("{} and {}", told(one), told(other));
        let Outcome { conflicts: paths, wrong: mistake, together } = branches.merge(base, one, other);
        if paths.is_empty() {
            if !mistake.is_empty() {
                wrong.push(format!("{pair}:\n{mistake}"));
            }
            continue;
        }
        conflicts += 1;
        println!("{pair}: {}", paths.join(", "));
        // Of two new features, only the record is ever in conflict, and only because they bring something that neither branch has:
        // the attacks on the example, the image of `docker` in the pipeline of `github-actions`. Git has each file merged by itself
        // and knows no record then, so that no driver can write that, least of all a file that is on no side. A clean merge would
        // lack it without a word.
        if place < adds {
            of_adds += 1;
            if paths != ["neoforge.toml"] || !together {
                wrong.push(format!("{pair}: a conflict in {paths:?} for nothing\n{mistake}"));
            }
        }
    }
    println!("{tried} merges, {conflicts} of them in conflict, {of_adds} of these of two new features");
    let guide = include_str!("../../docs/living-with-neoforge.md").replace('\n', " ");
    let told = format!("Of the {adds} pairs of features, {of_adds} are such.");
    assert!(guide.contains(&told), "the guide does not say {told:?}");
    assert!(wrong.is_empty(), "{} merges are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
