//! Holds a merged text to what is expected of it.

use std::collections::HashMap;

use super::blend;
use super::expected::{Expected, Node, Place, TOP, named};
use super::lines::{Kind, Text};
use super::side::{Fate, Side};
use super::{Rule, Violation};

/// The lines of a merged text at their places.
pub(crate) struct Merged {
    /// For each line its place, if it is a place that something is expected at.
    places: Vec<Option<Place>>,
    found: HashMap<Place, usize>,
    /// Lines that hold what both sides have added to a list.
    blends: Vec<bool>,
}

/// The violations of the rules of presence and place.
pub(crate) fn placement(expected: &Expected<'_>, found: &Merged, merged: &Text) -> Vec<Violation> {
    let mut violations = Vec::new();
    for impossible in &expected.impossible {
        let detail =
            format!("stands below {:?}, which is gone or elsewhere; only a conflict is right", impossible.above);
        violations.push(Violation::new(Rule::Parent, impossible.comment, &impossible.text, detail));
    }
    let mut extra: Vec<usize> =
        (0..merged.lines.len()).filter(|at| merged.lines[*at].counts() && found.places[*at].is_none()).collect();
    for place in 1..expected.counts.len() {
        let count = expected.counts[place].clone();
        let found_at = |place: &Place| found.found.get(place).copied().unwrap_or(0);
        let there = found_at(&place) + count.instead.iter().map(found_at).sum::<usize>();
        if there < count.least() {
            // A line at another place says both: it is not where it must be, and it is where it must not be.
            let elsewhere = extra.iter().position(|at| named(&merged.lines[*at]) == count.text);
            let detail = match elsewhere {
                Some(index) => {
                    let at = extra.remove(index);
                    format!(
                        "stands below {:?}",
                        merged.lines[at].parent.map_or("", |above| merged.lines[above].text.as_str())
                    )
                }
                None => format!("is there {there} times instead of {}", count.least()),
            };
            let rule = if elsewhere.is_some() { Rule::Parent } else { Rule::Missing };
            violations.push(Violation::new(rule, count.comment, &count.text, detail));
        } else if there > count.most() && !count.is_instead && count.instead.is_empty() {
            let detail = format!("is there {there} times, and at most {} are right", count.most());
            violations.push(Violation::new(Rule::Extra, count.comment, &count.text, detail));
        }
    }
    for at in extra {
        let line = &merged.lines[at];
        let above = line.parent.map_or("", |above| merged.lines[above].text.as_str());
        // What stands below a line that is wrong says nothing more.
        if line.parent.is_none_or(|above| found.places[above].is_some()) {
            let detail = format!("stands below {above:?}, and neither side has it there");
            violations.push(Violation::new(Rule::Extra, line.kind == Kind::Comment, &line.text, detail));
        }
    }
    violations
}

/// Finds the place of each line of a merged text.
pub(crate) fn find(expected: &Expected<'_>, texts: [&Text; 3], merged: &Text) -> Merged {
    let count = merged.lines.len();
    let mut found = Merged { places: vec![None; count], found: HashMap::new(), blends: vec![false; count] };
    let mut done = vec![false; merged.lines.len()];
    for line in (0..merged.lines.len()).filter(|at| merged.lines[*at].counts()) {
        // What stands above an item is placed after it.
        let mut chain: Vec<usize> =
            std::iter::once(line).chain(merged.above(line)).take_while(|at| !done[*at]).collect();
        while let Some(at) = chain.pop() {
            done[at] = true;
            let above = merged.lines[at].parent.map_or(Some(TOP), |parent| found.places[parent]);
            let Some(above) = above else { continue };
            let key = (above, merged.lines[at].role, named(&merged.lines[at]));
            if let Some(place) = expected.places.get(&key) {
                found.places[at] = Some(*place);
                if merged.lines[at].counts() {
                    *found.found.entry(*place).or_default() += 1;
                }
            } else {
                found.blended(expected, texts, merged, at, above);
            }
        }
    }
    found
}

impl Merged {
    /// A line that holds what both sides have added to a list.
    fn blended(
        &mut self,
        expected: &Expected<'_>,
        [base, ours, theirs]: [&Text; 3],
        merged: &Text,
        at: usize,
        above: Place,
    ) {
        let line = &merged.lines[at];
        let at_home = |text: &str| expected.places.get(&(above, line.role, text.to_owned())).copied();
        for contested in &expected.contested {
            let [before, yours, other] =
                [&base.lines[contested.base], &ours.lines[contested.ours], &theirs.lines[contested.theirs]];
            if !blend::is_union(&before.text, &yours.text, &other.text, &line.text) {
                continue;
            }
            let places = match contested.place {
                Some(place) => vec![place],
                None => [named(yours), named(other)].iter().filter_map(|text| at_home(text)).collect(),
            };
            for place in &places {
                *self.found.entry(*place).or_default() += 1;
            }
            self.places[at] = places.first().copied();
            self.blends[at] = true;
            return;
        }
    }
}

/// One side, and the other one.
pub(crate) struct Way<'a> {
    pub(crate) base: &'a Text,
    pub(crate) text: &'a Text,
    pub(crate) side: &'a Side,
    pub(crate) across: &'a Text,
    pub(crate) other: &'a Side,
    pub(crate) node: fn(usize) -> Node,
    /// Whether only comments and what they stand above must keep their order.
    pub(crate) comments: bool,
}

