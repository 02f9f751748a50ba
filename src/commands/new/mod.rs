//! `neoforge new`

mod foreign;
mod in_place;
mod options;
mod repository;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use console::style;
use serde_json::json;

pub(super) use self::options::pairs;
use self::options::{git_plan, planned_smoke, target};
use self::repository::{DOTENV, NewRepository, tell_git};
use super::source::{self, Clones, Opened};
use super::{Exit, agrees, idle_workflows, merge_driver, prompts, show, smoke};
use crate::answers::record::{self, AnswersFile, Record};
use crate::answers::{Value, name};
use crate::cli::New;
use crate::gather::{self, Ask, AskError, Defaults, GatherError, Given, Prompt};
use crate::interrupt::{Interrupt, Interrupted};
use crate::plan::{GitPlan, NewProject};
use crate::project::git::{self, Committed};
use crate::project::stage::Staged;
use crate::project::{check_target, dotenv};
use crate::render::{EnvEntry, EnvValue};
use crate::smoke::Report;
use crate::ui::{Out, Terminal};

pub(super) fn run(args: &New, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    let opened = match &args.template.template {
        None => source::built_in()?,
        Some(named) => {
            let mut clones = Clones::new(interrupt);
            let located = source::locate(named, &mut clones)?;
            if located.is_foreign()? {
                return foreign::run(args, &located, out, interrupt);
            }
            source::read(&located)?
        }
    };
    foreign::refuse_theirs(args)?;
    let given = given(args)?;
    let asks = !args.yes && !args.json && prompts();
    if let Some(name) = &given.name {
        name::check(name, &opened.template.manifest.reserved_names).map_err(GatherError::from)?;
        check_target(&target(args, name)?)?;
    }
    let mut ask: Box<dyn Ask> = if asks { Box::new(Terminal::new()) } else { Box::new(Defaults) };
    let gathered = gather::gather(&opened.template, &given, &mut FreeName { ask: &mut *ask, args })?;
    interrupt.check()?;
    let target = target(args, &gathered.answers.name)?;
    check_target(&target)?;
    let git = git_plan(args, &target);
    let record = Record { template: opened.id.clone(), answers: gathered.answers.clone() };
    let mut plan = NewProject::new(&opened.template, record, &gathered, target, git)?;
    plan.smoke = planned_smoke(args.smoke, &opened.template);

    if args.dry_run {
        return show(args.json, &plan, || plan.to_json(), out);
    }
    if asks {
        out.say(format_args!("\n{}\n", plan.summary()));
        if !agrees("Make this project?", "Nothing was written.", out)? {
            return Ok(Exit::Interrupted);
        }
    }
    let committed = apply(&plan, out, interrupt)?;
    opened.keep();
    told(&plan, committed.as_ref(), out);
    match plan.git {
        GitPlan::Init | GitPlan::First => merge_driver::enable(&plan.target, false, out),
        GitPlan::Inside(_) => merge_driver::enable(&plan.target, true, out),
        GitPlan::Off => {}
    }
    let report = prove(args, &opened, &plan, out, interrupt)?;
    conclude(args, &plan, committed.as_ref(), report.as_ref(), out)
}

/// Takes a name only where its folder is free, so that nobody answers ten questions in vain.
struct FreeName<'a> {
    ask: &'a mut dyn Ask,
    args: &'a New,
}

impl Ask for FreeName<'_> {
    fn ask(&mut self, prompt: &Prompt<'_>) -> Result<Value, AskError> {
        if prompt.key != "name" {
            return self.ask.ask(prompt);
        }
        let check = |name: &Value| {
            (prompt.check)(name)?;
            let target = target(self.args, &name.to_string()).map_err(|error| error.to_string())?;
            check_target(&target).map_err(|error| error.to_string())
        };
        let Prompt { key, text, kind, .. } = *prompt;
        let (choices, default) = (prompt.choices.clone(), prompt.default.clone());
        self.ask.ask(&Prompt { key, text, kind, choices, default, check: &check })
    }
}

/// What the command line says, with the file of answers beneath it.
fn given(args: &New) -> Result<Given> {
    let mut given = Given {
        name: args.name.clone(),
        preset: args.preset.clone(),
        with: args.with.clone(),
        without: args.without.clone(),
        set: pairs(&args.set)?,
        ..Given::default()
    };
    if let Some(path) = &args.answers {
        let file = read_answers(path).with_context(|| format!("failed to read {}", path.display()))?;
        given.features = file.features;
        given.answers = file.answers;
        // The name in the file is another project's, and only a fallback.
        if let Some(name) = given.answers.remove("name").filter(|_| given.name.is_none()) {
            given.name = Some(name.to_string());
        }
    }
    Ok(given)
}

fn read_answers(path: &Path) -> Result<AnswersFile> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            bail!("it is a folder; name the file in it, such as {}", path.join(record::PATH).display())
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => bail!("it is not UTF-8; save it as UTF-8"),
        Err(error) => bail!("{error}; give the path of a file of answers, such as another project's {}", record::PATH),
    };
    Ok(AnswersFile::parse(&text)?)
}

