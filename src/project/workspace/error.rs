use std::io;
use std::path::PathBuf;

use super::Head;

/// Why a project cannot be changed. Whatever it says, the project is as it was.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WorkspaceError {
    #[error(
        "{} is not in a project of NeoForge: there is no neoforge.toml in it or above it; go to one, or name it with \
         `--project`; if the file is lost, `neoforge adopt` writes it anew", .0.display()
    )]
    NoProject(PathBuf),
    #[error(
        "{} is in no git repository, and git is what a change is merged with; run `git init`, `git add --all` and `git \
         commit`", .0.display()
    )]
    NoRepository(PathBuf),
    #[error("there is no folder {}; check the path", .0.display())]
    NoFolder(PathBuf),
    #[error("{} is a repository without files; go to a work tree of it", .0.display())]
    Bare(PathBuf),
    #[error("there is no git; install it from https://git-scm.com/downloads")]
    NoGit,
    #[error("{} is in a repository of somebody else, which git does not trust; if you do, run `{command}`", .root.display())]
    Untrusted { root: PathBuf, command: String },
    #[error(
        "{} is on another disk than the repository in {}, and git looks no further than a disk; set \
         GIT_DISCOVERY_ACROSS_FILESYSTEM=1 for it and for NeoForge", .root.display(), .above.display()
    )]
    OtherDisk { root: PathBuf, above: PathBuf },
    #[error("the repository is in a folder whose name is not UTF-8, or has a line break: {path}; rename it")]
    OddName { path: String },
    #[error("the repository has no commit yet; run `git add --all` and `git commit` first")]
    Unborn,
    #[error("git is in the middle of a {what}; finish it, or give it up with `git {what} {}`", end(.what))]
    Busy { what: &'static str },
    #[error(
        "the change was planned for the commit {} ({}), and now {} ({}) is checked out; nothing was changed; run the command again",
        short(&.then.commit), .then.branch, short(&.now.commit), .now.branch
    )]
    Moved { then: Head, now: Head },
    #[error("the project's {path} is not committed; run `git add {path}` and `git commit` first")]
    Uncommitted { path: &'static str },
    #[error(
        "there are changes that are not committed: {}; `git status` shows them all; run `git commit --all`, or put them aside \
         with `git stash`", names(.0)
    )]
    Dirty(Vec<String>),
    #[error(
        "in the way, and unknown to git: {}; move or remove {}, or add and commit {}", names(.0), it(.0), it(.0)
    )]
    InTheWay(Vec<String>),
    #[error(
        "{new} would be new, and differs from {ours} by case alone: macOS and Windows take both for one; rename {ours} with \
         `git mv`, commit that, and run the command again"
    )]
    CaseClash { new: String, ours: String },
    #[error(
        "the change is about {new}, and your project has {what} there, {ours}; move or remove {ours} with git, commit that, and run \
         the command again"
    )]
    Clash { new: String, ours: String, what: &'static str },
    #[error(
        "{0} is not as in the last commit, and git was told not to look (skip-worktree or assume-unchanged); run \
         `git update-index --no-skip-worktree --no-assume-unchanged {0}`, and commit or stash what it has"
    )]
    Hidden(String),
    #[error("another NeoForge is at work in this repository; wait until it is done")]
    Locked,
    #[error(
        "git is at work in this repository: {} is there; wait until it is done, or, if git was killed, remove that file",
        .0.display()
    )]
    IndexHeld(PathBuf),
    #[error("no permission to change {}; make it writable", .0.display())]
    Denied(PathBuf),
    #[error("the disk is full at {}; free some space, and run the command again", .0.display())]
    Full(PathBuf),
    #[error("failed to {action} {}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the change is staged, but git did not commit it: {said}")]
    Commit { said: String },
    #[error("git did not write {}: {said}", .path.display())]
    Settings { path: PathBuf, said: String },
    #[error("git failed to {action}: {said}")]
    Refused { action: &'static str, said: String },
}

impl WorkspaceError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied(path),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path),
            _ => Self::Io { action, path, source },
        }
    }
}

/// What ends a command of git that is not finished.
fn end(what: &str) -> &'static str {
    if what == "bisect" { "reset" } else { "--abort" }
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(10)]
}

/// The first paths of a list, which may be long.
fn names(paths: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = paths.len().saturating_sub(SHOWN);
    let shown = paths[..paths.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn it(paths: &[String]) -> &'static str {
    if paths.len() == 1 { "it" } else { "them" }
}