impl Way<'_> {
    /// The lines of the side that the other one has neither removed nor moved, in order.
    fn course(&self, expected: &mut Expected<'_>) -> Vec<(usize, Place)> {
        let lines = (0..self.text.lines.len()).filter(|at| self.text.lines[*at].counts());
        let mut below_comment = false;
        lines
            .filter(|at| {
                let is_comment = self.text.lines[*at].kind == Kind::Comment;
                let counts = !self.comments || is_comment || below_comment;
                below_comment = is_comment;
                counts
            })
            .filter_map(|at| {
                let origin = self.side.origins[at];
                let stays = origin.is_none_or(|line| self.other.line(line).is_some() && !self.is_moved(line));
                // An added line in something that the other side has moved goes with it.
                let carried = || {
                    self.text
                        .above(at)
                        .find_map(|above| self.side.origins[above])
                        .is_some_and(|line| self.is_moved(line))
                };
                if !stays || carried() {
                    return None;
                }
                expected.place(origin.map_or((self.node)(at), Node::Base)).map(|place| (at, place))
            })
            .collect()
    }

    /// Whether the other side has moved a line of the base, or something that it stands below.
    fn is_moved(&self, line: usize) -> bool {
        std::iter::once(line).chain(self.base.above(line)).any(|at| self.other.moved[at] || self.has_other_parent(at))
    }

    /// What the side has made of a statement; nothing where little is left of it.
    fn statement(&self, head: usize, parts: &[usize]) -> Option<Vec<&str>> {
        let left = parts.iter().filter_map(|at| self.side.line(*at));
        let unit = self.side.line(head).or_else(|| left.map(|line| self.text.lines[line].unit).next())?;
        let lines = self.text.lines.iter().filter(|line| line.unit == self.text.lines[unit].unit && line.counts());
        Some(lines.map(|line| line.text.as_str()).collect())
    }

    fn has_other_parent(&self, line: usize) -> bool {
        let Some(new) = self.other.line(line) else { return false };
        let before = self.base.lines[line].parent;
        let now = self.across.lines[new].parent;
        now.and_then(|now| self.other.origins[now]) != before || before.is_none() && now.is_some()
    }
}

/// Whether the lines of one side keep their order among those that stand below the same line.
pub(crate) fn order(expected: &mut Expected<'_>, way: &Way<'_>, found: &Merged, merged: &Text) -> Option<Violation> {
    let mut rest: HashMap<Place, Vec<usize>> = HashMap::new();
    for at in (0..merged.lines.len()).rev() {
        if let Some(place) = found.places[at] {
            rest.entry(expected.counts[place].above).or_default().push(at);
        }
    }
    for (at, place) in way.course(expected) {
        let line = &way.text.lines[at];
        let is_here = |here: usize| {
            found.places[here] == Some(place)
                || found.blends[here] && blend::holds(&line.text, &merged.lines[here].text)
        };
        let rest = rest.entry(expected.counts[place].above).or_default();
        if found.found.contains_key(&place) && !std::iter::from_fn(|| rest.pop()).any(is_here) {
            let detail = "has lost its place among the lines beside it".to_owned();
            return Some(Violation::new(Rule::Order, line.kind == Kind::Comment, &line.text, detail));
        }
    }
    None
}

/// Lines that both sides have changed, each in its own way.
pub(crate) fn contested(expected: &Expected<'_>, [base, ours, theirs]: [&Text; 3], merged: &Text) -> Vec<Violation> {
    let mut violations = Vec::new();
    for contested in &expected.contested {
        let [before, yours, other] =
            [&base.lines[contested.base], &ours.lines[contested.ours], &theirs.lines[contested.theirs]];
        let edits = |line: &str| blend::resembles(&before.text, line);
        if yours.text == other.text || contested.place.is_none() && !(edits(&yours.text) && edits(&other.text)) {
            continue;
        }
        let is_blended =
            |line: &super::lines::Line| blend::is_union(&before.text, &yours.text, &other.text, &line.text);
        if !merged.lines.iter().any(is_blended) {
            let detail = format!("both sides have changed {:?}, into this and {:?}", before.text, other.text);
            violations.push(Violation::new(Rule::Mixed, before.kind == Kind::Comment, &yours.text, detail));
        }
    }
    violations
}

/// Statements over several lines that both sides have changed: between the lines, their parts are one.
pub(crate) fn statements(base: &Text, ways: &[Way<'_>; 2]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for head in 0..base.lines.len() {
        let parts: Vec<usize> =
            (head..base.lines.len()).filter(|at| base.lines[*at].unit == head && base.lines[*at].counts()).collect();
        if parts.len() < 2 {
            continue;
        }
        let now = ways.each_ref().map(|way| way.statement(head, &parts));
        let before: Vec<&str> = parts.iter().map(|at| base.lines[*at].text.as_str()).collect();
        if let [Some(yours), Some(other)] = now
            && yours != before
            && other != before
            && yours != other
        {
            let detail = "both sides have changed this statement, each in its own way".to_owned();
            violations.push(Violation::new(Rule::Mixed, false, &base.lines[head].text, detail));
        }
    }
    violations
}

/// Whether nothing is left of a renamed line on the other side.
pub(crate) fn dissolve_renamed(base: &Text, side: &mut Side, other: &Side) {
    for line in 0..base.lines.len() {
        if matches!(side.fates[line], Fate::Renamed(_)) && other.fates[line] == Fate::Gone {
            side.dissolve(base, line);
        }
    }
}
