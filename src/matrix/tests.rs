use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Combination, Cover, combinations};
use crate::gather::{Defaults, gather};
use crate::render::select::exactly;
use crate::template::Template;
use crate::template::testing::template;

fn shop() -> Template {
    template(&[
        ("template.toml", "[[group]]\nname = 'db'\nprompt = '?'\ndefault = 'lite'"),
        ("features/lite/feature.toml", "group = 'db'"),
        ("features/big/feature.toml", "group = 'db'"),
        ("features/auth/feature.toml", "requires = ['mail']"),
        ("features/mail/feature.toml", "conflicts = ['quiet']"),
        ("features/quiet/feature.toml", ""),
        ("features/search/feature.toml", "requires = ['big']"),
    ])
}

fn told(template: &Template, cover: Cover) -> Vec<(String, String)> {
    combinations(template, cover).iter().map(|one| (one.name.clone(), one.arguments().join(" "))).collect()
}

#[test]
fn each_feature_is_there_alone_and_away_for_each_member_of_a_group() {
    let expected = [
        ("none/lite", "--preset minimal --set db=lite"),
        ("only-auth/lite", "--preset minimal --with auth --set db=lite"),
        ("only-mail/lite", "--preset minimal --with mail --set db=lite"),
        ("only-quiet/lite", "--preset minimal --with quiet --set db=lite"),
        ("none/big", "--preset minimal --set db=big"),
        ("only-auth/big", "--preset minimal --with auth --set db=big"),
        ("only-mail/big", "--preset minimal --with mail --set db=big"),
        ("only-quiet/big", "--preset minimal --with quiet --set db=big"),
        ("only-search/big", "--preset minimal --with search --set db=big"),
        ("all/big", "--preset minimal --with auth,search --set db=big"),
        ("without-auth/big", "--preset minimal --with mail,search --set db=big"),
        ("without-mail/big", "--preset minimal --with quiet,search --set db=big"),
    ];
    let expected = expected.map(|(name, arguments)| (name.to_owned(), arguments.to_owned()));
    assert_eq!(told(&shop(), Cover::Each), expected);
}

#[test]
fn the_nearest_preset_is_the_beginning_of_a_command() {
    let presets =
        "[[preset]]\nname = 'minimal'\nabout = 'a'\ndefault = true\n[[preset]]\nname = 'full'\nabout = 'a'\nall = true";
    let template = template(&[
        ("template.toml", presets),
        ("features/a/feature.toml", ""),
        ("features/b/feature.toml", "requires = ['a']"),
        ("features/c/feature.toml", ""),
        ("features/d/feature.toml", ""),
        ("features/e/feature.toml", ""),
    ]);
    let told: BTreeMap<String, String> = told(&template, Cover::Each).into_iter().collect();
    assert_eq!(told["none"], "--preset minimal");
    assert_eq!(told["only-b"], "--preset minimal --with b");
    assert_eq!(told["without-a"], "--preset full --without a,b");
    assert_eq!(told["all"], "--preset full");
}

#[test]
fn both_covers_are_one_without_duplicates() {
    let names = |cover| -> BTreeSet<BTreeSet<String>> {
        combinations(&shop(), cover).into_iter().map(|combination| combination.features).collect()
    };
    let all = combinations(&shop(), Cover::All);
    assert_eq!(names(Cover::All), names(Cover::Each).union(&names(Cover::Pairwise)).cloned().collect());
    assert_eq!(names(Cover::All).len(), all.len());
}

/// Features and the members of two groups: what each requires of those before it, and refuses.
type Shape = Vec<(u8, u8, u8)>;

fn shapes() -> impl Strategy<Value = Shape> {
    // Few bits, so that most features go together with most others.
    let few = || (any::<u8>(), any::<u8>()).prop_map(|(one, other)| one & other);
    let feature = (few(), (few(), any::<u8>()).prop_map(|(one, other)| one & other), 0..5_u8);
    prop::collection::vec(feature, 1..9)
}

