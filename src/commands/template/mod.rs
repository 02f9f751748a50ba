//! `neoforge template check`, `neoforge template schema`, and what a release does

mod matrix;
mod test;
mod workshop;

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

pub(super) use self::matrix::matrix;
pub(super) use self::test::test;
use super::error::apart;
use super::{Exit, source};
use crate::archive;
use crate::check;
use crate::cli::ManifestKind;
use crate::embedded;
use crate::interrupt::Interrupt;
use crate::release;
use crate::template::problem::{Problem, Problems};
use crate::template::schema::schema as json_schema;
use crate::ui::Out;

pub(super) fn check(path: Option<&str>, json: bool, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let (tree, mut problems) = source::examine(path, interrupt)?;
    if let Err(found) = check::examine(&tree) {
        problems.extend(found.as_slice().iter().cloned());
    }
    let problems = Problems::none_or(problems).err();
    let problems = problems.as_ref().map_or(&[][..], Problems::as_slice);
    if json {
        out.json(&json!({ "problems": problems.iter().map(problem_json).collect::<Vec<_>>() }))?;
    } else {
        for problem in problems {
            out.data(problem)?;
        }
    }
    match problems.len() {
        0 => out.say("The template has no problem."),
        1 => out.say("The template has 1 problem."),
        count => out.say(format_args!("The template has {count} problems.")),
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Failed })
}

fn problem_json(problem: &Problem) -> serde_json::Value {
    let place = &problem.place;
    let message = problem.kind.to_string();
    let (message, hint) = apart(&message).map_or((message, None), |(what, advice)| (what, Some(advice)));
    json!({
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": message,
        "hint": hint,
    })
}

pub(super) fn schema(manifest: Option<ManifestKind>, out: &mut Out) -> Result<Exit> {
    let schemas = json_schema();
    out.json(match manifest {
        None => &schemas,
        Some(ManifestKind::Template) => &schemas["template"],
        Some(ManifestKind::Feature) => &schemas["feature"],
    })?;
    Ok(Exit::Done)
}

/// Packs the built-in template, and writes down what its presets render to.
pub(super) fn freeze(into: &Path, out: &mut Out) -> Result<Exit> {
    let opened = source::built_in()?;
    let version = opened.id.version;
    let hashes = release::write(&release::hashes(&opened.template)?);
    for (suffix, bytes) in [("tree", archive::pack(&embedded::template())), ("hashes", hashes.into_bytes())] {
        let path = into.join(format!("{version}.{suffix}"));
        match fs::File::create_new(&path) {
            Ok(mut file) => file.write_all(&bytes).with_context(|| format!("failed to write {}", path.display()))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                bail!("{} exists: version {version} is released; give the template a new version", path.display())
            }
            Err(error) => return Err(error).with_context(|| format!("failed to create {}", path.display())),
        }
    }
    out.say(format_args!("Version {version} of the template is packed in {}", into.display()));
    Ok(Exit::Done)
}
