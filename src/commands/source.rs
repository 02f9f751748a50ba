//! Where a template comes from: the program, a folder, or a git repository.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::{Advice, scratch_folder};
use crate::answers::record::{self, BUILT_IN, TemplateId};
use crate::interrupt::Interrupt;
use crate::project::read::{ReadError, read_part, read_what_there_is};
use crate::project::{Checkout, TemplateSource, read_commit};
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{self, Template};
use crate::tree::FileTree;
use crate::{embedded, foreign};

/// A template on disk, as long as the clones live and no other version of it is located.
pub(super) struct Located {
    pub(super) folder: PathBuf,
    /// What a record names it by.
    pub(super) source: String,
    commit: Option<String>,
}

/// The clones of git repositories that a command has made: another version of the same template needs no other one.
pub(super) struct Clones<'a> {
    interrupt: &'a Interrupt,
    by_url: BTreeMap<String, (Checkout, TempDir)>,
}

impl<'a> Clones<'a> {
    pub(super) fn new(interrupt: &'a Interrupt) -> Self {
        Self { interrupt, by_url: BTreeMap::new() }
    }

    fn of(&mut self, url: &str) -> Result<&Checkout> {
        if !self.by_url.contains_key(url) {
            let (scratch, interrupt) = (scratch_folder()?, self.interrupt.clone());
            let checkout = Checkout::new(url, scratch.path(), move || interrupt.is_set())?;
            self.by_url.insert(url.to_owned(), (checkout, scratch));
        }
        Ok(&self.by_url[url].0)
    }
}

/// The templates that a project may have been made from, the newest last.
pub(super) struct Possible {
    pub(super) opened: Vec<Opened>,
    /// The tags of a git repository that hold no template which this program can read.
    pub(super) unreadable: Vec<String>,
}

/// How many tags of a git repository are looked at.
const TAGS: usize = 10;

/// A template that was found and read.
pub(super) struct Opened {
    pub(super) template: Template,
    pub(super) id: TemplateId,
}

impl Opened {
    /// Whether it came with the program, so that running its code needs no question.
    pub(super) fn is_trusted(&self) -> bool {
        self.id.source == BUILT_IN
    }
}

/// Opens the template that was named, or the built-in one.
pub(super) fn open(named: Option<&str>, interrupt: &Interrupt) -> Result<Opened> {
    named.map_or_else(built_in, |named| open_named(named, &mut Clones::new(interrupt)))
}

fn open_named(named: &str, clones: &mut Clones<'_>) -> Result<Opened> {
    match at_hand(named)? {
        Some(opened) => Ok(opened),
        None => read(&locate(named, clones)?),
    }
}

/// Opens a template in a git repository on this machine, where it takes no clone.
fn at_hand(named: &str) -> Result<Option<Opened>> {
    let TemplateSource::Git { url, rev, folder } = TemplateSource::parse(named)? else { return Ok(None) };
    let found = read_commit(&url, rev.as_deref(), folder.as_deref(), |name| template::PARTS.contains(&name));
    match found {
        Some((tree, commit)) if tree.get(template::MANIFEST).is_some() => {
            load(&tree, name_of(&url, folder.as_deref()), Some(commit)).map(Some)
        }
        _ => Ok(None),
    }
}

/// What a record names a folder in a repository by.
fn name_of(url: &str, folder: Option<&str>) -> String {
    folder.map_or_else(|| url.to_owned(), |folder| format!("{url}//{folder}"))
}

/// Opens the template that a project was made from.
pub(super) fn open_recorded(id: &TemplateId, clones: &mut Clones<'_>) -> Result<Opened> {
    match (&id.commit, id.source.as_str()) {
        (_, BUILT_IN) => released(&id.version),
        (None, path) => recorded_folder(path, &id.version, clones),
        (Some(commit), url) => open_named(&format!("{url}#{commit}"), clones),
    }
}

/// A folder has no history: it must still be the version that the project was made from.
fn recorded_folder(path: &str, version: &str, clones: &mut Clones<'_>) -> Result<Opened> {
    if !Path::new(path).exists() {
        bail!(Advice::new(
            format!("the project was made from the template in {path}, which is not there any more"),
            format!("bring the folder back, or write its new place into {}", record::PATH)
        ));
    }
    let opened = open_named(path, clones)?;
    if opened.id.version != version {
        bail!(
            "the project was made from version {version} of {path}, which is now version {}; keep the template in git, so \
             that NeoForge can see both",
            opened.id.version
        );
    }
    Ok(opened)
}

/// Opens a later version of the template that a project was made from: `to`, or the newest.
pub(super) fn open_newer(id: &TemplateId, to: Option<&str>, clones: &mut Clones<'_>) -> Result<Opened> {
    match (&id.commit, id.source.as_str(), to) {
        (_, BUILT_IN, None) => built_in(),
        (_, BUILT_IN, Some(version)) => typed_version(version),
        (Some(_), url, Some(rev)) => open_named(&format!("{url}#{rev}"), clones),
        (_, named, None) => open_named(named, clones),
        (None, path, Some(_)) => bail!(no_versions(path, "--to")),
    }
}

