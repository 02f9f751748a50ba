//! What a merge must hold, line by line, and where it stands: computed from the two sides alone.

use std::collections::HashMap;

use super::lines::{Kind, Line, Role, Text};
use super::side::{Fate, Side};

/// A line with all that it must stand below, as a number. Lines that are the same in all this are one.
pub(crate) type Place = usize;

/// The top of a text.
pub(crate) const TOP: Place = 0;

/// How often a line must stand at its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Count {
    pub(crate) text: String,
    pub(crate) comment: bool,
    kept: usize,
    ours: usize,
    theirs: usize,
    /// Lines that only one side has removed: where both removed one of several that are equal, it may be the same one.
    removed: [usize; 2],
    /// Lines that one side has moved and the other one has removed: they may go or stay.
    optional: usize,
    /// What it stands below.
    pub(crate) above: Place,
    /// Places that are as good, and whether this is one itself.
    pub(crate) instead: Vec<Place>,
    pub(crate) is_instead: bool,
}

impl Count {
    pub(crate) fn least(&self) -> usize {
        self.kept + self.ours.max(self.theirs)
    }

    pub(crate) fn most(&self) -> usize {
        self.kept + self.ours + self.theirs + self.optional + self.removed[0].min(self.removed[1])
    }
}

/// Something that no clean merge can do right.
#[derive(Debug, Clone)]
pub(crate) struct Impossible {
    pub(crate) text: String,
    pub(crate) above: String,
    pub(crate) comment: bool,
}

/// A line that both sides have changed, each in its own way.
#[derive(Debug, Clone)]
pub(crate) struct Contested {
    pub(crate) place: Option<Place>,
    pub(crate) base: usize,
    pub(crate) ours: usize,
    pub(crate) theirs: usize,
}

/// What is expected of a merge.
pub(crate) struct Expected<'a> {
    base: &'a Text,
    ours: &'a Text,
    theirs: &'a Text,
    yours: &'a Side,
    other: &'a Side,
    /// By what it stands below, how, and its text.
    pub(crate) places: HashMap<(Place, Role, String), Place>,
    pub(crate) counts: Vec<Count>,
    pub(crate) impossible: Vec<Impossible>,
    pub(crate) contested: Vec<Contested>,
    known: HashMap<Node, Option<Place>>,
}

/// A line, by where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Base(usize),
    Ours(usize),
    Theirs(usize),
}

impl<'a> Expected<'a> {
    pub(crate) fn new(base: &'a Text, ours: &'a Text, theirs: &'a Text, yours: &'a Side, other: &'a Side) -> Self {
        let mut expected = Self {
            base,
            ours,
            theirs,
            yours,
            other,
            places: HashMap::new(),
            counts: vec![Count::default()],
            impossible: Vec::new(),
            contested: Vec::new(),
            known: HashMap::new(),
        };
        for line in (0..base.lines.len()).filter(|line| base.lines[*line].counts()) {
            expected.count_base(line);
        }
        let added = |text: &Text, side: &Side| -> Vec<usize> {
            (0..text.lines.len()).filter(|at| text.lines[*at].counts() && side.origins[*at].is_none()).collect()
        };
        for line in added(ours, yours) {
            expected.count_added(Node::Ours(line));
        }
        for line in added(theirs, other) {
            expected.count_added(Node::Theirs(line));
        }
        expected
    }

    fn count_base(&mut self, line: usize) {
        let (yours, other) = (self.yours.line(line), self.other.line(line));
        let node = Node::Base(line);
        if yours.is_some() && other.is_some() {
            if let Some(place) = self.place(node) {
                self.counts[place].kept += 1;
                if let (Fate::Renamed(ours), Fate::Renamed(theirs)) = (self.yours.fates[line], self.other.fates[line]) {
                    self.contested.push(Contested { place: Some(place), base: line, ours, theirs });
                }
            } else {
                self.cannot(node);
            }
            return;
        }
        if let Some(place) = self.place(node) {
            let mover = if yours.is_some() { self.yours } else { self.other };
            if (yours.is_some() || other.is_some()) && mover.is_moved(self.base, line) {
                self.counts[place].optional += 1;
            }
            self.count_elsewhere(line);
            match (yours, other) {
                (None, Some(_)) => self.counts[place].removed[0] += 1,
                (Some(_), None) => self.counts[place].removed[1] += 1,
                _ => {}
            }
        }
        if yours.is_none() && other.is_none() {
            for ours in self.yours.beside(self.ours, line) {
                for theirs in self.other.beside(self.theirs, line) {
                    self.contested.push(Contested { place: None, base: line, ours, theirs });
                }
            }
        }
    }

