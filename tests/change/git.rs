//! What git protects, what it is set to do, and what somebody else's git has left in the environment.

use std::fs;

use super::Project;
use super::support::Sandbox;

/// Commits everything.
fn commit(project: &Project) {
    project.git(&["add", "--all"]);
    project.git(&["commit", "--quiet", "--message", "mine"]);
}

#[track_caller]
fn refused(project: &Project, expected: &str) {
    let (tree, status) = (project.tree(), project.git(&["status", "--porcelain", "--ignored"]));
    for line in ["add feature mail --yes --dry-run", "add feature mail --yes"] {
        let said = project.run(line);
        // What git ignores is met on the disk, and not in the plan.
        assert!(
            said.code == 1 && said.err.contains(expected) || line.ends_with("run"),
            "no {expected:?} in {}",
            said.err
        );
        assert!(
            !said.out.contains("+ docs/features/mail.md") || !expected.contains("your project has"),
            "{}",
            said.out
        );
    }
    assert_eq!((project.tree(), project.git(&["status", "--porcelain", "--ignored"])), (tree, status));
}

#[test]
fn what_is_no_file_of_a_template_is_never_written_over() {
    let path = "docs/features/mail.md";
    let project = Project::new();
    project.edit(&format!("{path}/own.txt"), "mine\n");
    project.write(&format!("{path}/secret"), "untracked\n");
    refused(&project, "your project has a file there, docs/features/mail.md/own.txt");
    assert_eq!(project.read(&format!("{path}/secret")), "untracked\n");

    let project = Project::new();
    project.write(path, "x".repeat(5_000_000).as_str());
    commit(&project);
    refused(&project, "your project has a file of more than 4 MB there, docs/features/mail.md");

    for at in [path, "docs/features"] {
        let project = Project::new();
        project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../my-app", at]);
        commit(&project);
        refused(&project, &format!("your project has a submodule there, {at}"));
    }
}

#[cfg(unix)]
#[test]
fn links_pipes_and_odd_names_are_the_persons() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let project = Project::new();
    let at = |path: &str| project.sandbox.path(&format!("work/my-app/{path}"));
    for path in ["docs/features/mail.md", "docs/features"] {
        fs::create_dir_all(at(path).parent().expect("a folder")).expect("a folder");
        symlink("/etc/hostname", at(path)).expect("a link");
        refused(&project, if path.ends_with("md") { path } else { "unknown to git: docs/features" });
        commit(&project);
        refused(&project, &format!("your project has a symbolic link there, {path}"));
        project.git(&["rm", "--quiet", path]);
        project.git(&["commit", "--quiet", "--message", "without"]);
    }
    fs::create_dir_all(at("docs/features")).expect("a folder");
    let made = std::process::Command::new("mkfifo").arg(at("docs/features/mail.md")).status();
    assert!(made.expect("mkfifo runs").success());
    refused(&project, "unknown to git: docs/features/mail.md");
    fs::remove_file(at("docs/features/mail.md")).expect("removed");

    fs::create_dir(at("docs/features/mail.md")).expect("a folder");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(at("docs/features/mail.md").join(name), "mine\n").expect("a file");
    commit(&project);
    refused(&project, "your project has a file there, docs/features/mail.md/caf");
}

#[cfg(unix)]
#[test]
fn a_file_that_became_a_link_stays_one_and_is_told() {
    let project = Project::new();
    fs::remove_file(project.sandbox.path("work/my-app/my-app.txt")).expect("removed");
    std::os::unix::fs::symlink("raw.yml", project.sandbox.path("work/my-app/my-app.txt")).expect("a link");
    commit(&project);
    let said = project.run("set title=Other --yes --commit").expect(0);
    assert!(said.err.contains("you have put something else in the place of my-app.txt"), "{}", said.err);
    assert!(project.git(&["ls-files", "--stage", "my-app.txt"]).starts_with("120000"));
    let status = project.run("status").expect(0);
    assert!(status.out.contains("replaced my-app.txt"), "{}", status.out);
}

