//! What a lock file does not tell: which dependencies are optional, and which features turn them on.
//!
//! ```text
//! asked
//!   axum: form json                       what the template may ask of a crate
//!
//! tower-http                              a package; with its version where there are several
//!   needs tower: default                  a dependency, and the features that are asked of it
//!   may need base64-old 0.13.1 as base64  an optional dependency
//!   feature cors: tower/log dep:base64    a feature
//! ```
//!
//! Only what matters stands there: a dependency that is not named is needed always, and a feature that is not named turns on
//! nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::file::LockFile;
use super::node::{Need, Node, Value};

/// What is known about the packages of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// What may be asked of each package that a project may name.
    pub asked: BTreeMap<usize, BTreeSet<String>>,
    /// For each package of the lock file.
    pub nodes: Vec<Node>,
}

/// A line that says nothing that can be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {reason}; write the file anew with `neoforge template lock`")]
pub struct FactsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: FactsReason,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FactsReason {
    #[error("is none of `needs`, `may need` and `feature`, below a package")]
    Syntax,
    #[error("names a package that is not in the lock file beside it")]
    Package,
}

impl Facts {
    /// Reads the facts about the packages of `lock`.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &str, lock: &LockFile) -> Result<Self, FactsError> {
        let labels: Vec<String> = lock.labels().iter().map(super::Label::text).collect();
        let places: HashMap<&str, usize> = labels.iter().map(String::as_str).zip(0..).collect();
        let mut facts = Self { asked: BTreeMap::new(), nodes: vec![Node::default(); lock.packages.len()] };
        let mut section = Section::None;
        for (index, line) in text.lines().enumerate() {
            let fail = |reason| FactsError { line: index + 1, reason };
            let place = |label: &str| places.get(label).copied().ok_or(fail(FactsReason::Package));
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(entry) = line.strip_prefix("  ") else {
                section = if line == "asked" { Section::Asked } else { Section::Package(place(line)?) };
                continue;
            };
            let (head, words) = entry.split_once(':').unwrap_or((entry, ""));
            let words = words.split_whitespace();
            match section {
                Section::None => return Err(fail(FactsReason::Syntax)),
                Section::Asked => {
                    facts.asked.entry(place(head)?).or_default().extend(words.map(str::to_owned));
                }
                Section::Package(package) => {
                    let node = &mut facts.nodes[package];
                    if let Some(feature) = head.strip_prefix("feature ") {
                        node.features.insert(feature.to_owned(), words.map(Value::parse).collect());
                        continue;
                    }
                    let (optional, named) = match head.strip_prefix("needs ") {
                        Some(named) => (false, named),
                        None => (true, head.strip_prefix("may need ").ok_or(fail(FactsReason::Syntax))?),
                    };
                    let (label, alias) = named.split_once(" as ").unwrap_or((named, ""));
                    let package = place(label)?;
                    let alias = if alias.is_empty() { &lock.packages[package].name } else { alias };
                    let features = words.map(str::to_owned).collect();
                    node.needs.push(Need { alias: alias.to_owned(), package, optional, features });
                }
            }
        }
        for (node, package) in facts.nodes.iter_mut().zip(&lock.packages) {
            let told = |edge: &usize| node.needs.iter().any(|need| need.package == *edge);
            node.edges = package.dependencies.iter().copied().filter(|edge| !told(edge)).collect();
        }
        Ok(facts)
    }

    /// The text of the facts about the packages of `lock`.
    #[must_use]
    pub fn render(&self, lock: &LockFile) -> String {
        let labels: Vec<String> = lock.labels().iter().map(super::Label::text).collect();
        let words = |words: &[String]| if words.is_empty() { String::new() } else { format!(": {}", words.join(" ")) };
        let mut out = String::from(
            "# What Cargo.lock does not tell of its packages, as far as it decides what a project needs.\n# Written by \
             `neoforge template lock`, as Cargo.lock is; not for editing.\n\nasked\n",
        );
        // Writing to a String cannot fail.
        for (package, features) in &self.asked {
            let features: Vec<String> = features.iter().cloned().collect();
            let _ = writeln!(out, "  {}{}", labels[*package], words(&features));
        }
        for (package, node) in self.nodes.iter().enumerate() {
            if node.needs.is_empty() && node.features.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{}", labels[package]);
            for Need { alias, package, optional, features } in &node.needs {
                let verb = if *optional { "may need" } else { "needs" };
                let alias = if *alias == lock.packages[*package].name { String::new() } else { format!(" as {alias}") };
                let _ = writeln!(out, "  {verb} {}{alias}{}", labels[*package], words(features));
            }
            for (feature, values) in &node.features {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                let _ = writeln!(out, "  feature {feature}{}", words(&values));
            }
        }
        out
    }
}

/// Where a line of the facts belongs.
enum Section {
    None,
    Asked,
    Package(usize),
}
