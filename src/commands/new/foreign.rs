//! `neoforge new` with a template of another tool.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result, bail};
use console::style;
use serde_json::json;
use walkdir::WalkDir;

use super::in_place::{lend, move_into, take_back};
use super::options::{git_plan, pairs};
use crate::answers::Value;
use crate::cli::{New, SmokeChoice};
use crate::commands::source::Located;
use crate::commands::{Exit, agrees, prompts, scratch_folder, show};
use crate::foreign::{self, ForeignError, Found, Membership, Request};
use crate::gather::{Ask as _, AskError, GatherError, Prompt};
use crate::interrupt::Interrupt;
use crate::plan::{GitPlan, PlainProject, PlannedFile};
use crate::project::plain::commit_all;
use crate::project::{Committed, Staged, check_target};
use crate::template::manifest::Kind;
use crate::tree::FileTree;
use crate::ui::{Out, Terminal};

/// Stands for the project in the name of the folder that it is staged in, where it gets none of its own.
const IN_PLACE: &str = "neoforge-init";

pub(super) fn run(args: &New, located: &Located, out: &mut Out, interrupt: &Interrupt) -> Result<Exit> {
    refuse_ours(args, located)?;
    if !foreign::CAN_RENDER {
        bail!(ForeignError::NotBuilt { template: located.source.clone() });
    }
    // A dry run asks nothing: cargo-generate would ask whether to run commands, too.
    let asks = !args.yes && !args.json && !args.dry_run && prompts();
    let found = find(located, asks, out)?;
    let values = pairs(&args.set)?;
    foreign::check_keys(&found, values.keys().map(String::as_str))?;
    let place = Place::new(args, &found, asks)?;
    let no_repository = found.wants_no_repository();

    let scratch = scratch_folder()?;
    let found = found.without_repository(scratch.path())?;
    let staged = Staged::write(&FileTree::default(), &place.staging, &|| interrupt.is_set())?;
    let lent = if place.init { lend(&place.target, staged.path())? } else { Vec::new() };
    let request = Request {
        subfolder: found.subfolder(),
        root: found.root,
        name: place.name.clone(),
        exact_name: args.foreign.exact_name,
        lib: args.foreign.lib,
        destination: staged.path().to_path_buf(),
        init: place.init,
        continue_on_error: args.foreign.continue_on_error,
        allow_commands: args.trust && !args.dry_run,
        format: !args.dry_run,
        ask: asks,
        values,
    };
    let rendered = foreign::render(&request, scratch.path(), interrupt)?;
    let (skipped, notes): (Vec<_>, Vec<_>) =
        rendered.notes.iter().partition(|note| note.contains("File already exists"));
    for note in notes {
        out.note(note);
    }
    take_back(&rendered.folder, &lent)?;
    forget_submodules(&rendered.folder)?;
    let (membership, git) = surroundings(args, &place, no_repository, &rendered.folder, out);
    let (kept, files) = list(&rendered.folder)?
        .into_iter()
        .partition::<Vec<_>, _>(|file| place.init && place.target.join(&file.path).symlink_metadata().is_ok());
    let plan = PlainProject {
        name: place.name.clone(),
        source: located.source.clone(),
        commit: located.commit.clone(),
        target: place.target.clone(),
        files,
        kept: lent
            .iter()
            .filter(|name| skipped.iter().any(|note| note.contains(&format!("`{name}`"))))
            .map(|name| (*name).to_owned())
            .chain(kept.into_iter().map(|file| file.path))
            .collect(),
        git,
        workspace: if let Membership::Joins { manifest, .. } = &membership { Some(manifest.clone()) } else { None },
    };
    if args.dry_run {
        return show(args.json, &plan, || plan.to_json(), out);
    }
    if asks {
        out.say(format_args!("\nRendered, and not yet in its place:\n\n{}\n", plan.summary()));
        if !agrees("Make this project?", "Nothing was written.", out)? {
            return Ok(Exit::Interrupted);
        }
    }
    interrupt.check()?;
    if place.init {
        move_into(&rendered.folder, &plan)?;
    } else {
        staged.commit_inner(&rendered.folder)?;
    }
    conclude(args, &plan, &membership, out)
}

