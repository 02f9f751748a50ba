//! Telling git about the program that merges the files in which features meet: `.gitattributes` names it for everybody, but what it runs stands in the
//! settings of each clone, so that nobody runs what a repository says.

use std::path::Path;
use std::process::Stdio;

use super::run::{Failure, Refusal};
use super::{Workspace, WorkspaceError};
use crate::process;

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
    let git = process::command("git")
        .args(["merge-file", "--stdout", "--quiet"])
        .args([ours, ancestor, theirs])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    git.is_ok_and(|status| status.success())
}

impl Workspace {
    /// Makes sure that git knows how to run the driver, if the project asks for it and nobody has said how. Gives whether it was
    /// told just now.
    ///
    /// # Errors
    /// [`WorkspaceError`]: the settings of the repository cannot be read or written.
    pub fn set_merge_driver(&self) -> Result<bool, WorkspaceError> {
        let path = format!("{}{FILE}", self.prefix);
        let asked = self.git("read .gitattributes", ["check-attr", "-z", "merge", "--", &path]).output()?;
        if asked.split(|byte| *byte == 0).nth(2) != Some(NAME.as_bytes()) {
            return Ok(false);
        }
        let is_told = match self.git("read its settings", ["config", "--get", SETTINGS[0].0]).line() {
            Ok(line) => line == SETTINGS[0].1 || !line.starts_with(OURS),
            // It says nothing where there is no such setting.
            Err(Failure::Refused(_)) => false,
            Err(failure) => return Err(failure.into()),
        };
        if !is_told {
            SETTINGS.iter().try_for_each(|(key, value)| self.set(key, value))?;
        }
        Ok(!is_told)
    }

    /// To the settings of all work trees.
    fn set(&self, key: &str, value: &str) -> Result<(), WorkspaceError> {
        let path = self.common_folder.join("config");
        let set =
            self.git("write its settings", ["config", "--file"]).args([path.as_os_str()]).args([key, value]).output();
        set.map(drop).map_err(|failure| match failure {
            Failure::Refused(Refusal { said, .. }) => WorkspaceError::Settings { path, said },
            Failure::Broken(error) => error,
        })
    }
}
