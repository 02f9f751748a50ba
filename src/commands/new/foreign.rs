//! `neoforge new` with a template of another tool.

use anyhow::{Result, bail};
use console::style;
use serde_json::json;

use super::options::{git_plan, pairs, target};
use super::repository::{NewRepository, tell_git};
use crate::answers::name;
use crate::cli::New;
use crate::commands::source::Located;
use crate::commands::{Exit, prompts, scratch_folder};
use crate::foreign::{self, Request};
use crate::gather::GatherError;
use crate::interrupt::Interrupt;
use crate::project::read::read_tree;
use crate::project::{Staged, check_target};
use crate::ui::Out;

pub(super) fn run(args: &New, located: &Located, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    for (flag, given) in [
        ("--preset", args.preset.is_some()),
        ("--with", !args.with.is_empty()),
        ("--without", !args.without.is_empty()),
        ("--answers", args.answers.is_some()),
    ] {
        if given {
            bail!("{} is a template of cargo-generate, which has no features: leave out {flag}", located.source);
        }
    }
    let Some(project) = args.name.as_deref() else { bail!(GatherError::NoName) };
    name::check(project, &[]).map_err(GatherError::from)?;
    let target = target(args, project)?;
    check_target(&target)?;

    let scratch = scratch_folder()?;
    let request = Request {
        template: &located.folder,
        name: project,
        values: &pairs(&args.set)?,
        trust: args.trust,
        ask: !args.yes && !args.json && prompts(),
    };
    let tree = read_tree(&foreign::generate(&request, scratch.path())?)?;
    interrupt.check()?;
    if args.dry_run {
        let paths: Vec<&str> = tree.iter().map(|(path, _)| path.as_str()).collect();
        if args.json {
            out.json(&json!({ "name": project, "target": target.display().to_string(), "files": paths }))?;
        } else {
            out.data(paths.join("\n"))?;
        }
        return Ok(Exit::Done);
    }
    let staged = Staged::write(&tree, &target, &|| interrupt.is_set())?;
    let git = git_plan(args, &target);
    let message = format!("Start {project} from {}", located.source);
    let repository = NewRepository { plan: &git, tree: &tree, message: &message };
    let committed = repository.finish(staged, out, interrupt)?;
    let check = style("✓").for_stderr().green();
    out.say(format_args!("{check} {} files in {}", tree.len(), target.display()));
    tell_git(&git, committed.as_ref(), out);
    out.note("this is a template of cargo-generate: the project cannot be added to or updated later");
    if args.json {
        out.json(&json!({ "name": project, "target": target.display().to_string(), "files": tree.len() }))?;
    }
    Ok(Exit::Done)
}
