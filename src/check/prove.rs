//! What only rendering can prove of a template: every file renders, and no two parts clash, in a set of selections that has
//! every part in it.

use std::collections::BTreeSet;

use crate::answers::record::{BUILT_IN, Record, TemplateId};
use crate::gather::{Defaults, GatherError, Given, gather};
use crate::render::{RenderError, render, select};
use crate::template::Template;
use crate::template::problem::Problem;

/// Renders the base alone, each feature alone, and everything that goes together, for each member of each group; collects
/// the problems.
pub(super) fn prove(template: &Template) -> Vec<Problem> {
    let mut problems = Vec::new();
    for names in selections(template) {
        // Beyond that, more of the same helps nobody.
        if problems.len() > 200 {
            break;
        }
        let given = Given { name: Some("my-app".to_owned()), features: Some(names), ..Given::default() };
        let answers = match gather(template, &given, &mut Defaults) {
            Ok(gathered) => gathered.answers,
            Err(GatherError::Template(some)) => {
                problems.extend(some.as_slice().iter().cloned());
                continue;
            }
            Err(_) => continue,
        };
        let version = template.manifest.version.get_ref().clone();
        let id = TemplateId { source: BUILT_IN.to_owned(), version, commit: None };
        if let Err(RenderError::Template(some)) = render(template, &Record { template: id, answers }) {
            problems.extend(some.as_slice().iter().cloned());
        }
    }
    problems
}

/// The selections that are rendered: without duplicates, in a stable order.
fn selections(template: &Template) -> BTreeSet<BTreeSet<String>> {
    let mut wanted: Vec<BTreeSet<String>> = vec![BTreeSet::new()];
    wanted.extend(template.features.keys().map(|name| BTreeSet::from([name.clone()])));
    let mut selections: BTreeSet<BTreeSet<String>> =
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
        selections.insert(all);
    }
    selections
}
