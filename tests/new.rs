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
        ("", "error: no name was given\nhint: write it after the command, as in `neoforge new my-app`\n"),
        (
            "Engine",
            "error: \"Engine\" holds 'E'\nhint: use lower-case letters a to z, digits, `-` and `_`, as in \"engine\"\n",
        ),
        ("engine", "error: \"engine\" is used inside the generated project\nhint: try `engine-app`\n"),
        (
            "x --preset fall",
            "error: there is no preset `fall`\nhint: did you mean `full`? `neoforge list presets` shows them all\n",
        ),
        (
            "x --with mial",
            "error: there is no feature `mial`\nhint: did you mean `mail`? `neoforge list features` shows them all\n",
        ),
        ("x --with zzz", "error: there is no feature `zzz`\nhint: `neoforge list features` shows them all\n"),
        (
            "x --set prot=1",
            "error: there is no question `prot`\nhint: did you mean `port`? `neoforge list questions` shows them all\n",
        ),
        ("x --set port", "error: `port` is no pair\nhint: write `--set key=value`\n"),
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
            "error: `sender` belongs to the feature `mail`, which is not chosen\nhint: add `--with mail`, or leave it out\n",
        ),
        (
            "x --set licence=none --set owner=a",
            "error: `owner` is asked only when licence == 'mit', which is not so here\nhint: leave it out\n",
        ),
        ("x --with mail --without jobs", "error: `jobs` is required by `mail`\nhint: leave out both, or none\n"),
        (
            "x --without lite",
            "error: `lite` is the default database\nhint: choose another one with `--set database=…`: big\n",
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
fn the_author_is_whom_git_itself_would_take_in_the_folder() {
    let by = |prepare: &dyn Fn(&Sandbox, &mut std::process::Command)| {
        let sandbox = Sandbox::new();
        let line = format!("new my-app --yes --smoke none --template {}", sandbox.template());
        let mut command = sandbox.neoforge(line.split_whitespace());
        prepare(&sandbox, &mut command);
        let ran = sandbox.finish(&mut command).expect(0);
        assert!(ran.err.contains("committed on main"), "{}", ran.err);
        assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
        sandbox.git("work/my-app", &["log", "--format=%an <%ae> %cn"]).trim().to_owned()
    };
    let user = "[user]\nname = A\nemail = a@a\n[init]\ndefaultBranch = main\n";
    // Of the project's own folder, which is not there yet while the project is made.
    let by_folder = by(&|sandbox, _| {
        let include = format!("[includeIf \"gitdir:{}/\"]\npath = other\n", sandbox.path("work/my-app").display());
        sandbox.write("home/.gitconfig", format!("{user}{include}"));
        sandbox.write("home/other", "[user]\nname = B\n");
    });
    assert_eq!(by_folder, "B <a@a> B");
    let by_role = by(&|sandbox, _| sandbox.write("home/.gitconfig", format!("{user}[author]\nname = C\n")));
    assert_eq!(by_role, "C <a@a> A");
    let by_email = by(&|sandbox, command| {
        sandbox.write("home/.gitconfig", "[user]\nname = D\n[init]\ndefaultBranch = main\n");
        command.env("EMAIL", "d@d");
    });
    assert_eq!(by_email, "D <d@d> D");
    let by_count = by(&|_, command| {
        command.envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "user.name"), ("GIT_CONFIG_VALUE_0", "E")]);
    });
    assert_eq!(by_count, "E <tester@example.com> E");
    // A hook of another repository runs the program.
    let from_a_hook = by(&|sandbox, command| {
        sandbox.git("home", &["init", "--quiet", "other"]);
        command.env("GIT_DIR", sandbox.path("home/other/.git")).env("GIT_INDEX_FILE", "/nonexistent/index");
    });
    assert_eq!(from_a_hook, "A Tester <tester@example.com> A Tester");
}

#[cfg(unix)]
#[test]
fn a_commit_is_signed_as_git_is_told_to() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    let signer = sandbox.path("home/signer");
    let config = format!(
        "[user]\nname = A\nemail = a@a\n[commit]\ngpgSign = true\n[gpg]\nprogram = {}\n[core]\nhooksPath = {}\n",
        signer.display(),
        sandbox.path("home/hooks").display()
    );
    sandbox.write("home/.gitconfig", config);
    let works =
        "#!/bin/sh\ncat >/dev/null\nprintf '\\n[GNUPG:] SIG_CREATED \\n' >&2\necho '-----BEGIN PGP SIGNATURE-----'\n";
    for (path, script) in [("home/signer", works), ("home/hooks/pre-commit", "#!/bin/sh\nexit 1\n")] {
        sandbox.write(path, script);
        std::fs::set_permissions(sandbox.path(path), PermissionsExt::from_mode(0o755)).expect("permissions");
    }
    sandbox.run(&format!("new a --yes --smoke none --template {template}")).expect(0);
    assert!(sandbox.git("work/a", &["cat-file", "commit", "HEAD"]).contains("BEGIN PGP SIGNATURE"));
    sandbox.write("home/signer", "#!/bin/sh\necho 'no key here' >&2\nexit 1\n");
    let ran = sandbox.run(&format!("new b --yes --smoke none --template {template}")).expect(0);
    assert!(ran.err.contains("nothing was committed: git would not have it, and says:\n"), "{}", ran.err);
    assert!(ran.err.contains("gpg failed to sign the data"), "{}", ran.err);
    assert!(sandbox.git("work/b", &["status", "--porcelain"]).contains("A  neoforge.toml\n"));
}

