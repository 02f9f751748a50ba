//! The mail server of `scripts/smtp`, for one test.

#![allow(dead_code, reason = "several tests share this file, and each needs a part of it")]

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

pub struct MailServer {
    process: Child,
    lines: BufReader<ChildStdout>,
    pub url: String,
    pub authority: String,
    folder: PathBuf,
}

impl MailServer {
    /// Starts a server with these arguments. Where there is no Python, there is none, and the test has nothing to prove; that
    /// must not happen unnoticed where changes are judged.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        let server = Self::try_start(arguments);
        if server.is_none() {
            assert!(env::var_os("CI").is_none(), "scripts/smtp does not run: it needs Python 3 and PyPI");
            eprintln!("SKIPPED: scripts/smtp does not run, since it needs Python 3 and PyPI: nothing was tested");
        }
        server
    }

    fn try_start(arguments: &[&str]) -> Option<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let script = script.ancestors().map(|folder| folder.join("scripts/smtp")).find(|script| script.exists())?;
        let mut command = Command::new(script);
        let mut process =
            command.arg("--temporary").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut lines = BufReader::new(process.stdout.take()?);
        let (mut url, mut folder, mut authority) = (String::new(), PathBuf::new(), String::new());
        loop {
            let line = next_line(&mut lines)?;
            match line.split_once('=') {
                Some(("SMTP_URL", value)) => value.clone_into(&mut url),
                Some(("SMTP_FOLDER", value)) => folder = value.into(),
                Some(("SMTP_CA_FILE", value)) => value.clone_into(&mut authority),
                _ if line == "ready" => return Some(Self { process, lines, url, authority, folder }),
                _ => {}
            }
        }
    }

    /// Waits until the server prints this line: `dot` when it has a text, `answered` when it has said so.
    pub fn wait_for(&mut self, event: &str) {
        while next_line(&mut self.lines).expect("the server runs") != event {}
    }

    /// Lets it go on where it was told to wait.
    pub fn go_on(&self) {
        fs::write(self.folder.join("go"), "").expect("the folder can be written to");
    }

    /// The mails that it has taken, in that order.
    pub fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the folder is there").map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|it| it == "eml")).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).expect("a mail is text")).collect()
    }
}

/// The next line that the server prints; nothing when it has ended.
fn next_line(lines: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    (lines.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The value of a header of a mail, without its folds.
pub fn header(mail: &str, name: &str) -> Option<String> {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned);
    head.lines().find_map(value)
}
