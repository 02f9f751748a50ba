//! What cargo-generate makes of a template is what we make of it. Here stands what; `scripts/check-conformance` asks it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Sandbox;
use crate::{files, new, template};

/// The files of `my-app`, as they are compared.
#[track_caller]
fn holds(sandbox: &Sandbox, folder: &str, expected: &[(&str, &str)]) {
    let found = files(&sandbox.path(folder));
    let found: Vec<(&str, &str)> = found.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(found, expected);
}

const MANIFEST: &str = "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\nedition = \"2024\"\nauthors = [\"A Tester <tester@example.com>\"]\n";

#[test]
fn a_template_needs_no_configuration() {
    let sandbox = Sandbox::new();
    new(&sandbox, "bare", "").expect(0);
    let main = "//! my_app, a bin by A Tester.\n\npub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\nfn main() {\n    println!(\"{}\", add(1, 2));\n}\n";
    holds(
        &sandbox,
        "work/my-app",
        &[
            (".gitignore", "*.log\n"),
            ("Cargo.toml", MANIFEST),
            ("build.log", "An ignored file.\n"),
            ("run.sh", "#!/bin/sh\necho \"my-app\"\n"),
            ("src/main.rs", main),
        ],
    );
    let mode = fs::metadata(sandbox.path("work/my-app/run.sh")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    // What git ignores is there, and not committed.
    assert_eq!(sandbox.git("work/my-app", &["ls-files"]), ".gitignore\nCargo.toml\nrun.sh\nsrc/main.rs\n");
    assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
    assert_eq!(sandbox.git("work/my-app", &["log", "--format=%an %D"]), "A Tester HEAD -> main\n");
}

#[test]
fn a_library_is_asked_for() {
    let sandbox = Sandbox::new();
    new(&sandbox, "bare", "--lib --into elsewhere").expect(0);
    assert!(sandbox.read("work/elsewhere/src/lib.rs").starts_with("//! my_app, a lib by A Tester.\n"));
}

#[test]
fn names_become_kebab_case_unless_they_are_to_stay() {
    let sandbox = Sandbox::new();
    let line = format!("new MyApp --yes --no-git --template {}", template("several//first"));
    sandbox.run(&line).expect(0);
    assert_eq!(sandbox.read("work/my-app/a.txt"), "my-app\n");
    sandbox.run(&format!("{line} --exact-name")).expect(0);
    assert_eq!(sandbox.read("work/MyApp/a.txt"), "MyApp\n");
}

#[test]
fn the_user_is_who_git_says() {
    let sandbox = Sandbox::new();
    let name = |change: &dyn Fn(&mut std::process::Command)| {
        let template = template("bare");
        let mut command = sandbox.neoforge(["new", "my-app", "--yes", "--no-git", "--template", &template]);
        command.env_remove("USER").env_remove("USERNAME").env_remove("NAME");
        change(&mut command);
        sandbox.finish(&mut command).expect(0);
        let manifest = sandbox.read("work/my-app/Cargo.toml");
        fs::remove_dir_all(sandbox.path("work/my-app")).expect("it can be removed");
        manifest.lines().last().expect("a line").to_owned()
    };
    assert_eq!(name(&|_| {}), "authors = [\"A Tester <tester@example.com>\"]");
    assert_eq!(
        name(&|command| {
            command.env("CARGO_NAME", "Cargo");
        }),
        "authors = [\"Cargo <tester@example.com>\"]"
    );
    // In a repository with its own.
    sandbox.git("work", &["init", "--quiet"]);
    sandbox.git("work", &["config", "user.name", "Local"]);
    assert_eq!(name(&|_| {}), "authors = [\"Local <tester@example.com>\"]");
    // Nobody has told git, and there is no variable: the name of the account.
    sandbox.write("home/.gitconfig", "");
    fs::remove_dir_all(sandbox.path("work/.git")).expect("it can be removed");
    assert_ne!(name(&|_| {}), "authors = [\"\"]");
}

#[test]
fn placeholders_have_defaults_conditions_and_kinds() {
    let sandbox = Sandbox::new();
    new(&sandbox, "placeholders", "").expect(0);
    holds(
        &sandbox,
        "work/my-app",
        &[
            ("README.md", "# My App\n\nBLUE, abc, true, nextest, web, jobs, .\n"),
            ("notes.txt", "abc wins over its plain twin.\n"),
            ("raw/workflow.yml", "run: ${{ github.sha }}\n"),
            ("src/my_app/blue.txt", "MyApp\n"),
            ("tests/all.rs", "#[test]\nfn works() {}\n"),
        ],
    );
    new(&sandbox, "placeholders", "--set colour=red --set tested=false --set parts=mail --set code=xyz --into red")
        .expect(0);
    holds(
        &sandbox,
        "work/red",
        &[
            (
                "README.md",
                "# {{project-name | title_case}}\n\n{{colour | upcase}}, {{code}}, {{tested}}, {{runner}}{% for part in parts \
                 %}, {{part}}{% endfor %}, {{undefined}}.\n",
            ),
            ("notes.txt", "xyz wins over its plain twin.\n"),
            ("raw/workflow.yml", "run: ${{ github.sha }}\n"),
            ("src/my_app/red.txt", "MyApp\n"),
        ],
    );
}

#[test]
fn hooks_run_at_their_time_and_speak() {
    let sandbox = Sandbox::new();
    let ran = new(&sandbox, "hooks", "").expect(0);
    assert!(ran.err.contains("note: the template says:\n  run `make` first\n"), "{}", ran.err);
    holds(
        &sandbox,
        "work/my-app",
        &[
            ("Cargo.toml", "[package]\nname = \"my-app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
            ("LICENSE", "Apache, for my-app\n"),
            ("generated.txt", "one\ntwo\n"),
            ("src/lib.rs", "pub fn long() {}\n"),
            ("text.txt", "hello from bin: 42 filtered by MY_APP\n"),
        ],
    );
}

#[test]
fn sub_templates_have_the_configuration_of_their_parent() {
    let sandbox = Sandbox::new();
    for (place, into) in [("sub-templates", "a"), ("sub-templates//plain", "b"), ("sub-templates/plain", "c")] {
        new(&sandbox, place, &format!("--into {into}")).expect(0);
        holds(&sandbox, &format!("work/{into}"), &[("file.txt", "my-app has what is of the parent.\n")]);
    }
    new(&sandbox, "sub-templates//own", "--into d").expect(0);
    holds(&sandbox, "work/d", &[("file.txt", "my-app has its own, and nothing shared: \"\".\n")]);
    let ran = new(&sandbox, "sub-templates", "--into e").expect(0);
    assert!(
        ran.err
            .contains("holds several templates; taking plain, while `--template PATH//FOLDER` names another one: own"),
        "{}",
        ran.err
    );
}

#[test]
fn sub_templates_in_git_have_it_too() {
    let sandbox = Sandbox::new();
    for (path, text) in files(std::path::Path::new(&template("sub-templates"))) {
        sandbox.write(&format!("t/{path}"), text);
    }
    sandbox.git("t", &["init", "--quiet"]);
    sandbox.git("t", &["add", "."]);
    sandbox.git("t", &["commit", "--quiet", "-m", "a template"]);
    let url = format!("file://{}//plain", sandbox.path("t").display());
    let json = sandbox.run(&format!("new my-app --json --template {url}")).expect(0).json();
    assert_eq!(json["template"]["commit"].as_str().map(str::len), Some(40));
    holds(&sandbox, "work/my-app", &[("file.txt", "my-app has what is of the parent.\n")]);
}

#[test]
fn a_template_that_lies_deeper_is_found() {
    let sandbox = Sandbox::new();
    let ran = new(&sandbox, "deeper", "").expect(0);
    holds(&sandbox, "work/my-app", &[("page.html", "<title>my-app</title>\n")]);
    assert!(ran.err.contains("note: the template asks for no git repository of its own"), "{}", ran.err);
    assert!(!sandbox.path("work/my-app/.git").exists());
    let ran = new(&sandbox, "several", "--into b").expect(0);
    assert!(ran.err.contains("taking first, while `--template PATH//FOLDER` names another one: second"), "{}", ran.err);
    holds(&sandbox, "work/b", &[("a.txt", "my-app\n")]);
}
