//! Every Rust file is formatted. Full smoke tests look at it, too, but not at every combination every day.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use super::{PROJECTS, is_rust};

#[test]
fn every_rust_file_is_formatted() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(scratch.path().join("rustfmt.toml"), PROJECTS[0].text("rustfmt.toml")).expect("a settings file");
    let files = PROJECTS.iter().flat_map(|project| &project.tree).filter(|(path, _)| is_rust(path.as_str()));
    // A file is the same in most combinations.
    let files: BTreeMap<&[u8], &str> = files.map(|(path, file)| (&file.bytes[..], path.as_str())).collect();
    assert!(files.len() > 200, "{}", files.len());

    let (queue, complaints) = (Mutex::new(files.into_iter()), Mutex::new(String::new()));
    let work = || {
        let next = || queue.lock().expect("no thread panics here").next();
        while let Some((source, path)) = next() {
            // From its standard input it takes one file, and does not follow the modules that this declares.
            let mut rustfmt = Command::new("rustfmt");
            rustfmt.args(["--check", "--edition", "2024"]).current_dir(&scratch);
            let mut process = rustfmt
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("rustfmt runs; `rustup component add rustfmt` installs it");
            process.stdin.take().expect("it is piped").write_all(source).expect("rustfmt reads");
            let output = process.wait_with_output().expect("rustfmt ends");
            if !output.status.success() || !output.stdout.is_empty() {
                let said = [output.stdout, output.stderr].concat();
                let said = format!("{path}\n{}\n", String::from_utf8_lossy(&said));
                complaints.lock().expect("no thread panics here").push_str(&said);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(work);
        }
    });
    let complaints = complaints.into_inner().expect("no thread has panicked");
    assert!(complaints.is_empty(), "{complaints}");
}
