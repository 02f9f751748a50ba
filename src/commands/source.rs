//! Where a template comes from: the program, a folder, or a git repository.

use anyhow::{Context, Result};

use crate::answers::record::{BUILT_IN, TemplateId};
use crate::interrupt::Interrupt;
use crate::project::read::read_part;
use crate::project::{TemplateSource, fetch};
use crate::template::{self, Template};
use crate::{embedded, tree::FileTree};

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
    let (tree, source, commit) = match named {
        None => (embedded::template(), BUILT_IN.to_owned(), None),
        Some(named) => read(named, interrupt)?,
    };
    load(&tree, source, commit)
}

/// Opens the template that a project was made from.
pub(super) fn open_recorded(id: &TemplateId, interrupt: &Interrupt) -> Result<Opened> {
    match (&id.commit, id.source.as_str()) {
        (_, BUILT_IN) => open(None, interrupt),
        (None, path) => open(Some(path), interrupt),
        (Some(commit), url) => open(Some(&format!("{url}#{commit}")), interrupt),
    }
}

fn read(named: &str, interrupt: &Interrupt) -> Result<(FileTree, String, Option<String>)> {
    // What else a repository holds (a README, a licence, tests) is none of our business.
    let of_template = |name: &str| template::PARTS.contains(&name);
    let (url, rev, folder) = match TemplateSource::parse(named)? {
        TemplateSource::Path(path) => {
            let full = path.canonicalize().with_context(|| format!("failed to find the template {}", path.display()))?;
            return Ok((read_part(&full, of_template)?, full.display().to_string(), None));
        }
        TemplateSource::Git { url, rev, folder } => (url, rev, folder),
    };
    let scratch = tempfile::tempdir().context("failed to make a temporary folder")?;
    let fetched = fetch(&url, rev.as_deref(), folder.as_deref(), scratch.path(), &|| interrupt.is_set())?;
    interrupt.check()?;
    let source = folder.map_or_else(|| url.clone(), |folder| format!("{url}//{folder}"));
    Ok((read_part(&fetched.path, of_template)?, source, Some(fetched.commit)))
}

fn load(tree: &FileTree, source: String, commit: Option<String>) -> Result<Opened> {
    let template = template::load(tree).with_context(|| format!("the template {source} is broken"))?;
    let version = template.manifest.version.get_ref().clone();
    Ok(Opened { id: TemplateId { source, version, commit }, template })
}
