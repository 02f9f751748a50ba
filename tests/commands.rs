//! The other commands, from the outside.

mod support;

use std::fs;

use clap::CommandFactory as _;
use neoforge::cli::Cli;
use support::Sandbox;

#[test]
fn list_shows_what_a_template_offers() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("list --template {template}")).expect(0);
    let expected = "\
Features
  big   a big database (database)
  jobs  runs jobs
  lite  a small database (database, the default)
  mail  sends mail; requires jobs

Presets
  minimal  the base (no features)
  full     everything (jobs, mail)

Questions
  database  Database? big or lite [lite]
  title     Title? [\"{{ name | title_case }}\"]
  port      Port? [80]
  licence   Licence? [\"mit\"]
  owner     Owner? [\"nobody\"]
  sender    Sender? [\"me@{{ name }}.example\"] (feature mail)

";
    assert_eq!(ran.out, expected);
    let json = sandbox.run(&format!("list presets --json --template {template}")).expect(0).json();
    assert_eq!(json["presets"][1]["features"], serde_json::json!(["jobs", "mail"]));
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn the_built_in_template_lists_its_presets() {
    let sandbox = Sandbox::new();
    let json = sandbox.run("list --json").expect(0).json();
    let names: Vec<_> =
        json["presets"].as_array().expect("presets").iter().map(|preset| preset["name"].clone()).collect();
    assert_eq!(names, ["minimal", "api", "saas", "full"]);
    let list = sandbox.run("list features").expect(0).out;
    assert!(list.starts_with("Features\n API and pages\n  api-docs "), "{list}");
    assert!(list.contains("\n Tests and CI\n  attacks "), "{list}");
    let saas = sandbox.run("new my-app --preset saas --yes --dry-run --json").expect(0).json();
    let files = saas["files"].as_array().map_or(0, Vec::len);
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    assert!(
        readme.contains(&format!("✓ {files} files in /home/ada/my-app")),
        "the README has another number than {files}"
    );
}

#[test]
fn check_reports_every_problem_at_once() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("template check {template}")).expect(1);
    let committed = "base/feature.toml:10:7: `.env` will hold this secret, and no .gitignore of the base has a line `.env`; add one, or the \
                     secret is committed\n";
    assert_eq!(ran.out, committed);
    sandbox.write("template/base/files/.gitignore", ".env\n");
    let ran = sandbox.run(&format!("template check {template}")).expect(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", "The template has no problem.\n"));
    sandbox.write(
        "template/features/mail/feature.toml",
        "title = \"Mail\"\nabout = \"x\"\nrequires = [\"job\"]\nconflicts = [\"z\"]\n",
    );
    let ran = sandbox.run(&format!("template check {template}")).expect(1);
    assert_eq!(
        ran.out,
        "features/mail/feature.toml:3:13: there is no feature `job`; did you mean `jobs`?\n\
         features/mail/feature.toml:4:14: there is no feature `z`\n\
         template.toml:57:1: no feature names the dependency `lettre`; remove it from the catalogue\n"
    );
    assert_eq!(ran.err, "The template has 3 problems.\n");
    let json = sandbox.run(&format!("template check --json {template}")).expect(1).json();
    assert_eq!(json["problems"][0]["line"], 3);
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["problems"][0]["message"], "there is no feature `job`");
    assert_eq!(json["problems"][0]["hint"], "did you mean `jobs`?");
    assert_eq!(json["problems"][1]["hint"], serde_json::Value::Null);
}

#[test]
fn check_finds_a_folder_for_a_feature_that_has_no_manifest() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("template/base/files/.gitignore", ".env\n");
    sandbox.write("template/features/begun/README.md", "to be done\n");
    fs::create_dir_all(sandbox.path("template/features/empty/files/src")).expect("a folder");
    let ran = sandbox.run(&format!("template check {template}")).expect(1);
    assert_eq!(
        ran.out,
        "features/begun/feature.toml: the file is missing; a feature needs one\n\
         features/empty/feature.toml: the file is missing; a feature needs one\n"
    );
}

#[test]
fn check_of_a_path_that_is_not_there_is_wrong_use_also_for_machines() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("template check --json nowhere").expect(2);
    assert_eq!(ran.out, "", "there is no outcome");
    assert!(
        ran.err.starts_with("error: there is no folder nowhere\nhint: give the folder of a template"),
        "{}",
        ran.err
    );
}

