//! Places in outlines: what is around them, and what has become of them.

use std::collections::{HashMap, HashSet};

use crate::merge::outline::INSIDE;

/// What has become of places in a text that was written anew.
pub(super) struct Moves<'a> {
    /// The places that the new text has.
    opened: &'a HashSet<String>,
    /// Places, and those that have more than half of all that was in them. A line that two functions happen to share does not make
    /// one of them the other.
    became: HashSet<(&'a str, &'a str)>,
}

impl<'a> Moves<'a> {
    /// From the place of each unit, and where it is now, if it is anywhere.
    pub(super) fn of(units: impl Iterator<Item = (&'a str, Option<&'a str>)>, opened: &'a HashSet<String>) -> Self {
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
    pub(super) fn are_likely(&self, place: &str, there: &str) -> bool {
        if self.opened.contains(place) {
            around(there).any(|outer| outer == place)
        } else {
            self.became.contains(&(place, there))
        }
    }
}

/// A place and all places around it, from the innermost.
pub(super) fn around(place: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(place), |place| place.rfind(INSIDE).map(|end| &place[..end]))
}

/// Whether two places have one name within different ones, or two names within one.
pub(super) fn is_moved(place: &str, there: &str) -> bool {
    let split = |place: &str| place.rfind(INSIDE).unwrap_or_default();
    let ((around, name), (other, same)) = (place.split_at(split(place)), there.split_at(split(there)));
    (around == other) != (name == same)
}

/// The places around two, as long as those in them have the same name.
pub(super) fn around_both<'a>(place: &'a str, there: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    std::iter::successors(Some((place, there)), |(place, there)| {
        let ((around, name), (other, same)) = (place.rsplit_once(INSIDE)?, there.rsplit_once(INSIDE)?);
        (name == same && around != other).then_some((around, other))
    })
    .skip(1)
}

/// The place, or the nearest place around it, where the other side has it.
pub(super) fn translated(place: &str, known: &HashMap<&str, &str>) -> String {
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
