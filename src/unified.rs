//! Unified diffs, as `git apply` reads them.
//!
//! `similar::TextDiff` prints them, too; but its many kinds of text would be a fiftieth of the program.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

use crate::tree::File;

/// How many lines that stay are shown around each change.
const CONTEXT: usize = 3;

/// How a file changes, in a form that `git apply` reads; `None` where there is none.
#[must_use]
pub fn file(path: &str, old: Option<&File>, new: Option<&File>) -> String {
    let name = |side: &str, file: Option<&File>| file.map_or("/dev/null".to_owned(), |_| format!("{side}/{path}"));
    let (from, to) = (name("a", old), name("b", new));
    let mut out = String::new();
    if let (Some(old), Some(new)) = (old, new)
        && old.executable != new.executable
    {
        let mode = |file: &File| if file.executable { "100755" } else { "100644" };
        let modes = format_args!("diff --git a/{path} b/{path}\nold mode {}\nnew mode {}\n", mode(old), mode(new));
        write(&mut out, modes);
    }
    let text = |file: Option<&File>| file.map_or(Some(String::new()), |file| file.text().map(str::to_owned));
    match (text(old), text(new)) {
        (Some(old), Some(new)) => out.push_str(&diff(&from, &to, &old, &new)),
        _ => write(&mut out, format_args!("Binary files {from} and {to} differ\n")),
    }
    out
}

/// How `old` becomes `new`, below a header with these names; nothing where they are equal.
#[must_use]
pub fn diff(from: &str, to: &str, old: &str, new: &str) -> String {
    let mut numbers = HashMap::new();
    let [(old, before), (new, after)] = [old, new].map(|text| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let entries: Vec<usize> = lines
            .iter()
            .map(|line| {
                let next = numbers.len();
                *numbers.entry(*line).or_insert(next)
            })
            .collect();
        (lines, entries)
    });
    let mut out = String::new();
    for hunk in group_diff_ops(capture_diff_slices(Algorithm::Myers, &before, &after), CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        if out.is_empty() {
            write(&mut out, format_args!("--- {from}\n+++ {to}\n"));
        }
        let place = |first: Range<usize>, last: Range<usize>| shown(first.start..last.end);
        let (was, is) = (place(first.old_range(), last.old_range()), place(first.new_range(), last.new_range()));
        write(&mut out, format_args!("@@ -{was} +{is} @@\n"));
        for operation in &hunk {
            if operation.tag() == DiffTag::Equal {
                lines(&mut out, ' ', &old[operation.old_range()]);
            } else {
                lines(&mut out, '-', &old[operation.old_range()]);
                lines(&mut out, '+', &new[operation.new_range()]);
            }
        }
    }
    out
}

fn lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        let end = if line.ends_with('\n') { "" } else { "\n\\ No newline at end of file\n" };
        write(out, format_args!("{sign}{line}{end}"));
    }
}

/// Lines as a hunk's header counts them: from 1, and from the line above where there are none.
fn shown(range: Range<usize>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        many => format!("{},{many}", range.start + 1),
    }
}

/// Writing to a `String` cannot fail.
fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use similar::TextDiff;

    use super::diff;

    #[test]
    fn a_diff_shows_what_changed_and_three_lines_around_it() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let expected = "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n";
        assert_eq!(diff("a", "b", old, &old.replace('5', "five")), expected);
        assert_eq!(diff("a", "b", old, old), "");
        assert_eq!(diff("a", "b", "", "x"), "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n");
    }

    proptest! {
        #[test]
        fn diffs_are_those_of_the_library(old in "([abc]\n){0,20}[ab]?", new in "([abc]\n){0,20}[ab]?") {
            let expected = TextDiff::from_lines(&*old, &*new).unified_diff().header("a", "b").to_string();
            prop_assert_eq!(diff("a", "b", &old, &new), expected);
        }
    }
}
