//! Later versions of a template.

use super::Project;

/// A project of version 1 of a template in a git repository; `change` makes version 2 of it.
fn with_versions(change: impl Fn(&Project)) -> Project {
    let sandbox = super::Sandbox::new();
    sandbox.template();
    sandbox.git("template", &["init", "--quiet"]);
    sandbox.git("template", &["add", "--all"]);
    sandbox.git("template", &["commit", "--quiet", "--message", "one"]);
    let url = format!("file://{}", sandbox.path("template").display());
    sandbox
        .run(&format!("new my-app --yes --smoke none --with mail --set sender=x@y.example --template {url}"))
        .expect(0);
    let project = Project { sandbox };
    change(&project);
    let manifest = project.sandbox.read("template/template.toml").replace("version = \"1.2.3\"", "version = \"2.0.0\"");
    project.sandbox.write("template/template.toml", manifest);
    project.sandbox.git("template", &["add", "--all"]);
    project.sandbox.git("template", &["commit", "--quiet", "--message", "two"]);
    project
}

fn replace(project: &Project, path: &str, from: &str, to: &str) {
    let text = project.sandbox.read(&format!("template/{path}"));
    assert!(text.contains(from), "{path} has no {from:?}");
    project.sandbox.write(&format!("template/{path}"), text.replace(from, to));
}

#[test]
fn an_update_moves_to_the_newest_version_and_is_done_then() {
    let project = with_versions(|project| replace(project, "base/files/main.txt", "begin", "start"));
    project.edit("main.txt", "begin\n    mine\n    jobs\n    mail\nend\n");
    let said = project.run("update --yes --commit").expect(0);
    assert!(said.err.contains("Update the template from 1.2.3 to 2.0.0"), "{}", said.err);
    assert_eq!(project.read("main.txt"), "start\n    mine\n    jobs\n    mail\nend\n");
    assert!(project.read("neoforge.toml").contains("version = \"2.0.0\""));
    let said = project.run("update --yes").expect(0);
    assert!(said.err.contains("Nothing to do"), "{}", said.err);
}

#[test]
fn status_tells_what_is_newer() {
    let project = with_versions(|project| replace(project, "base/files/main.txt", "begin", "start"));
    let said = project.run("status").expect(0);
    assert!(
        said.out.contains("\nVersion 2.0.0 (") && said.out.contains("`neoforge update` moves to it."),
        "{}",
        said.out
    );
    let newer = project.run("status --json").expect(0).json()["template"]["newer"].clone();
    assert!(newer.as_str().is_some_and(|newer| newer.starts_with("2.0.0 (")), "{newer}");
    project.run("update --yes --commit").expect(0);
    assert!(!project.run("status").expect(0).out.contains("Version"));
    assert!(project.run("status --json").expect(0).json()["template"]["newer"].is_null());
}