/// Writes the project beside its place, completes it, and moves it there in one step.
fn apply(plan: &NewProject, out: &mut Out, interrupt: &Interrupt) -> Result<Option<Committed>> {
    let staged = Staged::write(&plan.tree, &plan.target, &|| interrupt.is_set())?;
    if !plan.environment.is_empty() {
        let entries: Vec<_> = plan.environment.iter().map(dotenv_entry).collect();
        dotenv::write(&staged.path().join(DOTENV), &entries)?;
    }
    let template = &plan.record.template;
    let message =
        format!("Start {} with NeoForge ({} {})", plan.record.answers.name, template.source, template.version);
    let repository = NewRepository { plan: &plan.git, tree: &plan.tree, message: &message };
    repository.finish(staged, out, interrupt)
}

pub(in crate::commands) fn dotenv_entry(entry: &EnvEntry) -> dotenv::Entry {
    let value = match &entry.value {
        EnvValue::Plain(text) => dotenv::Value::Plain(text.clone()),
        EnvValue::Secret => dotenv::Value::Secret,
        EnvValue::Off(text) => dotenv::Value::Commented(text.clone()),
    };
    dotenv::Entry { key: entry.key.clone(), about: entry.about.clone(), value }
}

fn told(plan: &NewProject, committed: Option<&Committed>, out: &mut Out) {
    let check = style("✓").for_stderr().green();
    let branch = match committed {
        Some(Committed::Commit { branch, .. }) => format!(", committed on {branch}"),
        _ => String::new(),
    };
    out.say(format_args!("{check} {} files in {}{branch}", plan.tree.len(), plan.target.display()));
    tell_git(&plan.git, committed, out);
    if matches!(plan.git, GitPlan::Inside(_))
        && let Some(idle) = idle_workflows(plan.tree.iter().map(|(path, _)| path.as_str()))
    {
        out.note(idle);
    }
}

fn prove(
    args: &New,
    opened: &Opened,
    plan: &NewProject,
    out: &mut Out,
    interrupt: &Interrupt,
) -> Result<Option<Report>> {
    let Some(planned) = &plan.smoke else { return Ok(None) };
    let proof = smoke::proof(opened, &plan.record, &plan.target, planned.level)?;
    let may_run = smoke::may_run(opened, args.trust, args.json || args.yes, out);
    if may_run.as_ref().is_err_and(super::is_interruption) {
        stands_unproved(plan, out);
        bail!(Interrupted);
    }
    if !may_run? {
        out.note(format_args!(
            "no smoke test: it would run the code of {}; look at it, then run `neoforge smoke --trust`",
            opened.id.source
        ));
        return Ok(None);
    }
    // Whoever was asked has read it in the plan.
    if args.yes {
        out.say(format_args!("Smoke test: {planned}"));
    }
    let report = smoke::prove(&proof, out, interrupt);
    if report.as_ref().is_err_and(super::is_interruption) {
        stands_unproved(plan, out);
    }
    report.map(Some)
}

/// What somebody wants to know who has stopped the program before the project was proved.
fn stands_unproved(plan: &NewProject, out: &mut Out) {
    let (target, folder) = (plan.target.display(), shown(&plan.target));
    out.say(format_args!(
        "\nThe project stands in {target}. To prove it later:\n  neoforge smoke {}",
        folder.display()
    ));
}

/// The last words: the outcome as JSON, or what to type next.
fn conclude(
    args: &New,
    plan: &NewProject,
    committed: Option<&Committed>,
    report: Option<&Report>,
    out: &mut Out,
) -> Result<Exit> {
    let passed = report.is_none_or(|report| report.passed);
    if args.json {
        let mut document = plan.to_json();
        document["commit"] = match committed {
            Some(Committed::Commit { id, .. }) => json!(id),
            _ => json!(null),
        };
        document["smoke"] = serde_json::to_value(report)?;
        out.json(&document)?;
    }
    let built = if report.is_some() && matches!(plan.git, GitPlan::Init | GitPlan::First) {
        git::untracked(&plan.target)
    } else {
        Vec::new()
    };
    let (locks, others): (Vec<_>, Vec<_>) =
        built.into_iter().partition(|path| Path::new(path).extension().is_some_and(|kind| kind == "lock"));
    if !locks.is_empty() {
        out.note(format_args!("the build wrote {}, which belongs into git: `git add` and commit it", locks.join(", ")));
    }
    if !others.is_empty() {
        out.note(format_args!(
            "the smoke test left {}, which git neither tracks nor ignores: the template's .gitignore should name it",
            others.join(", ")
        ));
    }
    if passed {
        out.say("\nNext:");
        let folder = shown(&plan.target);
        if folder != Path::new(".") {
            out.say(format_args!("  cd {}", folder.display()));
        }
        for command in &plan.next {
            out.say(format_args!("  {command}"));
        }
        Ok(Exit::Done)
    } else {
        let advice = if report.is_some_and(Report::only_hung) {
            "did not come to an end. Nothing is known to be wrong; to go on where it stopped"
        } else {
            "failed. Mend it, then run"
        };
        out.say(format_args!(
            "\nThe project stands in {}, but its smoke test {advice}:\n  neoforge smoke {}",
            plan.target.display(),
            shown(&plan.target).display()
        ));
        Ok(Exit::SmokeFailed)
    }
}

/// A path as somebody in the current folder would type it.
fn shown(target: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    match here.and_then(|here| target.strip_prefix(here).ok().map(Path::to_path_buf)) {
        Some(inside) if inside.as_os_str().is_empty() => PathBuf::from("."),
        Some(inside) => inside,
        None => target.to_owned(),
    }
}