/// Opens every template that a project may have been made from: the named one, of a git repository also its newest tags, or
/// all that came with the program; of these only `version`, where one is given.
pub(super) fn open_possible(named: Option<&str>, version: Option<&str>, interrupt: &Interrupt) -> Result<Possible> {
    let clones = &mut Clones::new(interrupt);
    let opened = match (named, version) {
        (None, None) => embedded::versions().into_iter().map(released).collect::<Result<_>>()?,
        (None, Some(version)) => vec![typed_version(version)?],
        (Some(named), version) => match (TemplateSource::parse(named)?, version) {
            (TemplateSource::Path(path), Some(_)) => {
                bail!(no_versions(&path.display().to_string(), "--version"))
            }
            (TemplateSource::Git { rev: Some(_), .. }, Some(_)) => {
                bail!(Advice::usage(format!("{named} names a version already"), "leave out `--version`"))
            }
            (TemplateSource::Git { rev: None, url, .. }, None) => return open_tagged(named, &url, clones),
            (_, Some(rev)) => vec![open_named(&format!("{named}#{rev}"), clones)?],
            (_, None) => vec![open_named(named, clones)?],
        },
    };
    Ok(Possible { opened, unreadable: Vec::new() })
}

/// Opens the default branch of a git repository, and the newest of its tags.
fn open_tagged(named: &str, url: &str, clones: &mut Clones<'_>) -> Result<Possible> {
    let mut possible = Possible { opened: vec![open_named(named, clones)?], unreadable: Vec::new() };
    for tag in clones.of(url)?.tags(TAGS)? {
        match open_named(&format!("{named}#{tag}"), clones) {
            Ok(tagged) if possible.opened.iter().any(|other| other.id.commit == tagged.id.commit) => {}
            Ok(tagged) => possible.opened.push(tagged),
            Err(_) => possible.unreadable.push(tag),
        }
        clones.interrupt.check()?;
    }
    possible.opened.reverse();
    Ok(possible)
}

fn no_versions(folder: &str, flag: &str) -> Advice {
    Advice::usage(format!("{folder} is a folder and has no other versions"), format!("leave out `{flag}`"))
}

/// Opens the version of the built-in template that somebody has typed.
fn typed_version(version: &str) -> Result<Opened> {
    let versions = embedded::versions();
    if !versions.iter().any(|known| *known == version) {
        bail!(Advice::usage(
            format!("there is no version {version} of the built-in template"),
            format!("this program has {}; a later NeoForge may have more", versions.join(", "))
        ));
    }
    released(version)
}

/// Opens a version of the template that came with the program.
fn released(version: &str) -> Result<Opened> {
    if version == embedded::TEMPLATE_VERSION {
        return built_in();
    }
    let Some(tree) = embedded::released(version) else {
        bail!(
            "this program has no version {version} of its template, but {}; install a NeoForge that has it",
            embedded::versions().join(", ")
        );
    };
    load(&tree, BUILT_IN.to_owned(), None)
}

/// Opens the template that came with the program.
pub(super) fn built_in() -> Result<Opened> {
    load(&embedded::template(), BUILT_IN.to_owned(), None)
}

/// Finds a template, and clones it where it is in a git repository.
pub(super) fn locate(named: &str, clones: &mut Clones<'_>) -> Result<Located> {
    let (url, rev, inside) = match TemplateSource::parse(named)? {
        TemplateSource::Path(path) => {
            let folder = path.canonicalize().map_err(|error| match error.kind() {
                ErrorKind::NotFound => anyhow::Error::from(Advice::usage(
                    format!("there is no template {}", path.display()),
                    "give a folder, the address of a git repository, or `gh:owner/name`",
                )),
                _ => anyhow::Error::from(error).context(format!("failed to find the template {}", path.display())),
            })?;
            let source = folder.display().to_string();
            return Ok(Located { folder, source, commit: None });
        }
        TemplateSource::Git { url, rev, folder } => (url, rev, folder),
    };
    let fetched = clones.of(&url)?.fetch(rev.as_deref(), inside.as_deref())?;
    clones.interrupt.check()?;
    Ok(Located { folder: fetched.path, source: name_of(&url, inside.as_deref()), commit: Some(fetched.commit) })
}

impl Located {
    /// Whether another tool's template stands there, and none of ours.
    pub(super) fn is_foreign(&self) -> bool {
        foreign::is_cargo_generate(&self.folder) && !self.folder.join(template::MANIFEST).exists()
    }
}

/// Reads a template of our own.
pub(super) fn read(located: &Located) -> Result<Opened> {
    if located.is_foreign() {
        bail!("{} is a template of cargo-generate, which only `neoforge new` can use", located.source);
    }
    // What else a repository holds (a README, a licence, tests) is none of our business.
    let tree = read_part(&located.folder, |name| template::PARTS.contains(&name))?;
    load(&tree, located.source.clone(), located.commit.clone())
}

/// The files of a template that may be broken, and what of it cannot be read.
pub(super) fn examine(named: Option<&str>, interrupt: &Interrupt) -> Result<(FileTree, Vec<Problem>)> {
    let Some(named) = named else { return Ok((embedded::template(), Vec::new())) };
    let located = locate(named, &mut Clones::new(interrupt))?;
    let (tree, errors) = read_what_there_is(&located.folder, |name| template::PARTS.contains(&name))?;
    let problem = |error: ReadError| {
        let file = error.path().strip_prefix(&located.folder).unwrap_or(error.path()).display().to_string();
        let reason = format!("{:#}", anyhow::Error::from(error));
        Problem::of_file(file, ProblemKind::Unreadable { reason })
    };
    Ok((tree, errors.into_iter().map(problem).collect()))
}

fn load(tree: &FileTree, source: String, commit: Option<String>) -> Result<Opened> {
    let template = template::load(tree).with_context(|| format!("the template {source} is broken"))?;
    let version = template.manifest.version.get_ref().clone();
    Ok(Opened { id: TemplateId { source, version, commit }, template })
}
