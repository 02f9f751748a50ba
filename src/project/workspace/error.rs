use std::io;
use std::path::PathBuf;

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
    #[error("{} is a repository without files; go to a work tree of it", .0.display())]
    Bare(PathBuf),
    #[error("the repository has no commit yet; run `git add --all` and `git commit` first")]
    Unborn,
    #[error("git is in the middle of a {what}; finish it, or give it up with `git {what} --abort`")]
    Busy { what: &'static str },
    #[error("the project's {path} is not committed; run `git add {path}` and `git commit` first")]
    Uncommitted { path: &'static str },
    #[error(
        "there are changes that are not committed: {}; run `git commit --all`, or put them aside with `git stash`, or, if \
         NeoForge was killed here, undo with `git reset --hard`", names(.0)
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
    #[error("failed to {action} {}: {source}", .path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the change is staged, but git did not commit it: {said}")]
    Commit { said: String },
    #[error("git did not write {}: {said}", .path.display())]
    Settings { path: PathBuf, said: String },
    #[error("git failed to {action}: {source}")]
    Git { action: &'static str, source: git2::Error },
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

    pub(super) fn git(action: &'static str) -> impl FnOnce(git2::Error) -> Self {
        move |source| Self::Git { action, source }
    }
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
