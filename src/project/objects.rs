//! A template straight from the objects of a git repository on this machine, without a clone.

use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository, Tree};

use crate::tree::{File, FileTree, TreePath};

/// What git could change on the way from its objects to a disk, as `.gitattributes` names it.
const CONVERSIONS: [&str; 4] = ["filter", "eol", "ident", "working-tree-encoding"];

/// The modes of files in git's trees, of which it knows no others.
const EXECUTABLE: i32 = 0o100_755;
const SYMLINK: i32 = 0o120_000;

/// What Git LFS leaves in the place of a file that it keeps elsewhere begins with this.
pub(super) const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A commit, and what was read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The files.
    pub tree: FileTree,
    /// The commit, as 40 hexadecimal digits.
    pub commit: String,
    /// The branch that was named, if it was one.
    pub branch: Option<String>,
}

/// Reads the commit that `rev` names (the one that is checked out, for `None`) in the repository at `url`, and of `folder` in
/// it, or of all, those files and folders at the top that `keep` wants by name.
///
/// `None` where `url` is on another machine, or anything is not as simple as that: then a [`Checkout`](super::Checkout) has git do it,
/// and finds the words for what is wrong.
#[must_use]
pub fn read_commit(url: &str, rev: Option<&str>, folder: Option<&str>, keep: impl Fn(&str) -> bool) -> Option<Found> {
    let repository = Repository::open(path(url)?).ok()?;
    let (commit, branch) = find(&repository, rev).ok()?;
    let mut tree = commit.tree().ok()?;
    for name in folder.iter().flat_map(|folder| folder.split('/')) {
        check_attributes(&repository, &tree)?;
        let below = tree.get_name(name)?.to_object(&repository).ok()?;
        tree = below.into_tree().ok()?;
    }
    let mut files = FileTree::new();
    read(&repository, &tree, "", &keep, &mut files)?;
    Some(Found { tree: files, commit: commit.id().to_string(), branch })
}

/// The folder that `url` names, where it is one of this machine.
fn path(url: &str) -> Option<PathBuf> {
    let path = match url.strip_prefix("file://") {
        // Git takes `%20` for a blank.
        Some(path) if path.starts_with('/') && !path.contains('%') => path,
        Some(_) => return None,
        None => url,
    };
    Some(PathBuf::from(path)).filter(|path| path.is_dir())
}

/// As git looks for it in a repository that it fetches from; with the branch, where it is one.
fn find<'a>(repository: &'a Repository, rev: Option<&str>) -> Result<(Commit<'a>, Option<String>), git2::Error> {
    let Some(rev) = rev else { return Ok((repository.head()?.peel_to_commit()?, None)) };
    if rev.len() == 40
        && let Ok(id) = Oid::from_str(rev)
    {
        return Ok((repository.find_commit(id)?, None));
    }
    for name in [format!("refs/{rev}"), format!("refs/tags/{rev}"), format!("refs/heads/{rev}")] {
        match repository.find_reference(&name) {
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {}
            found => return Ok((found?.peel_to_commit()?, name.strip_prefix("refs/heads/").map(str::to_owned))),
        }
    }
    Err(git2::Error::from_str("no such revision"))
}

fn read(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
    keep: &dyn Fn(&str) -> bool,
    files: &mut FileTree,
) -> Option<()> {
    check_attributes(repository, tree)?;
    for entry in tree {
        let name = entry.name().ok()?;
        if folder.is_empty() && !keep(name) {
            continue;
        }
        let path = format!("{folder}{name}");
        match entry.kind() {
            Some(ObjectType::Tree) => {
                let below = repository.find_tree(entry.id()).ok()?;
                read(repository, &below, &format!("{path}/"), &|_| true, files)?;
            }
            Some(ObjectType::Blob) if entry.filemode() != SYMLINK => {
                let blob = repository.find_blob(entry.id()).ok()?;
                if blob.content().starts_with(LFS_POINTER) {
                    return None;
                }
                let bytes = blob.content().to_vec().into();
                files.insert(TreePath::parse(path).ok()?, File { bytes, executable: entry.filemode() == EXECUTABLE });
            }
            // Links and submodules.
            _ => return None,
        }
    }
    Some(())
}

/// Whether git writes the files of a folder to a disk as they are.
fn check_attributes(repository: &Repository, tree: &Tree<'_>) -> Option<()> {
    let Some(entry) = tree.get_path(Path::new(".gitattributes")).ok() else { return Some(()) };
    let blob = repository.find_blob(entry.id()).ok()?;
    let text = std::str::from_utf8(blob.content()).ok()?;
    (!CONVERSIONS.iter().any(|word| text.contains(word))).then_some(())
}
