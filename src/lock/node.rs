//! What a package needs, and with which of its features.

use std::collections::BTreeMap;

/// A package as the resolver sees it. Packages are places in the list that they stand in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// What it always needs, without asking for a feature that would matter.
    pub edges: Vec<usize>,
    /// What it needs under a condition, or with features that matter.
    pub needs: Vec<Need>,
    /// Its features, each with what it turns on.
    pub features: BTreeMap<String, Vec<Value>>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The name that the manifest gives to it.
    pub alias: String,
    /// The package.
    pub package: usize,
    /// Whether a feature has to ask for it.
    pub optional: bool,
    /// The features of the package that are asked for, `default` among them.
    pub features: Vec<String>,
}

/// What a feature turns on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `dep:alias`
    Dependency(String),
    /// Another feature of the same package.
    Feature(String),
    /// `alias/feature`, and where it is weak `alias?/feature`.
    FeatureOf {
        /// The dependency.
        alias: String,
        /// Its feature.
        feature: String,
        /// Whether it is meant to turn on the feature only where something else turns on the dependency. A lock file has the
        /// dependency all the same.
        weak: bool,
    },
}

impl Value {
    /// Reads the value as a manifest writes it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Some(alias) = text.strip_prefix("dep:") {
            return Self::Dependency(alias.to_owned());
        }
        match text.split_once('/') {
            None => Self::Feature(text.to_owned()),
            Some((alias, feature)) => Self::FeatureOf {
                alias: alias.trim_end_matches('?').to_owned(),
                feature: feature.to_owned(),
                weak: alias.ends_with('?'),
            },
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dependency(alias) => write!(f, "dep:{alias}"),
            Self::Feature(feature) => f.write_str(feature),
            Self::FeatureOf { alias, feature, weak } => write!(f, "{alias}{}/{feature}", if *weak { "?" } else { "" }),
        }
    }
}
