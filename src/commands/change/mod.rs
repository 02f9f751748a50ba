//! `neoforge add`, `remove`, `set` and `update`: four ways to other answers, one way to change a project.

mod intent;
mod lock;

use anyhow::{Context as _, Result, bail};
use console::style;
use serde_json::json;

pub(super) use self::intent::Intent;
use super::new::dotenv_entry;
use super::source::{self, Clones, Opened};
use super::{Advice, Exit, agrees, idle_workflows, merge_driver, prompts, show, smoke};
use crate::answers::record::{self, Record};
use crate::cli::{ChangeArgs, SmokeLevelArg};
use crate::gather::{Ask, Defaults};
use crate::interrupt::Interrupt;
use crate::plan::{ChangePlan, Draft, misfits};
use crate::project::{Application, Ready, Workspace, WorkspaceError, dotenv};
use crate::smoke::Report;
use crate::template::manifest::SmokeLevel;
use crate::tree::{FileTree, TreePath};
use crate::ui::{Out, Terminal};

/// Takes back what is staged, new files too, in the project alone: the rest of a repository may hold somebody's work.
const TAKE_BACK: &str = "git restore --staged --worktree .";

pub(super) fn run(args: &ChangeArgs, intent: &Intent, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let workspace = Workspace::open(&args.project)?;
    let project = match workspace.ready() {
        Err(error @ (WorkspaceError::Dirty(_) | WorkspaceError::Busy { .. })) if args.dry_run => {
            out.note(format_args!("this is for the last commit: {error}"));
            workspace.as_committed()?
        }
        ready => ready?,
    };
    let record = read_record(&project.tracked.files)?;
    let mut clones = Clones::new(interrupt);
    let before = source::open_recorded(&record.template, &mut clones)?;
    let newer = intent.template(&record, &mut clones)?;
    let after = newer.as_ref().unwrap_or(&before);

    let asks = !args.yes && !args.json && prompts();
    let mut ask: Box<dyn Ask> = if asks { Box::new(Terminal::new()) } else { Box::new(Defaults) };
    let goal = intent.goal(&record, &before.template, &after.template, asks)?;
    let draft = Draft {
        subject: intent.subject(&record, after),
        record,
        before: &before.template,
        after: &after.template,
        id: after.id.clone(),
        ours: project.tracked.files.clone(),
    };
    let mut plan = draft.plan(goal.given, intent.drops_tables(), &mut *ask)?;
    plan.lost = goal.lost;
    project.tracked.correct(&mut plan.merge.notes);
    project.tracked.check(&plan.before.tree, &plan.after.tree, &plan.merge)?;
    let beside = |folder: &str| (folder.to_owned(), workspace.beside(folder, &project.tracked.files));
    let left = plan.merge.folders().map(beside).filter(|(_, files)| !files.is_empty()).collect();
    plan.leave_out(left);
    lock::settle(&mut plan, &workspace);
    interrupt.check()?;
    for misfit in misfits(&before.template, &plan.before, &project.tracked.files) {
        out.note(misfit);
    }

    if args.dry_run {
        return show(args.json, &plan, || plan.to_json(), out);
    }
    if plan.is_empty() {
        out.say("Nothing to do: the project is as it should be.");
        merge_driver::enable(&workspace.root(), true, out);
        return conclude_json(args, &plan, None, None, out).map(|()| Exit::Done);
    }
    if asks {
        tell_notes(&plan, out);
        out.say(format_args!("{}: {}", plan.subject, plan.counted()));
        if !agrees("Change the project?", "Nothing was changed.", out)? {
            return Ok(Exit::Interrupted);
        }
    }
    apply(args, &project, &plan, after, asks, out, interrupt)
}

/// The record of a project, as it was committed.
pub(super) fn read_record(files: &FileTree) -> Result<Record> {
    let text = files.get(record::PATH).and_then(|file| file.text()).unwrap_or_default();
    Record::parse(text).context(Advice::new(
        format!("failed to read {}", record::PATH),
        format!("`git log --patch -- {}` shows what it was", record::PATH),
    ))
}

