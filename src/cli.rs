//! The command line. These types hold no behaviour, and their doc comments are the help.

mod template;

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use self::template::{CoverArgs, ManifestKind, TemplateCommand, TemplateTest};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (template ", env!("NEOFORGE_TEMPLATE_VERSION"), ")");

/// Forge a production-ready full-stack Rust project, and prove that it runs.
#[derive(Debug, Parser)]
#[command(name = "neoforge", version = VERSION, styles = STYLES, max_term_width = 100, propagate_version = false)]
#[command(
    after_help = "Start with `neoforge new my-app`. It asks what it needs to know, and writes nothing before you have seen the plan.\n\nExit \
                  status: 0 done, 1 failed, 2 wrong use or a name that is not there, 3 conflicts to resolve, 4 the smoke test \
                  failed, 130 stopped by Ctrl-C or by your answer."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command understands.
    #[command(flatten)]
    pub global: Global,
}

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Say only what went wrong.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Use no colours; the variable `NO_COLOR` does the same.
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new project.
    New(New),
    /// Add features to a project, whatever has been edited since.
    #[command(subcommand)]
    Add(AddCommand),
    /// Remove features from a project: the inverse of adding them.
    #[command(subcommand)]
    Remove(RemoveCommand),
    /// Change answers of a project, such as `database=postgres`.
    Set {
        /// The answers.
        #[arg(value_name = "KEY=VALUE", required = true)]
        pairs: Vec<String>,
        /// How to change the project.
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Move a project to a newer version of its template.
    Update {
        /// The version, or for a template from git the branch, tag or commit [default: the newest].
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        /// Answer a question, where the later version does not take the answer that the project has; may be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// How to change the project.
        #[command(flatten)]
        change: ChangeArgs,
    },
    /// Tell what a project was made from, what has been edited since, and what is newer.
    Status {
        /// The project's folder, or one inside of it.
        #[arg(long, value_name = "DIR", default_value = ".")]
        project: PathBuf,
        /// Print the outcome as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Show what has been edited since the template made the project, as a unified diff.
    Diff {
        /// Only this file or folder.
        path: Option<PathBuf>,
        /// End with status 1 when there are differences.
        #[arg(long)]
        exit_code: bool,
        /// The project's folder, or one inside of it.
        #[arg(long, value_name = "DIR", default_value = ".")]
        project: PathBuf,
    },
    /// Find out what a project was made from that has lost its record, and write the record anew.
    Adopt(Adopt),
    /// Prove that a project builds, passes its tests, answers its probes and stops gracefully.
    Smoke(Smoke),
    /// List what a template offers.
    List(List),
    /// Render combinations of a template into folders, or compare them with what stands there.
    Snapshot(Snapshot),
    /// Work on a template.
    #[command(subcommand)]
    Template(TemplateCommand),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write one page for each command.
    Man {
        /// Write the pages into this folder instead.
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Merge three versions of one file, as git asks its merge drivers to.
    #[command(hide = true)]
    MergeDriver(MergeDriver),
    /// Render a template with the library of cargo-generate, for the `new` that has written the request.
    #[command(hide = true)]
    CargoGenerate {
        /// The request.
        request: PathBuf,
    },
    /// Print the reference of all commands in Markdown.
    #[command(hide = true)]
    Reference,
}

/// `neoforge add`
#[derive(Debug, Subcommand)]
pub enum AddCommand {
    /// Add features, and what they require.
    Feature {
        /// The features; `neoforge list features` shows them.
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Answer a question of a new feature; may be given several times.
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// How to change the project.
        #[command(flatten)]
        change: ChangeArgs,
    },
}

/// `neoforge remove`
#[derive(Debug, Subcommand)]
pub enum RemoveCommand {
    /// Remove features, and what only they required.
    Feature {
        /// The features; `neoforge status` shows them.
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Write a migration that drops what the features have made in the database, with all rows.
        #[arg(long)]
        drop_tables: bool,
        /// How to change the project.
        #[command(flatten)]
        change: ChangeArgs,
    },
}

/// How a project is changed.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct ChangeArgs {
    /// The project's folder, or one inside of it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Ask nothing: take the default of every question that has no answer.
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would be done, with diffs, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome as JSON on standard output; implies `--yes`.
    #[arg(long)]
    pub json: bool,
    /// Commit the result, unless there are conflicts.
    #[arg(long)]
    pub commit: bool,
    /// Prove the result, quickly or in full.
    #[arg(long, value_enum, value_name = "LEVEL", num_args = 0..=1, default_missing_value = "quick")]
    pub smoke: Option<SmokeLevelArg>,
    /// Run the code of a template that did not come with this program without asking.
    #[arg(long)]
    pub trust: bool,
}

/// Which template to use.
#[derive(Debug, Clone, Args)]
pub struct TemplateArg {
    /// Use this template instead of the built-in one: a folder, or a git repository.
    ///
    /// A repository is a URL, `git@host:path`, or `gh:owner/name`; `//folder` names a folder in it and `#rev` a branch, tag or
    /// commit, as in `gh:acme/templates//web#v1.2`. It is cloned with your own git.
    #[arg(long, value_name = "PATH|GIT")]
    pub template: Option<String>,
}

/// `neoforge new`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct New {
    /// The project's name, such as `my-app`; asked for when it is left out.
    pub name: Option<String>,
    /// Start from a named set of features.
    #[arg(long)]
    pub preset: Option<String>,
    /// Add features to the set.
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Leave features out of the set.
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Answer a question; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Take answers and features from a file, such as another project's neoforge.toml.
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub answers: Option<PathBuf>,
    /// Make the project in this folder instead of one with its name.
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Ask nothing: take the default of every question that has no answer.
    #[arg(long, short)]
    pub yes: bool,
    /// Show what would be done, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome as JSON on standard output; implies `--yes`.
    #[arg(long)]
    pub json: bool,
    /// Make no git repository.
    #[arg(long)]
    pub no_git: bool,
    /// How much to prove once the project stands [default: quick].
    #[arg(long, value_enum)]
    pub smoke: Option<SmokeChoice>,
    /// Run the code of a template that did not come with this program without asking.
    #[arg(long)]
    pub trust: bool,
    /// The template.
    #[command(flatten)]
    pub template: TemplateArg,
    /// What only templates of cargo-generate know.
    #[command(flatten)]
    pub foreign: ForeignArgs,
}

