//! `neoforge adopt`: the record of a project that has lost it.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use console::style;
use serde_json::json;

use super::new::pairs;
use super::status::edited;
use super::{Exit, merge_driver, prompts, source};
use crate::adopt::{self, Candidate, Found, Known, Match, Nearness};
use crate::answers::record;
use crate::cli::Adopt;
use crate::interrupt::Interrupt;
use crate::project::{Tracked, Workspace, WorkspaceError};
use crate::ui::{Out, Terminal};

/// Differences that are shown of a match that is not near.
const SHOWN: usize = 10;

pub(super) fn run(args: &Adopt, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let workspace = Workspace::without_record(&args.path)?;
    check_lost(args, &workspace)?;
    let tracked = workspace.on_disk()?;
    let files = &tracked.files;
    if files.is_empty() {
        bail!("git knows no file in {}; run `git add --all` and `git commit` first", workspace.root().display());
    }
    let possible = source::open_possible(args.template.template.as_deref(), args.version.as_deref(), interrupt)?;
    interrupt.check()?;
    if !possible.unreadable.is_empty() {
        out.note(format_args!("no template that this program can read: {}", possible.unreadable.join(", ")));
    }
    let candidates: Vec<_> =
        possible.opened.into_iter().map(|opened| Candidate { id: opened.id, template: opened.template }).collect();
    let known = Known {
        with: args.with.iter().cloned().collect(),
        without: args.without.iter().cloned().collect(),
        set: pairs(&args.set)?,
    };
    let root = workspace.root();
    let folder = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let found = adopt::nearest(&candidates, files, &folder, &known)?;

    let good = args.force || found.nearness() == Nearness::Near;
    let writes = good && !args.dry_run && (args.yes || args.json || !prompts() || asked(&found, out)?);
    if writes {
        write(&root.join(record::PATH), &found.record.render())?;
        merge_driver::enable(&root, true, out);
    }
    if args.json {
        out.json(&document(&found, writes))?;
    } else if args.dry_run {
        out.data(format_args!("{}\n\n{}", report(&found).join("\n"), found.record.render()))?;
    } else if writes {
        tell_written(args, &found, out);
    }
    if !good {
        tell_doubts(&found, &tracked, out);
        return Ok(Exit::Failed);
    }
    Ok(if writes || args.dry_run { Exit::Done } else { Exit::Interrupted })
}

/// Refuses a project that has its record, or could have it back as it was.
fn check_lost(args: &Adopt, workspace: &Workspace) -> Result<()> {
    if let Ok(project) = Workspace::open(&args.path) {
        bail!("{} has its record; `neoforge status` shows what it says", project.root().display());
    }
    match workspace.committed() {
        Ok(_) => {
            bail!("the last commit still has the record; bring it back with `git checkout HEAD -- {}`", record::PATH)
        }
        // A folder that was never committed has no record to bring back.
        Err(WorkspaceError::Uncommitted { .. } | WorkspaceError::Unborn) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn asked(found: &Match, out: &mut Out) -> Result<bool> {
    for line in report(found) {
        out.say(line);
    }
    let writes = Terminal::new().confirm(&format!("Write {}?", record::PATH), true)?;
    if !writes {
        out.say("Nothing was written.");
    }
    Ok(writes)
}

/// Writes the record in one step, and never over another one.
fn write(path: &Path, record: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".neoforge-").tempfile_in(folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.write_all(record.as_bytes())?;
        file.persist_noclobber(path).map_err(|error| error.error)
    };
    write().map(drop).with_context(|| format!("failed to write {}", path.display()))
}

/// What was found, in the columns of `neoforge status`.
fn report(found: &Match) -> Vec<String> {
    let bold = |text: &str| style(text.to_owned()).for_stderr().bold();
    let (template, answers) = (&found.record.template, &found.record.answers);
    let features: Vec<String> = found
        .features
        .iter()
        .map(|name| if answers.features.contains(name) { name.clone() } else { format!("{name} (required)") })
        .collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let mut lines = vec![
        format!("{}  {} {}", bold("Template"), template.source, template.version),
        format!("{}      {}", bold("Name"), answers.name),
        format!("{}  {features}", bold("Features")),
    ];
    for (key, value) in &answers.values {
        lines.push(format!("{}    {key} = {value}", bold("Answer")));
    }
    let Found { found: unchanged, total } = found.files;
    lines.push(format!(
        "{}     {unchanged} of the template's {total} are unchanged, with {} % of its lines",
        bold("Files"),
        found.lines.percent()
    ));
    lines
}

fn tell_written(args: &Adopt, found: &Match, out: &mut Out) {
    if args.yes || !prompts() {
        for line in report(found) {
            out.say(line);
        }
    }
    for key in &found.assumed {
        out.note(format_args!("no line shows `{key}`, so it is what a new project has"));
    }
    out.say(format_args!("{} {} is written", style("✓").for_stderr().green(), record::PATH));
    out.say(format_args!(
        "\nNext:\n  neoforge status      # what you have edited since; neoforge diff shows how\n  git add {0}\n  git commit --message \
         \"Adopt the project\"",
        record::PATH
    ));
}

/// The nearest match, why it is not good enough, and what to do.
fn tell_doubts(found: &Match, tracked: &Tracked, out: &mut Out) {
    let mark = style("✗").for_stderr().red().bold();
    let template = &found.record.template;
    if found.nearness() == Nearness::Strange {
        out.say(format_args!(
            "{mark} this was not made from {} {}: it has {} % of the lines of the nearest match",
            template.source,
            template.version,
            found.lines.percent()
        ));
        out.say("\nNext:\n  give the project's own folder, or its template with --template");
        return;
    }
    out.say(format_args!("{mark} no record was written: the nearest match is not certain\n"));
    for line in report(found) {
        out.say(line);
    }
    let edited = edited(&found.tree, tracked);
    let edited: Vec<_> = edited.iter().filter(|file| file.path != record::PATH).collect();
    for file in edited.iter().take(SHOWN) {
        out.say(format_args!("  {:<8} {}", file.how, file.path));
    }
    if edited.len() > SHOWN {
        out.say(format_args!("  and {} more", edited.len() - SHOWN));
    }
    out.say("");
    for unclear in &found.unclear {
        let Found { found, total } = unclear.lines;
        out.say(format_args!(
            "{} is taken to be {}, by {found} of the {total} lines that tell",
            unclear.what, unclear.taken
        ));
    }
    out.say("\nNext:");
    for unclear in &found.unclear {
        out.say(format_args!("  neoforge adopt {}", unclear.flags));
    }
    out.say("  neoforge adopt --force      # write the record of this match");
}

fn document(found: &Match, written: bool) -> serde_json::Value {
    let counted = |Found { found, total }: Found| json!({ "found": found, "total": total });
    let (template, answers) = (&found.record.template, &found.record.answers);
    json!({
        "written": written,
        "nearness": match found.nearness() {
            Nearness::Near => "near",
            Nearness::Doubtful => "doubtful",
            Nearness::Strange => "strange",
        },
        "template": { "source": template.source, "version": template.version, "commit": template.commit },
        "name": answers.name,
        "features": found.features,
        "chosen": answers.features,
        "answers": answers.values,
        "lines": counted(found.lines),
        "files": counted(found.files),
        "unclear": found
            .unclear
            .iter()
            .map(|unclear| json!({ "what": unclear.what, "taken": unclear.taken, "lines": counted(unclear.lines), "flags": unclear.flags }))
            .collect::<Vec<_>>(),
        "assumed": found.assumed,
        "record": found.record.render(),
    })
}
