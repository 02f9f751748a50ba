//! Writing a merge into a project, such that git can undo it at any moment.
//!
//! ```text
//! lock ─► nothing in the way ─► stage all content in .git ─► index ─► state of a cherry-pick, if there are conflicts
//!      ─► rename each file into place
//! ```
//!
//! Whatever needs space or permission comes before the first change. The index is written before the work tree: from then
//! on `git reset --hard` restores everything, files that are new included. When a step fails, the steps before it are
//! undone.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use git2::{ErrorCode, Index, IndexEntry, Oid, Repository, Signature};

use super::index::IndexFile;
use super::line_ends;
use super::stage::{Move, Stage};
use super::{Workspace, WorkspaceError};
use crate::merge::{Change, Conflict, TreeMerge};
use crate::project::stat;
use crate::tree::{File, FileTree, TreePath};

/// What is applied.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// What changes.
    pub merge: &'a TreeMerge,
    /// What the template made before, for the commit that a conflict is picked from.
    pub base: &'a FileTree,
    /// What the template makes now.
    pub theirs: &'a FileTree,
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

impl Workspace {
    /// Writes a merge into the work tree and the index. [`Workspace::check_ready`] has passed before.
    ///
    /// # Errors
    /// [`WorkspaceError`]; the project is as it was then.
    pub fn apply(&self, application: Application<'_>) -> Result<Applied, WorkspaceError> {
        let _lock = self.lock()?;
        self.check_ready()?;
        self.check_nothing_in_the_way(application.merge)?;
        self.check_case(application.merge)?;
        let (git_folder, folder) = (self.repository.path(), self.repository.path().join("neoforge"));
        let index = IndexFile::new(git_folder, &folder);
        index.sweep();
        let stage = Stage::new(folder)?;
        let moves = self.stage(application.merge, &stage)?;

        let before = self.index_bytes()?;
        let done = self
            .write_index(&index, application.merge)
            .and_then(|()| self.begin_cherry_pick(application))
            .and_then(|()| stage.put_in_place(moves, &self.root()))
            .and_then(|()| self.refresh_index(&index, application.merge));
        if let Err(error) = done {
            self.restore_index(&index, before.as_deref());
            return Err(error);
        }
        let conflicts = application.merge.conflicts().map(|(path, _)| self.in_repository(path)).collect();
        Ok(Applied { conflicts })
    }

    /// Two processes in one repository would not see each other's work. The lock goes with the process.
    fn lock(&self) -> Result<fs::File, WorkspaceError> {
        let path = self.repository.path().join("neoforge.lock");
        let file = fs::File::create(&path).map_err(WorkspaceError::io("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(WorkspaceError::Locked),
            Err(fs::TryLockError::Error(error)) => Err(WorkspaceError::io("lock", path)(error)),
        }
    }

    fn in_repository(&self, path: &TreePath) -> String {
        format!("{}{path}", self.prefix)
    }

    fn on_disk_path(&self, path: &TreePath) -> PathBuf {
        self.work_tree.join(self.in_repository(path))
    }

    /// Files that git does not know, ignored ones included, are nobody's but the person's.
    fn check_nothing_in_the_way(&self, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let head = self.head()?;
        let mut in_the_way = BTreeSet::new();
        for (path, change) in &merge.changes {
            if matches!(change, Change::Remove) {
                continue;
            }
            let full = self.in_repository(path);
            let on_disk = self.work_tree.join(&full);
            let tracked = head.get_path(Path::new(&full)).is_ok();
            if !tracked && fs::symlink_metadata(&on_disk).is_ok() {
                in_the_way.insert(full.clone());
            }
            // A file or a link where a folder should be.
            for folder in Path::new(&full).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
                let metadata = fs::symlink_metadata(self.work_tree.join(folder));
                if metadata.is_ok_and(|metadata| !metadata.is_dir()) {
                    in_the_way.insert(folder.display().to_string());
                }
            }
        }
        if in_the_way.is_empty() { Ok(()) } else { Err(WorkspaceError::InTheWay(in_the_way.into_iter().collect())) }
    }

