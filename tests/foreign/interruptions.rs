//! Ctrl-C ends a prompt and a hook at once, and leaves nothing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rexpect::process::PtyProcess;

use crate::support::Sandbox;

/// Ends a test that has failed.
const LIMIT: Duration = Duration::from_mins(1);

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LIMIT, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A template that runs for ever once it has begun.
fn endless(sandbox: &Sandbox) {
    let begun = sandbox.path("begun").display().to_string();
    sandbox.write("t/cargo-generate.toml", "[hooks]\npre = [\"pre.rhai\"]\n");
    sandbox.write("t/pre.rhai", format!("system::command(\"echo $$ >{begun}; exec sleep 600\");\n"));
    fs::create_dir(sandbox.path("tmp")).expect("a folder");
}

fn is_gone(sandbox: &Sandbox) {
    let process = sandbox.read("begun");
    let process = process.trim();
    until("the hook to end", || {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
    until("the folders to go", || sandbox.names("tmp").is_empty() && sandbox.names("work").is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_ends_a_hook() {
    for signal in ["-INT", "-TERM"] {
        let sandbox = Sandbox::new();
        endless(&sandbox);
        let mut command = sandbox.neoforge(["new", "a", "--yes", "--trust", "--template", "../t"]);
        let mut child = command.env("TMPDIR", sandbox.path("tmp")).spawn().expect("it starts");
        until("the hook to begin", || fs::read_to_string(sandbox.path("begun")).is_ok_and(|text| text.ends_with('\n')));
        let start = Instant::now();
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        assert_eq!(child.wait().expect("it ends").code(), Some(130));
        assert!(start.elapsed() < Duration::from_secs(5));
        is_gone(&sandbox);
    }
}

/// Runs the program in a terminal, presses a key once it has said something, and gives its exit code and what it said.
fn at_terminal(sandbox: &Sandbox, arguments: &str, ready: &dyn Fn(&str) -> bool, keys: &str) -> (i32, String) {
    let script = format!("trap : INT; {} {arguments}; echo code=$?", env!("CARGO_BIN_EXE_neoforge"));
    let mut shell = sandbox.command("/bin/sh");
    shell.args(["-c", &script]).env("TMPDIR", sandbox.path("tmp")).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
    let process = PtyProcess::new(shell).expect("a terminal");
    let mut keyboard = process.get_file_handle().expect("its keyboard");
    let mut screen = process.get_file_handle().expect("its screen");
    let (mut said, mut pressed, mut piece) = (String::new(), false, [0; 4096]);
    let start = Instant::now();
    while let Ok(length @ 1..) = screen.read(&mut piece) {
        said += &String::from_utf8_lossy(&piece[..length]);
        assert!(start.elapsed() < LIMIT, "{said}");
        if !pressed && ready(&said) {
            thread::sleep(Duration::from_millis(300));
            keyboard.write_all(keys.as_bytes()).expect("keys can be sent");
            pressed = true;
        }
        if let Some((_, code)) = said.split_once("code=")
            && let Some((code, _)) = code.split_once('\r')
        {
            return (code.parse().expect("a number"), said);
        }
    }
    panic!("it has not ended: {said}");
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_a_prompt_and_a_hook() {
    let sandbox = Sandbox::new();
    endless(&sandbox);
    let begun = sandbox.path("begun");
    // The hook says nothing, so that the screen shows nothing new when it begins: what stands there before is waited for.
    let new = "new a --trust --template ../t";
    let ready = |said: &str| {
        if said.contains("project-name") {
            until("the hook to begin", || fs::read_to_string(&begun).is_ok_and(|text| text.ends_with('\n')));
        }
        begun.exists()
    };
    let (code, said) = at_terminal(&sandbox, new, &ready, "\x03");
    assert_eq!(code, 130, "{said}");
    is_gone(&sandbox);

    let sandbox = Sandbox::new();
    sandbox.write("t/cargo-generate.toml", "[placeholders.colour]\ntype = \"string\"\nprompt = \"Which colour?\"\n");
    sandbox.write("t/a.txt", "{{colour}}\n");
    fs::create_dir(sandbox.path("tmp")).expect("a folder");
    let new = "new a --template ../t";
    let (code, said) = at_terminal(&sandbox, new, &|said| said.contains("Which colour?"), "\x03");
    assert_eq!(code, 130, "{said}");
    assert!(sandbox.names("tmp").is_empty() && sandbox.names("work").is_empty());
}

#[test]
fn the_plan_is_shown_before_anything_stands() {
    let sandbox = Sandbox::new();
    sandbox.write("t/cargo-generate.toml", "[placeholders.colour]\ntype = \"string\"\nprompt = \"Which colour?\"\n");
    sandbox.write("t/a.txt", "{{colour}}\n");
    fs::create_dir(sandbox.path("tmp")).expect("a folder");
    let new = "new a --set colour=red --template ../t";
    let ready = |said: &str| said.contains("Make this project?");
    let (code, said) = at_terminal(&sandbox, new, &ready, "n");
    assert_eq!(code, 130, "{said}");
    assert!(said.contains("Rendered, and not yet in its place:") && said.contains("size       1 files"), "{said}");
    assert!(sandbox.names("work").is_empty());
    let (code, said) = at_terminal(&sandbox, new, &ready, "y");
    assert_eq!(code, 0, "{said}");
    assert_eq!(sandbox.read("work/a/a.txt"), "red\n");
}