#[test]
fn the_schema_covers_every_key_of_both_manifests() {
    let sandbox = Sandbox::new();
    let schema = sandbox.run("template schema feature").expect(0).json();
    let mut described: Vec<&str> =
        schema["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
    // The parser itself says which keys there are.
    let error = toml::from_str::<neoforge::template::manifest::FeatureManifest>("x = 1").expect_err("an unknown key");
    let expected = error.message().split("expected one of").nth(1).expect("a list of keys");
    let mut parsed: Vec<&str> = expected.split(',').map(|key| key.trim().trim_matches('`')).collect();
    described.sort_unstable();
    parsed.sort_unstable();
    assert_eq!(described, parsed);
    assert_eq!(schema["additionalProperties"], false);
    let both = sandbox.run("template schema").expect(0).json();
    assert_eq!(both["feature"], schema);
    assert!(both["template"]["properties"]["format"].is_object());
}

#[test]
fn snapshots_are_written_compared_and_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.template();
    sandbox.write(
        "snapshots.toml",
        "template = \"template\"\nignore = [\"target\"]\n[[snapshot]]\ninto = \"out/small\"\n[[snapshot]]\ninto = \"out/big\"\nname = \"other\"\npreset = \"full\"\nset = { database = \"big\" }\n",
    );
    let file = sandbox.path("snapshots.toml").display().to_string();
    let ran = sandbox.run(&format!("snapshot {file}")).expect(1);
    assert!(ran.err.contains("✗ out/small") && ran.err.contains("main.txt: is missing"), "{}", ran.err);
    sandbox.run(&format!("snapshot --update {file}")).expect(0);
    assert_eq!(sandbox.read("out/big/other.txt"), "Other on 80 with big, by nobody\n");
    assert!(sandbox.read("out/small/neoforge.toml").contains("source = \"template\""));

    sandbox.write("out/small/target/debug/x", "built");
    let ran = sandbox.run(&format!("snapshot --check {file}")).expect(0);
    assert_eq!(ran.err, "✓ out/small\n✓ out/big\n");

    sandbox.write("out/small/main.txt", "begin\nmiddle\nend\n");
    sandbox.write("out/small/docs/extra.md", "x");
    let ran = sandbox.run(&format!("snapshot {file}")).expect(1);
    let expected = "✗ out/small\n  docs/extra.md: is not rendered any more\n--- a/main.txt\n+++ b/main.txt\n@@ -1,3 +1,2 @@\n begin\n-middle\n end\n✓ out/big\n\
                    1 of 2 snapshots differ. If that is meant, run `neoforge snapshot --update [HERE]/snapshots.toml` and commit the result.\n";
    assert_eq!(ran.err, expected);
    let json = sandbox.run(&format!("snapshot --json {file}")).expect(1).json();
    assert_eq!(json["snapshots"][0]["differences"][1]["kind"], "text");

    let ran = sandbox.run(&format!("snapshot --update {file}")).expect(0);
    assert!(ran.err.contains("✓ out/small: 2 files changed\n  docs/extra.md: removed\n"), "{}", ran.err);
    assert!(!sandbox.path("out/small/docs/extra.md").exists());
    assert_eq!(sandbox.read("out/small/target/debug/x"), "built", "what is ignored is left alone");
    sandbox.run(&format!("snapshot --check {file}")).expect(0);
}

#[test]
fn a_folder_that_is_no_snapshot_is_not_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.template();
    sandbox.write("snapshots.toml", "template = \"template\"\n[[snapshot]]\ninto = \"out\"\n");
    sandbox.write("out/mine.txt", "mine");
    let file = sandbox.path("snapshots.toml").display().to_string();
    let ran = sandbox.run(&format!("snapshot --update {file}")).expect(1);
    assert!(
        ran.err.contains("holds files, but no neoforge.toml: it is not a snapshot\nhint: empty it first"),
        "{}",
        ran.err
    );
    assert_eq!(sandbox.names("out"), ["mine.txt"]);

    fs::remove_file(sandbox.path("out/mine.txt")).expect("removed");
    sandbox.run(&format!("snapshot --update {file}")).expect(0);
    sandbox.git("", &["init", "--quiet"]);
    sandbox.git("", &["add", "out"]);
    sandbox.write("out/mine.txt", "mine");
    let ran = sandbox.run(&format!("snapshot --update {file}")).expect(1);
    assert!(ran.err.contains("mine.txt in [HERE]/out would be removed, and git does not know it"), "{}", ran.err);
    assert_eq!(sandbox.read("out/mine.txt"), "mine");
    sandbox.git("", &["add", "out"]);
    sandbox.run(&format!("snapshot --update {file}")).expect(0);
    assert!(!sandbox.path("out/mine.txt").exists());
    sandbox.git("out", &["init", "--quiet"]);
    let ran = sandbox.run(&format!("snapshot --update {file}")).expect(1);
    assert!(ran.err.contains("is a git repository of its own, not a snapshot"), "{}", ran.err);
}

