use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::Stdio,
};

use anstream::adapter::strip_str;
use anyhow::Context;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Command,
};

/// Builds the application. What cargo says goes to the terminal; where there is no executable, it is returned as well.
pub async fn build(root: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command
        .args(["build", "--bin", "app", "--message-format", "json-render-diagnostics"])
        .current_dir(root)
        // Its bar would stand before the errors, where somebody has it always shown.
        .env("CARGO_TERM_PROGRESS_WHEN", "never")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if env::var_os("CARGO_TERM_COLOR").is_none() && io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut process = command.spawn().context("cargo cannot be started")?;
    let log = process.stderr.take().context("cargo has no standard error")?;
    let (output, log) = tokio::try_join!(process.wait_with_output(), pass_on(log))?;
    if !output.status.success() {
        return Ok(Err(failure(&log)));
    }
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(executable).context("there is no binary `app`")?;
    Ok(Ok(executable))
}

/// Prints each line as it comes, and returns them all without colours.
async fn pass_on(log: impl AsyncRead + Unpin) -> io::Result<String> {
    let mut lines = BufReader::new(log).split(b'\n');
    let mut text = String::new();
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        text += &strip_str(&line).to_string();
        text.push('\n');
    }
    Ok(text)
}

/// The log without the crates that were compiled before the first error.
fn failure(log: &str) -> String {
    let start = if log.starts_with("error") { 0 } else { log.find("\nerror").map_or(0, |line_end| line_end + 1) };
    log[start..].to_owned()
}

/// One line of what cargo reports: perhaps the application that it has made.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["target"]["name"] != "app" {
        return None;
    }
    message["executable"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::failure;

    #[test]
    fn a_failure_begins_with_the_first_error() {
        assert_eq!(failure("   Compiling a\nwarning: b\nerror[E1]: c\n --> d\n"), "error[E1]: c\n --> d\n");
        assert_eq!(failure("error: a\nerror: b\n"), "error: a\nerror: b\n");
        assert_eq!(failure("killed\n"), "killed\n");
    }
}
