//! From everything that the packages of a lock file declare to what decides which of them a project needs.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::node::{Need, Node, Value};
use super::resolve::{Found, resolve};

/// Keeps of all packages what can make a difference for a project that asks for no more than the last of them, which asks
/// for everything that any project may ask for.
#[must_use]
pub fn reduce(nodes: &[Node]) -> Vec<Node> {
    let all: Vec<&Node> = nodes.iter().collect();
    let found = resolve(&all, 1);
    let active: Vec<Node> = nodes.iter().zip(&found).map(|(node, found)| active(node, found)).collect();
    let matters = matters(&active);
    active.iter().enumerate().map(|(package, node)| without_idle(package, node, &matters)).collect()
}

/// What of a package is ever on.
fn active(node: &Node, found: &Found<'_>) -> Node {
    let is_active =
        |need: &&Need| found.needed && (!need.optional || found.turned_on.contains_key(need.alias.as_str()));
    let needs: Vec<Need> = node.needs.iter().filter(is_active).cloned().collect();
    let features = node.features.iter().filter(|(feature, _)| found.features.contains(feature.as_str()));
    Node {
        edges: Vec::new(),
        needs,
        features: features.map(|(feature, values)| (feature.clone(), values.clone())).collect(),
    }
}

/// The features that turn on a dependency, be it at the far end of a chain of features.
fn matters(nodes: &[Node]) -> HashSet<(usize, &str)> {
    let mut matters = HashSet::new();
    loop {
        let mut more = Vec::new();
        for (package, node) in nodes.iter().enumerate() {
            for (feature, values) in &node.features {
                if !matters.contains(&(package, feature.as_str()))
                    && values.iter().any(|value| value_matters(package, node, value, &matters))
                {
                    more.push((package, feature.as_str()));
                }
            }
        }
        if more.is_empty() {
            return matters;
        }
        matters.extend(more);
    }
}

fn value_matters(package: usize, node: &Node, value: &Value, matters: &HashSet<(usize, &str)>) -> bool {
    match value {
        Value::Feature(feature) => matters.contains(&(package, feature.as_str())),
        Value::Dependency(alias) => node.needs.iter().any(|need| need.alias == *alias && need.optional),
        Value::FeatureOf { alias, feature, .. } => node
            .needs
            .iter()
            .filter(|need| need.alias == *alias)
            .any(|need| need.optional || matters.contains(&(need.package, feature.as_str()))),
    }
}

fn without_idle(package: usize, node: &Node, matters: &HashSet<(usize, &str)>) -> Node {
    let mut features: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (feature, values) in &node.features {
        let values: BTreeSet<&Value> =
            values.iter().filter(|value| value_matters(package, node, value, matters)).collect();
        if !values.is_empty() {
            features.insert(feature.clone(), values.into_iter().cloned().collect());
        }
    }
    let reached = |alias: &str| {
        features
            .values()
            .flatten()
            .any(|value| matches!(value, Value::FeatureOf { alias: reached, .. } if reached == alias))
    };
    let needs: BTreeSet<Need> = node
        .needs
        .iter()
        .map(|need| {
            let asked = need.features.iter().filter(|feature| matters.contains(&(need.package, feature.as_str())));
            let asked: BTreeSet<&String> = asked.collect();
            Need { features: asked.into_iter().cloned().collect(), ..need.clone() }
        })
        .collect();
    let told: BTreeSet<usize> = needs
        .iter()
        .filter(|need| need.optional || !need.features.is_empty() || reached(&need.alias))
        .map(|need| need.package)
        .collect();
    // Beside an optional dependency, one on the same package that is always there must be told, too.
    let (needs, plain): (Vec<Need>, Vec<Need>) = needs.into_iter().partition(|need| told.contains(&need.package));
    Node { edges: plain.into_iter().map(|need| need.package).collect(), needs, features }
}
