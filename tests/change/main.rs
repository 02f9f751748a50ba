//! A project that was made, edited, and is changed: features come and go, answers change, the template moves on.

#[path = "../support/mod.rs"]
mod support;

mod adopt;
mod branches;
mod conflicts;
mod data;
mod dotenv;
mod git;
mod operations;
mod pairs;
mod places;
mod refusals;
mod sources;
mod versions;

use support::{Ran, Sandbox};

/// A project of the small template, at `work/my-app`.
struct Project {
    sandbox: Sandbox,
}

impl Project {
    fn new() -> Self {
        Self::with("")
    }

    /// With more arguments for `neoforge new`.
    fn with(arguments: &str) -> Self {
        let sandbox = Sandbox::new();
        let template = sandbox.template();
        sandbox.run(&format!("new my-app --yes --smoke none --template {template} {arguments}")).expect(0);
        Self { sandbox }
    }

    /// Runs the program in the project.
    fn run(&self, line: &str) -> Ran {
        self.sandbox.run(&format!("{line} --project my-app"))
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git("work/my-app", arguments)
    }

    fn read(&self, path: &str) -> String {
        self.sandbox.read(&format!("work/my-app/{path}"))
    }

    fn exists(&self, path: &str) -> bool {
        self.sandbox.path(&format!("work/my-app/{path}")).exists()
    }

    /// Writes a file without committing it.
    fn write(&self, path: &str, text: &str) {
        self.sandbox.write(&format!("work/my-app/{path}"), text);
    }

    /// Edits a file as a person does, and commits it.
    fn edit(&self, path: &str, text: &str) {
        self.write(path, text);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "an edit"]);
    }

    /// The hash of everything that is committed.
    fn tree(&self) -> String {
        self.git(&["rev-parse", "HEAD^{tree}"])
    }

    /// The hash of everything that is staged.
    fn staged(&self) -> String {
        self.git(&["write-tree"])
    }

    /// What git says about the work tree, short.
    fn status(&self) -> String {
        self.git(&["status", "--porcelain"])
    }
}