    /// A line that one side has put below something else, and the other one has removed, may stay there.
    fn count_elsewhere(&mut self, line: usize) {
        let before = self.base.lines[line].parent.map(Node::Base);
        let now = match (self.yours.line(line), self.other.line(line)) {
            (Some(yours), None) => self.ours.lines[yours].parent.map(Node::Ours),
            (None, Some(other)) => self.theirs.lines[other].parent.map(Node::Theirs),
            _ => return,
        };
        let now = now.map(|parent| self.canonical(parent));
        if now != before
            && let Some(above) = self.place_of(now)
        {
            let (role, text) = (self.base.lines[line].role, named(&self.base.lines[line]));
            let place = self.numbered(above, role, text);
            self.counts[place].optional += 1;
        }
    }

    fn count_added(&mut self, node: Node) {
        let Some(place) = self.place(node) else {
            self.cannot(node);
            return;
        };
        match node {
            Node::Ours(_) => self.counts[place].ours += 1,
            _ => self.counts[place].theirs += 1,
        }
        // What stands below it goes with it.
        if let Ok(Some(parent)) = self.parent(node)
            && let Some(above) = self.place(parent)
        {
            for above in self.counts[above].instead.clone() {
                let (role, text) = (self.line(node).role, named(self.line(node)));
                let instead = self.numbered(above, role, text);
                self.counts[place].instead.push(instead);
                self.counts[instead].is_instead = true;
            }
        }
        // Where they have gone apart, it may go with either.
        for parent in self.neighbours(node).into_iter().flatten() {
            let (role, text) = (self.line(node).role, named(self.line(node)));
            if let Some(above) = self.place_of(parent) {
                let instead = self.numbered(above, role, text);
                if instead != place {
                    self.counts[place].instead.push(instead);
                    self.counts[instead].is_instead = true;
                }
            }
        }
    }

    /// Where the other side has taken the neighbours of an added line, above and below.
    #[expect(clippy::option_option, reason = "whether a neighbour tells, and whether there is a parent")]
    fn neighbours(&self, node: Node) -> [Option<Option<Node>>; 2] {
        let (at, text, side, opposite, other) = match node {
            Node::Ours(at) => (at, self.ours, self.yours, self.theirs, self.other),
            Node::Theirs(at) => (at, self.theirs, self.other, self.ours, self.yours),
            Node::Base(_) => return [None, None],
        };
        let parent = text.lines[at].parent;
        let kept = |line: usize| {
            let origin =
                side.origins[line].filter(|_| text.lines[line].parent == parent && text.lines[line].counts())?;
            Some((self.base.lines[origin].parent, opposite.lines[other.line(origin)?].parent))
        };
        let (above, below) = ((0..at).rev().find_map(kept), (at + 1..text.lines.len()).find_map(kept));
        [above, below].map(|neighbour| {
            let (before, now) = neighbour?;
            let across = |line| if matches!(node, Node::Ours(_)) { Node::Theirs(line) } else { Node::Ours(line) };
            let now = now.map(|line| self.canonical(across(line)));
            (before.map(Node::Base) != now).then_some(now)
        })
    }

    fn cannot(&mut self, node: Node) {
        let line = self.line(node).clone();
        let above = self.parent(node).ok().flatten().map(|above| self.line(above).text.clone()).unwrap_or_default();
        // What stands below a line that has no place says nothing more.
        let is_first = match self.parent(node) {
            Ok(Some(parent)) => self.resolved(node, parent).is_none(),
            Ok(None) | Err(()) => true,
        };
        if is_first {
            self.impossible.push(Impossible { text: line.text, above, comment: line.kind == Kind::Comment });
        }
    }

    fn line(&self, node: Node) -> &Line {
        match node {
            Node::Base(at) => &self.base.lines[at],
            Node::Ours(at) => &self.ours.lines[at],
            Node::Theirs(at) => &self.theirs.lines[at],
        }
    }

    /// A line of a side is the one of the base that it was.
    fn canonical(&self, node: Node) -> Node {
        let origin = match node {
            Node::Base(_) => None,
            Node::Ours(at) => self.yours.origins[at],
            Node::Theirs(at) => self.other.origins[at],
        };
        origin.map_or(node, Node::Base)
    }

