//! Files of answers that are none.

use std::fs;

use crate::support::Sandbox;

#[test]
fn a_broken_file_of_answers_is_told_with_its_line() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    fs::create_dir(sandbox.path("work/folder")).expect("a folder");
    for (text, code, message) in [
        (&b"[answers\n"[..], 1, "line 1: "),
        (b"format = 1\nbogus = 1\n", 1, "line 2: unknown field `bogus`"),
        (b"format = 9\nnovelty = 1\n", 1, "format 9 is newer than this program\nhint: install a newer NeoForge"),
        (b"format = \"one\"\n", 1, "line 1: "),
        (b"[answers]\ntitle = { a = 1 }\n", 1, "line 2: "),
        (b"[answers]\ntitle = \"caf\xe9\"\n", 1, "it is not UTF-8\nhint: save it as UTF-8"),
        (b"features = [\"sails\"]\n", 2, "there is no feature `sails`"),
        (b"[answers]\nport = 99999\n", 2, "`99999` does not answer `port`"),
        (b"[answers]\nport = \"80\"\n", 2, "`80` does not answer `port`: this takes a whole number"),
        (b"[answers]\ntitel = \"x\"\n", 2, "there is no question `titel`\nhint: did you mean `title`?"),
    ] {
        sandbox.write("answers.toml", text);
        let ran = sandbox.run(&format!("new my-app --answers ../answers.toml --template {template}"));
        let shown = String::from_utf8_lossy(text);
        assert_eq!(ran.code, code, "{shown}: {}", ran.err);
        assert!(ran.err.contains(message), "{shown}: {}", ran.err);
        assert!(code == 2 || ran.err.contains("failed to read ../answers.toml"), "{shown}: {}", ran.err);
    }
    for (path, message) in [
        ("folder", "hint: name the file in it, such as folder/neoforge.toml"),
        ("nothing", "give the path of a file of answers, such as another project's neoforge.toml"),
    ] {
        let ran = sandbox.run(&format!("new my-app --answers {path} --template {template}")).expect(1);
        assert!(ran.err.contains(&format!("failed to read {path}")) && ran.err.contains(message), "{}", ran.err);
    }
    assert_eq!(sandbox.names("work"), ["folder"]);
}

#[test]
fn a_file_of_answers_may_choose_of_a_group_and_answer_what_is_not_asked() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    // The sender is asked for by a feature that is not chosen here.
    sandbox.write("answers.toml", "[answers]\ndatabase = \"big\"\nsender = \"x\"\n");
    sandbox.run(&format!("new my-app --answers ../answers.toml --template {template}")).expect(0);
    assert_eq!(sandbox.read("work/my-app/my-app.txt"), "My App on 80 with big, by nobody\n");
}

#[test]
fn an_empty_file_of_answers_takes_every_default() {
    let sandbox = Sandbox::new();
    let template = sandbox.template();
    sandbox.write("answers.toml", "");
    sandbox.run(&format!("new my-app --answers ../answers.toml --template {template}")).expect(0);
    assert_eq!(sandbox.read("work/my-app/my-app.txt"), "My App on 80 with lite, by nobody\n");
}
