//! Projects on disk: whatever happens, a target is whole or not there, and what went wrong is said.
#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "the processes that the tests start tell by it what they found")]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/kill.rs"]
mod kill;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use neoforge::project::read::ReadError;
use neoforge::project::{Staged, WriteError, check_target, dotenv, enclosing_repository, init_and_commit, read_tree};
use neoforge::tree::{File, FileTree, TreePath};
use tempfile::TempDir;

use disk::Mount;
use kill::{Gun, Signal};

fn temp() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn tree(files: &[(&str, &str)]) -> FileTree {
    files
        .iter()
        .map(|(path, text)| (TreePath::parse(*path).expect("a path"), File::plain((*text).to_owned())))
        .collect()
}

/// As many files as make a real project, in folders, and a script.
fn project(files: usize) -> FileTree {
    let mut tree: FileTree = (0..files)
        .map(|number| {
            let path = format!("crates/c{}/src/file{number}.rs", number % 17);
            let text = format!("//! File {number}.\n").repeat(40 + number % 50);
            (TreePath::parse(path).expect("a path"), File::plain(text))
        })
        .collect();
    let script = File { executable: true, ..File::plain("#!/bin/sh\n") };
    tree.insert(TreePath::parse("scripts/run").expect("a path"), script);
    tree.insert(TreePath::parse(".gitignore").expect("a path"), File::plain("*.rs\n.env\n"));
    tree
}

fn write(tree: &FileTree, target: &Path) -> Result<PathBuf, WriteError> {
    Staged::write(tree, target, &|| false)?.commit()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What `git` prints in `folder`.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().expect("git runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + String::from_utf8_lossy(&output.stderr).as_ref();
    assert!(output.status.success(), "git {arguments:?}: {text}");
    text
}

/// This test binary again, in a process of its own, where it runs [`child`].
fn again(job: &str, from: &Path, to: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.args(["--exact", "child", "--nocapture"]);
    command.env("NEOFORGE_JOB", job).env("NEOFORGE_FROM", from).env("NEOFORGE_TO", to);
    command
}

fn output(mut command: Command) -> String {
    let output = command.output().expect("the test binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Not a test of its own: what [`again`] runs.
#[test]
fn child() {
    static INTERRUPTED: AtomicBool = AtomicBool::new(false);
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(job), Some(from), Some(to)) =
        (std::env::var("NEOFORGE_JOB").ok(), variable("NEOFORGE_FROM"), variable("NEOFORGE_TO"))
    else {
        return;
    };
    if job == "check" {
        return println!("{:?}", check_target(&to).map_err(|error| error.to_string()));
    }
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).expect("the only handler");
    let tree = read_tree(&from).expect("a readable folder");
    let Ok(staged) = Staged::write(&tree, &to, &|| INTERRUPTED.load(Ordering::Relaxed)) else { return };
    if job.contains("git") {
        println!("{:?}", init_and_commit(staged.path(), &tree, "Forge").map_err(|error| error.to_string()));
    }
    staged.commit().expect("a free target");
    if job.contains("memory") {
        let status = fs::read_to_string("/proc/self/status").expect("Linux");
        println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).expect("the peak"));
    }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = temp();
    for files in [3, 1000] {
        let tree = project(files);
        let target = folder.path().join(format!("shop{files}"));
        assert_eq!(write(&tree, &target).expect("a free target"), target);
        assert_eq!(read_tree(&target).expect("readable"), tree);
        let mode = |path: &str| target.join(path).metadata().expect(path).mode() & 0o111;
        assert_ne!(mode("scripts/run"), 0);
        assert_eq!(mode("crates/c0/src/file0.rs"), 0);
    }
    assert_eq!(names(folder.path()), ["shop1000", "shop3"]);
}

