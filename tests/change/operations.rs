//! What the commands do when nothing is in their way.

use super::Project;
use super::support::Sandbox;

#[test]
fn adding_and_removing_are_inverse() {
    let project = Project::new();
    let before = project.tree();
    let said = project.run("add feature mail --yes").expect(0);
    assert!(said.err.contains("✓ Add mail:") && said.err.contains("git commit --message \"Add mail\""), "{}", said.err);
    assert!(said.err.contains("`jobs` comes along: `mail` requires it"), "{}", said.err);
    assert_eq!(project.read("main.txt"), "begin\n    jobs\n    mail\nend\n");
    assert!(project.read("neoforge.toml").contains("features = [\n    \"lite\",\n    \"mail\",\n]"));
    project.git(&["commit", "--quiet", "--message", "mail"]);

    let said = project.run("remove feature mail --yes").expect(0);
    assert!(said.err.contains("`jobs` goes, too: nothing requires it any more"), "{}", said.err);
    assert_eq!(project.staged(), before);
    assert!(!project.exists("docs/features"), "a folder that became empty goes");
}

#[test]
fn under_a_new_name_compose_has_other_volumes_and_that_is_said() {
    let note = "compose names its volumes after the project: under the new name they begin empty";
    let sandbox = Sandbox::new();
    sandbox.run("new shop --yes --smoke none --with docker").expect(0);
    let renamed = sandbox.run("set name=store --dry-run --project shop").expect(0);
    assert!(renamed.out.contains(note), "{}", renamed.out);
    let other = sandbox.run("set description=Books --dry-run --project shop").expect(0);
    assert!(!other.out.contains(note), "{}", other.out);

    sandbox.run("new plain --yes --smoke none").expect(0);
    let renamed = sandbox.run("set name=store --dry-run --project plain").expect(0);
    assert!(renamed.out.contains("Set name") && !renamed.out.contains(note), "{}", renamed.out);
}

