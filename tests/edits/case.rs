//! A case of the table, as its folder has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What somebody did, and what is expected of the changes after it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// The name of the folder.
    #[serde(skip)]
    pub(crate) name: String,
    /// One sentence about the edit.
    pub(crate) did: String,
    /// The features that the project was made with.
    #[serde(default = "default_start")]
    pub(crate) start: BTreeSet<String>,
    /// The answers that it was made with, besides the defaults.
    #[serde(default)]
    pub(crate) answers: BTreeMap<String, String>,
    /// The edits, in order.
    #[serde(default)]
    pub(crate) edit: Vec<Edit>,
    /// Files of the person's own, by path.
    #[serde(skip)]
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The commands, each on the edited project; ` then ` makes a chain of several.
    #[serde(default = "default_runs")]
    pub(crate) runs: Vec<String>,
    /// The files in conflict, by the command's first word. Everything else must merge.
    #[serde(default)]
    pub(crate) conflicts: BTreeMap<String, BTreeSet<String>>,
    /// Why a person has to choose there.
    #[serde(default)]
    pub(crate) because: Option<String>,
    /// What the command must tell, by its first word.
    #[serde(default)]
    pub(crate) tells: BTreeMap<String, Vec<String>>,
    /// Lines, or parts of them, that both sides change, so that neither has its own in the end.
    #[serde(default)]
    pub(crate) mixed: Vec<String>,
    /// Lines that a result must have, by the command's first word and the file.
    #[serde(default)]
    pub(crate) lines: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// One thing that somebody did.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub(crate) enum Edit {
    /// Lines below the one line that holds a text.
    After { file: String, after: String, text: String },
    /// Lines above the one line that holds a text.
    Before { file: String, before: String, text: String },
    /// Another text in place of one that occurs once.
    Replace { file: String, replace: String, with: String },
    /// Lines at the end.
    Append { file: String, append: String },
    /// A file or a folder that goes.
    Delete { delete: String },
    /// A file or a folder that is elsewhere.
    Move { from: String, to: String },
    /// A word that is another one, in all files whose path begins with one of `under`.
    Rename { rename: String, to: String, under: Vec<String> },
    /// Formatted by other rules: Rust by rustfmt with `config`, JSON by four blanks, CSS with one declaration a line.
    Reformat { reformat: String, config: Option<String> },
    /// The dependencies of a manifest in the order of the alphabet, without groups.
    Sort { sort: String },
    /// The same text on top of all Rust files below.
    Header { header: String, under: String },
    /// Line ends as on Windows, in all files below.
    Crlf { crlf: String },
}

/// What most cases start from: a shop on its way, with an example to copy from, delivery and CI.
fn default_start() -> BTreeSet<String> {
    ["docker", "doctor", "example", "github-actions", "hot-reload", "rate-limits", "vscode"].map(str::to_owned).into()
}

/// What happens to most cases: all features that are missing come, some go, the database and a text change, and the
/// template moves on.
fn default_runs() -> Vec<String> {
    const ADD: &str = "add api-docs backups cors coverage devcontainer health-report http-client job-commands resilience schedules signing";
    const REMOVE: &str = "remove doctor hot-reload rate-limits";
    const SET: &str = "set database=postgres description=Bookshop";
    let chain = [ADD, "update", SET, REMOVE].join(" then ");
    [ADD, REMOVE, SET, "update", &chain].map(str::to_owned).into()
}

/// All cases, by name.
pub(crate) fn all(folder: &Path) -> Vec<Case> {
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("a case").path()).collect();
    folders.sort();
    let case = |folder: &Path| {
        let manifest = folder.join("case.toml");
        let text = String::from_utf8(read(&manifest)).expect("UTF-8");
        let mut case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        case.name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(
            case.conflicts.is_empty() == case.because.is_none(),
            "{}: a conflict has a reason, and a reason a conflict",
            case.name
        );
        let own = folder.join("files");
        for entry in walkdir::WalkDir::new(&own).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&own).expect("below").to_string_lossy().replace('\\', "/");
                case.files.insert(path, read(entry.path()));
            }
        }
        assert!(!case.edit.is_empty() || !case.files.is_empty(), "{}: nothing was done", case.name);
        case
    };
    folders.iter().map(|folder| case(folder)).collect()
}
