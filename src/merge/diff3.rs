//! Three-way merge of sequences: of lines, of tokens, of the entries of an array.
//!
//! Both sides are compared with the base. What only one side changed is taken; what both changed in the same way is taken
//! once. Changes that merely touch do not conflict: a person who edits the line below one that the template changes is no
//! reason to ask. What one side removes and the other removes more of goes. Changes conflict when they replace the same part
//! of the base in different ways.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

/// A stretch of the merge, as ranges into the three sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Nobody changed it.
    Same { base: Range<usize>, ours: Range<usize>, theirs: Range<usize> },
    /// Only we changed it, or both did in the same way.
    Ours { ours: Range<usize> },
    /// Only they changed it.
    Theirs { theirs: Range<usize> },
    /// Both inserted something else at the same place, and replaced nothing.
    Insertions { ours: Range<usize>, theirs: Range<usize> },
    /// Both replaced the same part of the base, in different ways.
    Conflict { base: Range<usize>, ours: Range<usize>, theirs: Range<usize> },
}

/// What one side replaced: a range of the base by a range of its own.
#[derive(Debug, Clone)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

/// What changes are that touch and do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touching {
    /// Two changes.
    Apart,
    /// One change of both sides, as git takes them.
    Together,
}

/// The ways to compare, in the order in which they are tried: they differ in what they take repeated entries for, so that
/// one may see two separate changes where another sees them overlap.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Histogram, Algorithm::Patience, Algorithm::Myers];

/// Merges two descendants of `base`. The stretches, put together, are the merged sequence.
pub(super) fn merge<T: Eq + Hash>(base: &[T], ours: &[T], theirs: &[T]) -> Vec<Stretch> {
    merge_akin(base, ours, theirs, Touching::Apart, |_, _| false)
}

/// The same, for entries of which one can be seen to be another version of the other: in a part that was replaced as a
/// whole, such entries are a change of their own.
pub(super) fn merge_akin<'a, T: Eq + Hash>(
    base: &'a [T],
    ours: &'a [T],
    theirs: &'a [T],
    touching: Touching,
    akin: impl Fn(&T, &T) -> bool,
) -> Vec<Stretch> {
    // Texts are compared once, when they are numbered. That also keeps the program small: the ways to compare are many, and each
    // would be compiled for each kind of entry.
    let mut known = HashMap::new();
    let mut numbered = |entries: &'a [T]| -> Vec<usize> {
        let number = |entry| {
            let next = known.len();
            *known.entry(entry).or_insert(next)
        };
        entries.iter().map(number).collect()
    };
    let (base_numbers, our_numbers, their_numbers) = (numbered(base), numbered(ours), numbered(theirs));
    let ours = Side { entries: &our_numbers, akin: &|before, after| akin(&base[before], &ours[after]) };
    let theirs = Side { entries: &their_numbers, akin: &|before, after| akin(&base[before], &theirs[after]) };
    let mut first = None;
    for algorithm in ALGORITHMS {
        let stretches = merge_by(algorithm, &base_numbers, ours, theirs, touching);
        if !stretches.iter().any(|stretch| matches!(stretch, Stretch::Conflict { .. })) {
            return stretches;
        }
        first.get_or_insert(stretches);
    }
    first.unwrap_or_default()
}

/// A descendant of the base, its entries as numbers: equal entries have the same.
#[derive(Clone, Copy)]
struct Side<'a> {
    entries: &'a [usize],
    /// Whether an entry of the base and one of the side, by their positions, are versions of each other.
    akin: &'a dyn Fn(usize, usize) -> bool,
}

fn merge_by(
    algorithm: Algorithm,
    base: &[usize],
    ours: Side<'_>,
    theirs: Side<'_>,
    touching: Touching,
) -> Vec<Stretch> {
    let our_hunks = hunks(algorithm, base, ours);
    let their_hunks = hunks(algorithm, base, theirs);
    let mut merge = Merge { ours: ours.entries, theirs: theirs.entries, stretches: Vec::new(), at: 0, shifts: [0, 0] };
    let (mut us, mut them) = (our_hunks.as_slice(), their_hunks.as_slice());
    while let Some((our, their)) = next_group(&mut us, &mut them, touching) {
        merge.group(our, their);
    }
    merge.same_until(base.len());
    merge.stretches
}

