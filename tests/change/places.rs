//! Where projects live: in a part of a repository, in a linked work tree, on no branch, with other line ends.

#[cfg(unix)]
use std::fs;

use super::Project;
use super::support::Sandbox;

/// A repository with a project in a subfolder.
fn monorepo() -> Sandbox {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.git("work", &["init", "--quiet"]);
    sandbox.write("work/README.md", "everything\n");
    sandbox.write("work/services/README.md", "services\n");
    sandbox.run(&format!("new my-app --into services/shop --yes --smoke none --template {template}")).expect(0);
    sandbox.git("work", &["add", "--all"]);
    sandbox.git("work", &["commit", "--quiet", "--message", "all"]);
    sandbox
}

#[test]
fn a_part_of_a_repository_changes_alone() {
    let sandbox = monorepo();
    let before = sandbox.git("work", &["rev-parse", "HEAD^{tree}"]);
    // What is not staged elsewhere is no business of ours.
    sandbox.write("work/README.md", "edited\n");
    sandbox.run("add feature mail --yes --project services/shop/docs").expect(0);
    let status = sandbox.git("work", &["status", "--porcelain"]);
    assert!(status.contains("M  services/shop/main.txt") && status.contains(" M README.md"), "{status}");
    // The way back that is printed takes nothing else along.
    sandbox.git("work/services/shop", &["restore", "--staged", "--worktree", "."]);
    assert_eq!(sandbox.git("work", &["status", "--porcelain"]), " M README.md\n");
    sandbox.run("add feature mail --yes --project services/shop/docs").expect(0);
    sandbox.git("work", &["commit", "--quiet", "--message", "mail"]);
    sandbox.run("remove feature mail --yes --commit --project services/shop").expect(0);
    assert_eq!(sandbox.git("work", &["rev-parse", "HEAD^{tree}"]), before);

    sandbox.git("work", &["add", "--all"]);
    let said = sandbox.run("add feature mail --yes --project services/shop").expect(1);
    assert!(said.err.contains("README.md"), "what is staged would be committed along: {}", said.err);
}

#[test]
fn a_conflict_in_a_part_of_a_repository_is_one_of_the_repository() {
    let sandbox = monorepo();
    sandbox.write("work/services/shop/my-app.txt", "mine\n");
    sandbox.git("work", &["commit", "--quiet", "--all", "--message", "mine"]);
    let said = sandbox.run("set title=Other --yes --project services/shop").expect(3);
    assert!(said.err.contains("  services/shop/my-app.txt\n"), "{}", said.err);
    sandbox.git("work", &["cherry-pick", "--abort"]);
    assert_eq!(sandbox.git("work", &["status", "--porcelain"]), "");
}

#[test]
fn a_linked_work_tree_has_a_state_of_its_own() {
    let project = Project::new();
    project.git(&["worktree", "add", "--quiet", "../linked"]);
    project.sandbox.write("work/linked/my-app.txt", "mine\n");
    project.sandbox.git("work/linked", &["commit", "--quiet", "--all", "--message", "mine"]);
    project.sandbox.run("set title=Other --yes --project linked").expect(3);
    assert!(project.sandbox.git("work/linked", &["status"]).contains("currently cherry-picking"));
    assert_eq!(project.status(), "");
    project.run("add feature mail --yes --commit").expect(0);
    project.sandbox.git("work/linked", &["cherry-pick", "--abort"]);
}

#[test]
fn no_branch_is_needed() {
    let project = Project::new();
    project.git(&["checkout", "--quiet", "--detach"]);
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.status(), "");
    assert_eq!(project.git(&["rev-list", "--count", "HEAD"]), "2\n");
}

#[test]
fn line_ends_are_those_that_git_checks_out() {
    let project = Project::new();
    project.git(&["config", "core.autocrlf", "true"]);
    project.git(&["rm", "--cached", "--quiet", "-r", "."]);
    project.git(&["reset", "--quiet", "--hard"]);
    assert!(project.read("main.txt").contains("begin\r\n"));
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "begin\r\n    jobs\r\n    mail\r\nend\r\n");
    assert_eq!(project.status(), "");
    assert_eq!(project.git(&["show", "HEAD:main.txt"]), "begin\n    jobs\n    mail\nend\n");
}

#[test]
fn line_ends_that_git_makes_are_no_edits() {
    let project = Project::new();
    let check = || {
        project.git(&["rm", "--cached", "--quiet", "-r", "."]);
        project.git(&["reset", "--quiet", "--hard"]);
        assert!(project.read("main.txt").contains("begin\r\n"));
        let said = project.run("status").expect(0);
        assert!(said.out.contains(", 0 of them edited"), "{}", said.out);
        assert_eq!(project.run("diff --exit-code").expect(0).out, "");
    };
    project.git(&["config", "core.autocrlf", "true"]);
    check();
    project.git(&["config", "core.autocrlf", "false"]);
    project.edit(".gitattributes", "* text=auto eol=crlf\n");
    check();
    // An edit shows as what was edited, and not as the whole file.
    project.write("main.txt", "begin\r\n    mine\r\nend\r\n");
    let diff = project.run("diff").expect(0).out;
    assert!(diff.contains("\n begin\n+    mine\n end\n"), "{diff}");
}

#[cfg(unix)]
#[test]
fn modes_that_a_disk_makes_up_are_no_edits() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::new();
    project.git(&["config", "core.fileMode", "false"]);
    for mode in [0o666, 0o777] {
        for name in ["run", "main.txt"] {
            let file = project.sandbox.path(&format!("work/my-app/{name}"));
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("permissions can be set");
        }
        let said = project.run("status").expect(0);
        assert!(said.out.contains(", 0 of them edited"), "{}", said.out);
        project.run("add feature mail --yes --commit").expect(0);
        project.run("remove feature mail --yes --commit").expect(0);
    }
    assert!(project.git(&["ls-files", "--stage", "run"]).starts_with("100755 "));
    assert!(project.git(&["ls-files", "--stage", "main.txt"]).starts_with("100644 "));
    assert_eq!(project.status(), "");
}

#[test]
fn committed_carriage_returns_are_kept() {
    let project = Project::new();
    project.edit("main.txt", "begin\r\n    mine\r\nend\r\n");
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "begin\r\n    mine\r\n    jobs\r\n    mail\r\nend\r\n");
}
