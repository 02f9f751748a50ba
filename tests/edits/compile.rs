//! Compiles the merged projects, each after the other in one folder, so that only what differs is compiled again.
//!
//! `scripts/prove-edits` asks for it by `NEOFORGE_COMPILE`: `chains` for the project at the end of each chain, `all` for
//! every clean result, and for each project as it was edited, which shows that the edits themselves are sound.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use neoforge::tree::FileTree;

use crate::Run;

#[expect(clippy::print_stdout, reason = "it takes minutes, and people want to see it move")]
pub(crate) fn when_asked(runs: &[Run<'_>]) {
    let all = match std::env::var("NEOFORGE_COMPILE").as_deref() {
        Ok("all") => true,
        Ok("chains") => false,
        Ok(other) => panic!("NEOFORGE_COMPILE is {other:?}: it expects `chains` or `all`"),
        Err(_) => return,
    };
    let started = Instant::now();
    let mut folder = Folder::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("edits"));
    let (mut seen, mut failures) = (HashSet::new(), Vec::new());
    let projects = projects(runs, all);
    for (name, project) in &projects {
        let code = code(project);
        if !seen.insert(code.clone()) {
            continue;
        }
        folder.hold(&code);
        let one = Instant::now();
        let mistakes = folder.check();
        let verdict = mistakes.as_ref().map_or("compiles", |_| "does not compile");
        println!("{name}: {verdict}, {:.0?}", one.elapsed());
        if let Some(mistakes) = mistakes {
            println!("{mistakes}");
            failures.push(name);
        }
    }
    println!("{} projects, {} of them different, compiled in {:.0?}", projects.len(), seen.len(), started.elapsed());
    assert!(failures.is_empty(), "{} projects do not compile: {failures:#?}", failures.len());
}

/// What is compiled, projects that are alike one after the other.
fn projects<'a>(runs: &'a [Run<'_>], all: bool) -> Vec<(String, &'a FileTree)> {
    let clean = runs.iter().filter(|run| run.outcome.is_clean());
    let mut projects: Vec<(&str, String, &FileTree)> = clean
        .filter(|run| all || run.line.contains(" then "))
        .map(|run| (run.line, format!("{}, {}", run.case.name, run.verbs()), run.outcome.result()))
        .collect();
    if all {
        let edited = runs.iter().filter_map(|run| run.outcome.steps.first().map(|step| (run, &step.ours)));
        projects.extend(edited.map(|(run, tree)| ("", format!("{}, as edited", run.case.name), tree)));
    }
    projects.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    projects.into_iter().map(|(_, name, tree)| (name, tree)).collect()
}

type Code<'a> = BTreeMap<&'a str, &'a [u8]>;

/// The files that the compiler sees: the manifest, and the folders that hold crates or cargo's settings.
fn code(project: &FileTree) -> Code<'_> {
    let top = |path: &str| path.split('/').next().expect("a name").to_owned();
    let crates = project.iter().map(|(path, _)| path.as_str()).filter(|path| path.ends_with("/Cargo.toml")).map(top);
    let seen: HashSet<_> = crates.chain(["Cargo.toml", ".cargo"].map(str::to_owned)).collect();
    let files = project.iter().map(|(path, file)| (path.as_str(), &*file.bytes));
    files.filter(|(path, _)| seen.contains(&top(path))).collect()
}

/// The folder that holds one project after the other.
struct Folder {
    project: PathBuf,
    target: PathBuf,
}

impl Folder {
    fn new(path: &Path) -> Self {
        let folder = Self { project: path.join("project"), target: path.join("target") };
        fs::create_dir_all(&folder.project).expect("a folder for projects");
        folder
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
