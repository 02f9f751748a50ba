//! Three-way merge of text, line by line.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::Labels;
use super::diff3::{self, Stretch, Touching};

/// What to believe of lines that say the same, and of those that both sides insert at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// A line that one side has moved and the other has removed is one line, and goes.
    moves: bool,
    /// A part that stands in what the other side has inserted at the same place is one insertion.
    parts: bool,
    /// What would come first of two insertions comes last.
    turned: bool,
}

/// The ways to read two changes, the likeliest first.
pub(super) fn readings() -> impl Iterator<Item = Reading> {
    (0..8).map(|way| Reading { moves: way & 4 == 0, parts: way & 2 == 0, turned: way & 1 == 1 })
}

/// The merged lines; nothing where both sides have changed the same ones.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, reading: Reading) -> Option<String> {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let (our_moves, their_moves) = if reading.moves {
        (moved_here(&base, &ours, &theirs), moved_here(&base, &theirs, &ours))
    } else {
        Default::default()
    };
    let mut merged = Merged::default();
    for stretch in diff3::merge_akin(&base, &ours, &theirs, Touching::Apart, is_akin) {
        match stretch {
            Stretch::Same { ours: range, .. } => merged.lines(&ours[range]),
            Stretch::Ours { ours: range } => merged.kept(&ours[range], &our_moves),
            Stretch::Theirs { theirs: range } => merged.kept(&theirs[range], &their_moves),
            Stretch::Insertions { ours: a, theirs: b } => {
                let neighbours = [a.start.checked_sub(1).map(|above| ours[above]), ours.get(a.end).copied()];
                merged.insertions(&ours[a], &theirs[b], neighbours, reading);
            }
            Stretch::Conflict { .. } => return None,
        }
    }
    Some(merged.text)
}

/// The text with markers, as git shows it: changes that touch are one conflict. Where nothing touches and the result would be wrong
/// all the same, all changes are one conflict.
pub(super) fn conflict(base: &str, ours: &str, theirs: &str, labels: &Labels<'_>) -> String {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut merged = Merged::default();
    let mut is_conflict = false;
    for stretch in diff3::merge_akin(&base, &ours, &theirs, Touching::Together, |_, _| false) {
        match stretch {
            Stretch::Same { ours: range, .. } | Stretch::Ours { ours: range } => merged.lines(&ours[range]),
            Stretch::Theirs { theirs: range } => merged.lines(&theirs[range]),
            Stretch::Insertions { ours: a, theirs: b } => {
                merged.conflict(Some(&[]), &ours[a], &theirs[b], labels);
                is_conflict = true;
            }
            Stretch::Conflict { base: a, ours: b, theirs: c } => {
                merged.conflict(Some(&base[a]), &ours[b], &theirs[c], labels);
                is_conflict = true;
            }
        }
    }
    if !is_conflict {
        merged = Merged::default();
        let same = |[one, other]: [&str; 2]| one == other;
        let head = base.iter().zip(&ours).zip(&theirs).take_while(|((a, b), c)| same([a, b]) && same([a, c])).count();
        let rest = base.len().min(ours.len()).min(theirs.len()) - head;
        let ends = base.iter().rev().zip(ours.iter().rev()).zip(theirs.iter().rev());
        let tail = ends.take(rest).take_while(|((a, b), c)| same([a, b]) && same([a, c])).count();
        merged.lines(&ours[..head]);
        let middle = |lines: &[&str]| head..lines.len() - tail;
        merged.conflict(Some(&base[middle(&base)]), &ours[middle(&ours)], &theirs[middle(&theirs)], labels);
        merged.lines(&ours[ours.len() - tail..]);
    }
    merged.text
}

/// Two texts without a common ancestor, with markers around what differs.
pub(super) fn side_by_side(ours: &str, theirs: &str, labels: &Labels<'_>) -> String {
    let [ours, theirs] = [ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut merged = Merged::default();
    merged.conflict(None, &ours, &theirs, labels);
    merged.text
}

/// The lines that one side may have moved and the other has removed: those that stand once where they come from, and once here.
fn moved_here<'a>(base: &[&str], here: &[&'a str], there: &[&str]) -> HashSet<&'a str> {
    let (before, there) = (once(base), there.iter().copied().collect::<HashSet<_>>());
    let mut moved = once(here);
    moved.retain(|line| says_something(line) && before.contains(line) && !there.contains(line));
    moved
}

/// The lines that stand there once.
fn once<'a>(lines: &[&'a str]) -> HashSet<&'a str> {
    let mut counts = HashMap::new();
    for line in lines {
        *counts.entry(*line).or_insert(0) += 1;
    }
    counts.into_iter().filter(|(_, count)| *count == 1).map(|(line, _)| line).collect()
}

