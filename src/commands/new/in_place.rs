//! A project of another tool's template that is made in a folder that is there.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use walkdir::WalkDir;

use crate::plan::PlainProject;

/// What decides how Rust files are formatted.
const FORMATTED_BY: [&str; 3] = [".rustfmt.toml", "Cargo.toml", "rustfmt.toml"];

/// Lets files of the folder in place decide how the new ones are formatted, as they will once they stand beside each other.
pub(super) fn lend(target: &Path, staged: &Path) -> Result<Vec<&'static str>> {
    let mut lent = FORMATTED_BY.to_vec();
    lent.retain(|name| target.join(name).is_file());
    for name in &lent {
        fs::copy(target.join(name), staged.join(name)).with_context(|| format!("failed to copy {name}"))?;
    }
    Ok(lent)
}

pub(super) fn take_back(project: &Path, lent: &[&str]) -> Result<()> {
    for name in lent {
        fs::remove_file(project.join(name)).with_context(|| format!("failed to remove the copy of {name}"))?;
    }
    Ok(())
}

/// Moves the files of a plan to their folder; all of them, or none. Empty folders come along.
pub(super) fn move_into(from: &Path, plan: &PlainProject) -> Result<()> {
    for entry in WalkDir::new(from).into_iter().flatten().filter(|entry| entry.file_type().is_dir()) {
        let folder = plan.target.join(entry.path().strip_prefix(from).unwrap_or(entry.path()));
        fs::create_dir_all(&folder).with_context(|| format!("failed to make the folder {}", folder.display()))?;
    }
    let mut moved = Vec::new();
    for file in &plan.files {
        let to = plan.target.join(&file.path);
        let result = match to.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => fs::rename(from.join(&file.path), &to),
        };
        if let Err(error) = result {
            for path in &moved {
                let _ = fs::remove_file(path);
            }
            return Err(error).with_context(|| format!("failed to write {}; nothing was written", to.display()));
        }
        moved.push(to);
    }
    Ok(())
}
