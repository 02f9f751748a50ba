//! Loading and checking a template: whatever its manifests say, each problem has a place that exists.

#![no_main]

use libfuzzer_sys::fuzz_target;
use neoforge::check::check;
use neoforge::template::load;
use neoforge::template::problem::Problem;
use neoforge::tree::FileTree;
use neoforge_fuzz::{pass_over_caught_panics, tree};

fuzz_target!(init: pass_over_caught_panics(), |case: &str| {
    let tree = tree(case);
    match load(&tree) {
        Ok(template) => check(&template).iter().for_each(|problem| assert_place(&tree, problem)),
        Err(problems) => problems.as_slice().iter().for_each(|problem| assert_place(&tree, problem)),
    }
});

/// The line and the column of a problem are in its file. A file that is missing, and a folder, have neither.
fn assert_place(tree: &FileTree, problem: &Problem) {
    assert!(!problem.to_string().trim_end().is_empty());
    let Some(line) = problem.place.line else { return };
    let file = tree.get(&problem.place.file).unwrap_or_else(|| panic!("{problem}: there is no such file"));
    let text = file.text().unwrap_or_else(|| panic!("{problem}: the file is no text"));
    let length = text.split('\n').nth(line - 1).map(|line| line.chars().count());
    let length = length.unwrap_or_else(|| panic!("{problem}: there is no such line"));
    let column = problem.place.column.unwrap_or(1);
    assert!((1..=length + 1).contains(&column), "{problem}: the line has {length} characters");
}
