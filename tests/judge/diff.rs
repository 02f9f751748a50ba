//! Which lines of one text are lines of another: the alignment with the greatest weight, where a line that stands below the same
//! lines weighs more than one that has only the same text.

use std::collections::HashMap;

use super::lines::Text;

/// How one text came from another.
#[derive(Debug, Clone)]
pub(crate) struct Diff {
    /// For each line of the old text, the one that it is in the new text.
    pub(crate) new: Vec<Option<usize>>,
    /// For each line of the new text, the one that it was in the old text.
    pub(crate) old: Vec<Option<usize>>,
    /// Lines of the old text that have another place among those beside them.
    pub(crate) moved: Vec<bool>,
}

/// A line with all that it stands below, as a number that is the same for the same texts.
type Paths = HashMap<(Option<usize>, bool, String), usize>;

fn paths(text: &Text, known: &mut Paths) -> Vec<usize> {
    let mut numbers: Vec<Option<usize>> = vec![None; text.lines.len()];
    let mut order: Vec<usize> = Vec::new();
    for line in 0..text.lines.len() {
        let mut chain: Vec<usize> =
            std::iter::once(line).chain(text.above(line)).take_while(|at| numbers[*at].is_none()).collect();
        chain.reverse();
        order.clone_from(&chain);
        for at in &order {
            let above = text.lines[*at].parent.and_then(|parent| numbers[parent]);
            let key = (above, text.lines[*at].role == super::lines::Role::Above, text.lines[*at].text.clone());
            let next = known.len();
            numbers[*at] = Some(*known.entry(key).or_insert(next));
        }
    }
    numbers.into_iter().map(|number| number.unwrap_or(usize::MAX)).collect()
}

/// Compares two texts.
pub(crate) fn diff(old: &Text, new: &Text) -> Diff {
    let mut known = Paths::new();
    let (before, after) = (paths(old, &mut known), paths(new, &mut known));
    let mut result = Diff {
        new: vec![None; old.lines.len()],
        old: vec![None; new.lines.len()],
        moved: vec![false; old.lines.len()],
    };
    let counted = |text: &Text| -> Vec<usize> { (0..text.lines.len()).filter(|at| text.lines[*at].counts()).collect() };
    let (olds, news) = (counted(old), counted(new));
    let same = |a: &usize, b: &usize| before[*a] == after[*b];
    let head = olds.iter().zip(&news).take_while(|(a, b)| same(a, b)).count();
    let tail = olds[head..].iter().rev().zip(news[head..].iter().rev()).take_while(|(a, b)| same(a, b)).count();
    for (a, b) in olds[..head].iter().zip(&news[..head]) {
        result.pair(*a, *b);
    }
    for (a, b) in olds[olds.len() - tail..].iter().zip(&news[news.len() - tail..]) {
        result.pair(*a, *b);
    }
    let (olds, news) = (&olds[head..olds.len() - tail], &news[head..news.len() - tail]);
    for (a, b) in aligned(olds, news, |a, b| {
        if before[a] == after[b] {
            8
        } else {
            u8::from(old.lines[a].text == new.lines[b].text && old.lines[a].text.len() > 2).into()
        }
    }) {
        result.pair(a, b);
    }
    result.find_moved(olds, news, &before, &after);
    result
}

impl Diff {
    fn pair(&mut self, old: usize, new: usize) {
        self.new[old] = Some(new);
        self.old[new] = Some(old);
    }

    /// Lines that stand below the same lines as before, but elsewhere among those beside them.
    fn find_moved(&mut self, olds: &[usize], news: &[usize], before: &[usize], after: &[usize]) {
        let mut free: HashMap<usize, Vec<usize>> = HashMap::new();
        for new in news.iter().rev().filter(|new| self.old[**new].is_none()) {
            free.entry(after[*new]).or_default().push(*new);
        }
        for old in olds {
            if self.new[*old].is_none()
                && let Some(new) = free.get_mut(&before[*old]).and_then(Vec::pop)
            {
                self.pair(*old, new);
                self.moved[*old] = true;
                self.swapped(*old, new);
            }
        }
    }
}

impl Diff {
    /// Of two lines that have changed places, either may be the one that was moved.
    fn swapped(&mut self, old: usize, new: usize) {
        for (before, after) in [(old.wrapping_sub(1), new + 1), (old + 1, new.wrapping_sub(1))] {
            if self.old.get(after) == Some(&Some(before)) {
                self.moved[before] = true;
            }
        }
    }
}

/// The pairs with the greatest weight in all, in order. Of equal ones, those with the most pairs that follow each other.
fn aligned(olds: &[usize], news: &[usize], weight: impl Fn(usize, usize) -> u32) -> Vec<(usize, usize)> {
    let wide = news.len() + 1;
    let mut best = vec![0_u32; (olds.len() + 1) * wide];
    for (row, old) in olds.iter().enumerate().rev() {
        for (column, new) in news.iter().enumerate().rev() {
            let skip = best[(row + 1) * wide + column].max(best[row * wide + column + 1]);
            let here = weight(*old, *new);
            let taken = if here > 0 { here + best[(row + 1) * wide + column + 1] } else { 0 };
            best[row * wide + column] = skip.max(taken);
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < olds.len() && column < news.len() {
        let here = weight(olds[row], news[column]);
        if here > 0 && best[row * wide + column] == here + best[(row + 1) * wide + column + 1] {
            pairs.push((olds[row], news[column]));
            (row, column) = (row + 1, column + 1);
        } else if best[row * wide + column] == best[(row + 1) * wide + column] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}
