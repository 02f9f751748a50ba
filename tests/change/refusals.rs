//! What keeps a project from being changed, and what the program says about it. Nothing is lost or changed.

use std::fs;

use super::Project;
use super::support::Sandbox;

#[track_caller]
fn refused(project: &Project, line: &str, code: i32, expected: &str) {
    let (tree, status) = (project.tree(), project.status());
    let said = project.run(line).expect(code);
    assert!(said.err.contains(expected), "no {expected:?} in {}", said.err);
    assert_eq!((project.tree(), project.status()), (tree, status));
}

#[test]
fn names_that_make_no_sense_are_explained() {
    let project = Project::with("--with mail");
    refused(&project, "add feature mial --yes", 2, "there is no feature `mial`\nhint: did you mean `mail`?");
    refused(&project, "add feature mail --yes", 2, "has `mail` already");
    refused(&project, "add feature big --yes", 2, "run `neoforge set database=big`");
    refused(&project, "remove feature lite --yes", 2, "run `neoforge set database=…`");
    refused(&project, "remove feature mial --yes", 2, "the project has no `mial`\nhint: did you mean `mail`?");
    refused(&project, "remove feature jobs --yes", 2, "`jobs` is required by mail");
    refused(&project, "set prot=1 --yes", 2, "there is no question `prot`\nhint: did you mean `port`?");
    refused(&project, "set port=none --yes", 2, "`none` does not answer `port`");
    refused(&project, "set port --yes", 2, "write `--set key=value`");
}

#[test]
fn a_dirty_tree_is_refused() {
    let project = Project::new();
    project.write("main.txt", "begin\nend\nedited\n");
    refused(
        &project,
        "add feature mail --yes",
        1,
        "not committed: main.txt\nhint: `git status` shows them all; run `git commit --all`",
    );
    project.git(&["add", "main.txt"]);
    refused(&project, "add feature mail --yes", 1, "main.txt");
    let said = project.run("add feature mail --yes --dry-run").expect(0);
    assert!(
        said.err.contains("this is for the last commit: there are changes that are not committed: main.txt"),
        "{}",
        said.err
    );
    assert!(said.out.contains("+ docs/features/mail.md"), "{}", said.out);
    project.git(&["stash", "--quiet"]);
    project.write("untracked.txt", "no matter\n");
    project.run("add feature mail --yes").expect(0);
}

#[test]
fn nothing_is_written_over_a_file_that_git_does_not_know() {
    let project = Project::new();
    project.write("docs/features/mail.md", "mine\n");
    refused(&project, "add feature mail --yes", 1, "in the way, and unknown to git: docs/features/mail.md");
    project.edit(".gitignore", "docs/features\n.env\n");
    refused(&project, "add feature mail --yes", 1, "docs/features/mail.md");
    assert_eq!(project.read("docs/features/mail.md"), "mine\n");
    fs::remove_dir_all(project.sandbox.path("work/my-app/docs/features")).expect("removed");
    project.write("docs/features", "a file\n");
    refused(&project, "add feature mail --yes", 1, "unknown to git: docs/features\nhint: move or remove it");
    assert_eq!(project.read("docs/features"), "a file\n");
}

