//! One error once, in our words, and with flags that we have.

use crate::new;
use crate::support::Sandbox;

#[test]
fn each_error_is_told_once() {
    let sandbox = Sandbox::new();
    let own = "[placeholders.colour]\ntype = \"string\"\nprompt = \"Colour?\"\n";
    sandbox.write("t/cargo-generate.toml", own);
    sandbox.write("t/a.txt", "{{project-name}} {{ size }}\n");
    let cases = [
        ("", "the placeholder `colour` has no default\nhint: give its value with `--set colour=…`"),
        ("--set colr=red", "the template has no placeholder `colr`\nhint: did you mean `colour`? it has colour"),
        ("--set zzz=red", "the template has no placeholder `zzz`; it has colour"),
    ];
    for (words, message) in cases {
        let ran = sandbox.run(&format!("new my-app --yes --template ../t {words}"));
        assert_eq!(ran.err, format!("error: {message}\n"));
        assert_eq!(ran.code, if words.is_empty() { 1 } else { 2 });
    }
    // A variable without a placeholder can be given as well.
    sandbox.run("new my-app --yes --template ../t --set colour=red --set size=9").expect(0);
    assert_eq!(sandbox.read("work/my-app/a.txt"), "my-app 9\n");

    let cases = [
        (
            "placeholders",
            "--set colour=pink",
            "`pink` is no value for the placeholder `colour`\nhint: give another one with `--set colour=…`",
        ),
        (
            "placeholders",
            "--set code=ABCD",
            "`ABCD` is no value for the placeholder `code`\nhint: give another one with `--set code=…`",
        ),
        (
            "broken",
            "",
            "these files are no valid liquid, or no text: bad.txt\nhint: copy them as they are with `--continue-on-error`, or list \
             them under `exclude` in the template's cargo-generate.toml",
        ),
    ];
    for (template, words, message) in cases {
        let ran = new(&sandbox, template, &format!("{words} --into b")).expect(1);
        assert_eq!(ran.err, format!("error: {message}\n"));
    }
    assert_eq!(sandbox.names("work"), ["my-app"]);
}

#[test]
fn files_that_are_no_liquid_are_copied_where_that_is_wanted() {
    let sandbox = Sandbox::new();
    let ran = new(&sandbox, "broken", "--continue-on-error").expect(0);
    assert!(ran.err.contains("note: Substitution skipped, found invalid syntax in\n  bad.txt\n"), "{}", ran.err);
    assert_eq!(sandbox.read("work/my-app/bad.txt"), "{% if %} never closed\n");
    assert_eq!(sandbox.read("work/my-app/good.txt"), "my-app\n");
}

#[test]
fn a_template_that_cannot_be_used_says_why() {
    let sandbox = Sandbox::new();
    let run = |config: &str| {
        sandbox.write("t/cargo-generate.toml", config);
        sandbox.run("new my-app --yes --template ../t").expect(1).err
    };
    assert!(run("[template").contains("/t/cargo-generate.toml is broken: TOML parse error at line 1"));
    assert!(
        run("[template]\ncargo_generate_version = \">=99\"\n")
            .contains("the template needs cargo-generate >=99, and this program has its version 0.")
    );
    assert!(
        run("[template]\nsub_templates = [\"nowhere\"]\n")
            .contains("names the sub-template \"nowhere\", which is not there")
    );
    assert!(run("[template]\nsub_templates = [\".\"]\n").contains("names no sub-template that is a template itself"));
    assert!(run("[hooks]\npre = [\"x.rhai\"]\n").contains("the template's hook x.rhai failed: "));
    assert!(sandbox.names("work").is_empty());
    let ran = new(&sandbox, "bare", "--into nowhere/app").expect(1);
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
    let ran = sandbox.run("new ../x --yes --exact-name --template ../t").expect(1);
    assert!(ran.err.contains("cannot be the name of a project and its folder"), "{}", ran.err);
}
