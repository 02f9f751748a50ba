//! What only rendering can prove of a template: every file renders, and no two parts clash, in combinations that have every part
//! in them; and the presets are no larger than they say.

use std::collections::BTreeMap;

use crate::answers::record::{BUILT_IN, Record, TemplateId};
use crate::gather::{Defaults, GatherError, Given, gather};
use crate::matrix::{Combination, Cover, PROJECT, combinations};
use crate::render::{RenderError, render};
use crate::template::Template;
use crate::template::problem::{Problem, ProblemKind};
use crate::tree::{File, FileTree};

/// Renders combinations in which every two features meet, and every feature does without every other; collects the
/// problems. Then looks at the size of the presets.
pub(super) fn prove(template: &Template) -> Vec<Problem> {
    let mut problems = Vec::new();
    for combination in combinations(template, Cover::Pairwise) {
        // Beyond that, more of the same helps nobody.
        if problems.len() > 200 {
            break;
        }
        if let Err(some) = rendered(template, &combination) {
            problems.extend(some);
        }
    }
    if problems.is_empty() {
        sizes(template, &mut problems);
    }
    problems
}

/// The project of a combination, with the default answers; nothing where its features do not go together.
///
/// # Errors
/// What is wrong with the template.
pub fn rendered(template: &Template, combination: &Combination) -> Result<Option<FileTree>, Vec<Problem>> {
    tree(template, combination.given())
}

/// The project with these features or this preset; nothing where the features do not go together.
fn tree(template: &Template, given: Given) -> Result<Option<FileTree>, Vec<Problem>> {
    let given = Given { name: Some(PROJECT.to_owned()), ..given };
    let answers = match gather(template, &given, &mut Defaults) {
        Ok(gathered) => gathered.answers,
        Err(GatherError::Template(some)) => return Err(some.as_slice().to_vec()),
        Err(_) => return Ok(None),
    };
    let version = template.manifest.version.get_ref().clone();
    let id = TemplateId { source: BUILT_IN.to_owned(), version, commit: None, content: None };
    match render(template, &Record { template: id, answers }) {
        Ok(tree) => Ok(Some(tree)),
        Err(RenderError::Template(some)) => Err(some.as_slice().to_vec()),
        Err(_) => Ok(None),
    }
}

/// Counts the lines of the presets that have a limit, as `--yes` makes them with each member of each group.
fn sizes(template: &Template, problems: &mut Vec<Problem>) {
    for preset in template.manifest.preset.iter().filter(|preset| !preset.max_lines.is_empty()) {
        let members = template.features.values().filter_map(|feature| Some((feature.group()?, &feature.name)));
        let choices = members.map(|(group, member)| BTreeMap::from([(group.to_owned(), member.clone())]));
        let trees = choices.chain([BTreeMap::new()]).filter_map(|set| {
            let preset = Some(preset.name.get_ref().clone());
            tree(template, Given { preset, set, ..Given::default() }).ok()?
        });
        let trees: Vec<FileTree> = trees.collect();
        for (end, limit) in &preset.max_lines {
            let lines = trees.iter().map(|tree| lines(tree, end)).max().unwrap_or_default();
            if lines > *limit.get_ref() {
                problems.push(template.problem(limit.span(), ProblemKind::TooManyLines { end: end.clone(), lines }));
            }
        }
    }
}

/// How many lines the files have whose names end with a dot and `end`.
fn lines(tree: &FileTree, end: &str) -> usize {
    let files = tree.iter().filter(|(path, _)| path.as_str().strip_suffix(end).is_some_and(|stem| stem.ends_with('.')));
    files.filter_map(|(_, file)| File::text(file)).map(|text| text.lines().count()).sum()
}
