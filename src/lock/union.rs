//! Everything that the projects of a template ask for, as one package that asks for it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use semver::VersionReq;

use super::manifest::{Origin, members};
use super::{LockError, PATH};
use crate::tree::FileTree;

/// The name of the package that asks for it all.
pub(super) const NAME: &str = "superset";

/// What projects ask of packages from the registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Union {
    /// The features that are asked for, by package and by the versions that fit.
    asks: BTreeMap<(String, String), BTreeSet<String>>,
    rust_version: Option<String>,
}

impl Union {
    /// Adds what a project asks for.
    ///
    /// # Errors
    /// As [`members`].
    pub fn add(&mut self, project: &FileTree) -> Result<(), LockError> {
        for member in members(project)? {
            for ask in &member.asks {
                let Origin::Registry(wanted) = &ask.origin else { continue };
                let features = self.asks.entry((ask.package.clone(), wanted.to_string())).or_default();
                features.extend(ask.features.iter().cloned());
                let of_alias = member.features.values().flatten().filter_map(|value| value.split_once('/'));
                let of_alias = of_alias.filter(|(alias, _)| alias.trim_end_matches('?') == ask.alias);
                features.extend(of_alias.map(|(_, feature)| feature.to_owned()));
            }
        }
        if self.rust_version.is_none() {
            self.rust_version = rust_version(project);
        }
        Ok(())
    }

    /// What is asked for: the package, the versions that fit, the features.
    pub fn asks(&self) -> impl Iterator<Item = (&str, VersionReq, &BTreeSet<String>)> {
        self.asks.iter().filter_map(|((package, wanted), features)| {
            Some((package.as_str(), VersionReq::parse(wanted).ok()?, features))
        })
    }

    /// The manifest of a package that asks for it all.
    #[must_use]
    pub fn manifest(&self) -> String {
        let mut out = format!(
            "# Only {PATH} of this package is of use.\n[package]\nname = \"{NAME}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             publish = false\n"
        );
        // Writing to a String cannot fail.
        if let Some(version) = &self.rust_version {
            let _ = writeln!(out, "rust-version = \"{version}\"");
        }
        out.push_str("\n[workspace]\nresolver = \"3\"\n\n[dependencies]\n");
        for (number, ((package, wanted), features)) in self.asks.iter().enumerate() {
            let listed: Vec<String> = features
                .iter()
                .filter(|feature| *feature != "default")
                .map(|feature| format!("\"{feature}\""))
                .collect();
            let _ = writeln!(
                out,
                "crate-{number} = {{ package = \"{package}\", version = \"{wanted}\", default-features = {}, features = [{}] }}",
                features.contains("default"),
                listed.join(", ")
            );
        }
        out
    }
}

/// The oldest Rust that the project is for.
fn rust_version(project: &FileTree) -> Option<String> {
    let manifest: toml::Table = project.get("Cargo.toml")?.text()?.parse().ok()?;
    let package = manifest.get("workspace").and_then(|workspace| workspace.get("package")).or(manifest.get("package"));
    Some(package?.get("rust-version")?.as_str()?.to_owned())
}
