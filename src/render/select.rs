//! Which features a project has, and in which order they act.

use std::collections::{BTreeMap, BTreeSet};

use crate::template::{Feature, Template, did_you_mean, similar};

/// Features that go together, in the order in which they act.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// The names of the chosen features.
    pub names: BTreeSet<String>,
    /// The base, then the features, each after what it requires, else by name; each pair's glue right after the later of
    /// the two.
    pub parts: Vec<&'a Feature>,
}

impl<'a> Selection<'a> {
    /// The base and the chosen features, without glue.
    pub fn features(&self) -> impl Iterator<Item = &'a Feature> {
        self.parts.iter().copied().filter(|part| !part.name.contains('/'))
    }
}

/// Why features do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SelectError {
    #[error("there is no feature `{name}`{} `neoforge list features` shows them all", did_you_mean(.similar.as_ref()))]
    Unknown { name: String, similar: Option<String> },
    #[error("`{one}` and `{other}` cannot be chosen together; leave one of them out")]
    Conflict { one: String, other: String },
    #[error("`{one}` and `{other}` are both a {group}, of which a project has exactly one; leave one of them out")]
    TwoMembers { group: String, one: String, other: String },
    #[error("no {group} is chosen; choose one of {}", .members.join(", "))]
    NoMember { group: String, members: Vec<String> },
    #[error("`{by}` requires `{name}`; choose both or leave out both")]
    Missing { name: String, by: String },
    #[error("the features require each other in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

/// `wanted`, all that it requires, and the default member of each group that `wanted` says nothing of.
///
/// # Errors
/// Where a feature is unknown or two of them do not go together.
pub fn closure(template: &Template, wanted: &BTreeSet<String>) -> Result<BTreeSet<String>, SelectError> {
    let mut chosen = BTreeSet::new();
    let mut open: Vec<String> = wanted.iter().cloned().collect();
    let defaults: BTreeMap<&str, &str> = template
        .manifest
        .group
        .iter()
        .map(|group| (group.name.get_ref().as_str(), group.default.get_ref().as_str()))
        .collect();
    loop {
        while let Some(name) = open.pop() {
            let feature = get(template, &name)?;
            if chosen.insert(name) {
                open.extend(feature.requires().map(str::to_owned));
            }
        }
        let undecided = defaults.iter().find(|(group, default)| {
            // A default of another group decides nothing, however often it is chosen.
            !chosen.contains(**default)
                && !chosen.iter().any(|name| template.features.get(name).and_then(Feature::group) == Some(**group))
        });
        match undecided {
            Some((_, default)) => open.push((*default).to_owned()),
            None => break,
        }
    }
    exactly(template, &chosen)?;
    Ok(chosen)
}

/// `wanted`, with all that it requires, in order.
///
/// # Errors
/// As [`closure`].
pub fn complete<'a>(template: &'a Template, wanted: &BTreeSet<String>) -> Result<Selection<'a>, SelectError> {
    exactly(template, &closure(template, wanted)?)
}

/// Takes `names` as they are.
///
/// # Errors
/// Where a feature is unknown, two of them do not go together, a requirement is missing, or a group has no member.
pub fn exactly<'a>(template: &'a Template, names: &BTreeSet<String>) -> Result<Selection<'a>, SelectError> {
    for name in names {
        let feature = get(template, name)?;
        if let Some(missing) = feature.requires().find(|required| !names.contains(*required)) {
            get(template, missing)?;
            return Err(SelectError::Missing { name: missing.to_owned(), by: name.clone() });
        }
        if let Some(refused) = feature.conflicts().find(|refused| names.contains(*refused)) {
            return Err(SelectError::Conflict { one: name.clone(), other: refused.to_owned() });
        }
    }
    for group in &template.manifest.group {
        let group = group.name.get_ref();
        let members: Vec<&str> = template.members(group).map(|member| member.name.as_str()).collect();
        let mut chosen = members.iter().filter(|member| names.contains(**member));
        match (chosen.next(), chosen.next()) {
            (Some(_), None) => {}
            (Some(one), Some(other)) => {
                let (one, other) = ((*one).to_owned(), (*other).to_owned());
                return Err(SelectError::TwoMembers { group: group.clone(), one, other });
            }
            (None, _) => {
                let members = members.into_iter().map(str::to_owned).collect();
                return Err(SelectError::NoMember { group: group.clone(), members });
            }
        }
    }
    Ok(Selection { parts: ordered(template, names)?, names: names.clone() })
}

