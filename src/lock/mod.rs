//! The `Cargo.lock` of a project, without asking cargo: purely from the project's manifests, and from one lock file that has
//! whatever any project of the template may need.
//!
//! ```text
//! the template's lock/Cargo.lock + features.txt ─► Superset ┐
//! the project's Cargo.toml files ─► members ────────────────┴─► resolve ─► LockFile ─► text, as cargo writes it
//! ```
//!
//! The versions all stand in the superset, so nothing has to be searched: what is left of cargo's resolver is to find which
//! packages the members reach with which features.

mod facts;
mod file;
mod manifest;
mod metadata;
mod node;
mod reduce;
mod resolve;
mod superset;
#[cfg(test)]
mod tests;
mod union;

use semver::VersionReq;

pub use self::facts::{Facts, FactsError, FactsReason};
pub use self::file::{Label, LockFile, LockFileError, LockFileReason, Package};
pub use self::manifest::{Ask, Member, Origin, members};
pub use self::metadata::{MetadataError, facts};
pub use self::node::{Need, Node, Value};
pub use self::reduce::reduce;
pub use self::superset::{Superset, SupersetError};
pub use self::union::Union;

/// Where a project has its lock file.
pub const PATH: &str = "Cargo.lock";

/// Why the lock file of a project cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// A manifest cannot be read.
    #[error("{path}: {message}")]
    Manifest {
        /// The path of the manifest.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// A dependency that is neither in the registry nor in the project.
    #[error(
        "{by}: `{name}` comes from elsewhere than crates.io and the project's own folders, which the lock file cannot tell of"
    )]
    Elsewhere {
        /// The dependency.
        name: String,
        /// The path of the manifest that has it.
        by: String,
    },
    /// A dependency on a folder without a manifest.
    #[error("{folder} has no Cargo.toml, but a package depends on it")]
    NoFolder {
        /// The folder.
        folder: String,
    },
    /// The superset lacks a package, or all of its versions there are others.
    #[error("{by}: `{name}` {wanted} is not in lock/Cargo.lock; run `neoforge template lock`")]
    Unknown {
        /// The package.
        name: String,
        /// The versions that fit.
        wanted: VersionReq,
        /// The path of the manifest that asks for it.
        by: String,
    },
    /// The superset was made without this feature of a package, which may need others.
    #[error(
        "{by}: the feature `{feature}` of `{name}` is not known to lock/features.txt; run `neoforge template lock`"
    )]
    UnknownFeature {
        /// The package.
        name: String,
        /// Its feature.
        feature: String,
        /// The path of the manifest that asks for it.
        by: String,
    },
}
