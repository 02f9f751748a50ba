//! Surroundings in which something that is usually there is not.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::shell;
use crate::support::Sandbox;

#[test]
fn without_a_home_a_project_is_made() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let line = format!("new my-app --yes --smoke none --template {template}");
    let mut command = sandbox.neoforge(line.split(' '));
    let ran = sandbox.finish(command.env_remove("HOME").env_remove("GIT_CONFIG_GLOBAL")).expect(0);
    assert!(ran.err.contains("nothing was committed: git does not know who you are"), "{}", ran.err);
    assert!(sandbox.path("work/my-app/.git/HEAD").exists());
}

#[test]
fn without_git_the_built_in_template_and_folders_work() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let run =
        |line: &str| sandbox.finish(sandbox.neoforge(line.split_whitespace()).env("PATH", sandbox.path("nothing")));
    run(&format!("new a --yes --smoke none --template {template}")).expect(0);
    run("new b --yes --smoke none").expect(0);
    assert_eq!(sandbox.git("work/a", &["status", "--porcelain"]), "");
    sandbox.git("work/b", &["fsck", "--full", "--strict"]);
    let ran = run("new c --yes --template https://example.invalid/x").expect(1);
    assert!(
        ran.err.contains("there is no program `git`\nhint: install it (https://git-scm.com), or give a folder"),
        "{}",
        ran.err
    );
    assert_eq!(sandbox.names("work"), ["a", "b"]);
}

#[test]
fn a_broken_configuration_of_git_is_told() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("home/.gitconfig", "[user\nname = \n");
    for through_home in [false, true] {
        let line = format!("new my-app --yes --smoke none --template {template}");
        let mut command = sandbox.neoforge(line.split(' '));
        if through_home {
            command.env_remove("GIT_CONFIG_GLOBAL");
        }
        let ran = sandbox.finish(&mut command).expect(1);
        assert!(ran.err.contains("[HERE]/home/.gitconfig"), "{}", ran.err);
        assert!(ran.err.contains("fix that, or leave git out with --no-git"), "{}", ran.err);
        assert!(sandbox.names("work").is_empty());
    }
    sandbox.run(&format!("new my-app --yes --smoke none --no-git --template {template}")).expect(0);
}

#[test]
fn without_room_for_temporary_files_only_a_clone_fails() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let run =
        |line: &str| sandbox.finish(sandbox.neoforge(line.split_whitespace()).env("TMPDIR", sandbox.path("nothing")));
    run(&format!("new a --yes --smoke none --template {template}")).expect(0);
    let ran = run("new b --yes --template https://example.invalid/x").expect(1);
    let hint = "hint: set TMPDIR to a folder that you may write to";
    assert!(ran.err.starts_with("error: failed to make a temporary folder\n") && ran.err.contains(hint), "{}", ran.err);
    assert!(ran.err.contains("[HERE]/nothing"), "{}", ran.err);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let sandbox = Sandbox::new();
    for line in [
        "list",
        "list --json",
        "list features",
        "man",
        "reference",
        "completions zsh",
        "template schema",
        "new x --dry-run",
        "new x --dry-run --json",
        "--help",
        "--version",
        "help new",
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = sandbox.neoforge(line.split(' '));
        let output =
            command.stdout(writer).stderr(Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
        let output = output.expect("the program runs");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_is_lost_is_an_error() {
    let sandbox = Sandbox::new();
    let ran = sandbox.finish(&mut shell(&sandbox, r#"exec "$0" list > /dev/full"#, &[])).expect(1);
    assert!(ran.err.starts_with("error: failed to write to standard output: No space left on device"), "{}", ran.err);
}

#[test]
fn closed_streams_hurt_nobody() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    for (name, streams) in [("a", "<&-"), ("b", ">&-"), ("c", "2>&-"), ("d", "<&- >&- 2>&-")] {
        let script = format!(r#"exec "$0" "$@" {streams}"#);
        let mut command = shell(&sandbox, &script, &["new", name, "--smoke", "none", "--template", &template]);
        sandbox.finish(&mut command).expect(0);
        assert!(sandbox.path(&format!("work/{name}/neoforge.toml")).exists(), "{name}");
    }
    // Nobody can be asked.
    let ran = sandbox.finish(&mut shell(&sandbox, r#"exec "$0" new <&-"#, &[])).expect(2);
    assert!(ran.err.contains("no name was given\nhint: write it after the command"), "{}", ran.err);
}

#[test]
fn a_current_folder_that_is_gone_is_told() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let script = r#"mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@""#;
    let run = |more: &[&str]| {
        let arguments = [&["new", "my-app", "--yes", "--smoke", "none", "--template", &template], more].concat();
        sandbox.finish(&mut shell(&sandbox, script, &arguments))
    };
    let ran = run(&[]).expect(1);
    let hint = "hint: go to another one, or give an absolute path to --into";
    assert!(
        ran.err.starts_with("error: the current folder is not there any more\n") && ran.err.contains(hint),
        "{}",
        ran.err
    );
    let into = sandbox.path("work/shop").display().to_string();
    run(&["--into", &into]).expect(0);
    assert!(sandbox.path("work/shop/.git/HEAD").exists());
    assert_eq!(sandbox.names("work"), ["shop"]);
}

#[test]
fn a_current_folder_that_is_not_utf8_is_as_good_as_any() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let folder = sandbox.work().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).expect("Linux takes any name");
    for (name, more) in [("a", ""), ("b", " --json"), ("c", " --dry-run --json")] {
        let line = format!("new {name} --yes --smoke none --template {template}{more}");
        sandbox.finish(sandbox.neoforge(line.split(' ')).current_dir(&folder)).expect(0);
    }
    assert!(folder.join("a/.git/HEAD").exists() && folder.join("b/neoforge.toml").exists());
}

#[test]
fn the_umask_is_obeyed_but_secrets_stay_private() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mode = |path: &str| fs::metadata(sandbox.path(path)).expect(path).permissions().mode() & 0o777;
    for (name, umask, folder, file) in
        [("a", "022", 0o755, 0o644), ("b", "077", 0o700, 0o600), ("c", "000", 0o777, 0o666)]
    {
        let script = format!(r#"umask {umask}; exec "$0" "$@""#);
        let arguments = ["new", name, "--yes", "--smoke", "none", "--template", &template];
        sandbox.finish(&mut shell(&sandbox, &script, &arguments)).expect(0);
        assert_eq!(mode(&format!("work/{name}")), folder, "{umask}");
        assert_eq!(mode(&format!("work/{name}/main.txt")), file, "{umask}");
        assert_eq!(mode(&format!("work/{name}/.env")), 0o600, "{umask}");
    }
}
