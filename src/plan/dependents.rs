//! What of a person's depends on what a change takes away.

use std::collections::BTreeMap;

use super::ChangePlan;
use crate::merge::cargo;
use crate::template::{Feature, Template};
use crate::tree::TreePath;

/// What would be missed if a feature went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// The file that depends on it.
    pub by: TreePath,
    /// What it depends on, as a sentence has it.
    pub what: String,
}

impl ChangePlan {
    /// The features that this plan removes, and of which a file that stays needs the crate or something in another crate; by
    /// name. Those that the template has no more are not among them, and no options of a group: they cannot stay.
    #[must_use]
    pub fn in_use(&self, before: &Template, after: &Template) -> BTreeMap<String, Dependent> {
        let can_stay = |feature: &&str| after.features.get(*feature).is_some_and(|feature| feature.group().is_none());
        let features: Vec<&Feature> =
            self.removed().into_iter().filter(can_stay).filter_map(|feature| before.features.get(feature)).collect();
        let mut found = self.crates_in_use(&features);
        for missed in &self.missed {
            if let Some(feature) = features.iter().find(|feature| brings(feature, missed.file.as_str(), &missed.name)) {
                let what = format!("uses `{}`", missed.what);
                found.entry(feature.name.clone()).or_insert(Dependent { by: missed.by.clone(), what });
            }
        }
        found
    }

    fn crates_in_use(&self, features: &[&Feature]) -> BTreeMap<String, Dependent> {
        let files = features
            .iter()
            .flat_map(|feature| feature.files.iter().map(|source| (feature.name.as_str(), source.target.as_str())));
        let going: BTreeMap<String, &str> = files
            .filter(|(_, path)| path.ends_with(cargo::MANIFEST))
            .filter_map(|(feature, path)| Some((cargo::package(self.before.tree.get(path)?.text()?)?, feature)))
            .collect();
        if going.is_empty() {
            return BTreeMap::new();
        }
        let mut found = BTreeMap::new();
        for (by, file) in self.outcome().filter(|(path, _)| path.as_str().ends_with(cargo::MANIFEST)) {
            let text = file.text().unwrap_or_default();
            for package in ["workspace", "path"].into_iter().flat_map(|key| cargo::dependencies(text, key)) {
                if let Some(feature) = going.get(&package) {
                    let what = format!("depends on its crate `{package}`");
                    found.entry((*feature).to_owned()).or_insert(Dependent { by: by.clone(), what });
                }
            }
        }
        found
    }
}

/// Whether a feature, or its glue, brings a file, or a name into it.
fn brings(feature: &Feature, file: &str, name: &str) -> bool {
    let is_word = |text: &str| text.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|word| word == name);
    feature.files.iter().any(|source| source.target == file)
        || feature.manifest.insert.iter().any(|insert| insert.into.get_ref() == file && is_word(insert.text.get_ref()))
        || feature.glue.values().any(|glue| brings(glue, file, name))
}
