//! Compiles the merged projects, each after the other in one folder, so that only what differs is compiled again.
//!
//! `scripts/prove-edits` asks for it by the environment: `NEOFORGE_COMPILE` is `chains` for the project at the end of each
//! chain, `all` for every clean result, and for each project as it was edited, which shows that the edits themselves are sound.
//! `NEOFORGE_SHARE` is `K/N` for the K-th of N equal shares of them, and `NEOFORGE_ONLY` names the cases.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use neoforge::tree::FileTree;

use crate::Run;
use crate::order;

#[expect(clippy::print_stdout, reason = "it takes minutes, and people want to see it move")]
pub(crate) fn when_asked(runs: &[Run<'_>]) {
    let Some(asked) = Asked::read() else { return };
    let projects = projects(runs, asked.all);
    let mut seen = HashSet::new();
    let different: Vec<(&str, Code<'_>)> = projects
        .iter()
        .map(|(name, project)| (name.as_str(), code(project)))
        .filter(|(_, code)| seen.insert(code.clone()))
        .collect();
    let mut folder = Folder::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("edits"));
    let (part, parts) = asked.share;
    let chosen = different.iter().skip(part).step_by(parts);
    let (done, left): (Vec<_>, Vec<_>) = chosen.partition(|(_, code)| folder.compiled.contains(&hash(code)));
    println!("{} projects, {} of them different", projects.len(), different.len());
    println!("{} chosen, {} of them compiled by earlier runs", done.len() + left.len(), done.len());
    assert!(!done.is_empty() || !left.is_empty(), "nothing is chosen: does the case exist, and is a result clean?");

    let (started, mut failures) = (Instant::now(), Vec::new());
    for next in order::of(&left.iter().map(|(_, code)| code).collect::<Vec<_>>()) {
        let (name, code) = left[next];
        folder.hold(code);
        let one = Instant::now();
        let mistakes = folder.check();
        let verdict = mistakes.as_ref().map_or("compiles", |_| "does not compile");
        println!("{name}: {verdict}, {:.0?}", one.elapsed());
        match mistakes {
            None => folder.remember(code),
            Some(mistakes) => {
                println!("{mistakes}");
                failures.push(name);
            }
        }
    }
    println!("{} projects compiled in {:.0?}", left.len(), started.elapsed());
    assert!(failures.is_empty(), "{} projects do not compile: {failures:#?}", failures.len());
}

/// What somebody wants to see compiled.
struct Asked {
    /// Every clean result, and the projects as they were edited; else the ends of the chains.
    all: bool,
    /// The part, from 0, and how many parts there are.
    share: (usize, usize),
}

impl Asked {
    /// Nothing when nobody asks.
    fn read() -> Option<Self> {
        let read = |key: &str| std::env::var(key).ok().filter(|value| !value.is_empty());
        let all = match read("NEOFORGE_COMPILE")?.as_str() {
            "all" => true,
            "chains" => false,
            other => panic!("NEOFORGE_COMPILE is {other:?}: it expects `chains` or `all`"),
        };
        let share = read("NEOFORGE_SHARE").map_or((0, 1), |text| {
            let numbers =
                text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
            let valid = numbers.filter(|(part, parts): &(usize, usize)| (1..=*parts).contains(part));
            let (part, parts) =
                valid.unwrap_or_else(|| panic!("NEOFORGE_SHARE is {text:?}: it expects a share as in 1/8"));
            (part - 1, parts)
        });
        Some(Self { all, share })
    }
}

/// The names of the cases that somebody wants, or how they begin; all when there are none.
pub(crate) fn only() -> Vec<String> {
    std::env::var("NEOFORGE_ONLY").unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// What can be compiled, each with its name, in the order of the names.
fn projects<'a>(runs: &'a [Run<'_>], all: bool) -> Vec<(String, &'a FileTree)> {
    let clean = runs.iter().filter(|run| run.outcome.is_clean());
    let mut projects: Vec<(String, &FileTree)> = clean
        .filter(|run| all || run.line.contains(" then "))
        .map(|run| (format!("{}, {}", run.case.name, run.verbs()), run.outcome.result()))
        .collect();
    if all {
        let edited = runs.iter().filter_map(|run| run.outcome.steps.first().map(|step| (run, &step.ours)));
        projects.extend(edited.map(|(run, tree)| (format!("{}, as edited", run.case.name), tree)));
    }
    projects.sort_by(|a, b| a.0.cmp(&b.0));
    projects
}

/// The files that the compiler sees, by path.
pub(crate) type Code<'a> = BTreeMap<&'a str, &'a [u8]>;

/// The files that the compiler sees: the manifest, the folders that hold crates or cargo's settings, and the file that gives
/// `modules/*` something to match.
fn code(project: &FileTree) -> Code<'_> {
    let top = |path: &str| path.split('/').next().expect("a name").to_owned();
    let crates = project.iter().map(|(path, _)| path.as_str()).filter(|path| path.ends_with("/Cargo.toml")).map(top);
    let seen: HashSet<_> = crates.chain(["Cargo.toml", ".cargo"].map(str::to_owned)).collect();
    let files = project.iter().map(|(path, file)| (path.as_str(), &*file.bytes));
    files.filter(|(path, _)| seen.contains(&top(path)) || *path == "modules/README.md").collect()
}

fn hash(code: &Code<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    code.hash(&mut hasher);
    hasher.finish()
}

/// The folder that holds one project after the other, and what has compiled there, so that a run which was stopped goes on.
struct Folder {
    project: PathBuf,
    target: PathBuf,
    memory: PathBuf,
    compiled: HashSet<u64>,
}

impl Folder {
    fn new(path: &Path) -> Self {
        let (project, memory) = (path.join("project"), path.join("compiled"));
        fs::create_dir_all(&project).expect("a folder for projects");
        let compiled =
            fs::read_to_string(&memory).unwrap_or_default().lines().filter_map(|it| it.parse().ok()).collect();
        Self { project, target: path.join("target"), memory, compiled }
    }

    fn remember(&self, code: &Code<'_>) {
        let memory = fs::File::options().create(true).append(true).open(&self.memory);
        memory.and_then(|mut memory| writeln!(memory, "{}", hash(code))).expect("the memory can be written");
    }

    /// Writes what differs, so that cargo sees that the rest has not changed.
    fn hold(&mut self, code: &Code<'_>) {
        for entry in walkdir::WalkDir::new(&self.project).into_iter().filter_map(Result::ok) {
            let path = entry.path().strip_prefix(&self.project).expect("below").to_string_lossy().replace('\\', "/");
            if entry.file_type().is_file() && path != "Cargo.lock" && !code.contains_key(path.as_str()) {
                fs::remove_file(entry.path()).expect("a file can be removed");
            }
        }
        for (path, bytes) in code {
            let path = self.project.join(path);
            if fs::read(&path).ok().as_deref() != Some(*bytes) {
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
                fs::write(&path, bytes).expect("a file can be written");
            }
        }
        self.drop_empty_crates();
    }

    /// A folder without files would be a member of the workspace without a manifest.
    fn drop_empty_crates(&self) {
        for entry in walkdir::WalkDir::new(&self.project).contents_first(true).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_dir() {
                // Fails for folders that hold something, which stay.
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    /// What the compiler says, unless all is well.
    fn check(&self) -> Option<String> {
        let output = Command::new(env!("CARGO"))
            .args(["check", "--workspace", "--all-targets", "--quiet"])
            .current_dir(&self.project)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .expect("cargo runs");
        (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
