//! Targets that cannot become a project.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::disk::Mount;
use crate::shell;
use crate::support::{Ran, Sandbox};

fn new(sandbox: &Sandbox, into: &str) -> Ran {
    let template = sandbox.template();
    sandbox.run(&format!("new my-app --yes --smoke none --into {into} --template {template}"))
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=1m") else { return };
    let into = sandbox.path("disk/shop").display().to_string();
    sandbox.write("template/base/files/large.bin", vec![b'x'; 3_000_000]);
    let ran = new(&sandbox, &into).expect(1);
    assert!(ran.err.contains("error: the disk is full at [HERE]/disk/.shop.neoforge-"), "{}", ran.err);
    assert!(ran.err.contains(
        "need 4 MB, and git some more\nhint: free that much, or choose a folder on another disk with --into"
    ));
    assert_eq!(sandbox.names("disk"), [""; 0]);

    // Room for the files, and not for the repository.
    sandbox.write("template/base/files/large.bin", noise(700_000));
    let ran = new(&sandbox, &into).expect(1);
    assert!(
        ran.err.contains("No space left on device") && ran.err.contains("or leave git out with --no-git"),
        "{}",
        ran.err
    );
    assert_eq!(sandbox.names("disk"), [""; 0]);
}

#[test]
fn a_read_only_disk_and_a_mount_point_are_told() {
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("fixed"), "ro") else { return };
    let ran = new(&sandbox, "../fixed/shop").expect(1);
    assert_eq!(
        ran.err,
        "error: [HERE]/work/../fixed is on a read-only file system\nhint: choose another folder with --into\n"
    );
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=1m") else { return };
    let ran = new(&sandbox, "../disk").expect(1);
    let message =
        "is a mount point, which cannot be replaced by a project\nhint: choose a folder inside of it with --into";
    assert!(ran.err.contains(message), "{}", ran.err);
}

#[test]
fn a_missing_permission_is_told() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    fs::create_dir(sandbox.path("closed")).expect("a folder");
    let open = |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("permissions");
    open(&sandbox.path(""), 0o755);
    open(&sandbox.path("closed"), 0o555);
    let program = sandbox.path("program");
    fs::copy(env!("CARGO_BIN_EXE_neoforge"), &program).expect("a copy that everybody may run");
    let run = |arguments: &str| {
        let mut command = sandbox.command(&program);
        command.args(arguments.split(' '));
        if fs::metadata(sandbox.path("closed")).expect("a folder").uid() == 0 {
            // Root may do everything.
            command.uid(65_534).gid(65_534);
        }
        sandbox.finish(&mut command)
    };
    let ran = run(&format!("new my-app --yes --into ../closed/my-app --template {template}")).expect(1);
    assert!(
        ran.err.contains("no permission to write [HERE]/work/../closed\nhint: choose another folder with --into"),
        "{}",
        ran.err
    );

    open(&sandbox.path("template/base/files/main.txt"), 0o000);
    let ran = run(&format!("list --template {template}")).expect(1);
    assert!(
        ran.err.contains("template/base/files/main.txt may not be read\nhint: `chmod -R u+rX` on the folder"),
        "{}",
        ran.err
    );

    let ran = run("template check ../template/nowhere").expect(2);
    assert!(ran.err.contains("there is no folder ../template/nowhere\nhint: give the folder"), "{}", ran.err);
}

#[test]
fn a_target_that_is_something_else_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("work/file", "mine");
    sandbox.write("work/full/file", "mine");
    fs::create_dir(sandbox.path("work/empty")).expect("a folder");
    for (link, to) in [("to-nothing", "nowhere"), ("to-full", "full"), ("to-file", "file"), ("to-itself", "to-itself")]
    {
        symlink(to, sandbox.path(&format!("work/{link}"))).expect("a link");
    }
    let before = sandbox.names("work");
    for (into, message) in [
        ("nowhere/shop", "there is no folder [HERE]/work/nowhere\nhint: create it, or choose another with --into"),
        ("file", "[HERE]/work/file exists and is not a folder\nhint: choose another folder with --into, or remove it"),
        ("file/shop", "[HERE]/work/file is not a folder\nhint: choose another with --into"),
        ("full", "[HERE]/work/full is not empty: it holds file\nhint: choose another folder with --into, or remove it"),
        (
            "to-full",
            "[HERE]/work/full is not empty: it holds file\nhint: choose another folder with --into, or remove it",
        ),
        (
            "to-file",
            "[HERE]/work/file exists and is not a folder\nhint: choose another folder with --into, or remove it",
        ),
        (
            "to-nothing",
            "[HERE]/work/to-nothing is a symbolic link to nothing\nhint: remove it, or choose another folder with --into",
        ),
        (
            "to-itself",
            "[HERE]/work/to-itself is a symbolic link to nothing\nhint: remove it, or choose another folder with --into",
        ),
    ] {
        let ran = new(&sandbox, into).expect(1);
        assert_eq!(ran.err, format!("error: {message}\n"), "{into}");
        assert_eq!(sandbox.names("work"), before, "{into}");
    }
    let long = "x".repeat(300);
    let ran = new(&sandbox, &long).expect(1);
    assert!(
        ran.err.contains("is too long for this file system\nhint: choose a folder closer to the root with --into"),
        "{}",
        ran.err
    );

    let ran =
        sandbox.finish(&mut shell(&sandbox, r#"cd empty; exec "$0" "$@""#, &["new", "x", "--yes", "--into", "."]));
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("is the folder that you are in") && ran.err.contains("go to the folder above it"),
        "{}",
        ran.err
    );
}

#[test]
fn a_link_to_an_empty_folder_stays_a_link() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("work/empty")).expect("a folder");
    symlink("empty", sandbox.path("work/link")).expect("a link");
    new(&sandbox, "link").expect(0);
    assert!(sandbox.path("work/link").is_symlink());
    assert!(sandbox.path("work/empty/neoforge.toml").exists());
    assert_eq!(sandbox.names("work"), ["empty", "link"]);
}
