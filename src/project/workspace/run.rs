//! Git, run as the user has it: with their settings, filters and hooks.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::WorkspaceError;
use crate::process;

/// What the system and git say when a disk is full.
const FULL: [&str; 2] = ["No space left on device", "Out of diskspace"];

/// A command of git that is going to be run.
pub(super) struct Git {
    command: Command,
    arguments: Vec<OsString>,
    input: Vec<u8>,
    stdout: Stdio,
    /// What it is for, as a verb.
    action: &'static str,
}

/// What git said when it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) action: &'static str,
    pub(super) said: String,
}

/// Why there is no output.
pub(super) enum Failure {
    /// Git could not be run, or had no space.
    Broken(WorkspaceError),
    /// It said no.
    Refused(Refusal),
}

impl From<Failure> for WorkspaceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(error) => error,
            Failure::Refused(Refusal { action, said }) => Self::Refused { action, said },
        }
    }
}

impl Git {
    pub(super) fn new(folder: &Path, action: &'static str) -> Self {
        let mut command = process::command("git");
        // Its messages are read here, too. `LC_ALL` is left to the filters that git runs.
        command.current_dir(folder).env("LC_MESSAGES", "C").env("LANGUAGE", "C").stdin(Stdio::null());
        Self { command, arguments: Vec::new(), input: Vec::new(), stdout: Stdio::piped(), action }
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// With another index than that of the work tree: a plain one, which nobody else looks at.
    pub(super) fn index(mut self, index: &Path) -> Self {
        self.command.args(["-c", "core.splitIndex=false", "-c", "core.fsmonitor=false"]).env("GIT_INDEX_FILE", index);
        self
    }

    /// As if the user had set nothing about line ends.
    pub(super) fn plain_line_ends(mut self) -> Self {
        self.command.args(["-c", "core.autocrlf=false", "-c", "core.eol=lf"]);
        self
    }

    /// With new objects in another folder, which knows those of the repository by its `info/alternates`.
    pub(super) fn objects(mut self, folder: &Path) -> Self {
        self.command.env("GIT_OBJECT_DIRECTORY", folder);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn input(mut self, input: Vec<u8>) -> Self {
        self.input = input;
        self.command.stdin(Stdio::piped());
        self
    }

    /// Hands a lock on to git, which holds it until it has ended, even where this program is killed. What gets no input reads
    /// nothing from it, and what does prints nothing to it.
    pub(super) fn holding(mut self, lock: &File) -> Self {
        if let Ok(lock) = lock.try_clone() {
            if self.input.is_empty() {
                self.command.stdin(lock);
            } else {
                self.stdout = Stdio::from(lock);
            }
        }
        self
    }

    /// Runs it to its end, and gives what it printed.
    pub(super) fn output(self) -> Result<Vec<u8>, Failure> {
        let Self { mut command, arguments, input, stdout, action } = self;
        let folder = command.get_current_dir().unwrap_or(Path::new(".")).to_path_buf();
        let run = || -> io::Result<_> {
            let mut git = command.args(arguments).stdout(stdout).stderr(Stdio::piped()).spawn()?;
            let stdin = git.stdin.take();
            // Git may print before it has read everything. Where it does not read on, it says why.
            thread::scope(|scope| {
                scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(&input)));
                git.wait_with_output()
            })
        };
        let output = run().map_err(|error| {
            Failure::Broken(match error.kind() {
                io::ErrorKind::NotFound => WorkspaceError::NoGit,
                _ => WorkspaceError::io("run", "git")(error),
            })
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let [errors, printed] = [output.stderr, output.stdout].map(|text| words(&text));
        let said = match (errors.as_str(), printed.as_str()) {
            ("", "") => output.status.to_string(),
            (errors, "") => errors.to_owned(),
            ("", printed) => printed.to_owned(),
            (errors, printed) => format!("{printed}\n{errors}"),
        };
        if FULL.iter().any(|words| said.contains(words)) {
            return Err(Failure::Broken(WorkspaceError::Full(folder)));
        }
        Err(Failure::Refused(Refusal { action, said }))
    }

    /// The only line that it prints.
    pub(super) fn line(self) -> Result<String, Failure> {
        self.output().map(|printed| String::from_utf8_lossy(&printed).trim_end_matches('\n').to_owned())
    }
}

/// What git says, without the words that stand before each message.
fn words(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let message = |line: &str| line.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned();
    text.trim().lines().map(message).collect::<Vec<_>>().join("\n")
}
