//! `neoforge smoke`, and the last step of `neoforge new`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::source::{self, Clones, Opened};
use super::{Advice, Exit, prompts};
use crate::answers::record::{self, Record};
use crate::cli::{Smoke, SmokeLevelArg};
use crate::interrupt::Interrupt;
use crate::plan::{Side, misfits};
use crate::project::{Workspace, WorkspaceError, find_project};
use crate::render::select;
use crate::smoke::{self, Proof, Report};
use crate::template::manifest::SmokeLevel;
use crate::ui::progress::Progress;
use crate::ui::{Out, Terminal};

pub(super) fn run(args: &Smoke, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let root = find_project(&args.path).map_err(|error| match error {
        WorkspaceError::NoProject(folder) => anyhow::Error::from(Advice::usage(
            format!(
                "{} is not in a project of NeoForge: there is no {} in it or above it",
                folder.display(),
                record::PATH
            ),
            "name the folder of one, as in `neoforge smoke my-app`",
        )),
        error => error.into(),
    })?;
    let record = read_record(&root)?;
    let opened = match &args.template.template {
        Some(named) => source::open(Some(named), interrupt)?,
        None => source::open_recorded(&record.template, &mut Clones::new(interrupt))?,
    };
    if opened.id.version != record.template.version {
        let (made, used) = (&record.template.version, &opened.id.version);
        out.note(format_args!(
            "the project was made from version {made} of its template; the probes are those of {used}"
        ));
    }
    if !may_run(&opened, args.trust, args.json, out)? {
        bail!("this would run the code of {}; look at it, then add `--trust`", opened.id.source);
    }
    let level = match args.level {
        SmokeLevelArg::Quick => SmokeLevel::Quick,
        SmokeLevelArg::Full => SmokeLevel::Full,
    };
    if opened.id.version == record.template.version {
        tell_misfits(&opened, &record, &root, out);
    }
    let mut proof = proof(&opened, &record, &root, level)?;
    proof.keep_going = args.keep_going;
    let report = prove(&proof, out, interrupt)?;
    if args.json {
        out.json(&serde_json::to_value(&report)?)?;
    }
    Ok(if report.passed { Exit::Done } else { Exit::SmokeFailed })
}

/// Says where the record and the files do not fit: what fails then has its cause there.
fn tell_misfits(opened: &Opened, record: &Record, root: &Path, out: &mut Out) {
    let read =
        || Some((Side::new(&opened.template, record.clone()).ok()?, Workspace::open(root).ok()?.on_disk().ok()?));
    for misfit in read().map(|(side, ours)| misfits(&opened.template, &side, &ours.files)).unwrap_or_default() {
        out.note(misfit);
    }
}

/// Whether the code of a project may be run: always for our own template, else when somebody says so.
pub(super) fn may_run(opened: &Opened, trust: bool, json: bool, out: &mut Out) -> Result<bool> {
    if trust || opened.is_trusted() {
        return Ok(true);
    }
    if json || out.is_quiet() || !prompts() {
        return Ok(false);
    }
    // On a line of its own: it may be long, and a question must not wrap.
    out.say(format_args!("The smoke test runs the code of {}", opened.id.source));
    Ok(Terminal::new().confirm("Do you trust it?", false)?)
}

/// What a template and the chosen features want proved.
pub(super) fn proof(opened: &Opened, record: &Record, root: &Path, level: SmokeLevel) -> Result<Proof> {
    let selection = select::complete(&opened.template, &record.answers.features)?;
    let smoke = &opened.template.manifest.smoke;
    let mut proof = Proof::new(root);
    proof.level = level;
    proof.steps.clone_from(&smoke.step);
    proof.app.clone_from(&smoke.app);
    for part in &selection.parts {
        proof.services.extend(part.manifest.smoke.service.iter().cloned());
        proof.env.extend(part.manifest.smoke.env.clone());
        proof.probes.extend(part.manifest.probe.iter().cloned());
    }
    Ok(proof)
}

/// Runs the smoke test with its progress on standard error.
pub(super) fn prove(proof: &Proof, out: &mut Out, interrupt: &Interrupt) -> Result<Report> {
    let mut progress = Progress::stderr(out.is_quiet());
    let report = smoke::run(proof, &mut progress, interrupt)?;
    progress.conclude("the smoke test", &report);
    if progress.is_live() {
        out.say("");
    }
    Ok(report)
}

fn read_record(root: &Path) -> Result<Record> {
    let path = root.join(record::PATH);
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    Record::parse(&text).with_context(|| format!("failed to read {}", path.display()))
}
