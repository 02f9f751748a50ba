//! The order in which least is compiled again: each project comes after one that it shares the most code with.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::compile::Code;

/// The places of all projects, from the first one on always the nearest of those that are left.
pub(crate) fn of(projects: &[&Code<'_>]) -> Vec<usize> {
    let crates: Vec<Crates<'_>> = projects.iter().map(|code| crates(code)).collect();
    let (mut order, mut left) = (Vec::new(), (0..projects.len()).collect::<BTreeSet<_>>());
    while let Some(&first) = left.first() {
        let last = order.last().copied();
        let nearest =
            left.iter().copied().min_by_key(|next| last.map(|last: usize| work(&crates[last], &crates[*next])));
        let next = nearest.unwrap_or(first);
        left.remove(&next);
        order.push(next);
    }
    order
}

/// Each crate's folder, with the hash of what is in it and how many crates are compiled again when it changes.
type Crates<'a> = BTreeMap<&'a str, (u64, usize)>;

fn crates<'a>(code: &Code<'a>) -> Crates<'a> {
    let manifests: Vec<(&str, &str)> = code
        .iter()
        .filter_map(|(path, bytes)| Some((path.strip_suffix("Cargo.toml")?, std::str::from_utf8(bytes).ok()?)))
        .collect();
    let folder_of = |path: &str| {
        let folders = manifests.iter().map(|(folder, _)| *folder).filter(|folder| path.starts_with(folder));
        folders.max_by_key(|folder| folder.len()).unwrap_or_default()
    };
    let mut hashers: BTreeMap<&str, DefaultHasher> = BTreeMap::new();
    for file in code {
        file.hash(hashers.entry(folder_of(file.0)).or_default());
    }
    let dependents = |folder: &str| {
        let name = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let dependency = format!("\n{name}.workspace");
        1 + manifests.iter().filter(|(_, manifest)| manifest.contains(&dependency)).count()
    };
    hashers.into_iter().map(|(folder, hasher)| (folder, (hasher.finish(), dependents(folder)))).collect()
}

/// How many crates are compiled again for `next` after `last`.
fn work(last: &Crates<'_>, next: &Crates<'_>) -> usize {
    let changed = next.iter().filter(|(folder, (hash, _))| last.get(*folder).is_none_or(|(old, _)| old != hash));
    changed.map(|(_, (_, dependents))| dependents).sum()
}
