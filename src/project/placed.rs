//! Where a folder is in a git repository of this machine, and where others find the same.

use std::path::{Path, PathBuf};

use git2::{BranchType, Oid, Repository};

use super::TemplateSource;

/// A folder in a repository with commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The work tree of the repository.
    pub top: PathBuf,
    /// Where the folder is in it, with `/` between the names; nothing for the work tree itself.
    pub folder: Option<String>,
    /// The last commit.
    pub commit: String,
    /// The address that `origin` has, where that has the commit.
    pub origin: Option<Origin>,
}

/// Where everybody finds a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The address of the repository.
    pub url: String,
    /// The branch that has the commit, where that is not known to be the default one.
    pub branch: Option<String>,
}

/// Looks where a folder is; nothing where it is in no repository that can be read, or in one without commits.
#[must_use]
pub fn placed(folder: &Path) -> Option<Placed> {
    let folder = folder.canonicalize().ok()?;
    let repository = Repository::discover(&folder).ok()?;
    let top = repository.workdir()?.canonicalize().ok()?;
    let names: Vec<_> = folder.strip_prefix(&top).ok()?.iter().map(|name| name.to_str()).collect::<Option<_>>()?;
    let head = repository.head().ok()?.peel_to_commit().ok()?.id();
    Some(Placed {
        top,
        folder: (!names.is_empty()).then(|| names.join("/")),
        commit: head.to_string(),
        origin: origin(&repository, head),
    })
}

fn origin(repository: &Repository, head: Oid) -> Option<Origin> {
    let url = repository.find_remote("origin").ok()?.url().ok()?.to_owned();
    if !matches!(TemplateSource::parse(&url), Ok(TemplateSource::Git { .. })) {
        return None;
    }
    let mut branches = Vec::new();
    for (branch, _) in repository.branches(Some(BranchType::Remote)).ok()?.flatten() {
        let Some(name) = branch.name().ok().flatten().and_then(|name| name.strip_prefix("origin/")) else { continue };
        let tip = branch.get().peel_to_commit().ok()?.id();
        if tip == head || repository.graph_descendant_of(tip, head).unwrap_or(false) {
            branches.push(name.to_owned());
        }
    }
    let here = repository.head().ok()?.shorthand().ok().map(str::to_owned);
    let is_default = branches.iter().any(|branch| branch == "HEAD");
    let same = branches.iter().position(|branch| Some(branch) == here.as_ref()).unwrap_or(0);
    let branch = branches.get(same)?.clone();
    Some(Origin { url, branch: (!is_default).then_some(branch) })
}
