//! `neoforge status` and `neoforge diff`: a project beside what its template made.

use std::path::{Path, absolute};

use anyhow::{Context as _, Result, bail};
use console::style;
use serde_json::json;

use super::Exit;
use super::change::read_record;
use super::source::{self, Clones};
use crate::answers::record::{BUILT_IN, Record};
use crate::embedded;
use crate::interrupt::Interrupt;
use crate::plan::{Side, misfits};
use crate::project::{Tracked, Workspace};
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

fn read(project: &Path, interrupt: &Interrupt) -> Result<Read> {
    let workspace = Workspace::open(project)?;
    let ours = workspace.on_disk()?;
    let record = read_record(&ours.files)?;
    let opened = source::open_recorded(&record.template, &mut Clones::new(interrupt))?;
    let side = Side::new(&opened.template, record)?;
    let misfits = misfits(&opened.template, &side, &ours.files);
    Ok(Read { workspace, side, ours, misfits })
}

/// The newer version that this program could update to.
fn newer(record: &Record) -> Option<&'static str> {
    let template = &record.template;
    (template.source == BUILT_IN && template.version != embedded::TEMPLATE_VERSION)
        .then_some(embedded::TEMPLATE_VERSION)
}

pub(super) fn status(project: &Path, as_json: bool, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let Read { side, ours, misfits, .. } = read(project, interrupt)?;
    let edited = edited(&side.tree, &ours);
    let own =
        ours.files.len() + ours.others.len() - side.tree.iter().filter(|(path, _)| ours.knows(path.as_str())).count();
    let (record, newer) = (&side.record, newer(&side.record));
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
    let Read { workspace, side, ours, .. } = read(project, interrupt)?;
    let only = only.map(|path| inside(path, &workspace.root())).transpose()?;
    let wanted = |path: &str| {
        only.as_ref().is_none_or(|only| {
            only.is_empty()
                || path.strip_prefix(only.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
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
        bail!("{} is not in the project {}", path.display(), root.display());
    };
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    Ok(parts.join("/"))
}
