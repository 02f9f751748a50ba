//! A project that people work on: the part of a git repository that `neoforge.toml` stands at the top of.
//!
//! ```text
//! open ─► committed (what is merged into) ─► apply: lock, stage, index, work tree
//! ```

mod apply;
mod error;
mod index;
mod line_ends;
mod merge_driver;
mod stage;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git2::{ErrorCode, ObjectType, Repository, RepositoryState, Status, StatusOptions, TreeWalkMode, TreeWalkResult};
use walkdir::WalkDir;

pub use self::apply::{Application, Applied};
pub use self::error::WorkspaceError;
pub use self::merge_driver::lines_merge;
use crate::tree::{File, FileTree, TreePath};

/// The file at the top of a project.
const RECORD: &str = "neoforge.toml";

/// Files above this size are no work of a template, and are not read.
const LARGEST: usize = 4 * 1024 * 1024;

/// A project in a git repository.
pub struct Workspace {
    repository: Repository,
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
        Self::at(find_project(start)?)
    }

    /// Opens the folder of a project that may have no record.
    ///
    /// # Errors
    /// [`WorkspaceError`]: the folder is not there, or is in no git repository.
    pub fn without_record(folder: &Path) -> Result<Self, WorkspaceError> {
        Self::at(folder.canonicalize().map_err(WorkspaceError::io("find", folder))?)
    }

    fn at(root: PathBuf) -> Result<Self, WorkspaceError> {
        let repository = Repository::discover(&root).map_err(|error| match error.code() {
            ErrorCode::NotFound => WorkspaceError::NoRepository(root.clone()),
            _ => WorkspaceError::git("open the repository")(error),
        })?;
        let Some(work_tree) = repository.workdir() else { return Err(WorkspaceError::Bare(root)) };
        let work_tree = work_tree.canonicalize().map_err(WorkspaceError::io("find", work_tree))?;
        let Ok(inside) = root.strip_prefix(&work_tree) else { return Err(WorkspaceError::NoRepository(root)) };
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        let prefix = if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) };
        Ok(Self { repository, work_tree, prefix })
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

    /// Makes sure that a change can be merged: nothing waits for a commit, and git is not in the middle of something.
    ///
    /// # Errors
    /// [`WorkspaceError`]: what is in the way, and the command that helps.
    pub fn check_ready(&self) -> Result<(), WorkspaceError> {
        let what = match self.repository.state() {
            RepositoryState::Clean => None,
            RepositoryState::Merge => Some("merge"),
            RepositoryState::Revert | RepositoryState::RevertSequence => Some("revert"),
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => Some("cherry-pick"),
            RepositoryState::Bisect => Some("bisect"),
            RepositoryState::ApplyMailbox => Some("am"),
            RepositoryState::Rebase
            | RepositoryState::RebaseInteractive
            | RepositoryState::RebaseMerge
            | RepositoryState::ApplyMailboxOrRebase => Some("rebase"),
        };
        if let Some(what) = what {
            return Err(WorkspaceError::Busy { what });
        }
        self.head()?;
        let changed = self.changed()?;
        if changed.is_empty() { Ok(()) } else { Err(WorkspaceError::Dirty(changed)) }
    }

    /// Tracked files that are not as in the last commit: those of the project, and those of the rest of the repository that are
    /// staged, since the next commit would take them along.
    fn changed(&self) -> Result<Vec<String>, WorkspaceError> {
        let mut options = StatusOptions::new();
        options.include_untracked(false).include_ignored(false).exclude_submodules(true);
        let statuses =
            self.repository.statuses(Some(&mut options)).map_err(WorkspaceError::git("compare the files"))?;
        let staged = Status::INDEX_NEW
            | Status::INDEX_MODIFIED
            | Status::INDEX_DELETED
            | Status::INDEX_RENAMED
            | Status::INDEX_TYPECHANGE
            | Status::CONFLICTED;
        let changed = statuses.iter().filter_map(|entry| {
            let path = String::from_utf8_lossy(entry.path_bytes()).into_owned();
            let ours = path.starts_with(&self.prefix) && entry.status() != Status::CURRENT;
            (ours || entry.status().intersects(staged)).then_some(path)
        });
        Ok(changed.collect())
    }

    /// Commits what is staged, with the user's own git: it knows their hooks and signs as they like.
    ///
    /// # Errors
    /// [`WorkspaceError::Commit`], with what git says; everything stays staged.
    pub fn commit(&self, message: &str) -> Result<String, WorkspaceError> {
        let run = Command::new("git")
            .args(["commit", "--quiet", "--message", message])
            .current_dir(&self.work_tree)
            .stdin(Stdio::null())
            .output()
            .map_err(WorkspaceError::io("run git in", &self.work_tree))?;
        if !run.status.success() {
            let said = String::from_utf8_lossy(&run.stderr).trim().to_owned();
            return Err(WorkspaceError::Commit { said });
        }
        let head = self.repository.head().and_then(|head| head.peel_to_commit());
        Ok(head.map_err(WorkspaceError::git("read the new commit"))?.id().to_string())
    }

    fn head(&self) -> Result<git2::Tree<'_>, WorkspaceError> {
        let head = self.repository.head().map_err(|error| match error.code() {
            ErrorCode::UnbornBranch | ErrorCode::NotFound => WorkspaceError::Unborn,
            _ => WorkspaceError::git("read the last commit")(error),
        })?;
        head.peel_to_tree().map_err(WorkspaceError::git("read the last commit"))
    }

    /// The project as it was committed last. Large files, and names that not every system can hold, are left out: no
    /// template makes such.
    ///
    /// # Errors
    /// [`WorkspaceError`]: there is no commit, or it does not hold the project.
    pub fn committed(&self) -> Result<FileTree, WorkspaceError> {
        let failed = || WorkspaceError::git("read the last commit");
        let head = self.head()?;
        let top = if self.prefix.is_empty() {
            head
        } else {
            let entry = head.get_path(Path::new(self.prefix.trim_end_matches('/')));
            let entry = entry.map_err(|_| WorkspaceError::Uncommitted { path: RECORD })?;
            self.repository.find_tree(entry.id()).map_err(failed())?
        };
        let objects = self.repository.odb().map_err(failed())?;
        let mut files = FileTree::new();
        let mut trouble = None;
        let walked = top.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let name = String::from_utf8_lossy(entry.name_bytes());
            let path = TreePath::parse(format!("{folder}{name}"));
            // Neither links nor submodules.
            let is_file = entry.kind() == Some(ObjectType::Blob) && entry.filemode() & 0o170_000 == 0o100_000;
            let (true, Ok(path)) = (is_file, path) else { return TreeWalkResult::Ok };
            let read = || {
                if objects.read_header(entry.id())?.0 > LARGEST {
                    return Ok(None);
                }
                let bytes = objects.read(entry.id())?.data().to_vec();
                Ok(Some(File { bytes: bytes.into(), executable: entry.filemode() & 0o111 != 0 }))
            };
            match read() {
                Ok(Some(file)) => _ = files.insert(path, file),
                Ok(None) => {}
                Err(error) => trouble = Some(error),
            }
            TreeWalkResult::Ok
        });
        walked.map_err(failed())?;
        match trouble {
            Some(error) => Err(failed()(error)),
            None if files.get(RECORD).is_none() => Err(WorkspaceError::Uncommitted { path: RECORD }),
            None => Ok(files),
        }
    }

    /// The project as it stands on disk, without what git neither tracks nor would track. Line ends and modes are those that
    /// git would commit.
    ///
    /// # Errors
    /// [`WorkspaceError`]: a file cannot be read.
    pub fn on_disk(&self) -> Result<FileTree, WorkspaceError> {
        let mut files = FileTree::new();
        let index = self.repository.index().map_err(WorkspaceError::git("read the index"))?;
        let config = self.repository.config().map_err(WorkspaceError::git("read its settings"))?;
        let has_modes = config.get_bool("core.fileMode").unwrap_or(cfg!(unix));
        for entry in index.iter() {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            let Some(Ok(inside)) = path.strip_prefix(&self.prefix).map(TreePath::parse) else { continue };
            let on_disk = self.work_tree.join(&path);
            let read = |error: io::Error| WorkspaceError::io("read", &on_disk)(error);
            match fs::symlink_metadata(&on_disk) {
                Ok(metadata) if metadata.is_file() => {
                    let bytes = fs::read(&on_disk).map_err(read)?;
                    let committed = || Some(self.repository.find_blob(entry.id).ok()?.content().to_vec());
                    let bytes = line_ends::in_git(&self.repository, Path::new(&path), bytes, committed);
                    let executable = if has_modes { is_executable(&metadata, &entry) } else { entry.mode & 0o111 != 0 };
                    files.insert(inside, File { bytes, executable });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(read(error)),
            }
        }
        Ok(files)
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

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata, _: &git2::IndexEntry) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata, entry: &git2::IndexEntry) -> bool {
    entry.mode & 0o111 != 0
}

/// The folder with the record, at `start` or above it.
fn find_project(start: &Path) -> Result<PathBuf, WorkspaceError> {
    let start = start.canonicalize().map_err(WorkspaceError::io("find", start))?;
    let found = start.ancestors().find(|folder| folder.join(RECORD).is_file());
    found.map(Path::to_path_buf).ok_or_else(|| WorkspaceError::NoProject(start.clone()))
}
