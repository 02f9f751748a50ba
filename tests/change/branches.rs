//! Two branches that each add a feature meet in git.

use std::collections::BTreeSet;

use super::Project;
use super::support::{Sandbox, search_path};

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

/// A project with two branches, each of which adds a feature: neighbours in the record, in the docs, in the manifests and in the
/// lock file, as bad as it gets for a merge of lines. The branch `other` is checked out.
fn branched() -> Project {
    let project = made("doctor");
    for (branch, feature) in [("one", "api-docs"), ("other", "cors")] {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.run(&format!("add feature {feature} --yes --commit")).expect(0);
    }
    project
}

/// Runs git in a folder, with or without the program, and gives whether it succeeded.
fn succeeds(project: &Project, folder: &str, with_program: bool, arguments: &[&str]) -> bool {
    let mut git = project.sandbox.command("git");
    git.current_dir(project.sandbox.path(folder)).env("PATH", search_path(with_program)).args(arguments);
    git.output().expect("git runs").status.success()
}

/// A text with the markers of conflicts alone: git tells a driver the labels since 2.44.
fn without_labels(text: &str) -> String {
    let marker = |line: &str| ["<<<<<<<", "|||||||", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
    let lines = text.lines().map(|line| if marker(line) { line.split(' ').next().unwrap_or_default() } else { line });
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn branches_that_each_add_a_feature_merge_in_git() {
    let project = branched();
    project.git(&["merge", "--quiet", "--no-edit", "one"]);
    let both = made("doctor,api-docs,cors");
    for path in project.git(&["ls-files"]).lines() {
        assert_eq!(lines(&project, path), lines(&both, path), "{path}");
    }
    assert_eq!(project.git(&["ls-files"]), both.git(&["ls-files"]));
    assert!(project.read("Cargo.lock") == both.read("Cargo.lock"), "{}", project.read("Cargo.lock"));

    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["api-docs", "cors", "doctor", "sqlite"]));
    project.run("add feature coverage job-commands --yes --commit").expect(0);
    let is_whole = project.read("Cargo.lock") == made("doctor,api-docs,cors,coverage,job-commands").read("Cargo.lock");
    assert!(is_whole, "{}", project.read("Cargo.lock"));
    project.run("remove feature cors --yes --commit").expect(0);
    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["api-docs", "coverage", "doctor", "job-commands", "sqlite"]));
}

#[test]
fn branches_that_each_add_a_feature_are_rebased_by_git() {
    let project = branched();
    project.git(&["rebase", "--quiet", "one"]);
    assert_eq!(project.git(&["rev-list", "--count", "--no-merges", "HEAD"]), "3\n");
    let lock = project.read("Cargo.lock");
    assert!(lock == made("doctor,api-docs,cors").read("Cargo.lock"), "{lock}");
}

/// Who has no program, or a clone that was not told of it, gets what git does by itself, to the letter.
#[test]
fn without_the_program_git_merges_the_text() {
    let project = branched();
    project.git(&["clone", "--quiet", ".", "../clone"]);
    project.git(&["-C", "../clone", "branch", "--quiet", "one", "origin/one"]);
    let unmerged = ["diff", "--name-only", "--diff-filter=U"];
    assert!(!succeeds(&project, "work/clone", true, &["merge", "one"]));
    assert!(!succeeds(&project, "work/my-app", false, &["merge", "one"]));
    let conflicts = project.git(&unmerged);
    assert_eq!(project.sandbox.git("work/clone", &unmerged), conflicts);
    assert!(conflicts.contains("Cargo.lock\n") && conflicts.contains("neoforge.toml\n"), "{conflicts}");
    let lock = project.read("Cargo.lock");
    assert!(lock.contains("<<<<<<< HEAD\n") || lock.contains("<<<<<<< ours\n"), "{lock}");
    for path in conflicts.lines() {
        let text = project.read(path);
        let other = project.sandbox.read(&format!("work/clone/{path}"));
        assert!(without_labels(&text) == without_labels(&other), "{path}: {text}");
    }
}

