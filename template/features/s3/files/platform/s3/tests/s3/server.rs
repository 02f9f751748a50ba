//! The storage of `scripts/s3`, for one test.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

pub struct Storage {
    process: Child,
    /// What the application needs to know, by variable.
    variables: Vec<(String, String)>,
}

impl Storage {
    /// Starts a storage. Where there is no Python, there is none, and the test has nothing to prove; that must not happen
    /// unnoticed where changes are judged.
    pub fn start() -> Option<Self> {
        let storage = Self::try_start();
        if storage.is_none() {
            assert!(env::var_os("CI").is_none(), "scripts/s3 does not run: it needs Python 3 and PyPI");
            eprintln!("SKIPPED: scripts/s3 does not run, since it needs Python 3 and PyPI: nothing was tested");
        }
        storage
    }

    fn try_start() -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let script = script.ancestors().map(|folder| folder.join("scripts/s3")).find(|script| script.exists())?;
        let mut command = Command::new(script);
        let mut process = command.arg("--temporary").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut variables = Vec::new();
        for line in BufReader::new(process.stdout.take()?).lines() {
            match line.ok()?.split_once('=') {
                Some((key, value)) => variables.push((key.to_owned(), value.to_owned())),
                None => return Some(Self { process, variables }),
            }
        }
        None
    }

    pub fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(key, value)| (&**key, &**value)).collect()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
