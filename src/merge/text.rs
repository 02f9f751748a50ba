//! Three-way merge of text, line by line.

use std::collections::{HashMap, HashSet};

use super::Labels;
use super::sequence::{self, Stretch};
use super::versions;

/// A merged text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// All changes of both sides.
    Clean(String),
    /// The same, with markers where a person has to choose.
    Conflicts(String),
}

/// Merges the lines. A line that they have removed goes also from where we have moved it, unless that leaves a conflict.
pub(super) fn merge(base: &str, ours: &str, theirs: &str, labels: &Labels<'_>) -> Text {
    let [base, ours, theirs] = [base, ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let gone = gone(&base, &ours, &theirs);
    let merged = merge_lines(&base, &ours, &theirs, labels, &gone);
    if merged.conflicts && !gone.is_empty() {
        return merge_lines(&base, &ours, &theirs, labels, &HashSet::new()).into();
    }
    merged.into()
}

fn merge_lines(base: &[&str], ours: &[&str], theirs: &[&str], labels: &Labels<'_>, gone: &HashSet<&str>) -> Merged {
    let mut merged = Merged::default();
    for stretch in
        sequence::merge_akin(base, ours, theirs, |a, b| key(a).is_some_and(|key_of_a| key(b) == Some(key_of_a)))
    {
        match stretch {
            Stretch::Same { ours: range, .. } => merged.lines(&ours[range]),
            Stretch::Ours { ours: range } => {
                let kept = ours[range].iter().copied().filter(|line| !gone.contains(line));
                merged.lines(&kept.collect::<Vec<_>>());
            }
            Stretch::Theirs { theirs: range } => merged.lines(&theirs[range]),
            Stretch::Insertions { ours: a, theirs: b } => {
                let neighbours = [a.start.checked_sub(1).map(|above| ours[above]), ours.get(a.end).copied()];
                merged.insertions(&ours[a], &theirs[b], neighbours);
            }
            Stretch::Conflict { base: a, ours: b, theirs: c } => {
                let (base, ours, theirs) = (&base[a], &ours[b], &theirs[c]);
                match versions::newer_lines(base, ours, theirs) {
                    Some(lines) => merged.lines(&lines),
                    None => merged.conflict(Some(base), ours, theirs, labels),
                }
            }
        }
    }
    merged
}

/// Two texts without a common ancestor, with markers around what differs.
pub(super) fn side_by_side(ours: &str, theirs: &str, labels: &Labels<'_>) -> String {
    let [ours, theirs] = [ours, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut merged = Merged::default();
    merged.conflict(None, &ours, &theirs, labels);
    merged.text
}

/// The lines that they have removed and that we may have moved: those that stand once where they come from, and once here.
fn gone<'a>(base: &[&str], ours: &[&'a str], theirs: &[&str]) -> HashSet<&'a str> {
    let (before, theirs) = (once(base), theirs.iter().copied().collect::<HashSet<_>>());
    let mut gone = once(ours);
    gone.retain(|line| line.trim().len() > 3 && before.contains(line) && !theirs.contains(line));
    gone
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
    conflicts: bool,
}

impl From<Merged> for Text {
    fn from(merged: Merged) -> Self {
        if merged.conflicts { Self::Conflicts(merged.text) } else { Self::Clean(merged.text) }
    }
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

    /// Both sides are kept: in order when they belong to a list that is in order, else ours first.
    fn insertions(&mut self, ours: &[&str], theirs: &[&str], neighbours: [Option<&str>; 2]) {
        if contains(ours, theirs) {
            self.lines(ours);
        } else if contains(theirs, ours) {
            self.lines(theirs);
        } else if in_sorted_list(ours, neighbours) && in_sorted_list(theirs, neighbours) {
            let mut lines = [ours, theirs].concat();
            lines.sort_unstable();
            lines.dedup();
            self.lines(&lines);
        } else {
            self.lines(ours);
            self.lines(theirs);
        }
    }

    fn conflict(&mut self, base: Option<&[&str]>, ours: &[&str], theirs: &[&str], labels: &Labels<'_>) {
        // What both sides have in common at the edges is no part of the conflict.
        let head = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
        let rest = ours.len().min(theirs.len()) - head;
        let tail = ours.iter().rev().zip(theirs.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        self.conflicts = true;
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

    const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

    fn clean(base: &str, ours: &str, theirs: &str) -> String {
        match merge(base, ours, theirs, &LABELS) {
            Text::Clean(text) => text,
            Text::Conflicts(text) => panic!("conflicts:\n{text}"),
        }
    }

    #[test]
    fn a_line_that_was_moved_goes_when_it_is_removed() {
        assert_eq!(clean("first\nsecond\nthird\n", "third\nfirst\nsecond\n", "first\nsecond\n"), "first\nsecond\n");
        let conflict = merge("first\nsecond\nthird\n", "third\nfirst\nsecond\n", "first\nsecond\nother\n", &LABELS);
        assert!(matches!(conflict, Text::Conflicts(text) if text.starts_with("third\n")));
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
    fn what_the_person_has_added_already_is_not_added_again() {
        assert_eq!(clean("a\nz\n", "a\nx\ny\nz\n", "a\ny\nz\n"), "a\nx\ny\nz\n");
    }

    #[test]
    fn a_line_beside_an_entry_with_a_new_value_stays() {
        let merged = clean("URL: a:1\nvolumes: b\n", "URL: a:1\nmine: c\nvolumes: b\n", "URL: d:2\n");
        assert_eq!(merged, "URL: d:2\nmine: c\n");
    }

    #[test]
    fn of_two_newer_versions_the_newest_wins() {
        let line =
            |hash: char, version: &str| format!("- uses: actions/x@{} # v{version}\n", hash.to_string().repeat(40));
        let merged = clean(&line('a', "6.1.0"), &line('b', "7.0.0"), &line('c', "6.9.2"));
        assert_eq!(merged, line('b', "7.0.0"));
    }

    #[test]
    fn a_last_line_without_an_end_gets_one_when_lines_follow() {
        assert_eq!(clean("a\n", "a\nb", "a\nc\n"), "a\nb\nc\n");
        assert_eq!(clean("a", "a", "a\nc"), "a\nc");
    }

    #[test]
    fn a_conflict_shows_all_three_sides_without_what_they_share() {
        let Text::Conflicts(text) = merge("a\nb\nc\n", "a\nx\n1\nc\n", "a\ny\n1\nc\n", &LABELS) else {
            panic!("there is a conflict");
        };
        assert_eq!(text, "a\n<<<<<<< yours\nx\n||||||| before\nb\n=======\ny\n>>>>>>> new\n1\nc\n");
    }
}
