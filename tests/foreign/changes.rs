//! What happens around the project: workspaces, repositories, folders that are there; and plans, which change nothing.

use std::fs;

use crate::support::Sandbox;
use crate::{files, new, run};

#[test]
fn a_template_knows_where_it_is_made() {
    let sandbox = Sandbox::new();
    new(&sandbox, "surroundings", "").expect(0);
    assert_eq!(sandbox.read("work/my-app/alone.txt"), "false false\n");
    assert_eq!(sandbox.read("work/my-app/src/lib.rs"), "pub fn kept( ) { }\n", "the template wants no formatting");
    assert!(sandbox.path("work/my-app/.git").exists(), "the template asks for a repository");
}

#[test]
fn a_project_becomes_a_member_of_the_workspace_around() {
    let sandbox = Sandbox::new();
    let manifest = "# Ours.\n[workspace]\nmembers = [\n    \"another\", # the first\n]\n";
    sandbox.write("work/Cargo.toml", manifest);
    let ran = new(&sandbox, "surroundings", "--into crates/my-app").expect(1);
    assert!(ran.err.contains("crates"), "{}", ran.err);
    let ran = new(&sandbox, "surroundings", "").expect(0);
    assert!(ran.err.contains("✓ a member of [HERE]/work/Cargo.toml"), "{}", ran.err);
    let names: Vec<String> = files(&sandbox.path("work/my-app")).into_iter().map(|(path, _)| path).collect();
    assert_eq!(names, ["Cargo.toml", "fresh.txt", "src/lib.rs"]);
    assert_eq!(
        sandbox.read("work/Cargo.toml"),
        "# Ours.\n[workspace]\nmembers = [\n    \"another\", # the first\n    \"my-app\",\n]\n"
    );
    assert!(!sandbox.path("work/my-app/.git").exists(), "it belongs to what is around");
}

#[test]
fn a_folder_that_is_there_keeps_its_files() {
    let sandbox = Sandbox::new();
    sandbox.write("work/README.md", "mine\n");
    for words in ["--init --dry-run", "--init"] {
        let ran = new(&sandbox, "surroundings", words).expect(0);
        assert!(!ran.err.contains("README.md"), "{}", ran.err);
    }
    assert_eq!(sandbox.names("work"), ["Cargo.toml", "README.md", "alone.txt", "src"]);
    assert_eq!(sandbox.read("work/alone.txt"), "false true\n");
    assert!(!sandbox.path("work/.git").exists());

    // The template itself may want it.
    let ran = new(&sandbox, "in-place", "").expect(0);
    assert!(ran.err.contains("note: these files were there already and stayed as they are: README.md"), "{}", ran.err);
    assert_eq!(sandbox.read("work/README.md"), "mine\n");
    assert_eq!(sandbox.read("work/src/new.txt"), "my-app\n");
    assert_eq!(sandbox.names("work/src"), ["lib.rs", "new.txt"]);
}

#[test]
fn a_dry_run_shows_the_plan_and_runs_no_command() {
    let sandbox = Sandbox::new();
    sandbox.write("work/Cargo.toml", "[workspace]\nmembers = []\n");
    let ran = new(&sandbox, "surroundings", "--dry-run").expect(0);
    let folder = sandbox.path("work").display().to_string();
    for line in [
        "/work/my-app/\n  Cargo.toml\n  fresh.txt\n  src/\n    lib.rs\n",
        "  name       my-app\n",
        "  git        no repository\n",
        "  workspace  becomes a member of ",
        "  size       3 files, ",
    ] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out.replace(&folder, "[HERE]"));
    }
    let json = new(&sandbox, "surroundings", "--dry-run --json").expect(0).json();
    assert_eq!(json["files"][0]["path"], "Cargo.toml");
    assert_eq!(json["git"], "off");
    let ran = new(&sandbox, "commands", "--dry-run --trust").expect(1);
    assert!(ran.err.contains("a dry run never runs them"), "{}", ran.err);
    assert_eq!(sandbox.names("work"), ["Cargo.toml"]);
    assert_eq!(sandbox.read("work/Cargo.toml"), "[workspace]\nmembers = []\n");
}

#[test]
fn commands_run_where_they_are_trusted() {
    let sandbox = Sandbox::new();
    let ran = new(&sandbox, "commands", "").expect(1);
    assert_eq!(
        ran.err,
        "error: the template's hooks run commands, which nobody has allowed\nhint: look at them, then allow them with `--trust`; a \
         dry run never runs them\n"
    );
    assert!(sandbox.names("work").is_empty());
    new(&sandbox, "commands", "--trust").expect(0);
    assert!(sandbox.path("work/my-app/made-by-a-command").exists());
}

#[test]
fn whoever_wants_quiet_has_it() {
    let sandbox = Sandbox::new();
    for template in ["hooks", "placeholders", "several"] {
        let ran = new(&sandbox, template, "--quiet").expect(0);
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
        fs::remove_dir_all(sandbox.path("work/my-app")).expect("it can be removed");
    }
}

#[test]
fn nobody_is_known_to_git() {
    let sandbox = Sandbox::new();
    sandbox.write("home/.gitconfig", "[user]\nuseConfigOnly = true\n");
    let ran = new(&sandbox, "bare", "").expect(0);
    assert!(ran.err.contains("nothing was committed: git does not know who you are"), "{}", ran.err);
    assert!(sandbox.path("work/my-app/.git").exists());
}

#[test]
fn submodules_are_files_like_others_and_links_are_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("t/sub/.git", "gitdir: ../.git/modules/sub\n");
    sandbox.write("t/sub/a.txt", "{{project-name}}\n");
    std::os::unix::fs::symlink("sub/a.txt", sandbox.path("t/link")).expect("a link");
    let ran = sandbox.run("new my-app --yes --template ../t").expect(0);
    assert!(ran.err.contains("note: [Skipping] Symbolic links not supported `[HERE]/t/link`"), "{}", ran.err);
    assert_eq!(sandbox.git("work/my-app", &["ls-files"]), "sub/a.txt\n");
}

#[test]
fn a_folder_that_is_there_decides_how_files_are_formatted() {
    let sandbox = Sandbox::new();
    let manifest = |edition| format!("[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n");
    sandbox.write("t/Cargo.toml", manifest(2021));
    sandbox.write("t/src/lib.rs", "use   crate::{A2, A10};\n");
    sandbox.write("work/Cargo.toml", manifest(2024));
    let ran = run(&sandbox, "new my-app --yes --init --template ../t").expect(0);
    assert!(ran.err.contains("stayed as they are: Cargo.toml"), "{}", ran.err);
    assert_eq!(sandbox.read("work/src/lib.rs"), "use crate::{A2, A10};\n");
    assert_eq!(sandbox.read("work/Cargo.toml"), manifest(2024));
    run(&sandbox, "new my-app --yes --template ../t --into fresh").expect(0);
    assert_eq!(sandbox.read("work/fresh/src/lib.rs"), "use crate::{A10, A2};\n");
}
