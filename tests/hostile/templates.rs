//! Templates that mean harm, or that are merely unusual.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::Sandbox;

const LARGE: u64 = 200 << 20;

fn refused(sandbox: &Sandbox, more: &str, code: i32, message: &str) {
    let template = sandbox.path("template").display().to_string();
    let ran = sandbox.run(&format!("new my-app --yes --smoke none --template {template} {more}")).expect(code);
    assert!(ran.err.contains(message), "{}", ran.err);
    assert!(ran.out.is_empty());
    assert!(sandbox.names("work").is_empty(), "{:?}", sandbox.names("work"));
}

#[test]
fn what_cannot_be_on_every_platform_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.template();
    let link = sandbox.path("template/base/files/passwords");
    symlink("/etc/passwd", &link).expect("a link");
    refused(
        &sandbox,
        "",
        1,
        "base/files/passwords is a symbolic link, which not every platform has\nhint: put a copy in its place",
    );
    fs::remove_file(link).expect("removable");

    let pipe = sandbox.path("template/base/files/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    refused(&sandbox, "", 1, "base/files/pipe is neither a file nor a folder\nhint: move it out of the folder");
    fs::remove_file(pipe).expect("removable");

    let name = sandbox.path("template/base/files").join(OsStr::from_bytes(b"caf\xe9"));
    fs::write(&name, "x").expect("Linux takes any name");
    refused(&sandbox, "", 1, "is not UTF-8, which not every platform can write\nhint: rename it");
    fs::remove_file(name).expect("removable");

    sandbox.write("template/base/files/README", "x");
    sandbox.write("template/base/files/readme", "x");
    refused(&sandbox, "", 1, "README");
}

#[test]
fn an_answer_does_not_lead_out_of_the_project() {
    let sandbox = Sandbox::new();
    sandbox.template();
    let manifest = "\n[[question]]\nkey = \"folder\"\nprompt = \"Folder?\"\ndefault = \"here\"\n";
    sandbox.write(
        "template/template.toml",
        sandbox.read("template/template.toml").replacen("\n[[question]]", &format!("{manifest}\n[[question]]"), 1),
    );
    sandbox.write("template/base/files/{{ folder }}/x.txt", "x");
    for (folder, reason) in [
        ("..", "leaves the project"),
        ("../../x", "leaves the project"),
        ("a/../../x", "leaves the project"),
        ("/etc", "is absolute"),
        (".git", ""),
        ("a\\b", "holds a backslash"),
        ("aux", "device name on Windows"),
        ("", ""),
    ] {
        refused(&sandbox, &format!("--set folder={folder}"), 1, reason);
    }
    refused(&sandbox, "--name-is-no-flag", 2, "unexpected argument");
    let template = sandbox.path("template").display().to_string();
    sandbox.run(&format!("new my-app --yes --set folder=a/b --template {template}")).expect(0);
    assert_eq!(sandbox.read("work/my-app/a/b/x.txt"), "x");
}

#[test]
fn a_large_file_passes_through_once() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let file = fs::File::create(sandbox.path("template/base/files/large.bin")).expect("a file");
    file.set_len(LARGE).expect("a sparse file");
    sandbox.run(&format!("new my-app --yes --smoke none --template {template}")).expect(0);
    let written = fs::metadata(sandbox.path("work/my-app/large.bin")).expect("written");
    assert_eq!(written.len(), LARGE);
    assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
    // Of all processes that this one has waited for; the others are small.
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN).expect("usage");
    let peak = u64::try_from(usage.max_rss()).expect("positive") << 10;
    assert!(peak < LARGE + (100 << 20), "a peak of {} MB", peak >> 20);
}