fn hunks(algorithm: Algorithm, base: &[usize], side: Side<'_>) -> Vec<Hunk> {
    capture_diff_slices(algorithm, base, side.entries)
        .into_iter()
        .filter(|operation| operation.tag() != DiffTag::Equal)
        .flat_map(|operation| split(operation.old_range(), operation.new_range(), side))
        .collect()
}

/// Cuts a replacement at the entries that only have another version.
fn split(old: Range<usize>, new: Range<usize>, side: Side<'_>) -> Vec<Hunk> {
    let (mut hunks, mut at) = (Vec::new(), (old.start, new.start));
    let push = |hunks: &mut Vec<Hunk>, base: Range<usize>, side: Range<usize>| {
        if !base.is_empty() || !side.is_empty() {
            hunks.push(Hunk { base, side });
        }
    };
    for before in old.clone() {
        if let Some(after) = (at.1..new.end).find(|after| (side.akin)(before, *after)) {
            push(&mut hunks, at.0..before, at.1..after);
            push(&mut hunks, before..before + 1, after..after + 1);
            at = (before + 1, after + 1);
        }
    }
    push(&mut hunks, at.0..old.end, at.1..new.end);
    hunks
}

/// Takes the next hunks that belong together off both lists.
fn next_group<'a>(us: &mut &'a [Hunk], them: &mut &'a [Hunk], touching: Touching) -> Option<(&'a [Hunk], &'a [Hunk])> {
    let (mut our, mut their) = match (us.first(), them.first()) {
        (None, None) => return None,
        (Some(_), None) => (1, 0),
        (Some(a), Some(b)) if overlap(&a.base, &b.base, touching) => (1, 1),
        (Some(a), Some(b)) if precedes(&a.base, &b.base) => (1, 0),
        (None | Some(_), Some(_)) => (0, 1),
    };
    // A hunk of one side may overlap several of the other: they all are one group.
    if our > 0 && their > 0 {
        loop {
            let grown = (
                our + usize::from(us.get(our).is_some_and(|next| overlaps_any(next, &them[..their], touching))),
                their + usize::from(them.get(their).is_some_and(|next| overlaps_any(next, &us[..our], touching))),
            );
            if grown == (our, their) {
                break;
            }
            (our, their) = grown;
        }
    }
    let group = (&us[..our], &them[..their]);
    (*us, *them) = (&us[our..], &them[their..]);
    Some(group)
}

fn overlaps_any(hunk: &Hunk, others: &[Hunk], touching: Touching) -> bool {
    others.iter().any(|other| overlap(&hunk.base, &other.base, touching))
}

/// Whether two ranges of the base share an entry, are the same place, or one lies inside of the other; or touch, where that counts.
fn overlap(a: &Range<usize>, b: &Range<usize>, touching: Touching) -> bool {
    if touching == Touching::Together {
        return a.start <= b.end && b.start <= a.end;
    }
    a == b || (a.start < b.end && b.start < a.end && !touches(a, b) && !touches(b, a))
}

/// Whether the insertion `a` lies at an edge of `b`.
fn touches(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.is_empty() && (a.start == b.start || a.start == b.end)
}

fn precedes(a: &Range<usize>, b: &Range<usize>) -> bool {
    (a.start, a.end) < (b.start, b.end)
}

struct Merge<'a> {
    ours: &'a [usize],
    theirs: &'a [usize],
    stretches: Vec<Stretch>,
    /// How far the base has been consumed.
    at: usize,
    /// Where the sides stand, relative to the base.
    shifts: [isize; 2],
}

