//! Makes a folder hold exactly a tree.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Repository, Status};

use crate::tree::{File, FileTree};

/// A folder could not be brought into step.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} {}", .path.display())]
pub struct MirrorError {
    action: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

/// Writes what differs between `stands` and `should` into `folder`, and removes what only `stands` has, with the folders that
/// this empties. Files that are in neither are left alone.
///
/// # Errors
/// The first file that cannot be written or removed.
pub fn mirror(stands: &FileTree, should: &FileTree, folder: &Path) -> Result<(), MirrorError> {
    let fail = |action, path: &Path| {
        let path = path.to_owned();
        move |source| MirrorError { action, path, source }
    };
    for (path, _) in stands {
        if should.get(path.as_str()).is_none() {
            let file = folder.join(path.as_str());
            fs::remove_file(&file).map_err(fail("remove", &file))?;
            let mut parents: Vec<&str> = path.ancestors().collect();
            while let Some(parent) = parents.pop() {
                // A folder that holds something else stays.
                if fs::remove_dir(folder.join(parent)).is_err() {
                    break;
                }
            }
        }
    }
    for (path, file) in should {
        if stands.get(path.as_str()) == Some(file) {
            continue;
        }
        let target = folder.join(path.as_str());
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(fail("make the folder", parent))?;
        }
        write(&target, file).map_err(fail("write", &target))?;
    }
    Ok(())
}

/// Those of `paths` below `folder` that the repository around it does not track; none where there is no repository.
#[must_use]
pub fn untracked<'a>(folder: &Path, paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let found = folder.canonicalize().ok().zip(Repository::discover(folder).ok());
    let Some((folder, repository)) = found else { return Vec::new() };
    let work_tree = repository.workdir().and_then(|top| top.canonicalize().ok());
    let Some(inside) = work_tree.and_then(|top| Some(folder.strip_prefix(top).ok()?.to_path_buf())) else {
        return Vec::new();
    };
    let unknown = |path: &&str| {
        let status = repository.status_file(&inside.join(path));
        status.is_ok_and(|status| status.intersects(Status::WT_NEW | Status::IGNORED))
    };
    paths.filter(unknown).collect()
}

fn write(target: &Path, file: &File) -> std::io::Result<()> {
    fs::write(target, &file.bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = fs::metadata(target)?.permissions();
        let mode = permissions.mode();
        permissions.set_mode(if file.executable { mode | 0o111 } else { mode & !0o111 });
        fs::set_permissions(target, permissions)?;
    }
    Ok(())
}