/// What one branch has removed stays gone, and only one of two databases is left.
#[test]
fn what_a_branch_has_removed_does_not_come_back() {
    let project = made("doctor,cors");
    for (branch, change) in
        [("one", "remove feature cors"), ("two", "add feature clients"), ("three", "set database=postgres")]
    {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.run(&format!("{change} --yes --commit")).expect(0);
    }
    project.git(&["merge", "--quiet", "--no-edit", "one"]);
    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["doctor", "postgres"]));
    assert_eq!((&said["edited"], &said["misfits"]), (&serde_json::json!([]), &serde_json::json!([])), "{said}");
    project.git(&["checkout", "--quiet", "two"]);
    project.git(&["merge", "--quiet", "--no-edit", "one"]);
    let said = project.run("status --json").expect(0).json();
    assert_eq!(said["chosen"], serde_json::json!(["clients", "doctor", "sqlite"]));
    assert!(!project.read("Cargo.toml").contains("platform/cors") && !project.exists("docs/features/cors.md"));
}

/// Files that come only with two features are in neither branch: the record is a conflict, and git says what to do.
#[test]
fn features_that_bring_more_together_are_for_a_person_to_add() {
    let project = made("doctor");
    for (branch, feature) in [("one", "docker"), ("other", "github-actions")] {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.run(&format!("add feature {feature} --yes --commit")).expect(0);
    }
    let mut git = project.sandbox.command("git");
    let merge = git.current_dir(project.sandbox.path("work/my-app")).args(["merge", "one"]).output().expect("git runs");
    let told = String::from_utf8_lossy(&merge.stderr);
    assert!(told.contains("make their change once more (add docker)"), "{told}");
    assert_eq!(project.git(&["diff", "--name-only", "--diff-filter=U"]), "neoforge.toml\n");
    assert!(project.read("neoforge.toml").contains("<<<<<<< "), "{}", project.read("neoforge.toml"));
    project.git(&["checkout", "--quiet", "--ours", "neoforge.toml"]);
    project.git(&["commit", "--quiet", "--all", "--no-edit"]);
    project.run("add feature docker --yes --commit").expect(0);
    let said = project.run("status --json").expect(0).json();
    assert_eq!((&said["edited"], &said["misfits"]), (&serde_json::json!([]), &serde_json::json!([])), "{said}");
}

/// As git merges lines where no driver runs: the record has a feature of which the project has no file, or lacks one.
#[test]
fn a_record_that_does_not_fit_the_files_is_told() {
    let project = made("doctor,cors");
    project.git(&["rm", "--quiet", "-r", "platform/cors"]);
    project.git(&["commit", "--quiet", "--message", "gone"]);
    let misfit =
        "neoforge.toml has `cors`, but none of its files is there: `neoforge remove feature cors` takes out the rest";
    let said = project.run("status").expect(0);
    assert!(said.out.contains(misfit), "{}", said.out);
    let said = project.run("update --yes").expect(0);
    assert!(said.err.contains(misfit), "{}", said.err);

    let project = made("doctor");
    let record = project.read("neoforge.toml").replace("    \"doctor\",\n", "");
    project.edit("neoforge.toml", &record);
    let misfit = "the project has the files of `doctor`, which neoforge.toml does not list";
    let said = project.run("status").expect(0);
    assert!(said.out.contains(misfit), "{}", said.out);
    project.edit("neoforge.toml", &record.replace("    \"sqlite\",\n", "    \"postgres\",\n    \"sqlite\",\n"));
    let said = project.run("status").expect(1);
    assert!(said.err.contains("`postgres` and `sqlite`"), "{}", said.err);
}

/// A project of the small template that asks for the driver.
fn asking() -> Project {
    let project = Project::new();
    project.edit(".gitattributes", "Cargo.lock merge=neoforge\n");
    project
}

