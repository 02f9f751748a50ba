//! Cargo, asked about lock files: in a folder of its own, which holds manifests, so that nothing of a project changes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::process;
use crate::tree::FileTree;

/// A package or workspace that cargo can look at, in a temporary folder.
pub struct Manifests {
    folder: TempDir,
    /// Where cargo runs, so that it takes the toolchain and the settings of that folder.
    at: PathBuf,
}

/// Why cargo gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CargoError {
    /// It could not be started.
    #[error("failed to run cargo; install Rust from https://rustup.rs")]
    Missing(#[source] io::Error),
    /// It said no.
    #[error("`cargo {command}` failed: {said}")]
    Failed {
        /// Its arguments.
        command: String,
        /// What it said.
        said: String,
    },
    /// A file of the temporary folder.
    #[error("failed to write {}", .path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl CargoError {
    /// The first thing that cargo said, in one line.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Failed { said, .. } => {
                let line = said.lines().find(|line| line.starts_with("error")).or_else(|| said.lines().next());
                line.unwrap_or_default().trim_start_matches("error: ").trim().to_owned()
            }
            Self::Missing(_) | Self::Io { .. } => self.to_string(),
        }
    }
}

impl Manifests {
    /// Writes the files into a new folder; cargo will run as if in the folder `at`.
    ///
    /// # Errors
    /// [`CargoError::Io`]
    pub fn write(files: &FileTree, at: &Path) -> Result<Self, CargoError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| CargoError::Io { path, source }
        };
        let folder = tempfile::tempdir().map_err(failed(&std::env::temp_dir()))?;
        for (path, file) in files {
            let path = folder.path().join(path.as_str());
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed(parent))?;
            }
            fs::write(&path, &file.bytes).map_err(failed(&path))?;
        }
        Ok(Self { folder, at: at.to_path_buf() })
    }

    /// Runs cargo, and gives what it printed.
    ///
    /// # Errors
    /// [`CargoError`]: it is not there, or it failed.
    pub fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, CargoError> {
        let mut command = process::command("cargo");
        command.args(arguments).arg("--manifest-path").arg(self.folder.path().join("Cargo.toml"));
        // A toolchain that is missing would be downloaded, and colours are not for reading.
        command.env("RUSTUP_AUTO_INSTALL", "0").env("CARGO_TERM_COLOR", "never");
        let output = command.current_dir(&self.at).stdin(Stdio::null()).output().map_err(CargoError::Missing)?;
        let Output { status, stdout, stderr } = output;
        if status.success() {
            return Ok(stdout);
        }
        let said = String::from_utf8_lossy(&stderr).trim().to_owned();
        Err(CargoError::Failed { command: arguments.join(" "), said })
    }

    /// The lock file as cargo has left it.
    ///
    /// # Errors
    /// [`CargoError::Io`]
    pub fn lock(&self) -> Result<String, CargoError> {
        let path = self.folder.path().join("Cargo.lock");
        fs::read_to_string(&path).map_err(|source| CargoError::Io { path, source })
    }
}
