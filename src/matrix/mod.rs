//! The matrix: combinations of features that together prove a template.
//!
//! ```text
//! Template ──► Space ──► each, pairs ──► sets of features ──► Combinations, with names and commands
//! ```
//!
//! What is to be covered derives from the manifests alone, so that a new folder under `features/` is a new part of the matrix.
//! The same template gives the same combinations in the same order.

mod combination;
mod each;
mod pairs;
mod shard;
mod space;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use self::combination::{Combination, PROJECT};
pub use self::shard::{Shard, ShardError};
use self::space::Space;
use crate::template::{Template, did_you_mean, similar};

/// What a set of combinations covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// For each member of each group: no feature, each feature alone, everything, and everything without each feature.
    Each,
    /// For every two features that one is there with the other, without it, and that neither is; each with every member of
    /// every group; no feature, and everything.
    Pairwise,
    /// Both.
    All,
}

/// The combinations that cover a template, without duplicates. The default members of groups come first.
#[must_use]
pub fn combinations(template: &Template, cover: Cover) -> Vec<Combination> {
    let space = Space::new(template);
    let (each, pairs) = (each::each(&space), pairs::pairs(&space));
    let wanted: BTreeSet<&BTreeSet<String>> = match cover {
        Cover::Each => each.iter().map(|(_, features)| features).collect(),
        Cover::Pairwise => pairs.iter().map(|(_, features)| features).collect(),
        Cover::All => each.iter().chain(&pairs).map(|(_, features)| features).collect(),
    };
    // A set of features has one name, whichever cover it is in.
    let mut seen = BTreeSet::new();
    let first = each.iter().chain(&pairs).filter(|(_, features)| seen.insert(features));
    let named = first.filter(|(_, features)| wanted.contains(features));
    let mut combinations: Vec<Combination> =
        named.map(|(name, features)| Combination::new(&space, name, features.clone())).collect();
    // Stable: neighbours differ little, which spares compiling.
    combinations.sort_by_key(|combination| space.rank(&combination.features));
    combinations
}

/// The combinations with these names, whatever they cover.
///
/// # Errors
/// The first name that no combination has.
pub fn named(template: &Template, names: &[String]) -> Result<Vec<Combination>, UnknownCombination> {
    let all = combinations(template, Cover::All);
    let find = |name: &String| {
        let found = all.iter().find(|combination| combination.name == *name).cloned();
        found.ok_or_else(|| UnknownCombination {
            name: name.clone(),
            similar: similar(name, all.iter().map(|combination| combination.name.as_str())),
        })
    };
    names.iter().map(find).collect()
}

/// No combination has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no combination `{name}`{} `neoforge template matrix --all` names them all",
    did_you_mean(.similar.as_ref())
)]
pub struct UnknownCombination {
    name: String,
    similar: Option<String>,
}