#[test]
fn what_the_program_cannot_merge_is_left_to_git() {
    let project = asking();
    project.run("add feature mail --yes --commit").expect(0);
    project.edit("Cargo.lock", "first\nbase\nlast\n");
    for branch in ["one", "other"] {
        project.git(&["checkout", "--quiet", "-b", branch, "main"]);
        project.edit("Cargo.lock", &format!("first\n{branch}\nlast\n"));
    }
    project.git(&["clone", "--quiet", ".", "../clone"]);
    project.git(&["-C", "../clone", "branch", "--quiet", "one", "origin/one"]);
    for (style, size) in [("merge", 7), ("diff3", 7), ("merge", 9)] {
        for folder in ["work/my-app", "work/clone"] {
            project.sandbox.git(folder, &["config", "merge.conflictStyle", style]);
            let attributes = format!("Cargo.lock merge=neoforge conflict-marker-size={size}\n");
            let info = project.sandbox.path(&format!("{folder}/.git/info"));
            std::fs::create_dir_all(&info).expect("a folder");
            std::fs::write(info.join("attributes"), attributes).expect("a file");
            assert!(!succeeds(&project, folder, true, &["merge", "one"]));
        }
        let lock = project.read("Cargo.lock");
        assert!(without_labels(&lock).contains(&format!("{}\nother\n", "<".repeat(size))), "{lock}");
        assert_eq!(without_labels(&lock), without_labels(&project.sandbox.read("work/clone/Cargo.lock")));
        for folder in ["work/my-app", "work/clone"] {
            project.sandbox.git(folder, &["merge", "--abort"]);
        }
    }
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
    assert!(!merge.expect("git runs").status.success());
    let conflicts = project.git(&["diff", "--name-only", "--diff-filter=U"]);
    assert!(conflicts.contains("neoforge.toml\n"), "{conflicts}");
    let said = project.run("status").expect(1);
    assert!(said.err.contains("failed to read neoforge.toml"), "{}", said.err);
}

/// Git before 2.44 knows of no labels, and hands on what it does not know.
#[cfg(unix)]
#[test]
fn conflicts_have_labels_where_git_gives_none() {
    let project = asking();
    project.run("add feature mail --yes --commit").expect(0);
    for (name, text) in [("O", "base\n"), ("A", "one\n"), ("B", "other\n")] {
        project.write(name, text);
    }
    let mut driver = project.git(&["config", "merge.neoforge.driver"]);
    for (placeholder, value) in [("%O", "O"), ("%A", "A"), ("%B", "B"), ("%P", "Cargo.lock"), ("%L", "7")] {
        driver = driver.replace(placeholder, value);
    }
    let mut sh = project.sandbox.command("sh");
    let run = sh.current_dir(project.sandbox.path("work/my-app")).args(["-c", &driver]).status().expect("sh runs");
    assert_eq!(run.code(), Some(1));
    assert_eq!(project.read("A"), "<<<<<<< ours\none\n=======\nother\n>>>>>>> theirs\n");
}

/// What git was told stands in the clone that was changed, and is told once.
#[test]
fn git_is_told_of_the_driver_where_the_project_asks_for_it() {
    let project = Project::new();
    let config = || project.read(".git/config");
    let before = config();
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(config(), before, "nobody asks");

    project.edit(".gitattributes", "Cargo.lock merge=neoforge\n");
    let mine = format!("# mine\n{before}[alias]\n\tst = status\n");
    project.write(".git/config", &mine);
    project.run("remove feature mail --yes --dry-run").expect(0);
    assert_eq!(config(), mine, "a dry run changes nothing");
    let said = project.run("remove feature mail --yes --commit").expect(0);
    assert!(said.err.contains("git has NeoForge merge the files in which features meet in this clone"), "{}", said.err);
    let told = config();
    assert!(told.starts_with(&mine) && told.contains("[merge \"neoforge\"]"), "{told}");
    let said = project.run("add feature mail --yes --commit").expect(0);
    assert!(!said.err.contains("git has NeoForge") && config() == told, "{}", said.err);

    // What an earlier version of the program has set is brought up to date.
    project.git(&[
        "config",
        "merge.neoforge.driver",
        "command -v neoforge >/dev/null && neoforge merge-driver %O %A %B %P",
    ]);
    project.run("remove feature mail --yes --commit").expect(0);
    assert!(project.read(".git/config").contains("case $? in"), "{}", config());
    project.run("add feature mail --yes --commit").expect(0);

    // A person's own way to run it stays.
    project.git(&["config", "merge.neoforge.driver", "true"]);
    let own = config();
    project.run("set title=Other --yes --commit").expect(0);
    assert_eq!(config(), own);
}

