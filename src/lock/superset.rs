//! The packages that any project of a template may need, of which each project gets its own.

use std::collections::{BTreeMap, HashMap};

use super::facts::Facts;
use super::file::{LockFile, Package};
use super::manifest::{Member, Origin, members};
use super::node::{Need, Node, Value};
use super::resolve::resolve;
use super::{FactsError, LockError, LockFileError};
use crate::tree::FileTree;

/// A lock file with the facts that it does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superset {
    lock: LockFile,
    facts: Facts,
    by_name: HashMap<String, Vec<usize>>,
}

/// Why a template's lock is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupersetError {
    /// The lock file.
    #[error("{0}; write the file anew with `neoforge template lock`")]
    Lock(LockFileError),
    /// The facts.
    #[error(transparent)]
    Facts(#[from] FactsError),
}

impl Superset {
    /// Reads a lock file, and the facts about its packages.
    ///
    /// # Errors
    /// What is wrong with which line.
    pub fn parse(lock: &str, facts: &str) -> Result<Self, SupersetError> {
        let lock = LockFile::parse(lock).map_err(SupersetError::Lock)?;
        let facts = Facts::parse(facts, &lock)?;
        Ok(Self::new(lock, facts))
    }

    /// A lock file with its facts.
    #[must_use]
    pub fn new(lock: LockFile, facts: Facts) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, package) in lock.packages.iter().enumerate().filter(|(_, package)| package.source.is_some()) {
            by_name.entry(package.name.clone()).or_default().push(place);
        }
        Self { lock, facts, by_name }
    }

    /// The lock file of a project, as cargo would write it; none for a tree without a manifest.
    ///
    /// # Errors
    /// What its manifests ask for beyond the superset.
    pub fn derive(&self, tree: &FileTree) -> Result<Option<String>, LockError> {
        let members = members(tree)?;
        if members.is_empty() {
            return Ok(None);
        }
        let own: Vec<Node> = self.own_nodes(&members)?;
        let nodes: Vec<&Node> = self.facts.nodes.iter().chain(&own).collect();
        let found = resolve(&nodes, own.len());

        let mut places = vec![usize::MAX; nodes.len()];
        for (place, index) in (0..nodes.len()).filter(|index| found[*index].needed).enumerate() {
            places[index] = place;
        }
        let own = members.into_iter().map(|member| Package {
            name: member.name,
            version: member.version,
            source: None,
            checksum: None,
            dependencies: Vec::new(),
        });
        let known = self.lock.packages.iter().zip(&found).filter(|(_, found)| found.needed);
        let packages = known.map(|(package, _)| package.clone()).chain(own);
        let needed = found.iter().filter(|found| found.needed);
        let connected = packages.zip(needed).map(|(package, found)| Package {
            dependencies: found.dependencies.iter().map(|index| places[*index]).collect(),
            ..package
        });
        Ok(Some(LockFile::of(connected.collect()).render()))
    }

    /// Whether a lock file has no packages but those of this one and the project's own.
    #[must_use]
    pub fn covers(&self, lock: &str) -> bool {
        let Ok(lock) = LockFile::parse(lock) else { return false };
        let is_known = |package: &Package| {
            let places = self.by_name.get(&package.name).into_iter().flatten();
            let mut known = places.map(|place| &self.lock.packages[*place]);
            known.any(|known| known.version == package.version && known.source == package.source)
        };
        lock.packages.iter().all(|package| package.source.is_none() || is_known(package))
    }

    /// The members as the resolver sees them, which follow the packages of the superset.
    fn own_nodes(&self, members: &[Member]) -> Result<Vec<Node>, LockError> {
        let folders: BTreeMap<&str, usize> =
            members.iter().map(Member::folder).zip(self.lock.packages.len()..).collect();
        let node = |member: &Member| {
            let mut needs = Vec::with_capacity(member.asks.len());
            for ask in &member.asks {
                let package = match &ask.origin {
                    Origin::Folder(folder) => folders
                        .get(folder.as_str())
                        .copied()
                        .ok_or_else(|| LockError::NoFolder { folder: folder.clone() })?,
                    Origin::Registry(wanted) => {
                        let package = self.find(&ask.package, wanted).ok_or_else(|| LockError::Unknown {
                            name: ask.package.clone(),
                            wanted: wanted.clone(),
                            by: member.manifest.clone(),
                        })?;
                        self.check_features(package, ask.features.iter().map(String::as_str), member)?;
                        package
                    }
                };
                needs.push(Need {
                    alias: ask.alias.clone(),
                    package,
                    optional: ask.optional,
                    features: ask.features.clone(),
                });
            }
            let features: BTreeMap<String, Vec<Value>> = member
                .features
                .iter()
                .map(|(feature, values)| (feature.clone(), values.iter().map(|value| Value::parse(value)).collect()))
                .collect();
            for value in features.values().flatten() {
                let Value::FeatureOf { alias, feature, .. } = value else { continue };
                for need in needs.iter().filter(|need| need.alias == *alias) {
                    if need.package < self.lock.packages.len() {
                        self.check_features(need.package, [feature.as_str()], member)?;
                    }
                }
            }
            Ok(Node { edges: Vec::new(), needs, features })
        };
        members.iter().map(node).collect()
    }

    /// The newest package that fits.
    fn find(&self, name: &str, wanted: &semver::VersionReq) -> Option<usize> {
        let fits = |place: &usize| wanted.matches(&self.lock.packages[*place].version);
        let places = self.by_name.get(name)?.iter().copied();
        places.filter(fits).max_by_key(|place| &self.lock.packages[*place].version)
    }

    /// What was not asked when the superset was made may need packages that it does not have.
    fn check_features<'a>(
        &self,
        package: usize,
        features: impl IntoIterator<Item = &'a str>,
        member: &Member,
    ) -> Result<(), LockError> {
        let name = &self.lock.packages[package].name;
        let unknown = |feature: &str| LockError::UnknownFeature {
            name: name.clone(),
            feature: feature.to_owned(),
            by: member.manifest.clone(),
        };
        let asked = self.facts.asked.get(&package);
        for feature in features {
            if asked.is_none_or(|asked| !asked.contains(feature)) {
                return Err(unknown(feature));
            }
        }
        Ok(())
    }
}
