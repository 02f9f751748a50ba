//! Where templates come from, years later: folders that change, branches, answers and features that are no more, histories that
//! were rewritten, and addresses that nobody else may know.

use std::fs;

use super::Project;
use super::support::Sandbox;

/// Commits everything in the template.
fn commit(sandbox: &Sandbox) -> String {
    sandbox.git("template", &["add", "--all"]);
    sandbox.git("template", &["commit", "--quiet", "--message", "a version"]);
    sandbox.git("template", &["rev-parse", "HEAD"]).trim().to_owned()
}

/// A sandbox with the template in a repository of its own.
fn versioned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.template();
    sandbox.git("template", &["init", "--quiet"]);
    commit(&sandbox);
    sandbox
}

fn made(sandbox: Sandbox, source: &str) -> Project {
    sandbox.run(&format!("new my-app --yes --smoke none --with mail --template {source}")).expect(0);
    Project { sandbox }
}

fn replace(sandbox: &Sandbox, path: &str, from: &str, to: &str) {
    let text = sandbox.read(&format!("template/{path}"));
    assert!(text.contains(from), "{path} has no {from:?}");
    sandbox.write(&format!("template/{path}"), text.replace(from, to));
}

fn set_version(sandbox: &Sandbox, from: &str, to: &str) {
    replace(sandbox, "template.toml", &format!("version = \"{from}\""), &format!("version = \"{to}\""));
}

#[test]
fn a_folder_that_changes_shows_no_edits_and_can_be_moved_to() {
    let project = Project::new();
    assert_eq!(project.run("status --json").expect(0).json()["edited"], serde_json::json!([]));
    replace(&project.sandbox, "base/files/main.txt", "begin", "start");
    let status = project.run("status --json").expect(0).json();
    assert_eq!(status["edited"], serde_json::json!([]), "nobody has edited anything");
    project.edit("main.txt", "begin\nend\nmine\n");
    project.run("add feature mail --yes --commit").expect(0);
    assert_eq!(project.read("main.txt"), "begin\n    jobs\n    mail\nend\nmine\n");
    let said = project.run("update --yes --commit").expect(0);
    assert!(said.err.contains("Update the template from "), "{}", said.err);
    assert_eq!(project.read("main.txt"), "start\n    jobs\n    mail\nend\nmine\n");
    let said = project.run("update --yes").expect(0);
    assert!(said.err.contains("Nothing to do"), "{}", said.err);
    // Another machine has not kept what the folder was.
    replace(&project.sandbox, "base/files/main.txt", "start", "go");
    fs::remove_dir_all(project.sandbox.path("home/.cache")).expect("a cache");
    let said = project.run("add feature big --yes").expect(1);
    assert!(said.err.contains("has changed since the project was made from it"), "{}", said.err);
    assert!(said.err.contains("keep the template in git"), "{}", said.err);
}

#[test]
fn a_folder_in_a_repository_is_known_by_its_commit() {
    let sandbox = versioned();
    let folder = sandbox.path("template").display().to_string();
    let first = sandbox.git("template", &["rev-parse", "HEAD"]).trim().to_owned();
    let project = made(sandbox, &folder);
    let record = project.read("neoforge.toml");
    assert!(record.contains(&format!("commit = \"{first}\"\nsource = \"{folder}\"")), "{record}");
    fs::remove_dir_all(project.sandbox.path("home/.cache")).expect("a cache");
    replace(&project.sandbox, "base/files/main.txt", "begin", "start");
    assert_eq!(project.run("status --json").expect(0).json()["edited"], serde_json::json!([]));
    // What is not committed yet counts, too: whoever writes a template looks at what it makes.
    project.run("update --yes --commit").expect(0);
    assert!(project.read("main.txt").starts_with("start\n"));
    assert!(project.read("neoforge.toml").contains("content = "));
    commit(&project.sandbox);
    project.run("update --yes --commit").expect(0);
    project.run(&format!("update --to {first} --yes --commit")).expect(0);
    assert!(project.read("main.txt").starts_with("begin\n"));
}

#[test]
fn a_folder_that_others_have_is_recorded_as_they_find_it() {
    let sandbox = Sandbox::new();
    sandbox.template();
    sandbox.git("home", &["init", "--quiet", "--bare", "server.git"]);
    sandbox.write("clone/README.md", "templates\n");
    fs::rename(sandbox.path("template"), sandbox.path("clone/web")).expect("moved");
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "--all"],
        &["commit", "--quiet", "--message", "one"],
        &["remote", "add", "origin", &format!("file://{}", sandbox.path("home/server.git").display())],
        &["push", "--quiet", "origin", "main"],
    ] {
        sandbox.git("clone", arguments);
    }
    sandbox.run("new my-app --yes --smoke none --template ../clone/web").expect(0);
    let record = sandbox.read("work/my-app/neoforge.toml");
    let source = format!("source = \"file://{}//web#main\"", sandbox.path("home/server.git").display());
    assert!(record.contains(&source), "no {source} in {record}");
    fs::remove_dir_all(sandbox.path("clone")).expect("removed");
    sandbox.run("add feature mail --yes --commit --project my-app").expect(0);
    sandbox.run("update --yes --project my-app").expect(0);
}

#[test]
fn a_relative_repository_is_recorded_from_everywhere() {
    let sandbox = versioned();
    sandbox.git("work", &["clone", "--quiet", "--bare", "../template", "t.git"]);
    let project = made(sandbox, "./t.git");
    let path = project.sandbox.path("work/t.git").canonicalize().expect("a path").display().to_string();
    assert!(
        project.read("neoforge.toml").contains(&format!("source = \"{path}\"")),
        "{}",
        project.read("neoforge.toml")
    );
    let mut command = project.sandbox.neoforge(["remove", "feature", "mail", "--yes", "--commit"]);
    project.sandbox.finish(command.current_dir(project.sandbox.path("work/my-app"))).expect(0);
}

