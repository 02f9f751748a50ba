//! Snapshots: combinations of a template, rendered into folders that people can browse and CI compares byte for byte.

mod compare;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answers::record::{Record, TemplateId};
use crate::gather::{Defaults, GatherError, Given, gather};
use crate::render::{RenderError, render};
use crate::template::Template;
use crate::tree::FileTree;

pub use self::compare::{Change, Difference, compare};

/// `snapshots.toml`: a template and the combinations of it that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshots {
    /// The template, as after `--template`, relative to this file; the built-in one when it is left out.
    pub template: Option<String>,
    /// Files and folders at the top of each snapshot that are none of ours, such as build output.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// The combinations.
    #[serde(default)]
    pub snapshot: Vec<Snapshot>,
}

/// One combination.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The folder, relative to `snapshots.toml`.
    pub into: String,
    /// The project's name; the name of the folder when it is left out.
    pub name: Option<String>,
    /// A named set of features.
    pub preset: Option<String>,
    /// Features to add to the set.
    #[serde(default)]
    pub with: Vec<String>,
    /// Features to leave out of the set.
    #[serde(default)]
    pub without: Vec<String>,
    /// Answers, and the members of groups.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
}

/// Why a snapshot cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The combination is not one.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The template does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
}

impl Snapshot {
    /// What the folder should hold.
    ///
    /// # Errors
    /// Where the combination is not one, or the template is wrong.
    pub fn render(&self, template: &Template, id: &TemplateId) -> Result<FileTree, SnapshotError> {
        let folder = self.into.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.into);
        let given = Given {
            name: Some(self.name.clone().unwrap_or_else(|| folder.to_owned())),
            preset: self.preset.clone(),
            with: self.with.clone(),
            without: self.without.clone(),
            set: self.set.clone(),
            ..Given::default()
        };
        let answers = gather(template, &given, &mut Defaults)?.answers;
        Ok(render(template, &Record { template: id.clone(), answers })?)
    }
}