#[test]
fn an_update_commutes_with_adding() {
    let change =
        |project: &Project| replace(project, "features/jobs/feature.toml", "text = \"jobs\"", "text = \"works\"");
    let (one, other) = (with_versions(change), with_versions(change));
    one.run("update --yes --commit").expect(0);
    one.run("remove feature mail --yes --commit").expect(0);
    other.run("remove feature mail --yes --commit").expect(0);
    other.run("update --yes --commit").expect(0);
    let without_commit = |project: &Project| {
        let record = project.read("neoforge.toml");
        record
            .lines()
            .filter(|line| !line.starts_with("commit") && !line.starts_with("source"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(without_commit(&one), without_commit(&other));
    assert_eq!(one.read("main.txt"), other.read("main.txt"));
}

#[test]
fn files_that_the_template_moves_take_the_edits_along() {
    let project = with_versions(|project| {
        let sandbox = &project.sandbox;
        sandbox.git("template", &["mv", "base/files/raw.yml", "base/files/moved.yml"]);
        sandbox.git("template", &["rm", "--quiet", "base/files/run"]);
        sandbox.write("template/base/files/new.txt", "new\n");
    });
    project.edit("raw.yml", "# mine\nrun: ${{ github.sha }}\n");
    project.run("update --yes --commit").expect(0);
    assert_eq!(project.read("moved.yml"), "# mine\nrun: ${{ github.sha }}\n");
    assert!(!project.exists("raw.yml") && !project.exists("run"));
    assert_eq!(project.read("new.txt"), "new\n");
}

#[test]
fn renamed_questions_and_features_keep_their_answers() {
    let project = with_versions(|project| {
        replace(
            project,
            "features/mail/feature.toml",
            "key = \"sender\"",
            "key = \"mail_from\"\nformerly = [\"sender\"]",
        );
        replace(project, "features/mail/feature.toml", "title = \"Mail\"", "title = \"Mail\"\nformerly = [\"mail\"]");
        project.sandbox.git("template", &["mv", "features/mail", "features/email"]);
    });
    project.run("update --yes --commit").expect(0);
    let record = project.read("neoforge.toml");
    assert!(record.contains("    \"email\",\n") && record.contains("mail_from = \"x@y.example\""), "{record}");
    assert!(!record.contains("sender") && !record.contains("\"mail\""), "{record}");
}

#[test]
fn a_slot_that_was_renamed_changes_nothing() {
    let project = with_versions(|project| {
        replace(project, "base/files/main.txt", "@slot parts", "@slot pieces");
        for feature in ["mail", "jobs"] {
            replace(project, &format!("features/{feature}/feature.toml"), "slot = \"parts\"", "slot = \"pieces\"");
        }
    });
    project.run("update --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "begin\n    jobs\n    mail\nend\n");
}

#[test]
fn a_version_can_be_named() {
    let project = with_versions(|project| replace(project, "base/files/main.txt", "begin", "start"));
    let first = project.sandbox.git("template", &["rev-parse", "HEAD~1"]);
    project.run("update --yes --commit").expect(0);
    project.run(&format!("update --to {} --yes --commit", first.trim())).expect(0);
    assert_eq!(project.read("main.txt"), "begin\n    jobs\n    mail\nend\n");
    project.run("update --to nonsense --yes").expect(2);
}

#[cfg(unix)]
#[test]
fn an_update_clones_the_template_once() {
    use std::os::unix::fs::PermissionsExt;
    let project = with_versions(|project| replace(project, "base/files/main.txt", "begin", "start"));
    // An address that only git understands, as one of another machine.
    let record = project.read("neoforge.toml");
    project.edit("neoforge.toml", &record.replace("source = \"file:///", "source = \"file:///%2E/"));
    // A git that keeps a list of what it is asked for.
    let (git, list) = (project.sandbox.path("bin/git"), project.sandbox.path("asked"));
    let script = format!("#!/bin/sh\necho \" $* \" >> {}\nPATH=${{PATH#*:}}\nexec git \"$@\"\n", list.display());
    project.sandbox.write("bin/git", script);
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).expect("permissions can be set");
    let path = format!("{}:{}", project.sandbox.path("bin").display(), std::env::var("PATH").expect("a path"));
    let mut update = project.sandbox.neoforge(["update", "--yes", "--project", "my-app"]);
    project.sandbox.finish(update.env("PATH", path)).expect(0);
    assert!(project.read("main.txt").starts_with("start\n"));
    let asked = std::fs::read_to_string(list).expect("git was asked");
    let count = |command: &str| asked.lines().filter(|line| line.contains(command)).count();
    assert_eq!((count(" init "), count(" fetch ")), (1, 2), "{asked}");
}

#[test]
fn a_file_may_become_a_folder_and_a_folder_a_file() {
    let project = with_versions(|project| {
        let at = |path: &str| project.sandbox.path(&format!("template/base/files/{path}"));
        std::fs::remove_file(at("raw.yml")).expect("removed");
        project.sandbox.write("template/base/files/raw.yml/inside", "of the folder\n");
        std::fs::remove_dir_all(at("docs")).expect("removed");
        project.sandbox.write(
            "template/base/files/docs.md",
            "# Docs\n\n<!-- @slot features -->\n\n| variable | default | meaning |\n|---|---|---|\n<!-- @slot env -->\n",
        );
        replace(project, "template.toml", "docs/README.md", "docs.md");
        replace(project, "template.toml", "pages = \"docs/features\"", "pages = \"pages\"");
        project.sandbox.write("template/base/files/docs", "was a folder\n");
    });
    let before = project.tree();
    // What is the person's, and below what is to become a file, stays, and is named.
    project.edit("docs/mine.md", "mine\n");
    let said = project.run("update --yes").expect(1);
    assert!(said.err.contains("your project has a file there, docs/mine.md"), "{}", said.err);
    project.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(project.tree(), before);
    project.run("update --yes --commit").expect(0);
    assert_eq!(project.read("raw.yml/inside"), "of the folder\n");
    assert_eq!(project.read("docs"), "was a folder\n");
    assert_eq!(project.status(), "");
}
