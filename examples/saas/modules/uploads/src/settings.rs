//! The variables of this module.

use std::path::PathBuf;

use kernel::config::{Reader, Settings};

const MIB: u64 = 1024 * 1024;

#[derive(Clone, Debug)]
pub struct UploadSettings {
    pub folder: PathBuf,
    /// How many bytes of the disk stay free for others, the database above all.
    pub reserve: u64,
    pub max_bytes: u64,
    pub quota_bytes: u64,
    pub quota_files: u64,
    /// How many files may arrive at the same time, in this process.
    pub at_once: usize,
    /// And of one person.
    pub at_once_each: usize,
}

impl Settings for UploadSettings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut number = |key, default| reader.read(key, "a whole number", default);
        let reserve = number("UPLOADS_DISK_RESERVE_BYTES", 512 * MIB);
        let max_bytes = number("UPLOAD_MAX_BYTES", 25 * MIB);
        let quota_bytes = number("UPLOAD_QUOTA_BYTES", 1024 * MIB);
        let quota_files = number("UPLOAD_QUOTA_FILES", 10_000);
        let at_once = reader.positive("UPLOADS_AT_ONCE", 16).into();
        let at_once_each = reader.positive("UPLOADS_AT_ONCE_PER_USER", 3).into();
        let folder = reader.read("UPLOADS_FOLDER", "the path of a folder", PathBuf::from("data/uploads"));
        Some(Self { folder, reserve, max_bytes, quota_bytes, quota_files, at_once, at_once_each })
    }
}