/// Flags that mean something for our own templates only.
fn refuse_ours(args: &New, located: &Located) -> Result<()> {
    for (flag, given) in [
        ("--preset", args.preset.is_some()),
        ("--with", !args.with.is_empty()),
        ("--without", !args.without.is_empty()),
        ("--answers", args.answers.is_some()),
        ("--smoke", matches!(args.smoke, Some(SmokeChoice::Quick | SmokeChoice::Full))),
    ] {
        if given {
            bail!(
                "{} is a template of cargo-generate, which has no features and no smoke test: leave out {flag}",
                located.source
            );
        }
    }
    Ok(())
}

/// Flags that mean something for templates of cargo-generate only.
pub(super) fn refuse_theirs(args: &New) -> Result<()> {
    let foreign = &args.foreign;
    for (flag, given) in [
        ("--lib", foreign.lib),
        ("--init", foreign.init),
        ("--exact-name", foreign.exact_name),
        ("--continue-on-error", foreign.continue_on_error),
    ] {
        if given {
            bail!("{flag} is for templates of cargo-generate, and this is none: leave it out");
        }
    }
    Ok(())
}

/// The template in what was named: where it holds several, one is asked for, or the first one is taken as cargo-generate does.
fn find(located: &Located, asks: bool, out: &mut Out) -> Result<Found> {
    foreign::find(&located.root, located.subfolder.as_deref(), &mut |names: &[String]| {
        if !asks {
            let others = names[1..].join(", ");
            if !others.is_empty() {
                out.note(format_args!(
                    "{} holds several templates; taking {}, while `--template PATH//FOLDER` names another one: {others}",
                    located.source, names[0]
                ));
            }
            return Ok(names[0].clone());
        }
        let prompt = Prompt {
            key: "template",
            text: "Which template?",
            kind: Kind::Choice,
            choices: names.iter().map(|name| (name.clone(), name.clone())).collect(),
            default: Some(Value::Text(names[0].clone())),
            check: &|_| Ok(()),
        };
        Ok::<_, anyhow::Error>(Terminal::new().ask(&prompt)?.to_string())
    })
}

/// Where the project goes.
struct Place {
    name: String,
    target: PathBuf,
    /// What the folder is named after that the project is rendered in.
    staging: PathBuf,
    /// Whether the target is a folder that stays as it is, but for new files.
    init: bool,
}

impl Place {
    fn new(args: &New, found: &Found, asks: bool) -> Result<Self> {
        let name = match &args.name {
            Some(name) => name.clone(),
            None if asks => ask_name()?,
            None => bail!(GatherError::NoName),
        };
        let folder = foreign::folder_name(&name, args.foreign.exact_name);
        let is_name = Path::new(&folder).components().count() == 1 && Path::new(&folder).file_name().is_some();
        if !is_name || folder.contains(['/', '\\']) {
            bail!(
                "{name:?} cannot be the name of a project and its folder; try `my-app`, and name the folder with --into"
            );
        }
        let init = args.foreign.init || found.wants_init();
        let target =
            args.into.clone().unwrap_or_else(|| if init { PathBuf::from(".") } else { PathBuf::from(&folder) });
        let target = absolute(target).context(
            "the current folder is not there any more; go to another one, or give an absolute path to --into",
        )?;
        if init {
            // Without the dot at its end, which hides the folders above.
            let target = target.canonicalize().with_context(|| {
                format!("{} is not there; make it, since the template is made in a folder that is", target.display())
            })?;
            return Ok(Self { name, staging: target.join(IN_PLACE), target, init });
        }
        check_target(&target)?;
        Ok(Self { name, staging: target.clone(), target, init })
    }
}

fn ask_name() -> Result<String, AskError> {
    let check = |value: &Value| if value.to_string().is_empty() { Err("a name is needed".to_owned()) } else { Ok(()) };
    Ok(Terminal::new().ask(&Prompt::for_name(&check))?.to_string())
}

