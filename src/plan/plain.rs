//! A new project of another tool's template, which gets no record.

use std::fmt;
use std::path::PathBuf;

use super::new::{GitPlan, PlannedFile, draw, size};

/// A project that is going to be made of another tool's template.
#[derive(Debug, Clone)]
pub struct PlainProject {
    /// Its name.
    pub name: String,
    /// What its template is known by.
    pub source: String,
    /// The commit of the template, where it comes from git.
    pub commit: Option<String>,
    /// The folder that it will stand in.
    pub target: PathBuf,
    /// Its files, in order.
    pub files: Vec<PlannedFile>,
    /// Files that are there already and stay as they are.
    pub kept: Vec<String>,
    /// The git repository that it gets, or why it gets none.
    pub git: GitPlan,
    /// The manifest of the workspace that it becomes a member of.
    pub workspace: Option<PathBuf>,
}

impl PlainProject {
    /// The plan for machines.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name,
            "target": self.target.display().to_string(),
            "template": { "source": self.source, "commit": self.commit },
            "git": self.git.to_json(),
            "workspace": self.workspace.as_ref().map(|path| path.display().to_string()),
            "files": self.files,
            "kept": self.kept,
        })
    }

    /// The plan in a few lines, as people want to see it before anything is written.
    #[must_use]
    pub fn summary(&self) -> String {
        let bytes = self.files.iter().map(|file| file.bytes).sum();
        let mut lines = vec![
            ("name", self.name.clone()),
            ("folder", self.target.display().to_string()),
            ("template", self.source.clone()),
            ("git", self.git.to_string()),
        ];
        if let Some(workspace) = &self.workspace {
            lines.push(("workspace", format!("becomes a member of {}", workspace.display())));
        }
        if !self.kept.is_empty() {
            lines.push(("kept", format!("{}, which are there already", self.kept.join(", "))));
        }
        lines.push(("size", format!("{} files, {}", self.files.len(), size(bytes))));
        let lines: Vec<String> = lines.into_iter().map(|(key, value)| format!("  {key:<9}  {value}")).collect();
        lines.join("\n")
    }
}

/// The dry run: the files as a tree, then the summary.
impl fmt::Display for PlainProject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = self.files.iter().map(|file| (file.path.as_str(), file.executable));
        writeln!(f, "{}", draw(&self.target, files))?;
        f.write_str(&self.summary())
    }
}
