//! What one side has made of the base, and whether the other side's version has a place for it.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::places::{Moves, around, around_both, is_moved, translated};
use crate::merge::file::Format;
use crate::merge::outline::{self, Unit};

/// One side, and which of its units come from the base.
pub(super) struct Side<'a> {
    base: &'a [Unit],
    units: &'a [Unit],
    /// By unit of the base, where the side still has it.
    here: Vec<Option<usize>>,
    /// By unit of the side, where the base has it.
    before: Vec<Option<usize>>,
    /// Whether little of the base is left: as when one database's file takes the place of another's.
    pub(super) is_rewritten: bool,
}

impl<'a> Side<'a> {
    pub(super) fn new(format: Format, base: &'a [Unit], units: &'a [Unit]) -> Self {
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
    pub(super) fn places_in(&self, other: &Self) -> Vec<String> {
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

    /// What neither side has removed, where it belongs now; nothing where both have put it to different places.
    pub(super) fn kept_with<'b>(&'b self, other: &'b Self) -> Option<HashMap<Key<'b>, usize>> {
        let mut keys = Vec::new();
        for (at, unit) in self.base.iter().enumerate() {
            let (Some(here), Some(there)) = (self.here[at], other.here[at]) else { continue };
            let (here, there) = (self.units[here].place.as_str(), other.units[there].place.as_str());
            if here != there && here != unit.place && there != unit.place {
                return None;
            }
            keys.push((if here == unit.place { there } else { here }, unit.text.as_str()));
        }
        Some(counted(keys.into_iter()))
    }

    fn new_units(&self) -> impl Iterator<Item = &'a Unit> {
        self.units.iter().zip(&self.before).filter(|(_, before)| before.is_none()).map(|(unit, _)| unit)
    }

    /// The units that this side has added, each in its place.
    pub(super) fn added<'b>(&'b self, places: &'b [String]) -> HashMap<Key<'b>, usize> {
        let new = self.before.iter().zip(self.keys(places)).filter(|(before, _)| before.is_none());
        counted(new.map(|(_, key)| key))
    }

    /// Whether the tables of this side's changes are those that the other side has.
    pub(super) fn keeps_to_tables_of(&self, other: &Self) -> bool {
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
    pub(super) fn fits(&self, other: &Self) -> bool {
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
    pub(super) fn is_read_in(&self, other: &Self) -> bool {
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
    pub(super) fn comments_tell(&self, other: &Self) -> bool {
        // The label of a header is the place of its table.
        let is_there =
            |unit: &Unit, label: &String| unit.label == *label || around(&unit.place).any(|place| place == label);
        let has = |units: &[Unit], label: &String| units.iter().any(|unit| is_there(unit, label));
        let mut about = self.new_units().filter_map(|unit| unit.about.as_ref());
        about.all(|label| !has(self.base, label) || has(other.units, label))
    }

    pub(super) fn keys<'b>(&'b self, places: &'b [String]) -> Vec<Key<'b>> {
        places.iter().zip(self.units).map(|(place, unit)| (place.as_str(), unit.text.as_str())).collect()
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
pub(super) fn equal<T: Hash + Eq + Ord>(before: &[T], after: &[T]) -> Vec<(Range<usize>, Range<usize>)> {
    if before.is_empty() || after.is_empty() {
        return Vec::new();
    }
    let operations = capture_diff_slices(Algorithm::Myers, before, after).into_iter();
    let equal = operations.filter(|operation| operation.tag() == DiffTag::Equal);
    equal.map(|operation| (operation.old_range(), operation.new_range())).collect()
}

/// A place and what stands there.
pub(super) type Key<'a> = (&'a str, &'a str);

pub(super) fn keys(units: &[Unit]) -> Vec<Key<'_>> {
    units.iter().map(Unit::key).collect()
}

pub(super) fn counted<'a>(keys: impl Iterator<Item = Key<'a>>) -> HashMap<Key<'a>, usize> {
    let mut counts = HashMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}
