//! Merges with what is right and what is wrong, as the files of `cases/` have them. The judge has to tell one from the other, and
//! the merge has to make what is right, or a conflict.

use std::fs;
use std::path::Path;

use neoforge::merge::{Labels, Merged, merge_file};
use neoforge::tree::File;

use crate::judge::judge;
use crate::judge::language::Language;

/// One merge.
struct Case {
    name: String,
    path: String,
    base: String,
    ours: String,
    theirs: String,
    /// Results that are right; a conflict always is.
    right: Vec<String>,
    wrong: Vec<String>,
}

fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/placement/cases");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("UTF-8"));
    texts.flat_map(|text| text.split("=== ").skip(1).map(parse).collect::<Vec<_>>()).collect()
}

fn parse(text: &str) -> Case {
    let mut sections = text.split("--- ");
    let title = sections.next().expect("a title").trim();
    let (name, path) = title.rsplit_once(' ').expect("a name and a path");
    let (name, path) = (name.to_owned(), path.to_owned());
    let [base, ours, theirs] = [(); 3].map(|()| String::new());
    let mut case = Case { name, path, base, ours, theirs, right: Vec::new(), wrong: Vec::new() };
    for section in sections {
        let (kind, text) = section.split_once('\n').expect("a kind and a text");
        let text = format!("{}\n", text.trim_end_matches('\n'));
        match kind {
            "base" => case.base = text,
            "ours" => case.ours = text,
            "theirs" => case.theirs = text,
            "right" => case.right.push(text),
            "wrong" => case.wrong.push(text),
            kind => panic!("{}: there is no section {kind}", case.name),
        }
    }
    case
}

#[test]
fn the_judge_tells_right_from_wrong() {
    let mut problems = Vec::new();
    for case in all() {
        for swapped in [false, true] {
            let (ours, theirs) = if swapped { (&case.theirs, &case.ours) } else { (&case.ours, &case.theirs) };
            for right in &case.right {
                let found = judge(&case.path, &case.base, ours, theirs, right);
                if !found.is_empty() {
                    problems.push(format!("{} (swapped: {swapped}): this is right:\n{right}{found:#?}", case.name));
                }
            }
            for wrong in &case.wrong {
                if judge(&case.path, &case.base, ours, theirs, wrong).is_empty() {
                    problems.push(format!("{} (swapped: {swapped}): this is wrong:\n{wrong}", case.name));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_judge_accepts_what_only_one_side_has_done() {
    for case in all() {
        for side in [&case.ours, &case.theirs] {
            for (ours, theirs) in [(side, &case.base), (&case.base, side), (side, side)] {
                let found = judge(&case.path, &case.base, ours, theirs, side);
                assert!(found.is_empty(), "{}: {found:#?}", case.name);
            }
        }
    }
}

#[test]
fn merges_are_right_or_conflicts() {
    let labels = Labels { base: "before", ours: "yours", theirs: "new" };
    let mut problems = Vec::new();
    for case in all() {
        for swapped in [false, true] {
            let (ours, theirs) = if swapped { (&case.theirs, &case.ours) } else { (&case.ours, &case.theirs) };
            let [base, ours, theirs] = [&case.base, ours, theirs].map(|text| File::plain(text.clone()));
            let Merged::Clean(merged) = merge_file(&case.path, Some(&base), &ours, &theirs, &labels) else { continue };
            let merged = merged.text().expect("a text");
            // Where brackets say what a line stands in, its indentation is for the formatter.
            let shape = |text: &str| -> Vec<String> {
                let trimmed =
                    |line: &str| if Language::of(&case.path) == Language::Rust { line.trim() } else { line }.to_owned();
                text.lines().map(trimmed).collect()
            };
            if !case.right.iter().any(|right| shape(right) == shape(merged)) {
                problems.push(format!("{} (swapped: {swapped}): this is wrong:\n{merged}", case.name));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
