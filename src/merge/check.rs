//! Whether a merge that is clean is also right: what each side added stands where it was written, what it removed is gone there
//! and nowhere else, and nothing is in it that nobody wrote.
//!
//! It knows nothing of how the text was merged. It reads the four texts as outlines, and holds what became of each side against
//! what the other side changed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::file::Format;
use super::outline::{self, INSIDE, Unit};

/// Whether the merged text has all changes of both sides and no other.
pub(super) fn is_right(format: Format, base: &str, ours: &str, theirs: &str, merged: &str) -> bool {
    let is_of_their_lines = || {
        let lines: HashSet<&str> = ours.lines().chain(theirs.lines()).map(str::trim).collect();
        merged.lines().all(|line| lines.contains(line.trim()))
    };
    // The end of a block of code that one side has removed is not the end of what the other side has moved its beginning to.
    if format == Format::Markdown && has_odd_fences(merged) && !has_odd_fences(ours) && !has_odd_fences(theirs) {
        return false;
    }
    let outlines = [base, ours, theirs, merged].map(|text| outline::of(format, text));
    let [base, ours, theirs, merged] = &outlines;
    let (our, their) = (Side::new(format, base, ours), Side::new(format, base, theirs));
    let Some(kept) = kept(base, &our, &their) else { return false };
    // The keys of a table are in the order that somebody likes.
    let is_unordered = matches!(format, Format::Json | Format::Toml);
    let (our_places, their_places) = (our.places_in(&their), their.places_in(&our));
    let is_in_order = || {
        moved(&our.keys(&our_places), &keys(merged)) <= moved(&keys(base), &keys(theirs))
            && moved(&their.keys(&their_places), &keys(merged)) <= moved(&keys(base), &keys(ours))
    };
    has_all(&kept, [&our.added(&our_places), &their.added(&their_places)], merged)
        && (is_unordered || is_in_order() && our.fits(&their) && their.fits(&our))
        // Of a line that somebody has changed and somebody else has written anew, no part has a place in the other.
        && (is_unordered || !(our.is_rewritten || their.is_rewritten) || is_of_their_lines())
        && (!is_unordered || our.keeps_to_tables_of(&their) && their.keeps_to_tables_of(&our))
        && our.comments_tell(&their)
        && their.comments_tell(&our)
        && !mixes_lists(&outlines)
        && !doubles_keys(&outlines)
        && (format != Format::Markdown || our.is_read_in(&their) && their.is_read_in(&our) && !doubles_rows(&outlines))
}

/// Whether not every line that begins a block of code in Markdown can have one that ends it.
fn has_odd_fences(text: &str) -> bool {
    text.lines().filter(|line| line.trim_start().starts_with("```")).count() % 2 == 1
}

/// A place and what stands there.
type Key<'a> = (&'a str, &'a str);

fn keys(units: &[Unit]) -> Vec<Key<'_>> {
    units.iter().map(Unit::key).collect()
}

/// One side, and which of its units come from the base.
struct Side<'a> {
    base: &'a [Unit],
    units: &'a [Unit],
    /// By unit of the base, where the side still has it.
    here: Vec<Option<usize>>,
    /// By unit of the side, where the base has it.
    before: Vec<Option<usize>>,
    /// Whether little of the base is left: as when one database's file takes the place of another's.
    is_rewritten: bool,
}

impl<'a> Side<'a> {
    fn new(format: Format, base: &'a [Unit], units: &'a [Unit]) -> Self {
        let (mut here, mut before) = (vec![None; base.len()], vec![None; units.len()]);
        for (old, new) in aligned(base, units, !matches!(format, Format::Json | Format::Toml)) {
            here[old] = Some(new);
            before[new] = Some(old);
        }
        let is_rewritten = 2 * here.iter().flatten().count() < base.len();
        Self { base, units, here, before, is_rewritten }
    }

