//! Every feature there, alone and with everything else, and every feature away.

use std::collections::BTreeSet;

use super::combination::Named;
use super::space::{Names, Space};

/// For each member of each group, the other groups being open: none, each alone, everything, everything
/// without each. The first name of a set is the one it keeps.
pub(super) fn each(space: &Space<'_>) -> Vec<Named> {
    let mut named = Vec::new();
    for member in starts(space) {
        let mut add = |name: &str, features: Option<Names<'_>>| {
            named.extend(features.map(|features| (name.to_owned(), owned(&features))));
        };
        let none = Names::new();
        let with = |feature| member.iter().copied().chain([feature]).collect::<Names<'_>>();
        add("none", space.least(&member, &none));
        for feature in &space.options {
            add(&format!("only-{feature}"), space.least(&with(feature), &none));
        }
        add("all", space.most(&member, &none));
        for feature in &space.options {
            add(&format!("without-{feature}"), space.most(&member, &[*feature].into()));
        }
        // Where all go together, this is everything again.
        for feature in &space.options {
            add(&format!("all-with-{feature}"), space.most(&with(feature), &none));
        }
    }
    named
}

/// Each member of each group by itself; nothing at all where there is no group.
pub(super) fn starts<'a>(space: &Space<'a>) -> Vec<Names<'a>> {
    if space.groups.is_empty() {
        return vec![Names::new()];
    }
    space.groups.iter().flatten().map(|member| [*member].into()).collect()
}

pub(super) fn owned(features: &Names<'_>) -> BTreeSet<String> {
    features.iter().map(|name| (*name).to_owned()).collect()
}
