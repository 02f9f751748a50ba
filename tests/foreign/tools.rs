//! What is no template of ours is named, with what can be read.

use crate::new;
use crate::support::Sandbox;

#[test]
fn templates_of_other_tools_are_named() {
    for (tool, file, text) in [
        ("cookiecutter", "cookiecutter.json", "{}"),
        ("copier", "copier.yml", "name:\n  type: str\n"),
        ("kickstart", "template.toml", "name = \"x\"\nkickstart_version = 1\n"),
        ("toha", "template.yml", "name: x\ninterview:\n  - id: name\n"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(&format!("t/{file}"), text);
        for command in ["new my-app --yes", "list"] {
            let ran = sandbox.run(&format!("{command} --template ../t")).expect(1);
            assert_eq!(
                ran.err,
                format!(
                    "error: [HERE]/t is a template of {tool}, which cannot be read; what can are templates of NeoForge, which \
                     have a template.toml with a `format`, and those of cargo-generate\n"
                )
            );
        }
        assert!(sandbox.names("work").is_empty());
    }
}

#[test]
fn flags_for_the_one_are_refused_for_the_other() {
    let sandbox = Sandbox::new();
    let own = sandbox.template();
    for flag in ["--lib", "--init", "--exact-name", "--continue-on-error"] {
        let ran = sandbox.run(&format!("new my-app --yes {flag} --template {own}")).expect(1);
        assert_eq!(
            ran.err,
            format!("error: {flag} is for templates of cargo-generate, and this is none: leave it out\n")
        );
        let ran = sandbox.run(&format!("new my-app --yes {flag}")).expect(2);
        assert!(ran.err.contains("--template"), "{}", ran.err);
    }
    if cfg!(feature = "cargo-generate-templates") {
        for flag in ["--preset x", "--with x", "--without x", "--smoke full"] {
            let ran = new(&sandbox, "bare", flag).expect(1);
            assert!(ran.err.contains("has no features and no smoke test: leave out --"), "{}", ran.err);
        }
    }
    assert!(sandbox.names("work").is_empty());
}

#[test]
#[cfg(not(feature = "cargo-generate-templates"))]
fn a_program_that_was_built_without_the_library_says_how_to_get_it() {
    let sandbox = Sandbox::new();
    let ran = new(&sandbox, "bare", "").expect(1);
    assert!(
        ran.err.contains("is a template of cargo-generate, which this program was built without\nhint: install it with its default features"),
        "{}",
        ran.err
    );
    assert!(sandbox.names("work").is_empty());
}
