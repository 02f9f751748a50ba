//! A folder on disk as a [`FileTree`].

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use walkdir::{DirEntry, WalkDir};

use super::parallel;
use crate::tree::{File, FileTree, PathError, TreePath};

/// Why a folder cannot be read as a tree. Every path is shown as it was found on disk.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ReadError {
    #[error("there is no folder {}; check the path", .path.display())]
    Missing { path: PathBuf },
    #[error("{} is not a folder; give the folder that holds the files", .path.display())]
    NotAFolder { path: PathBuf },
    #[error("{} is a symbolic link, which not every platform has; put a copy in its place", .path.display())]
    Symlink { path: PathBuf },
    #[error("{} is neither a file nor a folder; move it out of the folder", .path.display())]
    Special { path: PathBuf },
    #[error("the name of {} is not UTF-8, which not every platform can write; rename it", .path.display())]
    NotUtf8 { path: PathBuf },
    #[error("{} cannot be used", .path.display())]
    BadPath { path: PathBuf, source: PathError },
    #[error("{} may not be read; `chmod -R u+rX` on the folder helps where it is yours", .path.display())]
    Denied { path: PathBuf },
    #[error("failed to read {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl ReadError {
    /// What cannot be read.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::NotAFolder { path }
            | Self::Symlink { path }
            | Self::Special { path }
            | Self::NotUtf8 { path }
            | Self::BadPath { path, .. }
            | Self::Denied { path }
            | Self::Io { path, .. } => path,
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            io::ErrorKind::NotADirectory => Self::NotAFolder { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Reads all files below `folder` into memory, each once, and leaves out the `.git` at the top.
///
/// A file is executable if one of its execute bits is set; on a platform without them, if it begins with `#!/`.
/// Empty folders are not kept, as in git.
///
/// # Errors
/// [`ReadError`]: whatever cannot be kept faithfully is refused by name, never skipped.
pub fn read_tree(folder: &Path) -> Result<FileTree, ReadError> {
    read_part(folder, |_| true)
}

/// As [`read_tree`], but of the files and folders at the top only those that `keep` wants by name. The others are not even
/// looked at.
///
/// # Errors
/// As [`read_tree`].
pub fn read_part(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<FileTree, ReadError> {
    let found: Vec<_> = find(folder, &keep)?.into_iter().collect::<Result<_, _>>()?;
    let files = parallel::map(&found, |(path, _)| read(path))?;
    Ok(found.into_iter().map(|(_, path)| path).zip(files).collect())
}

/// As [`read_part`], but goes on behind what cannot be kept, and names all of it.
///
/// # Errors
/// [`ReadError`]: the folder itself is not there.
pub fn read_what_there_is(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<(FileTree, Vec<ReadError>), ReadError> {
    let (mut tree, mut errors) = (FileTree::new(), Vec::new());
    for found in find(folder, &keep)? {
        match found.and_then(|(path, inside)| Ok((inside, read(&path)?))) {
            Ok((path, file)) => _ = tree.insert(path, file),
            Err(error) => errors.push(error),
        }
    }
    Ok((tree, errors))
}

/// The paths of all files below `folder`: on disk, and in the tree.
type Found = Vec<Result<(PathBuf, TreePath), ReadError>>;

fn find(folder: &Path, keep: &dyn Fn(&str) -> bool) -> Result<Found, ReadError> {
    if !fs::metadata(folder).map_err(|error| ReadError::io(folder, error))?.is_dir() {
        return Err(ReadError::NotAFolder { path: folder.to_path_buf() });
    }
    let mut found = Vec::new();
    // Sorted, so that of several errors it is always the same one that is reported.
    let walk = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    let kept = |name: &str| name != ".git" && keep(name);
    for entry in walk.filter_entry(|entry| entry.depth() != 1 || entry.file_name().to_str().is_none_or(kept)) {
        let kept = entry
            .map_err(|error| {
                let path = error.path().unwrap_or(folder).to_path_buf();
                ReadError::io(&path, error.into())
            })
            .and_then(|entry| kept_as(folder, entry));
        found.extend(kept.transpose());
    }
    Ok(found)
}

/// A file as it is found; nothing for a folder.
fn kept_as(folder: &Path, entry: DirEntry) -> Result<Option<(PathBuf, TreePath)>, ReadError> {
    let kind = entry.file_type();
    if kind.is_symlink() {
        return Err(ReadError::Symlink { path: entry.into_path() });
    }
    if entry.file_name().to_str().is_none() {
        return Err(ReadError::NotUtf8 { path: entry.into_path() });
    }
    if kind.is_dir() {
        return Ok(None);
    }
    if !kind.is_file() {
        // Opening a named pipe would wait for ever.
        return Err(ReadError::Special { path: entry.into_path() });
    }
    let path = entry.into_path();
    let inside = tree_path(folder, &path)?;
    Ok(Some((path, inside)))
}

fn tree_path(folder: &Path, path: &Path) -> Result<TreePath, ReadError> {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let names: Vec<_> = relative.iter().map(|name| name.to_string_lossy()).collect();
    TreePath::parse(names.join("/")).map_err(|source| ReadError::BadPath { path: path.to_path_buf(), source })
}

fn read(path: &Path) -> Result<File, ReadError> {
    let content = || {
        let mut file = fs::File::open(path)?;
        let metadata = file.metadata()?;
        // Room for the whole file at once: a vector that grows would hold a large file twice.
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(metadata.len()).unwrap_or(usize::MAX))?;
        file.read_to_end(&mut bytes)?;
        let executable = is_executable(&metadata, &bytes);
        Ok(File { bytes: Bytes::from(bytes), executable })
    };
    content().map_err(|error| ReadError::io(path, error))
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata, _bytes: &[u8]) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata, bytes: &[u8]) -> bool {
    // A Rust file may begin with `#![`.
    bytes.starts_with(b"#!/")
}
