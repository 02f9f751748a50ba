//! Where a person has to choose.

use super::Project;

/// A project in which the person and the template have changed the same line.
fn in_conflict() -> Project {
    let project = Project::new();
    project.edit("my-app.txt", "my own words\n");
    let said = project.run("set title=Other --yes").expect(3);
    assert!(said.err.contains("! Set title=Other: 1 changed, 1 in conflict"), "{}", said.err);
    assert!(said.err.contains("  my-app.txt\n") && said.err.contains("git cherry-pick --abort"), "{}", said.err);
    project
}

#[test]
fn a_conflict_has_markers_stages_and_the_state_of_git() {
    let project = in_conflict();
    assert_eq!(
        project.read("my-app.txt"),
        "<<<<<<< your project\nmy own words\n||||||| as NeoForge made it\nMy App on 80 with lite, by nobody\n=======\nOther on 80 with \
         lite, by nobody\n>>>>>>> Set title=Other\n"
    );
    assert_eq!(project.status(), "UU my-app.txt\nM  neoforge.toml\n");
    let unmerged = project.git(&["ls-files", "--unmerged"]);
    assert_eq!(unmerged.lines().count(), 3, "{unmerged}");
    assert!(project.git(&["status"]).contains("You are currently cherry-picking"));
}

#[test]
fn a_conflict_is_resolved_as_any_cherry_pick() {
    let project = in_conflict();
    project.write("my-app.txt", "both\n");
    project.git(&["add", "my-app.txt"]);
    project.git(&["-c", "core.editor=true", "cherry-pick", "--continue"]);
    assert_eq!(project.status(), "");
    assert_eq!(project.git(&["log", "-1", "--format=%s"]), "Set title=Other\n");
    assert!(project.read("neoforge.toml").contains("title = \"Other\""));
}

#[test]
fn a_conflict_is_taken_back_as_any_cherry_pick() {
    let project = in_conflict();
    project.git(&["cherry-pick", "--abort"]);
    assert_eq!(project.status(), "");
    assert_eq!(project.read("my-app.txt"), "my own words\n");
    project.run("add feature mail --yes").expect(0);
}

#[test]
fn an_edited_file_of_a_removed_feature_is_kept_until_somebody_decides() {
    let project = Project::with("--with mail");
    project.edit("docs/features/mail.md", "# Mail, by me\n");
    let said = project.run("remove feature mail --yes").expect(3);
    assert!(said.err.contains("docs/features/mail.md"), "{}", said.err);
    assert_eq!(project.read("docs/features/mail.md"), "# Mail, by me\n");
    assert!(project.status().contains("UD docs/features/mail.md"), "{}", project.status());
    project.git(&["rm", "--quiet", "docs/features/mail.md"]);
    project.git(&["-c", "core.editor=true", "cherry-pick", "--continue"]);
    assert_eq!(project.status(), "");
}

#[test]
fn a_deleted_file_stays_deleted_and_a_moved_one_is_followed() {
    let project = Project::new();
    project.git(&["rm", "--quiet", "my-app.txt"]);
    project.git(&["mv", "main.txt", "moved.txt"]);
    project.git(&["commit", "--quiet", "--message", "tidy"]);
    let said = project.run("set title=Other --yes --commit").expect(0);
    assert!(said.err.contains("you have deleted my-app.txt: it stays deleted"), "{}", said.err);
    let said = project.run("add feature mail --yes").expect(0);
    assert!(said.err.contains("you have moved main.txt to moved.txt: the change went there"), "{}", said.err);
    assert_eq!(project.read("moved.txt"), "begin\n    jobs\n    mail\nend\n");
    assert!(!project.exists("my-app.txt") && !project.exists("main.txt"));
}
