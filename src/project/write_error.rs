//! Why a project could not be written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a project cannot be written to its target. Whatever was staged is removed when this is returned.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum WriteError {
    #[error(
        "{} is not empty: it holds {}; choose another folder with --into, or remove it",
        .target.display(), Names(.entries, *.more)
    )]
    NotEmpty {
        target: PathBuf,
        /// The first names, sorted.
        entries: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    #[error("{} exists and is not a folder; choose another folder with --into, or remove it", .target.display())]
    NotAFolder { target: PathBuf },
    #[error("{} is a symbolic link to nothing; remove it, or choose another folder with --into", .target.display())]
    DanglingLink { target: PathBuf },
    #[error(
        "{} is the folder that you are in, and a new project replaces the folder; go to the folder above it, or choose \
         another with --into", .target.display()
    )]
    CurrentFolder { target: PathBuf },
    #[error(
        "{} is a mount point, which cannot be replaced by a project; choose a folder inside of it with --into",
        .target.display()
    )]
    MountPoint { target: PathBuf },
    #[error("there is no folder {}; create it, or choose another with --into", .parent.display())]
    ParentMissing { parent: PathBuf },
    #[error("{} is not a folder; choose another with --into", .parent.display())]
    ParentNotAFolder { parent: PathBuf },
    #[error("no permission to write {}; choose another folder with --into, or change whose folder it is", .path.display())]
    Denied { path: PathBuf },
    #[error("{} is on a read-only file system; choose another folder with --into", .path.display())]
    ReadOnly { path: PathBuf },
    #[error(
        "the disk is full at {}: the files of the project need {}, and git some more; free that much, or choose a \
         folder on another disk with --into", .path.display(), Size(*.needed)
    )]
    Full {
        path: PathBuf,
        /// Bytes of all files of the project.
        needed: usize,
    },
    #[error("the path {} is too long for this file system; choose a folder closer to the root with --into", .path.display())]
    TooLong { path: PathBuf },
    #[error("{} exists already; `.env` is never overwritten: remove it first if it should be written anew", .path.display())]
    Exists { path: PathBuf },
    #[error("interrupted; nothing was left behind")]
    Interrupted,
    #[error("failed to {action} {}", .path.display())]
    Io {
        /// What was tried, as a verb: `create`, `write`, `rename`.
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl WriteError {
    /// Tells the failures that a user can do something about from the others. `needed` is the number of bytes of the
    /// whole project.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error, needed: usize) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, needed },
            io::ErrorKind::InvalidFilename => Self::TooLong { path },
            _ => Self::Io { action, path, source },
        }
    }
}

/// "a, b and 3 more".
struct Names<'a>(&'a [String], usize);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))?;
        if self.1 > 0 {
            write!(f, " and {} more", self.1)?;
        }
        Ok(())
    }
}

/// A number of bytes for people: rounded up, so that it is enough.
struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEGA: usize = 1_000_000;
        match self.0 {
            bytes if bytes < MEGA => write!(f, "{} kB", bytes.div_ceil(1000)),
            bytes => write!(f, "{} MB", bytes.div_ceil(MEGA)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_do() {
        let error = WriteError::NotEmpty {
            target: PathBuf::from("shop"),
            entries: vec!["Cargo.toml".to_owned(), "src".to_owned()],
            more: 3,
        };
        assert_eq!(
            error.to_string(),
            "shop is not empty: it holds Cargo.toml, src and 3 more; choose another folder with --into, or remove it"
        );
        let full = WriteError::io("write", Path::new("shop"), io::ErrorKind::StorageFull.into(), 1_200_001);
        assert_eq!(
            full.to_string(),
            "the disk is full at shop: the files of the project need 2 MB, and git some more; free that much, or choose \
             a folder on another disk with --into"
        );
    }
}
