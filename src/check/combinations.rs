//! Combinations of features that have every part of a template in them.

use std::collections::BTreeSet;

use crate::render::select;
use crate::template::Template;

/// The base alone, each feature alone, and as much as goes together: without duplicates, in a stable order.
pub(super) fn parts(template: &Template) -> BTreeSet<BTreeSet<String>> {
    let mut wanted: Vec<BTreeSet<String>> = vec![BTreeSet::new()];
    wanted.extend(template.features.keys().map(|name| BTreeSet::from([name.clone()])));
    let mut combinations: BTreeSet<BTreeSet<String>> =
        wanted.iter().filter_map(|wanted| select::closure(template, wanted).ok()).collect();
    // As much as goes together, once with each member of each group.
    for start in wanted {
        let Ok(mut all) = select::closure(template, &start) else { continue };
        for feature in template.features.values().filter(|feature| feature.group().is_none()) {
            let mut more = all.clone();
            more.insert(feature.name.clone());
            if let Ok(more) = select::closure(template, &more) {
                all = more;
            }
        }
        combinations.insert(all);
    }
    combinations
}

/// The same and the presets, each with every member of every group.
#[must_use]
pub fn combinations(template: &Template) -> BTreeSet<BTreeSet<String>> {
    let mut combinations = parts(template);
    for preset in &template.manifest.preset {
        let all = template.features.values().filter(|feature| preset.all && feature.group().is_none());
        let all = all.map(|feature| feature.name.clone());
        let except = |name: &String| preset.except.iter().any(|except| except.get_ref() == name);
        let listed = preset.features.iter().map(|name| name.get_ref().clone());
        let names: BTreeSet<String> = all.filter(|name| !except(name)).chain(listed).collect();
        combinations.extend(select::closure(template, &names));
    }
    for group in &template.manifest.group {
        let members: BTreeSet<&str> =
            template.members(group.name.get_ref()).map(|member| member.name.as_str()).collect();
        let with = |combination: &BTreeSet<String>, member: &str| {
            let mut names: BTreeSet<String> =
                combination.iter().filter(|name| !members.contains(name.as_str())).cloned().collect();
            names.insert(member.to_owned());
            select::closure(template, &names).ok()
        };
        let more: Vec<_> =
            combinations.iter().flat_map(|names| members.iter().filter_map(|member| with(names, member))).collect();
        combinations.extend(more);
    }
    combinations
}
