use super::*;
use crate::tree::tests::tree;

const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };
const TEXT: &str = "first line\nsecond line\nthird line\n";

type Files<'a> = &'a [(&'a str, &'a str)];

fn merged(base: Files<'_>, ours: Files<'_>, theirs: Files<'_>) -> TreeMerge {
    merge(&tree(base), &tree(ours), &tree(theirs), &LABELS)
}

/// What changes, one line a path.
fn shown(merge: &TreeMerge) -> Vec<String> {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    merge
        .changes
        .iter()
        .map(|(path, change)| match change {
            Change::Write(file) => format!("{path} = {:?}", text(&file.bytes)),
            Change::Remove => format!("{path} goes"),
            Change::Conflict(conflict) => format!("{path} ! {:?}", conflict.marked.as_ref().map(text)),
        })
        .collect()
}

#[test]
fn files_come_and_go() {
    let merge = merged(
        &[("a", "1\n"), ("b", "1\n")],
        &[("a", "1\n"), ("b", "1\n"), ("mine", "")],
        &[("a", "1\n"), ("c", "2\n")],
    );
    assert_eq!(shown(&merge), ["b goes", "c = \"2\\n\""]);
}

#[test]
fn what_the_template_did_not_change_is_left_alone() {
    let merge = merged(&[("a", "1\n"), ("b", "1\n")], &[("a", "mine\n")], &[("a", "1\n"), ("b", "1\n")]);
    assert_eq!(merge, TreeMerge::default());
}

#[test]
fn a_moved_file_is_followed() {
    let new = "first line\nsecond line\nthird line\nfourth line\n";
    let merge = merged(&[("a.txt", TEXT)], &[("b/c.txt", TEXT)], &[("a.txt", new)]);
    assert_eq!(shown(&merge), [format!("b/c.txt = {new:?}")]);
    assert!(matches!(&merge.notes[..], [Note::Followed { .. }]));
    let merge = merged(&[("a.txt", TEXT)], &[("b/c.txt", TEXT)], &[]);
    assert_eq!(shown(&merge), ["b/c.txt goes"]);
}

#[test]
fn a_new_file_goes_where_its_folder_went() {
    let merge = merged(&[("a/x", TEXT)], &[("b/x", TEXT)], &[("a/x", TEXT), ("a/y", "new\n")]);
    assert_eq!(shown(&merge), ["b/y = \"new\\n\""]);
}

#[test]
fn a_file_that_the_template_renames_stays_in_the_folder_that_the_person_has_moved() {
    let other = "one\ntwo\nthree\n";
    let merge =
        merged(&[("a/x", TEXT), ("a/y", other)], &[("b/x", TEXT), ("b/y", other)], &[("a/z", TEXT), ("a/y", other)]);
    assert_eq!(shown(&merge), ["b/x goes".to_owned(), format!("b/z = {TEXT:?}")]);
    assert!(matches!(&merge.notes[..], [Note::AddedBeside { .. }]));
}

#[test]
fn edits_travel_with_a_file_that_the_template_moves() {
    let edited = "first line\nmy line\nthird line\n";
    let merge = merged(&[("a", TEXT)], &[("a", edited)], &[("z", TEXT)]);
    assert_eq!(shown(&merge), ["a goes".to_owned(), format!("z = {edited:?}")]);
}

#[test]
fn a_deleted_file_stays_deleted() {
    let merge = merged(&[("a", TEXT)], &[], &[("a", "changed\n")]);
    assert!(merge.changes.is_empty());
    assert!(matches!(&merge.notes[..], [Note::StaysDeleted(_)]));
}

#[test]
fn an_edited_file_is_not_removed_unasked() {
    let merge = merged(&[("a", TEXT)], &[("a", "mine\n")], &[]);
    assert_eq!(shown(&merge), ["a ! None"]);
    let merge = merged(&[("a", TEXT)], &[("a", &TEXT.replace('\n', "\r\n"))], &[]);
    assert_eq!(shown(&merge), ["a goes"]);
}