#[test]
fn a_name_that_differs_by_case_alone_is_not_added() {
    let project = Project::new();
    project.edit("docs/features/Mail.md", "mine\n");
    refused(
        &project,
        "add feature mail --yes",
        1,
        "docs/features/mail.md would be new, and differs from docs/features/Mail.md by case alone",
    );
    project.git(&["mv", "docs/features", "docs/Features"]);
    project.edit("docs/Features/post.md", "mine, too\n");
    refused(&project, "add feature mail --yes", 1, "docs/features would be new, and differs from docs/Features");
    project.git(&["mv", "docs/Features", "docs/post"]);
    project.git(&["commit", "--quiet", "--message", "renamed"]);
    project.run("add feature mail --yes").expect(0);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_project_is_not_followed() {
    let project = Project::new();
    fs::create_dir(project.sandbox.path("elsewhere")).expect("a folder");
    std::os::unix::fs::symlink(project.sandbox.path("elsewhere"), project.sandbox.path("work/my-app/docs/features"))
        .expect("a link");
    refused(&project, "add feature mail --yes", 1, "docs/features");
    assert_eq!(project.sandbox.names("elsewhere"), [""; 0]);
}

#[test]
fn git_must_not_be_in_the_middle_of_something() {
    let project = Project::new();
    project.git(&["checkout", "--quiet", "-b", "other"]);
    project.edit("raw.yml", "other\n");
    project.git(&["checkout", "--quiet", "main"]);
    project.edit("raw.yml", "main\n");
    let merge = project
        .sandbox
        .command("git")
        .current_dir(project.sandbox.path("work/my-app"))
        .args(["merge", "other"])
        .output();
    assert!(!merge.expect("git runs").status.success(), "the branches conflict");
    refused(
        &project,
        "add feature mail --yes",
        1,
        "in the middle of a merge\nhint: finish it, or give it up with `git merge --abort`",
    );
    project.git(&["merge", "--abort"]);
    project.git(&["bisect", "start"]);
    refused(
        &project,
        "add feature mail --yes",
        1,
        "in the middle of a bisect\nhint: finish it, or give it up with `git bisect reset`",
    );
}

#[test]
fn a_project_must_be_one() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let said = sandbox.run("add feature mail --yes").expect(2);
    assert!(said.err.contains("not in a project of NeoForge"), "{}", said.err);
    sandbox.run(&format!("new my-app --yes --no-git --smoke none --template {template}")).expect(0);
    let said = sandbox.run("add feature mail --yes --project my-app").expect(1);
    assert!(said.err.contains("in no git repository") && said.err.contains("git init"), "{}", said.err);
    sandbox.git("work/my-app", &["init", "--quiet"]);
    let said = sandbox.run("status --project my-app").expect(1);
    assert!(said.err.contains("neoforge.toml is not committed\nhint: run `git add neoforge.toml`"), "{}", said.err);
    let said = sandbox.run("add feature mail --yes --project my-app").expect(1);
    assert!(said.err.contains("no commit yet"), "{}", said.err);
    sandbox.write("work/my-app/.gitignore", "neoforge.toml\n");
    sandbox.git("work/my-app", &["add", "--all"]);
    sandbox.git("work/my-app", &["commit", "--quiet", "--message", "all but the record"]);
    let said = sandbox.run("add feature mail --yes --project my-app").expect(1);
    assert!(said.err.contains("neoforge.toml is not committed"), "{}", said.err);
}

#[test]
fn a_record_that_says_nonsense_is_refused() {
    let project = Project::new();
    let record = project.read("neoforge.toml");
    let broken = |text: &str, expected: &str| {
        project.edit("neoforge.toml", text);
        let code = if text.contains("sails") { 2 } else { 1 };
        refused(&project, "add feature mail --yes", code, expected);
    };
    broken(&record.replace("format = 1", "format = 2"), "newer than this program");
    broken(&record.replace("[template]", "[tmplate]"), "failed to read neoforge.toml");
    broken(&record.replace("\"lite\"", "\"sails\""), "there is no feature `sails`");
    broken("", "it has no [template]");
    broken(&record.replace("1.2.3", "1.0.0"), "the project was made from version 1.0.0");
}

#[test]
fn two_at_once_do_not_meet() {
    let project = Project::new();
    let lock = fs::File::create(project.sandbox.path("work/my-app/.git/neoforge.lock")).expect("a lock file");
    lock.try_lock().expect("nobody else");
    refused(&project, "add feature mail --yes", 1, "another NeoForge is at work");
    drop(lock);
    project.run("add feature mail --yes").expect(0);
}
