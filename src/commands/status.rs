//! `neoforge status` and `neoforge diff`: a project beside what its template made.

use std::path::{Path, absolute};

use anyhow::{Context as _, Result, bail};
use console::style;
use semver::Version;
use serde_json::json;

use super::change::read_record;
use super::source::{self, Clones};
use super::{Advice, Exit};
use crate::answers::record::{self, BUILT_IN, TemplateId};
use crate::interrupt::Interrupt;
use crate::plan::{Side, misfits};
use crate::project::{Tracked, Workspace, WorkspaceError};
use crate::tree::FileTree;
use crate::ui::Out;
use crate::unified;

/// A file that is not as the template made it.
pub(super) struct Edited<'a> {
    pub(super) path: &'a str,
    /// `edited`, `deleted`, `replaced` by something that is no file of a template, or, when only its mode differs, `mode`.
    pub(super) how: &'static str,
}

pub(super) fn edited<'a>(pristine: &'a FileTree, ours: &Tracked) -> Vec<Edited<'a>> {
    let mut edited = Vec::new();
    for (path, file) in pristine {
        let how = match ours.files.get(path.as_str()) {
            None if ours.other(path).is_some() => "replaced",
            None => "deleted",
            Some(now) if now.bytes != file.bytes => "edited",
            Some(now) if now.executable != file.executable => "mode",
            Some(_) => continue,
        };
        edited.push(Edited { path: path.as_str(), how });
    }
    edited
}

struct Read {
    workspace: Workspace,
    side: Side,
    ours: Tracked,
    misfits: Vec<String>,
}

fn read(project: &Path, clones: &mut Clones<'_>) -> Result<Read> {
    let workspace = Workspace::open(project)?;
    let ours = workspace.on_disk()?;
    if ours.files.get(record::PATH).is_none() {
        bail!(WorkspaceError::Uncommitted { path: record::PATH });
    }
    let record = read_record(&ours.files)?;
    let opened = source::open_recorded(&record.template, clones)?;
    let side = Side::new(&opened.template, record)?;
    let misfits = misfits(&opened.template, &side, &ours.files);
    Ok(Read { workspace, side, ours, misfits })
}

/// The version that `neoforge update` would move to, where it is another one: for a template from git with its commit.
fn newer(made_from: &TemplateId, clones: &mut Clones<'_>) -> Result<Option<String>> {
    if made_from.source != BUILT_IN && made_from.commit.is_none() {
        // A folder has no other version than the one that it holds.
        return Ok(None);
    }
    let newest = source::open_newer(made_from, None, clones)?.id;
    let (then, now) = (Version::parse(&made_from.version), Version::parse(&newest.version));
    let is_older = matches!((then, now), (Ok(then), Ok(now)) if now < then);
    Ok(match newest.commit {
        _ if newest == *made_from || is_older => None,
        Some(commit) => Some(format!("{} ({})", newest.version, &commit[..commit.len().min(10)])),
        None => Some(newest.version),
    })
}

pub(super) fn status(project: &Path, as_json: bool, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let mut clones = Clones::new(interrupt);
    let Read { side, ours, misfits, .. } = read(project, &mut clones)?;
    let edited = edited(&side.tree, &ours);
    let own =
        ours.files.len() + ours.others.len() - side.tree.iter().filter(|(path, _)| ours.knows(path.as_str())).count();
    let record = &side.record;
    let newer = newer(&record.template, &mut clones).unwrap_or_else(|error| {
        out.note(format_args!("whether the template is newer could not be seen: {error:#}"));
        None
    });
    if as_json {
        out.json(&json!({
            "name": record.answers.name,
            "template": {
                "source": record.template.source,
                "version": record.template.version,
                "commit": record.template.commit,
                "newer": newer,
            },
            "features": side.features,
            "chosen": record.answers.features,
            "answers": record.answers.values,
            "edited": edited.iter().map(|file| json!({ "path": file.path, "how": file.how })).collect::<Vec<_>>(),
            "own": own,
            "misfits": misfits,
        }))?;
        return Ok(Exit::Done);
    }
    let chosen = &record.answers.features;
    let features: Vec<String> = side
        .features
        .iter()
        .map(|name| if chosen.contains(name) { name.clone() } else { format!("{name} (required)") })
        .collect();
    let bold = |text: &str| style(text.to_owned()).bold();
    let mut lines = vec![
        format!("{}  {} {}", bold("Template"), record.template.source, record.template.version),
        format!("{}  {}", bold("Features"), if features.is_empty() { "none".to_owned() } else { features.join(", ") }),
    ];
    for (key, value) in &record.answers.values {
        lines.push(format!("{}   {key} = {value}", bold("Answer ")));
    }
    lines.push(format!(
        "{}     {} from the template, {} of them edited; {own} of your own",
        bold("Files"),
        side.tree.len(),
        edited.len()
    ));
    lines.extend(edited.iter().map(|file| format!("  {:<8} {}", file.how, file.path)));
    if !edited.is_empty() {
        lines.push("`neoforge diff` shows the edits.".to_owned());
    }
    lines.extend(misfits.iter().map(|misfit| format!("{}  {misfit}", bold("Misfit  "))));
    if let Some(newer) = newer {
        lines.push(format!("Version {newer} of the template is there: `neoforge update` moves to it."));
    }
    out.data(lines.join("\n"))?;
    Ok(Exit::Done)
}

pub(super) fn diff(
    project: &Path,
    only: Option<&Path>,
    exit_code: bool,
    out: &mut Out,
    interrupt: &Interrupt,
) -> Result<Exit> {
    let Read { workspace, side, ours, .. } = read(project, &mut Clones::new(interrupt))?;
    let only = only.map(|path| inside(path, &workspace.root())).transpose()?;
    let wanted = |path: &str| {
        only.as_ref().is_none_or(|only| {
            only.is_empty()
                || path.strip_prefix(only.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let paths = side.tree.iter().chain(&ours.files).map(|(path, _)| path.as_str());
    if !paths.chain(ours.others.keys().map(String::as_str)).any(wanted) {
        bail!(Advice::usage(
            format!("neither the project nor its template has {}", only.unwrap_or_default()),
            "`neoforge status` names what is edited",
        ));
    }
    let edited: Vec<_> = edited(&side.tree, &ours).into_iter().filter(|file| wanted(file.path)).collect();
    for file in &edited {
        out.raw(unified::file(file.path, side.tree.get(file.path), ours.files.get(file.path)).as_bytes())?;
    }
    Ok(if exit_code && !edited.is_empty() { Exit::Failed } else { Exit::Done })
}

/// A path as the template has it.
fn inside(path: &Path, root: &Path) -> Result<String> {
    let full = absolute(path).context("failed to find out which folder this is")?;
    // A deleted file has no canonical path, but its folder may have one.
    let full = full.canonicalize().unwrap_or(full);
    let Ok(inside) = full.strip_prefix(root) else {
        bail!(Advice::usage(
            format!("{} is not in the project {}", path.display(), root.display()),
            "name a file or a folder of the project",
        ));
    };
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    Ok(parts.join("/"))
}