#[test]
fn a_file_that_was_only_formatted_or_shortened_goes_with_its_feature() {
    let (code, formatted) = ("fn a() { b(c, d) }\n", "fn a() {\n    b(\n        c,\n        d,\n    )\n}\n");
    assert_eq!(shown(&merged(&[("a.rs", code)], &[("a.rs", formatted)], &[])), ["a.rs goes"]);
    let commented = "fn a() { b(c, d) } // mine\n";
    assert_eq!(shown(&merged(&[("a.rs", code)], &[("a.rs", commented)], &[])), ["a.rs ! None"]);
    assert_eq!(shown(&merged(&[("a", TEXT)], &[("a", "first line\nthird line\n")], &[])), ["a goes"]);
    assert_eq!(shown(&merged(&[("a", TEXT)], &[("a", "third line\nfirst line\n")], &[])), ["a ! None"]);
    let merge = merged(&[("a.json", "{\"a\": [1]}\n")], &[("a.json", "{\n  \"a\": [\n    1\n  ]\n}\n")], &[]);
    assert_eq!(shown(&merge), ["a.json goes"]);
}

#[test]
fn prose_that_was_written_anew_stays() {
    let (ours, theirs) = ("all of it is mine\n", "first line\nnew\nthird line\n");
    let merge = merged(&[("a.md", TEXT)], &[("a.md", ours)], &[("a.md", theirs)]);
    assert!(merge.changes.is_empty());
    assert!(matches!(&merge.notes[..], [Note::StaysRewritten(_)]));
    assert_eq!(merged(&[("a.sh", TEXT)], &[("a.sh", ours)], &[("a.sh", theirs)]).conflicts().count(), 1);
    let edited = "first line\nmine\nthird line\n";
    assert_eq!(merged(&[("a.md", TEXT)], &[("a.md", edited)], &[("a.md", theirs)]).conflicts().count(), 1);
}

#[test]
fn a_renamed_crate_keeps_its_name_in_what_the_template_adds() {
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n");
    let (old, new) = (manifest("app"), manifest("shop"));
    let base = [("app/Cargo.toml", &*old), ("app/a.rs", "use app::a;\nuse app::b;\nuse app::c;\n")];
    let ours = [("shop/Cargo.toml", &*new), ("shop/a.rs", "use shop::a;\nuse shop::b;\nuse shop::c;\n")];
    let changed = ("app/a.rs", "use app::a;\nuse app::d;\nuse app::c;\n");
    let new = [("app/b.rs", "use app::b;\n"), ("x", "run --bin app x\n")];
    let merge = merged(&base, &ours, &[base[0], changed, new[0], new[1]]);
    let expected = [
        "shop/a.rs = \"use shop::a;\\nuse shop::d;\\nuse shop::c;\\n\"",
        "shop/b.rs = \"use shop::b;\\n\"",
        "x = \"run --bin shop x\\n\"",
    ];
    assert_eq!(shown(&merge), expected);
}

#[test]
fn a_dependency_that_a_crate_of_the_person_inherits_stays() {
    let (with, without) = ("[workspace.dependencies]\na = \"1\"\nb = \"1\"\n", "[workspace.dependencies]\na = \"1\"\n");
    let (ours, theirs) = ("[dependencies]\nb.workspace = true\n", "[dependencies]\nb.workspace = true\n");
    let base = [("Cargo.toml", with), ("theirs/Cargo.toml", theirs)];
    let merge = merged(&base, &[base[0], base[1], ("ours/Cargo.toml", ours)], &[("Cargo.toml", without)]);
    assert_eq!(shown(&merge), ["theirs/Cargo.toml goes"]);
    let by = TreePath::parse("ours/Cargo.toml").expect("a path");
    assert_eq!(merge.notes, [Note::DependencyStays { name: "b".to_owned(), by }]);
    let merge = merged(&base, &base, &[("Cargo.toml", without)]);
    assert_eq!(shown(&merge), [format!("Cargo.toml = {without:?}"), "theirs/Cargo.toml goes".to_owned()]);
    assert_eq!(merge.notes, []);
}

