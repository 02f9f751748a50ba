//! A new project.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::answers::record::Record;
use crate::gather::Gathered;
use crate::render::{self, EnvEntry, RenderError};
use crate::template::Template;
use crate::template::manifest::SmokeLevel;
use crate::tree::FileTree;

/// The summary stays within this many columns, where its words permit.
const EDGE: usize = 78;

/// A project that is going to be made.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// What it is made from.
    pub record: Record,
    /// All features that it has.
    pub features: BTreeSet<String>,
    /// Features that came along because others require them, each with one that does.
    pub pulled_in: Vec<(String, String)>,
    /// The folder that it will stand in.
    pub target: PathBuf,
    /// Its files.
    pub tree: FileTree,
    /// What goes into `.env`.
    pub environment: Vec<EnvEntry>,
    /// The git repository that it gets, or why it gets none.
    pub git: GitPlan,
    /// The commands that a newcomer types first, in the project's folder.
    pub next: Vec<String>,
    /// The smoke test that follows, if one does.
    pub smoke: Option<PlannedSmoke>,
}

/// A smoke test that is going to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSmoke {
    /// How much it proves.
    pub level: SmokeLevel,
    /// How long it took on which machine, where the template tells.
    pub took: Option<String>,
}

/// What it does, how long that takes, and how not to wait for it.
impl fmt::Display for PlannedSmoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let more = match self.level {
            SmokeLevel::Quick => "",
            SmokeLevel::Full => " formatted, linted and documented,",
        };
        write!(f, "the project is built, tested,{more} started and probed")?;
        if let Some(took) = &self.took {
            write!(f, "; this took {took}")?;
        }
        write!(f, "; `--smoke none` skips it")
    }
}

/// What happens with git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitPlan {
    /// A repository of its own, with one commit.
    Init,
    /// The repository that its folder is already, without a commit, gets the first one.
    First,
    /// `--no-git` was given.
    Off,
    /// The project becomes a part of the repository that its folder is in.
    Inside(PathBuf),
}

impl GitPlan {
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Init => serde_json::json!("init"),
            Self::First => serde_json::json!("first"),
            Self::Off => serde_json::json!("off"),
            Self::Inside(path) => serde_json::json!({ "inside": path.display().to_string() }),
        }
    }
}

impl fmt::Display for GitPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init => f.write_str("a new repository with one commit"),
            Self::First => f.write_str("one commit in the repository that is there"),
            Self::Off => f.write_str("no repository"),
            Self::Inside(path) => write!(f, "no repository of its own: it is inside of {}", path.display()),
        }
    }
}

/// A file that is going to be written, as machines see it.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedFile {
    /// Where it will stand in the project.
    pub path: String,
    /// How large it is.
    pub bytes: usize,
    /// Whether it can be run.
    pub executable: bool,
}

impl NewProject {
    /// Renders what was gathered.
    ///
    /// # Errors
    /// As [`render::render`].
    pub fn new(
        template: &Template,
        record: Record,
        gathered: &Gathered,
        target: PathBuf,
        git: GitPlan,
    ) -> Result<Self, RenderError> {
        let tree = render::render(template, &record)?;
        let environment = render::environment(template, &record)?;
        let next = render::next_commands(template, &record)?;
        let (features, pulled_in) = (gathered.all.clone(), gathered.pulled_in.clone());
        Ok(Self { record, features, pulled_in, target, tree, environment, git, next, smoke: None })
    }