#[test]
fn a_change_equals_a_project_that_was_made_so() {
    let changed = Project::new();
    changed.run("add feature mail --yes --set sender=x@y.example --commit").expect(0);
    changed.run("set database=big title=Other port=81 --yes --commit").expect(0);
    let made = Project::with("--with mail --set sender=x@y.example --set database=big --set title=Other --set port=81");
    // The two stand in different sandboxes, so that their templates have different paths.
    let files = |project: &Project| {
        let listed = project.git(&["ls-tree", "-r", "HEAD"]);
        listed.lines().filter(|line| !line.ends_with("neoforge.toml")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let record =
        |project: &Project| project.read("neoforge.toml").replace(&project.sandbox.path("").display().to_string(), "");
    assert_eq!(files(&changed), files(&made));
    assert_eq!(record(&changed), record(&made));
}

#[test]
fn a_dry_run_tells_all_and_changes_nothing() {
    let project = Project::new();
    let said = project.run("add feature mail --yes --dry-run").expect(0);
    for expected in
        ["Add mail: 1 new, 4 changed", "  ~ main.txt", "  + docs/features/mail.md", "+    mail\n", "note: `jobs`"]
    {
        assert!(said.out.contains(expected), "no {expected:?} in {}", said.out);
    }
    assert_eq!(project.status(), "");

    let planned = project.run("add feature mail --json --dry-run").expect(0).json();
    let mut done = project.run("add feature mail --json").expect(0).json();
    for key in ["commit", "smoke"] {
        assert!(done.as_object_mut().expect("an object").remove(key).expect(key).is_null());
    }
    assert_eq!(planned, done);
    let diffs: String = planned["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|file| file["diff"].as_str().expect("a diff").to_owned())
        .collect();
    project.git(&["reset", "--quiet", "--hard"]);
    project.sandbox.write("plan.diff", &diffs);
    let patch = project.sandbox.path("plan.diff").display().to_string();
    project.git(&["apply", "--index", &patch]);
    let applied = project.staged();
    project.git(&["reset", "--quiet", "--hard"]);
    project.run("add feature mail --yes").expect(0);
    assert_eq!(project.staged(), applied, "the diffs of the plan are what is done");
}

#[test]
fn edits_of_a_person_survive() {
    let project = Project::new();
    project.edit("main.txt", "# mine\nbegin\n    own\nend\n# the end\n");
    project.edit("own/file.txt", "own\n");
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "# mine\nbegin\n    own\n    jobs\n    mail\nend\n# the end\n");
    project.run("remove feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "# mine\nbegin\n    own\nend\n# the end\n");
    assert_eq!(project.read("own/file.txt"), "own\n");
}

#[test]
fn new_variables_are_appended_and_values_stay() {
    let project = Project::new();
    project.sandbox.write(
        "template/features/mail/feature.toml",
        format!(
            "{}\n[[env]]\nkey = \"SMTP\"\ndefault = \"smtp://x\"\nabout = \"where mail goes\"\n",
            project.sandbox.read("template/features/mail/feature.toml")
        ),
    );
    project.run("update --yes --commit").expect(0);
    let before = project.read(".env").replace("PORT=80", "PORT=99");
    project.write(".env", &before);
    let said = project.run("add feature mail --yes --commit").expect(0);
    assert!(said.err.contains("new in .env: SMTP"), "{}", said.err);
    assert_eq!(project.read(".env"), format!("{before}\n# where mail goes\nSMTP=smtp://x\n"));
    let said = project.run("set port=81 --yes").expect(0);
    assert!(said.err.contains("`PORT` in your .env stays as it is; for new projects it is now 81"), "{}", said.err);
    assert!(project.read(".env").contains("PORT=99\n"));
}

#[test]
fn committing_leaves_nothing_to_do() {
    let project = Project::new();
    let said = project.run("add feature mail --yes --commit").expect(0);
    assert!(said.err.contains("committed as "), "{}", said.err);
    assert_eq!(project.git(&["log", "-1", "--format=%s by %an"]), "Add mail by A Tester\n");
    assert_eq!(project.status(), "");
    let said = project.run("set port=80 --yes").expect(0);
    assert!(said.err.contains("Nothing to do"), "{}", said.err);
}

#[test]
fn status_and_diff_tell_what_was_edited() {
    let project = Project::with("--with mail");
    project.edit("main.txt", "begin\n    mine\n    jobs\n    mail\nend\n");
    project.git(&["rm", "--quiet", "raw.yml"]);
    project.edit("own.txt", "x\n");
    let status = project.run("status --json").expect(0).json();
    assert_eq!(status["features"], serde_json::json!(["jobs", "lite", "mail"]));
    assert_eq!(status["chosen"], serde_json::json!(["lite", "mail"]));
    assert_eq!(
        status["edited"],
        serde_json::json!([{ "path": "main.txt", "how": "edited" }, { "path": "raw.yml", "how": "deleted" }])
    );
    assert_eq!(status["own"], 1);
    let told = project.run("status").expect(0).out;
    assert!(told.contains("jobs (required), lite, mail") && told.contains("edited   main.txt"), "{told}");

    let diff = project.run("diff").expect(0).out;
    assert!(
        diff.contains("+++ b/main.txt") && diff.contains("+    mine\n") && diff.contains("+++ /dev/null"),
        "{diff}"
    );
    assert!(!diff.contains("own.txt"), "what is only the person's is no difference: {diff}");
    project.run("diff --exit-code").expect(1);
    assert!(!project.run("diff my-app/raw.yml").expect(0).out.contains("main.txt"));
    project.run("diff my-app/docs --exit-code").expect(0);
}

/// A note that git does not know keeps the folder of a crate, without its manifest.
#[test]
fn the_workspace_loads_with_what_is_left_of_a_crate() {
    let sandbox = Sandbox::new();
    sandbox.run("new my-app --yes --smoke none --preset minimal --with cors").expect(0);
    let project = Project { sandbox };
    project.write("platform/cors/note.txt", "ask them for their origins\n");
    let before = project.read("Cargo.toml");
    let loads = || {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let run = cargo.current_dir(project.sandbox.path("work/my-app")).output().expect("cargo runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    let said = project.run("remove feature cors --yes --commit").expect(0);
    assert!(
        said.err.contains("platform/cors is no crate any more, and yours stay there: platform/cors/note.txt;"),
        "{}",
        said.err
    );
    assert!(project.read("Cargo.toml").contains("exclude = [\"platform/cors\"]\n"));
    loads();
    project.run("add feature cors --yes --commit").expect(0);
    assert_eq!(project.read("Cargo.toml"), before);
    loads();
}

#[test]
fn what_fails_its_smoke_test_is_not_committed() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let step = "\n[[smoke.step]]\nname = \"look\"\nrun = [\"sh\", \"-c\", \"! grep -q mail main.txt\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    sandbox.run(&format!("new my-app --yes --trust --template {template}")).expect(0);
    let project = Project { sandbox };
    let before = project.git(&["rev-parse", "HEAD"]);
    let said = project.run("add feature mail --yes --smoke --commit --trust").expect(4);
    assert!(said.err.contains("The smoke test failed, and nothing was committed."), "{}", said.err);
    assert_eq!(project.git(&["rev-parse", "HEAD"]), before);
    assert!(project.status().contains("M  main.txt"), "{}", project.status());
    project.git(&["restore", "--staged", "--worktree", "."]);
    assert_eq!(project.status(), "");
    project.run("add feature jobs --yes --smoke --commit --trust").expect(0);
    assert_ne!(project.git(&["rev-parse", "HEAD"]), before);
}

#[test]
fn a_new_name_tells_what_hangs_on_the_old_one() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let jobs = sandbox.read("template/features/jobs/feature.toml");
    sandbox.write(
        "template/features/jobs/feature.toml",
        jobs.replace("about", "rename-notices = [\"queues keep their names\"]\nabout"),
    );
    sandbox.run(&format!("new my-app --yes --smoke none --with mail --template {template}")).expect(0);
    let project = Project { sandbox };
    let said = project.run("set title=Other --yes --commit").expect(0);
    assert!(!said.err.contains("queues"), "{}", said.err);
    let said = project.run("set name=other --yes").expect(0);
    assert!(said.err.contains("note: queues keep their names\n"), "{}", said.err);
}
