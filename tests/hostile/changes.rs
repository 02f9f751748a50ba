//! SIGKILL in the middle of a change: one git command restores everything, and what git does not know is never touched.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::disk::Mount;
use crate::kill::{Gun, Signal};
use crate::support::Sandbox;

/// Runs of each of the two commands; with `update`, 500 in all.
const RUNS: usize = 200;
const UPDATES: usize = 100;

/// After so many of them it is measured again how long one takes.
const AFRESH: usize = 20;

/// Enough files that writing them takes a good part of a run.
const FILES: usize = 200;

const PROJECT: &str = "work/my-app";

/// A project of a template in git, whose feature `mail` and whose second version each touch many files.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.template();
    sandbox.write("template/base/files/.gitignore", ".env\nignored.txt\n");
    for number in 0..FILES {
        let text = format!("line {number}\n").repeat(20 + number % 50);
        sandbox.write(&format!("template/features/mail/files/mail/m{}/f{number}.txt", number % 13), &text);
        sandbox.write(&format!("template/base/files/base/m{}/f{number}.txt", number % 13), &text);
    }
    let commit = |message: &str| {
        sandbox.git("template", &["add", "--all"]);
        sandbox.git("template", &["commit", "--quiet", "--message", message]);
    };
    sandbox.git("template", &["init", "--quiet"]);
    commit("one");
    let url = format!("file://{}", sandbox.path("template").display());
    sandbox.run(&format!("new my-app --yes --smoke none --template {url}")).expect(0);
    for number in (0..FILES).step_by(2) {
        sandbox.write(&format!("template/base/files/base/m{}/f{number}.txt", number % 13), "another text\n");
    }
    commit("two");
    sandbox.write(&format!("{PROJECT}/untracked.txt"), "untracked\n");
    sandbox.write(&format!("{PROJECT}/ignored.txt"), "ignored\n");
    sandbox
}

/// Runs a change again and again, and kills it at random moments.
fn shoot(sandbox: &Sandbox, line: &str, runs: usize) {
    let head = sandbox.git(PROJECT, &["rev-parse", "HEAD"]);
    let environment = sandbox.read(&format!("{PROJECT}/.env"));
    let before = sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]);
    let restored = || {
        sandbox.git(PROJECT, &["reset", "--quiet", "--hard"]);
        assert_eq!(sandbox.git(PROJECT, &["rev-parse", "HEAD"]), head);
        assert_eq!(sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]), before, "after {line}");
        assert_eq!(sandbox.read(&format!("{PROJECT}/untracked.txt")), "untracked\n");
        assert_eq!(sandbox.read(&format!("{PROJECT}/ignored.txt")), "ignored\n");
        assert_eq!(sandbox.read(&format!("{PROJECT}/.env")), environment);
    };
    let command = || sandbox.neoforge(line.split(' '));
    let mut gun = Gun::new();
    let (mut whole, mut changed) = (Duration::ZERO, 0);
    for run in 0..runs {
        if run % AFRESH == 0 {
            whole = Gun::undisturbed(command());
            assert_ne!(
                sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]),
                before,
                "{line} changes something"
            );
            restored();
        }
        gun.shoot(command(), Signal::Kill, whole);
        // What git has begun, it finishes, and holds the lock until then.
        if let Ok(lock) = fs::File::open(sandbox.path(&format!("{PROJECT}/.git/neoforge.lock"))) {
            lock.lock().expect("git ends");
        }
        changed += usize::from(sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]) != before);
        restored();
    }
    sandbox.git(PROJECT, &["fsck", "--full", "--strict"]);
    assert!(changed > 0, "no shot of {runs} hit a change in the middle");
    sandbox.finish(&mut command()).expect(0);
    assert!(!sandbox.path(&format!("{PROJECT}/.git/neoforge")).exists(), "the next run sweeps");
}

#[test]
fn a_killed_change_is_undone_by_git() {
    let sandbox = project();
    shoot(&sandbox, "update --yes --project my-app", UPDATES);
    sandbox.git(PROJECT, &["reset", "--quiet", "--hard"]);
    shoot(&sandbox, "add feature mail --yes --project my-app", RUNS);
    sandbox.git(PROJECT, &["commit", "--quiet", "--message", "mail"]);
    shoot(&sandbox, "remove feature mail --yes --project my-app", RUNS);
}

/// What git leaves where it is killed itself, in the middle of the files: the index is written, and a part of the files is.
#[test]
fn a_change_of_which_git_wrote_a_part_is_undone_by_git() {
    let sandbox = project();
    let before = sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]);
    // A filter that kills git at the file that it is for.
    sandbox.write(&format!("{PROJECT}/.git/info/attributes"), "mail/m7/f7.txt filter=kill\n");
    sandbox.git(PROJECT, &["config", "filter.kill.smudge", "kill -9 $PPID"]);
    let said = sandbox.run("add feature mail --yes --project my-app").expect(1);
    assert!(said.err.contains("git failed to write the files"), "{}", said.err);
    assert_eq!(sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]), before, "it undoes what it can");
    sandbox.git(PROJECT, &["config", "filter.kill.smudge", "kill -9 $(ps -o ppid= -p $PPID) $PPID"]);
    let said = sandbox.run("add feature mail --yes --project my-app");
    assert_ne!(said.code, 0, "{}", said.err);
    assert!(sandbox.path(&format!("{PROJECT}/mail/m0")).exists(), "a part is written");
    sandbox.git(PROJECT, &["config", "--unset", "filter.kill.smudge"]);
    sandbox.git(PROJECT, &["reset", "--quiet", "--hard"]);
    assert_eq!(sandbox.git(PROJECT, &["status", "--porcelain", "--ignored"]), before);
}

#[test]
fn a_lock_of_git_is_respected() {
    let sandbox = project();
    let lock = sandbox.path(&format!("{PROJECT}/.git/index.lock"));
    fs::write(&lock, "").expect("a lock");
    let said = sandbox.run("add feature mail --yes --project my-app").expect(1);
    assert!(said.err.contains("git is at work in this repository: [HERE]/work/my-app/.git/index.lock"), "{}", said.err);
    assert!(lock.exists(), "somebody else's");
    fs::remove_file(&lock).expect("removable");
    sandbox.git(PROJECT, &["diff", "--quiet", "HEAD"]);
    sandbox.run("add feature mail --yes --commit --project my-app").expect(0);
    assert!(!sandbox.path(&format!("{PROJECT}/.git/neoforge")).exists());
}

/// Takes all space that is left.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).expect("a file");
    for size in [4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// A full disk is met before anything is changed.
#[test]
fn a_change_on_a_full_disk_changes_nothing() {
    let sandbox = project();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=4m") else { return };
    let project = sandbox.path("disk/my-app");
    let copied = sandbox.command("cp").arg("-a").arg(sandbox.path(PROJECT)).arg(&project).status().expect("cp runs");
    assert!(copied.success(), "the project fits on the disk");
    fill(&sandbox.path("disk/ballast"));
    let line = format!("add feature mail --yes --project {}", project.display());
    let said = sandbox.finish(&mut sandbox.neoforge(line.split(' '))).expect(1);
    assert!(said.err.contains("the disk is full at"), "{}", said.err);
    // Git wants to write, too.
    fs::remove_file(sandbox.path("disk/ballast")).expect("removable");
    assert_eq!(sandbox.git("disk/my-app", &["status", "--porcelain"]), "?? untracked.txt\n");
}
