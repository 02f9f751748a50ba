//! Templates in folders of this machine: what they are known by, so that a project can be changed after they have changed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{Located, Opened, Pin, kept, load, name_of};
use crate::answers::record::{self, TemplateId};
use crate::commands::Advice;
use crate::foreign;
use crate::project::read::read_part;
use crate::project::{Placed, TemplateSource, placed, read_commit};
use crate::template;
use crate::tree::FileTree;

/// Finds the folder of a template that was named by its path.
pub(super) fn find(named: &str, path: &Path) -> Result<Located> {
    let folder = match path.canonicalize() {
        Ok(folder) => folder,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let hint = if is_owner_and_name(named) {
                format!(
                    "a template on GitHub is `--template gh:{named}`, and one of another place has an address such as https://…"
                )
            } else {
                "give the folder of a template, or the address of a git repository".to_owned()
            };
            bail!(Advice::usage(format!("there is no folder {named}"), hint))
        }
        Err(error) => return Err(error).context(format!("failed to find the template {named}")),
    };
    let source = folder.display().to_string();
    let (root, subfolder) = parts(path, &folder);
    Ok(Located { folder, root, subfolder, source, commit: None })
}

/// A folder as a whole and a part: as it was named with `//` in between, or as a template above lists it.
fn parts(named: &Path, folder: &Path) -> (PathBuf, Option<String>) {
    let text = named.to_string_lossy();
    let split = text.split_once("//").filter(|(whole, part)| !whole.is_empty() && !part.trim_matches('/').is_empty());
    if let Some((whole, part)) = split
        && let Ok(whole) = Path::new(whole).canonicalize()
    {
        return (whole, Some(part.trim_matches('/').to_owned()));
    }
    match foreign::listed(folder) {
        Some((whole, part)) => (whole, Some(part)),
        None => (folder.to_path_buf(), None),
    }
}

/// Whether it looks like `owner/name`, as people write a repository on GitHub.
fn is_owner_and_name(text: &str) -> bool {
    TemplateSource::parse(&format!("gh:{text}")).is_ok() && text.matches('/').count() == 1
}

/// The source and the pin of a folder that holds these files: a commit where they are just that commit's, at the address where
/// others find it; else their hash.
pub(super) fn pin(folder: &Path, tree: &FileTree) -> (String, Pin) {
    let path = folder.display().to_string();
    match placed(folder) {
        Some(placed) if committed(&placed, &placed.commit).as_ref() == Some(tree) => {
            let inside = placed.folder.as_deref();
            let public = placed.origin.map(|origin| name_of(&origin.url, inside, origin.branch.as_deref()));
            (public.unwrap_or(path), Pin::Commit(placed.commit))
        }
        _ => (path, Pin::Content(kept::hash_of(tree))),
    }
}

/// The template that stands in a folder of a repository at some commit, branch or tag.
fn committed(placed: &Placed, rev: &str) -> Option<FileTree> {
    let keep = |name: &str| template::PARTS.contains(&name);
    Some(read_commit(placed.top.to_str()?, Some(rev), placed.folder.as_deref(), keep)?.tree)
}

/// Opens the folder's template at the recorded commit.
pub(super) fn at_commit(id: &TemplateId) -> Result<Option<Opened>> {
    match (&id.commit, TemplateSource::parse(&id.source)?) {
        (Some(commit), TemplateSource::Path(_)) => at_revision(&id.source, commit),
        _ => Ok(None),
    }
}

/// Opens the folder's template at a revision of the repository that it is in.
pub(super) fn at_revision(path: &str, rev: &str) -> Result<Option<Opened>> {
    let Some(placed) = placed(Path::new(path)) else { return Ok(None) };
    let keep = |name: &str| template::PARTS.contains(&name);
    let found = placed.top.to_str().and_then(|top| read_commit(top, Some(rev), placed.folder.as_deref(), keep));
    found.map(|found| load(found.tree, path.to_owned(), Pin::Commit(found.commit))).transpose()
}

/// Opens the folder as it stands, which must be what the project was made from.
pub(super) fn as_recorded(id: &TemplateId) -> Result<Opened> {
    let TemplateId { source, version, .. } = id;
    let folder = Path::new(source);
    if !folder.exists() {
        bail!(
            "the project was made from the template in {source}, which is not there any more; bring the folder back, or write its \
             new place into {}",
            record::PATH
        );
    }
    let tree = read_part(folder, |name| template::PARTS.contains(&name))?;
    let (_, pin) = pin(folder, &tree);
    let content = kept::hash_of(&tree);
    let opened = load(tree, source.clone(), pin)?;
    check_version(id, &opened)?;
    let is_same = match (&id.commit, &id.content) {
        (Some(commit), _) => opened.id.commit.as_ref() == Some(commit),
        (None, Some(recorded)) => content == *recorded,
        (None, None) => true,
    };
    if !is_same {
        bail!(
            "the template in {source} still says that it is version {version}, but it has changed since the project was made from \
             it, and nothing has kept what it was; keep the template in git, so that NeoForge can see both"
        );
    }
    Ok(opened)
}

/// Refuses a folder whose version is not the recorded one.
pub(super) fn check_version(id: &TemplateId, opened: &Opened) -> Result<()> {
    let TemplateId { source, version, .. } = id;
    if opened.id.version != *version {
        bail!(
            "the project was made from version {version} of {source}, which is now version {}; keep the template in git, so \
             that NeoForge can see both",
            opened.id.version
        );
    }
    Ok(())
}