#[test]
fn ignored_files_below_a_path_are_not_lost() {
    let project = Project::new();
    project.edit(".gitignore", ".env\ndocs/features/mail.md/\n");
    project.write("docs/features/mail.md/.git/HEAD", "a nested repository\n");
    refused(&project, "unknown to git: docs/features/mail.md/.git/HEAD");
    // An empty folder holds nothing.
    fs::remove_dir_all(project.sandbox.path("work/my-app/docs/features/mail.md/.git")).expect("removed");
    project.run("add feature mail --yes").expect(0);
    assert_eq!(project.read("docs/features/mail.md"), "# Mail\n");
}

#[test]
fn files_that_git_was_told_not_to_look_at_are_protected() {
    for flag in ["skip-worktree", "assume-unchanged"] {
        let project = Project::new();
        project.git(&["update-index", &format!("--{flag}"), "main.txt"]);
        project.write("main.txt", "mine, and not for git\n");
        refused(&project, "main.txt is not as in the last commit, and git was told not to look");
        assert_eq!(project.read("main.txt"), "mine, and not for git\n");
        // What a change does not touch keeps its mark.
        project.run("set title=Other --yes").expect(0);
        assert_eq!(project.read("main.txt"), "mine, and not for git\n");
        let marked = project.git(&["ls-files", "-v", "main.txt"]);
        assert!(marked.starts_with(if flag == "skip-worktree" { 'S' } else { 'h' }), "{marked}");
    }
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    for arguments in [&["--cone", "docs"][..], &["--cone", "--sparse-index", "docs"], &["--no-cone", "/*", "!/docs/"]] {
        let project = Project::new();
        let outside = arguments[0] == "--no-cone";
        project.git(&[&["sparse-checkout", "set"][..], arguments].concat());
        project.run("add feature mail --yes").expect(0);
        assert_eq!(project.exists("docs/features/mail.md"), !outside, "{arguments:?}");
        assert!(project.status().lines().all(|line| line.chars().nth(1) == Some(' ')), "{}", project.status());
        project.git(&["commit", "--quiet", "--message", "mail"]);
        assert_eq!(project.git(&["show", "HEAD:docs/features/mail.md"]), "# Mail\n");
        assert_eq!(project.status(), "");
        project.git(&["sparse-checkout", "disable"]);
        assert_eq!(project.read("docs/features/mail.md"), "# Mail\n");
        project.run("remove feature mail --yes --commit").expect(0);
        assert_eq!(project.tree(), project.git(&["rev-parse", "HEAD~2^{tree}"]));
    }
}

#[test]
fn a_conflict_outside_of_a_sparse_checkout_is_shown() {
    let project = Project::new();
    project.edit("my-app.txt", "my own words\n");
    project.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/my-app.txt"]);
    assert!(!project.exists("my-app.txt"));
    project.run("set title=Other --yes").expect(3);
    assert!(project.read("my-app.txt").contains("<<<<<<<"));
    project.git(&["cherry-pick", "--abort"]);
    assert_eq!(project.status(), "");
}

