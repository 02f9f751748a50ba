//! `neoforge snapshot`

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use console::{Style, style};
use serde_json::json;

use super::{Advice, Exit, source};
use crate::answers::record;
use crate::cli;
use crate::interrupt::Interrupt;
use crate::project::TemplateSource;
use crate::project::mirror::{mirror, untracked};
use crate::project::read::read_part;
use crate::snapshot::{Change, Difference, Snapshots, compare};
use crate::tree::FileTree;
use crate::ui::Out;

pub(super) fn run(args: &cli::Snapshot, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let text = fs::read_to_string(&args.file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::Error::from(Advice::usage(
            format!("there is no file {}", args.file.display()),
            "it lists the combinations; docs/template-format.md has an example",
        )),
        _ => anyhow::Error::from(error).context(format!("failed to read {}", args.file.display())),
    })?;
    let list: Snapshots = toml::from_str(&text).with_context(|| format!("failed to read {}", args.file.display()))?;
    let home = args.file.parent().unwrap_or(Path::new(""));
    let named = list.template.as_ref().map(|named| {
        let beside = home.join(named);
        if beside.is_dir() { beside.display().to_string() } else { named.clone() }
    });
    let mut opened = source::open(named.as_deref(), interrupt)?;
    if let Some(named) = &list.template {
        // The record must not name a folder of this machine, nor change with each commit beside the snapshots.
        let pinned = TemplateSource::parse(named).is_ok_and(|source| matches!(source, TemplateSource::Git { .. }));
        opened.id.source.clone_from(named);
        if !pinned {
            opened.id.commit = None;
        }
        opened.id.content = None;
    }
    let (mut document, mut different) = (Vec::new(), 0);
    for snapshot in &list.snapshot {
        interrupt.check()?;
        let folder = home.join(&snapshot.into);
        let should = snapshot
            .render(&opened.template, &opened.id)
            .with_context(|| format!("failed to render {}", snapshot.into))?;
        let stands = standing(&folder, &list.ignore)?;
        let differences = compare(&stands, &should);
        if args.update {
            check_replaceable(&folder, &stands, &differences)?;
            mirror(&stands, &should, &folder)?;
        } else if !differences.is_empty() {
            different += 1;
        }
        tell(&snapshot.into, &differences, args.update, out);
        document.push(json!({
            "into": snapshot.into,
            "files": should.len(),
            "differences": differences.iter().map(difference_json).collect::<Vec<_>>(),
        }));
    }
    if args.json {
        out.json(&json!({ "updated": args.update, "snapshots": document }))?;
    }
    if different == 0 {
        return Ok(Exit::Done);
    }
    out.say(format_args!(
        "{different} of {} snapshots differ. If that is meant, run `neoforge snapshot --update {}` and commit the result.",
        list.snapshot.len(),
        args.file.display()
    ));
    Ok(Exit::Failed)
}

/// Refuses to write over anything that is no snapshot, or that git could not bring back.
fn check_replaceable(folder: &Path, stands: &FileTree, differences: &[Difference]) -> Result<()> {
    let shown = folder.display();
    if folder.join(".git").exists() {
        bail!("{shown} is a git repository of its own, not a snapshot; choose another folder");
    }
    if !stands.is_empty() && stands.get(record::PATH).is_none() {
        bail!("{shown} holds files, but no {}: it is not a snapshot; empty it first", record::PATH);
    }
    let extra = differences.iter().filter(|difference| difference.change == Change::Extra);
    let unknown = untracked(folder, extra.map(|difference| difference.path.as_str()));
    if !unknown.is_empty() {
        bail!(
            "{} in {shown} would be removed, and git does not know it; commit it, move it, or put its name into `ignore`",
            unknown.join(", ")
        );
    }
    Ok(())
}

/// What stands in a snapshot's folder, without what is none of ours.
fn standing(folder: &Path, ignore: &[String]) -> Result<FileTree> {
    if !folder.exists() {
        return Ok(FileTree::new());
    }
    Ok(read_part(folder, |name| !ignore.iter().any(|ignored| ignored == name))?)
}

fn tell(into: &str, differences: &[Difference], updated: bool, out: &mut Out) {
    if differences.is_empty() {
        return out.say(format_args!("{} {into}", style("✓").for_stderr().green()));
    }
    if updated {
        let count = differences.len();
        out.say(format_args!("{} {into}: {count} files changed", style("✓").for_stderr().green()));
        for Difference { path, .. } in differences.iter().filter(|difference| difference.change == Change::Extra) {
            out.say(format_args!("  {path}: removed"));
        }
        return;
    }
    out.say(format_args!("{} {into}", style("✗").for_stderr().red()));
    for Difference { path, change } in differences {
        match change {
            Change::Missing => out.say(format_args!("  {path}: is missing")),
            Change::Extra => out.say(format_args!("  {path}: is not rendered any more")),
            Change::Binary => out.say(format_args!("  {path}: the bytes differ")),
            Change::Mode(true) => out.say(format_args!("  {path}: should be executable")),
            Change::Mode(false) => out.say(format_args!("  {path}: should not be executable")),
            Change::Text(diff) => out.say(coloured(diff).trim_end()),
        }
    }
}

/// A unified diff in the usual colours.
fn coloured(diff: &str) -> String {
    let colour = |line: &str| {
        let style = match line.as_bytes().first() {
            Some(b'+') => Style::new().green(),
            Some(b'-') => Style::new().red(),
            Some(b'@') => Style::new().cyan(),
            _ => Style::new(),
        };
        style.for_stderr().apply_to(line).to_string()
    };
    diff.lines().map(colour).collect::<Vec<_>>().join("\n")
}

fn difference_json(difference: &Difference) -> serde_json::Value {
    let (kind, diff) = match &difference.change {
        Change::Missing => ("missing", None),
        Change::Extra => ("extra", None),
        Change::Binary => ("binary", None),
        Change::Mode(_) => ("mode", None),
        Change::Text(diff) => ("text", Some(diff)),
    };
    json!({ "path": difference.path, "kind": kind, "diff": diff })
}
