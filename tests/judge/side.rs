//! What one side made of each line of the base.

use std::collections::HashMap;

use super::blend;
use super::diff::Diff;
use super::lines::Text;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, as this line of the side.
    Kept(usize),
    /// It is another line now, with most of what stood below it.
    Renamed(usize),
    /// It is gone, and what stood below it now stands below this line of the base, or at the top.
    Unwrapped(Option<usize>),
    Gone,
}

/// One side beside the base.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) fates: Vec<Fate>,
    /// For each line of the side, the one of the base that it is or was.
    pub(crate) origins: Vec<Option<usize>>,
    /// Lines of the base that have another place among those beside them.
    pub(crate) moved: Vec<bool>,
    /// Lines of the side that have the text of a line of the base, but are not that line.
    severed: HashMap<usize, usize>,
}

impl Side {
    pub(crate) fn new(base: &Text, side: &Text, diff: Diff) -> Self {
        let mut result = Self {
            fates: diff.new.iter().map(|new| new.map_or(Fate::Gone, Fate::Kept)).collect(),
            origins: diff.old,
            moved: diff.moved,
            severed: HashMap::new(),
        };
        let heads = children(base);
        for (head, below) in heads.iter().enumerate() {
            if result.fates[head] == Fate::Gone && !below.is_empty() {
                result.follow(side, head, below);
            }
        }
        for line in 0..base.lines.len() {
            result.sever(base, side, line);
        }
        // What stands above an item follows it.
        for least in [100, 51, 51] {
            result.pair_edits(base, side, least);
        }
        result
    }

    /// Finds where most of what stood below a line has gone.
    fn follow(&mut self, side: &Text, head: usize, below: &[usize]) {
        let parents: Vec<Option<usize>> = below
            .iter()
            .filter_map(|line| match self.fates[*line] {
                Fate::Kept(new) => Some(side.lines[new].parent),
                _ => None,
            })
            .collect();
        let Some(parent) = parents.iter().max_by_key(|parent| parents.iter().filter(|other| other == parent).count())
        else {
            return;
        };
        if parents.iter().filter(|other| *other == parent).count() * 2 <= below.len() {
            return;
        }
        self.fates[head] = match parent {
            Some(new) => match self.origins[*new] {
                // A new line elsewhere is no other name.
                None if !self.beside(side, head).any(|at| at == *new) => Fate::Gone,
                None => {
                    self.origins[*new] = Some(head);
                    Fate::Renamed(*new)
                }
                origin => Fate::Unwrapped(origin),
            },
            None => Fate::Unwrapped(None),
        };
    }

    /// A line that has only the text of another, below something else, is not that line.
    fn sever(&mut self, base: &Text, side: &Text, line: usize) {
        let Fate::Kept(new) = self.fates[line] else { return };
        // What stood around it may have moved away, or have been taken off; something new may stand around it.
        let before =
            base.above(line).find(|above| !self.moved[*above] && !matches!(self.fates[*above], Fate::Unwrapped(_)));
        let now = side.above(new).filter_map(|above| self.origins[above]).find(|origin| !self.moved[*origin]);
        if before == now {
            return;
        }
        // Where its neighbours are the same as before, only what it stands in has changed, and not the line.
        let is_gone = before.is_some_and(|before| self.fates[before] == Fate::Gone);
        if is_gone || !self.has_neighbours(base, side, line, new) {
            self.severed.insert(new, line);
            self.fates[line] = Fate::Gone;
            self.origins[new] = None;
        }
    }

    /// Whether the lines around one are the same as before.
    fn has_neighbours(&self, base: &Text, side: &Text, line: usize, new: usize) -> bool {
        let counts = |text: &Text, at: &usize| text.lines[*at].counts();
        let came = |at: Option<usize>| at.and_then(|at| self.origins[at].or(self.severed.get(&at).copied()));
        let above = (0..line).rev().find(|at| counts(base, at));
        let below = (line + 1..base.lines.len()).find(|at| counts(base, at));
        above == came((0..new).rev().find(|at| counts(side, at)))
            || below == came((new + 1..side.lines.len()).find(|at| counts(side, at)))
    }

    /// Takes a new line for an edit of one that is gone, where it stands in its place and resembles it.
    fn pair_edits(&mut self, base: &Text, side: &Text, least: usize) {
        for line in (0..base.lines.len()).filter(|line| base.lines[*line].counts()) {
            if self.fates[line] != Fate::Gone {
                continue;
            }
            let best = self
                .beside(side, line)
                .filter(|at| self.origins[*at].is_none() && side.lines[*at].kind == base.lines[line].kind)
                .filter(|at| side.lines[*at].role == base.lines[line].role)
                .filter(|at| side.lines[*at].parent.and_then(|above| self.origins[above]) == base.lines[line].parent)
                .map(|at| (blend::likeness(&base.lines[line].text, &side.lines[at].text), at))
                .filter(|(likeness, _)| *likeness >= least)
                .max_by_key(|(likeness, at)| (*likeness, usize::MAX - at));
            if let Some((_, at)) = best {
                self.fates[line] = Fate::Renamed(at);
                self.origins[at] = Some(line);
            }
        }
    }

    /// Takes a line and all that stands below it for new, where the other side has nothing of it left.
    pub(crate) fn dissolve(&mut self, base: &Text, head: usize) {
        let (Fate::Kept(new) | Fate::Renamed(new)) = self.fates[head] else { return };
        self.fates[head] = Fate::Gone;
        self.origins[new] = None;
        for line in 0..base.lines.len() {
            if base.lines[line].parent == Some(head) {
                self.dissolve(base, line);
            }
        }
    }

    /// Whether a line, or something that it stands below, has another place among those beside it.
    pub(crate) fn is_moved(&self, base: &Text, line: usize) -> bool {
        std::iter::once(line).chain(base.above(line)).any(|at| self.moved[at])
    }

    /// The line of the base, as the side has it.
    pub(crate) fn line(&self, base: usize) -> Option<usize> {
        match self.fates[base] {
            Fate::Kept(line) | Fate::Renamed(line) => Some(line),
            Fate::Unwrapped(_) | Fate::Gone => None,
        }
    }

    /// The lines that the side has added around a line of the base: between the nearest ones that it has kept.
    pub(crate) fn beside(&self, side: &Text, line: usize) -> impl Iterator<Item = usize> {
        let kept = |at: &usize| match self.fates[*at] {
            Fate::Kept(new) | Fate::Renamed(new) if *at != line && !self.moved[*at] => Some(new),
            _ => None,
        };
        let from = (0..line).rev().find_map(|at| kept(&at)).map_or(0, |at| at + 1);
        let to = (line..self.fates.len()).find_map(|at| kept(&at)).unwrap_or(side.lines.len());
        (from..to.max(from)).filter(|at| {
            side.lines[*at].counts() && !matches!(self.origins[*at], Some(old) if self.fates[old] == Fate::Kept(*at))
        })
    }
}

/// For each line, those that stand directly below it.
fn children(text: &Text) -> Vec<Vec<usize>> {
    let mut below = vec![Vec::new(); text.lines.len()];
    for (at, line) in text.lines.iter().enumerate().filter(|(_, line)| line.counts()) {
        if let Some(parent) = line.parent {
            below[parent].push(at);
        }
    }
    below
}
