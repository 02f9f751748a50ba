//! The repository of a project whose files we did not write: the user's own git makes it.

use std::io;
use std::path::Path;
use std::process::Stdio;

use super::git::Committed;
use crate::process;

/// Makes a repository in `folder` and commits what git does not ignore, as `git init`, `git add` and `git commit` do, but for
/// hooks, of which none is run.
///
/// # Errors
/// Git's own words.
pub fn commit_all(folder: &Path, message: &str) -> Result<Committed, String> {
    let branch = git(folder, &["config", "init.defaultBranch"]).unwrap_or_else(|_| "main".to_owned());
    git(folder, &["init", "--quiet", &format!("--initial-branch={branch}")])?;
    git(folder, &["add", "--all"])?;
    if git(folder, &["var", "GIT_COMMITTER_IDENT"]).and(git(folder, &["var", "GIT_AUTHOR_IDENT"])).is_err() {
        return Ok(Committed::NoIdentity { branch });
    }
    git(folder, &["commit", "--quiet", "--no-verify", "--allow-empty", "--message", message])?;
    let id = git(folder, &["rev-parse", "HEAD"])?;
    Ok(Committed::Commit { branch, id })
}

/// What git prints in the folder.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output =
        process::command("git").args(arguments).current_dir(folder).stdin(Stdio::null()).output().map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                "there is no program `git`".to_owned()
            } else {
                error.to_string()
            }
        })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
