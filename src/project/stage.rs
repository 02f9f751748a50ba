//! Writing a new project: completely or not at all.
//!
//! The files are written to a hidden folder beside the target, on the same file system, and the folder is renamed to the
//! target when all is done. Its owner holds a lock on it, which the system gives up when the owner dies, however it dies;
//! so a later run knows which of the folders that it finds are nobody's, and removes those.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::parallel;
use super::target::Target;
use super::write_error::WriteError;
use crate::tree::{File, FileTree, TreePath};

/// Stands between the name of the target and the random part in the name of a staging folder.
const MARK: &str = ".neoforge-";

/// Hexadecimal digits of the random part.
const RANDOM: usize = 16;

/// Bytes of the target's name that go into the name of the staging folder, which must not pass the usual 255.
const LONGEST_STEM: usize = 200;

/// Names that are tried before giving up; even a second one is rare.
const MOST_TRIES: usize = 100;

/// What makes a folder a project.
const RECORD: &str = "neoforge.toml";

/// Bytes written between two looks at whether the user has interrupted.
const PIECE: usize = 8 << 20;

/// A project that is written and waits to be renamed to its target. Dropped before that, it is removed.
#[derive(Debug)]
pub struct Staged {
    claim: Claim,
    target: PathBuf,
    /// Whether the target is a repository without commits, which stays.
    joins: bool,
}

impl Staged {
    /// Writes all files of `tree` to a new hidden folder beside `target`, and removes such folders that killed runs for
    /// the same target have left.
    ///
    /// Files are made with mode 0666, executable ones with 0777, folders with 0777, each less the user's umask, as git
    /// does. `interrupted` is asked often, from several threads.
    ///
    /// Nothing is flushed to the disk: who loses power in the second after `new` can run it again.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is left on the disk then.
    pub fn write(tree: &FileTree, target: &Path, interrupted: &(dyn Fn() -> bool + Sync)) -> Result<Self, WriteError> {
        let target = Target::inspect(target)?;
        let needed = tree.size();
        sweep(&target);
        let staged = Self { claim: Claim::new(&target)?, target: target.path(), joins: target.is_empty_repository };
        make_folders(staged.path(), tree, needed)?;
        let files: Vec<_> = tree.iter().collect();
        parallel::map(&files, |(path, file)| write_file(staged.path(), path, file, needed, interrupted))?;
        Ok(staged)
    }

