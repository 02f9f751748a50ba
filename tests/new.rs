//! `neoforge new`, without a terminal.

mod support;

use support::Sandbox;

#[test]
fn a_project_is_rendered_committed_and_complete() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("new my-app --yes --with mail --set port=8080 --template {template}")).expect(0);
    assert!(ran.out.is_empty(), "{}", ran.out);
    assert!(ran.err.contains("✓ 9 files in [HERE]/work/my-app"), "{}", ran.err);
    assert!(ran.err.ends_with("\nNext:\n  cd my-app\n  cat my-app.txt\n"), "{}", ran.err);
    assert_eq!(
        sandbox.names("work/my-app"),
        [
            ".env",
            ".env.example",
            ".git",
            "deps.txt",
            "docs",
            "main.txt",
            "my-app.txt",
            "neoforge.toml",
            "raw.yml",
            "run"
        ]
    );
    assert_eq!(sandbox.read("work/my-app/my-app.txt"), "My App on 8080 with lite, by nobody\n");
    assert_eq!(sandbox.read("work/my-app/main.txt"), "begin\n    jobs\n    mail\nend\n");
    assert_eq!(sandbox.read("work/my-app/raw.yml"), "run: ${{ github.sha }}\n");
    assert_eq!(
        sandbox.read("work/my-app/deps.txt"),
        "lettre = \"0.11\"\nserde = { version = \"1\", features = [\"derive\"] }\n"
    );
    assert_eq!(
        sandbox.read("work/my-app/docs/README.md"),
        "# Docs\n\n- [Mail](features/mail.md): sends mail\n\n| variable | default | meaning |\n|---|---|---|\n\
         | `PORT` | `8080` | where it listens |\n| `SECRET` | a random secret | signs things |\n| `LOG` | `info` | how much it says |\n"
    );
    assert_eq!(
        sandbox.read("work/my-app/.env.example"),
        "# where it listens\nPORT=8080\n\n# signs things\nSECRET=\n\n# how much it says\n# LOG=info\n"
    );
    assert_eq!(
        sandbox.git("work/my-app", &["status", "--porcelain"]),
        "",
        ".env is ignored, although no .gitignore says so"
    );
    assert_eq!(sandbox.git("work/my-app", &["log", "--format=%an %s"]).lines().count(), 1);
}

#[test]
fn two_projects_differ_in_their_secrets_alone() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let mut seen = Vec::new();
    for folder in ["a", "b"] {
        sandbox.run(&format!("new my-app --yes --no-git --into {folder} --template {template}")).expect(0);
        let env = sandbox.read(&format!("work/{folder}/.env"));
        let secret = env.lines().find_map(|line| line.strip_prefix("SECRET=")).expect("a secret").to_owned();
        assert_eq!(secret.len(), 64, "{secret}");
        assert!(secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
        seen.push((secret.clone(), env.replace(&secret, "")));
    }
    assert_ne!(seen[0].0, seen[1].0);
    assert_eq!(seen[0].1, seen[1].1);
    for path in ["my-app.txt", "main.txt", "neoforge.toml", ".env.example"] {
        assert_eq!(sandbox.read(&format!("work/a/{path}")), sandbox.read(&format!("work/b/{path}")), "{path}");
    }
}

#[cfg(unix)]
#[test]
fn modes_are_kept_and_secrets_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.run(&format!("new my-app --yes --template {template}")).expect(0);
    let mode = |path: &str| std::fs::metadata(sandbox.path(path)).expect(path).permissions().mode() & 0o777;
    assert_eq!(mode("work/my-app/.env"), 0o600);
    assert_eq!(mode("work/my-app/run") & 0o111, 0o111);
    assert_eq!(mode("work/my-app/raw.yml") & 0o111, 0);
    assert_eq!(&sandbox.git("work/my-app", &["ls-tree", "HEAD", "run"])[..6], "100755");
}

#[test]
fn the_record_of_one_project_answers_for_another() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox
        .run(&format!(
            "new one --yes --with mail --set database=big --set port=99 --set sender=x@y.example --template {template}"
        ))
        .expect(0);
    sandbox.run(&format!("new two --yes --answers one/neoforge.toml --template {template}")).expect(0);
    let (one, two) = (sandbox.read("work/one/neoforge.toml"), sandbox.read("work/two/neoforge.toml"));
    assert_eq!(one.replace("name = \"one\"", "name = \"two\""), two);
    assert!(two.contains("features = [\n    \"big\",\n    \"mail\",\n]"), "{two}");
}