    /// Where each unit of this side belongs, after what the other side has made of the places: a unit that the base has goes where
    /// the other side has put it, one that is new goes with those beside it.
    fn places_in(&self, other: &Self) -> Vec<String> {
        let moved_to = |unit: usize| -> Option<&str> {
            let old = self.before[unit]?;
            let there = other.here[old]?;
            let (before, here, there) = (&self.base[old].place, &self.units[unit].place, &other.units[there].place);
            Some(if before == there { here } else { there })
        };
        // What stands first in a place is at home there as long as the other side has the place. Else those behind it tell.
        let opened = other.opened();
        let kept = self.units.iter().enumerate().filter(|(at, _)| self.before[*at].is_some());
        let moves = kept.map(|(at, unit)| (unit.place.as_str(), moved_to(at)));
        let became = other.is_rewritten.then(|| Moves::of(moves, &opened));
        let is_same = |place, there| became.as_ref().is_none_or(|moves| moves.are_likely(place, there));
        let behind =
            self.units.iter().enumerate().rev().filter_map(|(at, unit)| Some((unit.place.as_str(), moved_to(at)?)));
        let mut known: HashMap<&str, &str> = behind
            .filter(|(place, there)| !place.is_empty() && !opened.contains(*place) && is_same(place, there))
            .collect();
        let mut places = Vec::new();
        for (at, unit) in self.units.iter().enumerate() {
            let place = unit.place.as_str();
            match moved_to(at) {
                Some(there) => {
                    if is_same(place, there) {
                        known.insert(place, there);
                    }
                    places.push(there.to_owned());
                }
                None => places.push(translated(place, &known)),
            }
        }
        places
    }