    /// The folder that holds the files until the commit; git and `.env` are added here.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.claim.folder
    }

    /// The folder that this becomes.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Renames a folder that was made in the staged one to the target, and removes the staged folder with what is left in it.
    ///
    /// # Errors
    /// As [`Staged::commit`].
    pub fn commit_inner(self, inner: &Path) -> Result<(), WriteError> {
        let moved = if self.joins { join(inner, &self.target) } else { replace(inner, &self.target) };
        moved.map_err(|error| self.explain(error))
    }

    /// Renames the staged folder to the target, in one step, and returns the target. Into a repository without commits the
    /// files move one by one.
    ///
    /// # Errors
    /// [`WriteError`], for instance when something has been put at the target in the meantime; the staged folder is
    /// removed then.
    pub fn commit(mut self) -> Result<PathBuf, WriteError> {
        if self.joins {
            return match join(self.path(), &self.target) {
                Ok(()) => Ok(self.target.clone()),
                Err(error) => Err(self.explain(error)),
            };
        }
        match replace(self.path(), &self.target) {
            Ok(()) => {
                self.claim.kept = true;
                Ok(std::mem::take(&mut self.target))
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    fn explain(&self, error: io::Error) -> WriteError {
        match error.kind() {
            io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices => {
                WriteError::MountPoint { target: self.target.clone() }
            }
            // Whatever stands there now is described as if it had been there from the start.
            _ => match Target::inspect(&self.target) {
                Err(why) => why,
                Ok(_) => WriteError::io("rename the finished project to", &self.target, error, 0),
            },
        }
    }
}

/// Renames a folder to a path where nothing or an empty folder is.
fn replace(from: &Path, to: &Path) -> io::Result<()> {
    // POSIX replaces an empty folder itself; other systems want it out of the way.
    if cfg!(not(unix)) && to.is_dir() {
        fs::remove_dir(to)?;
    }
    fs::rename(from, to)
}

/// Moves what a folder holds into another one, which holds a repository and nothing else; the record comes last, so that what is
/// there is no project before it is whole. What was moved goes back when the rest cannot follow.
fn join(from: &Path, to: &Path) -> io::Result<()> {
    let list = |folder: &Path| -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    };
    if list(to)? != [".git"] {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let mut names = list(from)?;
    names.sort_by_key(|name| name == RECORD);
    for (at, name) in names.iter().enumerate() {
        if let Err(error) = fs::rename(from.join(name), to.join(name)) {
            for name in &names[..at] {
                let _ = fs::rename(to.join(name), from.join(name));
            }
            return Err(error);
        }
    }
    Ok(())
}

/// A hidden folder beside a target, which belongs to this process. Dropped, it is removed, unless it is `kept`.
#[derive(Debug)]
pub(super) struct Claim {
    folder: PathBuf,
    kept: bool,
    /// Held for its lock alone. `None` where folders cannot be locked; nobody removes what we leave there.
    _lock: Option<fs::File>,
}

impl Claim {
    pub(super) fn new(target: &Target) -> Result<Self, WriteError> {
        let prefix = prefix(target);
        let mut tries = 0;
        loop {
            tries += 1;
            let mut name = prefix.clone();
            name.push(random());
            let folder = target.parent.join(name);
            match fs::create_dir(&folder) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < MOST_TRIES => continue,
                Err(error) => {
                    // The folder that the user knows is the parent, not the name that we made up.
                    let path = if error.kind() == io::ErrorKind::InvalidFilename {
                        target.path()
                    } else {
                        target.parent.clone()
                    };
                    return Err(WriteError::io("create a folder in", &path, error, 0));
                }
            }
            let claim = |lock| Self { folder: folder.clone(), kept: false, _lock: lock };
            match try_lock(&folder) {
                Ok(lock) if is_at(&lock, &folder) => return Ok(claim(Some(lock))),
                // Another run has seen the folder before it was locked, and removes it.
                Ok(_) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(TryLockError::Error(_)) => return Ok(claim(None)),
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is swept by the next run.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Removes the staging folders of `target` whose owners are dead. What cannot be removed is left: it is in nobody's way.
fn sweep(target: &Target) {
    let prefix = prefix(target).to_string_lossy().into_owned();
    let Ok(entries) = fs::read_dir(&target.parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix.as_str()));
        let ours =
            random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        // Removed by its path while the lock is held: should its owner rename it between the two, there is nothing to
        // remove at this path any more.
        if let Ok(_lock) = try_lock(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn prefix(target: &Target) -> OsString {
    let name = target.name.to_string_lossy();
    let stem = &name[..name.floor_char_boundary(LONGEST_STEM)];
    OsString::from(format!(".{stem}{MARK}"))
}

fn random() -> String {
    // Nothing secret: it only must differ between runs, and `create_dir` tells when it does not.
    let number = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
    format!("{number:0RANDOM$x}")
}

fn try_lock(folder: &Path) -> Result<fs::File, TryLockError> {
    let file = fs::File::open(folder).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// Whether `path` still leads to the folder that `lock` has open.
#[cfg(unix)]
fn is_at(lock: &fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (lock.metadata(), fs::metadata(path)) {
        (Ok(lock), Ok(path)) => (lock.dev(), lock.ino()) == (path.dev(), path.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_lock: &fs::File, path: &Path) -> bool {
    path.is_dir()
}

fn make_folders(root: &Path, tree: &FileTree, needed: usize) -> Result<(), WriteError> {
    let mut made = HashSet::new();
    for (path, _) in tree {
        for folder in path.ancestors() {
            if made.insert(folder) {
                let folder = root.join(folder);
                fs::create_dir(&folder).map_err(|error| WriteError::io("create", &folder, error, needed))?;
            }
        }
    }
    Ok(())
}

fn write_file(
    root: &Path,
    path: &TreePath,
    file: &File,
    needed: usize,
    interrupted: &(dyn Fn() -> bool + Sync),
) -> Result<(), WriteError> {
    let path = root.join(path.as_str());
    let failed = |action| {
        let path = &path;
        move |error| WriteError::io(action, path, error, needed)
    };
    if interrupted() {
        return Err(WriteError::Interrupted);
    }
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, if file.executable { 0o777 } else { 0o666 });
    let mut disk = open.open(&path).map_err(failed("create"))?;
    for piece in file.bytes.chunks(PIECE) {
        if interrupted() {
            return Err(WriteError::Interrupted);
        }
        disk.write_all(piece).map_err(failed("write"))?;
    }
    Ok(())
}