fn get<'a>(template: &'a Template, name: &str) -> Result<&'a Feature, SelectError> {
    template.features.get(name).ok_or_else(|| SelectError::Unknown {
        name: name.to_owned(),
        similar: similar(name, template.features.keys().map(String::as_str)),
    })
}

/// Kahn's algorithm; among the features whose requirements have acted, the first by name is next.
fn ordered<'a>(template: &'a Template, names: &BTreeSet<String>) -> Result<Vec<&'a Feature>, SelectError> {
    let mut parts = vec![&template.base];
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut waiting: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .filter_map(|name| template.features.get(*name))
            .find(|feature| feature.requires().all(|required| placed.contains(required)));
        let Some(feature) = ready else {
            return Err(SelectError::Cycle(waiting.into_iter().map(str::to_owned).collect()));
        };
        waiting.remove(feature.name.as_str());
        parts.push(feature);
        for earlier in &placed {
            let glue = feature.glue.get(*earlier);
            let mirrored = template.features.get(*earlier).and_then(|earlier| earlier.glue.get(&feature.name));
            parts.extend(glue.into_iter().chain(mirrored));
        }
        placed.insert(&feature.name);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::testing::template;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn shop() -> Template {
        template(&[
            ("template.toml", "[[group]]\nname = 'db'\nprompt = '?'\ndefault = 'lite'"),
            ("features/lite/feature.toml", "group = 'db'"),
            ("features/big/feature.toml", "group = 'db'"),
            ("features/auth/feature.toml", "requires = ['mail']"),
            ("features/mail/feature.toml", "conflicts = ['quiet']"),
            ("features/mail/with/big/feature.toml", ""),
            ("features/big/with/auth/feature.toml", ""),
            ("features/quiet/feature.toml", ""),
        ])
    }

    #[test]
    fn the_closure_takes_requirements_and_the_defaults_of_groups() {
        assert_eq!(closure(&shop(), &set(&["auth"])), Ok(set(&["auth", "mail", "lite"])));
        assert_eq!(closure(&shop(), &set(&["big"])), Ok(set(&["big"])));
    }

    #[test]
    fn features_that_do_not_go_together_are_named() {
        let message = |names: &[&str]| closure(&shop(), &set(names)).expect_err("a conflict").to_string();
        assert_eq!(message(&["mail", "quiet"]), "`mail` and `quiet` cannot be chosen together; leave one of them out");
        assert_eq!(
            message(&["lite", "big"]),
            "`big` and `lite` are both a db, of which a project has exactly one; leave one of them out"
        );
        assert_eq!(
            message(&["mial"]),
            "there is no feature `mial`; did you mean `mail`? `neoforge list features` shows them all"
        );
    }

    #[test]
    fn a_default_that_is_no_member_decides_nothing() {
        let group = "[[group]]\nname = 'db'\nprompt = '?'\ndefault = 'mail'";
        let template = template(&[
            ("template.toml", group),
            ("features/big/feature.toml", "group = 'db'"),
            ("features/mail/feature.toml", ""),
        ]);
        let message = closure(&template, &set(&[])).expect_err("the default is no member").to_string();
        assert_eq!(message, "no db is chosen; choose one of big");
    }

    #[test]
    fn an_exact_selection_pulls_in_nothing() {
        let message = |names: &[&str]| exactly(&shop(), &set(names)).expect_err("incomplete").to_string();
        assert_eq!(message(&["auth", "lite"]), "`auth` requires `mail`; choose both or leave out both");
        assert_eq!(message(&["mail"]), "no db is chosen; choose one of big, lite");
    }

    #[test]
    fn requirements_act_first_and_glue_after_its_pair() {
        let shop = shop();
        let selection = exactly(&shop, &set(&["auth", "big", "mail"])).expect("they go together");
        let names: Vec<_> = selection.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["base", "big", "mail", "mail/with/big", "auth", "big/with/auth"]);
    }
}
