//! The template format: its manifests, how they are read, and what must be true of them.
//!
//! ```text
//! FileTree --load--> Template
//! ```
//!
//! A template that loads is well-formed; [`crate::check`] finds what is wrong between its parts. Rendering assumes no check: it
//! fails by itself where it meets such a problem, so that a large template is not examined at every use.

mod load;
pub mod manifest;
mod migrations;
mod mistakes;
pub mod problem;
pub mod schema;
pub mod slot;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::manifest::{FeatureManifest, TemplateManifest};
use self::problem::{Place, Problem, ProblemKind};
use crate::lock::Superset;
use crate::tree::File;

pub use self::load::{load, load_what_there_is};

/// The path of the template's manifest.
pub const MANIFEST: &str = "template.toml";

/// The files and folders at the top that make a template; what stands beside them is not read.
pub const PARTS: [&str; 4] = [MANIFEST, "base", "features", "lock"];

/// The lock file that has whatever any project of the template may need.
pub const LOCK: &str = "lock/Cargo.lock";

/// What [`LOCK`] does not tell of its packages.
pub const LOCK_FACTS: &str = "lock/features.txt";

/// The name of feature zero.
pub const BASE: &str = "base";

/// A template in memory.
#[derive(Debug, Clone)]
pub struct Template {
    /// `template.toml`.
    pub manifest: TemplateManifest,
    /// The text of `template.toml`, to turn positions into lines.
    pub manifest_text: String,
    /// Feature zero, a part of every project.
    pub base: Feature,
    /// The features by name.
    pub features: BTreeMap<String, Feature>,
    /// What the `Cargo.lock` of each project is taken from; without it a project has none.
    pub lock: Option<Arc<Superset>>,
}

impl Template {
    /// The features that are members of a group, by name.
    pub fn members<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Feature> {
        self.features.values().filter(move |feature| feature.group() == Some(group))
    }

    /// Whether a feature is a member of a group.
    #[must_use]
    pub fn is_member(&self, name: &str) -> bool {
        self.features.get(name).is_some_and(|feature| feature.group().is_some())
    }

    /// The base and all features.
    pub fn all(&self) -> impl Iterator<Item = &Feature> {
        std::iter::once(&self.base).chain(self.features.values())
    }

    /// A problem at the first line of `template.toml` that has this key or table.
    #[must_use]
    pub fn problem_at(&self, key: &str, kind: ProblemKind) -> Problem {
        Problem { place: Place::of_key(MANIFEST, &self.manifest_text, key), kind }
    }

    /// A problem at a position of `template.toml`.
    #[must_use]
    pub fn problem(&self, span: std::ops::Range<usize>, kind: ProblemKind) -> Problem {
        Problem { place: Place::at(MANIFEST, &self.manifest_text, span.start), kind }
    }
}

/// A feature, the base, or the glue between two features.
#[derive(Debug, Clone)]
pub struct Feature {
    /// The name of the folder; `a/with/b` for glue.
    pub name: String,
    /// `feature.toml`.
    pub manifest: FeatureManifest,
    /// The path of `feature.toml` in the template.
    pub manifest_path: String,
    /// The text of `feature.toml`, to turn positions into lines.
    pub manifest_text: String,
    /// What it adds to the project.
    pub files: Vec<Source>,
    /// `README.md`, the feature's page in the generated docs.
    pub readme: Option<Source>,
    /// What it adds when another feature, by name, is chosen too.
    pub glue: BTreeMap<String, Feature>,
}

impl Feature {
    /// The group that it is a member of.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.manifest.group.as_ref().map(|group| group.get_ref().as_str())
    }

    /// The names of the features that it requires.
    pub fn requires(&self) -> impl Iterator<Item = &str> {
        self.manifest.requires.iter().map(|name| name.get_ref().as_str())
    }

    /// The names of the features that it refuses.
    pub fn conflicts(&self) -> impl Iterator<Item = &str> {
        self.manifest.conflicts.iter().map(|name| name.get_ref().as_str())
    }

    /// A problem at the first line of `feature.toml` that has this key or table.
    #[must_use]
    pub fn problem_at(&self, key: &str, kind: ProblemKind) -> Problem {
        Problem { place: Place::of_key(&self.manifest_path, &self.manifest_text, key), kind }
    }

    /// The place of a position of `feature.toml`.
    #[must_use]
    pub fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place::at(&self.manifest_path, &self.manifest_text, span.start)
    }

    /// A problem at a position of `feature.toml`.
    #[must_use]
    pub fn problem(&self, span: std::ops::Range<usize>, kind: ProblemKind) -> Problem {
        Problem { place: self.place(span), kind }
    }
}

/// A file of a template that becomes a file of the project.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it stands in the template.
    pub origin: String,
    /// Where it goes, relative to the project; may hold variables.
    pub target: String,
    /// Whether the content is liquid.
    pub liquid: bool,
    /// The content and the executable bit.
    pub file: File,
    /// The names of the slots in it, in their order.
    pub slots: Vec<String>,
}

/// The name of `names` that someone who typed `typed` may have meant.
pub fn similar<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // clap's own measure and threshold, so that features and flags are guessed alike.
    const LIKELY: f64 = 0.7;
    names
        .into_iter()
        .map(|name| (strsim::jaro(typed, name), name))
        // Two letters the wrong way round are the most frequent slip, and make short names look unlike.
        .filter(|(likeness, name)| *likeness > LIKELY || (typed.len() > 2 && strsim::osa_distance(typed, name) == 1))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name.to_owned())
}

/// How an error goes on after it named something that does not exist: with the name that was meant, where one is near.
#[must_use]
pub fn did_you_mean(similar: Option<&String>) -> String {
    similar.map_or_else(|| ";".to_owned(), |similar| format!("; did you mean `{similar}`?"))
}
