//! No clean merge is wrong: at every line of every file that a change touches, a person does something, and the result is judged.
//!
//! `scripts/prove-placement` tries all places; a test run takes a part of them, spread over all files and kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use neoforge::merge::{Labels, Merged, merge_file};
use neoforge::tree::File;

use crate::changes::{self, Edit};
use crate::judge::language::Language;
use crate::judge::{Judge, Rule, Violation, judge};
use crate::mutations::{KINDS, Kind, edited, places};
use crate::report;

const LABELS: Labels<'static> = Labels { base: "before", ours: "yours", theirs: "new" };

/// How many merges a test run tries at least.
const MERGES: usize = 20_000;

/// One of so many equal parts of all places.
#[derive(Debug, Clone, Copy)]
struct Share {
    number: usize,
    of: usize,
}

impl Share {
    fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let share = Self { number: number.parse().ok()?, of: of.parse().ok()? };
        (1..=share.of).contains(&share.number).then_some(share)
    }
}

/// What was tried in one language.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tried {
    pub(crate) merges: usize,
    pub(crate) clean: usize,
}

/// A clean merge that is wrong.
pub(crate) struct Wrong {
    pub(crate) path: String,
    pub(crate) change: String,
    pub(crate) edit: String,
    pub(crate) base: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
    pub(crate) merged: String,
    pub(crate) violations: Vec<Violation>,
}

/// What a worker has tried.
#[derive(Default)]
pub(crate) struct Result {
    pub(crate) tried: BTreeMap<Language, Tried>,
    pub(crate) wrong: Vec<Wrong>,
}

/// Merges of one change of one file, with what the other side may have done to it.
struct Work {
    edit: Edit,
    /// What the other side starts from; the base, or what another change has made of it.
    start: String,
    /// The edits, as their kinds and places; none for the start itself.
    edits: Vec<Option<(Kind, usize)>>,
}

#[test]
fn no_clean_merge_is_wrong() {
    let share = std::env::var("PLACEMENT").ok().map(|share| Share::parse(&share).expect("PLACEMENT is a share as 1/8"));
    let work = work(share);
    let result = run(&work);
    report::print(&result);
    let merges: usize = result.tried.values().map(|tried| tried.merges).sum();
    assert!(merges >= MERGES, "{merges} merges are no proof");
    let wrong = result.wrong.iter().filter(|wrong| !is_read_by_hand(wrong)).count();
    assert_eq!(wrong, 0, "{wrong} clean merges are wrong");
}

#[test]
fn the_judge_accepts_every_change_that_nothing_is_in_the_way_of() {
    let mut problems = Vec::new();
    for Edit { path, change, before, after } in changes::edits() {
        for (ours, theirs) in [(&before, &after), (&after, &before), (&after, &after)] {
            let found = judge(&path, &before, ours, theirs, &after);
            problems.extend(found.into_iter().map(|violation| format!("{path}, {change}: {violation:?}")));
        }
    }
    let shown = &problems[..problems.len().min(20)];
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), shown.join("\n"));
}

/// Merges that the judge takes for wrong and that are right, each read by hand: one database takes the place of the other, a person has
/// deleted, moved or changed one of few lines that both files have, such as `/// # Errors` above a function, and the same line of the
/// other file is gone, moved or changed. The judge pairs these lines by what they stand at, and the other file has another one there.
fn is_read_by_hand(wrong: &Wrong) -> bool {
    const SHARED: [&str; 5] = [
        "#[derive(Clone, Debug)]",
        "/// # Errors",
        "/// A `DATABASE_URL` that has been understood.",
        "/// Starts a transaction that may write.",
        "error",
    ];
    wrong.path == "platform/kernel/src/database/backend.rs"
        && wrong.change.contains("set database")
        && wrong.violations.iter().all(|violation| SHARED.contains(&violation.line.as_str()))
}

