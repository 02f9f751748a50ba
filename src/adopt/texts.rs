//! Texts and numbers that were typed once: found where they stand in the project.
//!
//! The template is rendered with words that nobody types in place of the answers. A line of it that holds such a word says
//! what stands before and after the answer; the lines of the same file that fit give what may have been answered.

use std::collections::BTreeMap;

use heck::{ToKebabCase, ToSnakeCase};
use regex::Regex;

use super::evidence::Evidence;
use crate::answers::record::Record;
use crate::answers::{Answers, Value};
use crate::render::render;
use crate::template::Template;
use crate::template::manifest::Kind;
use crate::tree::FileTree;

/// How many of the possible values of an answer are tried.
const TRIED: usize = 8;

/// The key of the project's name.
pub(super) const NAME: &str = "name";

/// The answers with words that nobody types in the place of texts and numbers, and the words by their keys.
pub(super) fn disguised(answers: &Answers, kinds: &BTreeMap<String, Kind>) -> (Answers, BTreeMap<String, String>) {
    let mut disguised = answers.clone();
    let mut words = BTreeMap::new();
    for (number, (key, kind)) in kinds.iter().enumerate() {
        let value = match kind {
            Kind::Integer => Value::Integer(word_of_digits(number)),
            Kind::String => Value::Text(word_of_letters(number)),
            Kind::Bool | Kind::Choice | Kind::Choices => continue,
        };
        words.insert(key.clone(), value.to_string());
        if key == NAME {
            disguised.name = value.to_string();
        } else {
            disguised.values.insert(key.clone(), value);
        }
    }
    (disguised, words)
}

/// A word that keeps its letters in every case of letters, and holds no other such word.
fn word_of_letters(number: usize) -> String {
    let letter = |index: usize| char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));
    ['z', 'q', 'x', letter(number / 26), letter(number), 'x', 'q', 'z'].iter().collect()
}

fn word_of_digits(number: usize) -> i64 {
    7_310_000_007 + 10 * i64::try_from(number).unwrap_or(0)
}

/// What the answers may have been, the likeliest first.
#[derive(Debug, Default)]
pub(super) struct Possible {
    /// Each answer by itself.
    pub(super) alone: BTreeMap<String, Vec<String>>,
    /// Answers that stand in one line: it is found only when all of them are right.
    pub(super) together: Vec<Assignment>,
}

pub(super) fn possible(
    template: &Template,
    record: &Record,
    kinds: &BTreeMap<String, Kind>,
    evidence: &Evidence<'_>,
) -> Possible {
    let (answers, words) = disguised(&record.answers, kinds);
    // A template may have a condition for its answers; then there is nothing to be seen here.
    let Ok(tree) = render(template, &Record { answers, ..record.clone() }) else {
        return Possible::default();
    };
    let mut votes = Votes::default();
    collect(&tree, &words, evidence, &mut votes);
    let alone = votes.alone.into_iter().map(|(key, votes)| (key, ranked(votes))).collect();
    Possible { alone, together: votes.together }
}

#[derive(Default)]
struct Votes {
    /// For each answer the values that fit some line, each with its weight and when it was met.
    alone: BTreeMap<String, BTreeMap<String, (usize, usize)>>,
    together: Vec<Assignment>,
}

impl Votes {
    fn count(&mut self, key: &str, value: &str, weight: usize) {
        let values = self.alone.entry(key.to_owned()).or_default();
        let met = values.len();
        values.entry(value.to_owned()).or_insert((0, met)).0 += weight;
    }
}

fn ranked(votes: BTreeMap<String, (usize, usize)>) -> Vec<String> {
    let mut votes: Vec<_> = votes.into_iter().collect();
    votes.sort_by(|(_, (weight, met)), (_, (other, later))| other.cmp(weight).then(met.cmp(later)));
    votes.into_iter().map(|(value, _)| value).take(TRIED).collect()
}

fn collect(tree: &FileTree, words: &BTreeMap<String, String>, evidence: &Evidence<'_>, votes: &mut Votes) {
    for (path, file) in tree {
        let Some(text) = file.text() else { continue };
        let fits: Vec<(&str, Assignment)> = match Pattern::new(path.as_str(), words) {
            None => vec![(path.as_str(), Assignment::new())],
            Some(pattern) => evidence.paths().filter_map(|path| Some((path, pattern.matched(path, votes)?))).collect(),
        };
        let patterns: Vec<Pattern> = text.lines().filter_map(|line| Pattern::new(line.trim(), words)).collect();
        if patterns.is_empty() {
            continue;
        }
        for (path, by_path) in fits {
            for line in evidence.text(path).unwrap_or_default().lines() {
                for pattern in &patterns {
                    let Some(by_line) = pattern.matched(line.trim(), votes) else { continue };
                    let together: Assignment = by_line.into_iter().chain(by_path.clone()).collect();
                    if together.len() > 1 && votes.together.len() < TRIED {
                        votes.together.push(together);
                    }
                }
            }
        }
    }
}

/// Answers by their keys.
type Assignment = BTreeMap<String, String>;

/// A line with answers in it.
struct Pattern {
    regex: Regex,
    /// The key of each group.
    keys: Vec<String>,
    /// How much a match says: more, the more stands around the answers.
    weight: usize,
}

impl Pattern {
    /// `None` where the line holds no answer.
    fn new(line: &str, words: &BTreeMap<String, String>) -> Option<Self> {
        // Filters may have changed the letters' case; the words are ASCII, so that every position stays the same.
        let lower = line.to_ascii_lowercase();
        let mut found: Vec<(usize, &String, &String)> = words
            .iter()
            .flat_map(|(key, word)| lower.match_indices(word.as_str()).map(move |(at, _)| (at, key, word)))
            .collect();
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        let (mut pattern, mut keys, mut done, mut weight) = ("^".to_owned(), Vec::new(), 0, 1);
        for (at, key, word) in found {
            let group = if word.starts_with(|first: char| first.is_ascii_digit()) { "(-?[0-9]+)" } else { "(.*?)" };
            pattern.extend([&regex::escape(&line[done..at]), group]);
            weight += letters(&line[done..at]);
            keys.push(key.clone());
            done = at + word.len();
        }
        weight += letters(&line[done..]);
        pattern.extend([&regex::escape(&line[done..]), "$"]);
        Some(Self { regex: Regex::new(&pattern).ok()?, keys, weight })
    }

    /// Counts what stands in the places of the answers, and returns it; `None` where the line does not fit.
    fn matched(&self, line: &str, votes: &mut Votes) -> Option<Assignment> {
        let captures = self.regex.captures(line)?;
        for (key, value) in self.keys.iter().zip(captures.iter().skip(1).flatten()) {
            let value = value.as_str();
            votes.count(key, value, self.weight);
            // As the filters for TOML and JSON write it.
            if value.contains('\\')
                && let Ok(plain) = serde_json::from_str::<String>(&format!("\"{value}\""))
            {
                votes.count(key, &plain, self.weight);
            }
            if key == NAME {
                votes.count(key, &value.to_kebab_case(), self.weight);
                votes.count(key, &value.to_snake_case(), self.weight);
            }
        }
        let values = captures.iter().skip(1).flatten().map(|value| value.as_str().to_owned());
        Some(self.keys.iter().cloned().zip(values).collect())
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_alphanumeric()).count()
}