fn random(shape: &Shape) -> Template {
    let name = |number: usize| format!("f{number}");
    let group = |kind: u8| match kind {
        0 => Some("g"),
        1 => Some("h"),
        _ => None,
    };
    let first = |wanted: &str| shape.iter().position(|(_, _, kind)| group(*kind) == Some(wanted));
    let head = |wanted: &str| {
        first(wanted).map(|first| format!("[[group]]\nname = '{wanted}'\nprompt = '?'\ndefault = 'f{first}'\n"))
    };
    let manifest: String = ["g", "h"].into_iter().filter_map(head).collect();
    let mut files = vec![("template.toml".to_owned(), manifest)];
    for (number, (requires, refuses, kind)) in shape.iter().enumerate() {
        let list = |bits: u8| {
            let before =
                (0..number).filter(|before| bits >> before & 1 == 1).map(|before| format!("'{}'", name(before)));
            before.collect::<Vec<_>>().join(", ")
        };
        let group = group(*kind).map_or_else(String::new, |group| format!("group = '{group}'\n"));
        let text = format!("{group}requires = [{}]\nconflicts = [{}]", list(*requires), list(refuses & !requires));
        files.push((format!("features/{}/feature.toml", name(number)), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    template(&files)
}

/// Every set of features that a project can have: all sets, tried one by one.
fn projects(template: &Template) -> Vec<BTreeSet<String>> {
    let names: Vec<&String> = template.features.keys().collect();
    let sets = (0..1_u32 << names.len()).map(|bits| -> BTreeSet<String> {
        let chosen = names.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        chosen.map(|(_, name)| (*name).clone()).collect()
    });
    sets.filter(|set| exactly(template, set).is_ok()).collect()
}

/// Which two features meet in a set, each with whether it is there.
fn met(template: &Template, features: &BTreeSet<String>) -> BTreeSet<[(String, bool); 2]> {
    let choices: Vec<(String, bool)> =
        template.features.keys().map(|name| (name.clone(), features.contains(name))).collect();
    // That a member of a group is away says only that another one is there.
    let choices: Vec<_> = choices.into_iter().filter(|(name, there)| *there || !template.is_member(name)).collect();
    let pairs =
        choices.iter().enumerate().flat_map(|(at, one)| choices[at + 1..].iter().map(move |other| (one, other)));
    pairs.map(|(one, other)| [one.clone(), other.clone()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_pair_that_a_project_can_have_is_covered(shape in shapes()) {
        let template = random(&shape);
        let possible: BTreeSet<_> = projects(&template).iter().flat_map(|set| met(&template, set)).collect();
        let covered = combinations(&template, Cover::Pairwise);
        let covered: BTreeSet<_> = covered.iter().flat_map(|one| met(&template, &one.features)).collect();
        prop_assert_eq!(possible, covered);
    }

    #[test]
    fn every_feature_is_covered_there_and_away_with_each_member(shape in shapes()) {
        let template = random(&shape);
        let each: Vec<_> = combinations(&template, Cover::Each).into_iter().map(|one| one.features).collect();
        let with = |features: &BTreeSet<String>, member: Option<&String>| member.is_none_or(|name| features.contains(name));
        let members: Vec<&String> = template.features.keys().filter(|name| template.is_member(name)).collect();
        let members: Vec<Option<&String>> =
            if members.is_empty() { vec![None] } else { members.into_iter().map(Some).collect() };
        let all = projects(&template);
        for member in members {
            let projects: Vec<&BTreeSet<String>> = all.iter().filter(|set| with(set, member)).collect();
            for feature in template.features.keys().filter(|name| !template.is_member(name)) {
                let covered = |there: bool| -> Vec<usize> {
                    let each = each.iter().filter(|set| with(set, member) && set.contains(feature) == there);
                    each.map(BTreeSet::len).collect()
                };
                let possible = |there: bool| projects.iter().filter(move |set| set.contains(feature) == there);
                // Alone: with the fewest others that it can be with, groups left aside.
                prop_assert_eq!(covered(true).is_empty(), possible(true).next().is_none());
                prop_assert_eq!(covered(false).is_empty(), possible(false).next().is_none());
                // Alone and with everything: no covered set is in the way of a smaller or a larger one.
                let chains = |there: bool, larger: bool| {
                    let mine: Vec<&BTreeSet<String>> =
                        each.iter().filter(|set| with(set, member) && set.contains(feature) == there).collect();
                    mine.is_empty() || mine.iter().any(|set| {
                        possible(there).all(|other| if larger { !other.is_superset(set) || other == set } else { !other.is_subset(set) || other == set })
                    })
                };
                prop_assert!(chains(true, false), "{feature} is never alone");
                prop_assert!(chains(true, true), "{feature} is never with everything");
                prop_assert!(chains(false, true), "{feature} is never away from everything");
            }
        }
    }

    #[test]
    fn the_command_of_each_combination_makes_it(shape in shapes()) {
        let template = random(&shape);
        let all = combinations(&template, Cover::All);
        let names: BTreeSet<&str> = all.iter().map(|one| one.name.as_str()).collect();
        prop_assert_eq!(names.len(), all.len());
        for Combination { features, name, .. } in &all {
            prop_assert!(exactly(&template, features).is_ok(), "{name}");
        }
        for combination in &all {
            let gathered = gather(&template, &combination.given(), &mut Defaults).expect("complete answers");
            prop_assert_eq!(&gathered.all, &combination.features, "{}", combination.name);
        }
    }
}