#[test]
fn a_folder_is_read_but_for_its_repository() {
    let folder = temp();
    write(
        &tree(&[("a/.git/x", "kept"), (".git/HEAD", "ref"), (".gitignore", "x"), ("b", "")]),
        &folder.path().join("t"),
    )
    .expect("a free target");
    let read = read_tree(&folder.path().join("t")).expect("readable");
    assert_eq!(read.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), [".gitignore", "a/.git/x", "b"]);
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let folder = temp();
    let read = |make: &dyn Fn(&Path)| {
        let root = TempDir::new_in(folder.path()).expect("a folder");
        make(root.path());
        let error = read_tree(root.path()).expect_err("refused");
        (error.to_string().replace(&root.path().display().to_string(), "T"), error)
    };
    let (text, error) = read(&|root| symlink("/etc/passwd", root.join("link")).expect("a link"));
    assert!(matches!(error, ReadError::Symlink { .. }));
    assert_eq!(text, "T/link is a symbolic link, which not every platform has; put a copy in its place");

    let (text, error) = read(&|root| fs::write(root.join(OsStr::from_bytes(b"caf\xe9")), "").expect("any name"));
    assert!(matches!(error, ReadError::NotUtf8 { .. }));
    assert!(text.starts_with("the name of T/caf\u{fffd} is not UTF-8"), "{text}");

    let (text, error) = read(&|root| fs::write(root.join("con.rs"), "").expect("any name"));
    assert!(matches!(error, ReadError::BadPath { .. }));
    let reason = std::error::Error::source(&error).expect("a reason").to_string();
    assert!(text.starts_with("T/con.rs") && reason.contains("device name"), "{text}: {reason}");

    let pipe = |root: &Path| assert!(Command::new("mkfifo").arg(root.join("pipe")).status().expect("mkfifo").success());
    assert!(matches!(read(&pipe).1, ReadError::Special { .. }));

    assert!(matches!(read_tree(&folder.path().join("none")), Err(ReadError::Missing { .. })));
    fs::write(folder.path().join("file"), "").expect("a file");
    assert!(matches!(read_tree(&folder.path().join("file")), Err(ReadError::NotAFolder { .. })));
}

#[test]
fn an_empty_folder_is_replaced_and_a_full_one_is_not() {
    let folder = temp();
    let target = folder.path().join("shop");
    fs::create_dir(&target).expect("a folder");
    check_target(&target).expect("an empty folder will do");
    write(&project(3), &target).expect("an empty folder will do");

    let error = check_target(&target).expect_err("not empty").to_string();
    let shown = target.display();
    assert_eq!(
        error,
        format!(
            "{shown} is not empty: it holds .gitignore, crates, scripts; choose another folder with --into, or remove it"
        )
    );
    assert!(matches!(write(&project(3), &target), Err(WriteError::NotEmpty { .. })));
    assert_eq!(names(folder.path()), ["shop"]);
}

#[test]
fn a_target_that_was_taken_in_the_meantime_is_left_alone() {
    let folder = temp();
    let target = folder.path().join("shop");
    let staged = Staged::write(&project(3), &target, &|| false).expect("a free target");
    fs::create_dir(&target).expect("a folder");
    fs::write(target.join("mine"), "precious").expect("a file");
    assert!(matches!(staged.commit(), Err(WriteError::NotEmpty { .. })));
    assert_eq!(names(folder.path()), ["shop"]);
    assert_eq!(names(&target), ["mine"]);
}

#[test]
fn targets_that_cannot_be_are_refused_before_anything_is_written() {
    let folder = temp();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "").expect("a file");
    symlink("nowhere", at("dangling")).expect("a link");
    fs::create_dir(at("real")).expect("a folder");
    symlink("real", at("link")).expect("a link");
    assert!(matches!(check_target(&at("file")), Err(WriteError::NotAFolder { .. })));
    assert!(matches!(check_target(&at("file/shop")), Err(WriteError::ParentNotAFolder { .. })));
    assert!(matches!(check_target(&at("none/shop")), Err(WriteError::ParentMissing { .. })));
    assert!(matches!(check_target(&at("dangling")), Err(WriteError::DanglingLink { .. })));
    assert!(matches!(check_target(&at(&"x".repeat(300))), Err(WriteError::TooLong { .. })));
    assert!(matches!(check_target(Path::new("/")), Err(WriteError::NotEmpty { .. })));
    assert!(matches!(
        check_target(Path::new("/proc/shop")),
        Err(WriteError::ParentMissing { .. } | WriteError::Denied { .. } | WriteError::Io { .. })
    ));
    // A link to an empty folder stays, and the folder becomes the project.
    write(&project(3), &at("link")).expect("an empty folder will do");
    assert!(at("link").is_symlink());
    assert!(at("real/scripts/run").exists());
    assert_eq!(names(folder.path()), ["dangling", "file", "link", "real"]);
}