#[derive(Default)]
struct Merged {
    text: String,
}

impl Merged {
    fn lines(&mut self, lines: &[&str]) {
        for line in lines {
            // A last line may have no end; it gets one when another line follows.
            if !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
            self.text.push_str(line);
        }
    }

    fn kept(&mut self, lines: &[&str], moved: &HashSet<&str>) {
        let kept: Vec<&str> = lines.iter().copied().filter(|line| !moved.contains(line)).collect();
        self.lines(&kept);
    }

    /// Both sides are kept, and what both begin with is one insertion, as is what one ends with and the other begins with, and each
    /// entry that two lists have in common. The rest is in order when it belongs to a list that is in order. Else the deeper comes
    /// first, so that what goes on in a block stays in it, and a comment last, so that it stays above what it is for.
    fn insertions(&mut self, ours: &[&str], theirs: &[&str], neighbours: [Option<&str>; 2], reading: Reading) {
        let [head, _] = shared(ours, theirs);
        self.lines(&ours[..head]);
        let start = ours[..head].iter().rposition(|line| !is_blank(line)).map_or(0, |last| last + 1);
        let blanks = &ours[start..head];
        let (ours, theirs) = (&ours[head..], &theirs[head..]);
        let joined = |first, last| overlap(first, last).filter(|_| reading.parts);
        if theirs.is_empty() || (reading.parts && contains(ours, theirs)) {
            self.lines(ours);
        } else if ours.is_empty() || (reading.parts && contains(theirs, ours)) {
            self.lines(theirs);
        } else if let Some(lines) = interleaved(ours, theirs).filter(|_| reading.parts) {
            self.lines(&lines);
        } else if let Some(common) = joined(ours, theirs) {
            self.lines(ours);
            self.lines(&theirs[common..]);
        } else if let Some(common) = joined(theirs, ours) {
            self.lines(theirs);
            self.lines(&ours[common..]);
        } else if in_sorted_list(ours, neighbours) && in_sorted_list(theirs, neighbours) {
            let mut lines = [ours, theirs].concat();
            lines.sort_unstable();
            lines.dedup();
            self.lines(&lines);
        } else {
            let rank = |lines: &[&str]| (Reverse(depth(lines)), ends_in_comment(lines));
            let theirs_first = (rank(theirs) < rank(ours)) != reading.turned;
            let (first, last) = if theirs_first { (theirs, ours) } else { (ours, theirs) };
            self.lines(first);
            // Each of them has been set apart from what stands above.
            if !first.last().is_some_and(|line| is_blank(line)) {
                self.lines(blanks);
            }
            self.lines(last);
        }
    }