#[test]
fn a_dry_run_shows_everything_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let ran = sandbox.run(&format!("new my-app --dry-run --preset full --template {template}")).expect(0);
    for expected in [
        "  my-app.txt\n",
        "    features/\n      mail.md\n",
        "  run*\n",
        "features  jobs, lite, mail",
        "a new repository with one commit",
        "9 files",
    ] {
        assert!(ran.out.contains(expected), "{expected:?} in\n{}", ran.out);
    }
    assert!(sandbox.names("work").is_empty());

    let json = sandbox.run(&format!("new my-app --dry-run --json --with mail --template {template}")).expect(0).json();
    assert_eq!(json["features"], serde_json::json!(["jobs", "lite", "mail"]));
    assert_eq!(json["answers"]["sender"], "me@my-app.example");
    assert_eq!(json["template"]["version"], "1.2.3");
    assert_eq!(json["files"].as_array().map(Vec::len), Some(9));
    assert!(sandbox.names("work").is_empty());
}

#[test]
fn json_tells_what_was_made() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let json = sandbox.run(&format!("new my-app --json --quiet --template {template}")).expect(0).json();
    let head = sandbox.git("work/my-app", &["rev-parse", "HEAD"]);
    assert_eq!(json["commit"], head.trim());
    assert_eq!(json["smoke"], serde_json::Value::Null);
}

#[test]
fn wrong_use_is_refused_with_the_way_out() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    for (line, message) in [
        ("", "error: no name was given; write it after the command, as in `neoforge new my-app`\n"),
        (
            "Engine",
            "error: \"Engine\" holds 'E'; use lower-case letters a to z, digits, `-` and `_`, as in \"engine\"\n",
        ),
        ("engine", "error: \"engine\" is used inside the generated project; try `engine-app`\n"),
        (
            "x --preset fall",
            "error: there is no preset `fall`; did you mean `full`? `neoforge list presets` shows them all\n",
        ),
        (
            "x --with mial",
            "error: there is no feature `mial`; did you mean `mail`? `neoforge list features` shows them all\n",
        ),
        ("x --with zzz", "error: there is no feature `zzz`; `neoforge list features` shows them all\n"),
        (
            "x --set prot=1",
            "error: there is no question `prot`; did you mean `port`? `neoforge list questions` shows them all\n",
        ),
        ("x --set port", "error: `port` is no pair; write `--set key=value`\n"),
        ("x --set port=0", "error: `0` does not answer `port`: this takes a whole number of at least 1\n"),
        ("x --set title=<b>", "error: `<b>` does not answer `title`: this takes one to forty characters without <\n"),
        (
            "x --set licence=gpl",
            "error: `gpl` does not answer `licence`: \"gpl\" is not a choice; this takes one of mit, none\n",
        ),
        (
            "x --set database=huge",
            "error: `huge` does not answer `database`: \"huge\" is not a choice; this takes one of big, lite\n",
        ),
        (
            "x --set sender=a",
            "error: `sender` belongs to the feature `mail`, which is not chosen; add `--with mail`, or leave it out\n",
        ),
        (
            "x --set licence=none --set owner=a",
            "error: `owner` is asked only when licence == 'mit', which is not so here; leave it out\n",
        ),
        ("x --with mail --without jobs", "error: `jobs` is required by `mail`; leave out both, or none\n"),
        (
            "x --without lite",
            "error: `lite` is the default database; choose another one with `--set database=…`: big\n",
        ),
    ] {
        let ran = sandbox.run(&format!("new {line} --template {template}"));
        assert_eq!((ran.code, ran.err.as_str()), (2, message), "{line}");
    }
    assert!(sandbox.names("work").is_empty());
}

#[test]
fn a_mistyped_flag_is_guessed() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("new x --dryrun").expect(2);
    assert!(ran.err.contains("a similar argument exists: '--dry-run'"), "{}", ran.err);
}

#[test]
fn a_target_that_holds_something_is_left_alone() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("work/my-app/mine.txt", "mine");
    let ran = sandbox.run(&format!("new my-app --template {template}")).expect(1);
    assert!(ran.err.contains("my-app is not empty: it holds mine.txt"), "{}", ran.err);
    assert_eq!(sandbox.names("work/my-app"), ["mine.txt"]);
    assert_eq!(sandbox.names("work"), ["my-app"]);
}

#[test]
fn an_empty_target_is_taken() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    std::fs::create_dir(sandbox.path("work/my-app")).expect("a folder");
    sandbox.run(&format!("new my-app --template {template}")).expect(0);
    assert!(sandbox.names("work/my-app").contains(&"neoforge.toml".to_owned()));
}

#[test]
fn inside_of_a_repository_no_other_one_is_made() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.git("work", &["init", "--quiet"]);
    let ran = sandbox.run(&format!("new my-app --template {template}")).expect(0);
    assert!(ran.err.contains("note: no git repository was made: [HERE]/work is one already"), "{}", ran.err);
    assert!(!sandbox.names("work/my-app").contains(&".git".to_owned()));
    assert!(!ran.err.contains("GitHub"), "{}", ran.err);
    sandbox.write("template/base/files/.github/workflows/ci.yml", "on: push\n");
    let ran = sandbox.run(&format!("new other --template {template}")).expect(0);
    assert!(ran.err.contains("note: GitHub runs workflows only from the top of a repository"), "{}", ran.err);
}