    fn new_units(&self) -> impl Iterator<Item = &'a Unit> {
        self.units.iter().zip(&self.before).filter(|(_, before)| before.is_none()).map(|(unit, _)| unit)
    }

    /// The units that this side has added, each in its place.
    fn added<'b>(&'b self, places: &'b [String]) -> HashMap<Key<'b>, usize> {
        let new = self.before.iter().zip(self.keys(places)).filter(|(before, _)| before.is_none());
        counted(new.map(|(_, key)| key))
    }

    /// Whether the tables of this side's changes are those that the other side has.
    fn keeps_to_tables_of(&self, other: &Self) -> bool {
        self.moves_nothing_of(other) && self.adds_nothing_to_renamed_of(other)
    }

    /// Whether nothing that this side has added stands in a table around others that the other side has given another name.
    fn adds_nothing_to_renamed_of(&self, other: &Self) -> bool {
        let still_there: HashSet<&str> = other.units.iter().flat_map(|unit| around(&unit.place)).collect();
        let gone: Vec<&Unit> =
            self.base.iter().zip(&other.here).filter(|(_, here)| here.is_none()).map(|it| it.0).collect();
        let renamed: HashSet<&str> = other
            .new_units()
            .flat_map(|unit| gone.iter().filter(|gone| gone.text == unit.text).map(|gone| (&gone.place, &unit.place)))
            .flat_map(|(place, there)| around_both(place, there))
            .filter(|(place, _)| !still_there.contains(place))
            .map(|(place, _)| place)
            .collect();
        self.new_units().all(|unit| !around(&unit.place).any(|place| renamed.contains(place)))
    }

    /// Whether nothing that the other side has removed is in a table of this side that it has put elsewhere, or given another name.
    fn moves_nothing_of(&self, other: &Self) -> bool {
        let has = |side: &Self, gone: &Unit| {
            side.new_units().any(|new| new.text == gone.text && is_moved(&gone.place, &new.place))
        };
        let mut gone = self.base.iter().enumerate().filter(|(old, _)| self.here[*old].or(other.here[*old]).is_none());
        gone.all(|(_, unit)| !has(self, unit) || has(other, unit))
    }

    /// Whether it is known what this side's changes mean for what the other one has written anew.
    fn fits(&self, other: &Self) -> bool {
        !other.is_rewritten || self.is_anchored_in(other) && self.removes_nothing_of(other)
    }

    /// Whether of the two lines around whatever this side has added, the other side still has one. Where it has written all of it
    /// anew, nobody knows where the addition belongs.
    fn is_anchored_in(&self, other: &Self) -> bool {
        let is_there = |old: usize| other.here[old].is_some();
        self.are_neighbours_of_additions(|neighbours| neighbours.into_iter().flatten().any(is_there))
    }

    /// The same for prose, where both lines are there, or one that is unlike all others. A page has many fences of code: one of them
    /// alone does not tell where a text belongs.
    fn is_read_in(&self, other: &Self) -> bool {
        let counts = counted(self.base.iter().map(Unit::key));
        let is_there = |old: usize| other.here[old].is_some();
        let tells = |old: usize| is_there(old) && counts[&self.base[old].key()] == 1;
        self.are_neighbours_of_additions(|neighbours| match neighbours {
            [Some(above), Some(below)] if is_there(above) && is_there(below) => true,
            neighbours => neighbours.into_iter().flatten().any(tells),
        })
    }

    /// Whether the lines of the base right above and below each addition are as they have to be. At the ends there is but one.
    fn are_neighbours_of_additions(&self, hold: impl Fn([Option<usize>; 2]) -> bool) -> bool {
        let mut at = 0;
        self.before.chunk_by(|one, next| one.is_none() == next.is_none()).all(|run| {
            let start = at;
            at += run.len();
            let is_at_an_end = start == 0 || at == self.before.len();
            run[0].is_some() || is_at_an_end || hold([self.before[start - 1], self.before[at]])
        })
    }

    /// The places that this side has.
    fn opened(&self) -> HashSet<String> {
        self.units.iter().map(|unit| outline::inside(&unit.place, &unit.label)).collect()
    }

    /// Whether nothing that this side has removed stands in another place now: there, it is something else.
    fn removes_nothing_of(&self, other: &Self) -> bool {
        let opened = other.opened();
        let there = |old: usize| other.here[old].map(|at| other.units[at].place.as_str());
        let places = || self.base.iter().enumerate().map(|(old, unit)| (unit.place.as_str(), there(old)));
        let moves = Moves::of(places(), &opened);
        let mut removed = places().zip(&self.here).filter(|(_, here)| here.is_none());
        removed.all(|((place, there), _)| there.is_none_or(|there| moves.are_likely(place, there)))
    }

    /// Whether what this side's new comments are about is still there.
    fn comments_tell(&self, other: &Self) -> bool {
        // The label of a header is the place of its table.
        let is_there =
            |unit: &Unit, label: &String| unit.label == *label || around(&unit.place).any(|place| place == label);
        let has = |units: &[Unit], label: &String| units.iter().any(|unit| is_there(unit, label));
        let mut about = self.new_units().filter_map(|unit| unit.about.as_ref());
        about.all(|label| !has(self.base, label) || has(other.units, label))
    }

    fn keys<'b>(&'b self, places: &'b [String]) -> Vec<Key<'b>> {
        places.iter().zip(self.units).map(|(place, unit)| (place.as_str(), unit.text.as_str())).collect()
    }
}

/// What has become of places in a text that was written anew.
struct Moves<'a> {
    /// The places that the new text has.
    opened: &'a HashSet<String>,
    /// Places, and those that have more than half of all that was in them. A line that two functions happen to share does not make
    /// one of them the other.
    became: HashSet<(&'a str, &'a str)>,
}

impl<'a> Moves<'a> {
    /// From the place of each unit, and where it is now, if it is anywhere.
    fn of(units: impl Iterator<Item = (&'a str, Option<&'a str>)>, opened: &'a HashSet<String>) -> Self {
        let (mut sizes, mut shared) = (HashMap::new(), HashMap::new());
        for (place, there) in units {
            for around in around(place) {
                *sizes.entry(around).or_insert(0) += 1;
            }
            for pair in there.into_iter().flat_map(|there| around(place).zip(around(there))) {
                *shared.entry(pair).or_insert(0) += 1;
            }
        }
        let most = shared.into_iter().filter(|((place, _), count)| 2 * count > sizes[place]);
        Self { opened, became: most.map(|(pair, _)| pair).collect() }
    }