/// Also by a command that finds nothing to do, so that a new clone can be told.
#[test]
fn clones_and_linked_work_trees_are_told() {
    let project = asking();
    project.git(&["clone", "--quiet", ".", "../clone"]);
    project.sandbox.git("work/clone", &["worktree", "add", "--quiet", "../linked"]);
    let said = project.run("set port=80 --yes").expect(0);
    assert!(said.err.contains("Nothing to do"), "{}", said.err);
    assert!(project.read(".git/config").contains("[merge \"neoforge\"]"));
    project.sandbox.run("add feature mail --yes --project linked").expect(0);
    assert!(project.sandbox.read("work/clone/.git/config").contains("[merge \"neoforge\"]"));

    let project = asking();
    project.git(&["rm", "--quiet", "neoforge.toml"]);
    project.git(&["commit", "--quiet", "--message", "lost"]);
    let template = project.sandbox.path("template").display().to_string();
    project.sandbox.run(&format!("adopt my-app --yes --template {template}")).expect(0);
    assert!(project.read(".git/config").contains("[merge \"neoforge\"]"));
}

#[test]
fn a_part_of_a_repository_may_ask_for_the_driver() {
    let sandbox = Sandbox::new();
    sandbox.git("work", &["init", "--quiet"]);
    sandbox.write("work/services/README.md", "services\n");
    let said = sandbox.run("new my-app --into services/shop --yes --smoke none --preset minimal").expect(0);
    assert!(said.err.contains("git has NeoForge merge the files in which features meet in this clone"), "{}", said.err);
    assert!(sandbox.read("work/.git/config").contains("[merge \"neoforge\"]"));
    sandbox.git("work", &["add", "--all"]);
    sandbox.git("work", &["commit", "--quiet", "--message", "all"]);
    for (branch, feature) in [("one", "api-docs"), ("other", "cors")] {
        sandbox.git("work", &["checkout", "--quiet", "-b", branch, "main"]);
        sandbox.run(&format!("add feature {feature} --yes --commit --project services/shop")).expect(0);
    }
    sandbox.git("work", &["merge", "--quiet", "--no-edit", "one"]);
    let lock = sandbox.read("work/services/shop/Cargo.lock");
    assert!(lock == made("api-docs,cors").read("Cargo.lock"), "{lock}");
}

#[test]
fn settings_that_cannot_be_written_are_worth_a_note() {
    let project = asking();
    project.write(".git/config.lock", "");
    let said = project.run("add feature mail --yes --commit").expect(0);
    assert!(
        said.err
            .contains("note: git will merge line by line in this clone, also where features meet: git did not write"),
        "{}",
        said.err
    );
    assert!(!project.read(".git/config").contains("neoforge"));
}

/// It may hold the password of a remote.
#[cfg(unix)]
#[test]
fn settings_that_only_their_owner_reads_stay_so() {
    use std::os::unix::fs::PermissionsExt;
    let project = asking();
    let config = project.sandbox.path("work/my-app/.git/config");
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o600)).expect("permissions can be set");
    project.run("add feature mail --yes --commit").expect(0);
    assert!(project.read(".git/config").contains("[merge \"neoforge\"]"));
    assert_eq!(std::fs::metadata(&config).expect("it is there").permissions().mode() & 0o777, 0o600);
}
