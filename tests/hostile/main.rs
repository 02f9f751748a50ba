//! The whole program against hostile and unlucky input: whatever happens, nothing is half done, the exit code is right, and
//! the message says what to do.
#![cfg(unix)]

mod answers;
mod changes;
#[path = "../support/disk.rs"]
mod disk;
mod environment;
#[path = "../support/kill.rs"]
mod kill;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod targets;
mod templates;

/// The script with the program as its `$0`, in the sandbox's environment; `$@` are the arguments.
fn shell(sandbox: &support::Sandbox, script: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = sandbox.command("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_neoforge")]).args(arguments);
    command
}