#[test]
fn the_folder_that_one_stands_in_is_not_replaced() {
    let folder = temp();
    for target in [".", "../here", ""] {
        let here = folder.path().join("here");
        fs::create_dir_all(&here).expect("a folder");
        let mut command = again("check", folder.path(), Path::new(target));
        let text = output({
            command.current_dir(&here);
            command
        });
        assert!(text.contains("is the folder that you are in") || target.is_empty(), "{text}");
    }
}

#[test]
fn an_interrupt_leaves_nothing() {
    let folder = temp();
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let later = || looks.fetch_add(1, Ordering::Relaxed) > 300;
    let error = Staged::write(&project(500), &folder.path().join("shop"), &later).expect_err("interrupted");
    assert!(matches!(error, WriteError::Interrupted));
    drop(Staged::write(&project(5), &folder.path().join("shop"), &|| false).expect("a free target"));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn only_the_folders_of_dead_runs_are_swept() {
    let folder = temp();
    let target = folder.path().join("shop");
    let dead = folder.path().join(".shop.neoforge-0123456789abcdef");
    let others = [".shop.neoforge-notes", ".shop2.neoforge-0123456789abcdef", "shop.neoforge-0123456789abcdef"];
    for name in others {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    fs::create_dir_all(dead.join("src")).expect("a folder");
    let alive = Staged::write(&project(3), &target, &|| false).expect("a free target");
    assert!(!dead.exists());
    let second = Staged::write(&project(3), &target, &|| false).expect("a free target");
    assert!(alive.path().exists(), "a run that is alive loses nothing to another one");
    second.commit().expect("still free");
    assert!(matches!(alive.commit(), Err(WriteError::NotEmpty { .. })));
    let mut left = names(folder.path());
    left.retain(|name| !others.contains(&name.as_str()));
    assert_eq!(left, ["shop"]);
}

#[test]
fn a_full_disk_is_told_with_what_is_needed() {
    let folder = temp();
    let Some(_mount) = Mount::tmpfs(&folder.path().join("disk"), "size=1m") else { return };
    let disk = folder.path().join("disk");
    let large = tree(&[("a", "small"), ("b/large", &"x".repeat(3_000_000))]);
    let error = write(&large, &disk.join("shop")).expect_err("full");
    assert!(matches!(error, WriteError::Full { needed: 3_000_005, .. }), "{error}");
    assert!(error.to_string().contains("need 4 MB"), "{error}");
    assert_eq!(names(&disk), [""; 0]);
    // A mount point cannot be replaced.
    assert!(matches!(check_target(&disk), Err(WriteError::MountPoint { .. })));

    // Room for the files, and not for git.
    let dense = tree(&[("a", &incompressible(700_000))]);
    let staged = Staged::write(&dense, &disk.join("shop"), &|| false).expect("room");
    let error = init_and_commit(staged.path(), &dense, "x").expect_err("full");
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(error.contains("No space left on device"), "{error}");
    drop(staged);
    assert_eq!(names(&disk), [""; 0]);
}

/// Text of which zlib saves a quarter at most.
fn incompressible(length: usize) -> String {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes.iter().map(|byte| char::from(b'0' + byte % 64)).collect()
}

#[test]
fn a_read_only_disk_is_told() {
    let folder = temp();
    let Some(_mount) = Mount::tmpfs(&folder.path().join("disk"), "ro") else { return };
    let error = check_target(&folder.path().join("disk/shop")).expect_err("read-only");
    assert!(matches!(error, WriteError::ReadOnly { .. }), "{error}");
}

#[test]
fn a_missing_permission_is_told() {
    let folder = temp();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("permissions");
    fs::set_permissions(&closed, PermissionsExt::from_mode(0o555)).expect("permissions");
    // Root may do everything: somebody else tries, with a copy of this program that they may run.
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().expect("our own path"), &program).expect("a copy");
    let mut command = Command::new(program);
    command.args(["--exact", "child", "--nocapture"]).current_dir("/");
    command.env("NEOFORGE_JOB", "check").env("NEOFORGE_FROM", "").env("NEOFORGE_TO", closed.join("shop"));
    if fs::metadata(&closed).expect("a folder").uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let text = output(command);
    assert!(text.contains("no permission to write"), "{text}");
}

#[test]
fn a_large_file_is_in_memory_once() {
    const SIZE: u64 = 200 << 20;
    let folder = temp();
    let from = folder.path().join("from");
    fs::create_dir(&from).expect("a folder");
    fs::File::create(from.join("large.bin")).and_then(|file| file.set_len(SIZE)).expect("a sparse file");
    let text = output(again("git memory", &from, &folder.path().join("shop")));
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes << 10 < SIZE + (64 << 20), "peak of {kilobytes} kB");
    assert_eq!(fs::metadata(folder.path().join("shop/large.bin")).expect("written").len(), SIZE);
    git(&folder.path().join("shop"), &["fsck", "--full", "--strict"]);
}