#[test]
fn what_a_smoke_test_leaves_is_named_as_what_it_is() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let step = "\n[[smoke.step]]\nname = \"build\"\nrun = [\"sh\", \"-c\", \"mkdir __pycache__; touch Cargo.lock __pycache__/x.pyc\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    let ran = sandbox.run(&format!("new a --yes --trust --template {template}")).expect(0);
    assert!(ran.err.contains("the build wrote Cargo.lock, which belongs into git"), "{}", ran.err);
    assert!(
        ran.err.contains("the smoke test left __pycache__/x.pyc, which git neither tracks nor ignores"),
        "{}",
        ran.err
    );
}

#[test]
fn without_an_identity_the_files_wait_for_a_commit() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("home/.gitconfig", "[user]\nuseConfigOnly = true\n");
    let ran = sandbox.run(&format!("new my-app --template {template}")).expect(0);
    assert!(ran.err.contains("note: nothing was committed: git does not know who you are"), "{}", ran.err);
    assert!(sandbox.git("work/my-app", &["status", "--porcelain"]).contains("A  neoforge.toml\n"));
}

#[test]
fn a_strange_template_is_not_run_without_trust() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write(
        "template/template.toml",
        sandbox.read("template/template.toml") + "\n[[smoke.step]]\nname = \"touch\"\nrun = [\"touch\", \"../ran\"]\n",
    );
    let ran = sandbox.run(&format!("new a --yes --template {template}")).expect(0);
    assert!(ran.err.contains("no smoke test: it would run the code of"), "{}", ran.err);
    assert_eq!(sandbox.names("work"), ["a"]);
    let ran = sandbox.run("smoke a").expect(1);
    assert!(ran.err.contains("look at it, then add `--trust`"), "{}", ran.err);
    let ran = sandbox.run(&format!("new b --yes --trust --template {template}")).expect(0);
    assert_eq!(sandbox.names("work"), ["a", "b", "ran"]);
    assert!(!ran.err.contains("belongs into git"), "the logs do not: {}", ran.err);
}

#[test]
fn a_failed_smoke_test_leaves_the_project_and_says_so() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write(
        "template/template.toml",
        sandbox.read("template/template.toml")
            + "\n[[smoke.step]]\nname = \"complain\"\nrun = [\"ls\", \"no-such-file\"]\n",
    );
    let ran = sandbox.run(&format!("new a --yes --trust --template {template}")).expect(4);
    assert!(ran.err.contains("no-such-file"), "{}", ran.err);
    assert!(ran.err.contains("The project stands in [HERE]/work/a, but its smoke test failed"), "{}", ran.err);
    let json = sandbox.run("smoke a --trust --json").expect(4).json();
    assert_eq!(json["passed"], false);
}

#[test]
fn a_broken_template_is_told_with_its_lines() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("template/base/files/x.liquid", "a\n{{ nope }}\n");
    let ran = sandbox.run(&format!("new a --template {template}")).expect(1);
    assert!(ran.err.contains("base/files/x.liquid:2:4: nobody defines the variable `nope`"), "{}", ran.err);
    assert!(sandbox.names("work").is_empty());
}

#[test]
fn a_folder_that_is_no_template_is_told() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("new a --template .").expect(1);
    assert!(ran.err.contains("this folder is not a template: it has no template.toml"), "{}", ran.err);
    let ran = sandbox.run("new a --template ./nowhere").expect(1);
    assert!(ran.err.contains("failed to find the template ./nowhere"), "{}", ran.err);
}

#[test]
fn a_template_of_cargo_generate_makes_a_plain_project() {
    let sandbox = Sandbox::new();
    sandbox.write("foreign/cargo-generate.toml", "[placeholders.colour]\ntype = \"string\"\nprompt = \"Colour?\"\n");
    sandbox.write("foreign/README.md", "# {{project-name}} in {{colour}}\n");
    let foreign = sandbox.path("foreign").display().to_string();
    let ran = sandbox.run(&format!("new my-app --yes --template {foreign}")).expect(1);
    assert!(ran.err.contains("cargo-generate failed"), "{}", ran.err);
    assert!(sandbox.names("work").is_empty());
    let ran = sandbox.run(&format!("new my-app --yes --with x --template {foreign}")).expect(1);
    assert!(ran.err.contains("which has no features: leave out --with"), "{}", ran.err);
    let ran = sandbox.run(&format!("new my-app --yes --set colour=red --template {foreign}")).expect(0);
    assert!(ran.err.contains("note: this is a template of cargo-generate"), "{}", ran.err);
    assert_eq!(sandbox.read("work/my-app/README.md"), "# my-app in red\n");
    assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
}
