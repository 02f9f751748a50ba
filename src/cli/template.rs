//! The command line of those who make templates.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `neoforge template`
#[derive(Debug, Subcommand)]
pub enum TemplateCommand {
    /// Report everything that is wrong with a template, with file and line.
    Check {
        /// The template's folder or git repository; the built-in template when it is left out.
        path: Option<String>,
        /// Print the problems as JSON on standard output.
        #[arg(long)]
        json: bool,
    },
    /// List the combinations of features that together prove a template, with the command that makes each.
    Matrix {
        /// The template's folder or git repository; the built-in template when it is left out.
        path: Option<String>,
        /// What the combinations cover.
        #[command(flatten)]
        cover: CoverArgs,
        /// Print JSON on standard output, such as the matrix of a CI is made of.
        #[arg(long)]
        json: bool,
    },
    /// Render the combinations of the matrix one after the other, and prove each in full.
    ///
    /// All are rendered into one temporary folder, and built in one target directory, so that only what differs is compiled.
    Test(TemplateTest),
    /// Pack the built-in template of this version, so that later versions of the program can render it.
    #[command(hide = true)]
    Freeze {
        /// Where the packed templates are.
        #[arg(long, value_name = "DIR", default_value = "src/releases")]
        into: PathBuf,
    },
    /// Write the lock file that the Cargo.lock of each project is taken from, and let cargo prove it.
    ///
    /// Runs cargo, which downloads what the projects of the template depend on. Versions that stand in the file stay, where they
    /// still fit.
    Lock {
        /// The template's folder.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Take the newest versions of all packages.
        #[arg(long, conflicts_with = "check")]
        update: bool,
        /// Write nothing: let cargo prove that the Cargo.lock of each project is the one that it would write.
        #[arg(long)]
        check: bool,
    },
    /// Print the JSON Schema of a manifest, so that editors can complete it.
    Schema {
        /// The manifest; both, in one object, when it is left out.
        #[arg(value_enum)]
        manifest: Option<ManifestKind>,
    },
}

/// The manifests of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManifestKind {
    /// `template.toml`.
    Template,
    /// `feature.toml`.
    Feature,
}

/// What the combinations of a matrix cover.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub struct CoverArgs {
    /// Every two features with and without each other, and with each member of each group: few combinations (the default).
    #[arg(long)]
    pub pairwise: bool,
    /// No feature, each feature alone, everything, and everything without each feature, for each member of each group.
    #[arg(long)]
    pub each: bool,
    /// Both.
    #[arg(long)]
    pub all: bool,
}

/// `neoforge template test`
#[derive(Debug, Args)]
pub struct TemplateTest {
    /// The template's folder or git repository; the built-in template when it is left out.
    pub path: Option<String>,
    /// What the combinations cover.
    #[command(flatten)]
    pub cover: CoverArgs,
    /// Prove only these combinations, whichever set they are of; `neoforge template matrix --all` names them.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with_all = ["CoverArgs", "shard"])]
    pub only: Vec<String>,
    /// Prove only a part of the combinations, such as the second of four.
    #[arg(long, value_name = "2/4")]
    pub shard: Option<String>,
    /// Build here [default: the variable `CARGO_TARGET_DIR`, or a folder in the user's cache].
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<PathBuf>,
    /// Keep the projects that failed, each in a folder below this one.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// End with the first combination that fails.
    #[arg(long)]
    pub fail_fast: bool,
    /// Print the outcome as JSON on standard output.
    #[arg(long)]
    pub json: bool,
    /// Run the code of a template that did not come with this program without asking.
    #[arg(long)]
    pub trust: bool,
}