    /// Whether what was in one place and is in the other is the same thing: within a place that is still there, or in the one that
    /// it has become.
    fn are_likely(&self, place: &str, there: &str) -> bool {
        if self.opened.contains(place) {
            around(there).any(|outer| outer == place)
        } else {
            self.became.contains(&(place, there))
        }
    }
}

/// A place and all places around it, from the innermost.
fn around(place: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(place), |place| place.rfind(INSIDE).map(|end| &place[..end]))
}

/// Whether two places have one name within different ones, or two names within one.
fn is_moved(place: &str, there: &str) -> bool {
    let split = |place: &str| place.rfind(INSIDE).unwrap_or_default();
    let ((around, name), (other, same)) = (place.split_at(split(place)), there.split_at(split(there)));
    (around == other) != (name == same)
}

/// The places around two, as long as those in them have the same name.
fn around_both<'a>(place: &'a str, there: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    std::iter::successors(Some((place, there)), |(place, there)| {
        let ((around, name), (other, same)) = (place.rsplit_once(INSIDE)?, there.rsplit_once(INSIDE)?);
        (name == same && around != other).then_some((around, other))
    })
    .skip(1)
}

/// The place, or the nearest place around it, where the other side has it.
fn translated(place: &str, known: &HashMap<&str, &str>) -> String {
    let mut around = place;
    loop {
        if let Some(there) = known.get(around) {
            return format!("{there}{}", &place[around.len()..]);
        }
        match around.rfind(INSIDE) {
            Some(end) => around = &around[..end],
            None => return place.to_owned(),
        }
    }
}

/// Finds the units that both have. What says the same at another place is the same unit only where places are `told` by lines that
/// a person may edit: a key that stands in another table is another key.
fn aligned(before: &[Unit], after: &[Unit], told: bool) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut gap = (0, 0);
    let same = equal(&keys(before), &keys(after));
    let end = (before.len()..before.len(), after.len()..after.len());
    for (old, new) in same.into_iter().chain([end]) {
        let texts = |units: &'_ [Unit]| units.iter().map(|unit| unit.text.clone()).collect::<Vec<String>>();
        let elsewhere =
            if told { equal(&texts(&before[gap.0..old.start]), &texts(&after[gap.1..new.start])) } else { Vec::new() };
        for (a, b) in elsewhere {
            pairs.extend(a.zip(b).map(|(a, b)| (gap.0 + a, gap.1 + b)));
        }
        gap = (old.end, new.end);
        pairs.extend(old.zip(new));
    }
    // Last, what stands in another order.
    let (old, new): (HashSet<usize>, HashSet<usize>) = pairs.iter().copied().unzip();
    let mut left: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
    for (at, unit) in before.iter().enumerate().rev().filter(|(at, _)| !old.contains(at)) {
        left.entry(unit.key()).or_default().push(at);
    }
    let unpaired = after.iter().enumerate().filter(|(at, _)| !new.contains(at));
    pairs.extend(unpaired.filter_map(|(at, unit)| Some((left.get_mut(&unit.key())?.pop()?, at))));
    pairs
}

/// The ranges that two sequences share.
fn equal<T: Hash + Eq + Ord>(before: &[T], after: &[T]) -> Vec<(Range<usize>, Range<usize>)> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let operations = capture_diff_slices(Algorithm::Myers, before, after).into_iter();
    let equal = operations.filter(|operation| operation.tag() == DiffTag::Equal);
    equal.map(|operation| (operation.old_range(), operation.new_range())).collect()
}

