//! Starting other programs: git, cargo, and whatever these start in turn.

use std::ffi::OsStr;
use std::process::Command;

/// What makes git work on another repository than that of the folder it runs in. Git sets them for its hooks and for what
/// `git rebase --exec` runs, and whoever calls NeoForge there does not mean that repository. Settings (`GIT_CONFIG_*`) and
/// identities (`GIT_AUTHOR_*`) are no part of it.
const OF_A_REPOSITORY: [&str; 22] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_ATTR_SOURCE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// A command that works on the repository of its folder, whatever the caller's environment says. Every program that NeoForge
/// starts is one of these.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in OF_A_REPOSITORY {
        command.env_remove(variable);
    }
    command
}