/// Runs the job `git` with this environment instead of the user's, and returns what it prints and the project.
fn commit(folder: &TempDir, environment: &[(&str, &str)], config: &str) -> (String, PathBuf) {
    let (from, home, target) = (folder.path().join("from"), folder.path().join("home"), folder.path().join("shop"));
    fs::create_dir_all(&home).expect("a folder");
    fs::write(home.join(".gitconfig"), config).expect("a file");
    write(&project(300), &from).expect("a free target");
    let mut command = again("git", &from, &target);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("GIT_") || variable == "EMAIL") {
        command.env_remove(variable);
    }
    command.env("HOME", &home).env_remove("XDG_CONFIG_HOME").envs(environment.iter().copied());
    (output(command), target)
}

#[test]
fn the_first_commit_is_clean_and_sound() {
    let folder = temp();
    let hooks = folder.path().join("template/hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    fs::write(hooks.join("pre-push"), "#!/bin/sh\n").expect("a file");
    let template = folder.path().join("template").display().to_string();
    let config = format!(
        "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = trunk\ntemplateDir = {template}\n"
    );
    let (text, target) = commit(&folder, &[], &config);
    assert!(text.contains("Commit {"), "{text}");
    // The ignored `.rs` files are committed, and git has nothing to say.
    assert_eq!(git(&target, &["status", "--porcelain"]), "");
    assert_eq!(git(&target, &["fsck", "--full", "--strict"]), "");
    assert_eq!(git(&target, &["ls-files"]).lines().count(), 302);
    assert_eq!(
        git(&target, &["log", "--format=%an <%ae> %cn %s %D"]),
        "Ada <ada@example.com> Ada Forge HEAD -> trunk\n"
    );
    assert!(git(&target, &["ls-files", "--stage", "scripts/run"]).starts_with("100755"));
    assert!(target.join(".git/hooks/pre-push").exists());
    // What git would have stored is what was stored.
    git(&target, &["checkout", "--quiet", "--orphan", "again"]);
    git(&target, &["rm", "--quiet", "-r", "--cached", "."]);
    git(&target, &["add", "--force", "."]);
    assert_eq!(git(&target, &["write-tree"]), git(&target, &["rev-parse", "trunk^{tree}"]));
    // Nothing is read again: the index knows the files on disk.
    git(&target, &["symbolic-ref", "HEAD", "refs/heads/trunk"]);
    assert_eq!(git(&target, &["diff-files", "--name-only"]), "");
}

#[test]
fn without_an_identity_everything_is_staged() {
    let folder = temp();
    // Else git would put a name together where the machine has a full one.
    let (text, target) = commit(&folder, &[], "[user]\nuseConfigOnly = true\n");
    assert!(text.contains("NoIdentity { branch: \"main\" }"), "{text}");
    assert_eq!(git(&target, &["ls-files"]).lines().count(), 302);
    assert_eq!(git(&target, &["diff-files", "--name-only"]), "");
    git(&target, &["-c", "user.name=Ada", "-c", "user.email=a@b", "commit", "--quiet", "-m", "mine"]);
    assert_eq!(git(&target, &["status", "--porcelain"]), "");
    assert_eq!(git(&target, &["fsck", "--full", "--strict"]), "");
}

#[test]
fn the_environment_is_asked_as_git_does() {
    let folder = temp();
    let other = folder.path().join("other");
    fs::write(&other, "[user]\nname = Grace\nemail = grace@example.com\n[init]\ndefaultBranch = other\n")
        .expect("a file");
    let environment = [
        ("GIT_CONFIG_GLOBAL", other.to_str().expect("UTF-8")),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Hedy"),
        ("GIT_COMMITTER_DATE", "2020-02-02T02:02:02Z"),
        ("GIT_DIR", "/nonexistent"),
    ];
    let (text, target) = commit(&folder, &environment, "[user]\nname = Ada\nemail = ada@example.com\n");
    assert!(text.contains("Commit {"), "{text}");
    let expected = "Hedy <grace@example.com> Grace 1580608922 HEAD -> other\n";
    assert_eq!(git(&target, &["log", "--format=%an <%ae> %cn %ct %D"]), expected);
}

#[test]
fn a_repository_around_the_target_is_found() {
    let folder = temp();
    let root = fs::canonicalize(folder.path()).expect("a path");
    assert_eq!(enclosing_repository(&root.join("a/b")), None);
    git(&root, &["init", "--quiet"]);
    fs::write(root.join(".gitignore"), "/scratch/\n").expect("a file");
    fs::create_dir(root.join("apps")).expect("a folder");
    assert_eq!(enclosing_repository(&root.join("apps/shop")), Some(root.clone()));
    assert_eq!(enclosing_repository(&root.join("none/yet/shop")), Some(root.clone()));
    assert_eq!(enclosing_repository(&root.join("scratch/shop")), None);
    git(&root, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "x"]);
    git(&root, &["worktree", "add", "--quiet", "scratch/tree"]);
    assert_eq!(enclosing_repository(&root.join("scratch/tree/shop")), Some(root.join("scratch/tree")));
}

