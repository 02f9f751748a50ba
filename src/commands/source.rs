//! Where a template comes from: the program, a folder, or a git repository.

mod folder;
mod kept;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use semver::Version;
use tempfile::TempDir;
use walkdir::{DirEntry, WalkDir};

use super::{Advice, scratch_folder};
use crate::answers::record::{self, BUILT_IN, TemplateId};
use crate::foreign::Kind;
use crate::interrupt::Interrupt;
use crate::project::read::{ReadError, read_part, read_what_there_is};
use crate::project::{Checkout, TemplateSource, read_commit, without_secrets};
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{self, Template};
use crate::tree::FileTree;
use crate::{embedded, foreign};

/// A template on disk, as long as the clones live and no other version of it is located.
pub(super) struct Located {
    pub(super) folder: PathBuf,
    /// What was cloned or named as a whole.
    pub(super) root: PathBuf,
    /// Where in it the folder is.
    pub(super) subfolder: Option<String>,
    /// What a record names it by.
    pub(super) source: String,
    pub(super) commit: Option<String>,
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
    files: FileTree,
}

impl Opened {
    /// Whether it came with the program, so that running its code needs no question.
    pub(super) fn is_trusted(&self) -> bool {
        self.id.source == BUILT_IN
    }

    /// Keeps it for the project that was made from it.
    pub(super) fn keep(&self) {
        kept::keep(&self.id, &self.files);
    }
}

/// Opens the template that was named, or the built-in one.
pub(super) fn open(named: Option<&str>, interrupt: &Interrupt) -> Result<Opened> {
    named.map_or_else(built_in, |named| open_named(named, &mut Clones::new(interrupt)))
}

fn open_named(named: &str, clones: &mut Clones<'_>) -> Result<Opened> {
    match at_hand(&TemplateSource::parse(named)?)? {
        Some(opened) => Ok(opened),
        None => read(&locate(named, clones)?),
    }
}

/// Opens a template in a git repository on this machine, where it takes no clone.
fn at_hand(source: &TemplateSource) -> Result<Option<Opened>> {
    let TemplateSource::Git { url, rev, folder } = source else { return Ok(None) };
    let (rev, folder) = (rev.as_deref(), folder.as_deref());
    match read_commit(url, rev, folder, |name| template::PARTS.contains(&name)) {
        Some(found) if found.tree.get(template::MANIFEST).is_some() => {
            let source = name_of(url, folder, found.branch.as_deref());
            load(found.tree, source, Pin::Commit(found.commit)).map(Some)
        }
        _ => Ok(None),
    }
}

/// What a record names a folder in a repository by: without what only this person may know, and from everywhere. Updates follow
/// the branch.
fn name_of(url: &str, folder: Option<&str>, branch: Option<&str>) -> String {
    let path = Path::new(url).canonicalize().ok().and_then(|path| path.to_str().map(str::to_owned));
    let mut name = path.unwrap_or_else(|| without_secrets(url));
    for (mark, part) in [("//", folder), ("#", branch)] {
        if let Some(part) = part {
            name.extend([mark, part]);
        }
    }
    name
}

/// The same source at another branch, tag or commit.
fn at(source: &str, rev: &str) -> String {
    format!("{}#{rev}", source.split('#').next().unwrap_or_default())
}

/// Opens the template that a project was made from, as it was then.
pub(super) fn open_recorded(id: &TemplateId, clones: &mut Clones<'_>) -> Result<Opened> {
    if id.source == BUILT_IN {
        return released(&id.version);
    }
    let opened = open_pinned(id, clones)?;
    if id.commit.is_none() {
        folder::check_version(id, &opened)?;
    }
    // Only the version can be told from the template; the rest stays as it was recorded.
    Ok(Opened { id: TemplateId { version: opened.id.version, ..id.clone() }, ..opened })
}

/// The template that a project was made from, where it can be had without the network and without a clone.
pub(super) fn at_once(id: &TemplateId) -> Option<Template> {
    let opened = if id.source == BUILT_IN { released(&id.version).ok() } else { open_here(id).ok().flatten() };
    opened.filter(|opened| opened.id.version == id.version).map(|opened| opened.template)
}

/// Opens a recorded template from what this machine has; nothing where it has to be fetched.
fn open_here(id: &TemplateId) -> Result<Option<Opened>> {
    if id.commit.is_none() && id.content.is_none() {
        return folder::as_recorded(id).map(Some);
    }
    if let Some(opened) = folder::at_commit(id)? {
        return Ok(Some(opened));
    }
    let commit = match TemplateSource::parse(&id.source)? {
        TemplateSource::Git { .. } => id.commit.as_deref().map(|commit| at(&id.source, commit)),
        TemplateSource::Path(_) => None,
    };
    if let Some(commit) = &commit
        && let Some(opened) = at_hand(&TemplateSource::parse(commit)?)?
    {
        return Ok(Some(opened));
    }
    if let Some(files) = kept::find(id) {
        return load(files, id.source.clone(), Pin::Version).map(Some);
    }
    if commit.is_some() { Ok(None) } else { folder::as_recorded(id).map(Some) }
}

fn open_pinned(id: &TemplateId, clones: &mut Clones<'_>) -> Result<Opened> {
    if let Some(opened) = open_here(id)? {
        return Ok(opened);
    }
    let commit = at(&id.source, id.commit.as_deref().unwrap_or_default());
    open_named(&commit, clones).with_context(|| {
        Advice::new(
            "failed to get the template that the project was made from",
            format!(
                "should its history have been rewritten, remove {} with git, and let `neoforge adopt --template {}` find the \
                 version that fits best",
                record::PATH,
                id.source
            ),
        )
    })
}

