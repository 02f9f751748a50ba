//! The folder that a new project becomes: whether it may be one, and where it really is.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::write_error::WriteError;
use super::{git, stage};

/// Names of a folder's content that an error shows.
const SHOWN: usize = 3;

/// A target that may become a project.
#[derive(Debug)]
pub(super) struct Target {
    /// The folder that the target is in; it exists.
    pub parent: PathBuf,
    /// The target's own name.
    pub name: OsString,
    /// Whether a repository without commits stands there, such as the clone of a new one, which the project moves into.
    pub is_empty_repository: bool,
}

impl Target {
    pub(super) fn path(&self) -> PathBuf {
        self.parent.join(&self.name)
    }

    /// Looks at what stands at `target`, without changing anything.
    pub(super) fn inspect(target: &Path) -> Result<Self, WriteError> {
        let found = match fs::symlink_metadata(target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            // A part above the target is a file: the parent says it better.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => None,
            Err(error) => return Err(WriteError::io("look at", target, error, 0)),
        };
        let mut real = target.to_path_buf();
        if found.as_ref().is_some_and(fs::Metadata::is_symlink) || target.file_name().is_none() {
            // What is replaced is the folder, not a link to it, nor `.` or `..`.
            real = fs::canonicalize(target).map_err(|_| WriteError::DanglingLink { target: target.to_path_buf() })?;
        }
        let is_empty_repository = found.is_some() && !check_empty(&real)?;
        let target = real.as_path();
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(WriteError::MountPoint { target: real });
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        check_parent(parent)?;
        if found.is_some() {
            check_replaceable(target, parent, is_empty_repository)?;
        }
        Ok(Self { parent: parent.to_path_buf(), name: name.to_owned(), is_empty_repository })
    }
}

/// Whether a new project can be written to `target`; to be called before anything is asked.
///
/// Tries it, by making and removing a hidden folder beside the target: nothing else knows whether that is permitted.
///
/// # Errors
/// [`WriteError`]: the target is not empty or not a folder, its parent is missing or may not be written to, …
pub fn check_target(target: &Path) -> Result<(), WriteError> {
    let target = Target::inspect(target)?;
    // Dropping the claim removes the folder.
    stage::Claim::new(&target).map(drop)
}

/// Whether a folder holds nothing at all; that is not so where a repository without commits is all that it holds.
fn check_empty(target: &Path) -> Result<bool, WriteError> {
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(WriteError::NotAFolder { target: target.to_path_buf() });
        }
        Err(error) => return Err(WriteError::io("look into", target, error, 0)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| WriteError::io("look into", target, error, 0))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    if names.is_empty() {
        return Ok(true);
    }
    if names == [".git"] && git::is_empty_repository(target) {
        return Ok(false);
    }
    names.sort();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    Err(WriteError::NotEmpty { target: target.to_path_buf(), entries: names, more })
}

fn check_parent(parent: &Path) -> Result<(), WriteError> {
    match fs::metadata(parent) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(WriteError::ParentNotAFolder { parent: parent.to_path_buf() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(WriteError::ParentMissing { parent: parent.to_path_buf() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(WriteError::ParentNotAFolder { parent: parent.to_path_buf() })
        }
        Err(error) => Err(WriteError::io("look at", parent, error, 0)),
    }
}

/// Whether the folder `target` can give way to another one, or take its files where it `stays`.
fn check_replaceable(target: &Path, parent: &Path, stays: bool) -> Result<(), WriteError> {
    let here = std::env::current_dir().and_then(fs::canonicalize).ok();
    if !stays && here.is_some() && here == fs::canonicalize(target).ok() {
        // It would be replaced under the feet of the user's shell, which would then stand in a folder that is gone.
        return Err(WriteError::CurrentFolder { target: target.to_path_buf() });
    }
    if on_other_device(target, parent) {
        return Err(WriteError::MountPoint { target: target.to_path_buf() });
    }
    Ok(())
}

/// Whether `target` is the root of another file system; a mount of the same file system is found by the rename.
#[cfg(unix)]
fn on_other_device(target: &Path, parent: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(target), fs::metadata(parent)) {
        (Ok(target), Ok(parent)) => target.dev() != parent.dev(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn on_other_device(_target: &Path, _parent: &Path) -> bool {
    false
}