#[test]
fn filters_are_run_as_git_runs_them() {
    let project = Project::new();
    // What is committed is not what stands on the disk.
    project.git(&["config", "filter.x.clean", "tr a-z b-za"]);
    project.git(&["config", "filter.x.smudge", "tr b-za a-z"]);
    project.git(&["config", "filter.x.required", "true"]);
    let attributes = "main.txt eol=crlf\ndeps.txt ident\n.env.example working-tree-encoding=UTF-16LE\nmy-app.txt filter=x\n\
                      docs/features/mail.md filter=x\n";
    project.write(".gitattributes", attributes);
    project.git(&["add", ".gitattributes"]);
    project.git(&["add", "--renormalize", "my-app.txt"]);
    project.git(&["commit", "--quiet", "--message", "filters"]);
    project.git(&["rm", "--cached", "--quiet", "-r", "."]);
    project.git(&["reset", "--quiet", "--hard"]);
    assert_eq!(project.git(&["show", "HEAD:my-app.txt"]), "Mz Aqq po 80 xjui mjuf, cz opcpez\n");
    assert!(project.run("status").expect(0).out.contains(", 0 of them edited"));
    project.run("add feature mail --yes").expect(0);
    assert_eq!(project.read("main.txt"), "begin\r\n    jobs\r\n    mail\r\nend\r\n");
    assert_eq!(project.read("docs/features/mail.md"), "# Mail\n");
    assert_eq!(project.git(&["show", ":docs/features/mail.md"]), "# Mbjm\n");
    assert!(project.status().lines().all(|line| line.chars().nth(1) == Some(' ')), "{}", project.status());
    project.git(&["commit", "--quiet", "--message", "mail"]);
    project.run("set title=Other --yes --commit").expect(0);
    assert_eq!(project.read("my-app.txt"), "Other on 80 with lite, by nobody\n");
    assert_eq!(project.status(), "");
    // A conflict shows what a person can read.
    project.edit("my-app.txt", "my own words\n");
    assert_eq!(project.git(&["show", "HEAD:my-app.txt"]), "nz pxo xpset\n");
    project.run("set title=Third --yes").expect(3);
    let shown = project.read("my-app.txt");
    assert!(shown.contains("my own words\n") && shown.contains("<<<<<<<"), "{shown}");
    project.git(&["cherry-pick", "--abort"]);
    assert_eq!(project.status(), "");
}

#[test]
fn a_filter_that_fails_changes_nothing() {
    let project = Project::new();
    project.write(".git/info/attributes", "docs/features/mail.md filter=x\n");
    project.git(&["config", "filter.x.clean", "cat"]);
    project.git(&["config", "filter.x.smudge", "exit 1"]);
    project.git(&["config", "filter.x.required", "true"]);
    refused(&project, "git failed to write the files");
}

#[test]
fn variables_of_a_callers_git_are_dropped() {
    let project = Project::new();
    let sandbox = &project.sandbox;
    sandbox.git("work", &["init", "--quiet", "other"]);
    sandbox.git("work/other", &["commit", "--quiet", "--allow-empty", "--message", "other"]);
    sandbox.write("work/other/staged", "staged\n");
    sandbox.git("work/other", &["add", "staged"]);
    let other = |path: &str| sandbox.path(&format!("work/other/{path}"));
    let before = sandbox.git("work/other", &["rev-parse", "HEAD"]);
    let mut count = 1;
    for (variable, value) in [
        ("GIT_DIR", other(".git")),
        ("GIT_INDEX_FILE", other(".git/index")),
        ("GIT_WORK_TREE", other("")),
        ("GIT_OBJECT_DIRECTORY", other(".git/objects")),
        ("GIT_COMMON_DIR", other(".git")),
        ("GIT_NAMESPACE", other("x")),
        ("GIT_LITERAL_PATHSPECS", "1".into()),
    ] {
        for line in ["add feature mail", "remove feature mail"] {
            let mut command = sandbox.neoforge(format!("{line} --yes --commit --project my-app").split(' '));
            let said = sandbox.finish(command.env(variable, &value)).expect(0);
            count += 1;
            let id = project.git(&["rev-parse", "HEAD"]);
            assert!(said.err.contains(&format!("committed as {}", &id[..10])), "{variable}: {}", said.err);
            assert_eq!(project.git(&["rev-list", "--count", "HEAD"]), format!("{count}\n"), "{variable}");
            assert_eq!(project.status(), "", "{variable}");
        }
        let mut command = sandbox.neoforge(["status", "--project", "my-app"]);
        let said = sandbox.finish(command.env(variable, &value)).expect(0);
        assert!(said.out.contains(", 0 of them edited"), "{variable}: {}", said.out);
    }
    assert_eq!(sandbox.git("work/other", &["rev-parse", "HEAD"]), before);
    assert_eq!(sandbox.git("work/other", &["status", "--porcelain"]), "A  staged\n");
}

