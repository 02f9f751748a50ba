//! SIGKILL and SIGINT at random moments.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::kill::{Gun, Signal};
use crate::support::Sandbox;

/// Runs of each test.
const RUNS: usize = 100;

/// After so many of them it is measured again how long one takes, since the machine has other things to do.
const AFRESH: usize = 10;

/// Enough files that writing them takes a good part of a run.
const FILES: usize = 400;

struct Range {
    sandbox: Sandbox,
    template: String,
    reference: BTreeMap<String, Vec<u8>>,
}

impl Range {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let template = sandbox.template();
        sandbox.write("template/base/files/.gitignore", ".env\n");
        for number in 0..FILES {
            let (path, text) =
                (format!("template/base/files/src/m{}/f{number}.txt", number % 23), format!("line {number}\n"));
            sandbox.write(&path, text.repeat(20 + number % 200));
        }
        let mut range = Self { sandbox, template, reference: BTreeMap::new() };
        Gun::undisturbed(range.command("reference"));
        range.reference = content(&range.sandbox.path("work/reference"));
        assert!(range.reference.len() > FILES);
        fs::create_dir(range.sandbox.path("work/place")).expect("a folder");
        range
    }

    fn command(&self, into: &str) -> Command {
        let line = format!("new my-app --yes --preset full --smoke none --into {into} --template {}", self.template);
        self.sandbox.neoforge(line.split(' '))
    }

    /// How long a run takes that nobody ends; it removes whatever the ones before have left.
    fn undisturbed(&self) -> Duration {
        let whole = Gun::undisturbed(self.command("place/my-app"));
        assert_eq!(self.left(), ["my-app"], "it sweeps");
        assert!(self.is_there());
        whole
    }

    /// Looks at what one run has left: whether the project is there, which must be whole then.
    fn is_there(&self) -> bool {
        let target = self.sandbox.path("work/place/my-app");
        if !target.exists() {
            return false;
        }
        assert!(content(&target) == self.reference, "the project differs from the one of an undisturbed run");
        assert_eq!(self.sandbox.git("work/place/my-app", &["status", "--porcelain"]), "");
        self.sandbox.git("work/place/my-app", &["fsck", "--full", "--strict"]);
        fs::remove_dir_all(target).expect("removable");
        true
    }

    fn left(&self) -> Vec<String> {
        self.sandbox.names("work/place")
    }
}

/// Every file but those of `.git`, and without the secrets.
fn content(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let walk = walkdir::WalkDir::new(root).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    let files = walk.map(|entry| entry.expect("an entry")).filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let mut bytes = fs::read(entry.path()).expect("readable");
            if entry.file_name() == ".env" {
                let text = String::from_utf8(bytes).expect("UTF-8");
                let lines: Vec<&str> =
                    text.lines().map(|line| if line.starts_with("SECRET=") { "SECRET" } else { line }).collect();
                bytes = lines.join("\n").into_bytes();
            }
            (entry.path().strip_prefix(root).expect("below it").display().to_string(), bytes)
        })
        .collect()
}

#[test]
fn a_killed_run_leaves_no_half_project_and_the_next_one_sweeps() {
    let range = Range::new();
    let mut gun = Gun::new();
    let (mut through, mut most, mut whole) = (0, 0, Duration::ZERO);
    for run in 0..RUNS {
        if run % AFRESH == 0 {
            whole = range.undisturbed();
        }
        gun.shoot(range.command("place/my-app"), Signal::Kill, whole);
        through += usize::from(range.is_there());
        let left = range.left();
        // More than one where a run was killed before it came to sweep.
        assert!(left.iter().all(|name| name.starts_with(".my-app.neoforge-")), "{left:?}");
        most = most.max(left.len());
    }
    tell(&format!(
        "of {RUNS} killed runs {through} came through, and at most {most} hidden folders stood there at once"
    ));
    range.undisturbed();
}

#[test]
fn an_interrupted_run_leaves_nothing_and_says_130() {
    let range = Range::new();
    let mut gun = Gun::new();
    let (mut through, mut whole) = (0, Duration::ZERO);
    for run in 0..RUNS {
        if run % AFRESH == 0 {
            whole = range.undisturbed();
        }
        let status = gun.shoot(range.command("place/my-app"), Signal::Interrupt, whole);
        let there = range.is_there();
        // No code: the signal came before anything listened to it.
        assert_eq!(matches!(status.code(), Some(0)), there, "{status}");
        assert!(matches!(status.code(), Some(0 | 130) | None), "{status}");
        assert_eq!(range.left(), [""; 0]);
        through += usize::from(there);
    }
    tell(&format!("of {RUNS} interrupted runs {through} came through"));
}

#[expect(clippy::print_stdout, reason = "how often the shots hit belongs to what the test shows")]
fn tell(text: &str) {
    println!("{text}");
}

#[test]
fn an_interrupted_clone_leaves_neither_git_nor_a_temporary_folder() {
    let sandbox = Sandbox::new();
    // A git that hangs, as over a network that is gone.
    sandbox.write("bin/git", "#!/bin/sh\necho $$ > \"$SEEN.new\"; mv \"$SEEN.new\" \"$SEEN\"; exec sleep 1000\n");
    fs::set_permissions(sandbox.path("bin/git"), PermissionsExt::from_mode(0o755)).expect("permissions");
    fs::create_dir(sandbox.path("temporary")).expect("a folder");
    for signal in ["INT", "TERM", "HUP"] {
        let seen = sandbox.path(&format!("seen-{signal}"));
        let mut command = sandbox.neoforge(["new", "my-app", "--yes", "--template", "https://example.invalid/x"]);
        let path = format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").expect("a path"));
        command.env("PATH", path).env("SEEN", &seen).env("TMPDIR", sandbox.path("temporary"));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let git = until("git to start", || fs::read_to_string(&seen).ok());
        let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "SIG{signal}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "interrupted\n", "SIG{signal}");
        assert!(!Path::new("/proc").join(git.trim()).exists(), "git goes on after SIG{signal}");
        assert!(sandbox.names("temporary").is_empty() && sandbox.names("work").is_empty(), "SIG{signal}");
    }
}

/// Waits for a condition, with a limit that only a test that has failed reaches.
fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
