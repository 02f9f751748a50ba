//! Writing git's index, such that a process that is killed leaves no lock.
//!
//! Git's protocol: who creates `index.lock` may change the index, by renaming the lock to `index`. Git writes the new index
//! into the lock, and holds it meanwhile. Here the new index is complete before the lock is taken, under another name: the
//! lock is a second link to it, and is renamed at once.
//!
//! ```text
//! copy ─► change the copy ─► link it to index.lock ─► is the index still what was copied? ─► rename to index
//! ```
//!
//! A process that is killed between the link and the rename leaves a lock that is a link to its copy, and so the next run
//! knows whose it was.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use git2::Index;

use super::WorkspaceError;

/// How long somebody else may hold the lock: an editor that looks at the repository holds it for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(5);

/// The index of a repository, and where the new one is prepared.
pub(super) struct IndexFile {
    index: PathBuf,
    lock: PathBuf,
    /// In the folder of the stage, which goes at the end.
    copy: PathBuf,
}

/// How an attempt to publish ended.
#[derive(Debug, PartialEq, Eq)]
enum Published {
    Done,
    /// Somebody else holds the lock.
    Held,
    /// Somebody else has written the index since it was copied.
    Outdated,
}

impl IndexFile {
    /// The index in `git_folder`, prepared in `stage`, which is on the same disk.
    pub(super) fn new(git_folder: &Path, stage: &Path) -> Self {
        Self { index: git_folder.join("index"), lock: git_folder.join("index.lock"), copy: stage.join("index") }
    }

    /// Removes the lock of a run of this program that was killed. Nobody else may be at work with the stage.
    pub(super) fn sweep(&self) {
        if let (Ok(lock), Ok(copy)) = (fs::metadata(&self.lock), fs::metadata(&self.copy))
            && is_same_file(&lock, &copy)
        {
            // Where this fails, taking the lock fails, too, and tells.
            let _ = fs::remove_file(&self.lock);
        }
    }

    /// Changes the index in one step.
    pub(super) fn change(
        &self,
        change: &dyn Fn(&mut Index) -> Result<(), WorkspaceError>,
    ) -> Result<(), WorkspaceError> {
        let failed = || WorkspaceError::git("write the index");
        self.publish(&|| {
            match fs::copy(&self.index, &self.copy) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(WorkspaceError::io("copy", &self.index)(error));
                }
                _ => {}
            }
            let mut index = Index::open(&self.copy).map_err(failed())?;
            change(&mut index)?;
            index.write().map_err(failed())
        })
    }

    /// Puts an earlier content of the index back.
    pub(super) fn restore(&self, bytes: &[u8]) -> Result<(), WorkspaceError> {
        self.publish(&|| fs::write(&self.copy, bytes).map_err(WorkspaceError::io("write", &self.copy)))
    }

    /// Prepares the copy and makes it the index, again and again while somebody else is at work with it.
    fn publish(&self, prepare: &dyn Fn() -> Result<(), WorkspaceError>) -> Result<(), WorkspaceError> {
        let start = Instant::now();
        loop {
            // It may be another link to the index, and is written anew.
            let _ = fs::remove_file(&self.copy);
            let before = fs::metadata(&self.index).ok();
            prepare()?;
            let attempt = self.take_over(before.as_ref()).map_err(WorkspaceError::io("write", &self.index))?;
            match attempt {
                Published::Done => return Ok(()),
                Published::Held | Published::Outdated if start.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Published::Held | Published::Outdated => return Err(WorkspaceError::IndexHeld(self.lock.clone())),
            }
        }
    }

    fn take_over(&self, before: Option<&Metadata>) -> io::Result<Published> {
        match fs::hard_link(&self.copy, &self.lock) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Published::Held),
            Err(_) => match self.fill_lock() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Published::Held),
                Err(error) => return Err(error),
            },
        }
        let now = fs::metadata(&self.index).ok();
        let published = if is_unchanged(before, now.as_ref()) {
            fs::rename(&self.lock, &self.index).map(|()| Published::Done)
        } else {
            Ok(Published::Outdated)
        };
        if !matches!(published, Ok(Published::Done)) {
            fs::remove_file(&self.lock)?;
        }
        published
    }

    /// Takes the lock as git does, on a disk that knows no links.
    fn fill_lock(&self) -> io::Result<()> {
        let bytes = fs::read(&self.copy)?;
        let mut lock = File::create_new(&self.lock)?;
        lock.write_all(&bytes).inspect_err(|_| {
            // It is ours, and half of an index.
            let _ = fs::remove_file(&self.lock);
        })
    }
}

fn is_unchanged(before: Option<&Metadata>, now: Option<&Metadata>) -> bool {
    match (before, now) {
        (None, None) => true,
        (Some(before), Some(now)) => {
            is_same_file(before, now) && before.len() == now.len() && before.modified().ok() == now.modified().ok()
        }
        _ => false,
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Without the numbers of a unix: the same time and size.
#[cfg(not(unix))]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    one.len() == other.len() && one.modified().ok() == other.modified().ok()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn index() -> (TempDir, IndexFile) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("stage")).expect("a folder");
        fs::write(folder.path().join("index"), "before").expect("a file");
        let index = IndexFile::new(folder.path(), &folder.path().join("stage"));
        (folder, index)
    }

    fn read(index: &IndexFile) -> String {
        fs::read_to_string(&index.index).expect("an index")
    }

    #[test]
    fn the_index_is_replaced_and_the_lock_is_gone() {
        let (_folder, index) = index();
        index.restore(b"after").expect("written");
        assert_eq!((read(&index).as_str(), index.lock.exists()), ("after", false));
    }

    #[test]
    fn a_lock_of_somebody_else_is_respected() {
        let (_folder, index) = index();
        fs::write(&index.lock, "theirs").expect("a lock");
        index.sweep();
        let error = index.restore(b"after").expect_err("held");
        assert!(error.to_string().contains("index.lock"), "{error}");
        assert_eq!(read(&index), "before");
        assert_eq!(fs::read_to_string(&index.lock).expect("still there"), "theirs");
    }

    #[test]
    fn an_index_that_somebody_else_has_written_meanwhile_is_not_overwritten() {
        let (_folder, index) = index();
        let before = fs::metadata(&index.index).expect("an index");
        fs::write(&index.copy, "after").expect("a copy");
        fs::write(index.index.with_extension("theirs"), "theirs").expect("a file");
        fs::rename(index.index.with_extension("theirs"), &index.index).expect("renamed");
        assert_eq!(index.take_over(Some(&before)).expect("no trouble"), Published::Outdated);
        assert_eq!((read(&index).as_str(), index.lock.exists()), ("theirs", false));
        // The next attempt starts from what stands there.
        index.restore(b"after").expect("written");
        assert_eq!(read(&index), "after");
    }

    #[cfg(unix)]
    #[test]
    fn the_lock_of_a_killed_run_is_known_and_swept() {
        let (_folder, index) = index();
        fs::write(&index.copy, "after").expect("a copy");
        fs::hard_link(&index.copy, &index.lock).expect("killed here");
        index.sweep();
        assert!(!index.lock.exists());
        assert_eq!(read(&index), "before");
    }

    #[test]
    fn a_disk_without_links_is_written_as_git_does() {
        let (_folder, index) = index();
        fs::write(&index.copy, "after").expect("a copy");
        index.fill_lock().expect("taken");
        assert_eq!(fs::read_to_string(&index.lock).expect("a lock"), "after");
        assert_eq!(index.fill_lock().expect_err("taken already").kind(), io::ErrorKind::AlreadyExists);
    }
}