/// A repository with a template in the folder `web`, the tag `v1`, and a later commit on `main`.
fn repository(sandbox: &Sandbox) -> (String, String) {
    sandbox.template();
    let step = "\n[[smoke.step]]\nname = \"touch\"\nrun = [\"touch\", \"proved\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    fs::create_dir(sandbox.path("origin")).expect("a folder");
    fs::rename(sandbox.path("template"), sandbox.path("origin/web")).expect("renamed");
    sandbox.write("origin/README.md", "templates");
    sandbox.git("origin", &["init", "--quiet"]);
    sandbox.git("origin", &["add", "--all"]);
    sandbox.git("origin", &["commit", "--quiet", "--message", "one"]);
    sandbox.git("origin", &["tag", "v1"]);
    let commit = sandbox.git("origin", &["rev-parse", "HEAD"]).trim().to_owned();
    sandbox.write("origin/web/template.toml", sandbox.read("origin/web/template.toml").replace("1.2.3", "2.0.0"));
    sandbox.git("origin", &["commit", "--quiet", "--all", "--message", "two"]);
    (format!("file://{}", sandbox.path("origin").display()), commit)
}

#[test]
fn a_repository_is_found_by_folder_tag_and_commit_and_found_again() {
    let sandbox = Sandbox::new();
    let (url, commit) = repository(&sandbox);
    let place = sandbox.path("temporary");
    fs::create_dir(&place).expect("a folder");
    let run = |line: &str| sandbox.finish(sandbox.neoforge(line.split(' ')).env("TMPDIR", &place));
    for (name, rev, version) in [
        ("newest", String::new(), "2.0.0"),
        ("tagged", "#v1".to_owned(), "1.2.3"),
        ("pinned", format!("#{commit}"), "1.2.3"),
    ] {
        run(&format!("new {name} --yes --smoke none --template {url}//web{rev}")).expect(0);
        let record = sandbox.read(&format!("work/{name}/neoforge.toml"));
        assert!(record.contains(&format!("version = \"{version}\"")), "{record}");
        assert!(record.contains(&format!("source = \"{url}//web\"")), "{record}");
        assert_eq!(record.contains(&format!("commit = \"{commit}\"")), version == "1.2.3", "{record}");
    }
    // The repository has moved on; the project has not.
    let ran = run("smoke tagged").expect(1);
    assert!(ran.err.contains("look at it, then add `--trust`"), "{}", ran.err);
    let ran = run("smoke tagged --trust").expect(0);
    assert!(!ran.err.contains("made from version"), "{}", ran.err);
    assert!(sandbox.path("work/tagged/proved").exists());
    assert!(sandbox.names("temporary").is_empty(), "{:?}", sandbox.names("temporary"));

    fs::rename(sandbox.path("origin"), sandbox.path("gone")).expect("renamed");
    run("smoke pinned --trust").expect(0);
    fs::remove_dir_all(sandbox.path("home/.cache/neoforge/templates")).expect("the templates of projects are kept");
    let ran = run("smoke pinned --trust").expect(1);
    assert!(ran.err.contains("git cannot fetch") && ran.err.contains("check the address"), "{}", ran.err);
}

#[test]
fn a_repository_that_has_not_what_is_wanted_is_told() {
    let sandbox = Sandbox::new();
    let (url, _) = repository(&sandbox);
    let place = sandbox.path("temporary");
    fs::create_dir(&place).expect("a folder");
    let missing = format!("file://{}", sandbox.path("nowhere").display());
    for (template, code, message) in [
        (
            format!("{missing}//web"),
            1,
            "check the address, the network and your access; `git ls-remote file://[HERE]/nowhere`",
        ),
        (format!("{url}//nowhere"), 2, "has no folder \"nowhere\"; these hold a template.toml: web"),
        (format!("{url}//web#v9"), 2, "has no branch, tag or full commit \"v9\"; it has the tags v1"),
        (format!("{url}//web#{}", "0".repeat(40)), 2, "it has the tags v1"),
        (format!("{url}//../web"), 2, "cannot be a folder of the repository"),
        (format!("{url}//web#--upload-pack=x"), 2, "cannot be a branch, a tag or a commit"),
        (url.clone(), 1, "has no template.toml"),
        ("ext::touch%20x".to_owned(), 2, "git would run a program of its own"),
        ("gh:nobody".to_owned(), 2, "write it as `gh:owner/repo`"),
    ] {
        let line = format!("new my-app --yes --template {template}");
        let ran = sandbox.finish(sandbox.neoforge(line.split(' ')).env("TMPDIR", &place)).expect(code);
        assert!(ran.err.contains(message), "{template}: {}", ran.err);
        assert!(sandbox.names("work").is_empty());
        assert!(sandbox.names("temporary").is_empty(), "{template}");
    }
}