/// Lines that fail, with the exit code and what is said; `TEMPLATE` stands for the folder of a good one.
const FAILURES: &[(&str, i32, &str)] = &[
    ("nwe a", 2, "did you mean `neoforge new`?"),
    ("add docker", 2, "did you mean `neoforge add feature docker`?"),
    ("remove --quiet docker", 2, "did you mean `neoforge remove feature docker`?"),
    ("template chek", 2, "'check'"),
    ("new a --preset fulll --template TEMPLATE", 2, "there is no preset `fulll`\nhint: did you mean `full`?"),
    ("new a --with mial --template TEMPLATE", 2, "there is no feature `mial`\nhint: did you mean `mail`?"),
    ("new a --set prot=1 --template TEMPLATE", 2, "there is no question `prot`\nhint: did you mean `port`?"),
    ("new a --with lite,big --template TEMPLATE", 2, "`lite` and `big` are both a database"),
    ("new a --with big --set database=lite --template TEMPLATE", 2, "`big` and `lite` are both a database"),
    ("new a --with mail --without mail --template TEMPLATE", 2, "`mail` is both to be added and to be left out"),
    ("new a --template nowhere", 2, "there is no folder nowhere\nhint: give the folder of a template"),
    ("new a --template TEMPLATE --answers nowhere", 1, "failed to read nowhere\n"),
    ("new my-app --template TEMPLATE", 1, "is not empty"),
    ("add feature mial --project my-app", 2, "there is no feature `mial`\nhint: did you mean `mail`?"),
    ("add feature big --project my-app", 2, "hint: run `neoforge set database=big`"),
    ("add feature mail --project nowhere", 2, "there is no folder nowhere\nhint: check the path"),
    ("add feature mail", 2, "is not in a project of NeoForge"),
    ("remove feature mail --project my-app", 2, "the project has no `mail`\nhint: `neoforge status` shows"),
    ("remove feature mail --project nowhere", 2, "there is no folder nowhere"),
    ("set prot=1 --project my-app", 2, "there is no question `prot`\nhint: did you mean `port`?"),
    ("set database=huge --project my-app", 2, "`huge` does not answer `database`"),
    ("set port=1 --project nowhere", 2, "there is no folder nowhere"),
    ("update --to 9.9.9 --project my-app", 2, "is a folder and has no other versions\nhint: leave out `--to`"),
    ("update --project nowhere", 2, "there is no folder nowhere"),
    ("status --project nowhere", 2, "there is no folder nowhere"),
    ("status", 2, "is not in a project of NeoForge"),
    ("diff my-app/nothing --project my-app", 2, "neither the project nor its template has nothing"),
    ("diff TEMPLATE --project my-app", 2, "is not in the project"),
    ("diff --project nowhere", 2, "there is no folder nowhere"),
    ("adopt nowhere", 2, "there is no folder nowhere"),
    ("adopt my-app", 1, "has its record"),
    ("adopt lost --version 9.9.9", 2, "there is no version 9.9.9 of the built-in template\nhint: this program has"),
    ("adopt lost --template TEMPLATE --with mial", 2, "there is no feature `mial`\nhint: did you mean `mail`?"),
    ("smoke nowhere", 2, "there is no folder nowhere"),
    ("smoke my-app --template nowhere", 2, "there is no folder nowhere"),
    ("list --template nowhere", 2, "there is no folder nowhere"),
    ("list nothing", 2, "invalid value 'nothing'"),
    ("snapshot nowhere.toml", 2, "there is no file nowhere.toml"),
    ("snapshot wrong.toml", 2, "failed to render out\n  there is no preset `none`"),
    ("template check nowhere", 2, "there is no folder nowhere"),
    ("template matrix nowhere", 2, "there is no folder nowhere"),
    ("template test nowhere", 2, "there is no folder nowhere"),
    ("template test TEMPLATE --only nothing", 2, "nothing"),
    ("template test TEMPLATE --shard 3/2", 2, "`3/2` is no part of the matrix"),
    ("template freeze --into nowhere", 1, "failed to create nowhere/"),
    ("template lock nowhere", 2, "there is no folder nowhere"),
    ("template schema nothing", 2, "invalid value 'nothing'"),
    ("completions nothing", 2, "invalid value 'nothing'"),
    ("man --into my-app/main.txt/man", 1, "failed to make the folder my-app/main.txt/man\n"),
    ("merge-driver nothing nothing nothing Cargo.lock", 1, "failed to read nothing"),
    ("reference nothing", 2, "unexpected argument 'nothing'"),
];