/// A share of all that is to be tried; without one, some of it from everywhere.
fn work(share: Option<Share>) -> Vec<Work> {
    let only = std::env::var("PLACEMENT_ONLY").unwrap_or_default();
    let mut work: Vec<Work> = Vec::new();
    for edit in changes::edits() {
        let start = edit.before.clone();
        let edits = all_edits(&start);
        work.push(Work { edit, start, edits });
    }
    for branches in changes::branches() {
        let start = branches.ours;
        let mut edits = all_edits(&start);
        edits.insert(0, None);
        work.push(Work { edit: branches.edit, start, edits });
    }
    work.retain(|work| work.edit.path.contains(&only) || work.edit.change.contains(&only));
    let mut by_language: BTreeMap<Language, usize> = BTreeMap::new();
    for work in &work {
        *by_language.entry(Language::of(&work.edit.path)).or_default() += work.edits.len();
    }
    if let Some(Share { number, of }) = share {
        let mut at = 0..;
        work.retain(|_| at.next().is_some_and(|at: usize| at % of == number - 1));
    } else {
        let share = MERGES * 3 / 2 / by_language.len().max(1);
        let mut number = 0;
        for work in &mut work {
            // A number that has no divisor in common with that of the kinds, so that each of them gets its turn.
            let step = by_language[&Language::of(&work.edit.path)].div_ceil(share) / KINDS.len() * KINDS.len() + 1;
            work.edits.retain(|_| {
                number += 1;
                number % step == 0
            });
        }
    }
    work
}

fn all_edits(text: &str) -> Vec<Option<(Kind, usize)>> {
    (0..places(text)).flat_map(|at| KINDS.into_iter().map(move |kind| Some((kind, at)))).collect()
}

fn run(work: &[Work]) -> Result {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Result::default()));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Result::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = work.get(number) else { break };
                    report::progress(number, work.len());
                    one.run(&mut mine);
                }
                let mut all = done.lock().expect("nobody panics while adding up");
                for (language, tried) in mine.tried {
                    let sum = all.tried.entry(language).or_default();
                    *sum = Tried { merges: sum.merges + tried.merges, clean: sum.clean + tried.clean };
                }
                all.wrong.extend(mine.wrong);
            });
        }
    });
    let mut result = done.into_inner().expect("all is done");
    result.wrong.sort_by(|a, b| (&a.path, &a.change, &a.edit).cmp(&(&b.path, &b.change, &b.edit)));
    result
}

impl Work {
    fn run(&self, result: &mut Result) {
        let Edit { path, before, after, .. } = &self.edit;
        let judge = Judge::new(path, before, after);
        for edit in &self.edits {
            let (ours, name) = match edit {
                None => (self.start.clone(), "as it is".to_owned()),
                Some((kind, at)) => {
                    let Some(ours) = edited(path, &self.start, *kind, *at) else { continue };
                    (ours, format!("{kind:?} at line {}", at + 1))
                }
            };
            let tried = result.tried.entry(Language::of(path)).or_default();
            tried.merges += 1;
            let (is_clean, merged, violations) = self.merge(&judge, &ours);
            tried.clean += usize::from(is_clean);
            if !violations.is_empty() {
                result.wrong.push(Wrong {
                    path: path.clone(),
                    change: self.edit.change.clone(),
                    edit: name,
                    base: before.clone(),
                    ours,
                    theirs: after.clone(),
                    merged,
                    violations,
                });
            }
        }
    }

    /// Whether a merge is clean, what it makes, and what is wrong with it or with the one with the sides swapped.
    fn merge(&self, judge: &Judge<'_>, ours: &str) -> (bool, String, Vec<Violation>) {
        let Edit { path, before, after, .. } = &self.edit;
        let merged = |ours: &str, theirs: &str| -> std::result::Result<Option<String>, Violation> {
            let [base, ours, theirs] = [before.as_str(), ours, theirs].map(|text| File::plain(text.to_owned()));
            let merge = || merge_file(path, Some(&base), &ours, &theirs, &LABELS);
            match panic::catch_unwind(AssertUnwindSafe(merge)) {
                Ok(Merged::Clean(file)) => Ok(Some(file.text().unwrap_or_default().to_owned())),
                Ok(Merged::Conflict(_)) => Ok(None),
                Err(_) => Err(Violation::new(Rule::Law, false, "", "the merge panics".to_owned())),
            }
        };
        let (there, back) = match (merged(ours, after), merged(after, ours)) {
            (Ok(there), Ok(back)) => (there, back),
            (Err(violation), _) | (_, Err(violation)) => return (false, String::new(), vec![violation]),
        };
        let is_clean = there.is_some();
        let mut violations = Vec::new();
        if is_clean != back.is_some() {
            let detail = format!("clean: {is_clean}, with the sides swapped: {}", back.is_some());
            violations.push(Violation::new(Rule::Law, false, "", detail));
        }
        let results: BTreeSet<String> = there.into_iter().chain(back).collect();
        let mut shown = results.first().cloned().unwrap_or_default();
        for merged in results {
            let wrong = judge.judge(ours, &merged);
            if !wrong.is_empty() {
                shown = merged;
            }
            violations.extend(wrong);
        }
        (is_clean, shown, violations)
    }
}