    /// What a line must stand below, or nothing where both sides have put it elsewhere.
    fn parent(&self, node: Node) -> Result<Option<Node>, ()> {
        let canonical = |node: Option<Node>| node.map(|node| self.canonical(node));
        // An added line goes with its neighbours.
        if let [Some(above), Some(below)] = self.neighbours(node)
            && above == below
        {
            return Ok(above);
        }
        match node {
            Node::Ours(at) => Ok(canonical(self.ours.lines[at].parent.map(Node::Ours))),
            Node::Theirs(at) => Ok(canonical(self.theirs.lines[at].parent.map(Node::Theirs))),
            Node::Base(at) => {
                let before = self.base.lines[at].parent.map(Node::Base);
                let yours = self.yours.line(at).map(|line| canonical(self.ours.lines[line].parent.map(Node::Ours)));
                let other = self.other.line(at).map(|line| canonical(self.theirs.lines[line].parent.map(Node::Theirs)));
                match (yours, other) {
                    (Some(yours), Some(other)) if yours == before || yours == other => Ok(other),
                    (Some(yours), Some(other)) if other == before => Ok(yours),
                    (Some(Some(yours)), Some(Some(other))) if self.is_same(yours, other) => Ok(Some(yours)),
                    (Some(_), Some(_)) => Err(()),
                    _ => Ok(before),
                }
            }
        }
    }

    /// Whether both sides have added the same line, below the same.
    fn is_same(&self, yours: Node, other: Node) -> bool {
        let same = self.line(yours).text == self.line(other).text;
        same && match (self.parent(yours), self.parent(other)) {
            (Ok(Some(yours)), Ok(Some(other))) => yours == other || self.is_same(yours, other),
            (yours, other) => yours == other,
        }
    }

    /// What the sides have made of a parent.
    #[expect(clippy::option_option, reason = "whether it is known, and whether there is one")]
    fn resolved(&self, node: Node, parent: Node) -> Option<Option<Node>> {
        let Node::Base(line) = parent else { return Some(Some(parent)) };
        let fates = [self.yours.fates[line], self.other.fates[line]];
        if fates.iter().all(|fate| matches!(fate, Fate::Kept(_) | Fate::Renamed(_))) {
            return Some(Some(parent));
        }
        // Nothing is asked of the place of a line that is gone itself.
        if matches!(node, Node::Base(line) if self.yours.line(line).is_none() || self.other.line(line).is_none()) {
            return Some(Some(parent));
        }
        fates.into_iter().find_map(|fate| match fate {
            Fate::Unwrapped(to) => Some(to.map(Node::Base)),
            _ => None,
        })
    }

    /// The place of a line, or nothing where a clean merge has none for it.
    pub(crate) fn place(&mut self, node: Node) -> Option<Place> {
        if let Some(known) = self.known.get(&node) {
            return *known;
        }
        self.known.insert(node, None);
        let place = self.find(node);
        self.known.insert(node, place);
        place
    }

    fn find(&mut self, node: Node) -> Option<Place> {
        let parent = self.parent(node).ok()?;
        let parent = match parent {
            Some(parent) => self.resolved(node, parent)?,
            None => None,
        };
        let above = self.place_of(parent)?;
        let shown = self.shown(node);
        let (role, text, comment) = (shown.role, named(shown), shown.kind == Kind::Comment);
        let place = self.numbered(above, role, text);
        self.counts[place].comment |= comment;
        Some(place)
    }

    fn place_of(&mut self, node: Option<Node>) -> Option<Place> {
        node.map_or(Some(TOP), |node| self.place(node))
    }

    /// A line as it must be shown: as the side has it that has changed it.
    fn shown(&self, node: Node) -> &Line {
        let Node::Base(at) = node else { return self.line(node) };
        let before = &self.base.lines[at];
        let yours = self.yours.line(at).map(|line| &self.ours.lines[line]);
        let other = self.other.line(at).map(|line| &self.theirs.lines[line]);
        match (yours, other) {
            (Some(yours), Some(_)) if named(yours) != named(before) => yours,
            (Some(_), Some(other)) => other,
            _ => before,
        }
    }

    fn numbered(&mut self, above: Place, role: Role, text: String) -> Place {
        let next = self.counts.len();
        let place = *self.places.entry((above, role, text.clone())).or_insert(next);
        if place == next {
            self.counts.push(Count { text, above, ..Count::default() });
        }
        place
    }
}

/// What a line is known by.
pub(crate) fn named(line: &Line) -> String {
    line.label.as_ref().map_or_else(|| line.text.clone(), |label| format!("{} {label}", line.text))
}