fn counted<'a>(keys: impl Iterator<Item = Key<'a>>) -> HashMap<Key<'a>, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// What neither side has removed, where it belongs now; nothing where both have put it to different places.
fn kept<'a>(base: &'a [Unit], ours: &'a Side<'_>, theirs: &'a Side<'_>) -> Option<HashMap<Key<'a>, usize>> {
    let mut keys = Vec::new();
    for (at, unit) in base.iter().enumerate() {
        let (Some(our), Some(their)) = (ours.here[at], theirs.here[at]) else { continue };
        let (our, their) = (ours.units[our].place.as_str(), theirs.units[their].place.as_str());
        if our != their && our != unit.place && their != unit.place {
            return None;
        }
        keys.push((if our == unit.place { their } else { our }, unit.text.as_str()));
    }
    Some(counted(keys.into_iter()))
}

/// Whether the result has what is kept, what each side has added, and no more. What both have added may be one addition or two.
fn has_all(kept: &HashMap<Key<'_>, usize>, added: [&HashMap<Key<'_>, usize>; 2], merged: &[Unit]) -> bool {
    let merged = counted(keys(merged).into_iter());
    let all: HashSet<&Key<'_>> =
        kept.keys().chain(added[0].keys()).chain(added[1].keys()).chain(merged.keys()).collect();
    all.into_iter().all(|key| {
        let count = |counts: &HashMap<Key<'_>, usize>| counts.get(key).copied().unwrap_or(0);
        let (kept, [our, their]) = (count(kept), added.map(count));
        (kept + our.max(their)..=kept + our + their).contains(&count(&merged))
    })
}

/// How many of the units that two outlines share do not stand in one order.
fn moved(before: &[Key<'_>], after: &[Key<'_>]) -> usize {
    let left = counted(before.iter().copied());
    let shared: usize = counted(after.iter().copied())
        .iter()
        .map(|(key, count)| left.get(key).map_or(0, |left| *left.min(count)))
        .sum();
    let in_order: usize = equal(before, after).iter().map(|(range, _)| range.len()).sum();
    shared.saturating_sub(in_order)
}

/// Whether both sides have changed a list on one line, and one of them did more than to add to it.
fn mixes_lists(outlines: &[Vec<Unit>; 4]) -> bool {
    let places: HashSet<&str> =
        outlines.iter().flatten().filter(|unit| unit.inline).map(|unit| unit.place.as_str()).collect();
    places.into_iter().any(|place| {
        let [base, ours, theirs, _] = outlines.each_ref().map(|units| {
            let mut entries = BTreeMap::new();
            for unit in units.iter().filter(|unit| unit.place == place) {
                *entries.entry(unit.text.as_str()).or_insert(0_usize) += 1;
            }
            entries
        });
        let only_adds = |side: &BTreeMap<&str, usize>| base.iter().all(|(text, count)| side.get(text) >= Some(count));
        ours != base && theirs != base && ours != theirs && !(only_adds(&ours) && only_adds(&theirs))
    })
}

/// Whether a name stands twice in a scope of the result, and in none of the sides.
fn doubles_keys([_, ours, theirs, merged]: &[Vec<Unit>; 4]) -> bool {
    let doubled = |units: &[Unit]| {
        let mut seen = HashSet::new();
        units.iter().any(|unit| unit.name.as_ref().is_some_and(|name| !seen.insert((unit.scope, name))))
    };
    doubled(merged) && !doubled(ours) && !doubled(theirs)
}

