//! The process that cargo-generate's library runs in.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};
use serde::{Deserialize, Serialize};

use super::words::Words;
use super::{ForeignError, Request, identity};
use crate::interrupt::Interrupt;
use crate::process;

/// Time between two looks at whether the process has ended and whether the user has interrupted.
const POLL: Duration = Duration::from_millis(10);

/// What a template has become.
#[derive(Debug)]
pub struct Rendered {
    /// The project's folder.
    pub folder: PathBuf,
    /// What its maker and the template's hooks have to say.
    pub notes: Vec<String>,
}

/// What the process leaves behind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Folder(PathBuf),
    Error(String),
}

/// Renders a template. `scratch` is an empty folder, which holds whatever the other process leaves behind.
///
/// # Errors
/// What cargo-generate says, in our words.
pub fn render(request: &Request, scratch: &Path, interrupt: &Interrupt) -> Result<Rendered, ForeignError> {
    let path = scratch.join("request.toml");
    let text = toml::to_string(request).map_err(|error| ForeignError::Refused(error.to_string()))?;
    fs::write(&path, text).map_err(ForeignError::io("write", &path))?;
    let temporary = scratch.join("temporary");
    fs::create_dir(&temporary).map_err(ForeignError::io("create", &temporary))?;
    let printed = scratch.join("printed");

    let mut child = start(request, &path, &temporary, &printed)?;
    loop {
        if interrupt.is_set() {
            // It may have ended by itself, from the same Ctrl-C.
            let _ = child.kill();
            return Err(interrupted());
        }
        match child.try_wait() {
            Ok(None) => thread::sleep(POLL),
            // A prompt turns Ctrl-C into a signal for its own process alone.
            Ok(Some(status)) if was_interrupted(status) => return Err(interrupted()),
            Ok(Some(_)) => break,
            Err(error) => return Err(ForeignError::io("wait for", &path)(error)),
        }
    }

    let words = Words::new(&temporary, &request.destination);
    let printed = fs::read(&printed).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed);
    match read_outcome(&path) {
        Some(Outcome::Folder(folder)) => Ok(Rendered { folder, notes: words.notes(&printed) }),
        Some(Outcome::Error(_)) if request.ask => Err(ForeignError::Told { hint: "" }),
        Some(Outcome::Error(error)) => Err(ForeignError::Refused(words.error(&error))),
        // It panicked, which says why.
        None => Err(ForeignError::Refused(words.error(&printed))),
    }
}

fn start(
    request: &Request,
    path: &Path,
    temporary: &Path,
    printed: &Path,
) -> Result<Box<dyn ChildWrapper>, ForeignError> {
    let program = env::current_exe().map_err(ForeignError::io("find", Path::new("neoforge")))?;
    let mut command = process::command(&program);
    command.arg("cargo-generate").arg(path).envs(identity::variables());
    for variable in ["TMPDIR", "TMP", "TEMP"] {
        command.env(variable, temporary);
    }
    if !request.ask {
        let file = File::create(printed).map_err(ForeignError::io("create", printed))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        // By its marks we tell warnings from the rest.
        if !env::var("LANG").is_ok_and(|language| language.to_uppercase().ends_with("UTF-8")) {
            command.env("LANG", "C.UTF-8");
        }
    }
    let mut command = CommandWrap::from(command);
    // Whoever asks in a terminal must belong to the group that the terminal belongs to.
    if !request.ask {
        #[cfg(unix)]
        command.wrap(process_wrap::std::ProcessGroup::leader());
    }
    #[cfg(windows)]
    command.wrap(process_wrap::std::JobObject);
    command.spawn().map_err(ForeignError::io("start", &program))
}

/// Brings back the cursor, which an interrupted prompt leaves hidden.
fn interrupted() -> ForeignError {
    let _ = console::Term::stderr().show_cursor();
    ForeignError::Interrupted
}

#[cfg(unix)]
fn was_interrupted(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGINT: i32 = 2;
    status.signal() == Some(SIGINT)
}

#[cfg(not(unix))]
fn was_interrupted(status: std::process::ExitStatus) -> bool {
    // STATUS_CONTROL_C_EXIT
    status.code() == Some(-1_073_741_510)
}

fn outcome(request: &Path) -> PathBuf {
    request.with_file_name("outcome.json")
}

fn read_outcome(request: &Path) -> Option<Outcome> {
    serde_json::from_slice(&fs::read(outcome(request)).ok()?).ok()
}

/// The other side of [`render`].
pub(super) fn serve(path: &Path) -> Result<(), ForeignError> {
    let text = fs::read_to_string(path).map_err(ForeignError::io("read", path))?;
    let request: Request = toml::from_str(&text)
        .map_err(|error| ForeignError::Config { path: path.to_path_buf(), reason: error.to_string() })?;
    #[cfg(feature = "cargo-generate-templates")]
    let made = super::call::generate(&request, path);
    #[cfg(not(feature = "cargo-generate-templates"))]
    let made: Result<PathBuf, String> =
        Err(ForeignError::NotBuilt { template: request.root.display().to_string() }.to_string());
    let made = made.map_or_else(Outcome::Error, Outcome::Folder);
    let outcome = outcome(path);
    let json = serde_json::to_vec(&made).map_err(|error| ForeignError::Refused(error.to_string()))?;
    fs::write(&outcome, json).map_err(ForeignError::io("write", &outcome))
}