#[test]
fn every_failure_is_told_once_and_wrong_names_are_wrong_use() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.run(&format!("new my-app --yes --smoke none --template {template}")).expect(0);
    sandbox.write("work/lost/main.txt", "begin\nend\n");
    sandbox.git("work/lost", &["init", "--quiet"]);
    sandbox.git("work/lost", &["add", "--all"]);
    sandbox.write("work/wrong.toml", "[[snapshot]]\ninto = \"out\"\npreset = \"none\"\n");
    for (line, code, said) in FAILURES {
        let ran = sandbox.run(&line.replace("TEMPLATE", &template));
        assert_eq!(ran.code, *code, "{line}: {}", ran.err);
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
        let mut before = String::new();
        for part in ran.err.lines().map(str::trim).filter(|part| !part.is_empty()) {
            assert!(!before.contains(part), "{line}: told twice: {part}\n{}", ran.err);
            before.push_str(part);
        }
    }
    // What the program asks itself in a process of its own is nothing that people type.
    for command in lines(&Cli::command(), "").into_iter().filter(|command| command != "cargo-generate") {
        assert!(FAILURES.iter().any(|(line, ..)| line.starts_with(&command)), "no failure of `{command}` is tried");
    }
}

/// Each command as it is typed.
fn lines(command: &clap::Command, above: &str) -> Vec<String> {
    let below = command.get_subcommands().filter(|command| command.get_name() != "help");
    below
        .flat_map(|command| {
            let line = format!("{above}{} ", command.get_name());
            if command.has_subcommands() { lines(command, &line) } else { vec![line.trim_end().to_owned()] }
        })
        .collect()
}

#[test]
fn every_shell_gets_its_completions() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = sandbox.run(&format!("completions {shell}")).expect(0);
        assert!(ran.out.contains("dry-run"), "{shell}");
        // The scripts of the other two complete no values.
        for offered in ["saas", "api-docs"] {
            assert_eq!(ran.out.contains(offered), !["elvish", "powershell"].contains(&shell), "{shell}: {offered}");
        }
        // An answer also stands as an example in the help, which the other two show.
        assert!(["elvish", "powershell"].contains(&shell) || ran.out.contains("database=postgres"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("man").expect(0);
    assert!(ran.out.starts_with(".ie") && ran.out.contains(".TH neoforge 1"), "{}", ran.out);
    sandbox.run("man --into pages").expect(0);
    let mut expected = pages(&Cli::command(), "neoforge");
    expected.sort();
    assert!(expected.contains(&"neoforge-template-check.1".to_owned()), "{expected:?}");
    assert_eq!(sandbox.names("work/pages"), expected);
    for page in expected {
        let text = sandbox.read(&format!("work/pages/{page}"));
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
}

/// The pages of a command and of all below it that are not hidden.
fn pages(command: &clap::Command, name: &str) -> Vec<String> {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    let below = below.flat_map(|command| pages(command, &format!("{name}-{}", command.get_name())));
    [format!("{name}.1")].into_iter().chain(below).collect()
}

#[test]
fn the_version_names_the_template_too() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("--version").expect(0);
    let expected =
        format!("neoforge {} (template {})\n", env!("CARGO_PKG_VERSION"), neoforge::embedded::TEMPLATE_VERSION);
    assert_eq!(ran.out, expected);
}

#[test]
fn smoke_wants_a_project() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("smoke .").expect(2);
    assert!(
        ran.err.contains("is not in a project of NeoForge: there is no neoforge.toml in it or above it"),
        "{}",
        ran.err
    );
    sandbox.write("work/neoforge.toml", "format = 1\nbogus = 2\n");
    sandbox.write("work/src/deep/x", "");
    for folder in [".", "src/deep"] {
        let ran = sandbox.run(&format!("smoke {folder}")).expect(1);
        assert!(
            ran.err.contains("work/neoforge.toml") && ran.err.contains("line 2: unknown field `bogus`"),
            "{}",
            ran.err
        );
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("new a --quiet --template {template}")).expect(0);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
    let ran = sandbox.run(&format!("new a --quiet --template {template}")).expect(1);
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
}

#[test]
fn the_reference_in_the_docs_is_what_clap_says() {
    let sandbox = Sandbox::new();
    let reference = sandbox.run("reference").expect(0).out;
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let stands = fs::read_to_string(&docs).unwrap_or_default();
    assert!(stands == reference, "docs/cli.md is out of step; run `cargo run -- reference > docs/cli.md`");
}

#[test]
fn what_makes_liquid_panic_is_told_as_an_error_of_the_template() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("template/base/files/x.liquid", "a\n{% comment %}{% if a == 'x' %}");
    let ran = sandbox.run(&format!("new a --template {template}")).expect(1);
    assert!(ran.err.contains("base/files/x.liquid:2:1: liquid gives up on this text"), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}
