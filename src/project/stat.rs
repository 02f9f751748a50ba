//! What git keeps of a file to see whether it has changed.

use std::fs;

use git2::{IndexEntry, IndexTime};

/// What git compares to see whether a file has changed. Its fields have 32 bits, and it compares what is left of a larger
/// number.
#[cfg(unix)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "git keeps the lower 32 bits")]
pub(super) fn entry(metadata: &fs::Metadata) -> IndexEntry {
    use std::os::unix::fs::MetadataExt;
    IndexEntry {
        ctime: IndexTime::new(metadata.ctime() as i32, metadata.ctime_nsec() as u32),
        mtime: IndexTime::new(metadata.mtime() as i32, metadata.mtime_nsec() as u32),
        dev: metadata.dev() as u32,
        ino: metadata.ino() as u32,
        uid: metadata.uid(),
        gid: metadata.gid(),
        ..blank(metadata.len() as u32)
    }
}

/// Without the numbers of a unix, git reads each file once more at its first look.
#[cfg(not(unix))]
#[expect(clippy::cast_possible_truncation, reason = "git keeps the lower 32 bits")]
pub(super) fn entry(metadata: &fs::Metadata) -> IndexEntry {
    blank(metadata.len() as u32)
}

pub(super) fn blank(file_size: u32) -> IndexEntry {
    let none = IndexTime::new(0, 0);
    IndexEntry {
        ctime: none,
        mtime: none,
        dev: 0,
        ino: 0,
        mode: 0,
        uid: 0,
        gid: 0,
        file_size,
        id: git2::Oid::ZERO_SHA1,
        flags: 0,
        flags_extended: 0,
        path: Vec::new(),
    }
}
