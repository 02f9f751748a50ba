//! A table of broken templates, each with every message that `neoforge template check` gives: file, line, column, what is
//! wrong, and what to do.

use neoforge::gather::prove::prove;
use neoforge::template::check::check;
use neoforge::template::load;
use neoforge::tree::{File, FileTree, TreePath};

const HEAD: &str = "format = 1\nname = \"web\"\nversion = \"0.1.0\"\nabout = \"a test\"\n";
const PRESET: &str = "[[preset]]\nname = \"minimal\"\nabout = \"the base\"\ndefault = true\n";
const FEATURE: &str = "title = \"T\"\nabout = \"a\"\n";

/// What is wrong with a template that has these files, and a valid manifest and base where they do not say otherwise.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let mut tree = FileTree::new();
    let mut put = |path: &str, text: &str| {
        tree.insert(TreePath::parse(path).expect(path), File::plain(text.to_owned()));
    };
    put("template.toml", &format!("{HEAD}{PRESET}"));
    put("base/feature.toml", "");
    for (path, text) in files {
        // `+` adds to the valid head, so that a case shows only what it is about.
        match text.strip_prefix("+") {
            Some(rest) if *path == "template.toml" => put(path, &format!("{HEAD}{rest}\n{PRESET}")),
            Some(rest) => put(path, &format!("{FEATURE}{rest}")),
            None => put(path, text),
        }
    }
    let template = match load(&tree) {
        Ok(template) => template,
        Err(problems) => return problems.as_slice().iter().map(ToString::to_string).collect(),
    };
    let mut problems = check(&template);
    if problems.is_empty() {
        problems = prove(&template);
    }
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    let mut messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    messages.dedup();
    messages
}

macro_rules! cases {
    ($($name:ident: [$($file:expr),* $(,)?] => [$($message:expr),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            let expected: Vec<&str> = vec![$($message),*];
            assert_eq!(problems(&[$($file),*]), expected);
        }
    )*};
}

