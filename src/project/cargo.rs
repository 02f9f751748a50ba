//! Cargo, asked about lock files: in a folder of its own, which holds manifests, so that nothing of a project changes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use toml_edit::{DocumentMut, Item};

use crate::process;
use crate::tree::FileTree;

/// The tables of a manifest that name packages by the folder in which they are.
const PACKAGES: [&str; 5] = ["dependencies", "dev-dependencies", "build-dependencies", "patch", "replace"];

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
    /// Writes the files into a new folder; cargo will run as if in the folder `at`, and finds there the packages that are none
    /// of the files.
    ///
    /// # Errors
    /// [`CargoError::Io`]
    pub fn write(files: &FileTree, at: &Path) -> Result<Self, CargoError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| CargoError::Io { path, source }
        };
        let folder = tempfile::tempdir().map_err(failed(&std::env::temp_dir()))?;
        for (name, file) in files {
            let path = folder.path().join(name.as_str());
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(failed(parent))?;
            }
            let anchored = file.text().and_then(|text| anchored(name.as_str(), text, files, at));
            let bytes = anchored.as_deref().map_or(file.bytes.as_ref(), str::as_bytes);
            fs::write(&path, bytes).map_err(failed(&path))?;
        }
        for parent in parents_of_members(files) {
            let parent = folder.path().join(parent);
            let path = parent.join("README.md");
            fs::create_dir_all(&parent).map_err(failed(&parent))?;
            fs::write(&path, "").map_err(failed(&path))?;
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

/// The folders whose members are `folder/*`. Cargo takes such a pattern for a path where nothing at all matches it, while the
/// project may have a file there.
fn parents_of_members(files: &FileTree) -> Vec<String> {
    let manifest = files.get("Cargo.toml").and_then(|file| file.text()?.parse::<DocumentMut>().ok());
    let members = manifest.as_ref().and_then(|manifest| manifest.get("workspace")?.get("members")?.as_array());
    let patterns = members.into_iter().flatten().filter_map(|pattern| pattern.as_str()?.strip_suffix("/*"));
    patterns.map(ToOwned::to_owned).collect()
}

/// A manifest whose packages in folders that are none of the files are named from everywhere; nothing for other files.
fn anchored(path: &str, text: &str, files: &FileTree, at: &Path) -> Option<String> {
    let folder = match path.rsplit_once('/') {
        Some((folder, "Cargo.toml")) => folder,
        None if path == "Cargo.toml" => "",
        _ => return None,
    };
    let mut manifest: DocumentMut = text.parse().ok()?;
    let is_there = |path: &str| {
        inside(folder, path)
            .is_some_and(|path| files.get(format!("{path}/Cargo.toml").trim_start_matches('/')).is_some())
    };
    anchor(manifest.as_item_mut(), false, &|path| (!is_there(path)).then(|| at.join(folder).join(path)));
    Some(manifest.to_string())
}

fn anchor(item: &mut Item, holds_packages: bool, moved: &dyn Fn(&str) -> Option<PathBuf>) {
    let Some(table) = item.as_table_like_mut() else { return };
    for (key, item) in table.iter_mut() {
        if holds_packages
            && let Some(package) = item.as_table_like_mut()
            && let Some(path) = package.get("path").and_then(Item::as_str).and_then(moved)
        {
            package.insert("path", toml_edit::value(path.display().to_string()));
        }
        anchor(item, holds_packages || PACKAGES.contains(&key.get()), moved);
    }
}

/// The folder that `path` names, seen from `folder`; none where it leaves the tree.
fn inside(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