/// What only templates of cargo-generate know.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for templates of cargo-generate")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct ForeignArgs {
    /// Make a library: `crate_type` is `lib` instead of `bin` (templates of cargo-generate only).
    #[arg(long, requires = "template")]
    pub lib: bool,
    /// Write into the current folder, or the one of `--into`; files that are there stay (templates of cargo-generate only).
    #[arg(long, requires = "template")]
    pub init: bool,
    /// Keep the name as it was given, instead of making it kebab-case (templates of cargo-generate only).
    #[arg(long, alias = "force", requires = "template")]
    pub exact_name: bool,
    /// Copy files that are no valid liquid as they are, instead of refusing them (templates of cargo-generate only).
    #[arg(long, requires = "template")]
    pub continue_on_error: bool,
}

/// How much `neoforge new` proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SmokeChoice {
    /// Nothing.
    None,
    /// It builds, passes its tests, answers its probes and stops gracefully.
    Quick,
    /// Also that it is formatted, free of warnings, and documented.
    Full,
}

/// `neoforge adopt`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Adopt {
    /// The project's folder.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// The project was made from this version, or for a template from git this branch, tag or commit [default: the one
    /// that fits best, for a template from git of its default branch and its ten newest tags].
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// The project has these features.
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',')]
    pub with: Vec<String>,
    /// The project does not have these features.
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',')]
    pub without: Vec<String>,
    /// The project was made with this answer; may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Write the record of the nearest match, however little fits.
    #[arg(long)]
    pub force: bool,
    /// Ask nothing: write the record if the match is good.
    #[arg(long, short)]
    pub yes: bool,
    /// Show what was found and the record, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the outcome as JSON on standard output; implies `--yes`.
    #[arg(long)]
    pub json: bool,
    /// The template.
    #[command(flatten)]
    pub template: TemplateArg,
}

/// `neoforge merge-driver`: what git gives to the driver of `[merge "neoforge"]`, in the words of its documentation.
#[derive(Debug, Args)]
pub struct MergeDriver {
    /// `%O`: a file with the version of the common ancestor, empty where there is none.
    pub ancestor: PathBuf,
    /// `%A`: a file with our version, which the result is written to. It stays as it is where git merges or shows a conflict.
    pub ours: PathBuf,
    /// `%B`: a file with their version.
    pub theirs: PathBuf,
    /// `%P`: where the result will stand in the repository; its name tells the format.
    pub path: PathBuf,
}

/// `neoforge smoke`
#[derive(Debug, Args)]
pub struct Smoke {
    /// The project's folder, or one inside of it.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// How much to prove.
    #[arg(long, value_enum, default_value = "quick")]
    pub level: SmokeLevelArg,
    /// Go on after a step that failed.
    #[arg(long)]
    pub keep_going: bool,
    /// Print the outcome as JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// Run the code of a project whose template did not come with this program without asking.
    #[arg(long)]
    pub trust: bool,
    /// The template.
    #[command(flatten)]
    pub template: TemplateArg,
}

/// How much `neoforge smoke` proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SmokeLevelArg {
    /// It builds, passes its tests, answers its probes and stops gracefully.
    Quick,
    /// Also that it is formatted, free of warnings, and documented.
    Full,
}

/// `neoforge list`
#[derive(Debug, Args)]
pub struct List {
    /// What to list; everything when it is left out.
    #[arg(value_enum)]
    pub what: Option<ListWhat>,
    /// Print JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// The template.
    #[command(flatten)]
    pub template: TemplateArg,
}

/// What `neoforge list` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListWhat {
    /// The features, and what they require.
    Features,
    /// The named sets of features.
    Presets,
    /// The questions, and their defaults.
    Questions,
}

/// `neoforge snapshot`
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The list of combinations; paths in it are relative to it.
    #[arg(default_value = "snapshots.toml")]
    pub file: PathBuf,
    /// Compare, show the differences, and fail where there are any (the default).
    #[arg(long, conflicts_with = "update")]
    pub check: bool,
    /// Write the folders anew.
    #[arg(long)]
    pub update: bool,
    /// Print the outcome as JSON on standard output.
    #[arg(long)]
    pub json: bool,
}