#[test]
fn secrets_are_for_their_owner_alone_and_never_overwritten() {
    let folder = temp();
    let path = folder.path().join(".env");
    let entries = [dotenv::Entry { key: "KEY".to_owned(), about: String::new(), value: dotenv::Value::Secret }];
    dotenv::write(&path, &entries).expect("a new file");
    assert_eq!(fs::metadata(&path).expect("written").mode() & 0o777, 0o600);
    let before = fs::read(&path).expect("readable");
    let error = dotenv::write(&path, &entries).expect_err("it exists").to_string();
    assert!(error.ends_with("`.env` is never overwritten: remove it first if it should be written anew"), "{error}");
    assert_eq!(fs::read(&path).expect("readable"), before);
}

#[test]
fn a_run_that_is_killed_leaves_no_half_project() {
    let folder = temp();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let (tree, target) = (project(500), to.join("shop"));
    write(&tree, &from).expect("a free target");
    fs::create_dir(&to).expect("a folder");
    let command = || again("git", &from, &target);
    let mut gun = Gun::new();
    let whole = Gun::undisturbed(command());
    let (mut left, mut finished) = (0, 0);
    for run in 0..200 {
        if target.exists() {
            fs::remove_dir_all(&target).expect("removable");
        }
        let signal = if run % 2 == 0 { Signal::Kill } else { Signal::Interrupt };
        gun.shoot(command(), signal, whole);
        let mut hidden = names(&to);
        hidden.retain(|name| name != "shop");
        assert!(hidden.iter().all(|name| name.starts_with(".shop.neoforge-")), "{hidden:?}");
        if target.exists() {
            finished += 1;
            assert_eq!(read_tree(&target).expect("readable"), tree, "half a project after {signal:?} of run {run}");
            assert_eq!(git(&target, &["status", "--porcelain"]), "");
        }
        if signal == Signal::Interrupt {
            // At most what the kill before has left; an interrupted run cleans up, and before that sweeps.
            assert!(hidden.len() <= 1, "{hidden:?}");
        } else {
            left += usize::from(!hidden.is_empty());
        }
    }
    println!("of 200 runs {finished} came through; {left} of 100 killed ones left a hidden folder");
    if target.exists() {
        fs::remove_dir_all(&target).expect("removable");
    }
    Gun::undisturbed(command());
    assert_eq!(names(&to), ["shop"], "the next run sweeps");
}