impl Merge<'_> {
    fn group(&mut self, our: &[Hunk], their: &[Hunk]) {
        let start = our.iter().chain(their).map(|hunk| hunk.base.start).min().unwrap_or(self.at);
        let end = our.iter().chain(their).map(|hunk| hunk.base.end).max().unwrap_or(self.at);
        self.same_until(start);
        let base = start..end;
        if !our.is_empty() && !their.is_empty() && our.iter().chain(their).all(|hunk| hunk.side.is_empty()) {
            self.removals(our, their, base);
            return;
        }
        let mine = covered(our, &base);
        let other = covered(their, &base);
        let stretch = match (mine, other) {
            (Some(ours), Some(theirs)) if self.ours[ours.clone()] == self.theirs[theirs.clone()] => {
                Stretch::Ours { ours }
            }
            (Some(ours), Some(theirs)) if base.is_empty() => Stretch::Insertions { ours, theirs },
            (Some(ours), Some(theirs)) => Stretch::Conflict { base, ours, theirs },
            (Some(ours), None) => Stretch::Ours { ours },
            (None, Some(theirs)) => Stretch::Theirs { theirs },
            (None, None) => return,
        };
        self.stretches.push(stretch);
        for (shift, hunks) in self.shifts.iter_mut().zip([our, their]) {
            *shift +=
                hunks.iter().map(|hunk| hunk.side.len().cast_signed() - hunk.base.len().cast_signed()).sum::<isize>();
        }
        self.at = end;
    }

    /// Both sides only removed: what neither of them did remains.
    fn removals(&mut self, our: &[Hunk], their: &[Hunk], base: Range<usize>) {
        for at in base {
            let removed = [our, their].map(|hunks| hunks.iter().any(|hunk| hunk.base.contains(&at)));
            self.at = at;
            if removed == [false, false] {
                self.same_until(at + 1);
            }
            for (shift, removed) in self.shifts.iter_mut().zip(removed) {
                *shift -= isize::from(removed);
            }
            self.at = at + 1;
        }
    }

    /// What lies between the last group and `end` is the same on all sides.
    fn same_until(&mut self, end: usize) {
        if self.at < end {
            let base = self.at..end;
            let [ours, theirs] =
                self.shifts.map(|shift| base.start.saturating_add_signed(shift)..base.end.saturating_add_signed(shift));
            self.stretches.push(Stretch::Same { base, ours, theirs });
            self.at = end;
        }
    }
}

