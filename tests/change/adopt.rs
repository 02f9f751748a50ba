//! A record that is lost comes back.

use super::Project;
use super::support::Sandbox;

/// Deletes the record, also from git.
fn lose_the_record(project: &Project) -> String {
    let record = project.read("neoforge.toml");
    project.git(&["rm", "--quiet", "neoforge.toml"]);
    project.git(&["commit", "--quiet", "--message", "lost"]);
    record
}

fn adopt(project: &Project, flags: &str) -> super::Ran {
    let template = project.sandbox.path("template").display().to_string();
    project.sandbox.run(&format!("adopt my-app --template {template} {flags}"))
}

#[test]
fn a_lost_record_comes_back_and_the_project_can_be_changed_again() {
    let project = Project::with("--with jobs --set database=big --set title=Other --set port=81 --set owner=me");
    project.edit("main.txt", "# mine\nbegin\n    own\n    jobs\nend\n");
    project.edit("own/file.txt", "own\n");
    project.git(&["rm", "--quiet", "run"]);
    let record = lose_the_record(&project);
    let before = project.status();

    let said = adopt(&project, "--dry-run").expect(0);
    assert!(said.out.contains("with 9") && said.out.ends_with(&format!("{record}\n")), "{}", said.out);
    assert_eq!(project.status(), before);

    let said = adopt(&project, "").expect(0);
    assert!(
        said.err.contains("✓ neoforge.toml is written") && said.err.contains("git add neoforge.toml"),
        "{}",
        said.err
    );
    assert_eq!(project.read("neoforge.toml"), record);
    assert_eq!(project.status(), format!("{before}?? neoforge.toml\n"), "nothing else is written");
    project.git(&["add", "neoforge.toml"]);
    project.git(&["commit", "--quiet", "--message", "adopt"]);
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "# mine\nbegin\n    own\n    jobs\n    mail\nend\n");
}

#[test]
fn what_no_line_shows_is_told() {
    let project = Project::with("--with mail --set sender=x@y.example --set title=Other");
    let record = lose_the_record(&project);
    let said = adopt(&project, "--json").expect(0).json();
    assert_eq!(said["assumed"], serde_json::json!(["sender"]));
    assert_eq!((&said["written"], &said["nearness"]), (&serde_json::json!(true), &serde_json::json!("near")));
    assert!(project.read("neoforge.toml").contains("sender = \"me@my-app.example\""));
    std::fs::remove_file(project.sandbox.path("work/my-app/neoforge.toml")).expect("removable");
    adopt(&project, "--set sender=x@y.example").expect(0);
    // These are the features of a preset, which lists what others of them require, too.
    assert_eq!(project.read("neoforge.toml").replace("    \"jobs\",\n", ""), record);
}

#[test]
fn a_doubtful_match_is_told_and_not_written() {
    let project = Project::with("--with mail");
    project.edit("my-app.txt", "my own words\n");
    lose_the_record(&project);
    let said = adopt(&project, "").expect(1);
    assert!(said.err.contains("`database` is taken to be lite, by 1 of the 2 lines that tell"), "{}", said.err);
    assert!(said.err.contains("  neoforge adopt --set database=…\n"), "{}", said.err);
    assert!(said.err.contains("  edited   my-app.txt\n"), "{}", said.err);
    assert!(!project.exists("neoforge.toml"));
    let said = adopt(&project, "--json").expect(1).json();
    assert_eq!((&said["written"], &said["nearness"]), (&serde_json::json!(false), &serde_json::json!("doubtful")));
    adopt(&project, "--set database=lite --set licence=mit").expect(0);
    std::fs::remove_file(project.sandbox.path("work/my-app/neoforge.toml")).expect("removable");
    adopt(&project, "--force").expect(0);
    assert!(project.read("neoforge.toml").contains("\"mail\""));
}

#[test]
fn what_is_no_lost_project_is_refused() {
    let project = Project::new();
    let said = adopt(&project, "").expect(1);
    assert!(said.err.contains("has its record\nhint: `neoforge status` shows"), "{}", said.err);
    std::fs::remove_file(project.sandbox.path("work/my-app/neoforge.toml")).expect("removable");
    let said = adopt(&project, "").expect(1);
    assert!(said.err.contains("bring it back with `git checkout HEAD -- neoforge.toml`"), "{}", said.err);
    project.git(&["commit", "--quiet", "--all", "--message", "lost"]);
    let said = adopt(&project, "--with mial").expect(2);
    assert!(said.err.contains("there is no feature `mial`\nhint: did you mean `mail`?"), "{}", said.err);
    let said = adopt(&project, "--version 1.0.0").expect(2);
    assert!(said.err.contains("is a folder and has no other versions"), "{}", said.err);
    let said = project.sandbox.run("adopt my-app --version 9.9.9").expect(2);
    assert!(said.err.contains("there is no version 9.9.9 of the built-in template"), "{}", said.err);
    let said = project.sandbox.run("adopt my-app").expect(1);
    assert!(said.err.contains("this was not made from built-in"), "{}", said.err);
    assert!(!project.exists("neoforge.toml"));
}

#[test]
fn a_folder_of_something_else_is_no_project() {
    let sandbox = Sandbox::new();
    let said = sandbox.run("adopt").expect(1);
    assert!(said.err.contains("is in no git repository"), "{}", said.err);
    sandbox.git("work", &["init", "--quiet"]);
    let said = sandbox.run("adopt").expect(1);
    assert!(said.err.contains("git knows no file in"), "{}", said.err);
    sandbox.write("work/Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    sandbox.write("work/src/main.rs", "fn main() {\n    println!(\"hello\");\n}\n");
    sandbox.git("work", &["add", "--all"]);
    let said = sandbox.run("adopt --json").expect(1);
    assert_eq!(said.json()["nearness"], "strange");
    assert!(said.err.contains("this was not made from built-in"), "{}", said.err);
    assert!(!sandbox.path("work/neoforge.toml").exists());
}

#[test]
fn the_tags_of_a_git_template_are_tried() {
    let project = Project::with("--with mail");
    let template = |arguments: &[&str]| project.sandbox.git("template", arguments);
    let commit = |message: &str| {
        template(&["add", "--all"]);
        template(&["commit", "--quiet", "--message", message]);
    };
    template(&["init", "--quiet"]);
    commit("one");
    let first = template(&["rev-parse", "HEAD"]);
    template(&["tag", "v1.2.3"]);
    project.sandbox.write("template/base/files/main.txt", "first\nsecond\n    # @slot parts\nthird\n");
    commit("two");
    template(&["tag", "v2.0.0"]);
    project.sandbox.write("template/template.toml", "format = 99\n");
    commit("broken");
    template(&["tag", "v3.0.0"]);
    template(&["revert", "--no-edit", "HEAD"]);
    lose_the_record(&project);
    let url = format!("file://{}", project.sandbox.path("template").display());
    let said = project.sandbox.run(&format!("adopt my-app --template {url}")).expect(0);
    assert!(said.err.contains("no template that this program can read: v3.0.0"), "{}", said.err);
    assert!(project.read("neoforge.toml").contains(&format!("commit = \"{}\"", first.trim())));
}