#[test]
fn the_clone_of_an_empty_repository_is_taken() {
    for (folder, into) in [("work", "my-app"), ("work/my-app", ".")] {
        let sandbox = Sandbox::new();
        let template = sandbox.template();
        sandbox.git("home", &["init", "--quiet", "--bare", "server.git"]);
        let server = sandbox.path("home/server.git").display().to_string();
        sandbox.git("work", &["clone", "--quiet", &server, "my-app"]);
        let line = format!("new my-app --yes --smoke none --into {into} --template {template}");
        let mut command = sandbox.neoforge(line.split_whitespace());
        let ran = sandbox.finish(command.current_dir(sandbox.path(folder))).expect(0);
        assert!(ran.err.contains("8 files in [HERE]/work/my-app, committed on main"), "{}", ran.err);
        assert!(ran.err.contains("cd my-app\n") != (into == "."), "{}", ran.err);
        assert_eq!(sandbox.git("work/my-app", &["status", "--porcelain"]), "");
        assert_eq!(sandbox.names("work"), ["my-app"]);
        assert!(sandbox.read("work/my-app/.env").contains("SECRET="));
        assert_eq!(&sandbox.git("work/my-app", &["ls-tree", "HEAD", "run"])[..6], "100755");
        sandbox.git("work/my-app", &["push", "--quiet", "origin", "main"]);
        // A repository with a commit is no such place.
        let ran = sandbox.run(&format!("new my-app --yes --smoke none --template {template}")).expect(1);
        assert!(ran.err.contains("is not empty"), "{}", ran.err);
    }
}

#[test]
fn secrets_never_come_into_git() {
    // What stands in the template's `.gitignore`, and in that of the repository around.
    for (own, around) in
        [(None, None), (Some("*.log"), None), (Some(".env"), None), (None, Some("*.log")), (None, Some(".env"))]
    {
        let sandbox = Sandbox::new();
        let template = sandbox.template();
        if let Some(own) = own {
            sandbox.write("template/base/files/.gitignore", own);
        }
        for (line, first) in [("--into init", None), ("--no-git --into off", Some("init")), ("--into around/in", None)]
        {
            let folder = line.split_whitespace().last().expect("a folder");
            let repository = folder.split('/').next().expect("a folder");
            if repository == "around" {
                sandbox.write("work/around/.gitignore", around.unwrap_or_default());
                sandbox.git("work/around", &["init", "--quiet"]);
            }
            sandbox.run(&format!("new my-app --yes --smoke none {line} --template {template}")).expect(0);
            assert!(sandbox.read(&format!("work/{folder}/.env")).contains("SECRET="));
            if let Some(first) = first {
                sandbox.git(&format!("work/{folder}"), &[first, "--quiet"]);
            }
            let repository = format!("work/{repository}");
            sandbox.git(&repository, &["add", "--all"]);
            let files = sandbox.git(&repository, &["ls-files"]);
            assert!(
                files.contains("neoforge.toml") && !files.lines().any(|file| file.rsplit('/').next() == Some(".env")),
                "{line}: {files}"
            );
        }
        // A rule that is there is not written again.
        if own == Some(".env") {
            assert_eq!(sandbox.read("work/off/.gitignore"), ".env");
        }
    }
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
fn the_plan_says_that_a_smoke_test_follows_what_it_took_and_how_to_skip_it() {
    let sandbox = Sandbox::new();
    let plan = sandbox.run("new a --dry-run").expect(0).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plan.contains(" smoke the project is built, tested, started and probed; this took about "), "{plan}");
    assert!(plan.contains(" cores of ") && plan.contains("; `--smoke none` skips it size "), "{plan}");
    assert!(sandbox.run("new a --dry-run --smoke none").expect(0).out.contains("\n  smoke        none\n"));
    let level = |flags: &str| sandbox.run(&format!("new a --dry-run --json{flags}")).expect(0).json()["smoke"].clone();
    assert_eq!(level(""), "quick");
    assert_eq!(level(" --smoke full"), "full");
    assert_eq!(level(" --smoke none"), serde_json::Value::Null);

    let template = sandbox.template();
    let step = "\n[smoke]\ntook = \"a second on a toaster\"\n[[smoke.step]]\nname = \"do\"\nrun = [\"true\"]\n";
    sandbox.write("template/template.toml", sandbox.read("template/template.toml") + step);
    let ran = sandbox.run(&format!("new a --yes --trust --template {template}")).expect(0);
    assert!(ran.err.contains("this took a second on a toaster; `--smoke none` skips it\n"), "{}", ran.err);
}

#[test]
fn the_next_steps_bring_the_database_along() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("new a --yes --smoke none").expect(0);
    assert!(ran.err.contains("\n  cargo run --bin app "), "{}", ran.err);
    let ran = sandbox.run("new b --yes --smoke none --with postgres").expect(0);
    assert!(ran.err.contains("\n  scripts/postgres -- cargo run --bin app "), "{}", ran.err);
    assert!(ran.err.contains("\n  scripts/postgres -- cargo test --workspace\n"), "{}", ran.err);
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
    let ran = sandbox.run("new a --template ./nowhere").expect(2);
    assert!(ran.err.contains("there is no folder ./nowhere\nhint: give the folder of a template, or"), "{}", ran.err);
    let ran = sandbox.run("new a --template acme/web").expect(2);
    assert!(
        ran.err.contains("there is no folder acme/web\nhint: a template on GitHub is `--template gh:acme/web`"),
        "{}",
        ran.err
    );
    let ran = sandbox.finish(&mut sandbox.neoforge(["new", "", "--yes"])).expect(2);
    assert_eq!(ran.err, "error: a name is needed\nhint: try `my-app`\n");
}
