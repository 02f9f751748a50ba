//! A project that people work on: the part of a git repository that `neoforge.toml` stands at the top of.
//!
//! ```text
//! open ─► committed (what is merged into) ─► apply: lock, objects, index, work tree
//! ```
//!
//! Git reads and writes all of it: the user's own `git`, so that every repository that they work in will do.

mod apply;
mod check;
mod error;
mod merge_driver;
mod run;
mod snapshot;
mod trees;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

pub use self::apply::{Application, Applied};
pub use self::error::WorkspaceError;
pub use self::merge_driver::lines_merge;
use self::run::{Failure, Git};
pub use self::snapshot::{Head, Other, Ready, Tracked};
use crate::tree::FileTree;

/// The file at the top of a project.
const RECORD: &str = "neoforge.toml";

/// A project in a git repository.
pub struct Workspace {
    /// What git keeps for this work tree: its index, and the state that it is in.
    git_folder: PathBuf,
    /// What it keeps for all work trees of the repository.
    common_folder: PathBuf,
    /// The work tree of the repository.
    work_tree: PathBuf,
    /// Where the project is in the repository: empty, or ending in `/`.
    prefix: String,
}

impl Workspace {
    /// Opens the project that `start` is in.
    ///
    /// # Errors
    /// [`WorkspaceError`]: there is no project, or it is in no git repository.
    pub fn open(start: &Path) -> Result<Self, WorkspaceError> {
        Self::at(&find_project(start)?)
    }

    /// Opens the folder of a project that may have no record.
    ///
    /// # Errors
    /// [`WorkspaceError`]: the folder is not there, or is in no git repository.
    pub fn without_record(folder: &Path) -> Result<Self, WorkspaceError> {
        Self::at(&existing(folder)?)
    }

    fn at(root: &Path) -> Result<Self, WorkspaceError> {
        let asked = ["--absolute-git-dir", "--git-common-dir", "--show-prefix", "--show-toplevel"];
        let found = Git::new(root, "open the repository").args(["rev-parse"]).args(asked).output();
        let printed = found.map_err(|failure| unopened(root, failure))?;
        let said = || String::from_utf8_lossy(&printed).into_owned();
        let lines = str::from_utf8(&printed).map(|text| text.lines().collect::<Vec<_>>());
        let Ok([git_folder, common_folder, prefix, work_tree]) = lines.as_deref() else {
            return Err(WorkspaceError::OddName { path: said() });
        };
        let work_tree = Path::new(work_tree);
        Ok(Self {
            git_folder: PathBuf::from(git_folder),
            // Git gives it as seen from the folder where it runs.
            common_folder: root.join(common_folder),
            work_tree: work_tree.canonicalize().map_err(WorkspaceError::io("find", work_tree))?,
            prefix: (*prefix).to_owned(),
        })
    }