/// Opens a later version of the template that a project was made from: `to`, or the newest.
pub(super) fn open_newer(id: &TemplateId, to: Option<&str>, clones: &mut Clones<'_>) -> Result<Opened> {
    let source = id.source.as_str();
    let Some(to) = to else {
        let newest = if source == BUILT_IN { built_in()? } else { open_named(source, clones)? };
        check_not_older(id, &newest.id)?;
        return Ok(newest);
    };
    if source == BUILT_IN {
        return typed_version(to);
    }
    if let TemplateSource::Git { rev: followed, .. } = TemplateSource::parse(source)? {
        let mut opened = open_named(&at(source, to), clones)?;
        if followed.is_some() && !opened.id.source.contains('#') {
            // A tag or a commit is no branch: the next update follows the same one as before.
            source.clone_into(&mut opened.id.source);
        }
        return Ok(opened);
    }
    match folder::at_revision(source, to)? {
        Some(opened) => Ok(opened),
        None => bail!(no_versions(source, "--to")),
    }
}

/// Nobody who wants the newest version wants an older one, for instance because a branch is behind a tag.
fn check_not_older(old: &TemplateId, new: &TemplateId) -> Result<()> {
    let version = |id: &TemplateId| Version::parse(&id.version).ok();
    if let (Some(was), Some(is)) = (version(old), version(new))
        && is < was
    {
        bail!(
            "the newest version of {} is {is}, and the project was made from {was}, which is later; name the version that you want \
             with `--to`",
            new.source
        );
    }
    Ok(())
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
                bail!(Advice::usage(
                    format!("{} names a version already", without_secrets(named)),
                    "leave out `--version`"
                ))
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
    if !versions.contains(&version) {
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
    load(tree, BUILT_IN.to_owned(), Pin::Version)
}

/// Opens the template that came with the program.
pub(super) fn built_in() -> Result<Opened> {
    load(embedded::template(), BUILT_IN.to_owned(), Pin::Version)
}

/// Finds a template, and clones it where it is in a git repository.
pub(super) fn locate(named: &str, clones: &mut Clones<'_>) -> Result<Located> {
    let (url, rev, inside) = match TemplateSource::parse(named)? {
        TemplateSource::Path(path) => return folder::find(named, &path),
        TemplateSource::Git { url, rev, folder } => (url, rev, folder),
    };
    let fetched = clones.of(&url)?.fetch(rev.as_deref(), inside.as_deref())?;
    clones.interrupt.check()?;
    let source = name_of(&url, inside.as_deref(), fetched.branch.as_deref());
    let depth = inside.as_deref().map_or(0, |inside| Path::new(inside).components().count());
    let root = fetched.path.ancestors().nth(depth).unwrap_or(&fetched.path).to_path_buf();
    Ok(Located { folder: fetched.path, root, subfolder: inside, source, commit: Some(fetched.commit) })
}

impl Located {
    /// Whether a template stands there that the library of cargo-generate renders.
    pub(super) fn is_foreign(&self) -> Result<bool> {
        match foreign::kind(&self.folder) {
            Kind::Own => Ok(false),
            Kind::CargoGenerate | Kind::Unmarked => Ok(true),
            Kind::Other(tool) => bail!(
                "{} is a template of {tool}, which cannot be read; what can are templates of NeoForge, which have a \
                 template.toml with a `format`, and those of cargo-generate",
                self.source
            ),
        }
    }
}

/// Reads a template of our own.
pub(super) fn read(located: &Located) -> Result<Opened> {
    if located.is_foreign()? && foreign::kind(&located.folder) != Kind::Unmarked {
        bail!("{} is a template of cargo-generate, which only `neoforge new` can use", located.source);
    }
    // What else a repository holds (a README, a licence, tests) is none of our business.
    let tree = read_part(&located.folder, |name| template::PARTS.contains(&name))?;
    if let Some(commit) = &located.commit {
        return load(tree, located.source.clone(), Pin::Commit(commit.clone()));
    }
    let (source, pin) = folder::pin(&located.folder, &tree);
    load(tree, source, pin)
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
    let mut problems: Vec<Problem> = errors.into_iter().map(problem).collect();
    // A folder without files is in no tree, and still somebody began a feature there.
    for folder in empty_features(&located.folder) {
        problems.push(Problem::of_file(
            format!("{folder}/feature.toml"),
            ProblemKind::MissingManifest { role: "a feature" },
        ));
    }
    Ok((tree, problems))
}

/// The folders for features that hold no file.
fn empty_features(template: &Path) -> Vec<String> {
    let folders = WalkDir::new(template.join("features")).min_depth(1).max_depth(1).into_iter().flatten();
    let is_empty = |folder: &DirEntry| {
        folder.file_type().is_dir()
            && WalkDir::new(folder.path()).into_iter().all(|entry| entry.is_ok_and(|entry| entry.file_type().is_dir()))
    };
    folders.filter(is_empty).map(|folder| format!("features/{}", folder.file_name().to_string_lossy())).collect()
}

/// What a template is known by for ever.
enum Pin {
    /// A version of the built-in one.
    Version,
    /// A commit, with all of its digits.
    Commit(String),
    /// A hash of all files.
    Content(String),
}

fn load(files: FileTree, source: String, pin: Pin) -> Result<Opened> {
    let template = template::load(&files).with_context(|| format!("the template {source} is broken"))?;
    let version = template.manifest.version.get_ref().clone();
    let (commit, content) = match pin {
        Pin::Version => (None, None),
        Pin::Commit(commit) => (Some(commit), None),
        Pin::Content(content) => (None, Some(content)),
    };
    Ok(Opened { id: TemplateId { source, version, commit, content }, template, files })
}