fn apply(
    args: &ChangeArgs,
    project: &Ready<'_>,
    plan: &ChangePlan,
    after: &Opened,
    noted: bool,
    out: &mut Out,
    interrupt: &Interrupt,
) -> Result<Exit> {
    let Ready { workspace, head, tracked } = project;
    let application = Application { head, tracked, merge: &plan.merge, subject: &plan.subject };
    let entries: Vec<_> = plan.env.new.iter().map(dotenv_entry).collect();
    let pending = dotenv::Pending::read(&workspace.root().join(".env"), &entries)?;
    let applied = workspace.apply(application)?;
    let appended = pending.append();
    after.keep();

    if !noted {
        tell_notes(plan, out);
    }
    if workspace.repository_folder().is_some()
        && let Some(idle) = idle_workflows(application.merge.changes.keys().map(TreePath::as_str))
    {
        out.note(idle);
    }
    merge_driver::enable(&workspace.root(), true, out);
    if !appended.keys.is_empty() {
        out.note(format_args!("new in .env: {}", appended.keys.join(", ")));
    }
    if let Some(by_hand) = &appended.by_hand {
        out.note(by_hand);
    }
    if !applied.conflicts.is_empty() {
        conclude_json(args, plan, None, None, out)?;
        tell_conflicts(plan, &applied.conflicts, out);
        return Ok(Exit::Conflicts);
    }
    out.say(format_args!("{} {}: {}", style("✓").for_stderr().green(), plan.subject, plan.counted()));
    let report = prove(args, workspace, plan, after, out, interrupt)?;
    let passed = report.as_ref().is_none_or(|report| report.passed);
    let commit = if args.commit && passed { Some(workspace.commit(&plan.subject)?) } else { None };
    conclude_json(args, plan, commit.as_deref(), report.as_ref(), out)?;
    if !passed {
        out.say(format_args!(
            "\nThe smoke test failed, and nothing was committed. Mend it, or take the change back with `{TAKE_BACK}`."
        ));
        return Ok(Exit::SmokeFailed);
    }
    if let Some(commit) = commit {
        out.say(format_args!("committed as {}", &commit[..commit.len().min(10)]));
    } else {
        out.say(format_args!(
            "\nNext:\n  git diff --staged\n  git commit --message \"{}\"      # or take it back: {TAKE_BACK}",
            plan.subject
        ));
    }
    Ok(Exit::Done)
}

fn tell_notes(plan: &ChangePlan, out: &mut Out) {
    for note in plan.notes() {
        out.note(note);
    }
}

fn tell_conflicts(plan: &ChangePlan, conflicts: &[String], out: &mut Out) {
    let mark = style("!").for_stderr().red().bold();
    out.say(format_args!("{mark} {}: {}", plan.subject, plan.counted()));
    out.say("\nYou and the template have changed the same places:");
    for path in conflicts {
        out.say(format_args!("  {path}"));
    }
    out.say(
        "\nNext:\n  edit them, or run `git mergetool`, then `git add` each\n  git cherry-pick --continue      # or take \
         everything back: git cherry-pick --abort",
    );
}

fn prove(
    args: &ChangeArgs,
    workspace: &Workspace,
    plan: &ChangePlan,
    after: &Opened,
    out: &mut Out,
    interrupt: &Interrupt,
) -> Result<Option<Report>> {
    let level = match args.smoke {
        None => return Ok(None),
        Some(SmokeLevelArg::Quick) => SmokeLevel::Quick,
        Some(SmokeLevelArg::Full) => SmokeLevel::Full,
    };
    if !smoke::may_run(after, args.trust, args.json || args.yes, out)? {
        bail!(
            "the change stands, unproved: this would run the code of {}; look at it, then add `--trust`",
            after.id.source
        );
    }
    let proof = smoke::proof(after, &plan.after.record, &workspace.root(), level)?;
    smoke::prove(&proof, out, interrupt).map(Some)
}

fn conclude_json(
    args: &ChangeArgs,
    plan: &ChangePlan,
    commit: Option<&str>,
    report: Option<&Report>,
    out: &mut Out,
) -> Result<()> {
    if args.json {
        let mut document = plan.to_json();
        document["commit"] = json!(commit);
        document["smoke"] = serde_json::to_value(report)?;
        out.json(&document)?;
    }
    Ok(())
}
