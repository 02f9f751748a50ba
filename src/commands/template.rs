//! `neoforge template check` and `neoforge template schema`

use anyhow::Result;
use serde_json::json;

use super::{Exit, source};
use crate::check;
use crate::cli::ManifestKind;
use crate::interrupt::Interrupt;
use crate::template::problem::{Problem, Problems};
use crate::template::schema::schema as json_schema;
use crate::ui::Out;

pub(super) fn check(path: Option<&str>, json: bool, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let problems = match source::open(path, interrupt) {
        Ok(opened) => Problems::none_or(check::check(&opened.template)).err(),
        Err(error) => Some(error.downcast::<Problems>()?),
    };
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
    json!({
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": problem.kind.to_string(),
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
