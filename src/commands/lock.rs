//! `neoforge template lock`

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::Exit;
use crate::check;
use crate::interrupt::Interrupt;
use crate::lock::{self, LockFile, Superset, Union};
use crate::matrix::{Cover, combinations};
use crate::project::cargo::{CargoError, Manifests};
use crate::project::read::read_part;
use crate::template::problem::Problems;
use crate::template::{self, LOCK, LOCK_FACTS, Template};
use crate::tree::{File, FileTree, TreePath};
use crate::ui::Out;

pub(super) fn run(folder: &Path, update: bool, check: bool, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let files = read_part(folder, |name| template::PARTS.contains(&name))?;
    let template = load_without_lock(&files)?;
    let projects = projects(&template)?;
    let mut union = Union::default();
    for (_, project) in &projects {
        union.add(project)?;
    }
    let old = [LOCK, LOCK_FACTS].map(|path| files.get(path).and_then(File::text));
    let [lock, facts] = if check {
        let [Some(lock), Some(facts)] = old else {
            bail!("the template has no {LOCK} and {LOCK_FACTS}; write them with `neoforge template lock`")
        };
        // The crates must be there for what follows.
        superset_package(&union, Some(lock), folder)?.run(&["fetch", "--locked", "--quiet"]).map_err(|error| {
            anyhow::Error::from(error)
                .context(format!("{LOCK} does not fit the template; run `neoforge template lock`"))
        })?;
        [lock.to_owned(), facts.to_owned()]
    } else {
        refresh(&union, old[0], update, folder)?
    };
    interrupt.check()?;

    let superset = Superset::parse(&lock, &facts)?;
    let mut wrong = 0;
    for (name, project) in &projects {
        interrupt.check()?;
        if let Err(error) = prove(&superset, project, folder) {
            out.note(format_args!("{name}: {error:#}"));
            wrong += 1;
        }
    }
    if wrong > 0 {
        out.say(format_args!("{wrong} of {} projects would get another lock file from cargo.", projects.len()));
        return Ok(Exit::Failed);
    }
    let changed = [(LOCK, lock, old[0]), (LOCK_FACTS, facts, old[1])];
    for (path, text, _) in changed.iter().filter(|(_, text, old)| Some(text.as_str()) != *old) {
        let path = folder.join(path);
        fs::create_dir_all(folder.join("lock"))
            .with_context(|| format!("failed to create {}/lock", folder.display()))?;
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
        out.say(format_args!("wrote {}", path.display()));
    }
    out.say(format_args!("Cargo takes the lock file of each of {} projects as it is.", projects.len()));
    Ok(Exit::Done)
}

/// A template whose lock file is out of date still tells what its projects ask for.
fn load_without_lock(files: &FileTree) -> Result<Template> {
    let others = files.iter().filter(|(path, _)| !path.as_str().starts_with("lock/"));
    let others: FileTree = others.map(|(path, file)| (path.clone(), file.clone())).collect();
    Ok(template::load(&others)?)
}

/// The projects of the whole matrix, by the names of the combinations.
fn projects(template: &Template) -> Result<Vec<(String, FileTree)>> {
    let mut projects = Vec::new();
    for combination in combinations(template, Cover::All) {
        match check::rendered(template, &combination) {
            Ok(Some(project)) => projects.push((combination.name, project)),
            Ok(None) => {}
            Err(problems) => Problems::none_or(problems)?,
        }
    }
    if !projects.iter().any(|(_, project)| project.get("Cargo.toml").is_some()) {
        bail!("no project of this template has a Cargo.toml, so it needs no lock file");
    }
    Ok(projects)
}

/// The package that asks for whatever any project asks for, where cargo can see it.
fn superset_package(union: &Union, lock: Option<&str>, folder: &Path) -> Result<Manifests, CargoError> {
    let files = [
        ("Cargo.toml", Some(union.manifest())),
        ("src/lib.rs", Some(String::new())),
        (lock::PATH, lock.map(str::to_owned)),
    ];
    Manifests::write(&tree(files), folder)
}

fn tree<const N: usize>(files: [(&str, Option<String>); N]) -> FileTree {
    let file = |(path, text): (&str, Option<String>)| Some((TreePath::parse(path).ok()?, File::plain(text?)));
    files.into_iter().filter_map(file).collect()
}

/// The lock file and its facts, as cargo finds them now.
fn refresh(union: &Union, old: Option<&str>, update: bool, folder: &Path) -> Result<[String; 2]> {
    // A lock file that nobody can read keeps no versions.
    let kept = old.filter(|text| !update && LockFile::parse(text).is_ok());
    let package = superset_package(union, kept, folder)?;
    package.run(if update { &["update", "--quiet"] } else { &["update", "--workspace", "--quiet"] })?;
    let metadata = package.run(&["metadata", "--format-version", "1", "--all-features", "--locked", "--quiet"])?;
    let text = package.lock()?;
    let lock = LockFile::parse(&text).context("failed to read what cargo has written")?;
    let facts = lock::facts(&lock, &metadata, union)?.render(&lock);
    Ok([text, facts])
}

/// Cargo must take the lock file of the project, and leave every byte of it.
fn prove(superset: &Superset, project: &FileTree, folder: &Path) -> Result<()> {
    let Some(lock) = superset.derive(project)? else { return Ok(()) };
    let seen = project.iter().filter_map(|(path, file)| match path.as_str().rsplit('/').next() {
        Some("Cargo.toml") => Some((path.clone(), file.clone())),
        // Cargo looks for the names of sources alone.
        Some(name) if Path::new(name).extension().is_some_and(|kind| kind == "rs") => {
            Some((path.clone(), File::plain("")))
        }
        _ => None,
    });
    let mut files: FileTree = seen.collect();
    files.insert(TreePath::parse(lock::PATH)?, File::plain(lock.clone()));
    let manifests = Manifests::write(&files, folder)?;
    manifests.run(&["metadata", "--format-version", "1", "--locked", "--offline", "--quiet"])?;
    if manifests.lock()? != lock {
        bail!("cargo has changed the lock file");
    }
    Ok(())
}