/// The range of one side that stands for `base`, when that side has changed something there.
fn covered(hunks: &[Hunk], base: &Range<usize>) -> Option<Range<usize>> {
    let (first, last) = (hunks.first()?, hunks.last()?);
    Some(first.side.start - (first.base.start - base.start)..last.side.end + (base.end - last.base.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The merged text of words; conflicts are shown in brackets.
    fn merged(base: &str, ours: &str, theirs: &str) -> String {
        let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let (base, ours, theirs) = (words(leak(base)), words(leak(ours)), words(leak(theirs)));
        let mut shown = Vec::new();
        for stretch in merge(&base, &ours, &theirs) {
            match stretch {
                Stretch::Same { ours: range, .. } | Stretch::Ours { ours: range } => {
                    shown.extend(ours[range].iter().map(ToString::to_string));
                }
                Stretch::Theirs { theirs: range } => shown.extend(theirs[range].iter().map(ToString::to_string)),
                Stretch::Insertions { ours: a, theirs: b } => {
                    shown.push(format!("{{{}+{}}}", ours[a].join(" "), theirs[b].join(" ")));
                }
                Stretch::Conflict { base: a, ours: b, theirs: c } => {
                    let parts = [base[a].join(" "), ours[b].join(" "), theirs[c].join(" ")];
                    shown.push(format!("[{}]", parts.join("|")));
                }
            }
        }
        shown.join(" ")
    }

    #[test]
    fn changes_of_one_side_are_taken() {
        assert_eq!(merged("a b c", "a x c", "a b c"), "a x c");
        assert_eq!(merged("a b c", "a b c", "a b c d"), "a b c d");
        assert_eq!(merged("a b c", "b c", "a b"), "b");
        assert_eq!(merged("", "a", ""), "a");
    }

    #[test]
    fn the_same_change_is_taken_once() {
        assert_eq!(merged("a b c", "a x c", "a x c"), "a x c");
        assert_eq!(merged("a c", "a b c", "a b c"), "a b c");
        assert_eq!(merged("a b c", "a c", "a c"), "a c");
    }

    #[test]
    fn changes_that_touch_do_not_conflict() {
        assert_eq!(merged("a b c d", "a x c d", "a b y d"), "a x y d");
        assert_eq!(merged("a b c d", "a c d", "a b c x d"), "a c x d");
        // An insertion beside lines that the other side removes.
        assert_eq!(merged("a b c", "a x b c", "a c"), "a x c");
        assert_eq!(merged("a b c", "a b x c", "a c"), "a x c");
    }

    #[test]
    fn what_both_remove_is_gone_however_much_more_one_of_them_removes() {
        assert_eq!(merged("a b c d", "a c d", "a d"), "a d");
        assert_eq!(merged("a b c d e", "a d e", "a b e"), "a e");
        assert_eq!(merged("a b c", "a", ""), "");
    }

    #[test]
    fn another_version_of_an_entry_is_a_change_of_its_own() {
        let (base, ours, theirs) = (["u=1", "v"], ["u=1", "mine", "v"], ["u=2"]);
        let conflicts = |stretches: &[Stretch]| stretches.iter().any(|it| matches!(it, Stretch::Conflict { .. }));
        assert!(conflicts(&merge(&base, &ours, &theirs)));
        let stretches = merge_akin(&base, &ours, &theirs, Touching::Apart, |a, b| a[..1] == b[..1]);
        assert_eq!(
            stretches,
            [Stretch::Theirs { theirs: 0..1 }, Stretch::Ours { ours: 1..2 }, Stretch::Theirs { theirs: 1..1 }]
        );
    }

    #[test]
    fn insertions_at_one_place_are_told_apart_from_conflicts() {
        assert_eq!(merged("a b", "a x b", "a y b"), "a {x+y} b");
        assert_eq!(merged("", "x", "y"), "{x+y}");
    }

    #[test]
    fn different_replacements_conflict() {
        assert_eq!(merged("a b c", "a x c", "a y c"), "a [b|x|y] c");
        assert_eq!(merged("a b c", "a x c", "a c"), "a [b|x|] c");
        // An insertion into the middle of what the other side removes.
        assert_eq!(merged("a b c d", "a b x c d", "a d"), "a [b c|b x c|] d");
        assert_eq!(merged("a b c d e", "a x d e", "a b y e"), "a [b c d|x d|b y] e");
    }

    proptest! {
        #[test]
        fn one_side_alone_always_wins(base in "[a-d]{0,12}", side in "[a-d]{0,12}") {
            let (base, side): (Vec<_>, Vec<_>) = (base.chars().collect(), side.chars().collect());
            prop_assert_eq!(put_together(&base, &side, &base), Some(side.clone()));
            prop_assert_eq!(put_together(&base, &base, &side), Some(side.clone()));
            prop_assert_eq!(put_together(&base, &side, &side), Some(side));
        }

        #[test]
        fn every_entry_is_accounted_for(base in "[a-d]{0,9}", ours in "[a-d]{0,9}", theirs in "[a-d]{0,9}") {
            let sequences = [base, ours, theirs].map(|text| text.chars().collect::<Vec<_>>());
            let [base, ours, theirs] = &sequences;
            let mut seen = 0;
            for stretch in merge(base, ours, theirs) {
                if let Stretch::Same { ours, .. } | Stretch::Ours { ours } | Stretch::Insertions { ours, .. }
                    | Stretch::Conflict { ours, .. } = stretch
                {
                    prop_assert!(ours.start >= seen && ours.end <= sequences[1].len());
                    seen = ours.end;
                }
            }
        }
    }

    fn put_together(base: &[char], ours: &[char], theirs: &[char]) -> Option<Vec<char>> {
        let mut merged = Vec::new();
        for stretch in merge(base, ours, theirs) {
            match stretch {
                Stretch::Same { ours: range, .. } | Stretch::Ours { ours: range } => merged.extend(&ours[range]),
                Stretch::Theirs { theirs: range } => merged.extend(&theirs[range]),
                Stretch::Insertions { .. } | Stretch::Conflict { .. } => return None,
            }
        }
        Some(merged)
    }
}