/// Whether a row of a table in Markdown is more often below its heading than in each of the sides. What a line of text has cut off
/// from a table is a part of it.
fn doubles_rows([_, ours, theirs, merged]: &[Vec<Unit>; 4]) -> bool {
    let heading = |place: &str| place.rfind(INSIDE).unwrap_or_default();
    let rows = |units: &[Unit]| {
        let rows = units.iter().filter(|unit| unit.text.starts_with('|'));
        rows.map(|row| (row.place[..heading(&row.place)].to_owned(), row.text.clone())).collect::<Vec<_>>()
    };
    let [ours, theirs, merged] = [ours, theirs, merged].map(|units| rows(units));
    let count = |rows: &[(String, String)], row| rows.iter().filter(|it| *it == row).count();
    merged.iter().any(|row| count(&merged, row) > count(&ours, row).max(count(&theirs, row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_whose_parent_goes_with_the_other_side_is_below_another_one() {
        let base = "routes:\n    a\n\nbudgets:\n    b\n\n# Find\ndoctor: env\n    c\n\n# Open\nx:\n    y\n";
        let (ours, theirs) = (base.replace("doctor: env\n", ""), base.replace("budgets:\n    b\n\n", ""));
        let merged = theirs.replace("doctor: env\n", "");
        assert!(!is_right(Format::Just, base, &ours, &theirs, &merged));
    }

    #[test]
    fn the_beginning_of_a_block_of_code_does_not_move_when_its_end_goes() {
        let (ini, sh, rest) = ("```ini\na\n```\n", "```sh\nb\n```\n", "```\nc\n```\n");
        let (base, theirs) = ([ini, sh, rest].concat(), [ini, rest].concat());
        let ours = format!("```sh\n{}", base.replace("```sh\n", ""));
        assert!(!is_right(Format::Markdown, &base, &ours, &theirs, &format!("```sh\n{theirs}")));
        assert!(is_right(Format::Markdown, &base, &base, &theirs, &theirs));
    }

    #[test]
    fn a_text_that_nothing_is_left_beside_has_no_place() {
        let base = "# A\n\nOne:\n\n```sh\none\n```\n\nTwo:\n\n```sh\ntwo\n```\n\nEnd.\n";
        let theirs = "# A\n\nThree:\n\n```sh\nthree\n```\n\nEnd.\n";
        for mine in ["<!-- mine -->\n", "Mine.\n"] {
            let [ours, merged] = [(base, "One:\n"), (theirs, "Three:\n")]
                .map(|(text, line)| text.replace(line, &format!("{line}{mine}")));
            assert!(!is_right(Format::Markdown, base, &ours, theirs, &merged), "{mine}");
            let [ours, merged] = [base, theirs].map(|text| text.replace("End.\n", &format!("{mine}End.\n")));
            assert!(is_right(Format::Markdown, base, &ours, theirs, &merged), "{mine}");
        }
    }

    #[test]
    fn what_is_new_in_a_table_with_another_name_is_a_conflict() {
        let base = "[z]\nw = 1\n[p.a]\nx = 1\n";
        let check = |ours: &str, new: &str| {
            let [theirs, merged] = [base, ours].map(|text| format!("{text}{new}"));
            is_right(Format::Toml, base, ours, &theirs, &merged)
        };
        assert!(!check("[z]\nw = 1\n[q.a]\nx = 1\n", "[p.b]\ny = 1\n"));
        assert!(check("[z]\nw = 1\n[q.a]\nx = 1\n", "[r.b]\ny = 1\n"));
        assert!(check("[z]\nw = 1\n", "[p.b]\ny = 1\n"), "a table that is empty takes new entries");
    }

    #[test]
    fn a_table_that_one_side_renames_is_not_removed_by_the_other() {
        let base = "[z]\nw = 1\n\n[p.a]\nx = 1\n\n[p.b]\nx = 1\n\n[release]\ny = 1\n";
        let ours = base.replace("p.b", "p.c");
        let theirs = "[z]\nw = 1\n\n[release]\ny = 1\n";
        let merged = "[z]\nw = 1\n\n[release]\ny = 1\n\n[p.c]\nx = 1\n";
        assert!(!is_right(Format::Toml, base, &ours, theirs, merged));
        assert!(!is_right(Format::Toml, base, theirs, &ours, merged));
    }

    #[test]
    fn an_entry_that_both_sides_add_is_there_once() {
        let row = |name: &str| format!("| {name} | what it means |\n");
        let text = |head: &[&str], rows: &[&str]| {
            let rows: String = rows.iter().map(|name| row(name)).collect();
            format!("# A\n\n{}{rows}\nThe end of it.\n", head.concat())
        };
        let head = ["| name | meaning |\n|---|---|\n"];
        let (base, ours, theirs) =
            (text(&head, &["one"]), text(&head, &["two", "one"]), text(&head, &["two", "three", "one"]));
        let check = |rows: &[&str]| is_right(Format::Markdown, &base, &ours, &theirs, &text(&head, rows));
        assert!(check(&["two", "three", "one"]));
        assert!(!check(&["two", "three", "two", "one"]));
    }

    #[test]
    fn a_comment_on_a_table_goes_with_it() {
        let theirs = "[a]\nx = 1\n\n[release]\nz = 1\n";
        let base = "[a]\nx = 1\n\n# ours\n[profile.b]\ny = 1\n\n[release]\nz = 1\n";
        let check = |after: &str| {
            let comment = |text: &str| text.replace(after, &format!("# a word\n{after}"));
            is_right(Format::Toml, base, &comment(base), theirs, &comment(theirs))
        };
        assert!(check("[release]"));
        let (ours, merged) =
            (base.replace("# ours", "# a word\n# ours"), theirs.replace("[release]", "# a word\n[release]"));
        assert!(!is_right(Format::Toml, base, &ours, theirs, &merged));
    }

    #[test]
    fn what_was_written_anew_has_no_place_for_what_stood_in_something_else() {
        let base = "fn a() {\n    one();\n    two();\n    wake();\n}\n\nfn b() {\n    three();\n    four();\n}\n";
        let theirs = "fn a() {\n}\n\nfn ab() {\n    five();\n    wake();\n    six();\n}\n";
        let check = |mine: &str, merged: &str| {
            let ours = base.replace("    wake();\n", mine);
            is_right(Format::Rust, base, &ours, theirs, &theirs.replace("    wake();\n", merged))
        };
        assert!(check("    wake();\n", "    wake();\n"));
        assert!(!check("    wake();\n    mine();\n", "    wake();\n    mine();\n"), "an addition to another function");
        assert!(!check("", ""), "what is called in another function was not removed there");
        let ours = base.replace("    four();\n", "    mine();\n    four();\n");
        let merged = theirs.replace("    six();\n", "    mine();\n    six();\n");
        assert!(!is_right(Format::Rust, base, &ours, theirs, &merged), "an addition with nothing left around it");
    }

    #[test]
    fn an_addition_needs_one_of_the_lines_around_it() {
        let base = "const A: u8 = 1;\nconst B: u8 = 2;\nconst C: u8 = 3;\nconst D: u8 = 4;\nconst E: u8 = 5;\n";
        let theirs = "const F: u8 = 6;\nconst G: u8 = 7;\nconst E: u8 = 5;\n";
        for (after, is_known) in [("const B: u8 = 2;\n", false), ("const D: u8 = 4;\n", true)] {
            let ours = base.replace(after, &format!("{after}const MINE: u8 = 0;\n"));
            let merged = theirs.replace("const E", "const MINE: u8 = 0;\nconst E");
            assert_eq!(is_right(Format::Rust, base, &ours, theirs, &merged), is_known, "{ours}");
        }
    }

    #[test]
    fn what_one_side_moves_to_another_table_is_not_removed_by_the_other() {
        let base = "[a]\nx.y = true\nz = 1\n\n[b]\n";
        let (ours, theirs) = ("[a]\nz = 1\n\n[b]\nx.y = true\n", "[a]\nz = 1\n\n[b]\n");
        assert!(!is_right(Format::Toml, base, ours, theirs, ours));
        assert!(!is_right(Format::Toml, base, theirs, ours, ours));
        assert!(is_right(Format::Toml, base, ours, base, ours));
    }
}