cases! {
    a_valid_template_has_no_problem: [("base/files/a.txt", "x")] => [];

    // The manifests themselves.
    syntax_error: [("template.toml", "format = 1\nname = web\n")] => ["?"];
    unknown_key: [("template.toml", "+colour = 1")] => ["?"];
    missing_key: [("template.toml", "format = 1\nname = \"web\"\nversion = \"0.1.0\"\n")] => ["?"];
    wrong_type: [("template.toml", "+next = 5")] => ["?"];
    newer_format: [("template.toml", "format = 2\nnovelty = true")] => ["?"];
    bad_version: [("template.toml", "format = 1\nname = \"web\"\nversion = \"1\"\nabout = \"\"\n[[preset]]\nname = \"m\"\nabout = \"\"\ndefault = true")] => ["?"];
    bad_template_name: [("template.toml", "format = 1\nname = \"My Web\"\nversion = \"0.1.0\"\nabout = \"\"\n[[preset]]\nname = \"m\"\nabout = \"\"\ndefault = true")] => ["?"];
    unknown_key_of_a_feature: [("features/a/feature.toml", "+colour = 1")] => ["?"];
    unknown_kind: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"date\"\ndefault = \"\"")] => ["?"];
    no_manifest_of_a_feature: [("features/a/files/x", "")] => ["?"];
    no_title: [("features/a/feature.toml", "about = \"a\"")] => ["?"];
    bad_feature_name: [("features/Big_One/feature.toml", "+")] => ["?"];
    stray_file: [("features/a/feature.toml", "+"), ("features/a/fles/x", ""), ("features/notes.md", ""), ("base/README.md", "")] => ["?"];

    // Paths.
    device_name: [("base/files/src/aux.rs", "")] => ["?"];
    reserved_path: [("base/files/neoforge.toml", ""), ("base/files/.env", ""), ("base/files/.git/config", "")] => ["?"];
    two_features_write_one_path: [("features/a/feature.toml", "+"), ("features/a/files/x", ""), ("features/b/feature.toml", "+"), ("features/b/files/x", "")] => ["?"];
    a_feature_writes_a_path_of_the_base: [("base/files/x", ""), ("features/a/feature.toml", "+"), ("features/a/files/x.liquid", "")] => ["?"];
    case_collision: [("base/files/docs/a.md", ""), ("base/files/Docs/b.md", "")] => ["?"];
    file_is_folder: [("base/files/x", ""), ("features/a/feature.toml", "+"), ("features/a/files/x/y", "")] => ["?"];
    unknown_variable_in_a_path: [("base/files/{{ nmae }}.txt", "")] => ["?"];
    rendered_path_leaves: [("template.toml", "+[[question]]\nkey = \"folder\"\nprompt = \"?\"\ndefault = \"..\""), ("base/files/{{ folder }}/x", "")] => ["?"];

    // Slots and inserts.
    broken_marker: [("base/files/x", "a\n# @slot Mods\n")] => ["?"];
    doubled_slot: [("base/files/x", "# @slot mods\n\n# @slot mods\n")] => ["?"];
    unknown_slot: [("base/files/x", "# @slot modules\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"module\"\ntext = \"y\"")] => ["?"];
    unknown_target: [("base/files/src/main.rs", "// @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"src/man.rs\"\nslot = \"a\"\ntext = \"y\"")] => ["?"];
    insert_into_a_stranger: [("features/b/files/x", "# @slot a\n"), ("features/b/feature.toml", "+"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"y\"")] => ["?"];
    empty_insert: [("base/files/x", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \" \"")] => ["?"];
    marker_in_an_insert: [("base/files/x", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"# @slot b\"")] => ["?"];
    slot_in_a_condition: [("base/files/x.liquid", "{% if name == 'no' %}\n# @slot a\n{% endif %}")] => ["?"];

    // Features.
    unknown_requirement: [("features/email/feature.toml", "+"), ("features/a/feature.toml", "+requires = [\"emial\"]")] => ["?"];
    unknown_conflict: [("features/a/feature.toml", "+conflicts = [\"x\"]")] => ["?"];
    cycle: [("features/a/feature.toml", "+requires = [\"b\"]"), ("features/b/feature.toml", "+requires = [\"c\"]"), ("features/c/feature.toml", "+requires = [\"a\"]")] => ["?"];
    requires_itself: [("features/a/feature.toml", "+requires = [\"a\"]")] => ["?"];
    required_and_refused: [("features/a/feature.toml", "+requires = [\"b\"]"), ("features/b/feature.toml", "+requires = [\"c\"]"), ("features/c/feature.toml", "+conflicts = [\"b\"]"), ("features/d/feature.toml", "+requires = [\"b\"]\nconflicts = [\"c\"]")] => ["?"];
    base_with_relations: [("base/feature.toml", "requires = [\"a\"]"), ("features/a/feature.toml", "+")] => ["?"];
    glue_with_a_stranger: [("features/a/feature.toml", "+"), ("features/a/with/b/feature.toml", "")] => ["?"];
    glue_with_a_title: [("features/a/feature.toml", "+"), ("features/b/feature.toml", "+"), ("features/a/with/b/feature.toml", "title = \"x\"")] => ["?"];
    doubled_glue: [("features/a/feature.toml", "+"), ("features/b/feature.toml", "+"), ("features/a/with/b/feature.toml", ""), ("features/b/with/a/feature.toml", "")] => ["?"];
    unknown_group: [("template.toml", "+[[group]]\nname = \"database\"\nprompt = \"?\"\ndefault = \"a\""), ("features/a/feature.toml", "+group = \"database\""), ("features/b/feature.toml", "+group = \"databse\"")] => ["?"];
    empty_group: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\"")] => ["?"];
    default_is_no_member: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"b\""), ("features/a/feature.toml", "+group = \"db\""), ("features/b/feature.toml", "+")] => ["?"];
    members_with_unequal_variables: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\""), ("features/a/feature.toml", "+group = \"db\"\n[variables]\nkey_type = \"x\""), ("features/b/feature.toml", "+group = \"db\"")] => ["?"];

    // Presets.
    unknown_feature_in_a_preset: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"a\"]")] => ["?"];
    preset_with_two_members: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\"\n[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"a\", \"b\"]"), ("features/a/feature.toml", "+group = \"db\""), ("features/b/feature.toml", "+group = \"db\"")] => ["?"];
    two_default_presets: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\ndefault = true")] => ["?"];
    no_default_preset: [("template.toml", "format = 1\nname = \"web\"\nversion = \"0.1.0\"\nabout = \"\"")] => ["?"];
    doubled_preset: [("template.toml", "+[[preset]]\nname = \"minimal\"\nabout = \"\"")] => ["?"];
    all_and_some: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nall = true\nfeatures = [\"a\"]"), ("features/a/feature.toml", "+")] => ["?"];

    // Dependencies.
    unknown_dependency: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot deps\n"), ("base/feature.toml", "dependencies = [\"serde\", \"sered\"]")] => ["?"];
    no_catalogue: [("base/feature.toml", "dependencies = [\"serde\"]")] => ["?"];
    unused_dependency: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot deps\n")] => ["?"];
    catalogue_without_its_slot: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot dependencies\n"), ("base/feature.toml", "dependencies = [\"serde\"]")] => ["?"];

    // Questions and variables.
    bad_key: [("template.toml", "+[[question]]\nkey = \"My-Key\"\nprompt = \"?\"\ndefault = \"\"")] => ["?"];
    doubled_question: [("template.toml", "+[[question]]\nkey = \"name\"\nprompt = \"?\"\ndefault = \"\""), ("features/a/feature.toml", "+[[question]]\nkey = \"x\"\nprompt = \"?\"\ndefault = \"\""), ("features/b/feature.toml", "+[variables]\nx = \"1\"")] => ["?"];
    bad_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\npattern = \"(\"\nmessage = \"m\"")] => ["?"];
    pattern_without_message: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\npattern = \".*\"")] => ["?"];
    useless_constraint: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\nmin = 1")] => ["?"];
    no_choices: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"choice\"\ndefault = \"x\"\nchoices = [{ value = \"x\" }]")] => ["?"];
    default_breaks_the_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"B\"\npattern = \"[a-z]+\"\nmessage = \"lower-case letters\"")] => ["?"];
    rendered_default_breaks_the_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"{{ name | upcase }}\"\npattern = \"[a-z-]+\"\nmessage = \"lower-case letters\"")] => ["?"];
    default_of_the_wrong_kind: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"integer\"\ndefault = \"1\"")] => ["?"];
    empty_range: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"integer\"\ndefault = 1\nmin = 2\nmax = 0")] => ["?"];
    default_uses_a_later_answer: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"{{ b }}\"\n[[question]]\nkey = \"b\"\nprompt = \"?\"\ndefault = \"\"")] => ["?"];
    unknown_variable_in_when: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\nwhen = \"licence == 'mit'\"")] => ["?"];

    // Liquid.
    unknown_variable: [("base/files/x.liquid", "a\n  {{ nmae }}")] => ["?"];
    unknown_variable_in_a_condition: [("base/files/x.liquid", "{% if email %}{% endif %}")] => ["?"];
    variable_of_a_feature_that_may_be_absent: [("base/files/x.liquid", "{{ smtp }}"), ("features/a/feature.toml", "+[variables]\nsmtp = \"x\"")] => ["?"];
    unclosed_tag: [("base/files/x.liquid", "a\n{% if name %}\n")] => ["?"];
    unknown_filter: [("base/files/x.liquid", "{{ name | shout }}")] => ["?"];
    unknown_variable_in_an_insert: [("base/files/x.liquid", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"{{ nmae }}\"")] => ["?"];

    // Environment, probes, smoke.
    env_without_targets: [("base/feature.toml", "[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\"")] => ["?"];
    bad_env_key: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "# @slot env\n"), ("base/feature.toml", "[[env]]\nkey = \"port\"\ndefault = \"1\"\nabout = \"a\"\n[[env]]\nkey = \"A\"\nabout = \"a\"\n[[env]]\nkey = \"B\"\ndefault = \"'\"\nabout = \"a\"")] => ["?"];
    doubled_env: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "# @slot env\n"), ("base/feature.toml", "[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\""), ("features/a/feature.toml", "+[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\"")] => ["?"];
    env_without_its_slot: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "")] => ["?"];
    bad_probes: [("base/feature.toml", "[[probe]]\nget = \"/\"\npost = \"/\"\nstatus = 200\n[[probe]]\nget = \"x\"\nbody = \"b\"\nstatus = 99")] => ["?"];
    bad_steps: [("template.toml", "+[[smoke.step]]\nname = \"a\"\nrun = []\n[[smoke.step]]\nname = \"a\"\nrun = [\"x\"]\n[smoke.app]\nrun = [\"x\"]\nready = \"health\"")] => ["?"];

    // All at once.
    many_problems_are_told_together: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"x\"]"), ("features/a/feature.toml", "+requires = [\"y\"]\nconflicts = [\"z\"]")] => ["?"];
}

#[test]
fn a_folder_without_a_manifest_is_no_template() {
    let problems = load(&FileTree::new()).expect_err("nothing there").to_string();
    assert_eq!(problems, "template.toml: this folder is not a template: it has no template.toml; name the folder that holds one");
}

#[test]
fn a_binary_file_cannot_be_rendered() {
    let mut tree = FileTree::new();
    for (path, bytes) in [("template.toml", format!("{HEAD}{PRESET}").into_bytes()), ("base/feature.toml", vec![]), ("base/files/x.png.liquid", vec![0, 1])] {
        tree.insert(TreePath::parse(path).expect(path), File::plain(bytes));
    }
    let problems = load(&tree).expect_err("a binary file").to_string();
    assert_eq!(problems, "base/files/x.png.liquid: the file is not UTF-8 text; save it as UTF-8");
}
