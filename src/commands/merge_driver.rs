//! `neoforge merge-driver`: one file of a merge that git makes, merged as a change of a project is; and how git gets to know it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Exit;
use crate::cli::MergeDriver;
use crate::merge::{Labels, Merged, merge_file};
use crate::project::Workspace;
use crate::tree::File;
use crate::ui::Out;

/// Ends with [`Exit::Conflicts`] where it cannot merge, and leaves the file to what the driver's line calls next: git itself.
pub(super) fn run(args: &MergeDriver) -> Result<Exit> {
    let [ancestor, ours, theirs] = [read(&args.ancestor)?, read(&args.ours)?, read(&args.theirs)?];
    // Git has no other way to say that both sides have made the file.
    let ancestor = Some(ancestor).filter(|file| !file.bytes.is_empty());
    // Nobody sees them: the conflicts that are left are those of git.
    let labels = Labels { base: "base", ours: "ours", theirs: "theirs" };
    match merge_file(&args.path.to_string_lossy(), ancestor.as_ref(), &ours, &theirs, &labels) {
        Merged::Clean(file) => {
            replace(&args.ours, &file.bytes).with_context(|| format!("failed to write {}", args.ours.display()))?;
            Ok(Exit::Done)
        }
        Merged::Conflict(_) => Ok(Exit::Conflicts),
    }
}

/// Lets git in the repository of a project run this program for lock files, if the project asks for it. No command fails for it.
pub(super) fn enable(project: &Path, is_news: bool, out: &mut Out) {
    match Workspace::without_record(project).and_then(|workspace| workspace.set_merge_driver()) {
        Ok(told) if told && is_news => out.note(
            "from now on, git merges Cargo.lock package by package in this clone: `git config --get-regexp merge.neoforge` \
             shows how",
        ),
        Ok(_) => {}
        Err(error) => out.note(format_args!("git will merge Cargo.lock line by line in this clone: {error}")),
    }
}

fn read(path: &Path) -> Result<File> {
    let bytes = fs::read(path).with_context(|| format!("failed to read {}", path.display()))?;
    Ok(File::plain(bytes))
}

/// Writes the file in one step: git's own merge begins from it where this one fails.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".merge_file_").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error).map(drop)
}
