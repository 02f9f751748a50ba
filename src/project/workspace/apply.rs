//! Writing a merge into a project, such that git can undo it at any moment.
//!
//! ```text
//! lock ─► still the commit of the plan? ─► nothing in the way ─► objects and trees ─► would git write the files?
//!      ─► index ─► state of a cherry-pick, if there are conflicts ─► files
//! ```
//!
//! Git writes the index and the files, so that whatever it protects is protected. The index comes first: from then on `git reset
//! --hard` restores everything, files that are new included. The files are written with another index, a copy of what the
//! index was before, which knows what stands on the disk. When a step fails, the steps before it are undone.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use super::run::{Failure, Git};
use super::trees::Trees;
use super::{Head, Tracked, Workspace, WorkspaceError};
use crate::merge::TreeMerge;
use crate::tree::TreePath;

/// How long somebody else may hold the lock: an editor that looks at the repository holds it for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// What is applied.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// What was checked out when the change was planned.
    pub head: &'a Head,
    /// What git tracked then.
    pub tracked: &'a Tracked,
    /// What changes.
    pub merge: &'a TreeMerge,
    /// The first line of the commit's message.
    pub subject: &'a str,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The files where a person has to choose, from the top of the repository. When there are any, git is in the middle of a
    /// cherry-pick.
    pub conflicts: Vec<String>,
}