/// What happens to the workspace and the repository around, and why it does not where one might expect it.
fn surroundings(
    args: &New,
    place: &Place,
    no_repository: bool,
    project: &Path,
    out: &mut Out,
) -> (Membership, GitPlan) {
    let stays = place.init && place.target.join("Cargo.toml").exists();
    let membership = foreign::membership(&place.target, if stays { &place.target } else { project });
    if let Membership::StaysOut { manifest, reason } = &membership {
        out.note(format_args!("the project is no member of the workspace {}: {reason}", manifest.display()));
    }
    let joins = matches!(membership, Membership::Joins { .. });
    let git = match git_plan(args, &place.target) {
        GitPlan::Init if place.init || no_repository || joins => GitPlan::Off,
        git => git,
    };
    if no_repository && !args.no_git {
        out.note("the template asks for no git repository of its own");
    }
    (membership, git)
}

/// Removes the files by which a template's checkout knows its submodules: they lead nowhere from the project.
fn forget_submodules(project: &Path) -> Result<()> {
    for entry in WalkDir::new(project).min_depth(1).into_iter().flatten() {
        if entry.file_name() == ".git" && entry.file_type().is_file() {
            fs::remove_file(entry.path()).with_context(|| format!("failed to remove {}", entry.path().display()))?;
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PlannedFile>> {
    let mut files = Vec::new();
    let entries = WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() > 1 || entry.file_name() != ".git") {
        let entry = entry.context("failed to look at what was rendered")?;
        if entry.file_type().is_dir() {
            continue;
        }
        let metadata = entry.metadata().context("failed to look at what was rendered")?;
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let names: Vec<_> = inside.iter().map(|name| name.to_string_lossy()).collect();
        files.push(PlannedFile {
            path: names.join("/"),
            bytes: usize::try_from(metadata.len()).unwrap_or(usize::MAX),
            executable: is_executable(&metadata),
        });
    }
    Ok(files)
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}

/// What comes after the files stand: the workspace, the repository, the last words.
fn conclude(args: &New, plan: &PlainProject, membership: &Membership, out: &mut Out) -> Result<Exit> {
    if let Membership::Joins { manifest, text } = membership {
        fs::write(manifest, text)
            .with_context(|| format!("failed to write {}; add the new member by hand", manifest.display()))?;
    }
    let committed = match plan.git {
        GitPlan::Init | GitPlan::First => {
            Some(commit_all(&plan.target, &format!("Start {} from {}", plan.name, plan.source)))
        }
        GitPlan::Off | GitPlan::Inside(_) => None,
    };
    let branch = match &committed {
        Some(Ok(Committed::Commit { branch, .. })) => format!(", committed on {branch}"),
        _ => String::new(),
    };
    let check = style("✓").for_stderr().green();
    out.say(format_args!("{check} {} files in {}{branch}", plan.files.len(), plan.target.display()));
    if let Some(manifest) = &plan.workspace {
        out.say(format_args!("{check} a member of {}", manifest.display()));
    }
    if !plan.kept.is_empty() {
        out.note(format_args!("these files were there already and stayed as they are: {}", plan.kept.join(", ")));
    }
    match &committed {
        Some(Ok(Committed::NoIdentity { .. })) => out.note(
            "nothing was committed: git does not know who you are; run `git config --global user.name \"…\"` and `git config \
             --global user.email \"…\"`, then `git commit`",
        ),
        Some(Ok(Committed::Refused { said: error }) | Err(error)) => {
            out.note(format_args!("nothing was committed; git says: {error}"));
        }
        Some(Ok(Committed::Commit { .. })) | None => {}
    }
    if let GitPlan::Inside(repository) = &plan.git {
        out.note(format_args!(
            "no git repository was made: {} is one already; commit the new files there",
            repository.display()
        ));
    }
    out.note("this is a template of cargo-generate: the project cannot be added to or updated later");
    if args.json {
        let mut document = plan.to_json();
        document["commit"] = match committed {
            Some(Ok(Committed::Commit { id, .. })) => json!(id),
            _ => json!(null),
        };
        out.json(&document)?;
    }
    Ok(Exit::Done)
}