    /// The project's folder.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.work_tree.join(&self.prefix)
    }

    /// The repository's folder, where that is not the project's.
    #[must_use]
    pub fn repository_folder(&self) -> Option<&Path> {
        (!self.prefix.is_empty()).then_some(self.work_tree.as_path())
    }

    /// Git in the work tree.
    fn git<const N: usize>(&self, action: &'static str, arguments: [&str; N]) -> Git {
        Git::new(&self.work_tree, action).args(arguments)
    }

    /// Makes sure that a change can be merged: nothing waits for a commit, and git is not in the middle of something. Gives what
    /// is checked out. Who holds the lock for a change has git note in the index what it has seen of the files.
    fn ready_at(&self, lock: Option<&File>) -> Result<Head, WorkspaceError> {
        if let Some(what) = self.in_the_middle()? {
            return Err(WorkspaceError::Busy { what });
        }
        let (head, changed) = self.status(lock)?;
        if changed.is_empty() { Ok(head) } else { Err(WorkspaceError::Dirty(changed)) }
    }

    /// What is checked out, and what is not as it was committed there.
    fn status(&self, lock: Option<&File>) -> Result<(Head, Vec<String>), WorkspaceError> {
        let status = ["status", "--porcelain=v2", "--branch", "-z"];
        let options = ["--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];
        let git = self.git("compare the files", status).args(options);
        let git = if let Some(lock) = lock { git.holding(lock) } else { git.env("GIT_OPTIONAL_LOCKS", "0") };
        let printed = git.output()?;
        let (head, mut changed) = (Head::parse(&printed).ok_or(WorkspaceError::Unborn)?, Vec::new());
        for entry in printed.split(|byte| *byte == 0) {
            changed.extend(changed_path(&String::from_utf8_lossy(entry), &self.prefix));
        }
        Ok((head, changed))
    }

    /// The command that git is in the middle of.
    fn in_the_middle(&self) -> Result<Option<&'static str>, WorkspaceError> {
        let states = [
            ("rebase-merge", "rebase"),
            ("rebase-apply/applying", "am"),
            ("rebase-apply", "rebase"),
            ("BISECT_LOG", "bisect"),
        ];
        if let Some((_, what)) = states.iter().find(|(file, _)| self.git_folder.join(file).exists()) {
            return Ok(Some(what));
        }
        // Some repositories keep these where they keep their branches.
        let heads = [("MERGE_HEAD", "merge"), ("REVERT_HEAD", "revert"), ("CHERRY_PICK_HEAD", "cherry-pick")];
        let asked: String = heads.iter().flat_map(|(head, _)| [*head, "\n"]).collect();
        let printed = self.git("look for a merge", ["cat-file", "--batch-check"]).input(asked.into_bytes()).output()?;
        let printed = String::from_utf8_lossy(&printed);
        let found = printed.lines().zip(heads).find(|(line, _)| !line.ends_with(" missing"));
        let sequence = || self.git_folder.join("sequencer").exists().then_some("cherry-pick");
        Ok(found.map(|(_, (_, what))| what).or_else(sequence))
    }

    /// Commits what is staged, with the user's hooks, and signed as they like. Gives the id of the new commit.
    ///
    /// # Errors
    /// [`WorkspaceError::Commit`], with what git says; everything stays staged.
    pub fn commit(&self, message: &str) -> Result<String, WorkspaceError> {
        let id = || self.git("read the last commit", ["rev-parse", "--verify", "HEAD"]).line();
        let before = id()?;
        self.git("commit", ["commit", "--quiet", "--message", message]).output().map_err(|failure| match failure {
            Failure::Refused(refusal) => WorkspaceError::Commit { said: refusal.said },
            Failure::Broken(error) => error,
        })?;
        let after = id()?;
        if after == before {
            return Err(WorkspaceError::Commit { said: "it made no commit, and did not say why".to_owned() });
        }
        Ok(after)
    }

    /// What stands on disk in a folder of the project and is none of these files: files of any kind, and folders that are empty.
    #[must_use]
    pub fn beside(&self, folder: &str, known: &FileTree) -> Vec<String> {
        let root = self.root();
        let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        let entries = WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().filter_map(Result::ok);
        let leaves = entries.filter(|entry| !entry.file_type().is_dir() || is_empty(entry.path()));
        let paths = leaves.filter_map(|entry| {
            let parts: Vec<_> =
                entry.path().strip_prefix(&root).ok()?.iter().map(|part| part.to_string_lossy()).collect();
            Some(parts.join("/"))
        });
        paths.filter(|path| known.get(path).is_none()).collect()
    }
}

/// The path of an entry of `git status`, if it keeps a change from being merged: of the project, each tracked file that is not
/// as in the last commit; of the rest of the repository, what is staged, since the next commit would take it along.
fn changed_path(entry: &str, prefix: &str) -> Option<String> {
    let (kind, rest) = entry.split_once(' ')?;
    let fields = match kind {
        "1" => 8,
        "u" => 10,
        _ => return None,
    };
    let mut fields = rest.splitn(fields, ' ');
    let (states, submodule, path) = (fields.next()?, fields.next()?, fields.last()?);
    let staged = kind == "u" || !states.starts_with('.');
    (staged || path.starts_with(prefix) && !submodule.starts_with('S')).then(|| path.to_owned())
}

/// What git said about a folder in which it finds no repository.
fn unopened(root: &Path, failure: Failure) -> WorkspaceError {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Broken(error) => return error,
    };
    let said = refusal.said.as_str();
    if said.contains("dubious ownership") {
        let command = said.lines().map(str::trim).find(|line| line.starts_with("git config"));
        let command = command.map_or_else(|| "git config --global --add safe.directory".to_owned(), str::to_owned);
        return WorkspaceError::Untrusted { root: root.to_path_buf(), command };
    }
    if said.contains("must be run in a work tree") {
        return WorkspaceError::Bare(root.to_path_buf());
    }
    let above = root.ancestors().find(|folder| folder.join(".git").exists());
    match above {
        Some(above) if said.contains("filesystem boundary") => {
            WorkspaceError::OtherDisk { root: root.to_path_buf(), above: above.to_path_buf() }
        }
        None if said.contains("not a git repository") => WorkspaceError::NoRepository(root.to_path_buf()),
        _ => Failure::Refused(refusal).into(),
    }
}

/// A folder by its full name.
fn existing(folder: &Path) -> Result<PathBuf, WorkspaceError> {
    folder.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => WorkspaceError::NoFolder(folder.to_owned()),
        _ => WorkspaceError::io("find", folder)(error),
    })
}

/// The folder with the record, at `start` or above it.
///
/// # Errors
/// [`WorkspaceError::NoFolder`] and [`WorkspaceError::NoProject`].
pub fn find_project(start: &Path) -> Result<PathBuf, WorkspaceError> {
    let start = existing(start)?;
    let found = start.ancestors().find(|folder| folder.join(RECORD).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| WorkspaceError::NoProject(start.clone()))
}
