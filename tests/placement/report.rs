//! What the proof prints: how much was tried, and what is wrong, by its cause.

#![expect(clippy::print_stdout, reason = "this is what people ask for")]

use std::collections::BTreeMap;

use neoforge::unified::diff;

use crate::judge::Rule;
use crate::judge::language::Language;
use crate::property::{Result, Wrong};

/// How many examples of a cause are shown.
const EXAMPLES: usize = 2;

/// How many lines of an excerpt are shown.
const LINES: usize = 30;

pub(crate) fn print(result: &Result) {
    let (mut merges, mut clean) = (0, 0);
    for (language, tried) in &result.tried {
        println!("{language:?}: {} merges, {:.1}% clean", tried.merges, percent(tried.clean, tried.merges));
        merges += tried.merges;
        clean += tried.clean;
    }
    println!("{merges} merges, {:.1}% clean, {} wrong", percent(clean, merges), result.wrong.len());

    let mut causes: BTreeMap<(Language, Vec<Rule>, String), Vec<&Wrong>> = BTreeMap::new();
    for wrong in &result.wrong {
        let mut rules: Vec<Rule> = wrong.violations.iter().map(|violation| violation.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let kind = wrong.edit.split(' ').next().unwrap_or_default().to_owned();
        causes.entry((Language::of(&wrong.path), rules, kind)).or_default().push(wrong);
    }
    let examples = std::env::var("PLACEMENT_EXAMPLES").ok().and_then(|count| count.parse().ok()).unwrap_or(EXAMPLES);
    for ((language, rules, kind), wrong) in &causes {
        println!("\n##### {language:?}, {kind}: {rules:?}: {} merges", wrong.len());
        for wrong in spread(wrong, examples) {
            show(wrong);
        }
    }
}

/// A few of many, from the whole length.
fn spread<'a>(wrong: &[&'a Wrong], count: usize) -> Vec<&'a Wrong> {
    let step = wrong.len().div_ceil(count.max(1)).max(1);
    wrong.iter().step_by(step).copied().collect()
}

fn show(wrong: &Wrong) {
    println!("\n=== {}, {}, {}", wrong.path, wrong.change, wrong.edit);
    for violation in wrong.violations.iter().take(4) {
        println!("{:?}: {:?} {}", violation.rule, violation.line, violation.detail);
    }
    excerpt("base to ours", &wrong.base, &wrong.ours);
    excerpt("base to theirs", &wrong.base, &wrong.theirs);
    excerpt("theirs to merged", &wrong.theirs, &wrong.merged);
}

fn excerpt(title: &str, old: &str, new: &str) {
    println!("--- {title}");
    let text = diff("", "", old, new);
    let lines: Vec<&str> = text.lines().skip(2).collect();
    for line in lines.iter().take(LINES) {
        println!("{line}");
    }
    if lines.len() > LINES {
        println!("... {} more lines", lines.len() - LINES);
    }
}

/// Says now and then how much was tried.
pub(crate) fn progress(number: usize, of: usize) {
    if number > 0 && number.is_multiple_of(1_000) {
        println!("{number} of {of} files and changes");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a million merges")]
fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}