#[test]
fn an_update_follows_the_branch_and_never_goes_down() {
    let sandbox = versioned();
    sandbox.git("template", &["checkout", "--quiet", "-b", "next"]);
    set_version(&sandbox, "1.2.3", "2.0.0-rc.1");
    commit(&sandbox);
    sandbox.git("template", &["tag", "v2.0.0-rc.1"]);
    sandbox.git("template", &["checkout", "--quiet", "main"]);
    let url = format!("file://{}", sandbox.path("template").display());
    let project = made(sandbox, &format!("{url}#next"));
    assert!(project.read("neoforge.toml").contains(&format!("source = \"{url}#next\"")));
    assert!(project.run("update --yes").expect(0).err.contains("Nothing to do"));
    let sandbox = &project.sandbox;
    sandbox.git("template", &["checkout", "--quiet", "next"]);
    set_version(sandbox, "2.0.0-rc.1", "2.0.0-rc.2");
    commit(sandbox);
    sandbox.git("template", &["checkout", "--quiet", "main"]);
    project.run("update --yes --commit").expect(0);
    assert!(project.read("neoforge.toml").contains("version = \"2.0.0-rc.2\""));
    // A tag is no branch, and the default one is behind it.
    project.run("update --to v2.0.0-rc.1 --yes --commit").expect(0);
    assert!(
        project.read("neoforge.toml").contains("#next\"\nversion = \"2.0.0-rc.1\""),
        "{}",
        project.read("neoforge.toml")
    );
    let other = format!("new other --yes --smoke none --template {url}#v2.0.0-rc.1");
    project.sandbox.run(&other).expect(0);
    let said = project.sandbox.run("update --yes --project other").expect(1);
    assert!(said.err.contains("is 1.2.3, and the project was made from 2.0.0-rc.1, which is later"), "{}", said.err);
    assert!(said.err.contains("name the version that you want with `--to`"), "{}", said.err);
}

#[test]
fn an_answer_that_is_not_taken_any_more_can_be_given_anew() {
    let sandbox = versioned();
    let url = format!("file://{}", sandbox.path("template").display());
    let project = made(sandbox, &url);
    replace(&project.sandbox, "template.toml", "default = 80\nmin = 1\n", "default = 8080\nmin = 1024\n");
    set_version(&project.sandbox, "1.2.3", "2.0.0");
    commit(&project.sandbox);
    let said = project.run("update --yes").expect(2);
    assert!(
        said.err.contains("`80` does not answer `port`: this takes a whole number of at least 1024"),
        "{}",
        said.err
    );
    assert!(said.err.contains("give another with `--set port=…`"), "{}", said.err);
    project.run("update --yes --set port=4000 --commit").expect(0);
    assert!(project.read("neoforge.toml").contains("port = 4000"));
}

#[test]
fn what_a_later_version_no_longer_has_is_told() {
    let sandbox = versioned();
    let url = format!("file://{}", sandbox.path("template").display());
    let project = made(sandbox, &url);
    fs::remove_dir_all(project.sandbox.path("template/features/mail")).expect("removed");
    replace(&project.sandbox, "template.toml", "lettre = \"0.11\"\n", "");
    replace(
        &project.sandbox,
        "template.toml",
        "[[question]]\nkey = \"owner\"\nprompt = \"Owner?\"\ndefault = \"nobody\"\nwhen = \"licence == 'mit'\"\n",
        "",
    );
    let text = project.sandbox.read("template/base/files/{{ name }}.txt.liquid");
    let text = text.replace("{% if licence == 'mit' %}, by {{ owner }}{% endif %}", "");
    project.sandbox.write("template/base/files/{{ name }}.txt.liquid", text);
    set_version(&project.sandbox, "1.2.3", "2.0.0");
    commit(&project.sandbox);
    let said = project.run("update --yes --commit").expect(0);
    assert!(said.err.contains("`mail` goes: version 2.0.0 of the template no longer has it"), "{}", said.err);
    let owner = "the answer `owner = nobody` goes: version 2.0.0 of the template no longer asks for it";
    assert!(said.err.contains(owner), "{}", said.err);
    assert!(!said.err.contains("sender"), "{}", said.err);
}

#[test]
fn a_history_that_was_rewritten_or_is_out_of_reach_was_kept() {
    let sandbox = versioned();
    let url = format!("file://{}", sandbox.path("template").display());
    let project = made(sandbox, &url);
    fs::remove_dir_all(project.sandbox.path("template/.git")).expect("removed");
    project.run("remove feature mail --yes --commit").expect(0);
    let said = project.run("update --yes").expect(1);
    assert!(said.err.contains("check the address, the network and your access"), "{}", said.err);
    project.sandbox.git("template", &["init", "--quiet"]);
    set_version(&project.sandbox, "1.2.3", "1.3.0");
    commit(&project.sandbox);
    project.run("update --yes --commit").expect(0);
    assert!(project.read("neoforge.toml").contains("version = \"1.3.0\""));

    // Where nothing was kept, the way out is named.
    let record = project.read("neoforge.toml");
    let commit = record.lines().find_map(|line| line.strip_prefix("commit = ")).expect("a commit").trim_matches('"');
    project.edit("neoforge.toml", &record.replace(commit, &"1".repeat(40)));
    let said = project.run("add feature mail --yes").expect(1);
    assert!(
        said.err.contains("hint: should its history have been rewritten, remove neoforge.toml with git"),
        "{}",
        said.err
    );
    assert!(said.err.contains("`neoforge adopt --template file://[HERE]/template`"), "{}", said.err);
}
