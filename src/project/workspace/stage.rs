//! Where new content waits for its place, and where what was there before waits for the end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::WorkspaceError;

/// A file that gets new content, or goes.
pub(super) struct Move {
    pub(super) target: PathBuf,
    /// Where the new content waits.
    pub(super) staged: Option<PathBuf>,
}

/// A folder inside of `.git`, on the same disk as the work tree in all but exotic set-ups.
pub(super) struct Stage {
    folder: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What a killed run leaves here, the next one removes.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Stage {
    pub(super) fn new(folder: PathBuf) -> Result<Self, WorkspaceError> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WorkspaceError::io("remove", folder)(error));
            }
            _ => {}
        }
        for part in ["new", "old"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(WorkspaceError::io("create", part))?;
        }
        Ok(Self { folder })
    }

    pub(super) fn add(&self, number: usize, bytes: &[u8], executable: bool) -> Result<PathBuf, WorkspaceError> {
        let path = self.folder.join(format!("new/{number}"));
        fs::write(&path, bytes).map_err(WorkspaceError::io("write", &path))?;
        set_executable(&path, executable).map_err(WorkspaceError::io("set the mode of", &path))?;
        Ok(path)
    }

    /// Moves everything into place; undoes all of it when something fails.
    pub(super) fn put_in_place(&self, moves: Vec<Move>, root: &Path) -> Result<(), WorkspaceError> {
        let mut done = Vec::new();
        for (number, Move { target, staged }) in moves.into_iter().enumerate() {
            match put(&target, staged.as_deref(), &self.folder.join(format!("old/{number}"))) {
                Ok(put) => done.push(put),
                Err(error) => {
                    remove_empty_folders(&target, root);
                    for put in done.into_iter().rev() {
                        put.undo();
                        remove_empty_folders(&put.target, root);
                    }
                    return Err(WorkspaceError::io("change", target)(error));
                }
            }
        }
        for put in &done {
            remove_empty_folders(&put.target, root);
        }
        Ok(())
    }
}

/// A file that was put in its place.
struct Put {
    target: PathBuf,
    /// Where the file is now that was there before.
    old: Option<PathBuf>,
    /// Whether there is a new file.
    is_new: bool,
}

impl Put {
    /// What cannot be undone here, `git reset --hard` restores.
    fn undo(&self) {
        if self.is_new {
            let _ = fs::remove_file(&self.target);
        }
        if let Some(old) = &self.old {
            let _ = rename(old, &self.target);
        }
    }
}

/// Puts `staged` in the place of `target`, which goes to `old`. When that fails, `target` is as it was.
fn put(target: &Path, staged: Option<&Path>, old: &Path) -> io::Result<Put> {
    let old = match rename(target, old) {
        Ok(()) => Some(old.to_path_buf()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let put = Put { target: target.to_path_buf(), old, is_new: false };
    let Some(staged) = staged else { return Ok(put) };
    let folder = target.parent().map_or(Ok(()), fs::create_dir_all);
    match folder.and_then(|()| rename(staged, target)) {
        Ok(()) => Ok(Put { is_new: true, ..put }),
        Err(error) => {
            put.undo();
            Err(error)
        }
    }
}

/// Renames, also from one disk to another.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(from, to)?;
            fs::remove_file(from)
        }
        renamed => renamed,
    }
}

/// Git keeps no empty folders, and neither does a change.
fn remove_empty_folders(target: &Path, root: &Path) {
    for folder in target.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() && folder.exists() {
            break;
        }
    }
}

#[cfg(unix)]
fn set_executable(path: &Path, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if !executable {
        return Ok(());
    }
    let mode = fs::metadata(path)?.permissions().mode();
    // Whoever may read it may execute it.
    fs::set_permissions(path, fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on a unix")]
fn set_executable(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}