#[test]
fn a_dependency_that_a_new_crate_inherits_comes_back() {
    let (with, without) = ("[workspace.dependencies]\na = \"1\"\nb = \"1\"\n", "[workspace.dependencies]\nb = \"1\"\n");
    let new = ("new/Cargo.toml", "[dependencies]\na.workspace = true\n");
    let merge = merged(&[("Cargo.toml", with)], &[("Cargo.toml", without)], &[("Cargo.toml", with), new]);
    assert_eq!(shown(&merge), [format!("Cargo.toml = {with:?}"), format!("{} = {:?}", new.0, new.1)]);
    let by = TreePath::parse("new/Cargo.toml").expect("a path");
    assert_eq!(merge.notes, [Note::DependencyReturns { name: "a".to_owned(), by }]);
    // A crate of the person's that has named it before is their affair.
    let broken = ("own/Cargo.toml", "[dependencies]\na.workspace = true\n");
    let merge = merged(&[("Cargo.toml", with)], &[("Cargo.toml", without), broken], &[("Cargo.toml", with), ("x", "")]);
    assert_eq!(shown(&merge), ["x = \"\""]);
}

#[test]
fn a_deleted_crate_that_a_new_one_depends_on_is_for_the_person_to_decide_on() {
    let (with, without) =
        ("[workspace.dependencies]\na = \"1\"\nkit = { path = \"kit\" }\n", "[workspace.dependencies]\na = \"1\"\n");
    let kit = ("kit/Cargo.toml", "[package]\nname = \"kit\"\n");
    let new = ("new/Cargo.toml", "[dev-dependencies]\nkit.workspace = true\n");
    let (before, after) = ([("Cargo.toml", with), kit], [("Cargo.toml", with), kit, new]);
    let merge = merged(&before, &[("Cargo.toml", without)], &after);
    let (path, conflict) = merge.conflicts().next().expect("a conflict");
    assert_eq!(path.as_str(), "Cargo.toml");
    let marked = String::from_utf8(conflict.marked.clone().expect("a text").to_vec()).expect("UTF-8");
    let expected = "<<<<<<< yours\n=======\nkit = { path = \"kit\" }\n>>>>>>> new\n";
    assert_eq!(marked, format!("{without}{expected}"));
    let by = TreePath::parse("new/Cargo.toml").expect("a path");
    assert_eq!(merge.notes, [Note::CrateMissing { name: "kit".to_owned(), by }]);
    // One who has only taken out the line gets it back.
    let merge = merged(&before, &[("Cargo.toml", without), kit], &after);
    assert_eq!(shown(&merge), [format!("Cargo.toml = {with:?}"), format!("{} = {:?}", new.0, new.1)]);
}

#[test]
fn a_new_file_where_the_person_has_one_is_a_conflict_unless_they_are_equal() {
    assert_eq!(shown(&merged(&[], &[("a", "x\n")], &[("a", "x\n")])), [""; 0]);
    let merge = merged(&[], &[("a", "x\n")], &[("a", "y\n")]);
    assert_eq!(merge.conflicts().count(), 1);
}

#[test]
fn of_two_new_files_the_one_that_has_all_of_the_other_is_both() {
    let (short, long) = ("use a;\nfn a() {}\n", "use a;\nuse b;\nfn a() {}\nfn b() {}\n");
    for (ours, theirs, expected) in [(short, long, vec![format!("a.rs = {long:?}")]), (long, short, Vec::new())] {
        assert_eq!(shown(&merged(&[], &[("a.rs", ours)], &[("a.rs", theirs)])), expected);
    }
    // The same lines in another order, or in another place, say something else.
    for (path, ours, theirs) in [
        ("a.rs", short, "fn a() {}\nuse a;\n"),
        ("a.rs", "fn a() {\n    x();\n}\n", "fn a() {\n}\nfn b() {\n    x();\n}\n"),
        ("a.yaml", "a:\n  - x\n", "a:\nb:\n  - x\n"),
        ("a.md", "# A\n\nx\n", "# A\n\n# B\n\nx\n"),
    ] {
        for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
            let merge = merged(&[], &[(path, ours)], &[(path, theirs)]);
            assert_eq!(merge.conflicts().count(), 1, "{path}: {ours:?} and {theirs:?}");
        }
    }
}
