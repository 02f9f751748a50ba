use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::Context;
use serde_json::Value;
use tokio::process::Command;

/// Builds the application. Where it does not compile, cargo has said why, and there is no executable.
pub async fn build(root: &Path) -> anyhow::Result<Option<PathBuf>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["build", "--bin", "app", "--message-format", "json-render-diagnostics"])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cargo cannot be started")?
        .wait_with_output()
        .await?;
    if !output.status.success() {
        return Ok(None);
    }
    let messages = String::from_utf8(output.stdout)?;
    let executable = messages.lines().find_map(executable).context("there is no binary `app`")?;
    Ok(Some(executable))
}

/// One line of what cargo reports: perhaps the application that it has made.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message["target"]["name"] != "app" {
        return None;
    }
    message["executable"].as_str().map(PathBuf::from)
}
