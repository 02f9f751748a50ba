//! Which packages a project needs: what cargo's resolver finds for a lock file, given that the versions are known.
//!
//! A lock file fits every target and every set of features, so cargo resolves it with all features and the
//! dev-dependencies of the members. A feature that anybody asks for holds for the package as a whole, and a weak
//! `dependency?/feature` counts like a strong one. So the result only grows with what is asked, and the order does not matter.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::node::{Need, Node, Value};

/// What was found of one package.
#[derive(Debug, Clone, Default)]
pub(super) struct Found<'a> {
    /// Whether anybody needs it.
    pub(super) needed: bool,
    /// The packages that it needs.
    pub(super) dependencies: BTreeSet<usize>,
    /// The features that are on.
    pub(super) features: HashSet<&'a str>,
    /// The dependencies that a feature has turned on, each with the features that are asked of it.
    pub(super) turned_on: HashMap<&'a str, BTreeSet<&'a str>>,
}

/// Resolves what the members need, which are the last packages; all of their features are on.
pub(super) fn resolve<'a>(nodes: &[&'a Node], members: usize) -> Vec<Found<'a>> {
    let mut resolver = Resolver { nodes, found: vec![Found::default(); nodes.len()], tasks: Vec::new() };
    for (package, node) in nodes.iter().enumerate().skip(nodes.len() - members) {
        resolver.tasks.push((package, None));
        resolver.tasks.extend(node.features.keys().map(|feature| (package, Some(feature.as_str()))));
    }
    while let Some((package, feature)) = resolver.tasks.pop() {
        resolver.need(package);
        if let Some(feature) = feature {
            resolver.turn_on(package, feature);
        }
    }
    resolver.found
}

struct Resolver<'a, 'n> {
    nodes: &'n [&'a Node],
    found: Vec<Found<'a>>,
    /// Packages that are needed, each with a feature that is asked of it.
    tasks: Vec<(usize, Option<&'a str>)>,
}

impl<'a> Resolver<'a, '_> {
    /// Somebody needs the package.
    fn need(&mut self, package: usize) {
        if std::mem::replace(&mut self.found[package].needed, true) {
            return;
        }
        let node = self.nodes[package];
        for edge in &node.edges {
            self.found[package].dependencies.insert(*edge);
            self.tasks.push((*edge, None));
        }
        for need in node.needs.iter().filter(|need| !need.optional) {
            self.follow(package, need);
        }
    }

    fn follow(&mut self, package: usize, need: &'a Need) {
        self.found[package].dependencies.insert(need.package);
        self.tasks.push((need.package, None));
        self.tasks.extend(need.features.iter().map(|feature| (need.package, Some(feature.as_str()))));
    }

    /// Somebody asks for a feature of the package. A feature that is not known there turns on nothing.
    fn turn_on(&mut self, package: usize, feature: &'a str) {
        let node = self.nodes[package];
        let Some(values) = node.features.get(feature) else { return };
        if !self.found[package].features.insert(feature) {
            return;
        }
        for value in values {
            match value {
                Value::Feature(feature) => self.turn_on(package, feature),
                Value::Dependency(alias) => self.turn_on_dependency(package, alias, None),
                Value::FeatureOf { alias, feature, weak } => {
                    let is_optional = || node.needs.iter().any(|need| need.alias == *alias && need.optional);
                    if !weak && is_optional() {
                        self.turn_on(package, alias);
                    }
                    self.turn_on_dependency(package, alias, Some(feature));
                }
            }
        }
    }

    fn turn_on_dependency(&mut self, package: usize, alias: &'a str, feature: Option<&'a str>) {
        let known = self.found[package].turned_on.contains_key(alias);
        let asked = self.found[package].turned_on.entry(alias).or_default();
        let is_new = feature.is_some_and(|feature| asked.insert(feature));
        for need in self.nodes[package].needs.iter().filter(|need| need.alias == alias) {
            if !known {
                self.follow(package, need);
            }
            if is_new {
                self.tasks.push((need.package, feature));
            }
        }
    }
}
