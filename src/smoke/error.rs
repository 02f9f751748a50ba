//! What keeps a smoke test from coming to a result.

use std::io;
use std::path::PathBuf;

use crate::interrupt::Interrupted;

/// Why there is no report. A project that does not work is not an error: it has a report that says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody pressed Ctrl-C or asked the program to end; every process has been killed.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// There is no project.
    #[error("no project at {}; name the folder that `neoforge new` made", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder for the logs cannot be made.
    #[error("cannot make the folder for the logs, {}", path.display())]
    LogFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A log cannot be written.
    #[error("cannot write the log {}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The scratch folder cannot be made.
    #[error("cannot make a scratch folder in {}", path.display())]
    Scratch {
        /// The folder for temporary files.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system does not tell how a process is doing, or does not take a signal for it.
    #[error("cannot control the process of `{command}`")]
    Control {
        /// The command.
        command: String,
        /// What the system says.
        source: io::Error,
    },
}