    /// A new file or folder whose name differs from a tracked one by case alone would be the same one on other systems, and
    /// perhaps on this one.
    fn check_case(&self, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let index = self.repository.index().map_err(WorkspaceError::git("read the index"))?;
        let mut tracked: BTreeSet<_> =
            index.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).collect();
        let mut new = Vec::new();
        for (path, change) in &merge.changes {
            let path = self.in_repository(path);
            match change {
                Change::Remove => _ = tracked.remove(&path),
                Change::Write(_) | Change::Conflict(_) if tracked.contains(&path) => {}
                Change::Write(_) | Change::Conflict(_) => new.push(path),
            }
        }
        let spelled: HashMap<_, _> =
            tracked.iter().flat_map(|path| parts(path)).map(|part| (part.to_lowercase(), part)).collect();
        for part in new.iter().flat_map(|path| parts(path)) {
            match spelled.get(&part.to_lowercase()) {
                Some(ours) if *ours != part => {
                    return Err(WorkspaceError::CaseClash { new: part.to_owned(), ours: (*ours).to_owned() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes all content to the stage, and finds out whether it can be moved to its place.
    fn stage(&self, merge: &TreeMerge, stage: &Stage) -> Result<Vec<Move>, WorkspaceError> {
        let mut moves = Vec::new();
        let mut folders = BTreeSet::new();
        for (path, change) in &merge.changes {
            let target = self.on_disk_path(path);
            let new = match change {
                Change::Remove => None,
                Change::Write(file) => Some((file.bytes.clone(), file.executable)),
                Change::Conflict(conflict) => match shown(conflict) {
                    Some(shown) => Some(shown),
                    None => continue,
                },
            };
            let staged = match new {
                None => None,
                Some((bytes, executable)) => {
                    let content = line_ends::on_disk(&self.repository, Path::new(&self.in_repository(path)), &bytes);
                    Some(stage.add(moves.len(), &content, executable)?)
                }
            };
            folders.extend(target.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf));
            moves.push(Move { target, staged });
        }
        // What goes makes room first: where case does not tell names apart, a new name may be an old one.
        moves.sort_by_key(|Move { staged, .. }| staged.is_some());
        for folder in folders {
            // Nothing else knows whether it is permitted.
            tempfile::tempfile_in(&folder).map_err(WorkspaceError::io("write to", &folder))?;
        }
        Ok(moves)
    }

    fn index_path(&self) -> PathBuf {
        self.repository.path().join("index")
    }

    fn index_bytes(&self) -> Result<Option<Vec<u8>>, WorkspaceError> {
        match fs::read(self.index_path()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(WorkspaceError::io("read", self.index_path())(error)),
        }
    }

    fn restore_index(&self, index: &IndexFile, before: Option<&[u8]>) {
        // What cannot be restored here, `git reset --hard` restores.
        if let Some(bytes) = before {
            let _ = index.restore(bytes);
        }
        for state in ["CHERRY_PICK_HEAD", "MERGE_MSG"] {
            let _ = fs::remove_file(self.repository.path().join(state));
        }
    }

    fn write_index(&self, index: &IndexFile, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let failed = || WorkspaceError::git("write the index");
        let mut entries = Vec::new();
        for (path, change) in &merge.changes {
            let full = self.in_repository(path);
            let versions = match change {
                Change::Remove => vec![],
                Change::Write(file) => vec![(0, Some(file))],
                Change::Conflict(Conflict { base, ours, theirs, .. }) => {
                    vec![(1, base.as_ref()), (2, ours.as_ref()), (3, theirs.as_ref())]
                }
            };
            for (stage, file) in versions {
                if let Some(file) = file {
                    entries.push(entry(&self.repository, &full, file, stage).map_err(failed())?);
                }
            }
        }
        index.change(&|index| {
            for path in merge.changes.keys() {
                match index.remove_path(Path::new(&self.in_repository(path))) {
                    Err(error) if error.code() != ErrorCode::NotFound => return Err(failed()(error)),
                    _ => {}
                }
            }
            entries.iter().try_for_each(|entry| index.add(entry).map_err(failed()))
        })
    }

    /// Lets git see that what it finds on disk is what was staged: `git cherry-pick --abort` believes nothing else.
    fn refresh_index(&self, index: &IndexFile, merge: &TreeMerge) -> Result<(), WorkspaceError> {
        let failed = || WorkspaceError::git("write the index");
        index.change(&|index| {
            for (path, _) in merge.changes.iter().filter(|(_, change)| matches!(change, Change::Write(_))) {
                let Some(entry) = index.get_path(Path::new(&self.in_repository(path)), 0) else { continue };
                let on_disk = self.on_disk_path(path);
                let metadata = fs::symlink_metadata(&on_disk).map_err(WorkspaceError::io("look at", on_disk))?;
                let IndexEntry { mode, id, path, .. } = entry;
                index.add(&IndexEntry { mode, id, path, ..stat::entry(&metadata) }).map_err(failed())?;
            }
            Ok(())
        })
    }

    /// Leaves git in the state of `git cherry-pick`, so that `--continue`, `--abort` and every merge tool work.
    fn begin_cherry_pick(&self, application: Application<'_>) -> Result<(), WorkspaceError> {
        if application.merge.conflicts().next().is_none() {
            return Ok(());
        }
        let picked = self.synthetic_commit(application).map_err(WorkspaceError::git("write a commit"))?;
        let mut message = format!("{}\n\n# Conflicts:\n", application.subject);
        for (path, _) in application.merge.conflicts() {
            message.extend(["#\t", &self.in_repository(path), "\n"]);
        }
        for (name, text) in [("MERGE_MSG", message), ("CHERRY_PICK_HEAD", format!("{picked}\n"))] {
            let path = self.repository.path().join(name);
            fs::write(&path, text).map_err(WorkspaceError::io("write", path))?;
        }
        Ok(())
    }

    /// The commit that seems to be picked: from what the template made to what it makes. Only a conflict needs it.
    fn synthetic_commit(&self, application: Application<'_>) -> Result<Oid, git2::Error> {
        let repository = &self.repository;
        let author = repository.signature().or_else(|_| Signature::now("NeoForge", "neoforge@localhost"))?;
        let tree = |files: &FileTree| {
            let mut index = Index::new()?;
            for (path, file) in files {
                index.add(&entry(repository, &self.in_repository(path), file, 0)?)?;
            }
            repository.find_tree(index.write_tree_to(repository)?)
        };
        let subject = application.subject;
        let base =
            repository.commit(None, &author, &author, "What the template made", &tree(application.base)?, &[])?;
        let base = repository.find_commit(base)?;
        repository.commit(None, &author, &author, subject, &tree(application.theirs)?, &[&base])
    }
}

/// A path and the folders above it, from the outermost to the path itself.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at]).chain([path])
}

/// What a conflict looks like on disk; nothing when it stays as it is.
fn shown(conflict: &Conflict) -> Option<(Bytes, bool)> {
    let executable = conflict.ours.as_ref().or(conflict.theirs.as_ref()).is_some_and(|file| file.executable);
    match (&conflict.marked, &conflict.ours, &conflict.theirs) {
        (Some(text), ..) => Some((text.clone(), executable)),
        (None, None, Some(theirs)) => Some((theirs.bytes.clone(), executable)),
        (None, ..) => None,
    }
}

fn entry(repository: &Repository, path: &str, file: &File, stage: u16) -> Result<IndexEntry, git2::Error> {
    Ok(IndexEntry {
        mode: if file.executable { 0o100_755 } else { 0o100_644 },
        id: repository.blob(&file.bytes)?,
        // Where git keeps the stage of an entry.
        flags: stage << 12,
        path: path.as_bytes().to_vec(),
        ..stat::blank(0)
    })
}