#[cfg(unix)]
#[test]
fn a_refusal_by_git_shows_its_words() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    let hook = project.sandbox.path("work/my-app/.git/hooks/pre-commit");
    for (script, expected) in
        [("echo not on fridays", "not on fridays"), ("echo no >&2", "no"), (":", "exit status: 1")]
    {
        fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
        fs::write(&hook, format!("#!/bin/sh\n{script}\nexit 1\n")).expect("a hook");
        fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).expect("permissions");
        let said = project.run("add feature mail --yes --commit").expect(1);
        assert!(said.err.contains(&format!("git did not commit it: {expected}")), "{}", said.err);
        project.git(&["reset", "--quiet", "--hard"]);
    }
}

/// A project whose repository is not as usual; `make` turns `work/my-app` into it.
fn changed_and_back(make: impl Fn(&Sandbox)) {
    let project = Project::new();
    make(&project.sandbox);
    let before = project.tree();
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.status(), "");
    assert!(project.run("status").expect(0).out.contains(", 0 of them edited"));
    project.run("remove feature mail --yes --commit").expect(0);
    assert_eq!(project.tree(), before);
    project.edit("my-app.txt", "mine\n");
    project.run("set title=Other --yes").expect(3);
    assert!(project.git(&["status"]).contains("currently cherry-picking"));
    let said = project.run("add feature mail --yes").expect(1);
    assert!(said.err.contains("git cherry-pick --abort"), "{}", said.err);
    project.git(&["cherry-pick", "--abort"]);
    assert_eq!(project.status(), "");
}

#[test]
fn repositories_that_git_opens_will_do() {
    let again = |sandbox: &Sandbox, arguments: &[&str]| {
        fs::remove_dir_all(sandbox.path("work/my-app/.git")).expect("removed");
        sandbox.git("work/my-app", &[&["init", "--quiet"][..], arguments].concat());
        sandbox.git("work/my-app", &["add", "--all"]);
        sandbox.git("work/my-app", &["commit", "--quiet", "--message", "again"]);
    };
    changed_and_back(|sandbox| again(sandbox, &["--object-format=sha256"]));
    changed_and_back(|sandbox| again(sandbox, &["--separate-git-dir", "../elsewhere"]));
    changed_and_back(|sandbox| _ = sandbox.git("work/my-app", &["update-index", "--split-index"]));
    changed_and_back(|sandbox| _ = sandbox.git("work/my-app", &["config", "core.untrackedCache", "true"]));
    // Git knows it since 2.45.
    let sandbox = Sandbox::new();
    let knows = sandbox.command("git").args(["init", "--quiet", "--ref-format=reftable", "probe"]).status();
    if knows.expect("git runs").success() {
        changed_and_back(|sandbox| again(sandbox, &["--ref-format=reftable"]));
    }
    #[cfg(unix)]
    changed_and_back(|sandbox| {
        fs::rename(sandbox.path("work/my-app/.git"), sandbox.path("work/the-git")).expect("moved");
        std::os::unix::fs::symlink("../the-git", sandbox.path("work/my-app/.git")).expect("a link");
    });
}

#[cfg(unix)]
#[test]
fn a_repository_of_somebody_else_is_told_once_with_the_way_out() {
    let project = Project::new();
    let root = project.sandbox.path("work/my-app");
    // Only root can give files away.
    if std::os::unix::fs::chown(&root, Some(65_534), None).is_err()
        || std::os::unix::fs::chown(root.join(".git"), Some(65_534), None).is_err()
    {
        return;
    }
    let said = project.run("add feature mail --yes").expect(1);
    assert!(
        said.err.contains("which git does not trust\nhint: if you do, run `git config --global --add safe.directory"),
        "{}",
        said.err
    );
    assert_eq!(said.err.lines().count(), 2, "{}", said.err);
    project.sandbox.git("work", &["config", "--global", "--add", "safe.directory", &root.display().to_string()]);
    project.run("add feature mail --yes").expect(0);
}
