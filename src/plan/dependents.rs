//! Crates of a person's that depend on crates which a change takes away.

use std::collections::BTreeMap;

use super::ChangePlan;
use crate::merge::cargo;
use crate::template::Template;
use crate::tree::TreePath;

/// What would be missed if a feature went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// The manifest of the crate that depends on it.
    pub by: TreePath,
    /// The feature's crate.
    pub package: String,
}

impl ChangePlan {
    /// The features that this plan removes, and of which a crate that stays depends on the crate; by name. Those that the
    /// template has no more are not among them: they cannot stay.
    #[must_use]
    pub fn in_use(&self, before: &Template, after: &Template) -> BTreeMap<String, Dependent> {
        let features = self.removed().into_iter().filter(|feature| after.features.contains_key(*feature));
        let files = features
            .filter_map(|feature| before.features.get(feature))
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
                    found.entry((*feature).to_owned()).or_insert(Dependent { by: by.clone(), package });
                }
            }
        }
        found
    }
}
