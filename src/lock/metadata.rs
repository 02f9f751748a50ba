//! What `cargo metadata` tells of the packages of a lock file.

use std::collections::{BTreeMap, HashMap};

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::file::LockFile;
use super::node::{Need, Node, Value};
use super::reduce::reduce;
use super::union::{NAME, Union};
use super::{Facts, LockError};

/// Why the facts of a lock file cannot be told.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MetadataError {
    #[error("what `cargo metadata` printed is not understood")]
    Json(#[from] serde_json::Error),
    #[error("`cargo metadata` does not tell of {name} {version}, which is in the lock file")]
    Untold { name: String, version: Version },
    #[error("{name} needs {needed} {wanted}, which is not in the lock file")]
    Unlocked { name: String, needed: String, wanted: VersionReq },
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// The facts of a lock file that was made for `union`, from what `cargo metadata --all-features` prints.
///
/// # Errors
/// Where the two do not go together.
pub fn facts(lock: &LockFile, metadata: &[u8], union: &Union) -> Result<Facts, MetadataError> {
    let Metadata { packages } = serde_json::from_slice(metadata)?;
    let told: HashMap<(&str, &Version), &Package> =
        packages.iter().map(|package| ((package.name.as_str(), &package.version), package)).collect();
    let mut nodes = Vec::with_capacity(lock.packages.len() + 1);
    let mut root = Node::default();
    for package in &lock.packages {
        let untold = || MetadataError::Untold { name: package.name.clone(), version: package.version.clone() };
        let told = told.get(&(package.name.as_str(), &package.version)).ok_or_else(untold)?;
        let node = node(lock, &package.dependencies, told)?;
        if package.source.is_none() && package.name == NAME {
            root = node;
            nodes.push(Node::default());
        } else {
            nodes.push(node);
        }
    }
    nodes.push(root);
    let mut nodes = reduce(&nodes);
    nodes.truncate(lock.packages.len());

    let mut facts = Facts { asked: BTreeMap::new(), nodes };
    for (name, wanted, features) in union.asks() {
        let places = lock.packages.iter().enumerate();
        let fits = places.filter(|(_, package)| package.name == name && wanted.matches(&package.version));
        let newest = fits.max_by_key(|(_, package)| &package.version);
        let (place, _) =
            newest.ok_or_else(|| MetadataError::Unlocked { name: NAME.to_owned(), needed: name.to_owned(), wanted })?;
        facts.asked.entry(place).or_default().extend(features.iter().cloned());
    }
    Ok(facts)
}

fn node(lock: &LockFile, edges: &[usize], package: &Package) -> Result<Node, MetadataError> {
    let mut needs = Vec::new();
    for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev")) {
        let fits = edges.iter().copied().filter(|place| {
            let locked = &lock.packages[*place];
            locked.name == dependency.name && dependency.req.matches(&locked.version)
        });
        let Some(place) = fits.max_by_key(|place| &lock.packages[*place].version) else {
            if dependency.optional {
                continue;
            }
            return Err(MetadataError::Unlocked {
                name: package.name.clone(),
                needed: dependency.name.clone(),
                wanted: dependency.req.clone(),
            });
        };
        let mut features = dependency.features.clone();
        if dependency.uses_default_features {
            features.push("default".to_owned());
        }
        needs.push(Need {
            alias: dependency.rename.clone().unwrap_or_else(|| dependency.name.clone()),
            package: place,
            optional: dependency.optional,
            features,
        });
    }
    let features = package.features.iter().map(|(feature, values)| {
        let values = values.iter().map(|value| Value::parse(value)).collect();
        (feature.clone(), values)
    });
    Ok(Node { edges: Vec::new(), needs, features: features.collect() })
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Version,
    dependencies: Vec<Dependency>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: VersionReq,
    kind: Option<String>,
    rename: Option<String>,
    optional: bool,
    uses_default_features: bool,
    features: Vec<String>,
}