    /// The plan for machines.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let files: Vec<_> = self
            .tree
            .iter()
            .map(|(path, file)| PlannedFile {
                path: path.to_string(),
                bytes: file.bytes.len(),
                executable: file.executable,
            })
            .collect();
        let answers = &self.record.answers;
        serde_json::json!({
            "name": answers.name,
            "target": self.target.display().to_string(),
            "template": {
                "source": self.record.template.source,
                "version": self.record.template.version,
                "commit": self.record.template.commit,
            },
            "features": self.features,
            "answers": answers.values,
            "git": self.git.to_json(),
            "smoke": self.smoke.as_ref().map(|smoke| smoke.level.name()),
            "environment": self.environment.iter().map(|entry| &entry.key).collect::<Vec<_>>(),
            "files": files,
        })
    }

    /// The answers in a few lines, as people want to see them before anything is written.
    #[must_use]
    pub fn summary(&self) -> String {
        let answers = &self.record.answers;
        let width = answers.values.keys().map(String::len).chain([8]).max().unwrap_or(8);
        let features: Vec<String> = self.features.iter().map(|name| self.explained(name)).collect();
        let fold = |text: &str| wrap(&text.split(' ').map(str::to_owned).collect::<Vec<_>>(), "", width + 4, EDGE);
        let mut lines = vec![
            ("name", answers.name.clone()),
            ("folder", self.target.display().to_string()),
            ("features", if features.is_empty() { "none".to_owned() } else { wrap(&features, ",", width + 4, EDGE) }),
        ];
        lines.extend(answers.values.iter().map(|(key, value)| (key.as_str(), fold(&value.to_string()))));
        lines.push(("git", fold(&self.git.to_string())));
        let smoke = self.smoke.as_ref().map_or_else(|| "none".to_owned(), |smoke| fold(&smoke.to_string()));
        lines.push(("smoke", smoke));
        lines.push(("size", format!("{} files, {}", self.tree.len(), size(self.tree.size()))));
        let lines: Vec<String> = lines.into_iter().map(|(key, value)| format!("  {key:<width$}  {value}")).collect();
        lines.join("\n")
    }

    fn explained(&self, name: &str) -> String {
        match self.pulled_in.iter().find(|(pulled, _)| pulled == name) {
            Some((_, by)) => format!("{name} (for {by})"),
            None => name.to_owned(),
        }
    }
}

/// The dry run: the files as a tree, then the summary.
impl fmt::Display for NewProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.tree.iter().map(|(path, file)| (path.as_str(), file.executable));
        writeln!(f, "{}", draw(&self.target, files))?;
        write!(f, "{}", self.summary())
    }
}

/// Words with `between` behind each but the last, broken before `width` columns, the next lines indented.
fn wrap(words: &[String], between: &str, indent: usize, width: usize) -> String {
    let mut out = String::new();
    let mut column = indent;
    for (index, word) in words.iter().enumerate() {
        let between = if index + 1 == words.len() { "" } else { between };
        let columns = word.chars().count() + between.len();
        if index > 0 && column + 1 + columns > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        let _ = write!(out, "{word}{between}");
        column += columns;
    }
    out
}

/// The paths as an indented tree, folders with a slash.
pub(super) fn draw<'a>(root: &Path, files: impl Iterator<Item = (&'a str, bool)>) -> String {
    let mut out = format!("{}/\n", root.display());
    let mut open: Vec<&str> = Vec::new();
    for (path, executable) in files {
        let parts: Vec<&str> = path.split('/').collect();
        let (folders, name) = parts.split_at(parts.len() - 1);
        let shared = open.iter().zip(folders).take_while(|(a, b)| a == b).count();
        open.truncate(shared);
        for folder in &folders[shared..] {
            let _ = writeln!(out, "{}{folder}/", "  ".repeat(open.len() + 1));
            open.push(folder);
        }
        let mark = if executable { "*" } else { "" };
        let _ = writeln!(out, "{}{}{mark}", "  ".repeat(open.len() + 1), name.concat());
    }
    out
}

/// A number of bytes for people.
#[must_use]
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_drawn_with_each_folder_once() {
        let files = ["a/b/x", "a/b/y", "a/c/d/x", "run", "z/x"].map(|path| (path, path == "run"));
        let expected = "app/\n  a/\n    b/\n      x\n      y\n    c/\n      d/\n        x\n  run*\n  z/\n    x\n";
        assert_eq!(draw(Path::new("app"), files.into_iter()), expected);
    }

    #[test]
    fn words_wrap_before_the_edge() {
        let words = ["alpha", "beta", "gamma"].map(str::to_owned);
        assert_eq!(wrap(&words, ",", 2, 80), "alpha, beta, gamma");
        assert_eq!(wrap(&words, ",", 2, 16), "alpha, beta,\n  gamma");
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!([size(999), size(1_001), size(2_000_000)], ["999 bytes", "2 kB", "2 MB"]);
    }
}
