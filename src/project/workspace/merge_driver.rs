//! Telling git about the program that merges lock files: `.gitattributes` names it for everybody, but what it runs stands in the
//! settings of each clone, so that nobody runs what a repository says.

use super::run::{Failure, Refusal};
use super::{Workspace, WorkspaceError};

/// The file that `.gitattributes` asks a driver for.
const FILE: &str = "Cargo.lock";

/// The value of its attribute `merge`.
const NAME: &str = "neoforge";

/// What git runs. The driver comes first: git gives up on one that has a name and no command.
///
/// Where the program is missing, or has no answer, the same line has git merge the text, so that nobody is worse off than
/// without it. Git fills in the labels of the markers since 2.44; before, it hands on the placeholders.
const SETTINGS: [(&str, &str); 2] = [
    (
        "merge.neoforge.driver",
        "command -v neoforge >/dev/null && neoforge merge-driver %O %A %B %P && exit; \
         set -- %X %S %Y; case $1 in [%]X) set -- ours base theirs; esac; \
         git merge-file --marker-size=%L -L \"$1\" -L \"$2\" -L \"$3\" %A %O %B || exit 1",
    ),
    ("merge.neoforge.name", "NeoForge, package by package"),
];

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
        match self.git("read its settings", ["config", "--get", SETTINGS[0].0]).output() {
            Ok(_) => Ok(false),
            // It says nothing where there is no such setting.
            Err(Failure::Refused(_)) => {
                SETTINGS.iter().try_for_each(|(key, value)| self.set(key, value)).map(|()| true)
            }
            Err(failure) => Err(failure.into()),
        }
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
