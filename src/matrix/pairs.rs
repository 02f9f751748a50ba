//! Few combinations in which every two choices meet: a covering array of strength two, under requirements and conflicts.
//!
//! Greedy, as it is the habit of the trade: each new combination starts with the first pair of choices that has not met, and
//! takes one choice after the other, always the one that meets the most new ones. Minimal it is not, but near, and the same on
//! every machine.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::combination::Named;
use super::each::{owned, starts};
use super::space::{Names, Space};

/// A choice: a feature or the member of a group, there or not.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Choice<'a> {
    feature: &'a str,
    there: bool,
}

/// Two choices, by their places in the list of all.
type Pair = (usize, usize);

/// No feature with the first member of the groups, everything with the last one; then what covers the pairs that are left.
pub(super) fn pairs(space: &Space<'_>) -> Vec<Named> {
    let choices = choices(space);
    let mut open = possible(space, &choices);
    let mut named = Vec::new();
    let starts = starts(space);
    let none = starts.first().and_then(|member| space.least(member, &Names::new()));
    let all = starts.last().and_then(|member| space.most(member, &Names::new()));
    for (name, features) in [("none", none), ("all", all)] {
        let Some(features) = features else { continue };
        open.retain(|pair| !meet(&choices, *pair, &features));
        named.push((name.to_owned(), owned(&features)));
    }
    let mut number = 0;
    while let Some(first) = open.first().copied() {
        // A pair that is possible grows to a project; it would be left out rather than looked at for ever.
        open.remove(&first);
        let Some(features) = grow(space, &choices, &open, first) else { continue };
        open.retain(|pair| !meet(&choices, *pair, &features));
        number += 1;
        named.push((format!("pairs-{number}"), owned(&features)));
    }
    named
}

fn choices<'a>(space: &Space<'a>) -> Vec<Choice<'a>> {
    let members = space.groups.iter().flatten().map(|feature| Choice { feature, there: true });
    let options = space.options.iter().flat_map(|feature| [true, false].map(|there| Choice { feature, there }));
    members.chain(options).collect()
}

/// The pairs that a project can have.
fn possible(space: &Space<'_>, choices: &[Choice<'_>]) -> BTreeSet<Pair> {
    let pairs = (0..choices.len()).flat_map(|one| (one + 1..choices.len()).map(move |other| (one, other)));
    let is_possible = |(one, other): &Pair| Partial::default().and(space, &[choices[*one], choices[*other]]).is_some();
    pairs.filter(is_possible).collect()
}

/// What has been chosen so far, with all that it requires.
#[derive(Clone, Default)]
struct Partial<'a> {
    with: Names<'a>,
    without: Names<'a>,
}

impl<'a> Partial<'a> {
    /// With more choices; `None` where no project has all of them.
    fn and(&self, space: &Space<'a>, choices: &[Choice<'a>]) -> Option<Self> {
        let mut more = self.clone();
        for choice in choices {
            let side = if choice.there { &mut more.with } else { &mut more.without };
            side.insert(choice.feature);
        }
        more.with = space.required(&more.with)?;
        more.least(space).map(|_| more)
    }

    fn least(&self, space: &Space<'a>) -> Option<Names<'a>> {
        space.least(&self.with, &self.without)
    }

    /// Whether this is decided, one way or the other.
    fn says(&self, choice: Choice<'_>) -> bool {
        self.with.contains(choice.feature) || self.without.contains(choice.feature)
    }

    fn holds(&self, choice: Choice<'_>) -> bool {
        if choice.there { self.with.contains(choice.feature) } else { self.without.contains(choice.feature) }
    }
}

/// A combination around a pair: of what is left to choose, always what meets the most that has not met.
fn grow<'a>(space: &Space<'a>, choices: &[Choice<'a>], open: &BTreeSet<Pair>, (one, other): Pair) -> Option<Names<'a>> {
    let mut partial = Partial::default().and(space, &[choices[one], choices[other]])?;
    loop {
        let next =
            gainful(choices, open, &partial).into_iter().find_map(|choice| partial.and(space, &[choices[choice]]));
        // Where nothing new meets what is there, two new choices may meet each other.
        let next = next.or_else(|| {
            let fresh = |choice: &usize| !partial.says(choices[*choice]);
            let mut pairs = open.iter().filter(|(one, other)| fresh(one) && fresh(other));
            pairs.find_map(|(one, other)| partial.and(space, &[choices[*one], choices[*other]]))
        });
        match next {
            Some(next) => partial = next,
            None => return partial.least(space),
        }
    }
}

/// The choices that are left and meet something new, those that meet the most first; of equal ones the first in the list.
fn gainful(choices: &[Choice<'_>], open: &BTreeSet<Pair>, partial: &Partial<'_>) -> Vec<usize> {
    let mut gains = vec![0_usize; choices.len()];
    for (one, other) in open {
        for (new, held) in [(*one, *other), (*other, *one)] {
            if partial.holds(choices[held]) && !partial.says(choices[new]) {
                gains[new] += 1;
            }
        }
    }
    let mut gainful: Vec<usize> = (0..choices.len()).filter(|choice| gains[*choice] > 0).collect();
    gainful.sort_by_key(|choice| Reverse(gains[*choice]));
    gainful
}

fn meet(choices: &[Choice<'_>], (one, other): Pair, features: &Names<'_>) -> bool {
    [one, other].into_iter().all(|choice| features.contains(choices[choice].feature) == choices[choice].there)
}
