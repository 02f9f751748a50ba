//! Telling git about the program that merges the files in which features meet: `.gitattributes` names it for everybody, but what it runs stands in the
//! settings of each clone, so that nobody runs what a repository says.

use std::path::Path;
use std::process::{Command, Stdio};

use git2::{AttrCheckFlags, ErrorCode};

use super::{Workspace, WorkspaceError};

/// The file that `.gitattributes` asks a driver for.
const FILE: &str = "Cargo.lock";

/// The value of its attribute `merge`.
const NAME: &str = "neoforge";

/// How a line begins that an earlier version of the program has set.
const OURS: &str = "command -v neoforge >/dev/null && neoforge merge-driver ";

/// What git runs. The driver comes first: git gives up on one that has a name and no command.
///
/// Where the program is missing, or has no answer, the same line has git merge the text, so that nobody is worse off than
/// without it. Git fills in the labels of the markers since 2.44; before, it hands on the placeholders.
const SETTINGS: [(&str, &str); 2] = [
    (
        "merge.neoforge.driver",
        "if command -v neoforge >/dev/null; then neoforge merge-driver %O %A %B %P; \
         case $? in 0) exit 0;; 3) exit 1;; esac; fi; \
         set -- %X %S %Y; case $1 in [%]X) set -- ours base theirs; esac; \
         git merge-file --marker-size=%L -L \"$1\" -L \"$2\" -L \"$3\" %A %O %B || exit 1",
    ),
    ("merge.neoforge.name", "NeoForge, entry by entry"),
];

/// Whether git merges three files without a conflict, line by line.
#[must_use]
pub fn lines_merge(ours: &Path, ancestor: &Path, theirs: &Path) -> bool {
    let mut git = Command::new("git");
    git.args(["merge-file", "--stdout", "--quiet"]).args([ours, ancestor, theirs]);
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

impl Workspace {
    /// Makes sure that git knows how to run the driver, if the project asks for it and nobody has said how. Gives whether it was
    /// told just now.
    ///
    /// # Errors
    /// [`WorkspaceError`]: the settings of the repository cannot be read or written.
    pub fn set_merge_driver(&self) -> Result<bool, WorkspaceError> {
        let path = format!("{}{FILE}", self.prefix);
        let asked = self.repository.get_attr(Path::new(&path), "merge", AttrCheckFlags::FILE_THEN_INDEX);
        if asked.map_err(WorkspaceError::git("read .gitattributes"))? != Some(NAME) {
            return Ok(false);
        }
        let failed = || WorkspaceError::git("read its settings");
        let settings = self.repository.config().and_then(|mut settings| settings.snapshot()).map_err(failed())?;
        let is_told = match settings.get_bytes(SETTINGS[0].0) {
            Ok(line) => line == SETTINGS[0].1.as_bytes() || !line.starts_with(OURS.as_bytes()),
            Err(error) if error.code() == ErrorCode::NotFound => false,
            Err(error) => return Err(failed()(error)),
        };
        if !is_told {
            SETTINGS.iter().try_for_each(|(key, value)| self.set(key, value))?;
        }
        Ok(!is_told)
    }

    /// Git itself writes, because it keeps the mode of a file that may hold secrets.
    fn set(&self, key: &str, value: &str) -> Result<(), WorkspaceError> {
        let path = self.repository.commondir().join("config");
        let run = Command::new("git")
            .args(["config", "--file"])
            .arg(&path)
            .args([key, value])
            .stdin(Stdio::null())
            .output()
            .map_err(WorkspaceError::io("run git for", &path))?;
        if run.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&run.stderr).trim().to_owned();
        Err(WorkspaceError::Settings { path, said })
    }
}
