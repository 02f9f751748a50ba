//! The invariants of migrations: where they are found, and that each module has all of its own in one place.

use std::collections::BTreeMap;

use super::unknown_feature;
use crate::template::manifest::Migrations;
use crate::template::problem::{Problem, ProblemKind};
use crate::template::{Feature, Template, similar};

pub(super) fn check(template: &Template, problems: &mut Vec<Problem>) {
    let Some(keys) = &template.manifest.migrations else { return };
    let folder = keys.folder.get_ref();
    let parts = folder.strip_prefix("**/").unwrap_or(folder).split('/');
    if parts.clone().filter(|part| *part == "*").count() != 1 || parts.filter(|part| part.contains('*')).count() != 1 {
        problems.push(template.problem(keys.folder.span(), ProblemKind::BadMigrationsFolder));
    }
    if keys.history.get_ref().matches('*').count() != 1 {
        problems.push(template.problem(keys.history.span(), ProblemKind::BadHistoryTable));
    }
    if let Some(group) = &keys.group
        && !template.manifest.group.iter().any(|known| known.name.get_ref() == group.get_ref())
    {
        let names = template.manifest.group.iter().map(|group| group.name.get_ref().as_str());
        let kind =
            ProblemKind::UnknownGroup { name: group.get_ref().clone(), similar: similar(group.get_ref(), names) };
        problems.push(template.problem(group.span(), kind));
    }
    if let Some(drops) = &keys.drops
        && !template.features.contains_key(drops.feature.get_ref())
    {
        problems.push(template.problem(drops.feature.span(), unknown_feature(template, drops.feature.get_ref())));
    }
    undivided(template, keys, problems);
}

fn undivided(template: &Template, keys: &Migrations, problems: &mut Vec<Problem>) {
    let mut owners: BTreeMap<&str, &Feature> = BTreeMap::new();
    for part in template.all().flat_map(|feature| std::iter::once(feature).chain(feature.glue.values())) {
        for source in &part.files {
            let Some(module) = keys.module_of(&source.target) else { continue };
            let owner = *owners.entry(module).or_insert(part);
            // Members of one group never meet.
            let never_meet = owner.group().is_some() && owner.group() == part.group();
            if owner.name != part.name && !never_meet {
                let other = owner.manifest_path.trim_end_matches("feature.toml").trim_end_matches('/').to_owned();
                let kind = ProblemKind::SplitMigrations { module: module.to_owned(), other };
                problems.push(Problem::of_file(&source.origin, kind));
            }
        }
    }
}
