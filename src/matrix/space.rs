//! What a template lets people choose: each feature or not, and one member of each group.

use std::collections::BTreeSet;

use crate::template::{Feature, Template};

/// A set of names, borrowed from the template.
pub(super) type Names<'a> = BTreeSet<&'a str>;

/// The choices.
pub(super) struct Space<'a> {
    pub(super) template: &'a Template,
    /// The features that are members of no group.
    pub(super) options: Vec<&'a str>,
    /// The members of each group, its default first.
    pub(super) groups: Vec<Vec<&'a str>>,
}

impl<'a> Space<'a> {
    pub(super) fn new(template: &'a Template) -> Self {
        let members = |group: &'a str, default: &str| {
            let mut members: Vec<&str> = template.members(group).map(|member| member.name.as_str()).collect();
            members.sort_by_key(|member| *member != default);
            members
        };
        let groups = &template.manifest.group;
        Self {
            template,
            options: template
                .features
                .values()
                .filter(|feature| feature.group().is_none())
                .map(|feature| feature.name.as_str())
                .collect(),
            groups: groups.iter().map(|group| members(group.name.get_ref(), group.default.get_ref())).collect(),
        }
    }

    /// The fewest features that have all of `with` and none of `without`. Where a group is open, the first member that goes
    /// with them is taken. `None` where there is no such project.
    pub(super) fn least(&self, with: &Names<'a>, without: &Names<'a>) -> Option<Names<'a>> {
        let chosen = self.required(with)?;
        if !chosen.is_disjoint(without) || self.is_torn(&chosen) {
            return None;
        }
        match self.groups.iter().find(|members| members.iter().all(|member| !chosen.contains(member))) {
            None => Some(chosen),
            Some(open) => open.iter().find_map(|member| {
                let mut more = chosen.clone();
                more.insert(member);
                self.least(&more, without)
            }),
        }
    }

    /// As many features as go together with all of `with` and none of `without`.
    pub(super) fn most(&self, with: &Names<'a>, without: &Names<'a>) -> Option<Names<'a>> {
        let mut chosen = self.least(with, without)?;
        for option in &self.options {
            let mut more = chosen.clone();
            more.insert(option);
            if let Some(more) = self.least(&more, without) {
                chosen = more;
            }
        }
        Some(chosen)
    }

    /// The members that a set has, in the order of the groups.
    pub(super) fn members(&self, features: &BTreeSet<String>) -> Vec<&'a str> {
        self.groups.iter().flatten().copied().filter(|member| features.contains(*member)).collect()
    }

    /// Where a set stands among others by its members: the defaults are first.
    pub(super) fn rank(&self, features: &BTreeSet<String>) -> Vec<usize> {
        let place = |members: &Vec<&str>| members.iter().position(|member| features.contains(*member));
        self.groups.iter().map(|members| place(members).unwrap_or(members.len())).collect()
    }

    /// `with`, and all that it requires; `None` where a name stands for nothing.
    pub(super) fn required(&self, with: &Names<'a>) -> Option<Names<'a>> {
        let mut chosen = Names::new();
        let mut open: Vec<&str> = with.iter().copied().collect();
        while let Some(name) = open.pop() {
            if chosen.insert(name) {
                open.extend(self.feature(name)?.requires());
            }
        }
        Some(chosen)
    }

    /// Whether two of the features cannot be together.
    fn is_torn(&self, chosen: &Names<'a>) -> bool {
        let refuses = |name: &&&str| {
            self.feature(name).is_some_and(|feature| feature.conflicts().any(|refused| chosen.contains(refused)))
        };
        let crowded = |members: &Vec<&str>| members.iter().filter(|member| chosen.contains(*member)).count() > 1;
        chosen.iter().find(refuses).is_some() || self.groups.iter().any(crowded)
    }

    fn feature(&self, name: &str) -> Option<&'a Feature> {
        self.template.features.get(name)
    }
}
