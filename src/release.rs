//! What a released template renders to: one line for each preset with each member of the groups, so that a later program can
//! prove that it still makes the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha1::{Digest as _, Sha1};

use crate::answers::record::{BUILT_IN, Record, TemplateId};
use crate::archive;
use crate::gather::{Defaults, GatherError, Given, gather};
use crate::render::{RenderError, render};
use crate::template::Template;

/// Why a combination does not render.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The answers cannot be completed.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The template does not render.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The hash of each combination, by its name, such as `saas database=sqlite`.
///
/// # Errors
/// [`ReleaseError`], where a combination does not render.
pub fn hashes(template: &Template) -> Result<BTreeMap<String, String>, ReleaseError> {
    let mut hashes = BTreeMap::new();
    for preset in &template.manifest.preset {
        let preset = preset.name.get_ref();
        for choice in choices(template) {
            let given = Given {
                name: Some("sample".to_owned()),
                preset: Some(preset.clone()),
                set: choice.clone(),
                ..Given::default()
            };
            let answers = match gather(template, &given, &mut Defaults) {
                Ok(gathered) => gathered.answers,
                // A preset may have made the choice itself.
                Err(GatherError::Select(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            let version = template.manifest.version.get_ref().clone();
            let template_id = TemplateId { source: BUILT_IN.to_owned(), version, commit: None, content: None };
            let tree = render(template, &Record { template: template_id, answers })?;
            let parts = choice.iter().map(|(group, member)| format!("{group}={member}"));
            let name = [preset.clone()].into_iter().chain(parts).collect::<Vec<_>>().join(" ");
            let mut hash = String::new();
            for byte in Sha1::digest(archive::plain(&tree)) {
                // Writing to a String cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            hashes.insert(name, hash);
        }
    }
    Ok(hashes)
}

/// Every way to choose a member of each group.
fn choices(template: &Template) -> Vec<BTreeMap<String, String>> {
    let mut choices = vec![BTreeMap::new()];
    for group in &template.manifest.group {
        let group = group.name.get_ref();
        let with = |choice: &BTreeMap<String, String>| {
            let members = template.members(group).map(|member| {
                let mut choice = choice.clone();
                choice.insert(group.clone(), member.name.clone());
                choice
            });
            members.collect::<Vec<_>>()
        };
        choices = choices.iter().flat_map(with).collect();
    }
    choices
}

/// The hashes as a file: `hash  combination`, one a line.
#[must_use]
pub fn write(hashes: &BTreeMap<String, String>) -> String {
    hashes.iter().flat_map(|(name, hash)| [hash.as_str(), "  ", name, "\n"]).collect()
}
