//! A combination: features by a name that people can say, and the command that makes a project of them.

use std::collections::{BTreeMap, BTreeSet};

use super::space::Space;
use crate::gather::{Given, preset_features};
use crate::template::manifest::Preset;
use crate::template::{Feature, Template};

/// The name of the project that each combination is rendered as.
pub const PROJECT: &str = "my-app";

/// Features, and what their set is called without the members of groups.
pub(super) type Named = (String, BTreeSet<String>);

/// A set of features, and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// Such as `only-cors/sqlite`: what it is, and the member of each group.
    pub name: String,
    /// All its features, with what they require.
    pub features: BTreeSet<String>,
    /// The preset that is nearest to it.
    pub preset: String,
    /// What it has beside the preset; what these require comes by itself.
    pub with: Vec<String>,
    /// What it has not of the preset.
    pub without: Vec<String>,
    /// The member of each group.
    pub set: BTreeMap<String, String>,
}

impl Combination {
    pub(super) fn new(space: &Space<'_>, name: &str, features: BTreeSet<String>) -> Self {
        let template = space.template;
        let name = [name].into_iter().chain(space.members(&features)).collect::<Vec<_>>().join("/");
        let differences =
            template.manifest.preset.iter().map(|preset| (preset, difference(template, preset, &features)));
        // The first of those that are equally near.
        let nearest = differences.min_by_key(|(_, (with, without))| with.len() + without.len());
        let (preset, (with, without)) =
            nearest.map_or_else(Default::default, |(preset, difference)| (preset.name.get_ref().clone(), difference));
        let member = |name: &String| Some((template.features.get(name)?.group()?.to_owned(), name.clone()));
        Self { name, set: features.iter().filter_map(member).collect(), features, preset, with, without }
    }

    /// What makes it, for [`crate::gather::gather`].
    #[must_use]
    pub fn given(&self) -> Given {
        Given {
            name: Some(PROJECT.to_owned()),
            preset: Some(self.preset.clone()),
            with: self.with.clone(),
            without: self.without.clone(),
            set: self.set.clone(),
            ..Given::default()
        }
    }

    /// The same as the arguments of `neoforge new`.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--preset".to_owned(), self.preset.clone()];
        for (flag, names) in [("--with", &self.with), ("--without", &self.without)] {
            if !names.is_empty() {
                arguments.extend([flag.to_owned(), names.join(",")]);
            }
        }
        arguments.extend(self.set.iter().flat_map(|(group, member)| ["--set".to_owned(), format!("{group}={member}")]));
        arguments
    }
}

/// What to add to a preset, and what to leave out of it, to get exactly these features. Members of groups are set instead.
fn difference(template: &Template, preset: &Preset, features: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let has = preset_features(template, preset);
    let optional = |name: &&String| !template.is_member(name);
    let required: BTreeSet<&str> = features.iter().flat_map(|name| requires(template, name)).collect();
    let missing = features.difference(&has).filter(|name| !required.contains(name.as_str()));
    let with = missing.filter(optional).cloned().collect();
    (with, has.difference(features).filter(optional).cloned().collect())
}

fn requires<'a>(template: &'a Template, name: &str) -> impl Iterator<Item = &'a str> {
    template.features.get(name).into_iter().flat_map(Feature::requires)
}
