//! File systems with something wrong, for tests that run as root on Linux.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small file system in memory, unmounted when dropped.
pub(crate) struct Mount {
    path: PathBuf,
}

impl Mount {
    /// Mounts a tmpfs with `options` at `path`; `None`, and a note on the output, where that is not permitted.
    #[expect(clippy::print_stdout, reason = "what was not tested must not look tested")]
    pub(crate) fn tmpfs(path: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(path).expect("a folder to mount on");
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(path)
            .stderr(Stdio::null())
            .status();
        if status.is_ok_and(|status| status.success()) {
            return Some(Self { path: path.to_path_buf() });
        }
        println!("SKIPPED: a tmpfs can only be mounted by root on Linux");
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.path).status();
    }
}