/// A folder for this change, inside of what git keeps. What a killed run leaves there, the next one removes.
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: PathBuf) -> Result<Self, WorkspaceError> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WorkspaceError::io("remove", folder)(error));
            }
            _ => {}
        }
        fs::create_dir(&folder).map_err(WorkspaceError::io("create", &folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A change that is being written.
struct Writing<'a> {
    workspace: &'a Workspace,
    application: Application<'a>,
    trees: Trees,
    /// Held until git has ended, too.
    lock: &'a File,
    /// A copy of the index as it was before.
    before: PathBuf,
}

impl Workspace {
    /// Writes a merge into the work tree and the index. [`Tracked::check`] has passed before.
    ///
    /// # Errors
    /// [`WorkspaceError`]; the project is as it was then.
    pub fn apply(&self, application: Application<'_>) -> Result<Applied, WorkspaceError> {
        let lock = self.lock()?;
        let now = self.ready_at(Some(&lock))?;
        if now != *application.head {
            return Err(WorkspaceError::Moved { then: application.head.clone(), now });
        }
        self.check_nothing_in_the_way(application.tracked, application.merge)?;
        self.check_writable(application.merge)?;
        let scratch = Scratch::new(self.git_folder.join("neoforge"))?;
        let trees = self.trees(&scratch.0, application)?;
        let before = scratch.0.join("before");
        self.copy_index(&before)?;
        Writing { workspace: self, application, trees, lock: &lock, before }.write()?;
        let conflicts = application.merge.conflicts().map(|(path, _)| self.in_repository(path)).collect();
        Ok(Applied { conflicts })
    }

    /// Two processes in one repository would not see each other's work. The lock goes with the process.
    fn lock(&self) -> Result<File, WorkspaceError> {
        let path = self.git_folder.join("neoforge.lock");
        let file = File::create(&path).map_err(WorkspaceError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(WorkspaceError::Locked),
            Err(fs::TryLockError::Error(error)) => Err(WorkspaceError::io("lock", path)(error)),
        }
    }

    /// A path of the project as git has it.
    pub(super) fn in_repository(&self, path: &TreePath) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl Writing<'_> {
    fn write(&self) -> Result<(), WorkspaceError> {
        let files =
            || self.git("write the files").args(["read-tree", "-m", "-u"]).index(&self.before).holding(self.lock);
        let (commit, trees) = (self.application.head.commit.as_str(), &self.trees);
        files().args(["--dry-run", commit, &trees.shown]).output().map_err(|failure| self.explain(failure))?;
        self.index(&|git| git.args(["read-tree", "-m", commit, &trees.result]))?;
        self.begin_cherry_pick().inspect_err(|_| self.undo())?;
        if let Err(failure) = files().args([commit, &trees.shown]).output() {
            let error = self.explain(failure);
            // Else git has looked before it wrote anything, and somebody has changed a file since we did.
            if !matches!(error, WorkspaceError::Hidden(_) | WorkspaceError::InTheWay(_)) {
                self.take_files_back();
            }
            self.undo();
            return Err(error);
        }
        self.keep_sparse();
        // `git cherry-pick --abort` believes nothing but an index that has seen the files. Whoever holds it now has the next look.
        let _ = self.index(&|git| git.args(["update-index", "-q", "--refresh"]));
        Ok(())
    }

    fn git(&self, action: &'static str) -> Git {
        self.workspace.git(action, [])
    }

    /// Changes the index, again and again while somebody else is at work with it.
    fn index(&self, change: &dyn Fn(Git) -> Git) -> Result<(), WorkspaceError> {
        let start = Instant::now();
        loop {
            let attempt = change(self.git("write the index")).holding(self.lock).output();
            match attempt.map_err(|failure| self.explain(failure)) {
                Err(WorkspaceError::IndexHeld(_)) if start.elapsed() < PATIENCE => thread::sleep(PAUSE),
                done => return done.map(drop),
            }
        }
    }

    /// Leaves git in the state of `git cherry-pick`, so that `--continue`, `--abort` and every merge tool work.
    fn begin_cherry_pick(&self) -> Result<(), WorkspaceError> {
        let Some(picked) = &self.trees.picked else { return Ok(()) };
        self.index(&|git| git.args(["update-index", "-z", "--index-info"]).input(picked.stages.clone()))?;
        let mut message = format!("{}\n\n# Conflicts:\n", self.application.subject);
        for (path, _) in self.application.merge.conflicts() {
            message.extend(["#\t", &self.workspace.in_repository(path), "\n"]);
        }
        let path = self.workspace.git_folder.join("MERGE_MSG");
        fs::write(&path, message).map_err(WorkspaceError::io("write", path))?;
        let head = self.git("begin a cherry-pick").args(["update-ref", "CHERRY_PICK_HEAD", &picked.commit]);
        head.output().map(drop).map_err(WorkspaceError::from)
    }

    /// Puts the index back. What cannot be undone here, `git reset --hard` undoes.
    fn undo(&self) {
        if self.trees.picked.is_some() {
            let _ = self.git("end the cherry-pick").args(["update-ref", "-d", "CHERRY_PICK_HEAD"]).output();
            let _ = fs::remove_file(self.workspace.git_folder.join("MERGE_MSG"));
        }
        let commit = &self.application.head.commit;
        let _ = self.index(&|git| git.args(["read-tree", "--reset", commit]));
        let _ = self.index(&|git| git.args(["update-index", "-q", "--refresh"]));
    }

    /// Restores the files of a change of which git has written a part.
    fn take_files_back(&self) {
        let root = self.workspace.root();
        let mut old = Vec::new();
        for path in self.application.merge.changes.keys() {
            if self.application.tracked.files.get(path.as_str()).is_some() {
                old.extend([self.workspace.in_repository(path).as_bytes(), b"\0"].concat());
                continue;
            }
            let file = root.join(path.as_str());
            let _ = fs::remove_file(&file);
            for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
                // One with something in it stays.
                let _ = fs::remove_dir(folder);
            }
        }
        let files = self.git("restore the files").args(["checkout-index", "--force", "--quiet", "-z", "--stdin"]);
        let _ = files.index(&self.before).input(old).output();
    }

    /// A sparse checkout leaves new files out where it leaves their folder out. A conflict has to be seen, wherever it is.
    fn keep_sparse(&self) {
        if !self.workspace.git_folder.join("info/sparse-checkout").exists() {
            return;
        }
        let left_out = self.git("list the files").args(["ls-files", "-t", "-z"]).index(&self.before).output();
        let left_out = left_out.unwrap_or_default();
        let left_out = left_out.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(b"S "));
        let left_out: Vec<u8> = left_out.flat_map(|path| [path, b"\0"].concat()).collect();
        let _ =
            self.index(&|git| git.args(["update-index", "--skip-worktree", "-z", "--stdin"]).input(left_out.clone()));
        let conflicts = self.application.merge.conflicts();
        let conflicts =
            conflicts.flat_map(|(path, _)| [self.workspace.in_repository(path).as_bytes(), b"\0"].concat()).collect();
        let shown =
            self.git("write the files").args(["checkout-index", "--ignore-skip-worktree-bits", "-q", "-z", "--stdin"]);
        let _ = shown.index(&self.before).input(conflicts).output();
    }

    fn explain(&self, failure: Failure) -> WorkspaceError {
        let Failure::Refused(refusal) = &failure else { return failure.into() };
        let quoted = || refusal.said.split('\'').nth(1).unwrap_or_default().to_owned();
        let says = |words: &str| refusal.said.contains(words);
        if says("index.lock") {
            WorkspaceError::IndexHeld(self.workspace.git_folder.join("index.lock"))
        } else if says("not uptodate") {
            WorkspaceError::Hidden(quoted())
        } else if says("would be overwritten") || says("would lose untracked") {
            WorkspaceError::InTheWay(vec![quoted()])
        } else {
            failure.into()
        }
    }
}
