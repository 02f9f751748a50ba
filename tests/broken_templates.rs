//! A table of broken templates, each with every message that `neoforge template check` gives: file, line, column, what is
//! wrong, and what to do.

use neoforge::check::examine;
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
    let problems = examine(&tree);
    problems.err().map_or_else(Vec::new, |problems| problems.as_slice().iter().map(ToString::to_string).collect())
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
    syntax_error: [("template.toml", "format = 1\nname = web\n")] => ["template.toml:2:8: string values must be quoted, expected literal string"];
    unknown_key: [("template.toml", "+colour = 1")] => ["template.toml:5:1: unknown field `colour`, expected one of `format`, `name`, `version`, `about`, `reserved-names`, `question`, `group`, `preset`, `dependencies`, `env`, `docs`, `migrations`, `next`, `smoke`"];
    missing_key: [("template.toml", "format = 1\nname = \"web\"\nversion = \"0.1.0\"\n")] => ["template.toml:1:1: missing field `about`"];
    wrong_type: [("template.toml", "+next = 5")] => ["template.toml:5:8: invalid type: integer `5`, expected a sequence"];
    newer_format: [("template.toml", "format = 2\nnovelty = true")] => ["template.toml: format 2 is not known to this version of NeoForge, which reads format 1; install a newer NeoForge"];
    bad_version: [("template.toml", "format = 1\nname = \"web\"\nversion = \"1\"\nabout = \"\"\n[[preset]]\nname = \"m\"\nabout = \"\"\ndefault = true")] => ["template.toml:3:11: \"1\" is not a semantic version, such as 0.1.0"];
    bad_template_name: [("template.toml", "format = 1\nname = \"My Web\"\nversion = \"0.1.0\"\nabout = \"\"\n[[preset]]\nname = \"m\"\nabout = \"\"\ndefault = true")] => ["template.toml:2:1: \"My Web\" is not a valid name; use lower-case letters, digits and single hyphens, beginning with a letter"];
    unknown_key_of_a_feature: [("features/a/feature.toml", "+colour = 1")] => ["features/a/feature.toml:3:1: unknown field `colour`, expected one of `title`, `about`, `section`, `rename-notices`, `group`, `requires`, `conflicts`, `dependencies`, `variables`, `formerly`, `question`, `insert`, `env`, `probe`, `smoke`"];
    unknown_kind: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"date\"\ndefault = \"\"")] => ["template.toml:8:8: unknown variant `date`, expected one of `string`, `bool`, `integer`, `choice`, `choices`"];
    no_manifest_of_a_feature: [("features/a/files/x", "")] => ["features/a/feature.toml: the file is missing; a feature needs one"];
    no_title: [("features/a/feature.toml", "about = \"a\"")] => ["features/a/feature.toml: a feature needs `title`, which people read in lists and prompts"];
    bad_feature_name: [("features/Big_One/feature.toml", "+")] => ["features/Big_One: \"Big_One\" is not a valid name; use lower-case letters, digits and single hyphens, beginning with a letter"];
    stray_file: [("features/a/feature.toml", "+"), ("features/a/fles/x", ""), ("features/notes.md", ""), ("base/README.md", "")] => ["base/README.md: nothing is read from here; the base holds feature.toml and files/", "features/a/fles/x: nothing is read from here; a feature holds feature.toml, files/, with/ and README.md", "features/notes.md: nothing is read from here; `features/` holds one folder for each feature"];

    // Paths.
    reserved_path: [("base/files/neoforge.toml", ""), ("base/files/.env", ""), ("base/files/.git/config", ""), ("base/files/docs/.GIT/config", ""), ("base/files/docs/git~1", "")] => ["base/files/.env: \".env\" is written by NeoForge itself; choose another path", "base/files/.git/config: \".git/config\" is written by git itself; choose another path", "base/files/docs/.GIT/config: \"docs/.GIT/config\" is written by git itself; choose another path", "base/files/docs/git~1: \"docs/git~1\" is written by git itself; choose another path", "base/files/neoforge.toml: \"neoforge.toml\" is written by NeoForge itself; choose another path"];
    long_path: [("base/files/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/x", "")] => ["base/files/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/x: \"a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/a-folder-with-a-name/x\" has 190 characters, and with more than 180 a project may be too deep for Windows; shorten it"];
    two_features_write_one_path: [("features/a/feature.toml", "+"), ("features/a/files/x", ""), ("features/b/feature.toml", "+"), ("features/b/files/x", "")] => ["features/b/files/x: \"x\" is also written by features/a/files/x; move one of them, or use a slot"];
    a_feature_writes_a_path_of_the_base: [("base/files/x", ""), ("features/a/feature.toml", "+"), ("features/a/files/x.liquid", "")] => ["features/a/files/x.liquid: \"x\" is also written by base/files/x; move one of them, or use a slot"];
    case_collision: [("base/files/docs/a.md", ""), ("base/files/Docs/b.md", "")] => ["base/files/docs/a.md: \"docs\" differs from \"Docs\" by case alone, which some file systems take for one file; rename one of them"];
    file_is_folder: [("base/files/x", ""), ("features/a/feature.toml", "+"), ("features/a/files/x/y", "")] => ["features/a/files/x/y: \"x\" is a file, but \"x/y\" needs a folder of that name; rename one of them"];
    unknown_variable_in_a_path: [("base/files/{{ nmae }}.txt", "")] => ["base/files/{{ nmae }}.txt: nobody defines the variable `nmae`; the variables here are name"];
    rendered_path_leaves: [("template.toml", "+[[question]]\nkey = \"folder\"\nprompt = \"?\"\ndefault = \"..\""), ("base/files/{{ folder }}/x", "")] => ["base/files/{{ folder }}/x: the rendered path is not one: the path \"../x\" leaves the project; remove the `..`"];

    // Slots and inserts.
    broken_marker: [("base/files/x", "a\n# @slot Mods\n")] => ["base/files/x:2:1: this slot marker is not complete; write `@slot name` or `@slot name sort`, and nothing else in the line"];
    doubled_slot: [("base/files/x", "# @slot mods\n\n# @slot mods\n")] => ["base/files/x:3:1: the slot `mods` stands in this file twice; give each slot its own name"];
    unknown_slot: [("base/files/x", "# @slot modules\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"module\"\ntext = \"y\"")] => ["features/a/feature.toml:5:8: \"x\" has no slot `module`; did you mean `modules`?"];
    unknown_target: [("base/files/src/main.rs", "// @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"src/man.rs\"\nslot = \"a\"\ntext = \"y\"")] => ["features/a/feature.toml:4:8: there is no file \"src/man.rs\" to insert into; did you mean `src/main.rs`?"];
    insert_into_a_stranger: [("features/b/files/x", "# @slot a\n"), ("features/b/feature.toml", "+"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"y\"")] => ["features/a/feature.toml:4:8: \"x\" belongs to the feature `b`, which this one does not require; add `b` to `requires`, or move the insert to `with/b/`"];
    empty_insert: [("base/files/x", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \" \"")] => ["features/a/feature.toml:6:8: the text is empty; remove the insert, or give it a line"];
    marker_in_an_insert: [("base/files/x", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"# @slot b\"")] => ["features/a/feature.toml:6:8: the text holds a slot marker; a slot belongs into a file"];
    slot_in_a_condition: [("base/files/x.liquid", "{% if name == 'no' %}\n# @slot a\n{% endif %}")] => ["base/files/x.liquid:2:1: the slot `a` is inside a liquid block that was left out or repeated; move the marker out of the block"];

    // Features.
    unknown_requirement: [("features/email/feature.toml", "+"), ("features/a/feature.toml", "+requires = [\"emial\"]")] => ["features/a/feature.toml:3:13: there is no feature `emial`; did you mean `email`?"];
    unknown_conflict: [("features/a/feature.toml", "+conflicts = [\"x\"]")] => ["features/a/feature.toml:3:14: there is no feature `x`"];
    cycle: [("features/a/feature.toml", "+requires = [\"b\"]"), ("features/b/feature.toml", "+requires = [\"c\"]"), ("features/c/feature.toml", "+requires = [\"a\"]")] => ["features/a/feature.toml:3:1: the features require each other in a circle: a -> b -> c -> a; remove one of the requirements"];
    requires_itself: [("features/a/feature.toml", "+requires = [\"a\"]")] => ["features/a/feature.toml:3:1: the features require each other in a circle: a -> a; remove one of the requirements"];
    required_and_refused: [("features/a/feature.toml", "+requires = [\"b\"]"), ("features/b/feature.toml", "+requires = [\"c\"]"), ("features/c/feature.toml", "+conflicts = [\"b\"]"), ("features/d/feature.toml", "+requires = [\"b\"]\nconflicts = [\"c\"]")] => ["features/c/feature.toml:3:14: `b` is required and refused at the same time; remove it from `requires` or `conflicts`", "features/d/feature.toml:4:14: `c` is required and refused at the same time; remove it from `requires` or `conflicts`"];
    base_with_relations: [("base/feature.toml", "requires = [\"a\"]"), ("features/a/feature.toml", "+")] => ["base/feature.toml:1:1: `requires` has no meaning here; the base is a part of every project"];
    glue_with_a_stranger: [("features/a/feature.toml", "+"), ("features/a/with/b/feature.toml", "")] => ["features/a/with/b/feature.toml: there is no feature `b`"];
    glue_with_a_title: [("features/a/feature.toml", "+"), ("features/b/feature.toml", "+"), ("features/a/with/b/feature.toml", "title = \"x\"")] => ["features/a/with/b/feature.toml:1:1: `title` has no meaning here; glue has only what depends on both features; say it in the feature itself"];
    doubled_glue: [("features/a/feature.toml", "+"), ("features/b/feature.toml", "+"), ("features/a/with/b/feature.toml", ""), ("features/b/with/a/feature.toml", "")] => ["features/a/with/b/feature.toml: the glue of `a` and `b` stands at both; keep one of the folders"];
    unknown_group: [("template.toml", "+[[group]]\nname = \"database\"\nprompt = \"?\"\ndefault = \"a\""), ("features/a/feature.toml", "+group = \"database\""), ("features/b/feature.toml", "+group = \"databse\"")] => ["features/b/feature.toml:3:9: there is no group `databse`; did you mean `database`?"];
    empty_group: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\"")] => ["template.toml:6:8: no feature says `group = \"db\"`; add a member, or remove the group"];
    default_is_no_member: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"b\""), ("features/a/feature.toml", "+group = \"db\""), ("features/b/feature.toml", "+")] => ["template.toml:8:11: `b` is not a member of the group `db`; its members are a"];
    members_with_unequal_variables: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\""), ("features/a/feature.toml", "+group = \"db\"\n[variables]\nkey_type = \"x\""), ("features/b/feature.toml", "+group = \"db\"")] => ["features/b/feature.toml: the members of the group `db` must define the same variables; `b` lacks key_type"];

    // Presets.
    unknown_feature_in_a_preset: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"a\"]")] => ["template.toml:8:13: there is no feature `a`"];
    preset_with_two_members: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\"\n[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"a\", \"b\"]"), ("features/a/feature.toml", "+group = \"db\""), ("features/b/feature.toml", "+group = \"db\"")] => ["template.toml:12:18: `a` and `b` are members of the group `db`, of which only one can be chosen"];
    two_default_presets: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\ndefault = true")] => ["template.toml:10:8: two presets have `default = true`: `p` and `minimal`; keep one"];
    no_default_preset: [("template.toml", "format = 1\nname = \"web\"\nversion = \"0.1.0\"\nabout = \"\"")] => ["template.toml: no preset has `default = true`; mark the one that --yes takes"];
    doubled_preset: [("template.toml", "+[[preset]]\nname = \"minimal\"\nabout = \"\"")] => ["template.toml:9:8: the name `minimal` is taken already; choose another"];
    too_many_lines: [("template.toml", "+[[preset]]\nname = \"small\"\nabout = \"\"\nmax-lines = { rs = 2 }"), ("base/files/a.rs", "1\n2\n"), ("base/files/b.rs.liquid", "3\n"), ("base/files/c.ors", "4\n")] => ["template.toml:8:20: the preset has 3 lines in its .rs files; shorten them, or raise the limit"];
    too_many_lines_with_another_member: [("template.toml", "+[[group]]\nname = \"db\"\nprompt = \"?\"\ndefault = \"a\"\n[[preset]]\nname = \"small\"\nabout = \"\"\nmax-lines = { rs = 2 }"), ("base/files/a.rs", "1\n2\n"), ("features/a/feature.toml", "+group = \"db\""), ("features/b/feature.toml", "+group = \"db\""), ("features/b/files/b.rs", "3\n")] => ["template.toml:12:20: the preset has 3 lines in its .rs files; shorten them, or raise the limit"];
    all_and_some: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nall = true\nfeatures = [\"a\"]"), ("features/a/feature.toml", "+")] => ["template.toml:6:8: the preset has `all = true` and `features`; keep one of them"];
    except_of_some: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nexcept = [\"a\"]"), ("features/a/feature.toml", "+")] => ["template.toml:6:8: `except` is for a preset with `all = true`; this one lists its features"];
    unknown_exception: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nall = true\nexcept = [\"b\"]"), ("features/a/feature.toml", "+")] => ["template.toml:9:11: there is no feature `b`"];

    // Dependencies.
    unknown_dependency: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot deps\n"), ("base/feature.toml", "dependencies = [\"serde\", \"sered\"]")] => ["base/feature.toml:1:26: `sered` is not in the catalogue; add it to [dependencies.crates] in template.toml; did you mean `serde`?"];
    no_catalogue: [("base/feature.toml", "dependencies = [\"serde\"]")] => ["base/feature.toml:1:17: the template has no [dependencies]; add the catalogue to template.toml"];
    unused_dependency: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot deps\n")] => ["template.toml:9:1: no feature names the dependency `serde`; remove it from the catalogue"];
    catalogue_without_its_slot: [("template.toml", "+[dependencies]\ninto = \"Cargo.toml\"\nslot = \"deps\"\n[dependencies.crates]\nserde = \"1\""), ("base/files/Cargo.toml", "# @slot dependencies\n"), ("base/feature.toml", "dependencies = [\"serde\"]")] => ["template.toml:6:8: \"Cargo.toml\" has no slot `deps`"];

    // Questions and variables.
    bad_key: [("template.toml", "+[[question]]\nkey = \"My-Key\"\nprompt = \"?\"\ndefault = \"\"")] => ["template.toml:6:7: `My-Key` is not a variable's name; use snake_case: lower-case letters, digits and single underscores"];
    doubled_question: [("template.toml", "+[[question]]\nkey = \"name\"\nprompt = \"?\"\ndefault = \"\""), ("features/a/feature.toml", "+[[question]]\nkey = \"x\"\nprompt = \"?\"\ndefault = \"\""), ("features/b/feature.toml", "+[variables]\nx = \"1\"")] => ["features/b/feature.toml:4:5: the variable `x` is defined already, by features/a/feature.toml; choose another name", "template.toml:6:7: the variable `name` is defined already, by NeoForge; choose another name"];
    bad_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\npattern = \"(\"\nmessage = \"m\"")] => ["template.toml:9:11: the pattern is not a regular expression: unclosed group"];
    pattern_without_message: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\npattern = \".*\"")] => ["template.toml:9:11: a pattern needs a `message` that says in words what it asks for"];
    useless_constraint: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\nmin = 1")] => ["template.toml:6:7: `min` has no meaning for a question of the kind `string`; remove it"];
    no_choices: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"choice\"\ndefault = \"x\"\nchoices = [{ value = \"x\" }]")] => ["template.toml:6:7: a question of the kind `choice` needs `choices`, at least two of them"];
    default_breaks_the_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"B\"\npattern = \"[a-z]+\"\nmessage = \"lower-case letters\"")] => ["template.toml:8:11: the default is not an answer to the question: this takes lower-case letters"];
    rendered_default_breaks_the_pattern: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"{{ name | upcase }}\"\npattern = \"[a-z-]+\"\nmessage = \"lower-case letters\"")] => ["template.toml:8:11: the default is not an answer to the question: this takes lower-case letters"];
    default_of_the_wrong_kind: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"integer\"\ndefault = \"1\"")] => ["template.toml:9:11: the default is not an answer to the question: this takes a whole number"];
    empty_range: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\nkind = \"integer\"\ndefault = 1\nmin = 2\nmax = 0")] => ["template.toml:6:7: `min` is greater than `max`", "template.toml:9:11: the default is not an answer to the question: this takes a whole number of at least 2"];
    default_uses_a_later_answer: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"{{ b }}\"\n[[question]]\nkey = \"b\"\nprompt = \"?\"\ndefault = \"\"")] => ["template.toml:8:11: nobody defines the variable `b`; the variables here are name"];
    unknown_variable_in_when: [("template.toml", "+[[question]]\nkey = \"a\"\nprompt = \"?\"\ndefault = \"\"\nwhen = \"licence == 'mit'\"")] => ["template.toml:9:8: nobody defines the variable `licence`; the variables here are name"];

    // Liquid.
    unknown_variable: [("base/files/x.liquid", "a\n  {{ nmae }}")] => ["base/files/x.liquid:2:6: nobody defines the variable `nmae`; the variables here are name"];
    unknown_variable_in_a_condition: [("base/files/x.liquid", "{% if email %}{% endif %}")] => ["base/files/x.liquid:1:7: nobody defines the variable `email`; the variables here are name"];
    variable_of_a_feature_that_may_be_absent: [("base/files/x.liquid", "{{ smtp }}"), ("features/a/feature.toml", "+[variables]\nsmtp = \"x\"")] => ["base/files/x.liquid:1:4: nobody defines the variable `smtp`; the variables here are name"];
    unclosed_tag: [("base/files/x.liquid", "a\n{% if name %}\n")] => ["base/files/x.liquid:2:1: liquid: Unclosed block. {% endif %} tag expected."];
    unknown_filter: [("base/files/x.liquid", "{{ name | shout }}")] => ["base/files/x.liquid:1:11: liquid: there is no filter `shout`; see the list in docs/template-format.md"];
    unknown_variable_in_an_insert: [("base/files/x.liquid", "# @slot a\n"), ("features/a/feature.toml", "+[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"{{ nmae }}\"")] => ["features/a/feature.toml:6:8: nobody defines the variable `nmae`; the variables here are name"];

    // Environment, probes, smoke.
    env_without_targets: [("base/feature.toml", "[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\"")] => ["base/feature.toml:2:7: features list environment variables, but template.toml has no [env] that says where they go"];
    bad_env_key: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "# @slot env\n"), ("base/feature.toml", "[[env]]\nkey = \"port\"\ndefault = \"1\"\nabout = \"a\"\n[[env]]\nkey = \"A\"\nabout = \"a\"\n[[env]]\nkey = \"B\"\ndefault = \"'\"\nabout = \"a\"")] => ["base/feature.toml:2:7: `port` is not the name of an environment variable; use upper-case letters, digits and underscores", "base/feature.toml:6:7: an environment variable has a `default` or is a `secret`; give it exactly one of the two", "base/feature.toml:9:7: the value holds a line break or a quote, which .env files cannot hold portably"];
    doubled_env: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "# @slot env\n"), ("base/feature.toml", "[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\""), ("features/a/feature.toml", "+[[env]]\nkey = \"PORT\"\ndefault = \"1\"\nabout = \"a\"")] => ["features/a/feature.toml:4:7: the environment variable `PORT` is listed by base/feature.toml already; list it once"];
    env_without_its_slot: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "")] => ["template.toml:6:11: \".env.example\" has no slot `env`"];
    bad_probes: [("base/feature.toml", "[[probe]]\nget = \"/\"\npost = \"/\"\nstatus = 200\n[[probe]]\nget = \"x\"\nbody = \"b\"\nstatus = 99")] => ["base/feature.toml:2:7: a probe has `get` or `post`; give it exactly one of the two", "base/feature.toml:6:7: a probe's path begins with `/`", "base/feature.toml:6:7: `body` goes with `post`", "base/feature.toml:6:7: 99 is not an HTTP status; it lies between 100 and 599"];
    bad_steps: [("template.toml", "+[[smoke.step]]\nname = \"a\"\nrun = []\n[[smoke.step]]\nname = \"a\"\nrun = [\"x\"]\n[smoke.app]\nrun = [\"x\"]\nready = \"health\"")] => ["template.toml:5:1: `run` is empty; name the program and its arguments", "template.toml:5:1: two steps are called \"a\"; give each its own name", "template.toml:13:1: a probe's path begins with `/`"];

    // Migrations.
    valid_migrations: [("template.toml", "+[migrations]\nfolder = \"m/*/sql\"\nhistory = \"_*\"\ndrops = { folder = \"m/x/sql\", feature = \"a\" }"), ("features/a/feature.toml", "+"), ("features/a/files/m/a/sql/1.sql", ""), ("features/a/files/m/a/sql/2.sql", "")] => [];
    bad_migrations: [("template.toml", "+[migrations]\nfolder = \"crates/migrations\"\nhistory = \"_ran\"\ngroup = \"db\"\ndrops = { folder = \"x\", feature = \"y\" }")] => ["template.toml:6:10: one part of the folder is `*`, which stands for the module, as in \"crates/*/migrations\"", "template.toml:7:11: the name holds one `*`, which stands for the module, as in \"_migrations_*\"", "template.toml:8:9: there is no group `db`", "template.toml:9:35: there is no feature `y`"];
    two_stars_in_migrations: [("template.toml", "+[migrations]\nfolder = \"*/*\"\nhistory = \"_*_*\"")] => ["template.toml:6:10: one part of the folder is `*`, which stands for the module, as in \"crates/*/migrations\"", "template.toml:7:11: the name holds one `*`, which stands for the module, as in \"_migrations_*\""];
    split_migrations: [("template.toml", "+[migrations]\nfolder = \"m/*/sql\"\nhistory = \"_*\""), ("features/a/feature.toml", "+"), ("features/a/files/m/x/sql/1.sql", ""), ("features/b/feature.toml", "+"), ("features/b/files/m/x/sql/2.sql", "")] => ["features/b/files/m/x/sql/2.sql: the module `x` also has migrations in features/a; a module comes and goes with all of them, so keep them in one feature"];

    // All at once.
    preset_with_features_that_refuse_each_other: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"a\", \"c\"]"), ("features/a/feature.toml", "+requires = [\"b\"]"), ("features/b/feature.toml", "+"), ("features/c/feature.toml", "+conflicts = [\"b\"]")] => ["template.toml:6:8: `b` and `c` are both in it, and cannot be chosen together; leave one of them out"];
    dead_glue: [("features/a/feature.toml", "+conflicts = [\"b\"]"), ("features/b/feature.toml", "+"), ("features/a/with/b/feature.toml", "")] => ["features/a/with/b/feature.toml: `a` and `b` are never chosen together, so this is never rendered; remove it"];
    secret_that_would_be_committed: [("template.toml", "+[env]\nexample = \".env.example\""), ("base/files/.env.example", "# @slot env\n"), ("base/files/.gitignore", "/target\n"), ("base/feature.toml", "[[env]]\nkey = \"KEY\"\nsecret = true\nabout = \"a\"")] => ["base/feature.toml:2:7: `.env` will hold this secret, and no .gitignore of the base has a line `.env`; add one, or the secret is committed"];
    a_feature_folder_without_manifest: [("features/a/files/x", ""), ("features/b/feature.toml", "+requires = [\"a\"]"), ("features/b/with/a/files/y", "")] => ["features/a/feature.toml: the file is missing; a feature needs one", "features/b/with/a/feature.toml: the file is missing; glue needs one"];
    mistakes_of_every_kind_are_told_together: [
        ("template.toml", "+colour = 1\nnext = 5\n[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"x\"]\n[[question]]\nkye = \"k\"\nprompt = \"?\"\ndefault = \"\"\n"),
        ("base/feature.toml", "titel = \"T\"\nrequires = [\"a\"]\n[[insert]]\ninto = \"x\"\nslot = \"a\"\ntext = \"y\"\n"),
        ("base/files/x.liquid", "# @slot b\n{{ nmae }}\n"),
        ("base/files/.env", ""),
        ("features/a/feature.toml", "+requires = [\n  \"b\",\n  2,\n]\n[[probe]]\nget = \"x\"\nstatus = 20\n"),
        ("features/b/files/y.liquid", "{% if name %}"),
    ] => [
        "base/feature.toml:1:1: unknown field `titel`, expected one of `title`, `about`, `section`, `rename-notices`, `group`, `requires`, `conflicts`, `dependencies`, `variables`, `formerly`, `question`, `insert`, `env`, `probe`, `smoke`",
        "base/feature.toml:2:1: `requires` has no meaning here; the base is a part of every project",
        "base/feature.toml:5:8: \"x\" has no slot `a`",
        "base/files/.env: \".env\" is written by NeoForge itself; choose another path",
        "base/files/x.liquid:2:4: nobody defines the variable `nmae`; the variables here are name",
        "features/a/feature.toml:5:3: invalid type: integer `2`, expected a string",
        "features/a/feature.toml:8:7: a probe's path begins with `/`",
        "features/a/feature.toml:8:7: 20 is not an HTTP status; it lies between 100 and 599",
        "features/b/feature.toml: the file is missing; a feature needs one",
        "features/b/files/y.liquid:1:1: liquid: Unclosed block. {% endif %} tag expected.",
        "template.toml:5:1: unknown field `colour`, expected one of `format`, `name`, `version`, `about`, `reserved-names`, `question`, `group`, `preset`, `dependencies`, `env`, `docs`, `migrations`, `next`, `smoke`",
        "template.toml:6:8: invalid type: integer `5`, expected a sequence",
        "template.toml:10:13: there is no feature `x`",
        "template.toml:11:1: missing field `key`",
        "template.toml:12:1: unknown field `kye`, expected one of `key`, `prompt`, `kind`, `default`, `pattern`, `message`, `min`, `max`, `choices`, `formerly`, `when`",
    ];
    many_problems_are_told_together: [("template.toml", "+[[preset]]\nname = \"p\"\nabout = \"\"\nfeatures = [\"x\"]"), ("features/a/feature.toml", "+requires = [\"y\"]\nconflicts = [\"z\"]")] => ["features/a/feature.toml:3:13: there is no feature `y`", "features/a/feature.toml:4:14: there is no feature `z`", "template.toml:8:13: there is no feature `x`"];
}

#[test]
fn a_folder_without_a_manifest_is_no_template() {
    let problems = load(&FileTree::new()).expect_err("nothing there").to_string();
    assert_eq!(
        problems,
        "template.toml: this folder is not a template: it has no template.toml; name the folder that holds one"
    );
}

#[test]
fn a_binary_file_cannot_be_rendered() {
    let mut tree = FileTree::new();
    for (path, bytes) in [
        ("template.toml", format!("{HEAD}{PRESET}").into_bytes()),
        ("base/feature.toml", vec![]),
        ("base/files/x.png.liquid", vec![0, 1]),
    ] {
        tree.insert(TreePath::parse(path).expect(path), File::plain(bytes));
    }
    let problems = load(&tree).expect_err("a binary file").to_string();
    assert_eq!(problems, "base/files/x.png.liquid: the file is not UTF-8 text; save it as UTF-8");
}
