//! Two branches that each add a feature meet in git.

use std::collections::BTreeSet;

use super::Project;
use super::support::Sandbox;

/// A project of the built-in template.
fn made(features: &str) -> Project {
    let sandbox = Sandbox::new();
    sandbox.run(&format!("new my-app --yes --smoke none --preset minimal --with {features}")).expect(0);
    Project { sandbox }
}

/// The lines of a file, in any order.
fn lines(project: &Project, path: &str) -> BTreeSet<String> {
    project.read(path).lines().map(str::to_owned).collect()
}

/// Neighbours in the record, in the docs and in the manifests, as bad as it gets for a merge of lines. Only of the lock file, which
/// cargo writes, a side has to be chosen; the next change makes it whole.
#[test]
fn branches_that_each_add_a_feature_merge_in_git() {
    let project = made("doctor");
    for (branch, feature) in [("one", "api-docs"), ("other", "cors")] {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.run(&format!("add feature {feature} --yes --commit")).expect(0);
    }
    let mut merge = project.sandbox.command("git");
    merge.current_dir(project.sandbox.path("work/my-app")).args(["merge", "--quiet", "--no-edit", "one"]);
    merge.output().expect("git runs");
    assert_eq!(project.git(&["diff", "--name-only", "--diff-filter=U"]), "Cargo.lock\n");
    project.git(&["checkout", "--quiet", "--ours", "Cargo.lock"]);
    project.git(&["commit", "--quiet", "--all", "--no-edit"]);
    let both = made("doctor,api-docs,cors");
    for path in project.git(&["ls-files"]).lines().filter(|path| *path != "Cargo.lock") {
        assert_eq!(lines(&project, path), lines(&both, path), "{path}");
    }
    assert_eq!(project.git(&["ls-files"]), both.git(&["ls-files"]));

    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["api-docs", "cors", "doctor", "sqlite"]));
    project.run("add feature coverage job-commands --yes --commit").expect(0);
    let is_whole = project.read("Cargo.lock") == made("doctor,api-docs,cors,coverage,job-commands").read("Cargo.lock");
    assert!(is_whole, "{}", project.read("Cargo.lock"));
    project.run("remove feature cors --yes --commit").expect(0);
    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["api-docs", "coverage", "doctor", "job-commands", "sqlite"]));
}

/// Both have answered the same question: a person has to choose, and NeoForge says so.
#[test]
fn branches_that_disagree_are_told() {
    let project = made("doctor");
    for branch in ["one", "other"] {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.run(&format!("set description={branch} --yes --commit")).expect(0);
    }
    let merge =
        project.sandbox.command("git").current_dir(project.sandbox.path("work/my-app")).args(["merge", "one"]).output();
    assert!(!merge.expect("git runs").status.success(), "README.md is a conflict");
    let said = project.run("status").expect(1);
    assert!(said.err.contains("failed to read neoforge.toml") && said.err.contains("duplicate key"), "{}", said.err);
}
