//! `neoforge template matrix`

use anyhow::Result;
use serde_json::json;

use crate::cli::CoverArgs;
use crate::commands::{Exit, source};
use crate::interrupt::Interrupt;
use crate::matrix::{Combination, Cover, PROJECT, combinations};
use crate::ui::Out;

pub(in crate::commands) fn matrix(
    path: Option<&str>,
    cover: &CoverArgs,
    json: bool,
    out: &mut Out,
    interrupt: &Interrupt,
) -> Result<Exit> {
    let opened = source::open(path, interrupt)?;
    let combinations = combinations(&opened.template, meant(cover));
    if json {
        let combinations: Vec<_> = combinations.iter().map(|combination| document(combination, path)).collect();
        out.json(&json!({ "combinations": combinations }))?;
        return Ok(Exit::Done);
    }
    let width = combinations.iter().map(|combination| combination.name.len()).max().unwrap_or(0);
    for combination in &combinations {
        out.data(format_args!("{:width$}  {}", combination.name, command(combination, path)))?;
    }
    out.say(format_args!("{} combinations", combinations.len()));
    Ok(Exit::Done)
}

pub(super) fn meant(cover: &CoverArgs) -> Cover {
    match (cover.each, cover.all) {
        (true, _) => Cover::Each,
        (_, true) => Cover::All,
        _ => Cover::Pairwise,
    }
}

pub(super) fn document(combination: &Combination, path: Option<&str>) -> serde_json::Value {
    json!({
        "name": combination.name,
        "features": combination.features,
        "command": command(combination, path),
    })
}

/// What somebody types to make a project of it.
fn command(combination: &Combination, path: Option<&str>) -> String {
    let template = path.map_or_else(String::new, |path| format!(" --template {path}"));
    format!("neoforge new {PROJECT}{template} {} --yes", combination.arguments().join(" "))
}
