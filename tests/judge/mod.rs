//! Judges clean merges: whether a result is right is computed here from the two sides and the base alone. Nothing here is shared with
//! what merges.
//!
//! The rule: every line that a side added stands in the result as often as it was added, below the line below which it was
//! written; every line that a side removed is gone where it stood, and no other; attributes and doc comments stay above their item;
//! where both sides changed one value, only a conflict is right, but for lists to which both only added; the result can be read,
//! without doubled keys; and lines keep their neighbours.

#![allow(dead_code, reason = "each program that judges uses a part of it")]

mod blend;
mod compare;
mod data;
mod diff;
mod expected;
mod html;
mod indented;
pub(crate) mod language;
mod lines;
mod markdown;
mod scan;
mod side;
mod tables;

use compare::Way;
use data::Value;
use diff::diff;
use expected::{Expected, Node};
use language::Language;
use lines::Text;
use side::Side;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    /// It is missing, or not there as often as it must be.
    Missing,
    /// It is there although it was removed, or too often.
    Extra,
    /// It stands below something else.
    Parent,
    /// It stands above a line that it must stand below, or the other way round.
    Order,
    /// It has parts of two edits, or both edits side by side.
    Mixed,
    /// A value is not that of the side that has changed it.
    Value,
    /// A law that holds for all merges does not.
    Law,
    /// The text cannot be read.
    Syntax,
}

/// A way in which a clean merge is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) comment: bool,
    pub(crate) line: String,
    pub(crate) detail: String,
}

impl Violation {
    pub(crate) fn new(rule: Rule, comment: bool, line: &str, detail: String) -> Self {
        Self { rule, comment, line: line.to_owned(), detail }
    }
}

/// What is wrong with a clean merge.
pub(crate) fn judge(path: &str, base: &str, ours: &str, theirs: &str, merged: &str) -> Vec<Violation> {
    Judge::new(path, base, theirs).judge(ours, merged)
}

/// Why a text cannot be read, if it cannot; a doubled key is a mistake, too.
pub(crate) fn unreadable(path: &str, text: &str) -> Option<String> {
    data::read(Language::of(path), text).err()
}

/// What is wrong with a clean merge of any texts: its syntax, its values, and lines that are lost or there without a reason. Where
/// they stand can only be said of texts that people write.
pub(crate) fn presence(path: &str, base: &str, ours: &str, theirs: &str, merged: &str) -> Vec<Violation> {
    let mut violations = judge(path, base, ours, theirs, merged);
    violations.retain(|violation| matches!(violation.rule, Rule::Missing | Rule::Syntax | Rule::Value));
    violations
}

/// A judge of the merges of one file with one change of the second side.
pub(crate) struct Judge<'a> {
    language: Language,
    base: &'a str,
    theirs: &'a str,
    read: Option<[Option<Value>; 2]>,
    texts: [Text; 2],
    other: Side,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(path: &str, base: &'a str, theirs: &'a str) -> Self {
        let language = Language::of(path);
        let read = match (data::read(language, base), data::read(language, theirs)) {
            (Ok(base), Ok(theirs)) => Some([base, theirs]),
            _ => None,
        };
        let texts = [base, theirs].map(|text| Text::parse(language, text));
        let other = Side::new(&texts[0], &texts[1], diff(&texts[0], &texts[1]));
        Self { language, base, theirs, read, texts, other }
    }

    /// What is wrong with a clean merge of `ours`.
    pub(crate) fn judge(&self, ours: &str, merged: &str) -> Vec<Violation> {
        let read = self.read.as_ref().and_then(|read| Some((read, data::read(self.language, ours).ok()?)));
        let Some(([base, theirs], yours)) = read else {
            // Of what cannot be read before, only the lines can be judged.
            let [base, theirs, ours, merged] =
                [self.base, self.theirs, ours, merged].map(|text| Text::flat(self.language, text));
            let other = Side::new(&base, &theirs, diff(&base, &theirs));
            return lines(&base, &ours, &theirs, other, &merged, false);
        };
        let value = match data::read(self.language, merged) {
            Ok(value) => value,
            Err(error) => return vec![Violation::new(Rule::Syntax, false, "", error)],
        };
        let [before, after] = &self.texts;
        let (ours, merged) = (Text::parse(self.language, ours), Text::parse(self.language, merged));
        let mut violations = lines(
            before,
            &ours,
            after,
            self.other.clone(),
            &merged,
            matches!(self.language, Language::Toml | Language::Json),
        );
        if let (Some(base), Some(yours), Some(theirs), Some(value)) = (base, &yours, theirs, &value) {
            if self.language == Language::Yaml {
                violations.extend(data::contested(base, yours, theirs));
            } else {
                // What a file means is in its values; how they are written, a merge may change.
                violations.retain(|violation| violation.comment && !is_elsewhere(&ours, after, &merged, violation));
                violations.extend(data::values(base, yours, theirs, value));
            }
        }
        violations
    }
}

/// Whether a comment is there all the same, below a line that is written in another way.
fn is_elsewhere(ours: &Text, theirs: &Text, merged: &Text, violation: &Violation) -> bool {
    let above = |text: &Text| -> Vec<Option<String>> {
        let lines = text.lines.iter().filter(|line| line.text == violation.line);
        lines.map(|line| line.parent.map(|above| text.lines[above].text.clone())).collect()
    };
    let key =
        |line: &Option<String>| line.as_ref().map(|line| line.split('=').next().unwrap_or_default().trim().to_owned());
    let sides: Vec<Option<String>> = above(ours).iter().chain(&above(theirs)).map(key).collect();
    let now = above(merged);
    violation.rule != Rule::Order && !now.is_empty() && now.iter().all(|line| sides.contains(&key(line)))
}

/// What is wrong with the lines of a merge; where their values are judged, only comments must keep their order.
fn lines(base: &Text, ours: &Text, theirs: &Text, mut other: Side, merged: &Text, comments: bool) -> Vec<Violation> {
    let mut yours = Side::new(base, ours, diff(base, ours));
    compare::dissolve_renamed(base, &mut yours, &other);
    compare::dissolve_renamed(base, &mut other, &yours);
    let mut expected = Expected::new(base, ours, theirs, &yours, &other);
    let texts = [base, ours, theirs];
    let found = compare::find(&expected, texts, merged);
    let mut violations = compare::placement(&expected, &found, merged);
    violations.extend(compare::contested(&expected, texts, merged));
    let ways = [
        Way { base, text: ours, side: &yours, across: theirs, other: &other, node: Node::Ours, comments },
        Way { base, text: theirs, side: &other, across: ours, other: &yours, node: Node::Theirs, comments },
    ];
    violations.extend(compare::statements(base, &ways));
    for way in &ways {
        violations.extend(compare::order(&mut expected, way, &found, merged));
    }
    violations
}
