//! `neoforge template test`

use anyhow::{Result, bail};
use serde_json::json;

use super::matrix::{document, meant};
use super::workshop::Workshop;
use crate::cli::TemplateTest;
use crate::commands::{Exit, smoke, source};
use crate::interrupt::Interrupt;
use crate::matrix::{Combination, Shard, combinations, named};
use crate::smoke::{Outcome, Report};
use crate::template::Template;
use crate::ui::progress::{Progress, time};
use crate::ui::{Course, Out};

pub(in crate::commands) fn test(args: &TemplateTest, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let opened = source::open(args.path.as_deref(), interrupt)?;
    let combinations = chosen(&opened.template, args)?;
    if !smoke::may_run(&opened, args.trust, args.json, out)? {
        bail!("this would run the code of {}; look at it, then add `--trust`", opened.id.source);
    }
    let workshop = Workshop::open(args)?;
    let names: Vec<&str> = combinations.iter().map(|combination| combination.name.as_str()).collect();
    let mut course = Course::new(Progress::stderr(out.is_quiet()), &names);
    let mut reports: Vec<Report> = Vec::new();
    for combination in &combinations {
        interrupt.check()?;
        course.begin(&combination.name);
        let report = workshop.prove(&opened, combination, &mut course, interrupt)?;
        course.end(&combination.name, &report);
        let stops = args.fail_fast && !report.passed;
        reports.push(report);
        if stops {
            break;
        }
    }
    course.conclude("the matrix", out);
    conclude(args, &combinations, &reports, out)
}

fn chosen(template: &Template, args: &TemplateTest) -> Result<Vec<Combination>> {
    if !args.only.is_empty() {
        return Ok(named(template, &args.only)?);
    }
    let mut combinations = combinations(template, meant(&args.cover));
    if let Some(shard) = &args.shard {
        let range = shard.parse::<Shard>()?.range(combinations.len());
        combinations = combinations.drain(range).collect();
    }
    Ok(combinations)
}

/// The table for people or the JSON for machines, and what to do next where something failed.
fn conclude(args: &TemplateTest, combinations: &[Combination], reports: &[Report], out: &mut Out) -> Result<Exit> {
    let rows: Vec<(&Combination, Option<&Report>)> =
        combinations.iter().enumerate().map(|(at, combination)| (combination, reports.get(at))).collect();
    let passed = reports.iter().all(|report| report.passed);
    if args.json {
        let documents: Vec<_> = rows.iter().map(|(combination, report)| row_json(args, combination, *report)).collect();
        out.json(&json!({ "passed": passed, "combinations": documents }))?;
    } else {
        table(&rows, out)?;
    }
    let failed: Vec<&str> = rows
        .iter()
        .filter(|(_, report)| report.is_some_and(|report| !report.passed))
        .map(|(combination, _)| combination.name.as_str())
        .collect();
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    let path = args.path.as_deref().map_or_else(String::new, |path| format!(" {path}"));
    out.say(format_args!(
        "\nTo look into what failed:\n  neoforge template test{path} --only {} --keep failed",
        failed.join(",")
    ));
    Ok(Exit::SmokeFailed)
}

fn row_json(args: &TemplateTest, combination: &Combination, report: Option<&Report>) -> serde_json::Value {
    let mut row = document(combination, args.path.as_deref());
    row["failed"] = json!(report.and_then(failed_step));
    row["report"] = json!(report);
    row
}

fn table(rows: &[(&Combination, Option<&Report>)], out: &mut Out) -> Result<()> {
    let width = rows.iter().map(|(combination, _)| combination.name.len()).max().unwrap_or(0).max("combination".len());
    out.data(format_args!("| {:width$} | {:>12} | result", "combination", "time"))?;
    out.data(format_args!("|-{:-<width$}-|-{:->12}:|-------", "", ""))?;
    for (combination, report) in rows {
        let (time, result) = match report {
            None => (String::new(), "not run".to_owned()),
            Some(report) => {
                let failed = failed_step(report).map(|step| format!("failed: {step}"));
                (time(report.seconds), failed.unwrap_or_else(|| "passed".to_owned()))
            }
        };
        out.data(format_args!("| {:width$} | {time:>12} | {result}", combination.name))?;
    }
    Ok(())
}

fn failed_step(report: &Report) -> Option<&str> {
    let failed = report.steps.iter().find(|step| matches!(step.outcome, Outcome::Failed(_)));
    failed.map(|step| step.step.name.as_str())
}
