//! The folder with one log for each process.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;

/// Marks cargo's target directory as a cache for backup programs. Cargo only writes it when it makes the folder itself,
/// and the logs may come first.
const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder can be built anew.\n";

/// Hands out the paths of logs.
pub(super) struct Logs {
    folder: PathBuf,
    used: BTreeSet<String>,
}

impl Logs {
    /// Makes the folder, and the target directory around it where there is none yet; git ignores what is in them, whatever
    /// the project's own `.gitignore` says.
    pub(super) fn create(folder: &Path) -> Result<Self, Error> {
        make(folder).map_err(|source| Error::LogFolder { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned(), used: BTreeSet::new() })
    }

    /// A path that no other step of this run has. The log of an earlier run is overwritten.
    pub(super) fn path(&mut self, step: &str) -> PathBuf {
        let slug = slug(step);
        let mut name = slug.clone();
        let mut number = 2;
        while !self.used.insert(name.clone()) {
            name = format!("{slug}-{number}");
            number += 1;
        }
        self.folder.join(format!("{name}.log"))
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let target = folder.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "target"));
    let new_target = target.filter(|target| !target.exists());
    fs::create_dir_all(folder)?;
    if let Some(target) = new_target {
        fs::write(target.join("CACHEDIR.TAG"), CACHE_TAG)?;
    }
    fs::write(new_target.unwrap_or(folder).join(".gitignore"), "*\n")
}

/// Letters and digits, everything else one hyphen.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().take(60) {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "step".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Logs, slug};

    #[test]
    fn names_of_steps_become_names_of_files() {
        assert_eq!(slug("clippy --all-targets -D warnings"), "clippy-all-targets-d-warnings");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("…"), "step");
    }

    #[test]
    fn logs_do_not_share_a_file_and_cannot_be_committed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = folder.path().join("target/neoforge-smoke");
        let mut logs = Logs::create(&dir).expect("a folder");
        assert_eq!(logs.path("Build"), dir.join("build.log"));
        assert_eq!(logs.path("build"), dir.join("build-2.log"));
        let target = folder.path().join("target");
        assert_eq!(std::fs::read_to_string(target.join(".gitignore")).expect("a file"), "*\n");
        assert!(target.join("CACHEDIR.TAG").is_file());

        std::fs::remove_file(target.join(".gitignore")).expect("cargo makes no such file");
        Logs::create(&dir).expect("the folder");
        assert_eq!(std::fs::read_to_string(dir.join(".gitignore")).expect("a file"), "*\n");
        assert!(!target.join(".gitignore").exists(), "a folder that stood there is left as it is");
    }
}