    fn conflict(&mut self, base: Option<&[&str]>, ours: &[&str], theirs: &[&str], labels: &Labels<'_>) {
        // What both sides have in common at the edges is no part of the conflict.
        let [head, tail] = shared(ours, theirs);
        self.lines(&ours[..head]);
        self.lines(&[&format!("<<<<<<< {}\n", labels.ours)]);
        self.lines(&ours[head..ours.len() - tail]);
        if let Some(base) = base {
            self.lines(&[&format!("||||||| {}\n", labels.base)]);
            self.lines(base);
        }
        self.lines(&["=======\n"]);
        self.lines(&theirs[head..theirs.len() - tail]);
        self.lines(&[&format!(">>>>>>> {}\n", labels.theirs)]);
        self.lines(&ours[ours.len() - tail..]);
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_akin(before: &&str, after: &&str) -> bool {
    key(before).is_some_and(|name| key(after) == Some(name))
}

/// The indentation of what begins there.
fn depth(lines: &[&str]) -> usize {
    lines.iter().find(|line| !is_blank(line)).map_or(0, |line| line.len() - line.trim_start().len())
}

/// How many lines two texts begin and end with.
fn shared(ours: &[&str], theirs: &[&str]) -> [usize; 2] {
    let head = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    let rest = ours.len().min(theirs.len()) - head;
    let tail = ours.iter().rev().zip(theirs.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    [head, tail]
}

/// How many lines at the end of the first text begin the last one. Brackets alone end and begin what they like.
fn overlap(first: &[&str], last: &[&str]) -> Option<usize> {
    let tail = |count: &usize| &first[first.len() - count..];
    let mut counts = (1..=first.len().min(last.len())).rev();
    counts.find(|count| tail(count) == &last[..*count] && tail(count).iter().any(|line| says_something(line)))
}

/// Two lists with one entry a line that have some in common, in the same order: each entry is there once, in its place.
fn interleaved<'a>(ours: &[&'a str], theirs: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_entry = |line: &&str| says_something(line) && !line.trim_end().ends_with(['{', '(', '[', ':']);
    let is_list = |lines: &[&str]| {
        let is_flat = lines.iter().all(|line| is_entry(line) && depth(&[line]) == depth(ours));
        is_flat && once(lines).len() == lines.len()
    };
    let there = |line| theirs.iter().position(|other| other == line);
    let common: Vec<_> = ours.iter().enumerate().filter_map(|(here, line)| Some((here, there(line)?))).collect();
    if common.is_empty() || !common.is_sorted_by_key(|(_, there)| *there) || !is_list(ours) || !is_list(theirs) {
        return None;
    }
    let (mut merged, mut our, mut their) = (Vec::new(), 0, 0);
    for (here, there) in common {
        merged.extend([&ours[our..here], &theirs[their..=there]].concat());
        (our, their) = (here + 1, there + 1);
    }
    merged.extend([&ours[our..], &theirs[their..]].concat());
    Some(merged)
}

/// Whether a line is more than brackets, so that another one with its text may be taken for the same.
fn says_something(line: &str) -> bool {
    line.trim().len() > 3
}

fn ends_in_comment(lines: &[&str]) -> bool {
    lines.last().is_some_and(|line| ["#", "//", "<!--"].iter().any(|mark| line.trim_start().starts_with(mark)))
}

/// The key of a line such as `key: value` or `KEY=value`, with its indentation. Two lines with one key are versions of one
/// entry.
fn key(line: &str) -> Option<&str> {
    let name = line.trim_start();
    let length = name.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-'))?;
    let is_pair = length > 0 && (name[length..].starts_with(": ") || name[length..].starts_with('='));
    is_pair.then(|| &line[..line.len() - name.len() + length])
}

/// Whether `part` stands in `lines` as a whole.
fn contains(lines: &[&str], part: &[&str]) -> bool {
    lines.windows(part.len().max(1)).any(|window| window == part)
}

/// Whether these lines are part of a list with one entry a line that is in the order of the alphabet, such as imports.
/// One line among others is in order by chance, so that the lines above and below count, too.
fn in_sorted_list(lines: &[&str], [above, below]: [Option<&str>; 2]) -> bool {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let is_entry = |line: &&str| {
        let text = line.trim();
        !text.is_empty()
            && indentation(line) == indentation(lines[0])
            && !text.ends_with(['{', '(', '[', '}', ')', ']', ':'])
            && !text.starts_with(['/', '#', '<', '-', '}', ')', ']', '|'])
    };
    let neighbours = [above.filter(is_entry), below.filter(is_entry)];
    let first_word = |line: &str| line.split_whitespace().next().map(ToOwned::to_owned);
    let akin = neighbours.iter().flatten().all(|neighbour| first_word(neighbour) == first_word(lines[0]));
    let in_company = neighbours.iter().flatten().count() == 2 || (akin && neighbours.iter().flatten().count() == 1);
    let listed: Vec<&str> = neighbours[0].into_iter().chain(lines.iter().copied()).chain(neighbours[1]).collect();
    in_company && lines.iter().all(is_entry) && listed.is_sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKELIEST: Reading = Reading { moves: true, parts: true, turned: false };
    const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

    fn clean(base: &str, ours: &str, theirs: &str) -> String {
        merge(base, ours, theirs, LIKELIEST).expect("there is no conflict")
    }

    #[test]
    fn a_line_that_was_moved_goes_when_it_is_removed() {
        assert_eq!(clean("first\nsecond\nthird\n", "third\nfirst\nsecond\n", "first\nsecond\n"), "first\nsecond\n");
        assert_eq!(clean("first\nsecond\nthird\n", "first\nsecond\n", "third\nfirst\nsecond\n"), "first\nsecond\n");
    }

    #[test]
    fn lists_in_order_stay_in_order() {
        let merged = clean("mod a;\nmod z;\n", "mod a;\nmod m;\nmod z;\n", "mod a;\nmod b;\nmod t;\nmod z;\n");
        assert_eq!(merged, "mod a;\nmod b;\nmod m;\nmod t;\nmod z;\n");
    }

    #[test]
    fn statements_keep_their_order() {
        let merged = clean("{\n    a();\n}\n", "{\n    z();\n    a();\n}\n", "{\n    b();\n    a();\n}\n");
        assert_eq!(merged, "{\n    z();\n    b();\n    a();\n}\n");
    }

    #[test]
    fn other_insertions_at_one_place_are_both_kept_ours_first() {
        let merged = clean("{\n}\n", "{\n  one {\n  }\n}\n", "{\n  two {\n  }\n}\n");
        assert_eq!(merged, "{\n  one {\n  }\n  two {\n  }\n}\n");
    }

    #[test]
    fn what_goes_on_in_a_block_stays_in_it() {
        let merged = clean("one:\n  a\n", "one:\n  a\ntwo:\n  b\n", "one:\n  a\n  c\n");
        assert_eq!(merged, "one:\n  a\n  c\ntwo:\n  b\n");
    }

    #[test]
    fn changes_that_touch_are_one_conflict_where_a_person_has_to_choose() {
        let shown = conflict("a\nb\nc\n", "a\nb\nx\nc\n", "a\nc\n", &LABELS);
        assert_eq!(shown, "a\n<<<<<<< yours\nb\nx\n||||||| before\nb\n=======\n>>>>>>> new\nc\n");
        let shown = conflict("a\nb\nc\n", "x\nb\nc\n", "a\nb\ny\n", &LABELS);
        assert_eq!(shown, "<<<<<<< yours\nx\nb\nc\n||||||| before\na\nb\nc\n=======\na\nb\ny\n>>>>>>> new\n");
    }

    #[test]
    fn what_both_begin_with_is_there_once() {
        let merged = clean("{\n}\n", "{\n  a\n  b\n  x {\n  }\n}\n", "{\n  a\n  b\n  y {\n  }\n}\n");
        assert_eq!(merged, "{\n  a\n  b\n  x {\n  }\n  y {\n  }\n}\n");
    }

    #[test]
    fn what_one_ends_with_and_the_other_begins_with_is_there_once() {
        let (base, ours, theirs) = ("z\n", "lists\nrest manners\nz\n", "rest manners\napi docs\nz\n");
        let right = "lists\nrest manners\napi docs\nz\n";
        assert_eq!(clean(base, ours, theirs), right);
        assert_eq!(clean(base, theirs, ours), right);
        // A bracket says nothing of its own.
        assert_eq!(clean("z\n", "b {\n}\nz\n", "}\nc\nz\n"), "b {\n}\n}\nc\nz\n");
    }

    #[test]
    fn an_entry_of_two_lists_is_there_once() {
        let (ours, theirs) = ("tables\nrest()\ndocs\nz\n", "client\ntables\nmails\nrest()\nsign\nz\n");
        assert_eq!(clean("z\n", ours, theirs), "client\ntables\nmails\nrest()\ndocs\nsign\nz\n");
        // In another order they are no list, and a block is none.
        assert_eq!(
            clean("z\n", "some\nrest\nmore\nz\n", "more\nother\nsome\nz\n"),
            "some\nrest\nmore\nother\nsome\nz\n"
        );
        assert_eq!(clean("z\n", "if a {\n    call()\n}\nz\n", "if b {\n    call()\n}\nz\n").matches("call").count(), 2);
    }

    #[test]
    fn what_each_has_set_apart_stays_apart() {
        assert_eq!(clean("a\n", "a\n\nb\n", "a\n\nc\n"), "a\n\nb\n\nc\n");
        assert_eq!(clean("a\nz\n", "a\n\nb\n\nz\n", "a\n\nc\nz\n"), "a\n\nb\n\nc\nz\n");
    }

    #[test]
    fn what_the_person_has_added_already_is_not_added_again() {
        assert_eq!(clean("a\nz\n", "a\nx\ny\nz\n", "a\ny\nz\n"), "a\nx\ny\nz\n");
    }

    #[test]
    fn a_line_beside_an_entry_with_a_new_value_stays() {
        let merged = clean("URL: a:1\nvolumes: b\n", "URL: a:1\nmine: c\nvolumes: b\n", "URL: d:2\n");
        assert_eq!(merged, "URL: d:2\nmine: c\n");
    }

    #[test]
    fn a_last_line_without_an_end_gets_one_when_lines_follow() {
        assert_eq!(clean("a\n", "a\nb", "a\nc\n"), "a\nb\nc\n");
        assert_eq!(clean("a", "a", "a\nc"), "a\nc");
    }

    #[test]
    fn a_conflict_shows_all_three_sides_without_what_they_share() {
        let (base, ours, theirs) = ("a\nb\nc\n", "a\nx\n1\nc\n", "a\ny\n1\nc\n");
        assert_eq!(merge(base, ours, theirs, LIKELIEST), None);
        assert_eq!(
            conflict(base, ours, theirs, &LABELS),
            "a\n<<<<<<< yours\nx\n||||||| before\nb\n=======\ny\n>>>>>>> new\n1\nc\n"
        );
    }
}
