//! A merge as trees in the repository: what git moves the index and the files to.

use std::fs;
use std::path::{Path, PathBuf};

use super::run::Git;
use super::{Application, Workspace, WorkspaceError};
use crate::merge::{Change, Conflict};
use crate::tree::File;

/// The ids of the trees of a change. Without conflicts, they are one.
pub(super) struct Trees {
    /// With everything that is clean.
    pub(super) result: String,
    /// With the conflicts as they are shown in the files.
    pub(super) shown: String,
    /// What a person has to choose from.
    pub(super) picked: Option<Picked>,
}

/// The conflicts, as a cherry-pick has them.
pub(super) struct Picked {
    /// The commit that seems to be picked: the project with their side of each conflict.
    pub(super) commit: String,
    /// Entries for the index.
    pub(super) stages: Vec<u8>,
}

/// What an index has at a path: versions, each with its stage.
type Versions = (String, Vec<(u8, File)>);

impl Workspace {
    /// Stores what a change needs in the repository, and nothing else. `folder` is for this change alone.
    pub(super) fn trees(&self, folder: &Path, application: Application<'_>) -> Result<Trees, WorkspaceError> {
        let Application { head, merge, subject, .. } = application;
        let (mut clean, mut stages, mut shown, mut theirs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (path, change) in &merge.changes {
            let path = self.in_repository(path);
            match change {
                Change::Remove => clean.push((path, vec![])),
                Change::Write(file) => clean.push((path, vec![(0, file.clone())])),
                Change::Conflict(conflict) => {
                    let versions = [(1, &conflict.base), (2, &conflict.ours), (3, &conflict.theirs)];
                    let versions = versions.into_iter().filter_map(|(stage, file)| Some((stage, file.clone()?)));
                    stages.push((path.clone(), versions.collect()));
                    theirs.push((path.clone(), conflict.theirs.iter().map(|file| (0, file.clone())).collect()));
                    shown.extend(marked(conflict).map(|file| (path, vec![(0, file)])));
                }
            }
        }
        let none = "0".repeat(head.commit.len());
        let builder = Builder { workspace: self, folder, index: folder.join("index"), none };
        let result = builder.tree(&head.commit, &clean)?;
        if stages.is_empty() {
            return Ok(Trees { shown: result.clone(), result, picked: None });
        }
        let commit = self.commit_tree(&builder.tree(&result, &theirs)?, &head.commit, subject)?;
        let shown = builder.tree(&result, &shown)?;
        let stages = builder.entries(&stages)?;
        Ok(Trees { result, shown, picked: Some(Picked { commit, stages }) })
    }

    fn commit_tree(&self, tree: &str, parent: &str, subject: &str) -> Result<String, WorkspaceError> {
        let git = || self.git("write a commit", ["commit-tree", tree, "-p", parent, "-m", subject]);
        let named = || {
            let anybody = [("NAME", "NeoForge"), ("EMAIL", "neoforge@localhost")];
            anybody.into_iter().fold(git(), |git, (what, value)| {
                git.env(&format!("GIT_AUTHOR_{what}"), value).env(&format!("GIT_COMMITTER_{what}"), value)
            })
        };
        // Git need not know who commits before somebody does.
        git().line().or_else(|_| named().line()).map_err(WorkspaceError::from)
    }
}

/// Makes trees with an index that nobody else looks at.
struct Builder<'a> {
    workspace: &'a Workspace,
    /// Where contents wait for git to store them.
    folder: &'a Path,
    index: PathBuf,
    /// The id of no object.
    none: String,
}

impl Builder<'_> {
    fn git<const N: usize>(&self, arguments: [&str; N]) -> Git {
        self.workspace.git("write objects", arguments).index(&self.index)
    }

    /// The tree `from` with these files as they are here.
    fn tree(&self, from: &str, files: &[Versions]) -> Result<String, WorkspaceError> {
        self.git(["read-tree", from]).output()?;
        self.git(["update-index", "-z", "--index-info"]).input(self.entries(files)?).output()?;
        Ok(self.git(["write-tree"]).line()?)
    }

    /// Entries as `git update-index --index-info` reads them: what stood at a path goes, and its versions come.
    fn entries(&self, files: &[Versions]) -> Result<Vec<u8>, WorkspaceError> {
        let ids = self.store(files)?;
        let (mut ids, mut entries) = (ids.iter(), String::new());
        for (path, versions) in files {
            entries.extend(["0 ", &self.none, "\t", path, "\0"]);
            for ((stage, file), id) in versions.iter().zip(&mut ids) {
                let mode = if file.executable { "100755" } else { "100644" };
                entries.extend([mode, " ", id, " ", &stage.to_string(), "\t", path, "\0"]);
            }
        }
        Ok(entries.into_bytes())
    }

    /// Stores all versions as git commits them, and gives their ids.
    fn store(&self, files: &[Versions]) -> Result<Vec<String>, WorkspaceError> {
        let filtered = self.workspace.filtered(files.iter().map(|(path, _)| path.clone()))?;
        let (mut ids, mut plain, mut names) = (Vec::new(), Vec::new(), String::new());
        for (path, versions) in files {
            for (_, file) in versions {
                if filtered.contains(path) {
                    let clean = self.git(["hash-object", "-w", "--stdin", "--path", path]);
                    ids.push(clean.input(file.bytes.to_vec()).line()?);
                    continue;
                }
                let name = self.folder.join(plain.len().to_string());
                fs::write(&name, &file.bytes).map_err(WorkspaceError::io("write", &name))?;
                names.extend([&name.display().to_string(), "\n"]);
                plain.push(ids.len());
                ids.push(String::new());
            }
        }
        let stored =
            self.git(["hash-object", "-w", "--no-filters", "--stdin-paths"]).input(names.into_bytes()).line()?;
        for (at, id) in plain.into_iter().zip(stored.lines()) {
            id.clone_into(&mut ids[at]);
        }
        Ok(ids)
    }
}

/// What a conflict looks like on disk; nothing when it stays as it is.
fn marked(conflict: &Conflict) -> Option<File> {
    let executable = conflict.ours.as_ref().or(conflict.theirs.as_ref()).is_some_and(|file| file.executable);
    match (&conflict.marked, &conflict.ours, &conflict.theirs) {
        (Some(text), ..) => Some(File { bytes: text.clone(), executable }),
        (None, None, Some(theirs)) => Some(theirs.clone()),
        (None, ..) => None,
    }
}
